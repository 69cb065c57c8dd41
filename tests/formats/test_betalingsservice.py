"""Betalingsservice: results (0602), mandates (0603) and information, as they come from the bank."""

from datetime import date
from decimal import Decimal

import pytest
from odoo.addons.l10n_dk_bs import formats
from odoo.addons.membership_billing_nordic.formats.messages import (
    BankNotice,
    Deposit,
    MandateEvent,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    RequestEvent,
    Transmission,
)

from tests.bank_simulator.denmark import writing

from .danish import (
    AGREEMENT,
    DUE,
    SUPPLIER,
    decoder_of,
    delivery,
    mandates,
    notice,
    read,
    result,
    results,
    sample,
    section,
    slip,
    slips,
)
from .reading import joined, lines_of, with_field

KRONER = Decimal("0.01")


def received(**facts):
    usual = {
        "record": 3,
        "key": "0236:1001:2026-11-02",
        "deposit_key": f"{AGREEMENT}:0211:2026-11-02:2012345001",
        "account": "",
        "agreement_number": AGREEMENT,
        "amount": Decimal("350.00"),
        "currency": "DKK",
        "bank_date": DUE,
        "order_date": DUE,
        "reference": "INV000107",
        "bank_code": "0236",
        "method": "direct_debit",
        "payer_number": "1001",
        "mandate_number": "900000001",
    }
    return PaymentReceived(**usual | facts)


# The example of the guide, message by message.


def test_the_delivery_tells_whom_it_is_for():
    assert read(sample("0602")).messages[0] == Transmission(
        record=1, recipient=SUPPLIER, number="2012345001", created_on=date(2026, 11, 9)
    )


def test_results_of_the_example():
    first, rejected, cancelled, charged_back = read(sample("0602")).messages[1:5]
    assert first == received()
    assert rejected == PaymentFailed(
        record=4,
        agreement_number=AGREEMENT,
        reference="INV000109",
        payer_number="1003",
        mandate_number="900000003",
        amount=Decimal("350.00"),
        currency="DKK",
        due_date=DUE,
        bank_code="0237",
        meaning="rejected by the debtor",
    )
    assert (cancelled.bank_code, cancelled.payer_number) == ("0238", "1004")
    assert cancelled.meaning == "cancelled: the mandate ended before the due date"
    assert type(charged_back) is PaymentReversed
    assert (charged_back.bank_code, charged_back.amount) == ("0239", Decimal("350.00"))
    assert (charged_back.bank_date, charged_back.order_date) == (date(2026, 11, 4), DUE)
    assert charged_back.reason == "charged back by the debtor's bank"


def test_slips_of_the_example():
    paid, back = [each for each in read(sample("0602")).payments if each.method == "giro"]
    assert paid == PaymentReceived(
        record=9,
        key="0297:1002:999920261105N000000001",
        deposit_key=f"{AGREEMENT}:0215:2026-11-06:2012345001",
        account="",
        agreement_number=AGREEMENT,
        amount=Decimal("1234.50"),
        currency="DKK",
        bank_date=date(2026, 11, 6),
        order_date=date(2026, 11, 5),
        reference="INV000108",
        bank_code="0297",
        method="giro",
        payer_number="1002",
        bank_reference="999920261105N000000001",
    )
    assert type(back) is PaymentReversed
    assert (back.bank_code, back.reason) == ("0299", "slip payment charged back")


def test_deposits_are_what_the_account_moved_by_on_a_day():
    deposits = read(sample("0602")).deposits
    assert [(each.bank_date.isoformat(), str(each.amount), each.count) for each in deposits] == [
        ("2026-11-02", "350.00", 1),
        ("2026-11-04", "-350.00", 1),
        ("2026-11-06", "1234.50", 1),
        ("2026-11-09", "-500.00", 1),
    ]
    assert len({each.deposit_key for each in deposits}) == 4


