"""The periods of a membership: none missing, none overlapping, the same from any later day."""

import importlib.util
import sys
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

_PATH = (
    Path(__file__).resolve().parents[2] / "membership_billing_nordic/models/membership/schedule.py"
)
_spec = importlib.util.spec_from_file_location("membership_schedule", _PATH)
schedule = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(schedule)

DAY = timedelta(days=1)
Joining = schedule.Joining
OCTOBER = (Joining(7, 1, Fraction(1, 2)), Joining(10, 1, Fraction(1), with_next=True))
days = st.dates(date(2019, 1, 1), date(2034, 12, 31))
terms = st.sampled_from(sorted(schedule.MONTHS_PER_TERM))
parts = st.sampled_from(["full", "day", "month"])
joining_tables = st.lists(
    st.builds(
        Joining,
        st.integers(1, 12),
        st.integers(1, 31),
        st.integers(0, 100).map(lambda per_cent: Fraction(per_cent, 100)),
        st.booleans(),
    ),
    max_size=5,
)


@st.composite
def grids(draw, joined):
    return schedule.grid_of(
        draw(terms),
        draw(st.sampled_from(["joining", "calendar", "fixed"])),
        joined,
        draw(st.integers(1, 12)),
        draw(st.integers(1, 31)),
    )


@st.composite
def memberships(draw):
    """Grid, joining day, first billed day and the day until which periods may begin."""
    joined = draw(days)
    first = joined + draw(st.integers(0, 800)) * DAY
    until = first + draw(st.integers(0, 2500)) * DAY
    return draw(grids(joined)), joined, first, until


def _periods(grid, joined, first, until, **options):
    return list(schedule.open_periods(grid, joined, first, until, **options))


def _spans(periods):
    return [(period.date_from, period.date_to) for period in periods]


def _from_to(term, anchor, joined, until, **options):
    grid = schedule.grid_of(
        term, anchor, joined, options.pop("start_month", 1), options.pop("start_day", 1)
    )
    return _spans(_periods(grid, joined, joined, until, **options))


@given(memberships())
def test_periods_follow_one_another_without_gap_or_overlap(membership):
    grid, joined, first, until = membership
    periods = _periods(*membership)
    assert periods[0].date_from == first
    for one, other in zip(periods, periods[1:], strict=False):
        assert other.date_from == one.date_to + DAY
        assert other.number == one.number + 1
    assert periods[-1].date_from <= until < periods[-1].date_to + DAY or until < first
    assert all(period.date_from <= period.date_to for period in periods)


@given(memberships(), st.integers(0, 40))
def test_periods_are_the_same_when_some_were_made_before(membership, made):
    periods = _periods(*membership)
    assert _periods(*membership, taken=_spans(periods[:made])) == periods[made:]


@given(memberships(), st.data())
def test_a_period_taken_back_is_found_again(membership, data):
    periods = _periods(*membership)
    gone = data.draw(st.sets(st.integers(0, len(periods) - 1)))
    taken = _spans(period for at, period in enumerate(periods) if at not in gone)
    assert _periods(*membership, taken=taken) == [periods[at] for at in sorted(gone)]


@given(memberships())
def test_periods_begin_on_the_grid_except_the_first(membership):
    grid, *_rest = membership
    for period in _periods(*membership)[1:]:
        assert period.date_from == grid.start(grid.index_of(period.date_from))
        assert period.share == 1


@given(memberships(), parts)
def test_share_is_a_part_of_the_price(membership, part):
    for period in _periods(*membership, part=part):
        assert 0 < period.share <= 1
        assert part != "full" or period.share == 1


@given(memberships(), st.data())
def test_day_shares_of_a_divided_period_add_up_to_the_whole(membership, data):
    grid, *_rest = membership
    whole = _periods(*membership)[-1]
    index = grid.index_of(whole.date_from)
    begin, end = grid.start(index), grid.start(index + 1) - DAY
    cut = data.draw(st.dates(begin, end))
    shares = grid.share(begin, cut, "day")
    if cut < end:
        shares += grid.share(cut + DAY, end, "day")
    assert shares == 1


