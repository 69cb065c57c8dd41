"""Swedish references, giro numbers, accounts, identities and deadlines, by published examples."""

from contextlib import suppress
from datetime import date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odoo.addons.l10n_se_bg.formats import accounts, deadlines, giro_numbers, identities, ocr
from stdnum import luhn

DIGITS = st.text("0123456789", min_size=1, max_size=22)
CALENDAR = deadlines.banking_days()
TODAY = date(2026, 9, 1)


# ------------------------------------------------------------------ OCR references


def test_the_check_digit_of_12345_is_5():
    assert ocr.OcrControl(ocr.HARD).build("12345") == "123455"


@pytest.mark.parametrize(
    ("level", "lengths", "expected"),
    [
        (ocr.SOFT, (), "20260001233"),
        (ocr.HARD, (), "20260001233"),
        (ocr.VARIABLE_LENGTH, (), "202600012324"),
        (ocr.FIXED_LENGTH, (15,), "000020260001233"),
        (ocr.FIXED_LENGTH, (20, 11), "20260001233"),
    ],
)
def test_a_reference_at_each_level(level, lengths, expected):
    control = ocr.OcrControl(level, lengths)
    assert control.build("2026000123") == expected
    assert control.accepts(expected)


def test_trap_19_the_length_digit_is_the_length_modulo_10():
    control = ocr.OcrControl(ocr.VARIABLE_LENGTH)
    assert [control.build("1" * size)[-2] for size in (4, 7, 8, 10, 18)] == [
        "6",
        "9",
        "0",
        "2",
        "0",
    ]
    assert not control.accepts(f"2026000123{1}" + luhn.calc_check_digit("20260001231"))


@pytest.mark.parametrize(
    ("control", "base"),
    [
        (ocr.OcrControl(ocr.HARD), "1" * 25),
        (ocr.OcrControl(ocr.VARIABLE_LENGTH), "1" * 24),
        (ocr.OcrControl(ocr.FIXED_LENGTH, (10,)), "1" * 10),
        (ocr.OcrControl(ocr.HARD), ""),
        (ocr.OcrControl(ocr.HARD), "12a"),
        (ocr.OcrControl(ocr.HARD), "١٢"),
    ],
)
def test_what_makes_no_lawful_reference_is_refused(control, base):
    with pytest.raises(ValueError, match="reference: expected"):
        control.build(base)


@pytest.mark.parametrize(
    ("level", "lengths"), [(0, ()), (5, ()), (4, ()), (4, (5, 6, 7)), (4, (26,)), (4, (1,))]
)
def test_agreements_that_cannot_be(level, lengths):
    with pytest.raises(ValueError, match="expected"):
        ocr.OcrControl(level, lengths)


def test_soft_and_length_control():
    levels = {level: ocr.OcrControl(level, (9,) if level == 4 else ()) for level in ocr.LEVELS}
    assert [level for level, control in levels.items() if control.is_hard] == [2, 3, 4]
    assert [level for level, control in levels.items() if control.has_length_control] == [3, 4]


@given(DIGITS, st.sampled_from(ocr.LEVELS))
def test_every_built_reference_is_accepted_and_no_neighbour_of_it(base, level):
    control = ocr.OcrControl(level, (24,) if level == ocr.FIXED_LENGTH else ())
    reference = control.build(base)
    assert control.accepts(reference)
    wrong = reference[:-1] + str((int(reference[-1]) + 1) % 10)
    assert not control.accepts(wrong)
    assert not control.accepts(reference + "x")


@pytest.mark.parametrize("level", ocr.LEVELS)
def test_a_layout_of_payer_number_and_serial(level):
    layout = ocr.OcrLayout(payer_digits=5, serial_digits=4, fixed_part="7", level=level)
    reference = layout.build("123", 45)
    assert reference.startswith("0012370045")
    assert len(reference) == layout.length == (12 if level == ocr.VARIABLE_LENGTH else 11)
    assert layout.accepts(reference)
    assert layout.payer_number(reference) == "123"
    assert not layout.accepts(reference.replace("7", "8", 1))


# ------------------------------------------------------------------ giro and payer numbers


@pytest.mark.parametrize("number", ["991-2346", "9912346", "0009912346", "5050-1055", "50501055"])
def test_bankgiro_numbers(number):
    assert giro_numbers.is_bankgiro(number)


@pytest.mark.parametrize("number", ["990-2346", "123455", "", "5050-10550", "99l2346", "٩٩١٢٣٤٦"])
def test_no_bankgiro_numbers(number):
    assert not giro_numbers.is_bankgiro(number)


def test_how_giro_numbers_are_shown():
    assert giro_numbers.format_bankgiro("0009912346") == "991-2346"
    assert giro_numbers.format_bankgiro("50501055") == "5050-1055"
    assert giro_numbers.format_plusgiro("1234566") == "12 34 56-6"
    assert giro_numbers.format_plusgiro("18") == "1-8"


