"""Which periods a membership has: month arithmetic, without a database and without a clock.

A :class:`Grid` lays whole periods over the calendar. :func:`open_periods` walks over it and
lists the periods of one membership that are not taken yet. Days are inclusive on both sides.
"""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

MONTHS_PER_TERM = {"month": 1, "quarter": 3, "half_year": 6, "year": 12, "season": 12}

# A leap year, so that a grid may begin on 29 February.
_ANY_YEAR = 2000
_DAY = timedelta(days=1)
_WHOLE = Fraction(1)

Span = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Joining:
    """A row of a table of joining dates: who joins from this day of the year on.

    ``share`` is the part of the price, 0 to 1. ``with_next``: the first period reaches to the
    end of the next one and costs the next one's price, the rest of the running one is free.
    """

    month: int
    day: int
    share: Fraction
    with_next: bool = False


@dataclass(frozen=True, slots=True)
class PeriodPlan:
    """A period to come.

    ``share`` is the part of a whole period's price, 0 to 1. ``number`` counts the periods
    from the one in which the membership started, which is 1. ``price_date`` is the day
    whose price and age hold: the first day, but for a first period that costs the next
    one's price. ``instalments`` are the days each payment is for, in order. ``plan`` is what
    the caller calls the plan by.
    """

    date_from: date
    date_to: date
    share: Fraction
    number: int = 1
    price_date: date | None = None
    instalments: tuple[Span, ...] = ()
    plan: int | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """Whole periods of ``months`` months, one of which begins on ``anchor``.

    Periods begin on the anchor's day of the month; where a month is shorter, on its last
    day. Counting is always from the anchor, so 31 January, 28 February, 31 March.
    """

    months: int
    anchor: date

    def start(self, index: int) -> date:
        """First day of period ``index``; the one that begins on the anchor is 0."""
        return _months_later(self.anchor, index * self.months)

    def index_of(self, day: date) -> int:
        """The period ``day`` is in."""
        apart = (day.year - self.anchor.year) * 12 + day.month - self.anchor.month
        index = apart // self.months
        return index if self.start(index) <= day else index - 1

    def share(
        self, first: date, last: date, part: str, joinings: Sequence[Joining] = ()
    ) -> Fraction:
        """The part of the price of the period holding ``first`` … ``last`` that they cost.

        ``part``: ``full``, ``day`` (days of days), ``month`` (months begun of months) or
        ``table`` (what ``joinings`` say of ``first``).
        """
        index = self.index_of(first)
        begin, end = self.start(index), self.start(index + 1)
        if part == "full" or (first == begin and last == end - _DAY):
            return _WHOLE
        if part == "table":
            row = self.joining(first, joinings)
            return row.share if row else _WHOLE
        if part == "day":
            return Fraction((last - first).days + 1, (end - begin).days)
        single = Grid(1, self.anchor)
        return Fraction(single.index_of(last) - single.index_of(first) + 1, self.months)

    def joining(self, day: date, joinings: Sequence[Joining]) -> Joining | None:
        """The row for somebody who joins on ``day``: the last one reached in its period.

        None where no row is reached, and on a period's first day: who joins then pays in full.
        """
        begin = self.start(self.index_of(day))
        if day == begin:
            return None
        reached = [
            (date_in(year, row.month, row.day), row)
            for row in joinings
            for year in {begin.year, day.year}
        ]
        return max(
            (pair for pair in reached if begin <= pair[0] <= day),
            key=lambda pair: pair[0],
            default=(None, None),
        )[1]

    def instalments(self, first: date, last: date, months: int, paid_from: date) -> tuple:
        """The days ``first`` … ``last``, cut where payments every ``months`` months begin.

        What lies before ``paid_from`` belongs to the first payment.
        """
        if months >= self.months:
            return ((first, last),)
        parts = Grid(months, self.anchor)
        index = parts.index_of(paid_from) + 1
        spans = []
        while (begin := parts.start(index)) <= last:
            spans.append((first, begin - _DAY))
            first = begin
            index += 1
        return (*spans, (first, last))


def date_in(year: int, month: int, day: int) -> date:
    """The day of the year, or the last one of its month if that is shorter."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def split(whole: int, count: int) -> list[int]:
    """``whole`` in ``count`` parts that are alike, but for the last, which takes the rest."""
    part = whole // count
    return [part] * (count - 1) + [whole - part * (count - 1)]


def add_months(day: date, months: int) -> date:
    """``day`` that many months later, or the last day of that month if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date_in(year, month + 1, day.day)


def age_on(born: date, day: date) -> int:
    """Whole years from ``born`` to ``day``; who was born on 29 February is a year older on the
    28th where there is no 29th."""
    years = day.year - born.year
    return years - (day < date_in(day.year, born.month, born.day))


_months_later = lru_cache(maxsize=10_000)(add_months)


def grid_of(term: str, anchor: str, joined: date, start_month: int = 1, start_day: int = 1) -> Grid:
    """The grid of a plan for somebody who joined on ``joined``.

    ``term`` is a key of :data:`MONTHS_PER_TERM`. ``anchor`` is ``joining``, ``calendar`` or
    ``fixed``; a season always begins on ``start_month``/``start_day``, as does ``fixed``.
    """
    months = MONTHS_PER_TERM[term]
    if term == "season" or anchor == "fixed":
        return Grid(months, _anchor(months, start_month, start_day))
    if anchor == "joining":
        return Grid(months, joined)
    return Grid(months, date(_ANY_YEAR, 1, 1))


