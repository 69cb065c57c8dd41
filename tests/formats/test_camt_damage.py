"""camt files that are damaged, hostile or large: never an exception, never much memory."""

import random
import tracemalloc
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.addons.membership_billing_nordic.formats import messages
from odoo.addons.membership_billing_nordic.formats.iso20022 import camt, xml_stream

from .camt_writing import entry, message, transaction
from .reading import SAMPLES, Reading

SAMPLE = (SAMPLES / "iso" / "camt054_v08.xml").read_bytes()
OPENING = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">'


def read(content):
    return Reading(content, camt.NOTIFICATION)


def only_refusal(content):
    (issue,) = read(content).refusals
    return issue


# Hostile


BOMB = (
    b"""<?xml version="1.0"?><!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
"""
    + OPENING
    + b"<BkToCstmrDbtCdtNtfctn>&c;</BkToCstmrDbtCdtNtfctn></Document>"
)
FOREIGN = (
    b"""<!-- x --><!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>
"""
    + OPENING
    + b"<BkToCstmrDbtCdtNtfctn>&x;</BkToCstmrDbtCdtNtfctn></Document>"
)


@pytest.mark.parametrize("content", [BOMB, FOREIGN, BOMB.decode().encode("utf-16")])
def test_a_document_type_is_refused_before_it_is_parsed(content):
    assert camt.NOTIFICATION.recognises(content[:4096])
    issue = only_refusal(content)
    assert (issue.field, issue.found) == ("document type", "<!DOCTYPE")
    assert "entities" in issue.expected


def test_an_entity_that_nobody_defined_is_refused():
    assert only_refusal(SAMPLE.replace(b"KREDIT 17", b"&file;")).expected == "well-formed XML"


@pytest.mark.parametrize("encoding", ["UTF-7", "cp037", "UTF-16", "x" * 1000])
def test_an_encoding_that_could_hide_something_is_refused(encoding):
    content = SAMPLE.replace(b'encoding="UTF-8"', f'encoding="{encoding}"'.encode())
    assert only_refusal(content).field == "encoding"


def test_an_element_larger_than_any_banks_is_refused(monkeypatch):
    monkeypatch.setattr(xml_stream, "LARGEST_ELEMENT", 1 << 17)
    content = SAMPLE.replace(b"<Ustrd>", b"<Ustrd>x</Ustrd>" * 20_000 + b"<Ustrd>")
    assert only_refusal(content).field == "size"


def test_deep_nesting_is_refused():
    content = OPENING + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</Document>"
    assert only_refusal(content).expected == "well-formed XML"


def test_more_entries_than_any_bank_sends_are_refused(monkeypatch):
    monkeypatch.setattr(camt, "MOST_ENTRIES", 2)
    entries = [entry(transaction(), reference=f"E{number}") for number in range(4)]
    reading = read(message(*entries))
    assert reading.refusals[0].field == "number of entries"
    assert len(reading.deposits) == 2


# Damaged


@pytest.mark.parametrize("content", [b"", b" \n", b"\xef\xbb\xbf", b"<", b"<?xml ?>", OPENING])
def test_next_to_nothing_is_refused(content):
    assert read(content).refused


def test_a_message_without_any_report_is_refused():
    assert only_refusal(OPENING + b"</Document>").field == "content"


def test_a_truncated_file_gives_what_came_before_and_is_refused():
    cut = SAMPLE[: SAMPLE.index(b"149848010030")]
    reading = read(cut)
    assert [p.amount for p in reading.payments] == [Decimal("300.00"), Decimal("500.00")]
    (issue,) = reading.refusals
    assert (issue.expected, issue.action) == ("well-formed XML", "file refused")
    assert not reading.deposits


def test_what_surrounds_a_file_is_forgiven():
    plain = read(SAMPLE).messages
    assert read(b"\r\n  " + SAMPLE + b"\r\n").messages == plain
    assert read(b"\xef\xbb\xbf" + SAMPLE).messages == plain


def test_other_encodings_and_prefixes_say_the_same():
    plain = read(SAMPLE).messages
    text = SAMPLE.decode()
    for encoding in ("ISO-8859-1", "UTF-16"):
        again = text.replace('"UTF-8"', f'"{encoding}"').encode(encoding)
        assert read(again).messages == plain
    prefixed = text.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
    prefixed = prefixed.replace("<x:?xml", "<?xml").replace("xmlns=", "xmlns:x=")
    assert read(prefixed.encode()).messages == plain
    assert read(text.replace(">\n", ">").encode()).messages == plain


def test_comments_and_sections_do_not_hide_text():
    odd = SAMPLE.replace(b">202600012324<", b">2026<!-- x -->000<![CDATA[12324]]><")
    assert read(odd).messages == read(SAMPLE).messages


def test_special_characters_come_out_right():
    text = [("Ustrd", "A & B <C> \"d\" 'e' ö €")]
    (payment,) = read(message(entry(transaction(RmtInf=text)))).payments
    assert payment.text == "A & B <C> \"d\" 'e' ö €"


