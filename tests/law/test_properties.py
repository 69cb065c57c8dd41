"""What holds of interest, fees and deadlines whatever the claim's history is."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.addons.membership_billing_nordic.law import deadlines, fees
from odoo.addons.membership_billing_nordic.law.errors import RatesOutdatedError
from odoo.addons.membership_billing_nordic.law.interest import (
    Movement,
    RatePeriod,
    half_year_start,
    interest,
    segments,
)
from odoo.addons.membership_billing_nordic.law.rounding import half_up

from .countries import COUNTRIES, DAYS, day, facts, rules

FEW = settings(max_examples=50)
DAY = timedelta(days=1)
FIRST, LAST = date(2023, 11, 1), date(2026, 2, 28)
HALF_YEARS = [date(year, month, 1) for year in range(2023, 2027) for month in (1, 7)]

days = st.dates(FIRST, LAST)
amounts = st.decimals("-900", "900", places=2)
principals = st.decimals("0.01", "50000", places=2)
movements = st.lists(st.builds(Movement, days, amounts), max_size=5)
bases = st.sampled_from(["act365", "30e360"])


@st.composite
def rate_tables(draw, basis=bases):
    rates = st.decimals("0", "25", places=2)
    return [RatePeriod(start, draw(rates), draw(basis)) for start in HALF_YEARS]


def whole(parts):
    return sum((part.amount for part in parts), Fraction(0))


@FEW
@given(principals, movements, st.lists(days, min_size=3, max_size=3), rate_tables())
def test_interest_is_the_same_however_the_days_are_split(principal, moved, three, rates):
    due, middle, through = sorted(three)
    first = segments(principal, moved, due, middle, rates)
    second = segments(principal, moved, middle, through, rates)
    assert whole(segments(principal, moved, due, through, rates)) == whole(first) + whole(second)


@FEW
@given(principals, movements, days, days, rate_tables(basis=st.just("act365")))
def test_interest_is_what_a_count_day_by_day_finds(principal, moved, due, through, rates):
    by_start = {rate.valid_from: rate.rate for rate in rates}
    expected, today = Fraction(0), due + DAY
    while today <= through:
        open_at_start = principal - sum(one.amount for one in moved if one.day < today)
        rate = by_start[half_year_start(today)]
        expected += Fraction(max(open_at_start, 0)) * Fraction(rate) / 36500
        today += DAY
    assert whole(segments(principal, moved, due, through, rates)) == expected


@FEW
@given(principals, movements, days, days, rate_tables())
def test_interest_is_never_negative_and_grows_with_the_days(principal, moved, due, through, rates):
    parts = segments(principal, moved, due, through, rates)
    assert all(part.amount >= 0 and part.base > 0 and part.days >= 0 for part in parts)
    later = segments(principal, moved, due, through + DAY, rates)
    assert Decimal(0) <= interest(parts) <= interest(later)
    if through <= due:
        assert parts == []


@FEW
@given(principals, movements, days, days, rate_tables())
def test_parts_follow_each_other_and_lie_between_due_date_and_last_day(
    principal, moved, due, through, rates
):
    parts = segments(principal, moved, due, through, rates)
    assert all(due <= part.start < part.end <= through for part in parts)
    for before, after in zip(parts, parts[1:], strict=False):
        assert before.end <= after.start


@FEW
@given(principals, days, days, rate_tables(), st.integers(2, 9))
def test_interest_is_simple_and_on_the_principal_alone(principal, due, through, rates, times):
    once = whole(segments(principal, [], due, through, rates))
    assert whole(segments(principal * times, [], due, through, rates)) == once * times


@FEW
@given(principals, days, days, rate_tables(), st.sampled_from(HALF_YEARS))
def test_a_missing_half_year_is_refused_as_soon_as_one_of_its_days_counts(
    principal, due, through, rates, missing
):
    kept = [rate for rate in rates if rate.valid_from != missing]
    start = max(missing, due + DAY)
    if start > through or half_year_start(start) != missing:
        segments(principal, [], due, through, kept)
        return
    with pytest.raises(RatesOutdatedError) as refusal:
        segments(principal, [], due, through, kept)
    assert refusal.value.day == start


@FEW
@given(st.fractions(-(10**6), 10**6), st.sampled_from(["0.01", "0.05", "1", "50"]))
def test_rounding_moves_no_further_than_half_a_unit(amount, unit):
    unit = Decimal(unit)
    rounded = half_up(amount, unit)
    assert abs(Fraction(rounded) - amount) * 2 <= unit
    assert rounded % unit == 0
    assert half_up(-amount, unit) == -rounded


# What somebody may try: a letter of a kind, so many days after the one before, for a fee, with
# so many days to pay.
attempts = st.lists(
    st.tuples(
        st.integers(0, 250),
        st.sampled_from(["reminder", "notice", "demand"]),
        st.sampled_from(["0", "20", "38", "60", "100", "180", "500"]),
        st.integers(0, 30),
    ),
    max_size=9,
)


def history(law, claim, tried):
    """The letters sent, each with the fee the law allows it."""
    on, letters = claim.due + DAY, []
    for wait, kind, wanted, to_pay in tried:
        on += timedelta(days=wait)
        allowed = fees.fee(law, claim, letters, on, Decimal(wanted), kind)
        assert (allowed.amount < Decimal(wanted)) == bool(allowed.reason)
        letters.append(fees.FeeLetter(on, allowed.amount, on + timedelta(days=to_pay), kind))
    return letters


def agreed(country, due, **more):
    return facts(country, due, arose=date(2020, 1, 1), clause_agreed=date(2020, 1, 1), **more)


@pytest.mark.parametrize("country", COUNTRIES)
@FEW
@given(due=days, tried=attempts)
def test_no_fee_is_above_its_cap_or_before_its_day(country, due, tried):
    law = rules(country)
    first = {"dk": due + DAY, "se": DAYS["se"].next_open(due) + DAY}
    first["no"] = DAYS["no"].next_open(due) + 14 * DAY
    for letter in history(law, agreed(country, due), tried):
        assert letter.fee <= (fees.cap(law, letter.kind) or 0)
        assert not letter.fee or letter.sent >= first[country]


@FEW
@given(due=days, tried=attempts)
def test_denmark_three_fees_and_ten_days_after_any_letter(due, tried):
    letters = history(rules("dk"), agreed("dk", due), tried)
    assert sum(letter.fee for letter in letters) <= 300
    assert sum(bool(letter.fee) for letter in letters) <= 3
    for before, after in zip(letters, letters[1:], strict=False):
        assert not after.fee or after.sent >= before.sent + 10 * DAY


@FEW
@given(due=days, tried=attempts)
def test_sweden_one_reminder_and_one_notice(due, tried):
    charged = [one for one in history(rules("se"), agreed("se", due), tried) if one.fee]
    assert len({letter.kind for letter in charged}) == len(charged)
    assert sum(letter.fee for letter in charged) <= 240


@FEW
@given(due=days, tried=attempts)
def test_norway_three_fees_in_six_months_and_the_second_after_a_missed_deadline(due, tried):
    letters = history(rules("no"), agreed("no", due), tried)
    charged = [letter for letter in letters if letter.fee]
    for letter in charged:
        window = [one for one in charged if one.sent <= letter.sent < fees.add_months(one.sent, 6)]
        assert sum(one.kind == "demand" for one in window) <= 1
        assert sum(one.kind != "demand" for one in window) <= 2
    small = [letter for letter in charged if letter.kind != "demand"]
    for before, after in zip(small, small[1:], strict=False):
        if after.sent < fees.add_months(before.sent, 6):
            assert before.deadline - before.sent >= 14 * DAY
            assert after.sent > before.deadline


@pytest.mark.parametrize("country", COUNTRIES)
@FEW
@given(due=days, tried=attempts, wait=st.integers(0, 250))
def test_the_earliest_letter_is_the_first_day_with_a_fee(country, due, tried, wait):
    law, claim = rules(country), agreed(country, due)
    letters = history(law, claim, tried)
    on = (letters[-1].sent if letters else due + DAY) + wait * DAY
    for kind in ("reminder", "notice"):
        first = deadlines.earliest_letter(law, due, letters, kind, claim.days)
        allowed = fees.fee(law, claim, letters, on, Decimal(20), kind).amount
        assert bool(allowed) == bool(first and on >= first)


@pytest.mark.parametrize("country", COUNTRIES)
@FEW
@given(due=days, tried=attempts, on=days)
def test_a_consumer_never_pays_a_compensation_and_where_it_holds_fees_no_fee_comes_on_top(
    country, due, tried, on
):
    claim = agreed(country, due)
    letters = history(rules(country), claim, tried)
    assert fees.compensation(rules(country, compensation="400"), claim, letters, on).amount == 0
    business = rules(country, "business")
    owed = fees.compensation(business, claim, letters, on).amount
    if owed and country != "dk":
        full = business.get("compensation")
        assert owed + sum(letter.fee for letter in letters) == full
        claimed = agreed(country, due, compensation=owed)
        assert fees.fee(business, claimed, letters, on, Decimal(20), "notice").amount == 0
    again = agreed(country, due, compensation=owed or Decimal(1))
    assert fees.compensation(business, again, letters, on).amount == 0


@pytest.mark.parametrize("country", COUNTRIES)
@FEW
@given(sent=days, received=st.integers(0, 5))
def test_a_notice_leaves_the_days_the_law_asks_for(country, sent, received):
    law, calendar = rules(country), DAYS[country]
    deadline = deadlines.minimum_deadline(law, "notice", sent, received, calendar)
    assert deadline >= sent + {"dk": 10, "se": 8, "no": 14}[country] * DAY
    if country == "se":
        got = calendar.forward(sent, received)
        assert calendar.forward(got, 4) <= deadline
    later = deadlines.minimum_deadline(law, "notice", sent + DAY, received, calendar)
    assert later >= deadline


@pytest.mark.parametrize("country", COUNTRIES)
@FEW
@given(due=days, tried=attempts)
def test_hand_over_waits_for_every_deadline_and_for_a_lawful_notice(country, due, tried):
    law, claim = rules(country), agreed(country, due)
    letters = history(law, claim, tried)
    first = deadlines.earliest_hand_over(law, due, letters, claim.days)
    if first is None:
        shortest = {"dk": 10, "no": 14}[country] * DAY
        start = due if country == "dk" else claim.days.next_open(due)
        assert not [
            one for one in letters
            if one.kind == "notice" and one.deadline - one.sent >= shortest and one.sent > start
        ]  # fmt: skip
        return
    assert first > due
    assert all(first > letter.deadline for letter in letters)


def test_the_same_day_of_a_later_month():
    assert fees.add_months(day("2026-08-31"), 6) == day("2027-02-28")
    assert fees.add_months(day("2026-03-16"), 6) == day("2026-09-16")
    assert fees.add_months(day("2026-12-01"), 1) == day("2027-01-01")
