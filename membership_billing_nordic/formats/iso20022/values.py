"""Texts of ISO 20022 as values: amounts, dates, identifiers."""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
_AMOUNT = re.compile(r"\+?(\d{1,15}(\.\d{0,5})?|\.\d{1,5})", re.ASCII)
_PLACEHOLDERS = frozenset({"", "NOTPROVIDED", "NONREF", "NOTAVAILABLE", "N/A"})

MoneyText = tuple[str, str]  # an amount as written, and its currency


@lru_cache(maxsize=4096)
def money(text: str) -> Decimal | None:
    """An amount without sign as a number of two decimals; None if it is none."""
    if not _AMOUNT.fullmatch(text):
        return None
    exact = Decimal(text)
    amount = exact.quantize(CENT)
    return amount if amount == exact else None


def signed_number(text: str) -> Decimal | None:
    """As :func:`money`, for fields of a schema that allow a sign."""
    amount = money(text.removeprefix("-"))
    return -amount if amount is not None and text.startswith("-") else amount


@lru_cache(maxsize=4096)
def day(text: str) -> date | None:
    """The day of a date or of a time, as it is written there; None if it is impossible."""
    try:
        return date.fromisoformat(text[:10]) if len(text) >= 10 else None
    except ValueError:
        return None


def identifier(text: str) -> str:
    """An identifier without what banks write where they have none."""
    return "" if text.upper() in _PLACEHOLDERS else text
