"""What is checked while a Nets file is read: dates, fields that must be sound, totals."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from ...membership_billing_nordic.formats.fixed_width import Field, Layout
from ...membership_billing_nordic.formats.issues import RefusedError, warning
from ...membership_billing_nordic.formats.messages import ControlTotal, FormatIssue, Message

_ORE = Decimal("0.01")
_NO_DATE = (b"000000", b"      ")


@lru_cache(maxsize=4096)
def read_date(raw: bytes) -> date | None:
    """A date DDMMYY of this century; None if it is impossible or not given."""
    if not raw.isdigit():
        return None
    try:
        return date(2000 + int(raw[4:6]), int(raw[2:4]), int(raw[:2]))
    except ValueError:
        return None


def is_given(raw: bytes) -> bool:
    """Does the date field hold anything? 000000 means no date."""
    return raw not in _NO_DATE


def require_sound(layout: Layout, record: int, line: bytes) -> None:
    """Raise RefusedError unless the numeric fields of a start or end record are numeric."""
    for field in layout.faults(line):
        raise RefusedError(record, field.name, "digits", field.quote(line))


def require_dates(fields: tuple[Field, ...], record: int, line: bytes) -> None:
    """Raise RefusedError if a date of an end record is impossible."""
    for field in fields:
        raw = line[field.span]
        if is_given(raw) and read_date(raw) is None:
            raise RefusedError(record, field.name, "a date DDMMYY", field.quote(line))


def kroner(ore: int) -> Decimal:
    """Øre as kroner with two decimals."""
    return _ORE * ore


@dataclass(slots=True)
class Totals:
    """What an assignment or a file declares or holds. Sums in øre.

    ``amount`` has lines with the sign ``-`` deducted, ``gross`` has them added.
    """

    transactions: int = 0
    records: int = 0
    amount: int = 0
    gross: int = 0

    def include(self, other: "Totals") -> None:
        self.transactions += other.transactions
        self.records += other.records
        self.amount += other.amount
        self.gross += other.gross


def compare_totals(record: int, scope: str, declared: Totals, counted: Totals) -> Iterator[Message]:
    """The control totals of an end record, and what follows from them."""
    yield _control_total(record, scope, "transactions", declared, counted)
    yield _control_total(record, scope, "records", declared, counted)
    yield ControlTotal(
        record=record,
        scope=scope,
        quantity="amount",
        declared=kroner(declared.amount),
        counted=kroner(counted.amount),
    )
    counts_agree = True
    for quantity in ("transactions", "records"):
        expected, found = getattr(declared, quantity), getattr(counted, quantity)
        if expected != found:
            counts_agree = False
            yield _refusal(record, f"{scope}: number of {quantity}", str(expected), str(found))
    if declared.amount != counted.amount:
        field = f"{scope}: sum"
        expected, found = str(kroner(declared.amount)), str(kroner(counted.amount))
        if counts_agree and declared.amount == counted.gross:
            yield warning(record, field, expected, found, "accepted: it is the sum without signs")
        else:
            yield _refusal(record, field, expected, found)


def _control_total(record, scope, quantity, declared, counted) -> ControlTotal:
    return ControlTotal(
        record=record,
        scope=scope,
        quantity=quantity,
        declared=Decimal(getattr(declared, quantity)),
        counted=Decimal(getattr(counted, quantity)),
    )


def _refusal(record: int, field: str, expected: str, found: str) -> FormatIssue:
    return RefusedError(record, field, expected, found).issue
