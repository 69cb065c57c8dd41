"""AvtaleGiro written right: the worked example, every rule of its records, every writing trap."""

# ruff: noqa: RUF001 - characters that look alike are tested

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import netsgiro
import pytest
from odoo.addons.l10n_no_ocr.formats import ENCODERS, avtalegiro
from odoo.addons.l10n_no_ocr.formats.avtalegiro import AvtaleGiro
from odoo.addons.l10n_no_ocr.formats.receipts import receipt_of_name
from odoo.addons.l10n_no_ocr.formats.specification import cells_of, lines_of
from odoo.addons.membership_billing_nordic.formats.latin_1 import to_latin_1
from odoo.addons.membership_billing_nordic.formats.messages import (
    FileReceipt,
    FormatError,
    MandateRequest,
)
from odoo.addons.membership_billing_nordic.formats.references import ReferenceLayout

from .reading import ACCOUNT, SAMPLES
from .writing import (
    DUE,
    SENDER,
    TODAY,
    assignment,
    claim,
    encoded,
    lines,
    transmission,
    withdrawal,
)

EXAMPLE_A = (SAMPLES / "no" / "own_example_A_claims.txt").read_bytes()
OTHER_ACCOUNT = "86011117947"
CLAIMS = (
    claim("17", payer_name="NORDMANN O", statement_text="Kontingent 2026"),
    claim(
        "18",
        "000100226000188",
        "1250.50",
        date(2026, 11, 5),
        payer_name="BJØRNSTAD",
        is_notified_by_bank=True,
        lines=(
            "Medlemskontingent 2026 for Ås skiklubb, familiemedlemskap",
            "",
            "Spørsmål? post@example.no",
        ),
    ),
)
WITHDRAWAL = withdrawal("16", payer_name="HANSEN K")


def example():
    return encoded(assignment(*CLAIMS, number=1510001), assignment(WITHDRAWAL, number=1510002))


def test_the_worked_example_is_written_byte_for_byte():
    assert example().content == EXAMPLE_A


def test_the_worked_example_says_where_each_request_begins():
    assert example().records == {"17": 3, "18": 5, "16": 12}


def test_the_worked_example_has_its_totals():
    written = example()
    assert (written.count, written.amount) == (3, Decimal("1700.50"))
    assert [(x.record, x.scope, x.quantity, x.declared) for x in written.totals] == [
        (10, "assignment 1", "transactions", 2),
        (10, "assignment 1", "records", 9),
        (10, "assignment 1", "amount", Decimal("1700.50")),
        (14, "assignment 2", "transactions", 1),
        (14, "assignment 2", "records", 4),
        (14, "assignment 2", "amount", Decimal("450.00")),
        (15, "file", "transactions", 3),
        (15, "file", "records", 15),
        (15, "file", "amount", Decimal("2150.50")),
    ]
    assert all(total.agrees for total in written.totals)


def test_the_encoder_is_listed():
    assert avtalegiro in ENCODERS
    assert avtalegiro.FORMAT == "no.avtalegiro"


# The rules of a file.


def test_every_record_has_80_bytes_and_ends_in_cr_lf():
    *written, after = example().content.split(b"\r\n")
    assert {len(record) for record in written} == {80}
    assert after == b""


def test_the_same_requests_make_the_same_bytes():
    assert example().content == example().content


def test_numbers_are_filled_with_zeros_and_texts_with_blanks():
    item_1, item_2 = lines(claim(amount="1.00", statement_text="Kurs"))[2:4]
    assert item_1[32:49] == "00000000000000100"
    assert item_2[15:25] == " " * 10
    assert item_2[50:75] == "Kurs".ljust(25)


def test_several_accounts_have_assignments_of_their_own():
    other = replace(claim("2"), account=OTHER_ACCOUNT)
    written = lines(assignment(claim()), assignment(other, account=OTHER_ACCOUNT))
    assert [x[17:35] for x in written if x[6:8] == "20"] == [
        "0000001" + ACCOUNT,
        "0000001" + OTHER_ACCOUNT,
    ]
    assert written[-1][8:24] == "0000000200000010"


