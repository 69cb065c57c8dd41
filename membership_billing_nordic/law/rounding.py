"""Rounding of amounts: half a unit and more goes up."""

from decimal import Decimal
from fractions import Fraction

CENT = Decimal("0.01")


def half_up(amount: Decimal | Fraction, unit: Decimal = CENT) -> Decimal:
    """``amount`` rounded to whole ``unit``s; half a unit is rounded away from zero.

    :param unit: greater than 0, such as 0.01 or 1
    """
    units = Fraction(amount) / Fraction(unit)
    whole = int(abs(units) + Fraction(1, 2))
    return (whole if units >= 0 else -whole) * unit
