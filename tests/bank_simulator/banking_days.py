"""Norwegian banking days."""

import holidays

from .banking_calendar import BankingCalendar

_HALF_DAYS = ((12, 24), (12, 31))  # cautiously no banking days
_CALENDAR = BankingCalendar(holidays.country_holidays("NO"), _HALF_DAYS)

is_banking_day, on_or_after = _CALENDAR.is_banking_day, _CALENDAR.on_or_after
after, before, between = _CALENDAR.after, _CALENDAR.before, _CALENDAR.between