def test_numbers_of_transactions_rise_in_each_assignment():
    written = lines(
        assignment(claim("1"), claim("2", kid="1234567897")),
        assignment(claim("3", kid="12345674"), number=2),
    )
    assert [x[8:15] for x in written if x[6:8] == "30"] == ["0000001", "0000002", "0000001"]


def test_end_records_have_the_earliest_and_the_latest_due_date():
    days = [date(2026, 12, 3), date(2026, 11, 2), date(2027, 1, 4)]
    requests = [claim(str(n), due=day) for n, day in enumerate(days)]
    later = claim("9", due=date(2026, 10, 30))
    written = lines(assignment(*requests), assignment(later, number=2))
    ends = [x for x in written if x[6:8] in ("88", "89")]
    assert [(x[41:47], x[47:53]) for x in ends] == [
        ("021126", "040127"),
        ("301026", "301026"),
        ("301026", "000000"),
    ]


# What is known to go wrong in these files, as far as writing goes.


def test_trap_1_kid_is_right_aligned_with_blanks():
    assert lines(claim(kid="123456782"))[2][49:74] == "123456782".rjust(25)
    assert lines(claim(kid="0" * 21 + "1230"))[2][49:74] == "0" * 21 + "1230"


def test_trap_2_mod11_kid_ends_in_a_dash():
    written = lines(claim(kid="1009-"), number="0000001")
    assert written[2][49:80] == "1009-".rjust(25) + "000000"


def test_trap_3_withdrawals_are_added_to_the_sum():
    written = lines(assignment(claim(amount="10.00")), assignment(withdrawal(), number=2))
    assert written[-1][24:41] == f"{1000 + 45000:017d}"


def test_trap_4_dates_of_an_end_record_of_claims_are_due_dates():
    later = claim("2", due=date(2026, 12, 1))
    assert lines(claim(), later)[-2][41:80] == "021126011226".ljust(39, "0")


def test_trap_5_assignment_numbers_may_repeat_for_other_accounts_only():
    other = replace(claim("2"), account=OTHER_ACCOUNT)
    encoded(assignment(claim()), assignment(other, account=OTHER_ACCOUNT))
    assert refusal(assignment(claim()), assignment(claim("2"))).field == "assignment number"


def test_trap_9_blank_specification_records_are_never_written():
    texts = ("", "One", "  ", "\t", "Two", "", "")
    written = lines(claim(is_notified_by_bank=True, lines=texts))
    assert [x[15:60].rstrip() for x in written if x[6:8] == "49"] == ["40021One", "40051Two"]


def test_trap_10_lengths_are_those_in_latin_1():
    text = "Ærøskøbing Åsgårdstrand Ø"  # 25 characters, more in UTF-8
    written = lines(claim(payer_name="Bjørg Ødegård", statement_text=text))
    assert written[3][15:25] == "Bjørg Ødeg"
    assert written[3][50:75] == text
    assert {len(x) for x in written} == {80}


def test_trap_10_what_latin_1_lacks_is_transliterated():
    written = lines(claim(payer_name="Đorđe Šimić", statement_text="„Łódź” – 5 €"))
    assert written[3][15:25] == "Dorde Simi"
    assert written[3][50:75] == '"Lódz" - 5 EUR'.ljust(25)


def test_trap_10_decomposed_letters_are_one_byte_each():
    written = lines(claim(payer_name="Bja\u030aland"))
    assert written[3][15:25] == "Bjåland   "


@pytest.mark.parametrize("blank", ["\n", "\r\n", "\t", "\x85", "\x1a", "\u2028", "\xa0"])
def test_trap_10_nothing_in_a_text_breaks_its_record(blank):
    written = lines(claim(payer_name=f"A{blank}B", statement_text=f"C{blank}D"))
    assert {len(x) for x in written} == {80}
    assert written[3][15:25].split() == ["A", "B"]
    assert written[3][50:75].split() == ["C", "D"]


def test_trap_13_a_claim_asks_for_no_answer():
    # Absence is the signal: an association can only wait, as its agreement's settings say.
    assert {x[:8] for x in lines(claim())} == {
        *("NY000010", "NY210020", "NY210230", "NY210231", "NY210088", "NY000089")
    }