def test_mandates_of_the_example():
    events = read(sample("0603")).mandates
    assert events[0] == MandateEvent(
        record=3,
        event="registered",
        agreement_number=AGREEMENT,
        payer_number="1002",
        mandate_number="900000002",
        effective_date=date(2026, 10, 30),
        bank_code="0231",
        meaning="registered",
    )
    assert [(each.event, each.payer_number, str(each.effective_date)) for each in events[1:]] == [
        ("cancelled", "1003", "2026-11-30"),
        ("cancelled", "1006", "2026-10-30"),
        ("cancelled", "1007", "2026-10-30"),
    ]
    meanings = [each.meaning.split(",")[0] for each in events[1:]]
    assert meanings == [
        "cancelled by the debtor's bank",
        "cancelled by the creditor",
        "cancelled by Betalingsservice",
    ]


@pytest.mark.parametrize("kind", ["0601", "0602", "0603", "0605"])
def test_examples_have_nothing_wrong(kind):
    reading = read(sample(kind))
    assert not reading.issues
    assert reading.totals
    assert all(total.agrees for total in reading.totals)


# Which decoder reads a file is decided by its content.


@pytest.mark.parametrize("kind", ["0601", "0602", "0603", "0605"])
def test_each_delivery_type_is_a_format_of_its_own(kind):
    decoder = decoder_of(sample(kind))
    assert decoder.FORMAT.removeprefix("dk.bs_") == kind


def test_formats_have_names_of_their_own():
    names = [each.FORMAT for each in formats.DECODERS]
    assert len(set(names)) == len(names) == 5
    assert [each.FORMAT for each in formats.ENCODERS] == ["dk.bs_0601", "dk.bs_0605"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"BS",
        b"NY000010",
        b"BST002345",
        b"PBCNET00BS1",
        b"name\nBS0012",
        b"BS1042",
        b"01BGMAX",
        b"\x00BS002",
    ],
)
def test_other_files_are_not_known(content):
    assert decoder_of(content) is None


def test_a_delivery_without_its_start_is_recognised_and_refused():
    content = sample("0602").split(b"\r\n", 1)[1]
    assert decoder_of(content).FORMAT == "dk.bs_other"
    assert [issue.field for issue in read(content).refusals] == ["record type"]


# Results: amounts, dates, references.


def test_a_usual_payment_is_read_the_same_wherever_it_stands():
    """The first of its dates goes the long way, the others the short one."""
    reading = read(results(*(result(customer=str(number)) for number in range(1001, 1004))))
    assert reading.payments == [
        received(
            record=3 + place,
            key=f"0236:{1001 + place}:2026-11-02",
            payer_number=str(1001 + place),
        )
        for place in range(3)
    ]
    [deposit] = reading.deposits
    assert (deposit.amount, deposit.count, deposit.record) == (Decimal("1050.00"), 3, 3)


def test_payments_of_several_days_are_several_deposits():
    later = {"paid_on": date(2026, 11, 5), "booked_on": date(2026, 11, 6)}
    reading = read(results(result(), result(customer="2", **later), result(customer="3")))
    first, second = reading.deposits
    assert (first.bank_date, first.amount) == (DUE, Decimal("700.00"))
    assert (second.bank_date, second.amount) == (date(2026, 11, 6), Decimal("350.00"))
    assert [each.deposit_key for each in reading.payments] == [
        *(first.deposit_key, second.deposit_key, first.deposit_key)
    ]


def test_the_money_of_a_day_is_net_of_what_went_back():
    back = result("0239", "1009", 20000)
    [deposit] = read(results(result(), back)).deposits
    assert (deposit.amount, deposit.count) == (Decimal("150.00"), 2)


def test_an_amount_that_is_not_what_was_asked_for_is_told():
    reading = read(results(result(paid=34900)))
    assert reading.payments[0].amount == Decimal("349.00")
    [warning] = reading.warnings
    assert (warning.field, warning.expected, warning.found) == ("amount paid", "350.00", "349.00")


def test_a_disbursement_counts_negative():
    content = with_field(results(result(), result(customer="1009", amount=10000)), 4, 56, "2")
    reading = read(content)
    assert [each.amount for each in reading.payments] == [Decimal("350.00"), Decimal("-100.00")]
    assert reading.deposits[0].amount == Decimal("250.00")
    assert not reading.refused


