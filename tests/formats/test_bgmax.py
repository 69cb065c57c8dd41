"""BgMax: what each record means, by the published examples and by files written by hand."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from odoo.addons.l10n_se_bg.formats import DECODERS, bgmax, bgmax_source
from odoo.addons.membership_billing_nordic.formats import registry
from odoo.addons.membership_billing_nordic.formats.messages import (
    Deposit,
    PaymentReceived,
    ReferenceAmount,
    Transmission,
)

from . import bankgirot as bg
from .reading import Reading, with_field

DAY = date(2026, 9, 28)


def read(content):
    return Reading(content, bgmax)


def one(*rows, ore, **more):
    """The only payment of a file, which has nothing wrong."""
    reading = read(bg.one_deposit(*rows, ore=ore, count=1, **more))
    assert not reading.issues
    (found,) = reading.payments
    return found


def test_the_example_is_read():
    reading = read(bg.sample("bgmax"))
    assert not reading.issues
    assert all(total.agrees for total in reading.totals)
    assert reading.of(Transmission) == [
        Transmission(record=1, sender="BGMAX", number="20260928173035010331", created_on=DAY)
    ]
    assert reading.deposits == [
        Deposit(
            record=3,
            deposit_key="9912346:2026-09-28:00056",
            account="",
            agreement_number="9912346",
            bank_date=DAY,
            amount=Decimal("950.00"),
            currency="SEK",
            count=5,
            bank_reference="00056",
        )
    ]
    assert [
        (x.record, x.amount, x.reference, x.text, x.payer_account) for x in reading.payments
    ] == [
        (3, Decimal("300.00"), "202600012324", "", ""),
        (
            7,
            Decimal("600.00"),
            "",
            "202600012423 202600012522Betalning med extra refnr 202600012423\n202600012522",
            "1234566",
        ),
        (14, Decimal("-100.00"), "", "KREDIT 17", "1234566"),
        (16, Decimal("100.00"), "", "Medlem 1001 faktura 2026000126", ""),
        (18, Decimal("50.00"), "", "", ""),
    ]


def test_the_first_payment_of_the_example_in_full():
    assert read(bg.sample("bgmax")).payments[0] == PaymentReceived(
        record=3,
        key="9912346:2026-09-28:00056:314984801001",
        deposit_key="9912346:2026-09-28:00056",
        account="",
        agreement_number="9912346",
        amount=Decimal("300.00"),
        currency="SEK",
        bank_date=DAY,
        reference="202600012324",
        bank_code="202",
        method="terminal_giro",
        payer_name="TOLVAN TOLVANSSON",
        payer_street="PROVGATAN 1",
        payer_zip="123 45",
        payer_city="STORÅKER",
        bank_reference="314984801001",
    )


def test_the_autogiro_variant_of_the_example():
    reading = read(bg.sample("bgmax_autogiro"))
    assert not reading.issues
    first, second = reading.payments
    assert (first.reference, first.method, first.bank_reference) == (
        "INV2026000123",
        "direct_debit",
        "",
    )
    assert (first.key, second.key) == ("9912346:2026-09-28:00057:#1", "9912346:2026-09-28:00057:#2")
    assert (second.payer_organisation, second.payer_city) == ("5599990008", "Storåker")
    assert reading.deposits[0].amount == Decimal("399.00")


@pytest.mark.parametrize(
    ("channel", "method"),
    [
        ("1", "terminal_giro"),
        ("2", "remittance"),
        ("3", "giro"),
        ("4", "direct_debit"),
        ("7", "other"),
        (" ", "other"),
    ],
)
def test_channels(channel, method):
    assert one(bg.payment(100, "18", channel=channel), ore=100).method == method


def test_the_image_of_a_paper_slip_is_found_by_the_serial_number():
    assert one(bg.payment(100, "18", image="1"), ore=100).form_number == "314984801001"
    assert one(bg.payment(100, "18", image="0"), ore=100).form_number == ""


@pytest.mark.parametrize("code", ["2", "4"])
def test_a_checked_reference_is_the_reference_even_with_blanks_in_it(code):
    found = one(bg.payment(100, "AB 12".ljust(25), code), ore=100)
    assert (found.reference, found.text, found.bank_code) == ("AB 12", "", "20" + code)


def test_trap_11_references_are_stripped_on_both_sides_and_keep_their_zeros():
    assert one(bg.payment(100, "0018", "2"), ore=100).reference == "0018"
    assert one(bg.payment(100, "0018".ljust(25), "2"), ore=100).reference == "0018"


@pytest.mark.parametrize("code", ["3", "5"])
def test_trap_12_an_unchecked_reference_of_one_word_is_a_reference(code):
    found = one(bg.payment(100, "20260001232", code), ore=100)
    assert (found.reference, found.text) == ("20260001232", "")


def test_trap_12_several_words_are_text():
    found = one(bg.payment(100, "faktura 2026 0001", "3"), bg.text("Tack"), ore=100)
    assert (found.reference, found.text) == ("", "faktura 2026 0001\nTack")


def test_trap_12_a_full_field_goes_on_in_the_middle_of_a_number():
    rows = bg.payment(100, "Medlem 1001 faktura 20260", "3"), bg.text("00126 tack")
    assert one(*rows, ore=100).text == "Medlem 1001 faktura 2026000126 tack"
    rows = bg.payment(100, "1" * 25, "3"), bg.text("2")
    found = one(*rows, ore=100)
    assert (found.reference, found.text) == ("", "1" * 25 + "2")
    assert one(bg.payment(100, "1" * 25, "3"), ore=100).reference == "1" * 25


def test_a_full_information_record_goes_on_in_the_next_one():
    rows = bg.text("x" * 49 + "2"), bg.text("026"), bg.text("end")
    assert one(bg.payment(100, "", "0"), *rows, ore=100).text == "x" * 49 + "2026\nend"


def test_ninety_information_records_keep_their_order():
    words = [f"rad {number}" for number in range(90)]
    found = one(bg.payment(100, "", "0"), *map(bg.text, words), ore=100)
    assert found.text.split("\n") == words


def test_trap_13_a_payment_may_settle_several_invoices():
    found = one(
        bg.payment(60000, "202600012423 202600012522", "3"),
        bg.payment(0, "202600012423", kind="22"),
        bg.payment(40000, "202600012522", kind="22"),
        ore=60000,
    )
    assert found.references == (
        ReferenceAmount("202600012423"),
        ReferenceAmount("202600012522", Decimal("400.00")),
    )
    assert found.amount == Decimal("600.00")


def test_trap_13_extra_references_of_kind_23_are_negative():
    found = one(
        bg.payment(60000, "", "0"),
        bg.payment(70000, "18", kind="22"),
        bg.payment(10000, "26", kind="23"),
        bg.payment(0, "34", kind="23"),
        ore=60000,
    )
    assert found.references == (
        ReferenceAmount("18", Decimal("700.00")),
        ReferenceAmount("26", Decimal("-100.00"), is_deduction=True),
        ReferenceAmount("34", None, is_deduction=True),
    )


@pytest.mark.parametrize("code", "012")
def test_trap_13_a_deduction_reduces_the_deposit(code):
    reading = read(
        bg.one_deposit(
            bg.payment(30000, "18"),
            bg.payment(10000, "KREDIT", "3", kind="21", serial="2" * 12, deduction=code),
            ore=20000,
            count=2,
        )
    )
    assert not reading.issues
    assert [x.amount for x in reading.payments] == [Decimal("300.00"), Decimal("-100.00")]
    assert reading.payments[1].bank_code == "213" + code
    assert reading.deposits[0].amount == Decimal("200.00")


def test_name_and_address():
    rows = (
        bg.name("Åsa Öberg", "c/o Berg"),
        bg.street("Box 1", "12345"),
        bg.city("Oslo", "NORGE", "NO"),
    )
    found = one(bg.payment(100, "18"), *rows, ore=100)
    assert (found.payer_name, found.payer_street) == ("Åsa Öberg", "c/o Berg, Box 1")
    assert (found.payer_zip, found.payer_city, found.payer_country) == ("12345", "Oslo", "NO")


def test_a_country_without_its_code():
    assert one(bg.payment(100, "18"), bg.city("Oslo", "NORGE"), ore=100).payer_country == "NORGE"


def test_an_extra_name_without_a_street():
    rows = bg.name("Bo", "c/o Ek"), bg.street("", "123 45")
    assert one(bg.payment(100, "18"), *rows, ore=100).payer_street == "c/o Ek"


def test_the_organisation_number_is_that_of_the_payer():
    found = one(bg.payment(100, "18"), bg.organisation("5599990008"), ore=100)
    assert found.payer_organisation == "5599990008"


def test_a_wrong_check_digit_of_an_organisation_is_told_and_kept():
    content = bg.one_deposit(bg.payment(100, "18"), bg.organisation("5599990009"), ore=100, count=1)
    reading = read(content)
    assert reading.payments[0].payer_organisation == "5599990009"
    assert [(x.field, x.severity, x.found) for x in reading.issues] == [
        ("organisation number", "warning", "")
    ]


def test_euro():
    found = read(bg.one_deposit(bg.payment(1050, "18"), ore=1050, count=1, currency="EUR"))
    assert not found.issues
    assert (found.payments[0].amount, found.payments[0].currency) == (Decimal("10.50"), "EUR")
    assert found.deposits[0].currency == "EUR"


def test_a_test_file_is_marked():
    content = with_field(bg.one_deposit(bg.payment(100, "18"), ore=100, count=1), 1, 45, "T")
    assert read(content).of(Transmission)[0].is_test


def test_several_sections_and_deposits():
    content = bg.file_of(
        bg.bgmax_start(),
        bg.section(),
        bg.payment(100, "18", serial="1" * 12),
        bg.deposit(100, 1, serial="00001"),
        bg.payment(200, "18", serial="2" * 12),
        bg.deposit(200, 1, serial="00002", day="20260929"),
        bg.section("50501055"),
        bg.payment(400, "18", serial="3" * 12),
        bg.deposit(400, 1, serial="00001"),
        bg.section("50501055", "EUR"),
        bg.deposit(0, 0, serial="00009", currency="EUR"),
        bg.bgmax_end(3, deposits=4),
    )
    reading = read(content)
    assert not reading.issues
    assert [(x.agreement_number, x.bank_date.day, x.deposit_key) for x in reading.payments] == [
        ("9912346", 28, "9912346:2026-09-28:00001"),
        ("9912346", 29, "9912346:2026-09-29:00002"),
        ("50501055", 28, "50501055:2026-09-28:00001"),
    ]
    assert [x.deposit_key for x in reading.deposits] == [x.deposit_key for x in reading.payments]


def test_the_date_is_found_however_far_behind_the_payments_it_stands(monkeypatch):
    monkeypatch.setattr(bgmax_source, "_MOST_AHEAD", 1)
    monkeypatch.setattr("odoo.addons.l10n_se_bg.formats.reading._CHUNK", 500)
    rows = [bg.payment(100, "18", serial=f"{number:012d}") for number in range(1, 41)]
    content = bg.file_of(
        bg.bgmax_start(),
        bg.section(),
        bg.payment(100, "18", serial="9" * 12),
        bg.deposit(100, 1, serial="00001", day="20260925"),
        *rows,
        bg.deposit(4000, 40),
        bg.section(),
        *rows,
        bg.deposit(4000, 40, serial="00057", day="20260929"),
        bg.bgmax_end(81, deposits=3),
    )
    for stream in (BytesIO(content), _Unseekable(content)):
        found = [x for x in bgmax.decode(stream) if isinstance(x, PaymentReceived)]
        assert [x.bank_date.day for x in found] == [25] + [28] * 40 + [29] * 40


class _Unseekable(BytesIO):
    def seekable(self):
        return False


def test_trap_20_nothing_is_said_of_what_is_not_in_the_file():
    kinds = {type(message) for message in read(bg.sample("bgmax")).messages}
    assert {kind.__name__ for kind in kinds} == {
        *("Transmission", "PaymentReceived", "ControlTotal", "Deposit")
    }


@pytest.mark.parametrize("name", sorted(path.stem for path in bg.SAMPLES.iterdir()))
def test_every_sample_is_recognised_and_read_without_a_fault(name):
    content = bg.sample(name)
    decoder = registry.recognise(BytesIO(content), DECODERS)
    assert ("se.bgmax" if name.startswith("bgmax") else "se.autogiro") == decoder.FORMAT
    issues = Reading(content, decoder).issues
    # The one absurd date is the example's own.
    assert [x.found for x in issues] == (["20260631"] if name == "cancellations_new" else [])
