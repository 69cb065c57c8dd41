"""OCR giro read right: the worked example, every rule of its records, every reading trap."""

from datetime import date
from decimal import Decimal

import pytest
from odoo.addons.membership_billing_nordic.formats.messages import (
    MandateEvent,
    PaymentReceived,
    PaymentReversed,
    Transmission,
)

from tests.bank_simulator import nets

from .reading import ACCOUNT, DAY, SAMPLES, Reading, joined, lines_of, one_file, payment, with_field

EXAMPLE_B = (SAMPLES / "no" / "own_example_B_ocr_fbo.txt").read_bytes()
OTHER_ACCOUNT = "86011117947"


@pytest.fixture(scope="module")
def example():
    return Reading(EXAMPLE_B)


def test_the_worked_example_is_sound(example):
    assert example.issues == []
    assert all(total.agrees for total in example.totals)
    assert [(x.scope, x.quantity, x.declared) for x in example.totals] == [
        ("assignment 1", "transactions", 4),
        ("assignment 1", "records", 11),
        ("assignment 1", "amount", Decimal("1680.50")),
        ("assignment 2", "transactions", 3),
        ("assignment 2", "records", 5),
        ("assignment 2", "amount", 0),
        ("file", "transactions", 7),
        ("file", "records", 18),
        ("file", "amount", Decimal("1680.50")),
    ]


def test_the_worked_example_names_its_sender(example):
    assert example.messages[0] == Transmission(
        record=1, sender="00008080", recipient="00123456", number="2900001"
    )


def test_the_worked_examples_payments_are_complete(example):
    shared = {"account": ACCOUNT, "agreement_number": "001234567", "currency": "NOK"}
    key = "00008080:2900001:99991042764:0000001:"
    assert example.payments == [
        PaymentReceived(
            record=3,
            key=key + "0000001",
            deposit_key="99991042764:2026-11-02:01:02:4:00001",
            amount=Decimal("450.00"),
            bank_date=date(2026, 11, 2),
            order_date=date(2026, 10, 30),
            reference="000100126000171",
            bank_code="10",
            method="giro",
            payer_account="99990512341",
            bank_reference="099038562",
            form_number="9636827194",
            **shared,
        ),
        PaymentReceived(
            record=5,
            key=key + "0000002",
            deposit_key="99991042764:2026-11-05:01:05:1:00002",
            amount=Decimal("1250.50"),
            bank_date=date(2026, 11, 5),
            order_date=date(2026, 11, 5),
            reference="000100226000188",
            bank_code="15",
            method="direct_debit",
            bank_reference="600155380",
            **shared,
        ),
        PaymentReceived(
            record=7,
            key=key + "0000003",
            deposit_key="99991042764:2026-11-05:01:05:1:00003",
            amount=Decimal("-50.00"),
            bank_date=date(2026, 11, 5),
            reference="10422600002-",
            bank_code="12",
            method="remittance",
            payer_account="99991015406",
            bank_reference="001020169",
            **shared,
        ),
        PaymentReversed(
            record=9,
            key=key + "0000004",
            amount=Decimal("30.00"),
            bank_date=date(2026, 11, 5),
            order_date=date(2026, 11, 5),
            bank_code="20",
            method="card",
            is_information=True,
            text="Retur ordre 77",
            bank_reference="123456789",
            card_issuer="04",
            **shared,
        ),
    ]


def test_the_worked_examples_deposits_leave_out_information(example):
    assert [(x.record, x.bank_date, x.amount, x.count) for x in example.deposits] == [
        (3, date(2026, 11, 2), Decimal("450.00"), 1),
        (5, date(2026, 11, 5), Decimal("1250.50"), 1),
        (7, date(2026, 11, 5), Decimal("-50.00"), 1),
    ]
    assert {x.account for x in example.deposits} == {ACCOUNT}


def test_the_worked_examples_mandates_are_complete(example):
    def event(record, code, kind, reference, notice):
        return MandateEvent(
            record=record,
            event=kind,
            account=ACCOUNT,
            reference=reference,
            written_notice=notice,
            bank_code=code,
        )

    assert example.mandates == [
        event(14, "1", "registered", "000100126000171", True),
        event(15, "1", "registered", "10422600002-", False),
        event(16, "2", "cancelled", "000100326000047", False),
    ]


def test_draft_made_messages_are_as_immutable_as_others(example):
    with pytest.raises(AttributeError):
        example.payments[0].amount = Decimal(0)
    assert type(example.payments[0]) is PaymentReceived
    assert hash(example.payments[0]) == hash(Reading(EXAMPLE_B).payments[0])


# What is known to go wrong in these files, as far as reading goes.


