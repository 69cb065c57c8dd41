"""Late interest against sums worked out by hand and published ones."""

from decimal import Decimal
from fractions import Fraction

import pytest
from odoo.addons.membership_billing_nordic.law import interest
from odoo.addons.membership_billing_nordic.law.deadlines import interest_due
from odoo.addons.membership_billing_nordic.law.errors import RatesOutdatedError
from odoo.addons.membership_billing_nordic.law.rounding import half_up

from .countries import DAYS, day, rates

DK_2023 = (("2023-01-01", "9.90"), ("2023-07-01", "11.25"), ("2024-01-01", "11.75"))
SE_2023 = (("2023-01-01", "10.50"), ("2023-07-01", "11.50"), ("2024-01-01", "12.00"))
SE_2020 = (("2020-07-01", "8.00"), ("2021-01-01", "8.00"))
NO_2025 = (("2025-01-01", "12.50"), ("2025-07-01", "12.25"), ("2026-01-01", "12.00"))
NO_2026 = (("2026-01-01", "12.00"), ("2026-07-01", "12.25"))
NO_2024 = (("2024-01-01", "12.50"),)


def parts(principal, due, through, table, basis="act365", payments=()):
    movements = [interest.Movement(day(on), Decimal(amount)) for on, amount in payments]
    return interest.segments(
        Decimal(principal), movements, day(due), day(through), rates(basis, *table)
    )


# Vectors I1 to I11: principal, due, through, rates, basis, payments, days of each part, interest
VECTORS = {
    "I1 actual days": ("600", "2024-01-31", "2024-03-15", DK_2023, "act365", (), [44], "8.50"),
    "I1 day 31 is 30": ("600", "2024-01-31", "2024-03-15", DK_2023, "30e360", (), [45], "8.81"),
    "I2": ("1200", "2023-12-01", "2024-01-31", DK_2023, "act365", (), [30, 31], "23.07"),
    "I2 half up": ("1200", "2023-12-01", "2024-01-31", DK_2023, "30e360", (), [29, 30], "22.63"),
    "I3 actual": ("450", "2023-06-15", "2023-07-31", DK_2023, "act365", (), [15, 31], "6.13"),
    "I3 split": ("450", "2023-06-15", "2023-07-31", DK_2023, "30e360", (), [15, 30], "6.08"),
    "I4": ("6780", "2020-12-31", "2021-04-20", SE_2020, "act365", (), [110], "163.46"),
    "I5": ("1000", "2023-06-15", "2023-07-31", SE_2023, "act365", (), [15, 31], "14.08"),
    "I6 leap day": ("350", "2024-02-28", "2024-03-29", SE_2023, "act365", (), [30], "3.45"),
    "I7": ("1000", "2026-08-03", "2026-09-12", NO_2026, "act365", (), [40], "13.42"),
    "I8": ("500", "2026-06-20", "2026-07-20", NO_2026, "act365", (), [10, 20], "5.00"),
    "I9 three rates": (
        "295", "2025-06-15", "2026-01-15", NO_2025, "act365", (), [15, 184, 15], "21.19",
    ),
    "I10 part payment": (
        "1000", "2026-08-03", "2026-09-12", NO_2026, "act365", [("2026-08-20", "400")],
        [17, 23], "10.34",
    ),
    "I11": ("50000", "2024-03-01", "2024-03-31", NO_2024, "act365", (), [30], "513.70"),
    "I12": ("300", "2024-03-01", "2024-03-01", NO_2024, "act365", (), [], "0.00"),
    "I12 thirty": ("300", "2024-03-01", "2024-03-01", NO_2024, "30e360", (), [], "0.00"),
}  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_interest_of_the_vectors(vector):
    principal, due, through, table, basis, payments, days, expected = vector
    found = parts(principal, due, through, table, basis, payments)
    assert [part.days for part in found] == days
    assert str(interest.interest(found)) == expected


def test_i13_a_day_without_a_rate_is_refused():
    with pytest.raises(RatesOutdatedError) as refusal:
        parts("300", "2026-12-10", "2027-01-10", NO_2026)
    assert refusal.value.day == day("2027-01-01")


def test_a_rate_covers_its_half_year_and_no_day_more():
    gap = (("2025-07-01", "12.25"), ("2026-07-01", "12.25"))
    with pytest.raises(RatesOutdatedError) as refusal:
        parts("300", "2025-12-10", "2026-07-10", gap)
    assert refusal.value.day == day("2026-01-01")


def test_what_is_paid_before_a_rate_is_missing_needs_none():
    found = parts("300", "2026-12-10", "2027-01-10", NO_2026, payments=[("2026-12-31", "300")])
    assert [(part.days, part.end) for part in found] == [(21, day("2026-12-31"))]


def test_a_part_names_what_a_letter_must_tell():
    first, second = parts("500", "2026-06-20", "2026-07-20", NO_2026)
    assert (first.start, first.end) == (day("2026-06-20"), day("2026-06-30"))
    assert (second.start, second.end, second.base, second.rate) == (
        day("2026-06-30"), day("2026-07-20"), Decimal(500), Decimal("12.25"),
    )  # fmt: skip
    assert second.amount == Fraction(500 * 1225 * 20, 100 * 100 * 365)


def test_a_payment_lowers_the_base_from_the_day_after():
    found = parts("1000", "2026-08-03", "2026-09-12", NO_2026, payments=[("2026-08-20", "400")])
    assert [(part.end, part.base) for part in found] == [
        (day("2026-08-20"), Decimal(1000)),
        (day("2026-09-12"), Decimal(600)),
    ]


def test_a_payment_on_the_due_date_was_in_time():
    found = parts("1000", "2026-08-03", "2026-09-12", NO_2026, payments=[("2026-08-03", "400")])
    assert [part.base for part in found] == [Decimal(600)]


def test_a_payment_taken_back_raises_the_base_again():
    found = parts(
        "1000", "2026-08-03", "2026-09-12", NO_2026,
        payments=[("2026-08-10", "1000"), ("2026-09-02", "-1000")],
    )  # fmt: skip
    assert [(part.start, part.end) for part in found] == [
        (day("2026-08-03"), day("2026-08-10")),
        (day("2026-09-02"), day("2026-09-12")),
    ]


def test_a_due_date_on_a_saturday_starts_on_monday():
    assert interest_due(day("2026-10-31"), DAYS["no"]) == day("2026-11-02")
    assert interest_due(day("2026-11-02"), DAYS["no"]) == day("2026-11-02")


@pytest.mark.parametrize(
    ("amount", "unit", "expected"),
    [
        ("22.625", "0.01", "22.63"),
        ("-22.625", "0.01", "-22.63"),
        ("22.6249", "0.01", "22.62"),
        ("37.50", "1", "38"),
        ("512.49", "1", "512"),
        ("512.50", "1", "513"),
    ],
)
def test_half_a_unit_goes_up(amount, unit, expected):
    assert str(half_up(Decimal(amount), Decimal(unit))) == expected
