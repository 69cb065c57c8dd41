"""The banking days of a country: its public holidays, and the further days its banks close."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from functools import cache

import holidays
from dateutil.easter import easter

_SATURDAY = 5
_DAY = timedelta(days=1)


class BankingDays:
    """Counts the days on which banks and clearing houses of a country work.

    :param country: ISO code of the country; empty: only weekends are closed
    :param extra_closed: (month, day) pairs on which its banks close besides public holidays
    :param easter_offsets: days after Easter Sunday on which they close
    :param categories: which holidays count; some countries close banks on days that are
        holidays by custom only (category ``de_facto``)
    :raises ValueError: the country is not known
    """

    def __init__(
        self,
        country: str,
        extra_closed: Collection[tuple[int, int]] = (),
        *,
        easter_offsets: Collection[int] = (),
        categories: Collection[str] = ("public",),
    ):
        self._kind = (
            country,
            frozenset(extra_closed),
            frozenset(easter_offsets),
            frozenset(categories),
        )
        _closed_days(*self._kind, 2000)

    def is_open(self, day: date) -> bool:
        """Do the banks work on ``day``?"""
        return day.weekday() < _SATURDAY and day not in _closed_days(*self._kind, day.year)

    def next_open(self, day: date) -> date:
        """``day`` itself when it is a banking day, else the first one after it."""
        return day if self.is_open(day) else self.forward(day, 1)

    def back(self, day: date, count: int) -> date:
        """The banking day that is ``count`` banking days before ``day``; 0 is ``day`` itself."""
        return self._step(day, count, -_DAY)

    def forward(self, day: date, count: int) -> date:
        """The banking day that is ``count`` banking days after ``day``; 0 is ``day`` itself."""
        return self._step(day, count, _DAY)

    def _step(self, day: date, count: int, step: timedelta) -> date:
        days = self._open_days(day, step)
        for _number in range(count):
            day = next(days)
        return day

    def _open_days(self, day: date, step: timedelta) -> Iterator[date]:
        while True:
            day += step
            if self.is_open(day):
                yield day


@cache
def _closed_days(
    country: str,
    extra_closed: frozenset[tuple[int, int]],
    easter_offsets: frozenset[int],
    categories: frozenset[str],
    year: int,
) -> frozenset[date]:
    try:
        days = set(
            country and holidays.country_holidays(country, years=year, categories=categories)
        )
    except NotImplementedError as error:
        raise ValueError(f"no calendar of country {country!r}") from error
    days |= {date(year, month, day) for month, day in extra_closed}
    days |= {easter(year) + offset * _DAY for offset in easter_offsets}
    return frozenset(days)