def test_trap_1_kid_is_right_aligned_with_blanks():
    [read] = Reading(one_file(payment(kid="1234"))).payments
    assert read.reference == "1234"
    [read] = Reading(one_file(payment(kid="0" * 24 + "3"))).payments
    assert read.reference == "0" * 24 + "3"


def test_trap_1_a_left_aligned_kid_is_read_too():
    [read] = Reading(with_field(one_file(payment()), 3, 50, "12345".ljust(25))).payments
    assert read.reference == "12345"


def test_trap_2_mod11_kid_ends_in_a_dash():
    reading = Reading(
        one_file(
            nets.Payments(account=ACCOUNT, transactions=[payment(kid="1009-")]),
            nets.Mandates(account=ACCOUNT, notices=[nets.MandateNotice("1", "1009-")]),
        )
    )
    assert reading.payments[0].reference == reading.mandates[0].reference == "1009-"
    assert not reading.issues


def test_trap_3_minus_subtracts():
    reading = Reading(one_file(payment(1_778_000), payment(215_000, kind="12", sign="-")))
    assert reading.totals[2].declared == Decimal("15630.00")
    assert [x.amount for x in reading.payments] == [Decimal("17780.00"), Decimal("-2150.00")]
    assert not reading.issues


@pytest.mark.parametrize("kind", ["18", "20"])
@pytest.mark.parametrize("sign", ["0", "-"])
def test_trap_3_reversals_are_added_whatever_their_sign(kind, sign):
    reading = Reading(one_file(payment(1000), payment(300, kind=kind, kid="", sign=sign)))
    assert reading.totals[2].declared == Decimal("13.00")
    assert not reading.issues
    assert isinstance(reading.payments[1], PaymentReversed)
    assert reading.payments[1].amount == Decimal("3.00")


def test_trap_3_the_gross_sum_is_accepted_with_a_warning():
    content = one_file(payment(1000), payment(300, kind="12", sign="-"))
    for record in (7, 8):
        content = with_field(content, record, 25, f"{1300:017d}")
    reading = Reading(content)
    assert not reading.refused
    assert [(x.record, x.field) for x in reading.warnings] == [
        (7, "assignment 1: sum"),
        (8, "file: sum"),
    ]
    assert reading.deposits[0].amount == Decimal("7.00")


def test_trap_3_no_other_sum_is_accepted():
    content = one_file(payment(1000), payment(300, kind="12", sign="-"))
    assert Reading(with_field(content, 7, 25, f"{1299:017d}")).refused
    assert Reading(with_field(content, 8, 25, f"{1299:017d}")).refused


def test_trap_3_the_gross_sum_does_not_excuse_a_wrong_count():
    content = one_file(payment(1000), payment(300, kind="12", sign="-"))
    content = with_field(with_field(content, 7, 25, f"{1300:017d}"), 7, 9, f"{3:08d}")
    assert len(Reading(content).refusals) == 2


def test_trap_4_end_dates_are_checked_in_ocr_giro_only():
    content = one_file(
        nets.Payments(account=ACCOUNT, transactions=[payment()]),
        nets.Mandates(account=ACCOUNT, notices=[nets.MandateNotice("0", "1234")]),
    )
    assert not Reading(with_field(content, 8 - 1, 42, "999999999999")).refused  # mandates' end
    assert Reading(with_field(content, 5, 42, "310226")).refused


def test_trap_5_equal_assignment_numbers_lose_nothing():
    content = one_file(
        nets.Payments(account=ACCOUNT, transactions=[payment(100)]),
        nets.Payments(account=ACCOUNT, transactions=[payment(200)]),
        nets.Payments(account=OTHER_ACCOUNT, transactions=[payment(400)]),
    )
    reading = Reading(content)
    assert not reading.issues
    assert [x.amount for x in reading.payments] == [1, 2, 4]
    assert len({x.key for x in reading.payments}) == 3


def test_trap_5_transactions_of_several_assignments_can_be_one_bank_sum():
    content = one_file(
        nets.Payments(account=ACCOUNT, transactions=[payment(100)]),
        nets.Payments(account=OTHER_ACCOUNT, transactions=[payment(400)]),
        nets.Payments(account=ACCOUNT, number=2, transactions=[payment(200)]),
    )
    deposits = Reading(content).deposits
    assert [(x.account, x.amount, x.count) for x in deposits] == [
        (ACCOUNT, 3, 2),
        (OTHER_ACCOUNT, 4, 1),
    ]


def test_equal_transaction_numbers_lose_nothing():
    lines = lines_of(one_file(payment(100), payment(200)))
    for index in (4, 5):
        lines[index] = lines[index].replace("0000002", "0000001", 1)
    reading = Reading(joined(lines))
    assert [x.amount for x in reading.payments] == [1, 2]
    assert len({x.key for x in reading.payments}) == 2
    assert [x.field for x in reading.warnings] == ["transaction number"]