def test_a_disbursement_and_a_collection_of_a_day_are_two_payments():
    both = results(result(), result(amount=10000, sign="2", reference="RF1"))
    assert [each.key for each in read(both).payments] == [
        "0236:1001:2026-11-02",
        "0236:1001:2026-11-02:out",
    ]


@pytest.mark.parametrize(
    ("code", "meaning"),
    [("0237", "disbursement rejected"), ("0238", "disbursement found no mandate")],
)
def test_a_disbursement_that_was_not_carried_out_answers_the_request(code, meaning):
    reading = read(results(result(code, amount=10000, sign="2", reference="RF1")))
    [answer] = reading.of(RequestEvent)
    assert (answer.event, answer.reference, answer.bank_code) == ("rejected", "RF1", code)
    assert (answer.amount, answer.due_date, answer.meaning) == (Decimal("100.00"), DUE, meaning)
    assert not reading.payments
    assert not reading.issues


def test_a_disbursement_that_was_taken_back_brings_the_money_again():
    out = result(amount=10000, sign="2", reference="RF1")
    back = result("0239", amount=10000, sign="2", reference="RF1")
    reading = read(results(out, back))
    assert [each.amount for each in reading.payments] == [Decimal("-100.00"), Decimal("-100.00")]
    assert reading.deposits[0].amount == 0


def test_a_notification_without_an_amount_is_no_money():
    content = with_field(results(result(amount=0, paid=0)), 3, 56, "0")
    reading = read(content)
    assert not reading.payments
    assert not reading.deposits
    assert [(x.field, x.action) for x in reading.warnings] == [("amount paid", "nothing to book")]


@pytest.mark.parametrize("dates", [{"booked_on": None}, {"paid_on": None}])
def test_one_date_of_two_is_enough(dates):
    reading = read(results(result(**dates)))
    assert reading.payments[0].bank_date == DUE
    assert not reading.issues


def test_a_payment_without_dates_came_on_its_due_date_with_a_word():
    reading = read(results(result(paid_on=None, booked_on=None)))
    assert reading.payments[0].bank_date == DUE
    assert [issue.field for issue in reading.warnings] == ["bookkeeping date"]


def test_mandates_without_a_number_have_none():
    first, second = read(results(result(), result(customer="2", mandate=""))).payments
    assert (first.mandate_number, second.mandate_number) == ("900000001", "")


def test_a_reference_keeps_its_letters():
    long, accented = "A" * 30, "Kontingent Åse Ørsted"
    reading = read(results(result(), result(reference=long), result(reference=accented)))
    assert [each.reference for each in reading.payments] == ["INV000107", long, accented]


def test_letters_in_a_customer_number_come_back_in_capitals():
    reading = read(results(result(), result(customer="test001")))
    assert reading.payments[1].payer_number == "TEST001"
    assert reading.payments[1].key == "0236:TEST001:2026-11-02"


def test_keys_do_not_depend_on_the_delivery():
    first = read(delivery(section("0211", result(), result("0239")), number="1"))
    again = read(delivery(section("0211", result(), result("0239")), number="2"))
    assert [x.key for x in first.payments] == [x.key for x in again.payments]
    assert len({x.key for x in first.payments}) == 2
    assert first.deposits[0].deposit_key != again.deposits[0].deposit_key


# Slips.


def test_a_fee_is_kept_back_from_the_deposit_not_from_the_payment():
    reading = read(slips(slip(paid=10000, fee=250), slip(paid=5000, archive="B")))
    assert [each.amount for each in reading.payments] == [Decimal("100.00"), Decimal("50.00")]
    [deposit] = reading.deposits
    assert (deposit.amount, deposit.charges) == (Decimal("147.50"), Decimal("2.50"))
    assert not reading.issues


def test_a_payer_may_pay_another_amount_than_is_on_the_slip():
    reading = read(slips(slip(paid=100, amount=123450)))
    assert reading.payments[0].amount == Decimal("1.00")
    assert not reading.issues