def test_plusgiro_and_fundraising_numbers():
    assert giro_numbers.is_plusgiro("12 34 56-6")
    assert giro_numbers.is_plusgiro("1-8")
    assert not giro_numbers.is_plusgiro("12 34 56-7")
    assert giro_numbers.is_fundraising("902-1234")
    assert not giro_numbers.is_fundraising("991-2346")


def test_payer_numbers():
    assert giro_numbers.is_payer_number("1")
    assert giro_numbers.is_payer_number("1" * 16)
    for number in ("", "0", "0" * 16, "1" * 17, "12a", "1 2"):
        assert not giro_numbers.is_payer_number(number)


# ------------------------------------------------------------------ accounts


@pytest.mark.parametrize(
    ("typed", "field", "bank"),
    [
        ("5000-1111116", "5000000001111116", "SEB"),
        ("6000, 410 000 108", "6000000410000108", "Handelsbanken"),
        ("8327-9, 123 456 789-7", "8327001234567897", "Swedbank or a savings bank"),
        ("3300 121212-1212", "3300001212121212", "Nordea"),
        ("3300 19121212-1212", "3300001212121212", "Nordea"),
        ("5000 0000 0111 1116", "5000000001111116", "SEB"),
    ],
)
def test_accounts_as_typed(typed, field, bank):
    account = accounts.account_typed(typed)
    assert (account.in_files, account.series.bank, account.is_valid) == (field, bank, True)
    assert accounts.account_in_file(field) == account


def test_trap_10_swedbanks_fifth_clearing_digit_is_dropped():
    for typed in ("8327-9, 1234567897", "83279 1234567897", "832791234567897", "8327 1234567897"):
        assert accounts.account_typed(typed).in_files == "8327001234567897"
    with pytest.raises(ValueError, match="fifth digit"):
        accounts.account_typed("8327-8, 1234567897")


def test_trap_10_handelsbanken_has_nine_digits_and_nordea_personal_3300_in_front():
    assert accounts.account_typed("6000 410000108").account == "410000108"
    with pytest.raises(ValueError, match="1 to 9 digits"):
        accounts.account_typed("6000 4100001080")
    assert accounts.account_typed("3300 1212121212").is_valid


@pytest.mark.parametrize(
    ("clearing", "variant"),
    [("1100", 1), ("3299", 1), ("3781", 1), ("9060", 1), ("2300", 2), ("4999", 2), ("9150", 2)],
)
def test_type_1_accounts_check_the_clearing_number_too(clearing, variant):
    weights = (
        (10, 9, 8, 7, 6, 5, 4, 3, 2, 1) if variant == 1 else (1, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
    )

    def is_right(account):
        digits = (clearing[1:] if variant == 1 else clearing) + account
        return sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11 == 0

    candidates = [f"12345{last:02d}" for last in range(100)]
    right = [each for each in candidates if is_right(each)]
    found = [x for x in candidates if accounts.bank_account(clearing, x).is_valid]
    assert right and found == right


@pytest.mark.parametrize("clearing", ["3782", "9180", "9300", "9570", "9890", "9500", "9960"])
def test_type_2_accounts_check_themselves_alone(clearing):
    assert accounts.bank_account(clearing, "1212121212").is_valid is True
    assert accounts.bank_account(clearing, "1212121213").is_valid is False


def test_swedbank_has_good_accounts_that_fail_the_check():
    assert accounts.bank_account("8327", "1234567897").is_valid is True
    assert accounts.bank_account("8327", "1234567898").is_valid is None


def test_series_that_are_not_public_or_not_in_the_bankgiro_system():
    assert accounts.bank_account("9710", "1234567").is_valid is None
    assert accounts.series_of("1000") is None
    assert accounts.bank_account("1000", "123456").is_valid is None
    assert not accounts.bank_account("9550", "1234567").has_bankgiro
    assert accounts.bank_account("9550", "1234567").series.bank == "Avanza Bank"
    assert accounts.bank_account("5000", "1111116").has_bankgiro


def test_the_series_do_not_overlap():
    for before, after in pairwise(accounts.SERIES):
        assert before.first <= before.last < after.first


@pytest.mark.parametrize("typed", ["", "5000", "123", "5000-12345678", "0000-123", "abc", "5000 0"])
def test_what_is_no_account(typed):
    with pytest.raises(ValueError, match="expected"):
        accounts.account_typed(typed)


@given(st.text(max_size=30))
def test_reading_an_account_raises_nothing_but_value_error(text):
    try:
        account = accounts.account_typed(text)
    except ValueError:
        return
    assert len(account.in_files) == 16
    assert account.in_files.isascii() and account.in_files.isdigit()


# ------------------------------------------------------------------ identities


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ("19121212-1212", "191212121212"),
        ("191212121212", "191212121212"),
        ("121212-1212", "201212121212"),
        ("121212+1212", "191212121212"),
        ("1212121212", "201212121212"),
        ("559999-0008", "005599990008"),
        ("5599990008", "005599990008"),
    ],
)
def test_identities_as_typed(typed, field):
    assert identities.identity_in_files(typed, TODAY) == field
    assert identities.is_identity(field)


