"""What is checked while a file from Bankgirot is read: dates, amounts, totals."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache

from ...membership_billing_nordic.formats import issues
from ...membership_billing_nordic.formats.issues import READ_ALL_THE_SAME
from ...membership_billing_nordic.formats.messages import ControlTotal, FormatIssue, Message
from .reading import TOO_LONG
from .records import Table, is_number, quote

LEFT_EMPTY = "field left empty"
A_DATE = "a date YYYYMMDD"
_ORE = Decimal("0.01")
_LONGEST_FOUND = 80


class RefusedError(issues.RefusedError):
    """Ends the reading of a file: nothing of it may be used."""

    def __init__(self, record: int, field: str, expected: str, found: str = ""):
        super().__init__(record, field, expected, _shown(found))


def refusal(record: int, field: str, expected: str, found: str = "") -> FormatIssue:
    """An issue that keeps the whole file out."""
    return issues.refusal(record, field, expected, _shown(found))


def error(record: int, field: str, expected: str, found: str = "") -> FormatIssue:
    """An issue that keeps one record out."""
    return issues.error(record, field, expected, _shown(found))


def warning(
    record: int, field: str, expected: str, found: str = "", action: str = READ_ALL_THE_SAME
) -> FormatIssue:
    """An issue that changes nothing but what ``action`` says."""
    return issues.warning(record, field, expected, _shown(found), action)


def _shown(found: str) -> str:
    return found[:_LONGEST_FOUND].strip()


def too_long(record: int, line: str) -> FormatIssue:
    """Of a line that begins with ``TOO_LONG``: it cannot be told what was added to it."""
    return error(record, "record", "80 characters", line.strip(TOO_LONG + " "))


def require_sound(table: Table, record: int, line: str) -> None:
    """Raise RefusedError unless the numeric fields of a start or end record are numeric."""
    for field in table.faults(line):
        raise RefusedError(record, field.name, "digits", quote(field, line))


@lru_cache(maxsize=4096)
def read_date(text: str) -> date | None:
    """A date YYYYMMDD; None if it is impossible or not given."""
    if not is_number(text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def is_given(text: str) -> bool:
    """Does a field hold anything but blanks and zeros?"""
    return text.strip(" 0") != ""


@lru_cache(maxsize=8192)
def kronor(ore: int) -> Decimal:
    """Öre as kronor with two decimals."""
    return _ORE * ore


def plain_number(text: str) -> str:
    """A number as it is compared: without blanks around it and without leading zeros."""
    return text.strip().lstrip("0")


def control_total(
    record: int, scope: str, quantity: str, declared: int, counted: int
) -> ControlTotal:
    """What an end record says of transactions, records or an amount in öre."""
    as_decimal = kronor if quantity == "amount" else Decimal
    return ControlTotal(
        record=record,
        scope=scope,
        quantity=quantity,
        declared=as_decimal(declared),
        counted=as_decimal(counted),
    )


def compared(
    record: int, scope: str, quantity: str, declared: int, counted: int, issue=refusal
) -> Iterator[Message]:
    """A control total, and an ``issue`` when it does not agree."""
    total = control_total(record, scope, quantity, declared, counted)
    yield total
    if not total.agrees:
        what = "sum" if quantity == "amount" else f"number of {quantity}"
        yield issue(record, f"{scope}: {what}", str(total.declared), str(total.counted))