def test_a_slip_without_reference_is_told_by_the_number_it_was_paid_with():
    own_id = "000000000001230"
    [payment] = read(slips(slip(customer=own_id, reference=""))).payments
    assert (payment.reference, payment.form_number) == (own_id, own_id)
    assert payment.payer_number == "1230"


def test_a_slip_of_type_73_brings_name_address_and_text():
    unknown = slip(
        customer="",
        kind="73",
        reference="",
        address=("Åse Sørensen", "Prøvevej 1", "8000 Aarhus C"),
        text=("Kontingent for", "Åse og Ole"),
    )
    reading = read(slips(unknown, slip(archive="B")))
    assert not reading.issues
    first, second = reading.payments
    assert (first.payer_name, first.payer_street) == ("Åse Sørensen", "Prøvevej 1\n8000 Aarhus C")
    assert (first.text, first.reference, first.payer_number) == (
        *("Kontingent for\nÅse og Ole", "", ""),
    )
    assert (second.record, second.payer_name, second.text) == (9, "", "")


def test_address_and_text_may_stand_before_their_slip():
    lines = lines_of(slips(slip(archive="A"), slip(archive="B", customer="", text=("one", "two"))))
    lines[2:6] = [lines[4], lines[5], lines[2], lines[3]]
    reading = read(joined(lines))
    assert not reading.issues
    assert [(x.bank_reference, x.text) for x in reading.payments] == [("A", ""), ("B", "one\ntwo")]


@pytest.mark.parametrize(("number", "instead"), [("002", "001"), ("002", "003"), ("002", "0x2")])
def test_text_records_are_counted_from_one(number, instead):
    content = slips(slip(text=("one", "two")))
    reading = read(with_field(content, 3 + int(number), 18, instead))
    assert [issue.field for issue in reading.errors] == ["record number"]
    assert len(reading.payments) == 1


def test_a_text_without_its_slip_is_told():
    content = with_field(slips(slip(text=("one",))), 4, 47, "Z" * 22)
    reading = read(content)
    assert [(x.record, x.field) for x in reading.errors] == [(4, "archive reference")]
    assert reading.payments[0].text == ""


def test_slips_without_archive_reference_are_told_apart_by_their_place():
    reading = read(slips(slip(archive=""), slip(archive="")))
    assert [each.key for each in reading.payments] == [
        "0297:1002:2012345001/1",
        "0297:1002:2012345001/2",
    ]


# Mandates.


def test_a_full_list_is_listed():
    events = read(mandates(notice("0230"), notice("0230", "1003", "3"), number="0210")).mandates
    assert [(each.event, each.payer_number) for each in events] == [
        *(("listed", "1002"), ("listed", "1003")),
    ]


def test_an_active_mandate_is_one_in_any_section():
    [event] = read(mandates(notice("0230"))).mandates
    assert (event.event, event.mandate_number) == ("listed", "900000002")


def test_a_mandate_that_will_end_says_when():
    [event] = read(mandates(notice(ends=date(2027, 3, 31)))).mandates
    assert (event.effective_date, event.end_date) == (date(2026, 10, 30), date(2027, 3, 31))


def test_electronic_slips_are_no_mandates():
    listed = read(mandates(notice("0230", mandate="999999999"), number="0219"))
    assert not listed.mandates
    assert listed.of(BankNotice) == [
        BankNotice(
            record=3,
            kind="information",
            agreement_number=AGREEMENT,
            payer_number="1002",
            mandate_number="999999999",
            bank_code="0230",
            meaning="agreement on electronic payment slips: active",
        )
    ]
    assert not read(mandates(notice("0231", mandate="999999999"))).mandates


def test_an_end_without_a_date_is_read_with_a_word():
    reading = read(mandates(notice("0232")))
    assert reading.mandates[0].effective_date is None
    assert [issue.field for issue in reading.warnings] == ["last day"]


def test_a_date_that_cannot_be_read_is_left_empty():
    reading = read(with_field(mandates(notice()), 3, 50, "310226"))
    assert reading.mandates[0].effective_date is None
    assert [(x.field, x.found) for x in reading.warnings] == [("first day", "310226")]


