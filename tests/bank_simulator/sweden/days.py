"""Swedish banking days, and until when Autogiro takes a debit."""

from datetime import date, datetime, time

import holidays

from ..banking_calendar import BankingCalendar

_CLOSED = ((12, 24), (12, 31))
_CLOSES_AT = time(19)
_FRIDAY = 4


def _is_midsummers_eve(day: date) -> bool:
    """The Friday of 19 to 25 June."""
    return day.month == 6 and 19 <= day.day <= 25 and day.weekday() == _FRIDAY


_CALENDAR = BankingCalendar(holidays.country_holidays("SE"), _CLOSED, _is_midsummers_eve)

is_banking_day, on_or_after = _CALENDAR.is_banking_day, _CALENDAR.on_or_after
after, before, between = _CALENDAR.after, _CALENDAR.before, _CALENDAR.between


def closes(payment_day: date) -> datetime:
    """Until when a debit of that day is taken: 19:00 on the banking day before."""
    return datetime.combine(before(payment_day), _CLOSES_AT)
