"""BgMax files that suffered on their way: what is forgiven, what is told, what is refused."""

from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from odoo.addons.l10n_se_bg.formats import bgmax, bgmax_source
from odoo.addons.membership_billing_nordic.formats.messages import PaymentReceived

from . import bankgirot as bg
from .damage import Dribble
from .reading import Reading, lines_of, with_field

SOUND = bg.sample("bgmax")
HEAD = b"01BGMAX"


def read(content):
    return Reading(content, bgmax)


def stripped(content):
    return b"\r\n".join(line.rstrip() for line in content.split(b"\r\n"))


@pytest.mark.parametrize(
    "forgiven",
    [
        SOUND.replace(b"\r\n", b"\n"),
        SOUND.replace(b"\r\n", b"\r"),
        SOUND[:-2],
        SOUND[:-1],
        b"\r\n\n  \r\n" + SOUND + b"\r\n \r\n\n",
        SOUND + b"\x1a",
        b"\xef\xbb\xbf" + SOUND,
        SOUND.decode("latin-1").encode(),
        SOUND.decode("latin-1").encode("utf-8-sig"),
        stripped(SOUND),
        stripped(SOUND).decode("latin-1").encode(),
        SOUND.replace(b"\r\n", b"   \r\n"),
        SOUND.replace(b"\r\n", b""),
        SOUND.replace(b"\r\n", b"") + b"\r\n",
        SOUND.replace(b"\r\n26", b"26"),
        SOUND.replace(b"        SEK   ", b"\t       SEK \t "),
        b"00260928HMAC".ljust(80) + b"\r\n" + SOUND + b"99260928".ljust(80) + b"\r\n",
    ],
    ids=[
        "LF",
        "CR",
        "no final line end",
        "final CR only",
        "blank lines at both ends",
        "end-of-file mark",
        "byte order mark",
        "UTF-8",
        "UTF-8 with byte order mark",
        "blanks lost at the end of lines",
        "blanks lost, UTF-8",
        "blanks added at the end of lines",
        "no line ends",
        "no line ends but the last",
        "some line ends lost",
        "tabs in fillers",
        "seal records",
    ],
)
def test_what_happens_on_the_way_is_forgiven(forgiven):
    assert bgmax.recognises(forgiven[:200])
    found = [x for x in read(forgiven).messages if isinstance(x, PaymentReceived)]
    expected = read(SOUND).payments
    assert not read(forgiven).issues
    assert [(x.key, x.amount, x.text, x.payer_city) for x in found] == [
        (x.key, x.amount, x.text, x.payer_city) for x in expected
    ]


def test_letters_that_latin_1_lacks_are_replaced():
    content = SOUND.decode("latin-1").replace("STORÅKER", "STOŘÅKER").encode()
    assert read(content).payments[0].payer_city == "STO?ÅKER"


def test_control_characters_never_come_out():
    content = SOUND.replace(b"TOLVAN T", b"T\x00LV\x9bN\xa0")
    assert read(content).payments[0].payer_name == "T?LV?N OLVANSSON"


@pytest.mark.parametrize("size", [1, 7, 80, 4096])
def test_a_stream_may_come_in_small_pieces(size):
    utf_8 = SOUND.decode("latin-1").encode()
    assert list(bgmax.decode(Dribble(utf_8, size))) == read(SOUND).messages


# ------------------------------------------------------------------ one bad record


def issues_of(content, severity):
    return [(x.record, x.field, x.found) for x in read(content).issues if x.severity == severity]


def test_an_unreadable_amount_costs_one_payment():
    reading = read(with_field(SOUND, 3, 38, "00000000000003000O"))
    assert [(x.record, x.severity, x.field, x.found) for x in reading.issues] == [
        (3, "error", "amount", "00000000000003000O"),
        (19, "error", "deposit 1: sum", "650.00"),
    ]
    assert not reading.refused
    assert len(reading.payments) == 4
    assert reading.deposits[0].amount == Decimal("950.00")


def test_an_impossible_date_costs_the_payments_of_its_deposit():
    content = bg.file_of(
        bg.bgmax_start(),
        bg.section(),
        bg.payment(100, "18", serial="1" * 12),
        bg.deposit(100, 1, day="20260931"),
        bg.payment(200, "26", serial="2" * 12),
        bg.deposit(200, 1),
        bg.bgmax_end(2, deposits=2),
    )
    reading = read(content)
    assert [x.reference for x in reading.payments] == ["26"]
    assert [(x.record, x.severity, x.field, x.found) for x in reading.issues] == [
        (4, "error", "payment date", "20260931")
    ]


@pytest.mark.parametrize(
    ("record", "first", "text", "field"),
    [
        (1, 23, "02", "version"),
        (1, 25, "20261331", "timestamp"),
        (1, 45, "X", "test marker"),
        (3, 56, "7", "reference code"),
        (7, 3, "00O1234566", "payer bankgiro"),
        (8, 38, "0000000000000000OO", "part amount"),
        (13, 3, "00559999000X", "organisation number"),
        (13, 3, "005599990009", "organisation number"),
        (19, 69, "EUR", "currency"),
        (20, 19, "00000009", "extra references: number of records"),
    ],
)
def test_what_is_read_all_the_same(record, first, text, field):
    reading = read(with_field(SOUND, record, first, text))
    assert [(x.record, x.severity, x.field) for x in reading.issues] == [(record, "warning", field)]
    assert len(reading.payments) == 5


def test_numbers_of_payers_are_never_quoted():
    content = with_field(with_field(SOUND, 7, 3, "00O1234566"), 13, 3, "00559999000X")
    assert all(x.found == "" for x in read(content).issues)