@pytest.mark.parametrize(
    ("first", "text", "field"),
    [
        (14, "0239", "record type and transaction code"),
        (26, " " * 15, "customer number"),
        (26, "0" * 15, "customer number"),
        (41, "9000x0002", "mandate number"),
    ],
)
def test_a_mandate_that_cannot_be_read_is_not_used(first, text, field):
    reading = read(with_field(mandates(notice()), 3, first, text))
    assert not reading.mandates
    assert [(x.record, x.field) for x in reading.errors] == [(3, field)]
    assert not reading.refused


# Deliveries that only tell something.


def test_the_information_list_is_told_and_never_booked():
    remark = writing.Remark(customer="1008", day=DUE, text_number="020017")
    other = writing.Remark(customer="1009", day=DUE, text_number="010001")
    content = writing.remarks(
        "0621", [section("0120", remark, other)], supplier=SUPPLIER, number="7", made_on=DUE
    )
    assert decoder_of(content).FORMAT == "dk.bs_other"
    reading = read(content)
    assert reading.of(BankNotice) == [
        BankNotice(
            record=2,
            kind="remark",
            agreement_number=AGREEMENT,
            payer_number="1008",
            bank_code="020017",
        ),
        BankNotice(
            record=3,
            kind="information",
            agreement_number=AGREEMENT,
            payer_number="1009",
            bank_code="010001",
        ),
    ]
    assert not reading.issues


def test_an_error_in_the_echo_of_a_registration_refuses_it():
    remark = writing.Remark(customer="1008", day=DUE, text_number="030001")
    content = writing.remarks(
        "0621", [section("0120", remark)], supplier=SUPPLIER, number="7", made_on=DUE
    )
    [answer] = read(content).of(RequestEvent)
    assert answer == RequestEvent(
        record=2,
        event="rejected",
        agreement_number=AGREEMENT,
        payer_number="1008",
        bank_code="030001",
        meaning="registration refused, text number 030001",
    )
    assert answer.is_of_mandate


@pytest.mark.parametrize(
    ("first", "text"),
    [(14, "0272"), (115, "O30001"), (21, "0000A")],
    ids=["another code", "text number", "debtor group"],
)
def test_an_echo_that_is_not_known_is_shown_as_it_is(first, text):
    remark = writing.Remark(customer="1008", day=DUE, text_number="030001")
    content = writing.remarks(
        "0621", [section("0120", remark)], supplier=SUPPLIER, number="7", made_on=DUE
    )
    reading = read(with_field(content, 2, first, text))
    [told] = reading.of(BankNotice)
    assert (told.kind, told.bank_code) == ("information", "")
    assert text in told.text
    assert not reading.of(RequestEvent)


def test_a_delivery_of_another_kind_is_told_with_a_word():
    reading = read(sample("0602").replace(b"BS10602", b"BS10687"))
    assert [(x.field, x.found, x.action) for x in reading.issues] == [
        ("delivery type", "0687", "kept for information, nothing is booked")
    ]


def test_records_longer_than_128_are_let_by_in_the_list_of_dispatched_slips():
    lines = [
        f"BS002{SUPPLIER}BS106860000000009                   02112026",
        "BS012012345670199     00001",
        f"BS042012345670275000000000100000000000100602112026{'':20}{'x':>70}",
        "BS092012345670199",
        f"BS992{SUPPLIER}BS10686",
    ]
    [told] = read(joined(lines)).of(BankNotice)
    assert (told.kind, told.meaning) == ("error", "payment slip undeliverable")
    assert (told.agreement_number, told.payer_number) == (AGREEMENT, "1006")


def test_deposits_and_payments_are_never_made_of_information():
    content = sample("0602").replace(b"BS10602", b"BS10687")
    reading = read(content)
    assert not reading.of(Deposit, PaymentReceived, PaymentReversed, PaymentFailed)
    assert len(reading.of(BankNotice)) == 6
    assert not reading.refused
