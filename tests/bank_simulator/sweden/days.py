"""Swedish banking days, and until when Autogiro takes a debit."""

from datetime import date, datetime, time, timedelta

import holidays

_HOLIDAYS = holidays.country_holidays("SE")
_CLOSED = ((12, 24), (12, 31))
_CLOSES_AT = time(19)
_FRIDAY, _SATURDAY = 4, 5


def is_banking_day(day: date) -> bool:
    # Midsummer's Eve is the Friday of 19 to 25 June.
    is_eve = day.month == 6 and 19 <= day.day <= 25 and day.weekday() == _FRIDAY
    is_closed = is_eve or (day.month, day.day) in _CLOSED
    return day.weekday() < _SATURDAY and day not in _HOLIDAYS and not is_closed


def on_or_after(day: date) -> date:
    while not is_banking_day(day):
        day += timedelta(days=1)
    return day


def after(day: date, count: int) -> date:
    """The banking day that is ``count`` banking days after ``day``."""
    for _number in range(count):
        day = on_or_after(day + timedelta(days=1))
    return day


def before(day: date) -> date:
    """The last banking day before ``day``."""
    day -= timedelta(days=1)
    while not is_banking_day(day):
        day -= timedelta(days=1)
    return day


def between(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if is_banking_day(day)]


def closes(payment_day: date) -> datetime:
    """Until when a debit of that day is taken: 19:00 on the banking day before."""
    return datetime.combine(before(payment_day), _CLOSES_AT)
