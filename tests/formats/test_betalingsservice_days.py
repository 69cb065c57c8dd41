"""The days of Betalingsservice: deadlines, days of payment, ends of refund rights; and numbers."""

from datetime import date, datetime, time

import pytest
from odoo.addons.l10n_dk_bs.formats import accounts, numbers
from odoo.addons.l10n_dk_bs.formats.payment_days import (
    BANKING_DAYS,
    bank_reversal_end,
    deadline,
    first_due,
    first_month,
    payment_day,
    refusal_end,
    unauthorised_end,
)

# Deadline and first banking day of each month of payment.
CALENDAR = [
    line.split()
    for line in """\
2024-02 2024-01-24 2024-02-01
2024-04 2024-03-20 2024-04-02
2025-01 2024-12-18 2025-01-02
2026-01 2025-12-18 2026-01-02
2026-02 2026-01-23 2026-02-02
2026-03 2026-02-20 2026-03-02
2026-04 2026-03-24 2026-04-01
2026-05 2026-04-23 2026-05-01
2026-06 2026-05-21 2026-06-01
2026-07 2026-06-23 2026-07-01
2026-08 2026-07-24 2026-08-03
2026-09 2026-08-24 2026-09-01
2026-10 2026-09-23 2026-10-01
2026-11 2026-10-23 2026-11-02
2026-12 2026-11-23 2026-12-01
2027-01 2026-12-21 2027-01-04
2027-02 2027-01-22 2027-02-01
2027-03 2027-02-19 2027-03-01
2027-04 2027-03-19 2027-04-01
2027-05 2027-04-23 2027-05-03
2027-06 2027-05-24 2027-06-01
2027-07 2027-06-23 2027-07-01
2027-08 2027-07-23 2027-08-02
2027-09 2027-08-24 2027-09-01
2027-10 2027-09-23 2027-10-01
2027-11 2027-10-22 2027-11-01
2027-12 2027-11-23 2027-12-01
""".splitlines()
]


@pytest.mark.parametrize(("month", "closes", "pays"), CALENDAR)
def test_a_month_closes_six_banking_days_before_it_at_eleven(month, closes, pays):
    due = date.fromisoformat(f"{month}-15")
    assert deadline(due) == datetime.fromisoformat(f"{closes}T11:00")
    assert payment_day(due) == date.fromisoformat(pays)


@pytest.mark.parametrize(
    "day", ["2026-05-15", "2026-06-05", "2026-12-24", "2026-12-26", "2026-12-31", "2026-04-02"]
)
def test_banks_are_closed_on_days_that_are_no_public_holidays_too(day):
    assert not BANKING_DAYS.is_open(date.fromisoformat(day))


def test_lead_and_hour_are_arguments():
    assert deadline(date(2026, 11, 2), 8, time(9)) == datetime(2026, 10, 21, 9)


def test_after_the_deadline_the_following_month_is_the_first():
    assert first_month(datetime(2026, 10, 23, 11)) == date(2026, 11, 1)
    assert first_month(datetime(2026, 10, 23, 11, 1)) == date(2026, 12, 1)
    assert first_month(datetime(2026, 12, 31, 12)) == date(2027, 2, 1)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (date(2026, 11, 2), date(2026, 11, 2)),
        (date(2026, 11, 15), date(2026, 11, 16)),  # a Sunday
        (date(2026, 10, 20), date(2026, 11, 2)),  # no deadline of October is left
        (date(2026, 12, 24), date(2026, 12, 28)),
    ],
)
def test_a_collection_is_due_on_a_banking_day_in_reach(wanted, expected):
    assert first_due(wanted, datetime(2026, 10, 15, 8)) == expected


def test_too_late_for_a_month_means_the_payment_day_of_the_next():
    assert first_due(date(2026, 11, 2), datetime(2026, 10, 26, 8)) == date(2026, 12, 1)


def test_debtors_and_banks_can_take_money_back_for_some_days():
    assert refusal_end(date(2026, 11, 2)) == date(2026, 11, 9)  # the 7th is a Saturday
    assert refusal_end(date(2026, 12, 1)) == date(2026, 12, 7)
    assert bank_reversal_end(date(2026, 11, 2)) == date(2026, 11, 4)
    assert unauthorised_end(date(2026, 11, 30)) == date(2027, 12, 30)


# Numbers.


@pytest.mark.parametrize("number", ["1", "TEST001", "A" * 15, "123456789012345", "abc1"])
def test_these_tell_a_customer(number):
    assert numbers.is_customer_number(number)


@pytest.mark.parametrize(
    "number", ["", "0123", "A-1", "A 1", "Ø1", "1" * 16, "\u0661", "A&B", "1\n"]
)
def test_these_do_not(number):
    assert not numbers.is_customer_number(number)


@pytest.mark.parametrize("returned", ["00000000TEST001", "TEST001", "test001        ", " test001"])
def test_a_customer_number_is_the_same_however_it_comes_back(returned):
    assert numbers.customer_number(returned) == "TEST001"


def test_a_customer_number_is_written_as_it_comes_back():
    assert numbers.written("test001") == "00000000TEST001"


def test_an_agreement_is_a_creditor_number_and_a_debtor_group():
    assert numbers.agreement_number("1234567", "1") == "01234567-00001"
    assert numbers.agreement_parts("01234567-00001") == ("01234567", "00001")
    assert numbers.agreement_parts("1234567-1") is None


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("9999 1234567", ("9999", "0001234567")),
        ("9999-0001234567", ("9999", "0001234567")),
        ("99990001234567", ("9999", "0001234567")),
        ("DK50 0040 0440 1162 43", ("0040", "0440116243")),
        ("DK51 0040 0440 1162 43", None),  # check digits
        ("NO9386011117947", None),
        ("9999", None),
        ("9999 12345678901", None),
        ("9999 0000000000", None),
        ("", None),
    ],
)
def test_an_account_is_a_registration_number_and_ten_digits(account, expected):
    assert accounts.account_parts(account) == expected
