"""What is checked while a delivery is read: dates, fields that must be sound, totals."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from ...membership_billing_nordic.formats.fixed_width import Field, Layout
from ...membership_billing_nordic.formats.issues import RefusedError, error, warning
from ...membership_billing_nordic.formats.messages import ControlTotal, FormatIssue, Message

_ORE = Decimal("0.01")


def field_errors(layout: Layout, record: int, line: bytes) -> list[FormatIssue]:
    """One error for each numeric field that is not numeric."""
    return [error(record, each.name, "digits", each.quote(line)) for each in layout.faults(line)]


def require_sound(layout: Layout, record: int, line: bytes) -> None:
    """Raise RefusedError unless the numeric fields of a start or end record are numeric."""
    for field in layout.faults(line):
        raise RefusedError(record, field.name, "digits", field.quote(line))


@lru_cache(maxsize=4096)
def read_date(raw: bytes) -> date | None:
    """A date DDMMYY or DDMMYYYY of this century; None if it is impossible or not given."""
    if not raw.isdigit():
        return None
    try:
        return date(2000 + int(raw[-2:]), int(raw[2:4]), int(raw[:2]))
    except ValueError:
        return None


def is_given(raw: bytes) -> bool:
    """Does the date field hold anything? Zeros or blanks mean no date."""
    return bool(raw.strip(b" 0"))


def date_error(record: int, field: Field, line: bytes) -> FormatIssue:
    """The error of a date that cannot be read."""
    pattern = "DDMMYYYY" if field.last - field.first == 7 else "DDMMYY"
    return error(record, field.name, f"a date {pattern}", field.quote(line))


def kroner(ore: int) -> Decimal:
    """Øre as kroner with two decimals."""
    return _ORE * ore


@dataclass(slots=True)
class Totals:
    """What a section or a delivery declares or holds. Sums in øre.

    ``requested`` is the sum of what was asked for, where ``amount`` is that of what came;
    ``unread`` counts the transactions that are not in one of the two.
    """

    sections: int = 0
    transactions: int = 0
    amount: int = 0
    requested: int = 0
    texts: int = 0
    addresses: int = 0
    unread: int = 0

    def include(self, other: "Totals") -> None:
        self.sections += 1
        self.transactions += other.transactions
        self.amount += other.amount
        self.requested += other.requested
        self.texts += other.texts
        self.addresses += other.addresses
        self.unread += other.unread

    @property
    def further(self) -> int:
        """Records besides those of the transactions themselves."""
        return self.texts + self.addresses


# The counts of an end record, by the name of their field.
_COUNTS = {
    "number of sections": "sections",
    "number of 042 records": "transactions",
    "number of 052 and 062 records": "texts",
    "number of 022 records": "addresses",
}


def compare_totals(
    record: int, scope: str, layout: Layout, line: bytes, counted: Totals, is_net: bool = False
) -> Iterator[Message]:
    """The control totals of an end record, and what follows from them.

    ``is_net``: the sum is written without its sign.
    """
    require_sound(layout, record, line)
    declared = {
        field.name: int(value) for field, value in zip(layout.fields, layout.cut(line), strict=True)
    }
    amount = abs(counted.amount) if is_net else counted.amount
    yield from _control_totals(record, scope, declared, counted, amount)
    for name, attribute in _COUNTS.items():
        expected, found = declared.get(name), getattr(counted, attribute)
        if expected is not None and expected != found:
            yield RefusedError(record, f"{scope}: {name}", str(expected), str(found)).issue
    expected = declared.get("amount", amount)
    if expected != amount:
        texts = f"{scope}: sum", str(kroner(expected)), str(kroner(amount))
        if expected == counted.requested and not counted.unread:
            action = "accepted: it is the sum of the amounts asked for"
            yield warning(record, *texts, action)
        else:
            yield RefusedError(record, *texts).issue


def _control_totals(record, scope, declared, counted, amount) -> Iterator[ControlTotal]:
    further = ("number of 052 and 062 records", "number of 022 records")
    values = [
        ("transactions", Decimal(declared["number of 042 records"]), Decimal(counted.transactions))
    ]
    if further[0] in declared:
        values.append(
            (
                "records",
                Decimal(sum(declared[name] for name in further)),
                Decimal(counted.further),
            )
        )
    if "amount" in declared:
        values.append(("amount", kroner(declared["amount"]), kroner(amount)))
    for quantity, expected, found in values:
        yield ControlTotal(
            record=record, scope=scope, quantity=quantity, declared=expected, counted=found
        )
