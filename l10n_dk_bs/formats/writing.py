"""What the encoders share: the frame of a delivery, and what must be true of any request."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

from ...membership_billing_nordic.formats.latin_1 import to_latin_1
from ...membership_billing_nordic.formats.messages import (
    Assignment,
    ControlTotal,
    FormatError,
    Transmission,
)
from . import records
from .checks import Totals, kroner
from .numbers import AGREEMENT, agreement_parts

LINE_END = "\r\n"
_AT_ONCE = 2000  # records that are written together
_ZERO, _LARGEST = kroner(0), kroner(records.LARGEST_AMOUNT)
_SUPPLIER = re.compile(r"[0-9]{8}")
_NUMBER = re.compile(r"[0-9]{1,10}")

Fault = tuple[str, ...]  # field, what is expected and, unless it is private, what was found


def quoted(text: str) -> str:
    """A text of the caller's, fit for a message."""
    return to_latin_1(text)[:40]


def wrong_amount(request) -> Iterator[Fault]:
    """What is wrong with amount and currency."""
    amount = request.amount
    if request.currency != "DKK":
        yield "currency", "DKK", quoted(request.currency)
    if not isinstance(amount, Decimal) or not amount.is_finite():
        yield "amount", "a decimal number"
    elif amount <= 0:
        yield "amount", "more than 0", str(amount)
    elif amount > _LARGEST:
        yield "amount", "at most 13 digits with two decimals", str(amount)
    elif not amount.same_quantum(_ZERO) and kroner(int(amount * 100)) != amount:
        yield "amount", "at most two decimals", str(amount)


def ore_of(amount: Decimal) -> int:
    """An amount with nothing wrong in øre."""
    return int(amount * 100)


def wrong_date(day) -> Iterator[Fault]:
    """Is it a date at all, and of this century?"""
    if not isinstance(day, date) or isinstance(day, datetime) or not 2000 <= day.year < 2100:
        yield "due date", "a date of this century"


def check_frame(
    transmission: Transmission, assignments: Sequence[Assignment], once: bool = True
) -> None:
    """Raise FormatError unless the start records can be written.

    ``once``: there may be one assignment for each agreement.
    """
    if not _SUPPLIER.fullmatch(transmission.sender):
        expected = "8 digits, those of the CVR number"
        raise FormatError("", "data supplier", expected, quoted(transmission.sender))
    if not _NUMBER.fullmatch(transmission.number):
        raise FormatError("", "delivery id", "1 to 10 digits", quoted(transmission.number))
    if not 0 < len(assignments) <= records.MOST_SECTIONS // 2:
        expected = f"1 to {records.MOST_SECTIONS // 2}"
        raise FormatError("", "assignments", expected, str(len(assignments)))
    taken = set()
    for assignment in assignments:
        number = assignment.agreement_number
        if not agreement_parts(number):
            raise FormatError("", "agreement number", AGREEMENT, quoted(number))
        if once and number in taken:
            raise FormatError("", "agreement number", "each one once", quoted(number))
        taken.add(number)


class DeliveryWriter:
    """Writes the records of one delivery to a binary stream, some at a time, and counts them."""

    def __init__(
        self,
        stream: BinaryIO,
        delivery_type: str,
        transmission: Transmission,
        subsystem: str,
        today: date,
    ):
        self._stream = stream
        self._pieces: list[str] = []
        self.today = today
        self.size = 0
        self.totals: list[ControlTotal] = []
        self.section = Totals()
        self.delivery = Totals()
        self.sender = (
            transmission.sender,
            records.TEST_SUBSYSTEM if transmission.is_test else subsystem,
            delivery_type,
        )
        start = records.DELIVERY_START_TEMPLATE.pattern
        self.add(start % (*self.sender, int(transmission.number), f"{today:%d%m%y}"))

    def add(self, *found: str) -> None:
        """Write these records, which have no blanks at their ends."""
        self._pieces += found
        self.size += len(found)
        if len(self._pieces) > _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        text = LINE_END.join((*self._pieces, ""))
        self._stream.write(text.encode("latin-1"))
        self._pieces.clear()

    def start_section(self, record: str) -> None:
        self.section = Totals()
        self.add(record.rstrip(" "))

    def end_section(self, record: str) -> None:
        """Write the end record of a section, and add up what it counts."""
        self.add(record)
        self.delivery.include(self.section)
        self._total(f"section {self.delivery.sections}", self.section)

    def finish(self, is_short: bool = False) -> None:
        """Write the end record of the delivery; ``is_short`` without sums."""
        counted = self.delivery
        if counted.amount > records.LARGEST_SUM:
            raise FormatError("", "sum", "at most 15 digits", str(counted.amount))
        counts = counted.sections, counted.transactions
        if is_short:
            pattern = records.SHORT_DELIVERY_END_TEMPLATE.pattern
        else:
            pattern = records.DELIVERY_END_TEMPLATE.pattern
            counts += counted.amount, counted.texts, counted.addresses
        self.add(pattern % (*self.sender, *counts))
        self._total("file", counted, is_short)
        self._flush()

    def _total(self, scope: str, counted: Totals, is_short: bool = False) -> None:
        values = [
            ("transactions", Decimal(counted.transactions)),
            ("records", Decimal(counted.further)),
            ("amount", kroner(counted.amount)),
        ]
        for quantity, value in values[:1] if is_short else values:
            self.totals.append(
                ControlTotal(
                    record=self.size,
                    scope=scope,
                    quantity=quantity,
                    declared=value,
                    counted=value,
                )
            )