def test_trap_14_a_due_date_on_a_holiday_is_kept_as_it_is():
    assert lines(claim(due=date(2026, 12, 25)))[2][15:21] == "251226"


def test_trap_15_the_sender_is_not_the_clearing_house():
    for sender in ("00008080", "0012345", "001234567", "0012345A", "", "٠٠١٢٣٤٥٦"):
        assert refusal(claim(), sender=sender).field == "data sender"


def test_trap_15_the_recipient_is_the_clearing_house():
    assert refusal(claim(), recipient=SENDER).field == "data recipient"


def test_trap_16_no_file_withdraws_its_own_claims():
    same = withdrawal("2", "000100126000171", "450.00", DUE)
    fault = refusal(assignment(claim("1")), assignment(same, number=2))
    assert (fault.key, fault.field) == ("2", "withdrawal")
    lower = withdrawal("2", "000100126000171", "500.00", DUE)
    encoded(assignment(claim("1")), assignment(lower, number=2))


def test_trap_17_a_claim_that_the_bank_does_not_tell_of_is_type_02():
    text = {"lines": ("Kontingent",)}
    assert [x[4:8] for x in lines(claim(**text))[2:-2]] == ["0230", "0231"]
    notified = lines(claim(is_notified_by_bank=True, **text))[2:-2]
    assert [x[4:8] for x in notified] == ["2130", "2131", "2149"]


def test_withdrawals_repeat_their_claims():
    before, after = lines(claim()), lines(withdrawal("1", "000100126000171", "450", DUE))
    assert after[2] == before[2].replace("NY210230", "NY219330")
    assert after[1][:8] == "NY213620"
    assert after[-2][:8] == "NY213688"
    assert after[-2][8:] == before[-2][8:]


def test_withdrawals_count_in_the_number_of_requests_only():
    written = encoded(assignment(withdrawal()))
    assert (written.count, written.amount) == (1, Decimal("0.00"))


# The text of the bank's notice.


def test_lines_break_at_the_ends_of_words():
    text = "Medlemskontingent for familien Bjørnstad-Ødegård i Ås skiklubb, hele året 2026 og 2027"
    assert cells_of([text]) == [
        (1, 1, "Medlemskontingent for familien"),
        (1, 2, "Bjørnstad-Ødegård i Ås skiklubb, hele"),
        (2, 1, "året 2026 og 2027"),
    ]


def test_a_line_of_one_column_may_fill_it():
    assert cells_of(["x" * 40]) == [(1, 1, "x" * 40)]


def test_a_blank_stays_before_the_second_column():
    text = "a" * 34 + " bbbbb c"  # the first two words would fill the column
    assert cells_of([text]) == [(1, 1, "a" * 34), (1, 2, "bbbbb c")]


def test_longer_words_are_broken():
    assert cells_of(["x" * 100]) == [(1, 1, "x" * 39), (1, 2, "x" * 40), (2, 1, "x" * 21)]


def test_line_ends_begin_a_new_line():
    assert cells_of(["a\nb", "c"]) == [(1, 1, "a"), (2, 1, "b"), (3, 1, "c")]


def test_lines_of_cells_are_the_lines_they_came_from():
    texts = ("Kontingent 2026", "", "Medlemskontingent for familien Bjørnstad, hele året")
    assert lines_of(cells_of(texts)) == (
        "Kontingent 2026",
        "",
        "Medlemskontingent for familien          Bjørnstad, hele året",
    )


def test_42_lines_fit_and_43_do_not():
    def notified(count):
        return claim(is_notified_by_bank=True, lines=("x" * 30 + " " + "y" * 30,) * count)

    assert len([x for x in lines(notified(42)) if x[6:8] == "49"]) == 84
    fault = refusal(notified(43))
    assert (fault.key, fault.field, fault.found) == ("1", "specification", "43")


def test_too_many_lines_are_no_matter_where_none_are_written():
    encoded(claim(lines=("x",) * 50))


# Limits of fields.


