"""Reads what Nets sends an association: OCR giro payments and AvtaleGiro mandates.

Source: no_nets.md, sections 1 to 4. Severity of what is wrong: a broken frame, a line
of the wrong length, an unreadable start or end record, or totals that do not agree
refuse the file; a payment without a readable number, date, amount or bank sum is an
error and not read; the rest is a warning.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from ...membership_billing_nordic.formats import fixed_width
from ...membership_billing_nordic.formats.fixed_width import BrokenLine, printable
from ...membership_billing_nordic.formats.messages import Message, Transmission
from . import records
from .assignments import MandateAssignment, OcrAssignment, OtherAssignment
from .checks import (
    Refused,
    Totals,
    compare_totals,
    require_dates,
    require_sound,
    warning,
)
from .deposits import Deposits
from .records import KNOWN_TYPES, TransactionType

FORMAT = "no.ocr_giro"
LABEL = "OCR giro and AvtaleGiro mandates (Nets)"

MOST_ASSIGNMENTS = 100_000  # a bound on memory for hostile files
_HEAD = re.compile(rb"(\xef\xbb\xbf)?\s*NY\d{6}")
_LEGACY_SERVICE = b"42"  # writes its dates in other ways (section 8.2)
_READERS = {b"0900": OcrAssignment, b"2124": MandateAssignment}


def recognises(head: bytes) -> bool:
    """Is this the beginning of a Nets file, though perhaps of a damaged one?"""
    return _HEAD.match(head) is not None


def decode(stream: BinaryIO) -> Iterator[Message]:
    """Yield what the file says, in its order, and the deposits last.

    Never raises on content. The file must not be used if any FormatIssue is a refusal.
    """
    file = _NetsFile()
    out = file.out
    record = 0
    try:
        for record, line in enumerate(fixed_width.records(stream, records.LENGTH), 1):
            section = file.section
            handler = section.handlers.get(line[:8])
            if handler is None:
                section.unexpected(record, line)
            else:
                handler(section, record, line)
            if out:
                yield from out
                out.clear()
        file.finish(record + 1)
    except BrokenLine as broken:
        field = f"line {broken.line}"
        out.append(Refused(record + 1, field, broken.expected, broken.found).issue)
    except Refused as refused:
        out.append(refused.issue)
    yield from out
    yield from file.deposits.messages()


class _NetsFile:
    """The frame of the file: transmission start, assignments, transmission end.

    ``section`` reads the next record: this object itself or the assignment it is in.
    """

    def __init__(self):
        self.out: list[Message] = []
        self.section = self
        self.deposits = Deposits()
        self.totals = Totals()
        self.is_started = self.is_ended = self.has_legacy = False
        self.assignments = 0
        self._sender_and_number = ""
        self._occurrences = {}
        self._types = {code.encode(): kind for code, kind in KNOWN_TYPES.items()}

    def start(self, record: int, line: bytes) -> None:
        if self.is_started:
            self._misplaced(record, line)
        self.is_started = True
        require_sound(records.TRANSMISSION_START_LAYOUT, record, line)
        sender, number, recipient = map(bytes.decode, records.TRANSMISSION_START_LAYOUT.cut(line))
        self._sender_and_number = f"{sender}:{number}"
        self.out.append(
            Transmission(record=record, sender=sender, recipient=recipient, number=number)
        )

    def end(self, record: int, line: bytes) -> None:
        if not self.is_started or self.is_ended:
            self._misplaced(record, line)
        self.is_ended = True
        layout = records.TRANSMISSION_END_LAYOUT
        require_sound(layout, record, line)
        if not self.has_legacy:
            require_dates(layout.fields[3:], record, line)
        transactions, size, amount = map(int, layout.cut(line)[:3])
        self.totals.records = record
        declared = Totals(transactions=transactions, records=size, amount=amount)
        self.out.extend(compare_totals(record, "file", declared, self.totals))

    def unexpected(self, record: int, line: bytes) -> None:
        is_start = (
            line.startswith(b"NY")
            and line[records.SERVICE_AND_TYPE].isdigit()
            and line[records.RECORD_TYPE] == records.ASSIGNMENT_START
        )
        if not is_start or not self.is_started or self.is_ended:
            self._misplaced(record, line)
        if self.assignments == MOST_ASSIGNMENTS:
            raise Refused(record, "assignment", f"at most {MOST_ASSIGNMENTS} in one file", "more")
        self.assignments += 1
        self.has_legacy = self.has_legacy or line[2:4] == _LEGACY_SERVICE
        reader = _READERS.get(line[records.SERVICE_AND_TYPE], OtherAssignment)
        self.section = reader(self, record, line, self.assignments)

    def _misplaced(self, record: int, line: bytes) -> None:
        found = printable(line[records.IDENTIFICATION])
        raise Refused(record, "record identification", self._expected(), found)

    def _expected(self) -> str:
        if not self.is_started:
            return f"the transmission start, {records.TRANSMISSION_START.decode()}"
        if self.is_ended:
            return "nothing after the transmission end"
        return f"an assignment start or the transmission end, {records.TRANSMISSION_END.decode()}"

    def finish(self, record: int) -> None:
        """No more records; ``record`` is the number the next one would have had."""
        if self.section is not self:
            expected = f"the end of {self.section.scope}, {self.section.end.decode()}"
            raise Refused(record, "record identification", expected, "the end of the file")
        if not self.is_ended:
            raise Refused(
                record, "record identification", self._expected(), "the end of the file"
            )

    def assignment_ended(self, totals: Totals) -> None:
        self.totals.include(totals)
        self.section = self

    def key_prefix(self, account: str, number: str) -> str:
        """What the keys of an assignment's payments begin with.

        Assignment numbers repeat (section 12, trap 5), so the second one of an account
        is told apart by a count.
        """
        occurrence = self._occurrences.get((account, number), 0) + 1
        self._occurrences[account, number] = occurrence
        repeated = f"#{occurrence}" if occurrence > 1 else ""
        return f"{self._sender_and_number}:{account}:{number}{repeated}:"

    def transaction_type(self, record: int, code: bytes) -> TransactionType:
        """The type by its code; an unknown one is told once and kept as ``other``."""
        kind = self._types.get(code)
        if kind is None:
            known = f"{min(KNOWN_TYPES)} to {max(KNOWN_TYPES)}"
            found = code.decode()
            self.out.append(
                warning(record, "transaction type", known, found, 'payment read as "other"')
            )
            kind = self._types[code] = TransactionType(found, "other")
        return kind


_NetsFile.handlers = {
    records.TRANSMISSION_START: _NetsFile.start,
    records.TRANSMISSION_END: _NetsFile.end,
}
