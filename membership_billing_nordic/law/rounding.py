"""Rounding of amounts: half a unit and more goes up."""

from decimal import Decimal
from fractions import Fraction

CENT = Decimal("0.01")


def half_up(amount: Decimal | Fraction, unit: Decimal = CENT) -> Decimal:
    """``amount`` rounded to whole ``unit``s; half a unit is rounded away from zero.

    :param unit: greater than 0, such as 0.01 or 1
    """
    over, under = amount.as_integer_ratio()
    unit_over, unit_under = unit.as_integer_ratio()
    over, under = abs(over) * unit_under, under * unit_over
    whole = (2 * over + under) // (2 * under)
    return (whole if amount >= 0 else -whole) * unit
