"""Betalingsservice against whatever comes: round trips, independent programs, mutated files."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.addons.l10n_dk_bs import formats
from odoo.addons.l10n_dk_bs.formats import fi
from odoo.addons.l10n_dk_bs.formats.outgoing_collections import Collections, Terms
from odoo.addons.l10n_dk_bs.formats.outgoing_mandates import MandateRequests
from odoo.addons.membership_billing_nordic.formats.messages import (
    BankNotice,
    CollectionRequest,
    CreditTransfer,
    FormatError,
    MandateCancellation,
    MandateRequest,
    Message,
    OutgoingMessage,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    RequestEvent,
)

from tests.bank_simulator.denmark import reading as house
from tests.bank_simulator.denmark import writing

from .danish import (
    AGREEMENT,
    CREDITOR,
    GROUP,
    SUPPLIER,
    TODAY,
    assignment,
    delivery,
    read,
    sample,
    section,
    transmission,
)

CUSTOMERS = st.text("0123456789ABCXYZ", min_size=1, max_size=14).map("1{}".format)
MANDATES = st.integers(1, 999_999_998).map("{:09d}".format)
ORE = st.integers(1, 10**13 - 1)
DAYS = st.integers(1, 90).map(lambda days: TODAY + timedelta(days=days))
LATIN = "ABCXYZabcxyzæøåÆØÅéü0123456789.,-+&"
WORD = st.text(LATIN, min_size=1, max_size=12)
LINES = st.lists(st.lists(WORD, max_size=9).map(" ".join), max_size=3).map(tuple)
REFERENCES = st.text(LATIN, max_size=9)
SLIP_IDS = st.just("") | st.integers(0, 10**14 - 1).map(lambda number: fi.payment_id(str(number)))

ABROAD = st.fixed_dictionaries(
    {"payer_country": st.sampled_from(["SE", "NO", "GL"]), "payer_zip": WORD, "payer_city": WORD}
)
AT_HOME = st.fixed_dictionaries(
    {
        "payer_country": st.sampled_from(["", "DK"]),
        "payer_zip": st.integers(1, 9999).map("{:04d}".format),
        "payer_city": WORD,
    }
)


def requests(is_form):
    def build(place, **facts):
        lines = {"form_lines": ()} if is_form else {}
        return CollectionRequest(**facts | place | lines)

    return st.builds(
        build,
        place=AT_HOME | ABROAD,
        key=st.uuids().map(str),
        account=st.just(""),
        agreement_number=st.just(AGREEMENT),
        payer_number=CUSTOMERS,
        payer_name=WORD,
        payer_street=WORD,
        payer_identity=st.sampled_from(["", "12345678", "0101800000"]),
        mandate_number=MANDATES,
        amount=ORE.map(lambda ore: Decimal(ore) / 100),
        currency=st.just("DKK"),
        due_date=DAYS,
        reference=REFERENCES,
        form_reference=SLIP_IDS,
        is_form=st.just(is_form),
        lines=LINES,
        form_lines=LINES,
    )


def payouts():
    return st.builds(
        lambda place, **facts: CreditTransfer(**facts | place),
        place=AT_HOME | ABROAD,
        key=st.uuids().map(str),
        account=st.just(""),
        agreement_number=st.just(AGREEMENT),
        payer_number=CUSTOMERS,
        payer_name=WORD,
        payer_street=WORD,
        mandate_number=MANDATES,
        amount=ORE.map(lambda ore: Decimal(ore) / 100),
        currency=st.just("DKK"),
        due_date=DAYS,
        reference=REFERENCES,
        lines=LINES,
    )


FILES = st.lists(
    requests(False) | requests(True) | payouts(),
    min_size=1,
    max_size=3,
    unique_by=lambda request: (request.payer_number, request.due_date),
)
TERMS = st.sampled_from(
    [
        Terms(with_disbursements=True),
        Terms(sends_mandate_numbers=True, main_text="Kontingent", with_disbursements=True),
    ]
)


def encoded(found, terms):
    return Collections({AGREEMENT: terms}).encode(transmission(), [assignment(*found)], TODAY)


def shown(lines):
    """Texts as they are however they are broken."""
    return "".join("".join(lines).split())


@settings(max_examples=12)
@given(FILES, TERMS)
def test_an_independent_reader_reads_what_was_written(found, terms):
    file = encoded(found, terms)
    taken = house.read(file.content)
    assert (taken.supplier, taken.number, taken.is_test) == (SUPPLIER, "0000000042", False)
    by_identity = {(each.customer, each.due_on): each for each in taken.items}
    assert len(by_identity) == len(found)
    for request in found:
        each = by_identity[request.payer_number.lstrip("0"), request.due_date]
        is_paid_out = isinstance(request, CreditTransfer)
        is_form = not is_paid_out and request.is_form
        sign = "2" if is_paid_out else "1"
        assert (each.creditor, each.group, each.sign) == (CREDITOR, GROUP, sign)
        assert each.amount == int(request.amount * 100)
        assert (each.is_slip, each.reference) == (is_form, request.reference)
        assert each.payer_id == ("" if is_paid_out else request.form_reference)
        named = terms.sends_mandate_numbers and not is_form
        assert each.mandate == (request.mandate_number if named else "")
        assert shown(each.text) == shown(request.lines)
        assert shown(each.slip_text) == ("" if is_paid_out else shown(request.form_lines))
        assert each.address[:2] == [request.payer_name, request.payer_street]


@settings(max_examples=12)
@given(FILES, TERMS)
def test_what_was_written_is_read(found, terms):
    file = encoded(found, terms)
    reading = read(file.content)
    assert not reading.issues
    assert reading.totals == list(file.totals)
    back = {each.record: each for each in reading.of(CollectionRequest, CreditTransfer)}
    for request in found:
        each = back[file.records[request.key]]
        assert type(each) is type(request)
        names = ("agreement_number", "amount", "currency", "due_date", "reference", "payer_name")
        if type(request) is CollectionRequest:
            names += ("is_form", "form_reference")
            assert each.payer_identity.lstrip("0") == request.payer_identity.lstrip("0")
        for name in names:
            assert getattr(each, name) == getattr(request, name)
        assert shown(each.lines) == shown(request.lines)


@settings(max_examples=12)
@given(FILES, TERMS)
def test_what_was_read_is_written_again(found, terms):
    content = encoded(found, terms).content
    back = read(content).of(CollectionRequest, CreditTransfer)
    assert encoded(back, terms).content == content


@settings(max_examples=12)
@given(FILES, TERMS)
def test_records_are_short_enough_and_end_without_blanks(found, terms):
    *lines, last = encoded(found, terms).content.split(b"\r\n")
    assert last == b""
    assert all(line.startswith(b"BS") and len(line) <= 128 for line in lines)
    assert all(line == line.rstrip() and b"\n" not in line for line in lines)


ANYTHING = st.builds(
    CollectionRequest,
    key=st.just("k"),
    account=st.text(max_size=5),
    agreement_number=st.just(AGREEMENT) | st.text(max_size=20),
    payer_number=CUSTOMERS | st.text(max_size=20),
    payer_name=st.text(max_size=80),
    payer_street=st.text(max_size=200),
    payer_zip=st.text(max_size=10),
    payer_city=st.text(max_size=40),
    payer_country=st.sampled_from(["", "DK", "SE"]) | st.text(max_size=4),
    payer_identity=st.text(max_size=12),
    mandate_number=MANDATES | st.text(max_size=12),
    amount=st.decimals(allow_nan=True) | ORE.map(Decimal),
    currency=st.sampled_from(["DKK", "SEK"]),
    due_date=st.dates() | DAYS,
    reference=st.text(max_size=40),
    form_reference=SLIP_IDS | st.text(max_size=16),
    is_form=st.booleans(),
    lines=st.lists(st.text(max_size=150), max_size=3).map(tuple),
    form_lines=st.lists(st.text(max_size=150), max_size=3).map(tuple),
)


@settings(max_examples=60)
@given(ANYTHING, st.booleans())
def test_whatever_is_asked_for_is_written_readably_or_refused(request, with_slips):
    terms = Terms(with_slips=with_slips)
    encoder = Collections({AGREEMENT: terms})
    faults = encoder.faults(request, TODAY)
    try:
        content = encoded([request], terms).content
    except FormatError as fault:
        assert faults or fault.field == "agreement number"
        return
    assert not faults
    [back] = read(content).of(CollectionRequest)
    assert (back.amount, back.due_date) == (request.amount, request.due_date)
    assert len(house.read(content).items) == 1


@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(CUSTOMERS, MANDATES, st.integers(0, 10**10 - 1), st.integers(1, 10**10 - 1)),
        min_size=1,
        max_size=5,
    ),
    st.booleans(),
)
def test_requests_on_mandates_are_read_by_an_independent_reader(rows, cancels):
    found = []
    for place, (customer, mandate, identity, account) in enumerate(rows):
        facts = {
            "key": str(place),
            "account": "",
            "agreement_number": AGREEMENT,
            "payer_number": customer,
        }
        if cancels:
            found.append(MandateCancellation(**facts, mandate_number=mandate))
        else:
            found.append(
                MandateRequest(
                    **facts,
                    payer_identity=f"{identity:010d}",
                    payer_account=f"9999{account:010d}",
                )
            )
    if not cancels and not all(identity for _c, _m, identity, _a in rows):
        return
    file = MandateRequests(unverified=True).encode(transmission(), [assignment(*found)], TODAY)
    taken = house.read(file.content).items
    assert [(x.customer, x.cancels) for x in taken] == [(row[0], cancels) for row in rows]
    if cancels:
        assert [x.mandate for x in taken] == [row[1] for row in rows]
    else:
        assert [(int(x.identity), int(x.account)) for x in taken] == [row[2:] for row in rows]
    assert not read(file.content).issues
    assert len(read(file.content).of(type(found[0]))) == len(rows)


# ---------------------------------------------------------------------- files to us

PAID_ON = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@st.composite
def a_result(draw):
    code = draw(st.sampled_from(["0236", "0236", "0236", "0237", "0238", "0239"]))
    amount = draw(ORE)
    facts = {"paid_on": draw(PAID_ON), "booked_on": draw(PAID_ON), "paid": amount}
    return writing.Result(
        code=code,
        customer=draw(CUSTOMERS),
        mandate=draw(MANDATES),
        due_on=draw(PAID_ON),
        amount=amount,
        reference=draw(st.text(LATIN, max_size=30)),
        sign=draw(st.sampled_from("112")),
        **facts if code in ("0236", "0239") else {},
    )


@st.composite
def a_slip(draw):
    return writing.Slip(
        code=draw(st.sampled_from(["0297", "0299"])),
        customer=draw(CUSTOMERS),
        paid=draw(ORE),
        amount=draw(ORE),
        reference=draw(REFERENCES),
        archive=draw(st.text("0123456789N", min_size=1, max_size=22)),
        paid_on=draw(PAID_ON),
        booked_on=draw(PAID_ON),
        fee=draw(st.integers(0, 99999)),
        text=tuple(draw(st.lists(WORD, max_size=3))),
    )


def ore_of(message):
    ore = int(message.amount * 100)
    return -ore if isinstance(message, PaymentReversed) else ore


@settings(max_examples=12)
@given(st.lists(a_result(), max_size=8), st.lists(a_slip(), max_size=5))
def test_results_of_an_independent_writer_are_read(found, paid):
    content = delivery(section("0211", *found), section("0215", *paid))
    reading = read(content)
    assert not reading.issues
    answers = (PaymentReceived, PaymentReversed, PaymentFailed, RequestEvent)
    for item, message in zip(found, reading.of(*answers), strict=False):
        assert (message.bank_code, message.payer_number) == (item.code, item.customer)
        assert message.reference == item.reference
        is_money, is_paid_out = item.code in ("0236", "0239"), item.sign == "2"
        sign = -1 if is_money and is_paid_out else 1
        assert message.amount == sign * Decimal(item.amount) / 100
        if is_money:
            assert (message.order_date, message.bank_date) == (item.paid_on, item.booked_on)
            assert message.mandate_number == item.mandate
        else:
            failed = RequestEvent if is_paid_out else PaymentFailed
            assert (type(message), message.due_date) == (failed, item.due_on)
    slips = [message for message in reading.payments if message.method == "giro"]
    for item, message in zip(paid, slips, strict=True):
        assert (message.bank_code, message.payer_number) == (item.code, item.customer)
        assert message.amount == Decimal(item.paid) / 100
        assert message.text == "\n".join(item.text)
    for deposit in reading.deposits:
        own = [x for x in reading.payments if x.deposit_key == deposit.deposit_key]
        assert sum(map(ore_of, own)) == int((deposit.amount + deposit.charges) * 100)
        assert (deposit.count, {x.bank_date for x in own}) == (len(own), {deposit.bank_date})
    assert {x.deposit_key for x in reading.payments} == {
        deposit.deposit_key for deposit in reading.deposits
    }


@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["0230", "0231", "0232", "0233", "0234"]),
            CUSTOMERS,
            st.integers(1, 999_999_999),
            PAID_ON,
            PAID_ON,
        ),
        max_size=8,
    )
)
def test_mandates_of_an_independent_writer_are_read(rows):
    notices = [
        writing.Notice(code=code, customer=customer, mandate=f"{mandate}", begins=begins, ends=ends)
        for code, customer, mandate, begins, ends in rows
    ]
    reading = read(delivery(section("0212", *notices), kind="0603"))
    assert not reading.issues
    found = [x for x in reading.messages if hasattr(x, "payer_number")]
    assert [(x.bank_code, x.payer_number, int(x.mandate_number)) for x in found] == [
        row[:3] for row in rows
    ]
    for event in reading.mandates:
        row = rows[event.record - 3]
        assert event.effective_date == (row[4] if event.event == "cancelled" else row[3])
    assert all(int(x.mandate_number) == 999_999_999 for x in reading.of(BankNotice))


# ---------------------------------------------------------------------- fuzzing


SOUND = [sample(kind) for kind in ("0601", "0602", "0603", "0605")] + [
    sample("0602").replace(b"BS10602", b"BS10621"),
    sample("0602") + sample("0603"),
]


def mutated(content, random):
    """The file with a few bytes, or whole lines, changed, lost, doubled or moved."""
    data = bytearray(content)
    for _change in range(random.randint(1, 6)):
        place, kind = random.randrange(len(data)), random.randrange(6)
        piece = random.choice([1, 1, 2, 13, 128])
        if kind == 0:
            data[place] = random.randrange(256)
        elif kind == 1:
            del data[place : place + piece]
        elif kind == 2:
            data[place:place] = data[place : place + piece]
        elif kind == 3:
            data[place] = random.choice(b"0123456789 ")
        else:
            lines = data.split(b"\n")
            first, second = random.randrange(len(lines)), random.randrange(len(lines))
            if kind == 4:
                lines[first], lines[second] = lines[second], lines[first]
            else:
                lines.insert(first, lines[second])
            data = bytearray(b"\n".join(lines))
        if not data:
            return b""
    return bytes(data)


@pytest.mark.parametrize("seed", range(6))
def test_decoders_never_raise_on_damaged_files(seed):
    random = Random(seed)
    for _round in range(80):
        content = mutated(SOUND[seed], random)
        for decoder in formats.DECODERS:
            decoder.recognises(content)
        messages = list(formats.DECODERS[0].decode(BytesIO(content)))
        assert messages
        assert all(isinstance(x, Message | OutgoingMessage) for x in messages)
        assert len(messages) < 200


@settings(max_examples=60)
@given(st.binary(max_size=600), st.sampled_from([b"", b"BS002", *(x[:300] for x in SOUND)]))
def test_decoders_never_raise_on_anything(content, start):
    for decoder in formats.DECODERS[::4]:
        decoder.recognises(start + content)
        assert list(decoder.decode(BytesIO(start + content)))


@pytest.mark.parametrize("seed", range(4))
def test_one_digit_that_changed_among_the_amounts_is_noticed(seed):
    """Amounts, counts and sums hang together: no digit of them changes unnoticed."""
    random = Random(seed)
    content = sample("0602")
    lines = content.split(b"\r\n")
    for _round in range(40):
        record = random.choice([3, 4, 5, 6, 7, 9, 10, 11, 12])
        place = random.randrange(*((31, 68) if record in (7, 11, 12) else (115, 128)))
        line = bytearray(lines[record - 1])
        other = random.choice([x for x in b"0123456789" if x != line[place]])
        line[place] = other
        changed = [*lines[: record - 1], bytes(line), *lines[record:]]
        assert read(b"\r\n".join(changed)).refused