def test_unknown_records_are_passed_over_and_told_once():
    rows = lines_of(SOUND)
    rows[2:2] = [bg.row((1, "24"), (3, "?")), bg.row((1, "24")), bg.row((1, "98"))]
    reading = read(bg.file_of(*rows))
    assert [(x.record, x.severity, x.found) for x in reading.issues] == [
        (3, "warning", "24"),
        (5, "warning", "98"),
    ]
    assert len(reading.payments) == 5


def test_an_unknown_record_ends_no_payment_s_other_records():
    content = bg.one_deposit(
        bg.payment(100, "18"), bg.row((1, "24")), bg.name("Bo Ek"), ore=100, count=1
    )
    reading = read(content)
    assert [x.severity for x in reading.issues] == ["warning"]
    assert reading.payments[0].payer_name == "Bo Ek"


def test_a_record_of_no_payment_is_an_error():
    rows = lines_of(SOUND)
    rows.insert(2, bg.name("Nobody"))
    assert issues_of(bg.file_of(*rows), "error") == [(3, "record", "26")]


def test_a_line_that_is_too_long_is_named():
    rows = lines_of(SOUND)
    rows[3] = rows[3] + "x"
    reading = read(bg.file_of(*rows))
    assert [(x.record, x.severity, x.field, x.found) for x in reading.issues] == [
        (4, "error", "record", "81")
    ]


# ------------------------------------------------------------------ lying trailers and frames


@pytest.mark.parametrize(
    ("record", "first", "text", "field"),
    [
        (19, 51, "000000000000095001", "deposit 1: sum"),
        (19, 72, "00000006", "deposit 1: number of transactions"),
        (20, 3, "00000005", "payments: number of transactions"),
        (20, 11, "00000000", "deductions: number of transactions"),
        (20, 27, "00000002", "deposits: number of records"),
        (19, 51, "00000000000009500x", "amount"),
        (20, 3, "0000000x", "number of payments"),
        (2, 3, "00099x2346", "payee bankgiro"),
        (2, 23, "sek", "currency"),
        (1, 3, "BGMIN", "record"),
    ],
)
def test_lying_trailers_and_broken_frames_refuse_the_file(record, first, text, field):
    content = with_field(SOUND, record, first, text)
    reading = read(content)
    assert (reading.refusals[0].record, reading.refusals[0].field) in (
        (record, field),
        (record, "layout name"),
    )


def test_lost_payments_are_noticed():
    for record in (3, 14):
        reading = read(bg.without(SOUND, record))
        assert reading.refused


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n\r\n",
        SOUND[:82],
        SOUND[: 82 * 10],
        SOUND[: 82 * 18],
        SOUND[: 82 * 19],
        bg.without(SOUND, 1),
        bg.without(SOUND, 2),
        bg.without(SOUND, 19),
        SOUND + SOUND,
        SOUND + b"x" * 80,
    ],
    ids=[
        "empty",
        "blank",
        "start alone",
        "cut in a payment",
        "cut before the deposit",
        "cut before the end",
        "no start",
        "no section",
        "no deposit",
        "twice",
        "more after the end",
    ],
)
def test_a_broken_frame_refuses_the_file(content):
    reading = read(content)
    assert reading.refused
    assert reading.refusals[-1] == reading.messages[-1]


def test_a_section_without_a_deposit_refuses_the_file_and_gives_no_payment():
    rows = lines_of(SOUND)
    second = [bg.section("50501055"), *rows[2:]]
    del rows[18:]
    reading = read(bg.file_of(*rows, *second))
    assert reading.refused
    assert not reading.payments


def test_payments_without_end_are_bounded():
    rows = [bg.bgmax_start(), bg.section(), bg.payment(100, "18"), *[bg.text("x")] * 9000]
    reading = read(bg.file_of(*rows))
    assert reading.refusals[0].expected == "at most 5000 records of one payment"


def test_sections_without_end_are_bounded(monkeypatch):
    monkeypatch.setattr(bgmax_source, "MOST_MARKS", 10)
    monkeypatch.setattr(bgmax_source, "_MOST_AHEAD", 0)
    monkeypatch.setattr("odoo.addons.l10n_se_bg.formats.reading._CHUNK", 300)
    names = [bg.name("Bo Ek")] * 10
    payments = [bg.payment(100, "18"), *names] * 2
    rows = [bg.bgmax_start(), bg.section(), *payments, *[bg.section()] * 20]
    assert "at most 10" in read(bg.file_of(*rows)).refusals[0].expected


# ------------------------------------------------------------------ whatever comes

LINES = st.sampled_from([line + b"\r\n" for line in SOUND.split(b"\r\n")[:-1]])


@given(st.binary(max_size=400))
@example(b"01BGMAX" + b"\xc3")
def test_noise_is_never_an_exception(noise):
    bgmax.recognises(noise)
    list(bgmax.decode(BytesIO(noise)))
    list(bgmax.decode(BytesIO(SOUND[:246] + noise)))


@given(st.lists(LINES, max_size=12))
def test_records_in_any_order_are_never_an_exception(lines):
    reading = read(SOUND[:164] + b"".join(lines))
    assert reading.refused or all(total.agrees for total in reading.totals)


@given(st.integers(0, len(SOUND) - 1), st.binary(max_size=3), st.integers(0, 90))
def test_a_damaged_spot_is_never_an_exception(place, instead, lost):
    content = SOUND[:place] + instead + SOUND[place + lost :]
    for message in read(content).messages:
        assert message.record >= 1
