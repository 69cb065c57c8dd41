"""Texts of ISO 20022 as values: amounts, dates, and the issues that tell what is wrong."""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

from ..messages import ERROR, REFUSAL, WARNING, FormatIssue

FILE_REFUSED = "file refused"
NOT_USED = "record not used"
READ_ALL_THE_SAME = "read all the same"

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


def refusal(record: int, field: str, expected: str, found: str = "") -> FormatIssue:
    return _issue(record, REFUSAL, field, expected, found, FILE_REFUSED)


def error(record: int, field: str, expected: str, found: str = "") -> FormatIssue:
    """An issue that keeps one record out."""
    return _issue(record, ERROR, field, expected, found, NOT_USED)


def warning(
    record: int, field: str, expected: str, found: str = "", action: str = READ_ALL_THE_SAME
) -> FormatIssue:
    """An issue that changes nothing but what ``action`` says."""
    return _issue(record, WARNING, field, expected, found, action)


def _issue(record, severity, field, expected, found, action) -> FormatIssue:
    return FormatIssue(
        record=record,
        severity=severity,
        field=field,
        expected=expected,
        found=found,
        action=action,
    )