@given(memberships(), st.integers(0, 2500))
def test_nothing_lies_after_the_end(membership, length):
    *_rest, first, _until = membership
    last = first + length * DAY
    periods = _periods(*membership, last=last)
    assert all(period.date_to <= last for period in periods)


@given(memberships(), st.integers(0, 900), st.integers(0, 400))
def test_no_period_begins_in_a_pause_and_the_rest_is_covered(membership, offset, length):
    grid, joined, first, until = membership
    begin = first + offset * DAY
    end = begin + length * DAY
    periods = _periods(*membership, pauses=[(begin, end)])
    assert not any(begin <= period.date_from <= end for period in periods)
    for one, other in zip(periods, periods[1:], strict=False):
        assert other.date_from in (one.date_to + DAY, end + DAY)


@given(memberships(), st.integers(0, 900))
def test_an_open_pause_stops_everything(membership, offset):
    *_rest, first, _until = membership
    begin = first + offset * DAY
    assert all(period.date_from < begin for period in _periods(*membership, pauses=[(begin, None)]))


@given(memberships(), st.integers(0, 5))
def test_first_open_day_is_where_the_next_period_begins(membership, made):
    *_rest, first, until = membership
    periods = _periods(*membership)
    if made < len(periods):
        day = schedule.first_open_day(first, taken=_spans(periods[:made]))
        assert day == periods[made].date_from


@given(memberships(), joining_tables)
def test_with_a_table_no_day_is_missing_or_twice_either(membership, table):
    *_rest, first, until = membership
    periods = _periods(*membership, part="table", joinings=table)
    assert periods[0].date_from == first
    for one, other in zip(periods, periods[1:], strict=False):
        assert other.date_from == one.date_to + DAY
        assert other.number == one.number + 1
        assert other.share == 1
    assert until < periods[-1].date_to + DAY or until < first


@given(memberships(), joining_tables, st.integers(0, 40))
def test_with_a_table_periods_are_the_same_when_some_were_made_before(membership, table, made):
    periods = _periods(*membership, part="table", joinings=table)
    again = _periods(*membership, part="table", joinings=table, taken=_spans(periods[:made]))
    assert again == periods[made:]


@given(memberships(), joining_tables, st.sampled_from([1, 3, 6, 12]))
def test_instalments_cover_their_period_without_gap_or_overlap(membership, table, months):
    for period in _periods(*membership, part="table", joinings=table, frequency=months):
        spans = period.instalments
        assert spans[0][0] == period.date_from
        assert spans[-1][1] == period.date_to
        for (_begin, end), (begin, _end) in zip(spans, spans[1:], strict=False):
            assert begin == end + DAY
        assert all(begin <= end for begin, end in spans)


