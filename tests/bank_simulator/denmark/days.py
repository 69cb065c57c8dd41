"""Danish banking days, and the days that follow from them."""

from datetime import date, datetime, time, timedelta

import holidays

_HOLIDAYS = holidays.country_holidays("DK")
_CLOSED = ((6, 5), (12, 24), (12, 25), (12, 26), (12, 31))
_CLOSES_AT = time(11)
_LAST_DAY_BUT = 6


def is_banking_day(day: date) -> bool:
    after_ascension = "Kristi Himmelfartsdag" in _HOLIDAYS.get(day - timedelta(days=1), "")
    is_closed = (day.month, day.day) in _CLOSED or after_ascension
    return day.weekday() < 5 and day not in _HOLIDAYS and not is_closed


def on_or_after(day: date) -> date:
    while not is_banking_day(day):
        day += timedelta(days=1)
    return day


def after(day: date, count: int) -> date:
    """The banking day that is ``count`` banking days after ``day``."""
    for _number in range(count):
        day = on_or_after(day + timedelta(days=1))
    return day


def between(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if is_banking_day(day)]


def closes(payment_day: date) -> datetime:
    """Until when collections of that month are taken: 11:00 on the sixth last banking day before it."""
    last = payment_day.replace(day=1) - timedelta(days=1)
    banking_days = between(last.replace(day=1), last)
    return datetime.combine(banking_days[-_LAST_DAY_BUT], _CLOSES_AT)


def last_refusal(payment_day: date) -> date:
    """The last day on which payers take a payment of that month back."""
    return on_or_after(payment_day.replace(day=7))
