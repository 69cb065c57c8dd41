"""camt.054 and camt.053: what is read, and every trap of the documents about them."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from odoo.addons.membership_billing_nordic.formats import accounts, messages
from odoo.addons.membership_billing_nordic.formats.iso20022 import camt
from odoo.addons.membership_billing_nordic.formats.registry import recognise

from .camt_writing import entry, message, report_head, transaction
from .reading import SAMPLES, Reading

FOLDER = SAMPLES / "iso"


def read(content):
    return Reading(content, camt.NOTIFICATION)


def sample(name):
    return read((FOLDER / name).read_bytes())


# Samples


def test_a_notification_of_version_02():
    reading = sample("camt054_v02.xml")
    assert reading.messages[0] == messages.Transmission(
        record=1, recipient="00123456", number="NTF-20261102-1", created_on=date(2026, 11, 2)
    )
    assert reading.payments[0] == messages.PaymentReceived(
        record=4,
        key="2026-11-02:02110123001:750.50:099038562",
        deposit_key="2026-11-02:02110123001:750.50",
        account="99991042764",
        amount=Decimal("450.00"),
        currency="NOK",
        bank_date=date(2026, 11, 2),
        order_date=date(2026, 10, 30),
        reference="000100126000171",
        bank_code="230",
        payer_name="Kari Nordmann",
        payer_street="Storgata 1, 0155 Oslo",
        payer_account="99990512341",
        bank_reference="099038562",
    )
    assert reading.payments[3] == messages.PaymentReversed(
        record=8,
        key="2026-11-02:02110999001:-450.00:099038001",
        deposit_key="2026-11-02:02110999001:-450.00",
        account="99991042764",
        amount=Decimal("450.00"),
        currency="NOK",
        bank_date=date(2026, 11, 2),
        reference="000100126000171",
        bank_code="PMNT-RCDT-RRTN",
        method="giro",
        payer_name="Kari Nordmann",
        bank_reference="099038001",
        reason="AC04 Konto avsluttet",
    )
    assert [(d.amount, d.count, d.bank_reference) for d in reading.deposits] == [
        (Decimal("750.50"), 2, "02110123001"),
        (Decimal("500.00"), 1, "02110233001"),
        (Decimal("-450.00"), 1, "02110999001"),
    ]
    assert not reading.issues
    assert len(reading.totals) == 4


def test_a_notification_of_version_08():
    reading = sample("camt054_v08.xml")
    first, several, foreign, own = reading.payments
    assert (first.agreement_number, first.reference) == ("9912346", "202600012324")
    assert (first.payer_street, first.payer_zip, first.payer_city, first.payer_country) == (
        *("Provgatan 1", "12345", "Storåker", "SE"),
    )
    assert several.references == (
        messages.ReferenceAmount("202600012423", Decimal("600.00")),
        messages.ReferenceAmount("KREDIT 17", Decimal("-100.00"), is_deduction=True),
    )
    assert (several.payer_account, several.payer_organisation) == ("1234566", "5599990008")
    assert (foreign.amount, foreign.currency) == (Decimal("282.15"), "SEK")
    assert (foreign.reference, foreign.text) == ("202600012522", "202600012522 (EUR 25.00)")
    assert foreign.payer_name == "Matti Meikäläinen"
    assert own.reference == "OUR-ID-9"
    (deposit,) = reading.deposits
    assert (deposit.agreement_number, deposit.count) == ("9912346", 4)
    assert not reading.issues


def test_a_statement_keeps_to_the_booked_payments():
    reading = sample("camt053_v08.xml")
    assert [p.amount for p in reading.payments] == [Decimal("450.00"), Decimal("300.50")]
    (total,) = reading.totals
    assert (total.scope, total.declared, total.agrees) == (
        *("statement 1 closing balance", Decimal("1702.75"), True),
    )
    (issue,) = reading.issues
    assert (issue.severity, issue.found) == ("warning", "1 PDNG")


def test_the_same_money_has_the_same_keys_in_statement_and_notification():
    notified = sample("camt054_v02.xml").payments[:2]
    assert [p.key for p in sample("camt053_v08.xml").payments] == [p.key for p in notified]


@pytest.mark.parametrize("version", ["02", "04", "08", "13"])
@pytest.mark.parametrize(("kind", "decoder"), [("054", camt.NOTIFICATION), ("053", camt.STATEMENT)])
def test_content_decides_which_decoder_reads_it(kind, version, decoder, tmp_path):
    path = tmp_path / "any"
    path.write_bytes(message(entry(transaction()), kind=kind, version=version))
    with path.open("rb") as stream:
        assert recognise(stream, [camt.NOTIFICATION, camt.STATEMENT]) is decoder


@pytest.mark.parametrize("head", [b"", b"hello", b"<html>", b"<Document>", b"01BGMAX", b"<" * 4096])
def test_other_content_is_left_to_others(head):
    assert not camt.NOTIFICATION.recognises(head)
    assert not camt.STATEMENT.recognises(head)


def test_reading_twice_gives_the_same_messages():
    content = (FOLDER / "camt054_v08.xml").read_bytes()
    assert read(content).messages == read(content).messages


# Traps


def test_trap_the_entry_reference_repeats_and_has_a_blank_before_it():
    """Of the same day, reference and amount: told apart by a count, and both are read."""
    same = entry(transaction(mark="1"), reference=" 77")
    reading = read(message(same, entry(transaction(mark="1"), reference="77")))
    assert [d.deposit_key for d in reading.deposits] == [
        "2026-11-02:77:100.00",
        "2026-11-02:77:100.00#2",
    ]
    assert len({p.key for p in reading.payments}) == 2


def test_trap_transactions_only_repeat_the_entrys_reference():
    two = [transaction("50.00", mark="E1"), transaction("50.00", mark="E1")]
    keys = [p.key for p in read(message(entry(*two))).payments]
    assert keys == ["2026-11-02:E1:100.00:@1", "2026-11-02:E1:100.00:@2"]


def test_trap_a_reference_of_the_bank_comes_twice_in_an_entry():
    two = [transaction("50.00", mark="9"), transaction("50.00", mark="9")]
    keys = [p.key for p in read(message(entry(*two))).payments]
    assert keys == ["2026-11-02:E1:100.00:9", "2026-11-02:E1:100.00:9#2"]


def test_trap_no_reference_at_all_takes_message_and_place():
    content = message(entry(transaction(), reference=None), entry(transaction(), reference=None))
    assert [p.key for p in read(content).payments] == [
        "2026-11-02:R1/entry 1:100.00:@1",
        "2026-11-02:R1/entry 2:100.00:@1",
    ]


def test_trap_notprovided_is_no_reference():
    refs = [("AcctSvcrRef", "1"), ("EndToEndId", "NOTPROVIDED")]
    (payment,) = read(message(entry(transaction(Refs=refs)))).payments
    assert payment.reference == ""


def test_trap_amounts_are_in_the_major_unit_with_a_point():
    (payment,) = read(message(entry(transaction("1250.5"), amount="1250.50"))).payments
    assert payment.amount == Decimal("1250.50")


def test_trap_amounts_stay_exact():
    (payment,) = read(message(entry(transaction("999999999.29"), amount="999999999.29"))).payments
    assert str(payment.amount) == "999999999.29"


def test_trap_several_structured_references_in_one_payment():
    parts = [
        ("Strd", [("RfrdDocInf", [("Nb", "A")]), ("RfrdDocAmt", [("RmtdAmt", ("60.00", "SEK"))])]),
        ("Strd", [("CdtrRefInf", [("Ref", "B")])]),
    ]
    (payment,) = read(message(entry(transaction(RmtInf=parts)))).payments
    assert payment.reference == "A"
    assert payment.references == (
        messages.ReferenceAmount("A", Decimal("60.00")),
        messages.ReferenceAmount("B"),
    )


def test_trap_several_invoices_in_one_structured_block():
    documents = [("RfrdDocInf", [("Nb", number)]) for number in ("A", "B")]
    (payment,) = read(message(entry(transaction(RmtInf=[("Strd", documents)])))).payments
    assert [r.reference for r in payment.references] == ["A", "B"]


def test_trap_references_that_do_not_add_up_are_told():
    parts = [
        ("Strd", [("RfrdDocInf", [("Nb", nb)]), ("RfrdDocAmt", [("RmtdAmt", ("60.00", "SEK"))])])
        for nb in "AB"
    ]
    (issue,) = read(message(entry(transaction(RmtInf=parts)))).issues
    assert (issue.field, issue.expected, issue.found) == (
        *("transaction: sum of the references", "100.00", "120.00"),
    )


def test_trap_a_full_line_of_text_breaks_in_the_middle_of_a_number():
    lines = [("Ustrd", "x" * 136 + "2026"), ("Ustrd", "0126")]
    (payment,) = read(message(entry(transaction(RmtInf=lines)))).payments
    assert payment.text == "x" * 136 + "20260126"


def test_trap_a_text_that_is_nothing_but_a_reference_is_one():
    for text, reference in (("202600012522", "202600012522"), ("medlem 1001", "")):
        (payment,) = read(message(entry(transaction(RmtInf=[("Ustrd", text)])))).payments
        assert (payment.reference, payment.text) == (reference, text)


def test_trap_a_deduction_in_a_credit_entry_is_a_negative_payment():
    reading = read(
        message(entry(transaction("150.00", "1"), transaction("50.00", "2", sign="DBIT")))
    )
    assert [(type(p).__name__, p.amount) for p in reading.payments] == [
        ("PaymentReceived", Decimal("150.00")),
        ("PaymentReceived", Decimal("-50.00")),
    ]
    assert not reading.issues


@pytest.mark.parametrize(
    "change",
    [
        {"RvslInd": "true"},
        {"BkTxCd": [("Domn", [("Cd", "PMNT"), ("Fmly", [("Cd", "IDDT"), ("SubFmlyCd", "UPDD")])])]},
    ],
)
def test_trap_money_that_goes_back(change):
    back = entry(transaction(sign="DBIT", reference="77"), CdtDbtInd="DBIT", **change)
    reading = read(message(back))
    (payment,) = reading.payments
    assert type(payment) is messages.PaymentReversed
    assert (payment.amount, payment.reference) == (Decimal("100.00"), "77")
    assert reading.deposits[0].amount == Decimal("-100.00")


def test_trap_an_outgoing_payment_is_none_of_ours():
    reading = read(message(entry(transaction(sign="DBIT"), CdtDbtInd="DBIT")))
    assert not reading.payments + reading.deposits + reading.issues


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR"])
def test_trap_only_booked_entries_count(status):
    content = message(entry(transaction(), Sts=[("Cd", status)]), entry(transaction(), Sts="BOOK"))
    reading = read(content)
    assert (len(reading.payments), len(reading.deposits)) == (1, 1)
    assert reading.issues[0].found == f"1 {status}"


def test_trap_charges_between_what_was_paid_and_what_came():
    charge = [("Rcrd", [("Amt", ("2.50", "SEK")), ("CdtDbtInd", "DBIT")])]
    reading = read(message(entry(transaction("100.00"), amount="97.50", Chrgs=charge)))
    (deposit,) = reading.deposits
    assert (deposit.amount, deposit.charges) == (Decimal("97.50"), Decimal("2.50"))
    assert not reading.issues


def test_trap_charges_that_were_taken_elsewhere_are_not_counted():
    charge = [("Rcrd", [("Amt", ("2.50", "SEK")), ("CdtDbtInd", "DBIT")])]
    (deposit,) = read(message(entry(transaction(), Chrgs=charge))).deposits
    assert deposit.charges == Decimal("0.00")


def test_trap_a_payment_is_what_the_payer_sent_before_charges():
    parts = {
        "AmtDtls": [("InstdAmt", [("Amt", ("100.00", "SEK"))])],
        "Chrgs": [("Rcrd", [("Amt", ("2.50", "SEK"))])],
    }
    reading = read(message(entry(transaction("97.50", **parts), amount="97.50")))
    assert reading.payments[0].amount == Decimal("100.00")
    assert (reading.deposits[0].amount, reading.deposits[0].charges) == (
        *(Decimal("97.50"), Decimal("2.50")),
    )
    assert not reading.issues


def test_trap_the_amount_of_a_transaction_is_in_another_currency():
    details = [("TxAmt", [("Amt", ("9.00", "EUR"))]), ("CntrValAmt", [("Amt", ("100.00", "SEK"))])]
    (payment,) = read(message(entry(transaction(None, AmtDtls=details)))).payments
    assert (payment.amount, payment.currency) == (Decimal("100.00"), "SEK")


def test_trap_an_only_transaction_without_amount_has_that_of_the_entry():
    (payment,) = read(message(entry(transaction(None)))).payments
    assert payment.amount == Decimal("100.00")


def test_trap_sums_of_details_are_checked_against_the_entry():
    reading = read(message(entry(transaction("60.00", "1"), transaction("30.00", "2"))))
    (issue,) = reading.issues
    assert (issue.severity, issue.field, issue.expected, issue.found) == (
        *("warning", "entry 1: sum of the transactions", "100.00", "90.00"),
    )


def test_trap_the_number_of_transactions_is_checked():
    batch = ("Btch", [("NbOfTxs", "3")])
    two = entry(NtryDtls=[batch, transaction("60.00", "1"), transaction("40.00", "2")])
    reading = read(message(two))
    (issue,) = reading.issues
    assert (issue.field, issue.expected, issue.found) == (
        *("entry 1: number of transactions", "3", "2"),
    )
    assert reading.deposits[0].count == 3


def test_trap_a_summary_that_lies_is_told():
    summary = ("TxsSummry", [("TtlCdtNtries", [("NbOfNtries", "2"), ("Sum", "100.00")])])
    reading = read(message(entry(transaction()), head=[summary]))
    assert [t.agrees for t in reading.totals] == [False, True]
    (issue,) = reading.issues
    assert (issue.severity, issue.expected, issue.found) == ("warning", "2", "1")


def test_trap_a_bundle_without_its_transactions():
    """A notification's is held, for it does not add up; a statement's comes elsewhere."""
    batch = entry(NtryDtls=[("Btch", [("NbOfTxs", "3")])])
    reading = read(message(batch))
    assert (reading.payments, reading.deposits[0].count) == ([], 3)
    reading = read(message(batch, kind="053"))
    assert (reading.payments, reading.deposits) == ([], [])
    assert reading.issues[0].found == "1 entries without any, 100.00 in all"


def test_trap_interest_in_a_statement_is_no_payment():
    code = [("Domn", [("Cd", "ACMT")])]
    reading = read(message(entry(transaction(), BkTxCd=code), kind="053"))
    assert not reading.payments + reading.deposits + reading.issues


def test_trap_several_reports_of_several_accounts():
    reports = [
        [*report_head(f"R{n}", f"9999104276{n}"), entry(transaction(), reference="E1")]
        for n in (1, 2)
    ]
    reading = read(message(reports=reports))
    assert [(d.account, d.deposit_key) for d in reading.deposits] == [
        ("99991042761", "2026-11-02:E1:100.00"),
        ("99991042762", "2026-11-02:E1:100.00"),
    ]


def test_trap_the_bank_turns_the_parties_of_money_that_goes_back():
    parties = [
        ("DbtrAcct", [("Id", [("Othr", [("Id", "99991042764")])])]),
        ("Cdtr", [("Pty", [("Nm", "Kari")])]),
        ("CdtrAcct", [("Id", [("IBAN", "NO9386011117947")])]),
    ]
    back = entry(transaction(sign="DBIT", RltdPties=parties), CdtDbtInd="DBIT", RvslInd="true")
    (payment,) = read(message(back)).payments
    assert (payment.payer_name, payment.payer_account) == ("Kari", "NO9386011117947")


def test_trap_times_keep_the_day_they_are_written_with():
    late = [("DtTm", "2026-11-02T23:59:59+01:00")]
    (payment,) = read(message(entry(transaction(), BookgDt=late))).payments
    assert payment.bank_date == date(2026, 11, 2)


def test_trap_the_value_date_serves_where_there_is_no_booking_date():
    value = [("Dt", "2026-11-03")]
    (payment,) = read(message(entry(transaction(), BookgDt=None, ValDt=value))).payments
    assert payment.bank_date == date(2026, 11, 3)


def test_trap_the_order_of_elements_is_wrong():
    """Read all the same, and told once for each kind."""
    name, children = entry(transaction("60.00", "1"), transaction("40.00", "2"))
    turned = (name, children[::-1])
    reading = read(message(turned, turned))
    assert [p.amount for p in reading.payments[:2]] == [Decimal("60.00"), Decimal("40.00")]
    assert len(reading.deposits) == 2
    (issue,) = reading.issues
    assert (issue.severity, issue.field) == ("warning", "order of elements")


def test_trap_a_reversal_mark_after_many_transactions_refuses_the_file():
    many = [transaction("1.00", str(number)) for number in range(800)]
    name, children = entry(*many, amount="800.00")
    reading = read(message((name, [*children, ("RvslInd", "true")])))
    assert reading.refusals[0].field == "entry 1: order of elements"


def test_the_banks_note_after_many_transactions_changes_nothing():
    many = [transaction("1.00", str(number)) for number in range(800)]
    reading = read(message(entry(*many, amount="800.00", AddtlNtryInf="Innbetalinger")))
    assert (len(reading.payments), len(reading.deposits), reading.issues) == (800, 1, [])


def test_the_iban_ends_with_the_national_number():
    assert accounts.is_same_account("NO9386011117947", "86011117947")
    assert accounts.is_same_account("86011117947", "NO9386011117947")
    assert not accounts.is_same_account("NO9386011117947", "86011117948")
    assert not accounts.is_same_account("NO9386011117947", "947")
    assert not accounts.is_same_account("", "")


def test_a_document_in_an_envelope_or_without_a_namespace_is_read():
    plain = message(entry(transaction()))
    start = plain.index(b"<Document")
    envelope = plain[:start] + b'<x:Parcel xmlns:x="urn:x">' + plain[start:] + b"</x:Parcel>"
    nameless = plain.replace(b' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"', b"")
    for content in (envelope, nameless):
        assert camt.NOTIFICATION.recognises(content[:4096])
        assert not camt.STATEMENT.recognises(content[:4096])
        assert read(content).messages == read(plain).messages


def test_a_record_is_shown_as_its_element():
    two = message(entry(transaction("60.00", "1"), transaction("40.00", "2")))
    with_lines = two.replace(b"><", b">\n<")
    for content in (two, with_lines):
        shown = camt.NOTIFICATION.raw_records(BytesIO(content), {5, 99}, 1000)
        assert list(shown) == [5]
        assert "<AcctSvcrRef>2</AcctSvcrRef>" in shown[5]
        assert len(camt.NOTIFICATION.raw_records(BytesIO(content), {5}, 20)[5]) == 20
