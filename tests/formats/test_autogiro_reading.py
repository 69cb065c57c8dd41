"""Autogiro reports of both layouts: what each record means, and what is told of damaged ones."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from odoo.addons.l10n_se_bg.formats import autogiro, codes
from odoo.addons.membership_billing_nordic.formats.messages import (
    Deposit,
    MandateEvent,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    RequestEvent,
    Transmission,
)

from . import bankgirot as bg
from .reading import Reading, lines_of, with_field

DAY = date(2026, 9, 28)


def read(content):
    return Reading(content, autogiro)


def sound(content):
    reading = read(content)
    assert not reading.issues
    assert all(total.agrees for total in reading.totals)
    return reading


def told(content):
    return [(x.record, x.severity, x.field) for x in read(content).issues]


# ------------------------------------------------------------------ payments, new layout


def test_the_payment_specification_of_the_example():
    reading = sound(bg.sample("payment_spec_new"))
    assert reading.messages[0] == Transmission(
        record=1,
        sender="BANKGIROT",
        recipient="471117",
        number="20260928060512345678",
        created_on=DAY,
    )
    assert reading.messages[1] == PaymentReceived(
        record=3,
        key="9912346:2026-09-28:00041:@1",
        deposit_key="9912346:2026-09-28:00041",
        account="",
        agreement_number="9912346",
        amount=Decimal("300.00"),
        currency="SEK",
        bank_date=DAY,
        reference="INV2026000123",
        bank_code="82",
        method="direct_debit",
        payer_number="1001",
    )
    assert [(x.amount, x.count, x.bank_reference) for x in reading.of(Deposit)] == [
        (Decimal("1550.50"), 2, "00041"),
        (Decimal("-50.00"), 1, "00007"),
        (Decimal("-300.00"), 1, "00008"),
    ]
    assert sum(
        x.amount if isinstance(x, PaymentReceived) else -x.amount for x in reading.payments
    ) == sum(x.amount for x in reading.deposits)


def test_stopped_payments_of_the_example():
    failed = sound(bg.sample("payment_spec_new")).of(PaymentFailed)
    assert [(x.payer_number, x.bank_code, x.will_retry, x.due_date) for x in failed] == [
        ("1007", "9", True, DAY),
        ("1008", "1", False, DAY),
        ("1009", "2", False, DAY),
    ]


def test_trap_18_a_refund_names_the_payment_that_it_takes_back():
    payout, refund = sound(bg.sample("payment_spec_new")).of(PaymentReversed)
    assert (refund.reference, refund.order_date) == ("INV2026000090", date(2026, 8, 28))
    assert (refund.bank_code, refund.reason) == ("77", "01 no mandate was given")
    assert refund.deposit_key == "9912346:2026-09-28:00008:77"
    assert (payout.bank_code, payout.reason) == ("32", "paid out as ordered")


def test_trap_4_status_0_is_success_in_the_new_layout_and_blank_is_not():
    rows = bg.group("15", 100, 1), bg.debit(100), bg.debit(200, " ")
    reading = read(bg.specification(*rows))
    assert [x.amount for x in reading.payments] == [Decimal("1.00")]
    assert [(x.record, x.field) for x in reading.errors] == [(4, "status")]


def test_trap_4_status_9_is_not_yet_a_failure():
    rows = bg.group("15", 0, 0, serial="00000"), bg.debit(100, "9")
    reading = read(bg.specification(*rows))
    assert [x.will_retry for x in reading.of(PaymentFailed)] == [True]
    assert not reading.deposits, "nothing was deposited"
    assert not reading.refused


def test_a_payout_that_was_stopped_is_a_rejected_order():
    rows = bg.group("16", 0, 0, serial="00000"), bg.debit(100, "2", kind="32")
    (event,) = read(bg.specification(*rows)).of(RequestEvent)
    assert (event.event, event.bank_code, event.amount) == ("rejected", "2", Decimal("1.00"))


def test_trap_5_the_end_record_is_compared_and_keeps_nothing_out():
    content = with_field(bg.sample("payment_spec_new"), 12, 21, "000000000005")
    reading = read(content)
    assert told(content) == [(12, "warning", "collections: number of records")]
    assert len(reading.payments) == 4


def test_a_deposit_record_that_lies_refuses_the_file():
    for first, text in ((51, "000000000000155051"), (72, "00000003")):
        content = with_field(bg.sample("payment_spec_new"), 2, first, text)
        assert read(content).refused


def test_an_unreadable_payment_is_one_error():
    content = with_field(bg.sample("payment_spec_new"), 3, 32, "00000003000O")
    reading = read(content)
    assert (3, "error", "amount") in told(content)
    assert not reading.refused
    assert reading.deposits[0].amount == Decimal("1550.50")


@pytest.mark.parametrize(
    ("record", "first", "text", "expected"),
    [
        (2, 38, "20260931", (2, "error", "payment date")),
        (4, 3, "20260931", (4, "warning", "payment date")),
        (11, 3, "20260931", (11, "warning", "original payment date")),
        (11, 70, "20260931", (11, "warning", "refund date")),
        (11, 78, "09", (11, "warning", "refund code")),
        (12, 15, "00000x", (12, "warning", "number of deposits")),
        (3, 1, "83", (3, "error", "record")),
        (9, 1, "82", (9, "error", "record")),
    ],
)
def test_what_is_told_of_a_payment_specification(record, first, text, expected):
    content = with_field(bg.sample("payment_spec_new"), record, first, text)
    assert expected in told(content)


def test_a_deposit_without_a_date_keeps_its_payments_out():
    content = with_field(bg.sample("payment_spec_new"), 2, 38, "20260931")
    reading = read(content)
    assert not reading.refused
    assert not reading.of(PaymentReceived)
    assert [x.amount for x in reading.deposits] == [Decimal("-50.00"), Decimal("-300.00")]
    assert len(reading.of(PaymentFailed)) == 3


# ------------------------------------------------------------------ payments, old layout


def test_the_old_payment_specification_of_the_example():
    reading = sound(bg.sample("payment_spec_old"))
    assert reading.payments == [
        PaymentReceived(
            record=2,
            key="9912346:2026-09-28:82:1001:30000:INV2026000123",
            deposit_key="9912346:2026-09-28:82",
            account="",
            agreement_number="9912346",
            amount=Decimal("300.00"),
            currency="SEK",
            bank_date=DAY,
            reference="INV2026000123",
            bank_code="82",
            method="direct_debit",
            payer_number="1001",
        )
    ]
    assert [x.amount for x in reading.deposits] == [Decimal("300.00")]
    assert [x.bank_code for x in reading.of(PaymentFailed)] == ["1"]


def test_trap_5_old_totals_count_what_was_stopped_too():
    totals = sound(bg.sample("payment_spec_old")).totals
    assert [(x.quantity, x.declared) for x in totals if x.scope == "collections"] == [
        ("records", 2),
        ("amount", Decimal("600.00")),
    ]


def test_old_payments_that_are_alike_and_payouts():
    rows = [
        bg.debit(100, " "),
        bg.debit(100, " "),
        bg.debit(100, " ", day="20260929"),
        bg.debit(300, " ", kind="32"),
    ]
    end = bg.sums_end("000000000300", 1, 3, "000000000300")
    reading = sound(bg.file_of(bg.old_start(), *rows, end))
    assert [x.key for x in reading.payments] == [
        "9912346:2026-09-28:82:1001:100:INV1",
        "9912346:2026-09-28:82:1001:100:INV1:#2",
        "9912346:2026-09-29:82:1001:100:INV1",
        "9912346:2026-09-28:32:1001:300:INV1",
    ]
    assert [(x.bank_date.day, x.amount) for x in reading.deposits] == [
        (28, Decimal("2.00")),
        (29, Decimal("1.00")),
        (28, Decimal("-3.00")),
    ]


def test_an_old_payment_without_a_date_is_not_used():
    rows = bg.debit(100, " ", day="20260931"), bg.sums_end("0" * 12, 0, 1, "000000000100")
    reading = read(bg.file_of(bg.old_start(), *rows))
    assert (2, "error", "payment date") in [(x.record, x.severity, x.field) for x in reading.issues]
    assert not reading.payments


# ------------------------------------------------------------------ mandates


def test_the_mandate_advice_of_the_example():
    events = sound(bg.sample("mandate_advice_new")).mandates
    assert [(x.event, x.payer_number, x.bank_code) for x in events] == [
        ("registered", "1001", "0432"),
        ("rejected", "1002", "4205"),
        ("registered", "1234566", "0432"),
        ("cancelled", "1000", "0333"),
        ("cancelled", "1006", "4602"),
    ]
    assert events[0] == MandateEvent(
        record=2,
        event="registered",
        account="",
        agreement_number="9912346",
        payer_number="1001",
        payer_account="5000000001111116",
        payer_identity="191212121212",
        effective_date=date(2026, 9, 2),
        bank_code="0432",
        meaning="new mandate by the payee: accepted",
    )


def test_trap_8_account_and_identity_are_blank_or_zeros_or_begin_with_99():
    rows = (
        bg.advice("03", "33"),
        bg.advice("03", "33", account="0" * 16, identity="0" * 12),
        bg.advice("04", "32", payer="1234566", account="0" * 16, identity="995599990008"),
    )
    found = [(x.payer_account, x.payer_identity) for x in sound(bg.mandate_advice(*rows)).mandates]
    assert found == [("", ""), ("", ""), ("", "5599990008")]


def test_trap_9_payer_numbers_have_sixteen_positions():
    number = "1234567890123456"
    (event,) = sound(bg.mandate_advice(bg.advice("04", "32", payer=number))).mandates
    assert event.payer_number == number


@pytest.mark.parametrize(
    ("information", "comment", "event"),
    [
        *[("04", code, "rejected") for code in ("09", "20", "21", "23", "29", "30")],
        ("04", "32", "registered"),
        ("04", "10", "unchanged"),
        ("03", "33", "cancelled"),
        ("03", "04", "cancelled"),
        *[("03", code, "unchanged") for code in ("09", "21", "29", "30")],
        ("05", "32", "registered"),
        ("05", "33", "cancelled"),
        *[("05", code, "unchanged") for code in ("04", "10", "21", "29", "30")],
        ("10", "00", "cancelled"),
        ("10", "  ", "cancelled"),
        ("10", "33", "cancelled"),
        ("42", "32", "registered"),
        ("42", "03", "rejected"),
        ("42", "05", "rejected"),
        ("43", "07", "rejected"),
        ("44", "98", "cancelled"),
        ("46", "02", "cancelled"),
        ("93", "01", "cancelled"),
        ("93", "06", "cancelled"),
        ("04", "12", "registered"),
        ("04", "24", "rejected"),
    ],
)
def test_what_information_and_comment_codes_mean(information, comment, event):
    (found,) = sound(bg.mandate_advice(bg.advice(information, comment))).mandates
    assert found.event == event
    assert found.bank_code == information + comment.strip().replace("00", "")
    assert found.meaning


@pytest.mark.parametrize(("information", "comment"), [("99", "32"), ("04", "77"), ("  ", "  ")])
def test_unknown_codes_of_mandates_are_for_a_person(information, comment):
    content = bg.mandate_advice(bg.advice(information, comment))
    assert told(content) == [(2, "error", "information code")]
    assert not read(content).mandates


def test_the_old_mandate_advice_says_from_when():
    start = bg.row((1, "01202609029900"), (15, "0009912346"), (25, "AG-MEDAVI"))
    row = bg.advice("04", "32", valid_from="260910")
    end = bg.row((1, "09202609029900"), (15, "0000001"))
    (event,) = sound(bg.file_of(start, row, end)).mandates
    assert (event.event, event.effective_date) == ("registered", date(2026, 9, 10))


def test_wrong_check_digits_are_told_never_quoted_and_kept():
    row = bg.advice("04", "32", account="5000000001111117", identity="191212121213")
    reading = read(bg.mandate_advice(row))
    assert [(x.severity, x.field, x.found) for x in reading.issues] == [
        ("warning", "account", ""),
        ("warning", "payer identity", ""),
    ]
    assert reading.mandates[0].payer_account == "5000000001111117"


def test_a_mandate_from_the_internet_bank():
    (event,) = sound(bg.sample("emandates")).mandates
    assert event == MandateEvent(
        record=2,
        event="requested",
        account="",
        agreement_number="9912346",
        payer_number="1003",
        payer_account="8327001234567897",
        payer_identity="191212121212",
        payer_name="TOLVAN TOLVANSSON",
        payer_street="C/O EXEMPEL, PROVGATAN 1",
        payer_zip="12345",
        payer_city="STORÅKER",
        bank_code="0",
        meaning="new",
        text="MEDLEM SEDAN 2019",
    )


def test_several_mandates_from_the_internet_bank():
    start, mandate, *rest, _end = lines_of(bg.sample("emandates"))
    reminder = mandate[:61] + "2" + mandate[62:]
    abroad = bg.row((1, "5600000NORGE"))
    end = bg.row((1, "59202609029900"), (15, "0000007"))
    first, second = sound(bg.file_of(start, mandate, *rest, reminder, abroad, end)).mandates
    assert (first.payer_city, second.payer_city) == ("STORÅKER", "")
    assert (second.payer_country, second.payer_zip) == ("NORGE", "")
    assert (second.meaning, second.payer_name) == ("second reminder", "")


@pytest.mark.parametrize(
    ("record", "first", "text", "expected"),
    [
        (2, 13, "00000000000010O3", (2, "error", "payer number")),
        (2, 13, "0" * 16, (2, "error", "payer number")),
        (2, 62, "7", (2, "warning", "message type")),
        (2, 1, "57", (2, "error", "record")),
        (7, 15, "0000009", (7, "warning", "records: number of records")),
    ],
)
def test_what_is_told_of_internet_mandates(record, first, text, expected):
    assert expected in told(with_field(bg.sample("emandates"), record, first, text))


REGISTER_NEW = bg.row(
    (1, "0009912346"),
    (11, "191212121212"),
    (23, "1001".zfill(16)),
    (39, "126"),
    (42, "20190301"),
    (50, "00000000"),
    (58, "1"),
    (65, "5000000001111116"),
)
REGISTER_OLD = bg.row(
    (1, "0009912346"),
    (11, "005599990008"),
    (23, "1002".zfill(16)),
    (39, "26"),
    (41, "20190301"),
    (49, "20200101"),
    (57, "20"),
    (64, "6000000410000108"),
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (REGISTER_NEW, ("1001", "191212121212", "5000000001111116", "11", "approved by the payee")),
        (
            REGISTER_OLD,
            (
                *("1002", "5599990008", "6000000410000108", "22"),
                "being enquired by the payer in the internet bank",
            ),
        ),
    ],
    ids=["new", "old"],
)
def test_the_register_of_mandates(row, expected):
    content = bg.file_of(row, row, row[:9] + "7" + row[10:])
    assert autogiro.recognises(content)
    found = sound(content).mandates
    assert [(x.record, x.event, x.agreement_number) for x in found] == [
        (1, "listed", "9912346"),
        (2, "listed", "9912346"),
        (3, "listed", "9912347"),
    ]
    assert found[0].effective_date == date(2019, 3, 1)
    one = found[0]
    assert expected == (
        *(one.payer_number, one.payer_identity, one.payer_account, one.bank_code),
        one.meaning,
    )


def test_a_bad_row_of_the_register_is_one_error():
    content = bg.file_of(REGISTER_NEW, REGISTER_NEW.replace("1001", "10O1"), REGISTER_NEW)
    assert told(content) == [(2, "error", "payer number")]
    assert len(read(content).mandates) == 2


# ------------------------------------------------------------------ our orders


def test_trap_1_payer_numbers_of_rejected_payments_begin_at_15():
    events = sound(bg.sample("rejected_new")).of(RequestEvent)
    assert [(x.event, x.payer_number, x.amount, x.bank_code) for x in events] == [
        ("rejected", "1011", Decimal("300.00"), "01"),
        ("rejected", "1012", Decimal("99.00"), "02"),
        ("rejected", "1003", Decimal("50.00"), "13"),
    ]
    assert [x.reference for x in events] == ["INV2026000128", "SUB78", "REFUND8"]


@pytest.mark.parametrize("code", sorted(codes.REJECTIONS))
def test_every_reason_of_a_rejection_has_a_meaning(code):
    content = with_field(bg.sample("rejected_new"), 2, 59, code)
    event = sound(content).of(RequestEvent)[0]
    assert (event.bank_code, event.meaning) == (code, codes.REJECTIONS[code])


def test_a_rejection_for_a_reason_that_is_not_known_is_a_rejection():
    content = with_field(bg.sample("rejected_new"), 2, 59, "77")
    assert told(content) == [(2, "warning", "comment code")]
    assert read(content).of(RequestEvent)[0].event == "rejected"


def test_an_amount_that_was_not_numeric_is_echoed_so():
    content = with_field(bg.sample("rejected_new"), 2, 31, "30000       ")
    content = with_field(content, 2, 59, "08")
    event = read(content).of(RequestEvent)[0]
    assert (event.amount, event.bank_code) == (None, "08")


def test_the_old_list_of_rejected_payments():
    rows = lines_of(bg.sample("rejected_new"))
    content = bg.file_of(bg.old_start("FELLISTA REG.KONTRL"), *rows[1:])
    assert len(sound(content).of(RequestEvent)) == 3


def test_cancellations_and_changes_of_the_example():
    reading = read(bg.sample("cancellations_new"))
    assert [(x.event, x.bank_code, x.reference) for x in reading.of(RequestEvent)] == [
        ("withdrawn", "2512", "INV2026000123"),
        ("withdrawn", "0312", "INV2026000129"),
        ("moved", "2918", "INV2026000124"),
        ("unchanged", "2401", ""),
    ]
    assert reading.of(RequestEvent)[2].new_due_date == date(2026, 9, 30)
    assert all(total.agrees for total in reading.totals)


def test_trap_14_an_absurd_date_is_told_and_left_empty():
    reading = read(bg.sample("cancellations_new"))
    assert [(x.record, x.severity, x.found) for x in reading.issues] == [(5, "warning", "20260631")]
    assert reading.of(RequestEvent)[3].due_date is None


@pytest.mark.parametrize("kind", ["03", "11", "21", "22", "23", "24", "25"])
def test_trap_17_orders_go_with_their_mandate(kind):
    rows = (
        bg.changed(kind, "12", reference="INV1"),
        bg.sums_end(collections="000000030000", count=1),
    )
    (event,) = sound(bg.file_of(bg.new_start("MAKULERING/ÄNDRING"), *rows)).of(RequestEvent)
    assert (event.event, event.payer_number, event.reference) == ("withdrawn", "1001", "INV1")


@pytest.mark.parametrize("comment", ["01", "02", "04", "05", "06", "10", "11", "13", "15"])
def test_what_was_refused_stands_as_it_was(comment):
    rows = bg.changed("29", comment, new="20260930"), bg.sums_end()
    (event,) = sound(bg.file_of(bg.new_start("MAKULERING/ÄNDRING"), *rows)).of(RequestEvent)
    assert (event.event, event.new_due_date) == ("unchanged", date(2026, 9, 30))


@pytest.mark.parametrize(
    ("comment", "event"), [("14", "moved"), ("18", "moved"), ("12", "withdrawn")]
)
def test_what_succeeded_is_counted(comment, event):
    rows = bg.changed("27", comment), bg.sums_end(collections="000000030000", count=1)
    (found,) = sound(bg.file_of(bg.new_start("MAKULERING/ÄNDRING"), *rows)).of(RequestEvent)
    assert found.event == event


@pytest.mark.parametrize(
    ("ore", "text"),
    [
        (120000, "00000012000å"),
        (120035, "00000012003N"),
        (120001, "00000012000J"),
        (120009, "00000012000R"),
        (120000, "00000012000}"),
        (120035, "000000120035"),
        (0, "000000000000"),
    ],
)
def test_trap_6_sums_of_cancellations_are_overpunched(ore, text):
    rows = bg.changed("25", "12", ore=ore, code="32"), bg.sums_end(text, 1)
    for encoding in ("latin-1", "utf-8"):
        content = bg.file_of(bg.new_start("MAKULERING/ÄNDRING"), *rows)
        sound(content.decode("latin-1").encode(encoding))


def test_trap_6_a_sum_that_is_none_is_told():
    content = bg.file_of(bg.new_start("MAKULERING"), bg.sums_end("00000012000Z"))
    assert told(content) == [(2, "warning", "sum of payouts")]


def test_the_old_list_of_cancellations_in_any_encoding():
    rows = bg.changed("25", "12"), bg.sums_end(collections="000000030000", count=1)
    content = bg.file_of(bg.old_start("MAK/ÄNDRINGSLISTA"), *rows)
    for damaged in (content, content.decode("latin-1").encode(), content.replace(b"\xc4", b"?")):
        assert len(sound(damaged).of(RequestEvent)) == 1


@pytest.mark.parametrize(
    ("record", "first", "text", "expected"),
    [(2, 73, "99", (2, "error", "comment code")), (2, 1, "31", (2, "error", "record"))],
)
def test_unknown_codes_of_changes_are_for_a_person(record, first, text, expected):
    assert expected in told(with_field(bg.sample("cancellations_new"), record, first, text))


def test_orders_that_bankgirot_keeps():
    rows = (
        bg.debit(100, " ", day="20261130"),
        bg.debit(300, " ", kind="32"),
        bg.sums_end("000000000300", 1, 1, "000000000100"),
    )
    events = sound(bg.file_of(bg.old_start("BEVAKNINGSREG"), *rows)).of(RequestEvent)
    assert [(x.event, x.bank_code, x.due_date) for x in events] == [
        ("accepted", "82", date(2026, 11, 30)),
        ("accepted", "32", DAY),
    ]


# ------------------------------------------------------------------ the frame


def test_several_sections_of_several_payees():
    first = lines_of(bg.sample("mandate_advice_new"))
    second = [first[0].replace("0009912346", "0050501055"), *first[1:]]
    reading = sound(bg.file_of(*first, *second))
    assert [x.agreement_number for x in reading.mandates] == ["9912346"] * 5 + ["50501055"] * 5
    assert len(reading.of(Transmission)) == 1


SPECIFICATION = bg.sample("payment_spec_new")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \r\n",
        SPECIFICATION[: 82 * 11],
        SPECIFICATION[: 82 * 11] + SPECIFICATION,
        SPECIFICATION + bg.file_of(bg.debit(100)),
        SPECIFICATION[82:],
        with_field(SPECIFICATION, 1, 71, "00099x2346"),
        with_field(SPECIFICATION, 2, 51, "x"),
        with_field(SPECIFICATION, 1, 45, "SOMETHING ELSE      "),
        bg.sample("payments_sealed") + bg.file_of(bg.debit(100)),
    ],
    ids=[
        "empty",
        "blank",
        "cut",
        "cut before another section",
        "more after the end",
        "no opening",
        "no payee",
        "no readable deposit",
        "unknown report",
        "more after the seal",
    ],
)
def test_a_broken_frame_refuses_the_file(content):
    assert read(content).refused


def test_a_line_that_is_too_long_is_named():
    rows = lines_of(bg.sample("mandate_advice_new"))
    rows[1] += "x"
    content = bg.file_of(*rows)
    assert told(content) == [(2, "error", "record"), (7, "warning", "records: number of records")]


@pytest.mark.parametrize(
    ("head", "layout"),
    [
        (b"01AUTOGIRO              20260902            AG-MEDAVI", "new"),
        (b"\xef\xbb\xbf01AUTOGIRO", "new"),
        (b"0120260928AUTOGIRO9900      ", "old"),
        (b"01202609289900" + b"0009912346AG-MEDAVI", "old"),
        (b"0120260928AUTOGIRO9900BEVAKNINGSREG", ""),
        (b"0120260901AUTOGIRO          ", ""),
        (b"512026090299000009912346AG-EMEDGIV", ""),
    ],
)
def test_the_layout_is_told_by_the_opening(head, layout):
    assert autogiro.layout_of(head) == layout


@pytest.mark.parametrize("name", sorted(path.stem for path in bg.SAMPLES.iterdir()))
def test_samples_in_other_encodings_and_without_blanks_say_the_same(name):
    content = bg.sample(name)
    if not autogiro.recognises(content):
        return
    stripped = b"\n".join(line.rstrip() for line in content.split(b"\r\n"))
    for changed in (
        content.decode("latin-1").encode("utf-8-sig"),
        content.replace(b"\r\n", b"\n"),
        content.replace(b"\r\n", b""),
        stripped,
        content + b"\r\n\x1a",
    ):
        assert autogiro.recognises(changed)
        assert read(changed).messages == read(content).messages


ALL = b"".join(
    bg.sample(path.stem) for path in sorted(bg.SAMPLES.iterdir()) if "bgmax" not in path.stem
)
LINES = st.sampled_from([line + b"\r\n" for line in ALL.split(b"\r\n")[:-1]])


@given(st.lists(LINES, max_size=14))
def test_records_in_any_order_are_never_an_exception(lines):
    for message in read(b"".join(lines)).messages:
        assert message.record >= 1


@given(st.sampled_from(sorted(bg.SAMPLES.iterdir())), st.data())
def test_a_damaged_spot_is_never_an_exception(path, data):
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    instead, lost = data.draw(st.binary(max_size=3)), data.draw(st.integers(0, 90))
    read(content[:place] + instead + content[place + lost :])


@given(st.binary(max_size=400))
@example(b"01AUTOGIRO")
@example(b"0120260901AUTOGIRO    \xff")
def test_noise_is_never_an_exception(noise):
    autogiro.recognises(noise)
    list(autogiro.decode(BytesIO(noise)))
    list(autogiro.decode(BytesIO(SPECIFICATION[:164] + noise)))
