"""Counting in banking days, for any country's closed days."""

from collections.abc import Callable, Collection
from datetime import date, timedelta

_DAY = timedelta(days=1)
_SATURDAY = 5


class BankingCalendar:
    """Closed on weekends, on ``holidays``, on ``closed`` (month and day) and when ``is_closed``."""

    def __init__(
        self,
        holidays: Collection[date],
        closed: Collection[tuple[int, int]],
        is_closed: Callable[[date], bool] = lambda _day: False,
    ):
        self._holidays, self._closed, self._is_closed = holidays, closed, is_closed

    def is_banking_day(self, day: date) -> bool:
        is_free = day.weekday() >= _SATURDAY or day in self._holidays
        return not (is_free or (day.month, day.day) in self._closed or self._is_closed(day))

    def on_or_after(self, day: date) -> date:
        """The banking day on which something ordered on ``day`` is settled."""
        while not self.is_banking_day(day):
            day += _DAY
        return day

    def after(self, day: date, count: int) -> date:
        """The banking day that is ``count`` banking days after ``day``."""
        for _number in range(count):
            day = self.on_or_after(day + _DAY)
        return day

    def before(self, day: date, count: int = 1) -> date:
        """The banking day that is ``count`` banking days before ``day``."""
        for _number in range(count):
            day -= _DAY
            while not self.is_banking_day(day):
                day -= _DAY
        return day

    def between(self, first: date, last: date) -> list[date]:
        """Every banking day from ``first`` to ``last``, both included."""
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return [day for day in days if self.is_banking_day(day)]
