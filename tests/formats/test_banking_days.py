"""Banking days against dates from public calendars and from the clearing houses' own lists."""

from datetime import date

import pytest
from odoo.addons.membership_billing_nordic.formats.banking_days import BankingDays

NORWAY = BankingDays("NO", {(12, 24), (12, 31)})
SWEDEN = BankingDays("SE", categories=("public", "de_facto"))
DENMARK = BankingDays("DK", {(6, 5), (12, 24), (12, 31)}, easter_offsets={40})


def closed_weekdays(calendar, year):
    days = (date.fromordinal(number) for number in range(*_ordinals(year)))
    return [f"{day:%d-%m}" for day in days if day.weekday() < 5 and not calendar.is_open(day)]


def _ordinals(year):
    return date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()


def sixth_last(calendar, year, month):
    following = date(year + month // 12, month % 12 + 1, 1)
    return f"{calendar.back(following, 6):%d-%m}"


def test_norwegian_banks_close_on_these_weekdays_of_2026():
    assert closed_weekdays(NORWAY, 2026) == [
        "01-01", "02-04", "03-04", "06-04", "01-05", "14-05", "25-05", "24-12", "25-12", "31-12",
    ]  # fmt: skip


def test_swedish_banks_close_on_these_weekdays_of_2026():
    assert closed_weekdays(SWEDEN, 2026) == [
        "01-01", "06-01", "03-04", "06-04", "01-05", "14-05", "19-06", "24-12", "25-12", "31-12",
    ]  # fmt: skip


def test_danish_banks_close_on_these_weekdays_of_2026():
    assert closed_weekdays(DENMARK, 2026) == [
        "01-01", "02-04", "03-04", "06-04", "14-05", "15-05", "25-05", "05-06", "24-12", "25-12",
        "31-12",
    ]  # fmt: skip


def test_danish_great_prayer_day_was_closed_until_2023():
    assert not DENMARK.is_open(date(2023, 5, 5))
    assert DENMARK.is_open(date(2024, 4, 26))


def test_sixth_last_banking_days_of_denmark_are_those_of_the_list_of_2024():
    assert [sixth_last(DENMARK, 2024, month) for month in range(1, 13)] == [
        "24-01", "22-02", "20-03", "23-04", "24-05", "21-06", "24-07", "23-08", "23-09", "24-10",
        "22-11", "18-12",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("due", "count", "expected"),
    [
        (date(2023, 5, 12), 4, date(2023, 5, 8)),  # a week without holidays
        (date(2026, 4, 8), 4, date(2026, 3, 30)),  # over Easter
        (date(2026, 5, 18), 4, date(2026, 5, 11)),  # over Ascension Day and a weekend
        (date(2027, 1, 5), 4, date(2026, 12, 28)),  # over New Year's Eve and Day
        (date(2026, 5, 16), 4, date(2026, 5, 11)),  # a Saturday counts like the Monday after
        (date(2026, 5, 16), 0, date(2026, 5, 16)),
    ],
)
def test_counting_back_in_norway(due, count, expected):
    assert NORWAY.back(due, count) == expected


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2023, 5, 8), 4, date(2023, 5, 12)),
        (date(2026, 4, 1), 1, date(2026, 4, 7)),
        (date(2026, 12, 23), 3, date(2026, 12, 30)),
        (date(2026, 12, 30), 1, date(2027, 1, 4)),
    ],
)
def test_counting_forward_in_norway(day, count, expected):
    assert NORWAY.forward(day, count) == expected


def test_the_next_banking_day_is_the_day_itself_when_banks_work():
    assert NORWAY.next_open(date(2026, 4, 1)) == date(2026, 4, 1)
    assert NORWAY.next_open(date(2026, 4, 2)) == date(2026, 4, 7)


def test_a_country_without_a_calendar_is_refused_at_once():
    with pytest.raises(ValueError, match="XX"):
        BankingDays("XX")


def test_without_a_country_only_weekends_are_closed():
    assert closed_weekdays(BankingDays(""), 2026) == []
    assert not BankingDays("").is_open(date(2026, 5, 16))
