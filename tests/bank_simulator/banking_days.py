"""Norwegian banking days."""

from datetime import date, timedelta

import holidays

_HOLIDAYS = holidays.country_holidays("NO")
_HALF_DAYS = ((12, 24), (12, 31))  # cautiously no banking days


def is_banking_day(day: date) -> bool:
    is_free = day.weekday() >= 5 or day in _HOLIDAYS or (day.month, day.day) in _HALF_DAYS
    return not is_free


def on_or_after(day: date) -> date:
    """The banking day on which something ordered on ``day`` is settled."""
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
    """Every banking day from ``first`` to ``last``, both included."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if is_banking_day(day)]