@given(memberships(), st.sampled_from([1, 3, 6, 12]))
def test_a_whole_period_has_as_many_instalments_as_fit_in_it(membership, months):
    grid, *_rest = membership
    for period in _periods(*membership, frequency=months)[1:-1]:
        assert len(period.instalments) == max(grid.months // months, 1)


@given(st.integers(0, 10**9), st.integers(1, 52))
def test_instalments_sum_to_the_whole_and_only_the_last_differs(whole, count):
    parts = schedule.split(whole, count)
    assert len(parts) == count
    assert sum(parts) == whole
    assert len(set(parts[:-1])) <= 1
    assert 0 <= parts[-1] - parts[0] < count


def test_somebody_who_joined_on_the_31st_keeps_the_last_day_of_the_month():
    assert _from_to("month", "joining", date(2023, 1, 31), date(2023, 4, 30)) == [
        (date(2023, 1, 31), date(2023, 2, 27)),
        (date(2023, 2, 28), date(2023, 3, 30)),
        (date(2023, 3, 31), date(2023, 4, 29)),
        (date(2023, 4, 30), date(2023, 5, 30)),
    ]


def test_somebody_who_joined_on_leap_day_has_it_again_in_the_next_leap_year():
    starts = [
        begin for begin, _end in _from_to("year", "joining", date(2024, 2, 29), date(2028, 3, 1))
    ]
    assert starts == [
        date(2024, 2, 29),
        date(2025, 2, 28),
        date(2026, 2, 28),
        date(2027, 2, 28),
        date(2028, 2, 29),
    ]


def test_quarters_and_half_years_are_those_of_the_calendar():
    joined = date(2026, 2, 10)
    assert _from_to("quarter", "calendar", joined, date(2026, 4, 1)) == [
        (joined, date(2026, 3, 31)),
        (date(2026, 4, 1), date(2026, 6, 30)),
    ]
    assert _from_to("half_year", "calendar", joined, joined) == [(joined, date(2026, 6, 30))]


def test_a_season_reaches_over_new_year():
    assert _from_to(
        "season", "calendar", date(2026, 1, 15), date(2026, 8, 1), start_month=8, start_day=1
    ) == [
        (date(2026, 1, 15), date(2026, 7, 31)),
        (date(2026, 8, 1), date(2027, 7, 31)),
    ]


def test_a_fixed_last_day_of_the_month_holds_after_a_shorter_month_too():
    grid = schedule.grid_of("month", "fixed", date(2027, 1, 31), 2, 31)
    starts = [
        period.date_from
        for period in _periods(grid, date(2027, 1, 31), date(2027, 1, 31), date(2027, 5, 31))
    ]
    assert starts == [
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2027, 3, 31),
        date(2027, 4, 30),
        date(2027, 5, 31),
    ]
    quarters = schedule.grid_of("quarter", "fixed", date(2027, 1, 31), 2, 31)
    assert [
        quarters.start(quarters.index_of(date(2027, 2, 28)) + number) for number in range(4)
    ] == [
        date(2027, 2, 28),
        date(2027, 5, 31),
        date(2027, 8, 31),
        date(2027, 11, 30),
    ]


def test_a_fixed_date_is_counted_from_that_day():
    assert _from_to(
        "quarter", "fixed", date(2026, 4, 1), date(2026, 5, 15), start_month=2, start_day=15
    ) == [
        (date(2026, 4, 1), date(2026, 5, 14)),
        (date(2026, 5, 15), date(2026, 8, 14)),
    ]


@pytest.mark.parametrize(
    ("part", "share"),
    [("full", Fraction(1)), ("day", Fraction(17, 28)), ("month", Fraction(1))],
)
def test_first_month_is_charged_by_the_rule_of_the_plan(part, share):
    grid = schedule.grid_of("month", "calendar", date(2026, 2, 12))
    first = _periods(grid, date(2026, 2, 12), date(2026, 2, 12), date(2026, 2, 28), part=part)[0]
    assert first.share == share


def test_days_are_counted_over_the_days_of_the_whole_period():
    grid = schedule.grid_of("year", "calendar", date(2024, 3, 1))
    first = _periods(grid, date(2024, 3, 1), date(2024, 3, 1), date(2024, 3, 1), part="day")[0]
    assert first.share == Fraction(306, 366)


def test_a_month_begun_counts_as_a_month():
    grid = schedule.grid_of("year", "calendar", date(2026, 10, 31))
    first = _periods(grid, date(2026, 10, 31), date(2026, 10, 31), date(2026, 11, 1), part="month")[
        0
    ]
    assert first.share == Fraction(3, 12)


def test_the_rest_of_a_period_is_used_up_after_a_pause():
    joined = date(2026, 1, 1)
    grid = schedule.grid_of("month", "calendar", joined)
    periods = _periods(
        grid, joined, joined, date(2026, 4, 30), part="day",
        pauses=[(date(2026, 2, 10), date(2026, 4, 20))],
    )  # fmt: skip
    assert _spans(periods) == [
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 4, 21), date(2026, 4, 30)),
    ]
    assert periods[-1].share == Fraction(10, 30)


def _first_by_table(joined, last=None, **options):
    grid = schedule.grid_of("year", "calendar", joined)
    return _periods(
        grid, joined, joined, date(2028, 6, 1), last=last, part="table", joinings=OCTOBER, **options
    )


