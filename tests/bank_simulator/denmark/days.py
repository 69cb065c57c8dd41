"""Danish banking days, and the days that follow from them."""

from datetime import date, datetime, time, timedelta

import holidays

from ..banking_calendar import BankingCalendar

_HOLIDAYS = holidays.country_holidays("DK")
_CLOSED = ((6, 5), (12, 24), (12, 25), (12, 26), (12, 31))
_CLOSES_AT = time(11)
_LAST_DAY_BUT = 6


def _is_after_ascension(day: date) -> bool:
    return "Kristi Himmelfartsdag" in _HOLIDAYS.get(day - timedelta(days=1), "")


_CALENDAR = BankingCalendar(_HOLIDAYS, _CLOSED, _is_after_ascension)

is_banking_day, on_or_after = _CALENDAR.is_banking_day, _CALENDAR.on_or_after
after, before, between = _CALENDAR.after, _CALENDAR.before, _CALENDAR.between


def closes(payment_day: date) -> datetime:
    """Until when collections of that month are taken: 11:00 on the sixth last banking day before it."""
    last_day = before(payment_day.replace(day=1), _LAST_DAY_BUT)
    return datetime.combine(last_day, _CLOSES_AT)


def last_refusal(payment_day: date) -> date:
    """The last day on which payers take a payment of that month back."""
    return on_or_after(payment_day.replace(day=7))
