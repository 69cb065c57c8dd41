"""Autogiro files to Bankgirot: byte for byte the published examples, limits, the seal."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odoo.addons.l10n_se_bg.formats import autogiro, seal
from odoo.addons.l10n_se_bg.formats import autogiro_orders as orders
from odoo.addons.membership_billing_nordic.formats.messages import (
    INTERVALS,
    Assignment,
    CollectionChange,
    CollectionRequest,
    CollectionWithdrawal,
    CreditTransfer,
    FormatError,
    MandateAnswer,
    MandateCancellation,
    MandateChange,
    MandateRequest,
    OutgoingMessage,
    Transmission,
)

from . import bankgirot as bg
from .reading import Reading, lines_of, with_field

TODAY, DUE = date(2026, 9, 1), date(2026, 9, 28)
KEY = seal.key_of("1234567890ABCDEF1234567890ABCDEF")
SENDER = Transmission(record=1, sender=bg.CUSTOMER)


def facts(key, payer="1001", **more):
    return {
        "key": key,
        "account": "",
        "agreement_number": bg.PAYEE,
        "payer_number": payer,
        **more,
    }


def money(amount="300.00", due=DUE, **more):
    return {"amount": Decimal(amount), "currency": "SEK", "due_date": due, **more}


def debit(key="D", payer="1001", message=CollectionRequest, reference="INV2026000123", **more):
    return message(**facts(key, payer, reference=reference), **money(**more))


def encoded(*requests, key=None, today=TODAY, sender=SENDER):
    one = Assignment(number=1, account="", agreement_number=bg.PAYEE, requests=requests)
    return orders.AutogiroOrders(key).encode(sender, [one], today)


def rows(*requests, **options):
    return lines_of(encoded(*requests, **options).content)


# ------------------------------------------------------------------ the examples

MANDATES = (
    MandateRequest(**facts("1"), payer_account="5000-1111116", payer_identity="19121212-1212"),
    MandateRequest(
        **facts("2", "1002"), payer_account="6000 410 000 108", payer_identity="559999-0008"
    ),
    MandateRequest(**facts("3", "1234566")),
    MandateAnswer(**facts("4", "1003"), is_accepted=True),
    MandateAnswer(**facts("5", "1004"), is_accepted=False),
    MandateCancellation(**facts("6", "1000")),
    MandateChange(**facts("7", "1005"), new_payer_number="2005"),
)
PAYMENTS = (
    debit("1"),
    debit("2", "1002", reference="INV2026000124", amount="1250.50", is_immediate=True),
    debit(
        "3",
        "1234566",
        reference="SUB77",
        amount="99.00",
        due=date(2026, 9, 30),
        interval="month",
        at_month_end=True,
        times=12,
    ),
    debit("4", "1003", CreditTransfer, reference="REFUND9", amount="50.00"),
)
MOVED = date(2026, 9, 30)
CHANGES = (
    CollectionChange(**facts("1", "1009")),
    CollectionChange(**facts("2", "1008"), due_date=DUE),
    CollectionWithdrawal(**facts("3", "1001", reference="INV2026000123"), **money()),
    CollectionChange(**facts("4", ""), new_date=MOVED),
    CollectionChange(**facts("5", ""), due_date=DUE, new_date=MOVED),
    CollectionChange(**facts("6", "1002"), due_date=DUE, new_date=MOVED),
    CollectionChange(
        **facts("7", "1002", reference="INV2026000124"), **money("1250.50"), new_date=MOVED
    ),
)


@pytest.mark.parametrize(
    ("name", "requests", "today"),
    [
        ("mandates_to_bg", MANDATES, TODAY),
        ("payments_to_bg", PAYMENTS, TODAY),
        ("changes_to_bg", CHANGES, date(2026, 9, 2)),
    ],
)
def test_the_bytes_are_those_of_the_example(name, requests, today):
    file = encoded(*requests, today=today)
    assert file.content == bg.sample(name)
    assert file.records == {str(number): number + 1 for number in range(1, len(requests) + 1)}
    assert file.count == len(requests)


def test_the_bytes_are_those_of_the_sealed_example():
    file = encoded(*PAYMENTS, key=KEY)
    assert file.content == bg.sample("payments_sealed")
    assert file.records == {"1": 3, "2": 4, "3": 5, "4": 6}
    assert file.amount == Decimal("1649.50")
    assert [(x.scope, x.quantity, x.declared) for x in file.totals] == [
        ("file", "transactions", 4),
        ("file", "records", 7),
        ("collections", "amount", Decimal("1649.50")),
        ("payouts", "amount", Decimal("50.00")),
    ]


def test_trap_2_there_is_no_end_record_and_no_blank_line():
    content = encoded(*PAYMENTS).content
    lines = content.split(b"\r\n")
    assert lines[-2].strip().endswith(b"REFUND9")
    assert lines[-1] == b""
    assert not [line for line in lines[:-1] if line.startswith(b"09") or not line.strip()]


def test_sections_come_as_mandates_payments_and_changes():
    other = [replace(each, agreement_number="50501055", key=f"o{each.key}") for each in PAYMENTS]
    gone = CollectionChange(**facts("gone", "7777"))
    mandate = replace(MANDATES[0], key="m")
    assignments = [
        Assignment(number=1, account="", agreement_number="5050-1055", requests=tuple(other)),
        Assignment(
            number=1, account="", agreement_number=bg.PAYEE, requests=(gone, PAYMENTS[0], mandate)
        ),
    ]
    lines = lines_of(orders.encode(SENDER, assignments, TODAY).content)
    assert [line[:2] for line in lines] == [
        "01",
        "04",
        "01",
        *["82"] * 3,
        "32",
        "01",
        "82",
        "01",
        "23",
    ]
    assert [line[68:78] for line in lines if line.startswith("01")] == [
        *("0009912346", "0050501055", "0009912346", "0009912346")
    ]


def test_trap_3_numbers_are_filled_with_zeros_and_references_with_blanks():
    line = rows(debit(payer="0007", reference=" R1 "))[1]
    assert line[15:31] == "0000000000000007"
    assert line[53:69] == "R1".ljust(16)


def test_trap_15_no_ore_is_lost():
    for text in ("0.01", "0.29", "1.15", "4.35", "1136.10", "9999999999.99"):
        line = rows(debit(amount=text))[1]
        assert line[31:43] == text.replace(".", "").zfill(12)


def test_a_payout_is_cancelled_as_a_payout():
    line = rows(CollectionChange(**facts("1"), **money(), is_credit=True))[1]
    assert (line[:2], line[48:50]) == ("25", "32")


@pytest.mark.parametrize("place", range(8))
def test_every_period_code(place):
    interval, at_month_end = INTERVALS[place % 4], place >= 4
    line = rows(debit(interval=interval, at_month_end=at_month_end))[1]
    assert line[10:14] == f"{place + 1}   "
    (found,) = Reading(
        encoded(debit(interval=interval, at_month_end=at_month_end, times=3)).content, autogiro
    ).of(CollectionRequest)
    assert (found.interval, found.at_month_end, found.times) == (interval, at_month_end, 3)


# ------------------------------------------------------------------ limits


def wrong_fields(request, today=TODAY):
    return [fault.field for fault in orders.faults(request, today)]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (debit(amount="0.00"), "amount"),
        (debit(amount="-1.00"), "amount"),
        (debit(amount="1.001"), "amount"),
        (debit(amount="10000000000.00"), "amount"),
        (debit(amount="NaN"), "amount"),
        (replace(debit(), amount=1.0), "amount"),
        (replace(debit(), currency="EUR"), "currency"),
        (debit(payer=""), "payer number"),
        (debit(payer="0"), "payer number"),
        (debit(payer="1" * 17), "payer number"),
        (debit(payer="1 2"), "payer number"),
        (debit(payer="٣"), "payer number"),
        (debit(reference="x" * 17), "reference"),
        (debit(due=date(2026, 9, 26)), "due date"),
        (debit(due=date(2026, 9, 1)), "due date"),
        (debit(due=date(2029, 1, 2)), "due date"),
        (replace(debit(), due_date="2026-09-28"), "due date"),
        (debit(times=3), "interval"),
        (debit(at_month_end=True), "interval"),
        (debit(interval="week"), "interval"),
        (debit(interval="month", is_immediate=True), "interval"),
        (debit(interval="month", times=0), "times"),
        (debit(interval="month", times=1000), "times"),
        (replace(debit(), agreement_number="9912347"), "payee bankgiro"),
        (MandateRequest(**facts("1")), "payer account"),
        (replace(MANDATES[0], payer_account="5000-1111117"), "payer account"),
        (replace(MANDATES[0], payer_account="9550-1234567"), "payer account"),
        (replace(MANDATES[0], payer_account="?"), "payer account"),
        (replace(MANDATES[0], payer_identity="121212-1212"), "payer identity"),
        (replace(MANDATES[0], payer_identity="191212121213"), "payer identity"),
        (replace(MANDATES[0], payer_identity=""), "payer identity"),
        (replace(MANDATES[0], payer_identity="995599990008"), "payer identity"),
        (MandateChange(**facts("1"), new_payer_number="01001"), "new payer number"),
        (MandateChange(**facts("1"), new_payer_number="x"), "new payer number"),
        (MandateCancellation(**facts("1", "x")), "payer number"),
        (MandateAnswer(**facts("1", ""), is_accepted=True), "payer number"),
        (CollectionChange(**facts("1", "")), "change"),
        (CollectionChange(**facts("1"), **money(due=None)), "change"),
        (CollectionChange(**facts("1"), new_date=DUE), "change"),
        (CollectionChange(**facts("1", ""), new_date=date(2026, 9, 26)), "new date"),
        (CollectionChange(**facts("1", ""), new_date=TODAY), "new date"),
        (CollectionWithdrawal(**facts("1"), **money(due=TODAY)), "due date"),
        (OutgoingMessage(**facts("1")), "request"),
    ],
)
def test_what_does_not_fit_is_named_before_a_byte_is_written(request_, field):
    assert field in wrong_fields(request_)
    with pytest.raises(FormatError) as raised:
        encoded(request_)
    assert raised.value.field in (field, *wrong_fields(request_))


def test_sound_requests_have_no_faults():
    for request in (*MANDATES, *PAYMENTS, *CHANGES):
        assert orders.faults(request) == orders.faults(request, TODAY) == []


def test_account_and_identity_are_never_quoted():
    request = replace(MANDATES[0], payer_account="5000-1111117", payer_identity="191212121213")
    for fault in (*orders.faults(request, TODAY), *orders.faults(debit(payer="12 34"), TODAY)):
        assert fault.found == ""


def test_recurring_orders_and_immediate_ones_need_no_banking_day():
    assert not wrong_fields(debit(due=date(2026, 9, 26), interval="month"))
    assert not wrong_fields(debit(due=date(2026, 9, 26), is_immediate=True))


def test_the_first_day_is_the_banking_day_after_the_file():
    friday = date(2026, 9, 25)
    assert wrong_fields(debit(due=friday), friday) == ["due date"]
    assert not wrong_fields(debit(due=date(2026, 9, 28)), friday)
    saturday = date(2026, 9, 26)
    assert wrong_fields(debit(due=date(2026, 9, 28)), saturday) == ["due date"]
    assert not wrong_fields(debit(due=date(2026, 9, 29)), saturday)


@pytest.mark.parametrize("sender", ["", "47111", "4711170", "47111x"])
def test_the_customer_number_has_six_digits(sender):
    with pytest.raises(FormatError, match="customer number"):
        encoded(debit(), sender=Transmission(record=1, sender=sender))


def test_the_frame():
    with pytest.raises(FormatError, match="at least one"):
        encoded()
    with pytest.raises(FormatError, match="a key of its own"):
        encoded(debit("1"), debit("1", "1002"))
    other = replace(debit(), agreement_number="50501055")
    with pytest.raises(FormatError, match="payee bankgiro"):
        encoded(debit("1"), replace(other, key="2"))


@pytest.mark.parametrize(
    "change",
    [
        CollectionWithdrawal(**facts("W"), **money()),
        CollectionChange(**facts("W")),
        CollectionChange(**facts("W"), due_date=DUE),
        CollectionChange(**facts("W", ""), due_date=DUE, new_date=MOVED),
        CollectionChange(**facts("W", ""), new_date=MOVED),
    ],
)
def test_an_order_is_not_changed_in_its_own_file(change):
    with pytest.raises(FormatError, match="earlier file"):
        encoded(debit(), change)
    encoded(debit(payer="7", due=MOVED), CollectionWithdrawal(**facts("W"), **money()))


# ------------------------------------------------------------------ round trips

DAYS = st.sampled_from([date(2026, 9, 28), date(2026, 12, 30), date(2027, 6, 24)])
PAYERS = st.integers(1, 10**16 - 1).map(str)


def _is_plainly_latin_1(text):
    """Letters like "Â¡" are UTF-8 of others, and taken for a file that was saved again."""
    try:
        return text.encode("latin-1").decode() == text
    except UnicodeDecodeError:
        return True


TEXTS = st.text(st.characters(codec="latin-1", categories=("L", "N", "P")), max_size=16).filter(
    _is_plainly_latin_1
)
AMOUNTS = st.integers(1, 10**12 - 1).map(lambda ore: Decimal(ore).scaleb(-2))
SINGLE = st.builds(
    lambda message, key, payer, reference, amount, due: message(
        **facts(key, payer, reference=reference), amount=amount, currency="SEK", due_date=due
    ),
    st.sampled_from([CollectionRequest, CreditTransfer]),
    st.uuids().map(str),
    PAYERS,
    TEXTS,
    AMOUNTS,
    DAYS,
)


@given(st.lists(SINGLE, min_size=1, max_size=5), st.booleans())
def test_what_was_written_is_read(requests, is_sealed):
    file = encoded(*requests, key=KEY if is_sealed else None)
    assert all(len(line) == 80 for line in lines_of(file.content))
    reading = Reading(file.content, autogiro)
    assert not reading.issues
    found = {x.record: x for x in reading.of(CollectionRequest, CreditTransfer)}
    for request in requests:
        record = file.records[request.key]
        assert replace(found[record], key=request.key, record=0) == request


@given(SINGLE)
def test_the_record_is_that_of_an_independent_writer(request):
    line = bg.row(
        (1, "82" if isinstance(request, CollectionRequest) else "32"),
        (3, f"{request.due_date:%Y%m%d}"),
        (11, "0"),
        (16, request.payer_number.zfill(16)),
        (32, f"{int(request.amount * 100):012d}"),
        (44, "0009912346"),
        (54, request.reference),
    )
    assert rows(request)[1] == line


# ------------------------------------------------------------------ the seal


def test_the_key_check_value_of_the_test_key():
    assert seal.key_check(KEY) == "FF365893D899291C3BF505FB3175E880"


def test_trap_16_the_key_is_hexadecimal_and_letters_are_replaced_for_the_hash_alone():
    assert bytes.fromhex("1234567890abcdef1234567890abcdef") == KEY
    assert seal.normalised("ÉÄÖÅÜéäöåü".encode("latin-1")) == b"@[\\]^`{|}~"
    assert seal.normalised(b"A\r\nB\n\tC\x00\xa7~ ") == b"AB\xc3C\xc3\xc3~ "
    content = encoded(debit(reference="ÅÄÖ"), key=KEY).content
    assert "ÅÄÖ".encode("latin-1") in content
    assert seal.problem(content, KEY) == ""


@pytest.mark.parametrize("text", ["", "1" * 31, "1" * 33, "G" * 32, "1234567890abcdef" * 3])
def test_a_key_that_is_none_is_refused_without_quoting_it(text):
    with pytest.raises(ValueError, match=r"expected 32 hexadecimal digits$"):
        seal.key_of(text)


def test_keys_may_be_typed_in_groups():
    assert seal.key_of("12345678 90abcdef 12345678 90ABCDEF\n") == KEY


SEALED = bg.sample("payments_sealed")


@pytest.mark.parametrize(
    ("content", "key", "problem"),
    [
        (SEALED, KEY, ""),
        (SEALED.replace(b"\r\n", b"\n"), KEY, ""),
        (SEALED.rstrip(), KEY, ""),
        (SEALED, bytes(16), "it is sealed with another key"),
        (SEALED.replace(b"30000", b"30001"), KEY, "it was changed after it was sealed"),
        (SEALED.replace(b"99260901", b"99260902"), KEY, "the dates of its seal records differ"),
        (bg.sample("payments_to_bg"), KEY, "it is not sealed"),
        (b"", KEY, "it is not sealed"),
    ],
    ids=["right", "LF", "stripped", "other key", "changed", "other date", "none", "empty"],
)
def test_a_wrong_seal_is_found(content, key, problem):
    assert seal.problem(content, key) == problem


@given(st.binary(max_size=200))
def test_checking_a_seal_is_never_an_exception(noise):
    assert seal.problem(noise, KEY) or noise
    assert seal.problem(SEALED + noise.strip() + b"x", KEY)


# ------------------------------------------------------------------ reading them back


@pytest.mark.parametrize(
    ("name", "record", "first", "text", "field"),
    [
        ("payments_to_bg", 2, 3, "20260931", "payment date"),
        ("payments_to_bg", 2, 11, "9", "period code"),
        ("payments_to_bg", 3, 11, "1", "period code"),
        ("payments_to_bg", 2, 12, "003", "recurrences"),
        ("payments_to_bg", 2, 32, "0" * 12, "amount"),
        ("payments_to_bg", 2, 44, "0050501055", "payee bankgiro"),
        ("payments_to_bg", 2, 16, "x", "payer number"),
        ("payments_to_bg", 2, 1, "83", "record"),
        ("mandates_to_bg", 2, 77, "XX", "answer"),
        ("mandates_to_bg", 8, 29, "0050501055", "payee bankgiro"),
        ("changes_to_bg", 3, 29, "20260931", "payment date"),
        ("changes_to_bg", 4, 49, "83", "payment code"),
        ("changes_to_bg", 8, 37, "x", "amount"),
        ("changes_to_bg", 5, 51, "        ", "new date"),
        ("changes_to_bg", 2, 13, " " * 16, "payer number"),
    ],
)
def test_a_bad_record_of_ours_is_one_error(name, record, first, text, field):
    sound = Reading(bg.sample(name), autogiro)
    reading = Reading(with_field(bg.sample(name), record, first, text), autogiro)
    assert [(x.record, x.severity, x.field) for x in reading.issues] == [(record, "error", field)]
    assert len(reading.messages) == len(sound.messages), "all others are read"


def test_trap_7_a_change_record_has_no_place_for_what_it_is_not_for():
    line = rows(CHANGES[3])[1]
    assert line == bg.row((1, "26"), (3, "0009912346"), (51, "20260930"))