@pytest.mark.parametrize(
    ("joined", "last", "share", "price_date"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), Fraction(1), date(2026, 1, 1)),
        (date(2026, 6, 30), date(2026, 12, 31), Fraction(1), date(2026, 6, 30)),
        (date(2026, 7, 1), date(2026, 12, 31), Fraction(1, 2), date(2026, 7, 1)),
        (date(2026, 9, 30), date(2026, 12, 31), Fraction(1, 2), date(2026, 9, 30)),
        (date(2026, 10, 1), date(2027, 12, 31), Fraction(1), date(2027, 1, 1)),
        (date(2026, 12, 31), date(2027, 12, 31), Fraction(1), date(2027, 1, 1)),
    ],
)
def test_the_table_tells_what_the_first_period_costs(joined, last, share, price_date):
    first = _first_by_table(joined)[0]
    assert (first.date_from, first.date_to) == (joined, last)
    assert (first.share, first.price_date, first.number) == (share, price_date, 1)


def test_after_a_first_period_of_more_than_a_year_the_second_is_number_two():
    numbers = [(period.date_from, period.number) for period in _first_by_table(date(2026, 11, 5))]
    assert numbers == [(date(2026, 11, 5), 1), (date(2028, 1, 1), 2)]


def test_who_leaves_before_the_next_period_does_not_pay_for_it():
    only = _first_by_table(date(2026, 11, 5), last=date(2026, 12, 31))
    assert _spans(only) == [(date(2026, 11, 5), date(2026, 12, 31))]
    assert only[0].price_date == date(2026, 11, 5)


def test_the_free_rest_of_the_year_belongs_to_the_first_instalment():
    first = _first_by_table(date(2026, 11, 5), frequency=3)[0]
    assert first.instalments == (
        (date(2026, 11, 5), date(2027, 3, 31)),
        (date(2027, 4, 1), date(2027, 6, 30)),
        (date(2027, 7, 1), date(2027, 9, 30)),
        (date(2027, 10, 1), date(2027, 12, 31)),
    )


def test_the_table_holds_in_a_season_over_new_year():
    grid = schedule.grid_of("season", "calendar", date(2027, 2, 1), 8, 1)
    table = (Joining(1, 1, Fraction(1, 2)), Joining(11, 1, Fraction(3, 4)))
    shares = [
        _periods(grid, day, day, day, part="table", joinings=table)[0].share
        for day in (date(2026, 9, 1), date(2026, 11, 1), date(2027, 1, 1), date(2027, 7, 31))
    ]
    assert shares == [Fraction(1), Fraction(3, 4), Fraction(1, 2), Fraction(1, 2)]


def test_a_year_joined_in_march_is_paid_in_ten_monthly_instalments():
    joined = date(2026, 3, 15)
    grid = schedule.grid_of("year", "calendar", joined)
    spans = _periods(grid, joined, joined, joined, frequency=1)[0].instalments
    assert len(spans) == 10
    assert spans[0] == (joined, date(2026, 3, 31))
    assert spans[-1] == (date(2026, 12, 1), date(2026, 12, 31))


def test_a_single_period_joined_with_the_next_ends_with_the_next():
    grid = schedule.grid_of("year", "calendar", date(2026, 10, 1))
    assert schedule.only_period_end(grid, date(2026, 10, 1), OCTOBER) == date(2027, 12, 31)
    assert schedule.only_period_end(grid, date(2026, 9, 1), OCTOBER) == date(2026, 12, 31)


def test_twelve_instalments_of_a_thousand():
    assert schedule.split(100_000, 12) == [8_333] * 11 + [8_337]


def test_pauses_that_overlap_are_one():
    merged = schedule.merged(
        [
            (date(2027, 3, 1), date(2027, 3, 19)),
            (date(2027, 3, 10), None),
            (date(2027, 1, 1), date(2027, 1, 31)),
            (date(2027, 1, 10), date(2027, 1, 20)),
            (date(2027, 2, 10), date(2027, 2, 9)),
        ]
    )
    assert merged == [(date(2027, 1, 1), date(2027, 1, 31)), (date(2027, 3, 1), None)]