def refusal(*requests, **options):
    with pytest.raises(FormatError) as caught:
        encoded(*requests, **options)
    return caught.value


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal("-1")}, "amount"),
        ({"amount": Decimal("1.159")}, "amount"),
        ({"amount": Decimal("1." + "0" * 40 + "1")}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"amount": Decimal(10) ** 15}, "amount"),
        ({"amount": Decimal("1E+999999")}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal("Infinity")}, "amount"),
        ({"amount": 450.0}, "amount"),
        ({"currency": "EUR"}, "currency"),
        ({"reference": ""}, "KID"),
        ({"reference": "123"}, "KID"),
        ({"reference": "1" * 26}, "KID"),
        ({"reference": "12-45"}, "KID"),
        ({"reference": "ABC45"}, "KID"),
        ({"reference": "1234 5"}, "KID"),
        ({"reference": "12345\n"}, "KID"),
        ({"reference": "١٢٣٤"}, "KID"),
        ({"due_date": None}, "due date"),
        ({"due_date": datetime(2026, 11, 2)}, "due date"),
        ({"statement_text": "x" * 26}, "reference text"),
        ({"statement_text": "…" * 9}, "reference text"),
        ({"is_notified_by_bank": True, "lines": ("x",) * 43}, "specification"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_told_and_nothing_is_written(changes, field):
    wrong = replace(claim("77"), **changes)
    [fault] = avtalegiro.faults(wrong)
    assert (fault.key, fault.field) == ("77", field)
    fault = refusal(claim("1"), wrong, claim("3"))
    assert (fault.key, fault.field) == ("77", field)


def test_all_faults_of_a_request_are_told():
    wrong = replace(claim(), amount=Decimal(0), reference="X", statement_text="x" * 30)
    assert [x.field for x in avtalegiro.faults(wrong)] == ["amount", "KID", "reference text"]


def test_what_fits_has_no_faults():
    assert [avtalegiro.faults(each) for each in (*CLAIMS, WITHDRAWAL)] == [[], [], []]
    largest = claim(kid="1" * 25, amount="999999999999999.99", statement_text="x" * 25)
    assert avtalegiro.faults(largest) == []
    assert lines(largest)[2][32:49] == "9" * 17


@pytest.mark.parametrize(
    ("day", "fits"),
    [
        (date(2026, 10, 14), False),
        (date(2026, 10, 15), False),
        (date(2026, 10, 16), True),
        (date(2027, 10, 15), True),
        (date(2027, 10, 16), False),
    ],
)
def test_due_dates_are_after_today_and_at_most_12_months_ahead(day, fits):
    for request in (claim(due=day), withdrawal(due=day)):
        assert [x.field for x in avtalegiro.faults(request, TODAY)] == ["due date"] * (not fits)
        if fits:
            encoded(request)
        else:
            assert refusal(request).field == "due date"


def test_12_months_after_a_leap_day_is_the_28th():
    encoded(claim(due=date(2029, 2, 28)), today=date(2028, 2, 29))
    assert refusal(claim(due=date(2029, 3, 1)), today=date(2028, 2, 29)).field == "due date"


def test_faults_never_quote_accounts():
    wrong = replace(claim(), account="9999104276A")
    [fault] = avtalegiro.faults(wrong)
    assert (fault.field, fault.found) == ("account", "")
    for texts in (str(refusal(wrong)), str(refusal(assignment(wrong, account=wrong.account)))):
        assert "9999104276" not in texts


def test_kids_keep_to_the_layouts_of_the_agreement():
    encoder = AvtaleGiro({ACCOUNT: [ReferenceLayout(7, 7), ReferenceLayout(2, 2, "", "mod11")]})
    for kid in ("000100126000171", "1009-"):
        assert encoder.faults(claim(kid=kid)) == []
        encoded(claim(kid=kid), encoder=encoder)
    for kid in ("000100126000172", "1009-".rjust(7, "0"), "1234567897"):
        [fault] = encoder.faults(claim("5", kid=kid))
        assert (fault.key, fault.field) == ("5", "KID")
        assert refusal(claim("5", kid=kid), encoder=encoder).key == "5"
    assert encoder.faults(replace(claim(kid="1234567897"), account=OTHER_ACCOUNT)) == []


def test_a_request_of_another_kind_is_refused():
    other = MandateRequest(key="4", account=ACCOUNT)
    assert [x.field for x in avtalegiro.faults(other)] == ["request"]
    assert refusal(other).field == "request"
    assert refusal(claim(), withdrawal()).field == "request"
    assert refusal(withdrawal(), claim("9")).key == "9"


def test_requests_are_for_the_account_of_their_assignment():
    fault = refusal(claim(), replace(claim("2"), account=OTHER_ACCOUNT))
    assert (fault.key, fault.field) == ("2", "account")


def test_keys_are_unique_in_a_file():
    assert refusal(claim("1"), claim("1", kid="1234567897")).field == "requests"


@pytest.mark.parametrize("number", ["1", "00000001", "", "000000A", "-000001"])
def test_the_transmission_number_has_seven_digits(number):
    assert refusal(claim(), number=number).field == "transmission number"


@pytest.mark.parametrize("number", [0, -1, 10_000_000])
def test_the_assignment_number_has_seven_digits(number):
    assert refusal(assignment(claim(), number=number)).field == "assignment number"


def test_empty_files_and_assignments_are_refused():
    with pytest.raises(FormatError, match="assignments"):
        avtalegiro.encode(transmission(), [], TODAY)
    assert refusal(assignment()).field == "requests"


def test_a_sum_that_does_not_fit_is_refused():
    largest = "999999999999999.99"
    assert refusal(claim("1", amount=largest), claim("2")).field == "assignment 1: sum"
    parts = assignment(claim("1", amount=largest)), assignment(claim("2"), number=2)
    assert refusal(*parts).field == "file: sum"


# Transliteration.


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Plain, text! 100 %", "Plain, text! 100 %"),
        ("ÆØÅæøåÄÖÜäöüßé§½", "ÆØÅæøåÄÖÜäöüßé§½"),
        ("Áhčči Đ Ŋ Š Ŧ Ž", "Áhcci D N S T Z"),
        ("Łukasz Żółć", "Lukasz Zólc"),
        ("œuvre Œ", "oeuvre OE"),
        ("‘a’ “b” – — …", "'a' \"b\" - - ..."),
        ("Юрий 山", "???? ?"),
        ("ﬁn Ⅷ ①", "fin VIII 1"),
        ("a\u00adb\u200bc\ufeffd", "abcd"),
        ("e\u0301", "é"),
        ("x\u0301", "x"),
        ("👍🏽", "??"),
    ],
)
def test_transliteration(text, written):
    assert to_latin_1(text) == written
    assert to_latin_1(text).encode("latin-1")


