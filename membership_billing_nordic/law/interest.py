"""Late interest: simple, on the principal alone, by the rate in force on each day.

Interest runs on the days after the due date up to and including the day asked for. A payment
lowers the principal from the day after it was booked. Rates are set for half-years and cover
nothing beyond theirs.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter

from .errors import RatesOutdatedError
from .rounding import half_up

_DAY = timedelta(days=1)
_JULY = 7
_NOTHING = Decimal(0)
_valid_from = attrgetter("valid_from")


@dataclass(frozen=True, slots=True)
class RatePeriod:
    """The yearly rate in per cent from a day to the end of its half-year."""

    valid_from: date
    rate: Decimal
    basis: str

    @property
    def valid_to(self) -> date:
        """The last day it covers."""
        return half_year_end(self.valid_from)


@dataclass(frozen=True, slots=True)
class Movement:
    """What lowers the principal (or raises it, when negative), booked on ``day``."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Segment:
    """Days with one rate and one principal; ``start`` is not counted, ``end`` is.

    :ivar amount: the interest of these days in full, never rounded
    """

    start: date
    end: date
    days: int
    base: Decimal
    rate: Decimal
    basis: str
    amount: Fraction


def half_year_end(day: date) -> date:
    """The last day of the half-year ``day`` is in."""
    return date(day.year, 6, 30) if day.month < _JULY else date(day.year, 12, 31)


def half_year_start(day: date) -> date:
    """The first day of the half-year ``day`` is in."""
    return date(day.year, 1 if day.month < _JULY else _JULY, 1)


def _actual(start: date, end: date) -> int:
    return (end - start).days


def _thirty(start: date, end: date) -> int:
    return _thirty_number(end) - _thirty_number(start)


def _thirty_number(day: date) -> int:
    return 360 * day.year + 30 * day.month + min(day.day, 30)


# How days are counted: the count of days from one to another, and the days of a year.
BASES = {"act365": (_actual, 365), "30e360": (_thirty, 360)}


def segments(
    principal: Decimal,
    movements: Sequence[Movement],
    due: date,
    through: date,
    rates: Sequence[RatePeriod],
) -> list[Segment]:
    """The interest on ``principal`` from the day after ``due`` through ``through``, in parts.

    :param principal: what was open before all ``movements``
    :param due: the due date the law counts from, see `deadlines.legal_due`
    :raises RatesOutdatedError: on a day something is open on, no rate is in force
    """
    table = sorted(rates, key=_valid_from)
    starts = [rate.valid_from for rate in table]
    found: list[Segment] = []
    for start, end in pairwise(_ends(movements, due, through, starts)):
        base = principal - sum((one.amount for one in movements if one.day <= start), _NOTHING)
        if base <= 0:
            continue
        rate = _rate_on(start + _DAY, starts, table)
        if found and _goes_on(found[-1], start, base, rate):
            start = found.pop().start
        found.append(_segment(start, end, base, rate))
    return found


def interest(parts: Sequence[Segment]) -> Decimal:
    """What the parts amount to, rounded once to 0.01, half up."""
    return half_up(sum((part.amount for part in parts), Fraction(0)))


def growth(due: date, through: date, rates: Sequence[RatePeriod]) -> Fraction:
    """The interest on a principal of 1 of which nothing is paid, in full.

    :raises RatesOutdatedError: on one of the days no rate is in force
    """
    parts = segments(Decimal(1), (), due, through, rates)
    return sum((part.amount for part in parts), Fraction(0))


def grown(principal: Decimal, rate: Fraction) -> Decimal:
    """The interest on ``principal``, of which nothing is paid, by its :func:`growth`."""
    return half_up(Fraction(principal) * rate)


def _goes_on(last: Segment, start: date, base: Decimal, rate: RatePeriod) -> bool:
    """Whether days from ``start`` on belong to the last part."""
    return (last.end, last.base, last.rate, last.basis) == (start, base, rate.rate, rate.basis)


def _segment(start: date, end: date, base: Decimal, rate: RatePeriod) -> Segment:
    count, year = BASES[rate.basis]
    days = count(start, end)
    over, under = base.as_integer_ratio()
    rate_over, rate_under = rate.rate.as_integer_ratio()
    amount = Fraction(over * rate_over * days, under * rate_under * 100 * year)
    return Segment(start, end, days, base, rate.rate, rate.basis, amount)


def _ends(
    movements: Sequence[Movement], due: date, through: date, starts: Sequence[date]
) -> list[date]:
    """Where one part ends and the next begins; nothing when no day is past due."""
    if through <= due:
        return []
    ends = {due, through}
    ends.update(one.day for one in movements if due < one.day < through)
    within = starts[bisect_right(starts, due) : bisect_right(starts, through)]
    ends.update(start - _DAY for start in within)
    end = half_year_end(due)
    while end < through:
        ends.add(end)
        end = half_year_end(end + _DAY)
    return sorted(ends)


def _rate_on(day: date, starts: Sequence[date], table: Sequence[RatePeriod]) -> RatePeriod:
    place = bisect_right(starts, day) - 1
    if place < 0 or table[place].valid_to < day:
        raise RatesOutdatedError(day)
    return table[place]