def test_trap_6_filler_with_data_is_no_matter():
    assert not Reading(with_field(one_file(payment()), 4, 35, "1883206")).issues


@pytest.mark.parametrize("no_date", ["000000", "      "])
def test_trap_7_dates_may_be_missing(no_date):
    content = one_file(payment(ordered_on=DAY))
    for record, first in ((4, 42), (5, 42), (5, 48), (5, 54), (6, 42)):
        content = with_field(content, record, first, no_date)
    reading = Reading(content)
    assert not reading.issues
    assert reading.payments[0].order_date is None


def test_trap_7_a_file_of_mandates_only_has_no_date():
    notices = [nets.MandateNotice("0", "12345"), nets.MandateNotice("0", "12360", True)]
    content = one_file(nets.Mandates(account=ACCOUNT, notices=notices), made_on=None)
    reading = Reading(content)
    assert not reading.issues
    assert [(x.event, x.written_notice) for x in reading.mandates] == [
        ("listed", False),
        ("listed", True),
    ]


@pytest.mark.parametrize("kind", ["20", "21"])
def test_trap_8_free_text_types_have_three_records_and_no_kid(kind):
    reading = Reading(one_file(payment(kind=kind, kid="", text="Kontingent Åse, låt 3")))
    assert not reading.issues
    assert reading.payments[0].text == "Kontingent Åse, låt 3"
    assert reading.payments[0].reference == ""
    assert reading.totals[1].declared == 5


def test_trap_11_a_known_mandate_comes_again_when_its_notice_changes():
    notices = [nets.MandateNotice("1", "12345", True), nets.MandateNotice("1", "12345", False)]
    reading = Reading(one_file(nets.Mandates(account=ACCOUNT, notices=notices)))
    assert [(x.event, x.written_notice) for x in reading.mandates] == [
        ("registered", True),
        ("registered", False),
    ]


def test_trap_12_a_mandate_keeps_the_whole_kid_it_was_signed_up_with():
    notice = nets.MandateNotice("1", "000100119000034")
    [read] = Reading(one_file(nets.Mandates(account=ACCOUNT, notices=[notice]))).mandates
    assert read.reference == "000100119000034"
    assert (read.payer_account, read.payer_name) == ("", "")


def test_trap_18_one_serial_number_is_one_bank_sum():
    reading = Reading(
        one_file(
            payment(100, bank_sum=(1, 1, 1)),
            payment(200, bank_sum=(1, 1, 1)),
            payment(400, bank_sum=(1, 1, 2)),
            payment(800, bank_sum=(1, 2, 1)),
            payment(1600, bank_sum=(2, 1, 1)),
            payment(3200, bank_sum=(1, 1, 1), day=date(2026, 11, 3)),
        )
    )
    assert [(x.amount, x.count) for x in reading.deposits] == [
        (3, 2),
        (4, 1),
        (8, 1),
        (16, 1),
        (32, 1),
    ]
    by_key = {x.deposit_key: x for x in reading.deposits}
    assert len(by_key) == 5
    assert all(by_key[x.deposit_key].bank_date == x.bank_date for x in reading.payments)


@pytest.mark.parametrize("kind", ["18", "19", "20", "21"])
def test_trap_19_card_transactions_are_information(kind):
    reading = Reading(one_file(payment(kind=kind, card_issuer="04"), payment(kind="13")))
    card, other = reading.payments
    assert card.is_information and card.deposit_key == "" and card.card_issuer == "04"
    assert card.method == "card"
    assert not other.is_information
    assert len(reading.deposits) == 1


def test_trap_19_a_purchase_with_minus_is_a_negative_payment():
    [read] = Reading(one_file(payment(500, kind="21", kid="", sign="-"))).payments
    assert isinstance(read, PaymentReceived)
    assert read.amount == Decimal("-5.00")


def test_trap_20_a_file_delivered_again_has_the_same_keys():
    content = one_file(payment(100), payment(200, bank_sum=(1, 1, 2)))
    again = b"\xef\xbb\xbf\n" + content.replace(b"\r\n", b"\n")
    for kind in ("payments", "deposits"):
        assert getattr(Reading(content), kind) == getattr(Reading(again), kind)


def test_trap_20_another_transmission_has_other_payment_keys_and_the_same_deposit_keys():
    first, second = (Reading(one_file(payment(), number=number)) for number in (1, 2))
    assert first.payments[0].key != second.payments[0].key
    assert first.deposits[0].deposit_key == second.deposits[0].deposit_key


def test_trap_21_an_end_record_that_counts_assignments_is_refused():
    assignments = [nets.Payments(account=ACCOUNT, transactions=[payment(), payment(), payment()])]
    assignments.append(nets.Payments(account=ACCOUNT, transactions=[payment(), payment()]))
    content = one_file(*assignments)
    reading = Reading(with_field(content, len(lines_of(content)), 9, f"{2:08d}"))
    assert [(x.field, x.expected, x.found) for x in reading.refusals] == [
        ("file: number of transactions", "2", "5")
    ]