def _anchor(months, month, day):
    """A first day of a period in a month that has the ``day``, if there is one."""
    begins = (add_months(date(_ANY_YEAR, month, 1), ahead) for ahead in range(0, 12, months))
    found = [date_in(begin.year, begin.month, day) for begin in begins]
    return max(found, key=lambda begin: begin.day)


def open_periods(
    grid: Grid,
    joined: date,
    first: date,
    latest_start: date,
    last: date | None = None,
    part: str = "full",
    taken: Sequence[Span] = (),
    pauses: Sequence[tuple[date, date | None]] = (),
    joinings: Sequence[Joining] = (),
    frequency: int | None = None,
    plan: int | None = None,
) -> Iterator[PeriodPlan]:
    """The periods from ``first`` on that begin by ``latest_start`` and are not taken.

    :param joined: day on which the membership started; period number 1 holds it
    :param last: last day of the membership; nothing after it, what it cuts is shorter
    :param part: what a shortened period costs, see :meth:`Grid.share`
    :param taken: stretches that exist already, in order, not overlapping
    :param pauses: in order; no period begins in one (a period under way when the pause
        begins stays whole); after it the rest of the period is used up. No end: open.
    :param joinings: the table of joining dates, for ``part`` ``table``
    :param frequency: months from one payment to the next; None: one payment for each period
    :param plan: kept in each period
    """
    first_index = grid.index_of(joined)
    second = None
    if part == "table" and first == joined:
        second = _second_start(grid, joined, last, joinings)
    limit = min(latest_start, last) if last else latest_start
    day = _first_open_day(first, taken, pauses)
    while day is not None and day <= limit:
        index = grid.index_of(day)
        merged = second is not None and day == joined
        end = _end_of(day, grid.start(index + 1 + merged) - _DAY, last, taken)
        price_date = second if merged else day
        share = (
            grid.joining(day, joinings).share if merged else grid.share(day, end, part, joinings)
        )
        number = index - first_index + 1
        if second is not None and number > 2:
            number -= 1  # the first two are one
        spans = grid.instalments(day, end, frequency or grid.months, price_date)
        yield PeriodPlan(day, end, share, number, price_date, spans, plan)
        day = _first_open_day(end + _DAY, taken, pauses)


def only_period_end(grid: Grid, joined: date, joinings: Sequence[Joining] = ()) -> date:
    """The last day of the first period of somebody who joined on ``joined``."""
    merged = _second_start(grid, joined, None, joinings) is not None
    return grid.start(grid.index_of(joined) + 1 + merged) - _DAY


def _second_start(grid, joined, last, joinings):
    """First day of the grid's second period, if the first one is joined with it; else None."""
    row = grid.joining(joined, joinings) if joinings else None
    if row is None or not row.with_next:
        return None
    second = grid.start(grid.index_of(joined) + 1)
    return None if last and last < second else second


def first_open_day(
    first: date,
    last: date | None = None,
    taken: Sequence[Span] = (),
    pauses: Sequence[tuple[date, date | None]] = (),
) -> date | None:
    """The first day from ``first`` on that a new period would begin on; None if there is none."""
    day = _first_open_day(first, taken, pauses)
    return None if day is None or (last and day > last) else day


def merged(spans: Sequence[tuple[date, date | None]]) -> list[tuple[date, date | None]]:
    """``spans`` in order, those that overlap as one; without those that hold no day."""
    found = []
    for begin, end in sorted(spans, key=lambda span: span[0]):
        if end and end < begin:
            continue
        before = found and (found[-1][1] or date.max)
        if found and begin <= before:
            end = None if not end or before == date.max else max(end, before)
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def settled_until(
    first: date,
    settled: Sequence[Span],
    pauses: Sequence[tuple[date, date | None]] = (),
    owed: Sequence[Span] = (),
) -> date | None:
    """The last day up to which all from ``first`` on is settled; None if nothing is.

    What is left open by a pause does not count as missing, what is ``owed`` does.
    """
    until = None
    for begin, end in settled:
        if begin > first:
            paused_to = _first_open_day(first, (), pauses)
            if paused_to is not None and paused_to < begin:
                break
            if any(start < begin and stop >= first for start, stop in owed):
                break
        until, first = end, end + _DAY
    return until


def _first_open_day(day, taken, pauses):
    while True:
        start = day
        for begin, end in (_span_at(day, taken), _span_at(day, pauses)):
            if begin is None or day < begin:
                continue
            if end is None:
                return None
            day = max(day, end + _DAY)
        if day == start:
            return day


def _span_at(day, spans):
    """The last span that begins by ``day``, if it reaches that far."""
    place = bisect_right(spans, day, key=lambda span: span[0])
    if place:
        begin, end = spans[place - 1]
        if end is None or end >= day:
            return begin, end
    return None, None


def _end_of(day, end, last, taken):
    if last:
        end = min(end, last)
    place = bisect_right(taken, day, key=lambda span: span[0])
    if place < len(taken):
        end = min(end, taken[place][0] - _DAY)
    return end