# Receipts.


@pytest.mark.parametrize("number", ["0000001", "1510001"])
def test_an_accepted_file_is_told_by_a_name(number):
    name = f"KV.GODKJENT.F{number}.D261015.T140501.K1.html"
    assert receipt_of_name(name) == FileReceipt(
        record=1, event="accepted", transmission_number=number
    )


@pytest.mark.parametrize(
    "name",
    [
        "",
        "OCR.D261015.N0000001",
        "KV.GODKJENT.F151001.D261015.T140501.K1.html",
        "KV.GODKJENT.F1510001.D261015.T140501.K1.html.part",
        "KV.AVVIST.F1510001.D261015.T140501.K1.html",
        "xKV.GODKJENT.F1510001.D261015.T140501.K1.html",
        "KV.GODKJENT.F1510001.D261015.T140501.K.html",
    ],
)
def test_other_names_are_no_receipts(name):
    assert receipt_of_name(name) is None


# An independent reader.


def test_netsgiro_reads_the_worked_example():
    text = example().content.decode("latin-1").replace("\r\n", "\n")
    claims, withdrawals = netsgiro.parse(text).assignments
    assert [(x.kid, x.amount, x.date, x.payer_name) for x in claims.transactions] == [
        ("000100126000171", 450, date(2026, 11, 2), "NORDMANN O"),
        ("000100226000188", Decimal("1250.5"), date(2026, 11, 5), "BJØRNSTAD"),
    ]
    assert claims.transactions[0].reference == "Kontingent 2026"
    assert [x.kid for x in withdrawals.transactions] == ["000100326000047"]
