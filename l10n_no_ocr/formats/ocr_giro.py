"""Reads files from and to Nets: OCR giro payments, AvtaleGiro mandates, claims, withdrawals.

Source: Nets' system specifications of OCR giro and AvtaleGiro. Severity of what is wrong: a broken frame, a line
of the wrong length, an unreadable start or end record, or totals that do not agree
refuse the file; a payment without a readable number, date, amount or bank sum, and a
claim that Nets would refuse, is an error and not read; the rest is a warning.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from ...membership_billing_nordic.formats import fixed_width
from ...membership_billing_nordic.formats.fixed_width import BrokenLineError, printable
from ...membership_billing_nordic.formats.issues import RefusedError
from ...membership_billing_nordic.formats.messages import Message, Transmission
from . import records
from .assignments import (
    Assignment,
    MandateAssignment,
    NumberedRecords,
    OcrAssignment,
    OtherAssignment,
)
from .checks import Totals, compare_totals, require_dates, require_sound
from .claims import ClaimAssignment, WithdrawalAssignment
from .deposits import Deposits

FORMAT = "no.ocr_giro"
LABEL = "OCR giro and AvtaleGiro (Nets)"

MOST_ASSIGNMENTS = 100_000  # a bound on memory for hostile files
_HEAD = re.compile(rb"(\xef\xbb\xbf)?\s*NY\d{6}")
_LEGACY_SERVICE = b"42"  # writes its dates in other ways
_READERS = {
    b"0900": OcrAssignment,
    b"2124": MandateAssignment,
    b"2100": ClaimAssignment,
    b"2136": WithdrawalAssignment,
}
_START = f"the transmission start, {records.TRANSMISSION_START.decode()}"
_NEXT = f"an assignment start or the transmission end, {records.TRANSMISSION_END.decode()}"


def recognises(head: bytes) -> bool:
    """Is this the beginning of a Nets file, though perhaps of a damaged one?"""
    return _HEAD.match(head) is not None


def decode(stream: BinaryIO) -> Iterator[Message]:
    """Yield what the file says, in its order, and the deposits last.

    Never raises on content. The file must not be used if any FormatIssue is a refusal.
    """
    file = _NetsFile()
    try:
        yield from file.read(enumerate(fixed_width.records(stream, records.LENGTH), 1))
    except BrokenLineError as broken:
        field = f"line {broken.line}"
        yield RefusedError(broken.record, field, broken.expected, broken.found).issue
    except RefusedError as refused:
        yield refused.issue
    yield from file.deposits.messages()


class _NetsFile:
    """The frame of the file: transmission start, assignments, transmission end."""

    def __init__(self):
        self.deposits = Deposits()
        self._totals = Totals()
        self._sender_and_number = ""
        self._assignments = 0
        self._occurrences = {}
        self._earliest_due: date | None = None
        self._holds_claims_only = True
        self.types = dict(records.KNOWN_TYPES)

    def read(self, numbered: NumberedRecords) -> Iterator[Message]:
        record, line = next(numbered, (1, b""))
        if line[records.IDENTIFICATION] != records.TRANSMISSION_START:
            raise _misplaced(record, line, _START)
        yield self._start(record, line)
        has_legacy = False
        for record, line in numbered:
            if line[records.IDENTIFICATION] == records.TRANSMISSION_END:
                yield from self._end(record, line, has_legacy)
                break
            assignment = self._assignment(record, line)
            has_legacy = has_legacy or line[2:4] == _LEGACY_SERVICE
            self._holds_claims_only &= isinstance(assignment, ClaimAssignment)
            yield from assignment.read(numbered)
            self._totals.include(assignment.totals)
            record += assignment.totals.records - 1
        else:
            raise _misplaced(record + 1, b"", _NEXT)
        for record, line in numbered:
            raise _misplaced(record, line, "nothing after the transmission end")

    def _start(self, record: int, line: bytes) -> Transmission:
        layout = records.TRANSMISSION_START_LAYOUT
        require_sound(layout, record, line)
        sender, number, recipient = map(bytes.decode, layout.cut(line))
        self._sender_and_number = f"{sender}:{number}"
        return Transmission(record=record, sender=sender, recipient=recipient, number=number)

    def _end(self, record: int, line: bytes, has_legacy: bool) -> Iterator[Message]:
        layout = records.TRANSMISSION_END_LAYOUT
        require_sound(layout, record, line)
        if not has_legacy:
            require_dates(layout.fields[3:], record, line)
        transactions, size, amount = map(int, layout.cut(line)[:3])
        self._totals.records = record
        declared = Totals(transactions=transactions, records=size, amount=amount)
        yield from compare_totals(record, "file", declared, self._totals)
        if self._earliest_due and self._holds_claims_only:
            # A file of ours: the field has another meaning than in those of Nets.
            found = layout.cut(line)[3]
            earliest = f"{self._earliest_due:%d%m%y}"
            if found != earliest.encode():
                name = "file: earliest due date"
                yield RefusedError(record, name, printable(found), earliest).issue

    def include_due_dates(self, due_dates: tuple[date, date] | None) -> None:
        """Of an assignment of claims: its first and last one, if it has any."""
        if due_dates:
            self._earliest_due = min(self._earliest_due or date.max, due_dates[0])

    def _assignment(self, record: int, line: bytes) -> Assignment:
        is_start = (
            line.startswith(b"NY")
            and line[records.SERVICE_AND_TYPE].isdigit()
            and line[records.RECORD_TYPE] == records.ASSIGNMENT_START
        )
        if not is_start:
            raise _misplaced(record, line, _NEXT)
        if self._assignments == MOST_ASSIGNMENTS:
            raise RefusedError(
                record, "assignment", f"at most {MOST_ASSIGNMENTS} in one file", "more"
            )
        self._assignments += 1
        reader = _READERS.get(line[records.SERVICE_AND_TYPE], OtherAssignment)
        return reader(self, record, line, self._assignments)

    def key_prefix(self, account: str, number: str) -> str:
        """What the keys of an assignment's payments begin with.

        Assignment numbers repeat, so the second one of an account
        is told apart by a count.
        """
        occurrence = self._occurrences.get((account, number), 0) + 1
        self._occurrences[account, number] = occurrence
        repeated = f"#{occurrence}" if occurrence > 1 else ""
        return f"{self._sender_and_number}:{account}:{number}{repeated}:"


def _misplaced(record: int, line: bytes, expected: str) -> RefusedError:
    found = printable(line[records.IDENTIFICATION]) if line else "the end of the file"
    return RefusedError(record, "record identification", expected, found)