def test_what_authorities_put_before_organisation_numbers_is_left_out():
    for typed in ("16559999-0008", "165599990008", "005599990008"):
        assert identities.identity_in_files(typed, TODAY) == "005599990008"


@pytest.mark.parametrize(
    ("field", "shown"),
    [("191212121212", "19121212-1212"), ("005599990008", "559999-0008")],
)
def test_identities_as_people_write_them(field, shown):
    assert identities.identity_shown(field) == shown
    assert identities.identity_in_files(shown, TODAY) == field


def test_a_coordination_number_has_60_added_to_its_day():
    body = "19701270239"
    number = body + luhn.calc_check_digit(body[2:])
    assert identities.identity_in_files(number, TODAY) == number
    assert not identities.is_person(body + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize(
    "typed", ["", "559999-0009", "191213321212", "19121212-1213", "121212", "abcdef-1212", "0" * 12]
)
def test_what_is_no_identity(typed):
    with pytest.raises(ValueError, match="number"):
        identities.identity_in_files(typed, TODAY)


def test_organisations_of_bankgiro_payers_begin_with_99():
    assert identities.is_identity("995599990008")
    assert not identities.is_identity("995599990009")
    assert not identities.is_identity("001212121212"), "a person is never 00 and ten digits"


@given(st.text(max_size=14))
def test_reading_an_identity_raises_nothing_but_value_error(text):
    identities.is_identity(text)
    with suppress(ValueError):
        assert len(identities.identity_in_files(text, TODAY)) == 12


# ------------------------------------------------------------------ deadlines


@pytest.mark.parametrize(
    ("payment", "latest"),
    [
        (date(2026, 9, 28), datetime(2026, 9, 25, 19)),
        (date(2026, 6, 22), datetime(2026, 6, 18, 19)),
        (date(2026, 4, 7), datetime(2026, 4, 2, 19)),
        (date(2027, 1, 4), datetime(2026, 12, 30, 19)),
    ],
    ids=["after a weekend", "after Midsummer Eve", "after Easter", "after New Year"],
)
def test_a_file_is_there_the_banking_day_before_at_19(payment, latest):
    assert deadlines.latest_delivery(payment, CALENDAR) == latest
    assert deadlines.earliest_payment(latest, CALENDAR) == payment
    assert deadlines.earliest_payment(latest.replace(minute=1), CALENDAR) > payment


def test_a_file_of_a_closed_day_counts_as_of_the_next_banking_day():
    assert deadlines.earliest_payment(datetime(2026, 9, 26, 8), CALENDAR) == date(2026, 9, 29)


def test_retries_are_on_the_following_banking_days():
    assert deadlines.retry_days(date(2026, 9, 24), 3, CALENDAR) == (
        date(2026, 9, 25),
        date(2026, 9, 28),
        date(2026, 9, 29),
    )
    assert deadlines.retry_days(date(2026, 9, 24), 0, CALENDAR) == ()
    assert deadlines.retry_silence_from(date(2026, 9, 24), CALENDAR) == date(2026, 9, 30)
    with pytest.raises(ValueError, match="0 to 3"):
        deadlines.retry_days(date(2026, 9, 24), 4, CALENDAR)


def test_the_dates_of_payers():
    day = date(2026, 9, 28)
    assert deadlines.latest_notice(day, CALENDAR) == date(2026, 9, 16)
    assert deadlines.latest_revocation(day, CALENDAR) == date(2026, 9, 21)
    assert deadlines.latest_refund(day) == date(2026, 11, 23)
    assert deadlines.latest_refund(day, is_authorised=False) == date(2027, 10, 28)


def test_payment_dates_end_with_the_second_year_to_come():
    assert deadlines.latest_payment(date(2026, 1, 1)) == date(2028, 12, 31)


def test_a_single_debit_moves_to_the_next_banking_day():
    assert deadlines.payment_day(date(2026, 9, 26), CALENDAR) == date(2026, 9, 28)
    assert deadlines.payment_day(date(2026, 9, 28), CALENDAR) == date(2026, 9, 28)


@pytest.mark.parametrize(
    ("interval", "at_month_end", "expected"),
    [
        ("month", False, ["31-10", "30-11", "31-12"]),
        ("month", True, ["30-10", "30-11", "30-12"]),
        ("quarter", False, ["31-10", "31-01", "30-04"]),
        ("half_year", True, ["30-10", "30-04", "29-10"]),
        ("year", True, ["30-10", "29-10", "31-10"]),
    ],
)
def test_the_days_of_recurring_orders(interval, at_month_end, expected):
    found = deadlines.recurring_days(
        date(2026, 10, 31), interval, CALENDAR, at_month_end=at_month_end
    )
    days = [next(found) for _ in range(3)]
    assert all(CALENDAR.is_open(day) for day in days)
    if at_month_end:
        assert [f"{day:%d-%m}" for day in days] == expected
    else:
        planned = [CALENDAR.next_open(day) for day in _days(expected)]
        assert days == planned


def _days(texts):
    year, previous = 2026, 0
    for text in texts:
        day, month = map(int, text.split("-"))
        year += month < previous
        previous = month
        yield date(year, month, day)