def test_trap_21_an_edited_amount_is_refused():
    reading = Reading(with_field(one_file(payment(), payment()), 3, 33, f"{45049:017d}"))
    assert [(x.field, x.expected, x.found) for x in reading.refusals] == [
        ("assignment 1: sum", "900.00", "900.49"),
        ("file: sum", "900.00", "900.49"),
    ]


def test_trap_21_payments_without_an_assignment_are_refused():
    lines = lines_of(one_file(payment()))
    reading = Reading(joined([lines[0], *lines[2:4], lines[5]]))
    [refusal] = reading.refusals
    assert (refusal.record, refusal.field) == (2, "record identification")
    assert refusal.found == "NY091030"
    assert not reading.payments


# Types, accounts, other assignments.


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("10", "giro"),
        ("11", "standing_order"),
        ("12", "remittance"),
        ("13", "terminal_giro"),
        ("14", "counter"),
        ("15", "direct_debit"),
        ("16", "telephone"),
        ("17", "cash"),
        ("18", "card"),
        ("19", "card"),
        ("20", "card"),
        ("21", "card"),
    ],
)
def test_every_transaction_type_has_its_method(kind, method):
    reading = Reading(one_file(payment(kind=kind)))
    assert not reading.issues
    assert (reading.payments[0].bank_code, reading.payments[0].method) == (kind, method)


def test_unknown_transaction_types_are_kept_as_other_and_told_once():
    reading = Reading(one_file(payment(kind="22"), payment(kind="22"), payment(kind="47")))
    assert [(x.method, x.bank_code) for x in reading.payments] == [
        ("other", "22"),
        ("other", "22"),
        ("other", "47"),
    ]
    assert [(x.field, x.found) for x in reading.warnings] == [
        ("transaction type", "22"),
        ("transaction type", "47"),
    ]
    assert reading.deposits[0].count == 3


def test_a_blank_kid_is_an_empty_reference():
    reading = Reading(one_file(payment(kid="")))
    assert reading.payments[0].reference == ""
    assert not reading.issues


def test_a_kid_with_letters_is_kept_and_flagged():
    reading = Reading(one_file(payment(kid="12AB5")))
    assert reading.payments[0].reference == "12AB5"
    assert [(x.record, x.field, x.found) for x in reading.warnings] == [(3, "KID", "12AB5")]


def test_a_wrong_check_digit_is_nothing_the_file_says():
    assert not Reading(one_file(payment(kid="000100126000172"))).issues


def test_several_accounts_in_one_file_stay_apart():
    reading = Reading(
        one_file(
            nets.Payments(account=ACCOUNT, transactions=[payment(100)], agreement="1"),
            nets.Payments(account=OTHER_ACCOUNT, transactions=[payment(200)], agreement="2"),
        )
    )
    assert [(x.account, x.agreement_number) for x in reading.payments] == [
        (ACCOUNT, "000000001"),
        (OTHER_ACCOUNT, "000000002"),
    ]
    assert [x.account for x in reading.deposits] == [ACCOUNT, OTHER_ACCOUNT]


def test_an_empty_assignment_and_an_empty_file_are_fine():
    reading = Reading(one_file(nets.Payments(account=ACCOUNT, transactions=[])))
    assert not reading.issues and not reading.payments
    lines = lines_of(one_file(payment()))
    end = "NY000089" + "00000000" + "00000002" + "0" * 56
    assert not Reading(joined([lines[0], end])).issues


def test_legacy_efaktura_is_recognised_counted_and_passed_over():
    number, account = "0000001", ACCOUNT
    body = [
        f"NY4203200000000000000002{account}NOR123456785-1",
        f"NY420330{number}021126{'':11}{45000:017d}{'000100126000171':>25}",
        f"NY420334{number}02.11.2026450,00",
        f"NY42033500000010001001{'':24}1020Ås skiklubb",
        f"NY42033600000012600017{'':18}05.10.2026{account}123456785",
        f"NY420388{1:08d}{6:08d}{45000:017d}021126021126NOR123456785-1",
    ]
    content = joined(
        [
            "NY00001000123456000000100008080".ljust(80, "0"),
            *(line.ljust(80, "0") for line in body),
            # This service writes the date the other way round.
            f"NY000089{1:08d}{8:08d}{45000:017d}261131".ljust(80, "0"),
        ]
    )
    reading = Reading(content)
    assert [(x.severity, x.found, x.action) for x in reading.issues] == [
        ("warning", "42/03", "assignment of eFaktura (legacy) passed over")
    ]
    assert all(total.agrees for total in reading.totals)