@pytest.mark.parametrize(
    "amount", ["", "1,50", "-1.00", "1e3", "1.001", "NaN", "x" * 2000, "1 000"]
)
def test_an_entry_with_an_impossible_amount_is_not_used(amount):
    good = entry(transaction(mark="2"), reference="E2")
    reading = read(message(entry(transaction(), amount=amount), good))
    assert [p.key for p in reading.payments] == ["2026-11-02:E2:100.00:2"]
    assert (reading.errors[0].field, reading.errors[0].record) == ("entry 1: amount", 3)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"BookgDt": [("Dt", "2026-02-31")]}, "entry 1: booking date"),
        ({"BookgDt": None}, "entry 1: booking date"),
        ({"CdtDbtInd": "PLUS"}, "entry 1: credit or debit"),
        ({"Sts": None}, "entry 1: status"),
        ({"currency": ""}, "entry 1: currency"),
    ],
)
def test_an_entry_that_cannot_be_read_is_an_error(change, field):
    reading = read(message(entry(transaction(), **change)))
    assert (reading.payments, [issue.field for issue in reading.errors]) == ([], [field])


def test_a_transaction_that_cannot_be_read_is_an_error_and_shows_in_the_sum():
    reading = read(message(entry(transaction("60.00", "1"), transaction("4O.00", "2"))))
    assert len(reading.payments) == 1
    assert [issue.field for issue in reading.errors] == ["transaction: amount"]
    assert [issue.field for issue in reading.warnings] == ["entry 1: sum of the transactions"]


def test_damage_never_raises_and_never_quotes_accounts():
    chance = random.Random(6)
    for _time in range(200):
        content = bytearray(SAMPLE)
        for _place in range(chance.randint(1, 4)):
            start = chance.randrange(len(content))
            kind = chance.randrange(4)
            if kind == 0:
                content[start] = chance.randrange(256)
            elif kind == 1:
                del content[start : start + chance.randrange(60)]
            elif kind == 2:
                content[start:start] = content[start : start + chance.randrange(200)]
            else:
                del content[start:]
        for issue in read(bytes(content)).issues:
            assert "58398257466" not in issue.found + issue.expected


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(content):
    for start in (b"", OPENING):
        assert all(isinstance(each, messages.Message) for each in read(start + content).messages)


# Whatever a bank may send, against an independent writer

AMOUNTS = st.integers(1, 99_999_999)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=35
)
PAYMENTS = st.lists(
    st.tuples(AMOUNTS, st.none() | TEXTS, st.sampled_from(["CRDT", "DBIT"])), min_size=1, max_size=6
)


@settings(max_examples=40)
@given(st.lists(PAYMENTS, min_size=1, max_size=4), st.sampled_from(["053", "054"]))
def test_what_is_written_is_read(entries, kind):
    written = []
    for number, payments in enumerate(entries):
        total = sum(cents if sign == "CRDT" else -cents for cents, _text, sign in payments)
        rows = [
            transaction(f"{cents / 100:.2f}", f"m{place}", text, sign=sign)
            for place, (cents, text, sign) in enumerate(payments)
        ]
        written.append(
            entry(
                *rows,
                amount=f"{abs(total) / 100:.2f}",
                reference=f"E{number}",
                CdtDbtInd="CRDT" if total >= 0 else "DBIT",
                RvslInd="false" if total >= 0 else "true",
            )
        )
    reading = read(message(*written, kind=kind))
    flat = [payment for payments in entries for payment in payments]
    assert not reading.issues
    assert [p.reference for p in reading.payments] == [text or "" for _cents, text, _sign in flat]
    assert [abs(p.amount) for p in reading.payments] == [
        Decimal(c).scaleb(-2) for c, *_rest in flat
    ]
    assert len({p.key for p in reading.payments}) == len(flat)
    deposits = {d.deposit_key: d for d in reading.deposits}
    for key, deposit in deposits.items():
        parts = [p for p in reading.payments if p.deposit_key == key]
        signed = [p.amount if type(p) is messages.PaymentReceived else -p.amount for p in parts]
        assert (sum(signed), len(parts)) == (deposit.amount, deposit.count)


# Large


class Endless(BytesIO):
    """A notification of any number of entries with ten payments each, made while it is read."""

    def __init__(self, entries):
        super().__init__()
        whole = message(entry(*(transaction("10.00", f"{n}") for n in range(10))))
        start, end = whole.index(b"<Ntry>"), whole.index(b"</Ntry>") + 7
        self.pieces = self._pieces(entries, whole[:start], whole[start:end], whole[end:])
        self.rest = b""

    @staticmethod
    def _pieces(entries, start, one, end):
        yield start
        for number in range(entries):
            yield one.replace(b">E1<", b">E%d<" % number)
        yield end

    def read(self, size=-1):
        while len(self.rest) < size and (piece := next(self.pieces, None)):
            self.rest += piece
        data, self.rest = self.rest[:size], self.rest[size:]
        return data


def test_memory_does_not_grow_with_the_file():
    def peak(entries):
        tracemalloc.start()
        try:
            count = sum(
                type(m) is messages.PaymentReceived
                for m in camt.NOTIFICATION.decode(Endless(entries))
            )
            assert count == 10 * entries
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small, large = peak(100), peak(250)
    # Only the keys of the entries are kept.
    assert large - small < 150 * 600
