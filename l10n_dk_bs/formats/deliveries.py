"""Reads files of Betalingsservice: deliveries, one after the other.

Source: guidelines for data suppliers of Betalingsservice. Severity of what is wrong: a broken
frame, a line that is too long, an unreadable start or end record, or totals that do not agree
refuse the file; a record that cannot be read or does not belong where it is, is an error and
not used; the rest is a warning. Lines around deliveries that do not begin with BS are let by.
"""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from ...membership_billing_nordic.formats.fixed_width import BrokenLineError, printable
from ...membership_billing_nordic.formats.issues import RefusedError
from ...membership_billing_nordic.formats.messages import Message, Transmission
from . import lines, notices, records
from .checks import Totals, compare_totals, read_date, require_sound
from .lines import NumberedLines
from .mandates import MandateSection
from .own_collections import CollectionSection
from .own_mandates import RequestSection
from .results import AutomaticSection, SlipSection
from .sections import OtherSection, Section

# By delivery type, the sections that are read.
SECTIONS: Mapping[str, Mapping[bytes, type[Section]]] = {
    records.COLLECTIONS: {b"0112": CollectionSection, b"0117": CollectionSection},
    records.RESULTS: {b"0211": AutomaticSection, b"0215": SlipSection},
    records.MANDATES: dict.fromkeys((b"0210", b"0212", b"0219"), MandateSection),
    records.MANDATE_REQUESTS: dict.fromkeys((b"0120", b"0125", b"0126"), RequestSection),
}
_HEAD = re.compile(rb"(?:\A|\n)(?:\xef\xbb\xbf)?[ \t\r]*BS002.{11}(?P<type>\d{4})")
_DAMAGED = re.compile(rb"(?:\xef\xbb\xbf)?\s*BS[09][0-9]2")
_START = "a delivery start, BS002"


class Deliveries:
    """A decoder, recognised by the type of the first delivery in the file; reads all of them.

    Without ``types`` it takes what no other one knows.
    """

    def __init__(self, name: str, label: str, types: tuple[str, ...] = (), is_short: bool = True):
        self.FORMAT = name
        self.LABEL = label
        self._types = types
        self._longest = lines.LENGTH if is_short else lines.LONGEST

    def recognises(self, head: bytes) -> bool:
        """Does the file hold a delivery, though perhaps a damaged one?"""
        match = _HEAD.search(head)
        if not self._types:
            return bool(match or _DAMAGED.match(head))
        return bool(match) and match["type"].decode() in self._types

    def decode(self, stream: BinaryIO) -> Iterator[Message]:
        """Yield what the file says, in its order; the deposits of a section at its end.

        Never raises on content. The file must not be used if any FormatIssue is a refusal.
        """
        try:
            yield from _read_file(lines.numbered_lines(stream, self._longest))
        except BrokenLineError as broken:
            field = f"line {broken.line}"
            yield RefusedError(broken.record, field, broken.expected, broken.found).issue
        except RefusedError as refused:
            yield refused.issue


def _read_file(numbered: NumberedLines) -> Iterator[Message]:
    first, number = None, 0
    for number, line in numbered:
        if line.startswith(records.DELIVERY_START):
            delivery = _Delivery(number, line)
            if first is None:
                first = delivery
                yield delivery.transmission()
            elif first.is_test != delivery.is_test:
                found = printable(delivery.subsystem)
                raise RefusedError(number, "subsystem", "test or real deliveries, not both", found)
            yield from delivery.read(numbered)
        elif line.startswith(b"BS"):
            raise RefusedError(number, "record type", _START, printable(line[records.KIND]))
    if first is None:
        raise RefusedError(number + 1, "record type", _START, "the end of the file")


class _Delivery:
    """One delivery: its start record, its sections, its end record."""

    def __init__(self, record: int, line: bytes):
        require_sound(records.DELIVERY_START_LAYOUT, record, line)
        self.first_record = record
        supplier, self.subsystem, delivery_type, number, created = (
            records.DELIVERY_START_LAYOUT.cut(line)
        )
        self.supplier = supplier.decode()
        self.type = delivery_type.decode()
        self.number = printable(number)
        self.created_on = read_date(created)
        self.is_test = self.subsystem == records.TEST_SUBSYSTEM.encode()
        # In the end record they must stand as in the start record.
        self.identity = line[5:20]
        self.is_ours = self.type in (records.COLLECTIONS, records.MANDATE_REQUESTS)
        self._totals = Totals()
        self._seen: dict[tuple, int] = {}

    def transmission(self) -> Transmission:
        """Who sent it: the data supplier, in files of ours; it is the recipient of others."""
        return Transmission(
            record=self.first_record,
            sender=self.supplier if self.is_ours else "",
            recipient="" if self.is_ours else self.supplier,
            number=self.number,
            created_on=self.created_on,
            is_test=self.is_test,
        )

    def occurrence_of(self, agreement: str, section: bytes) -> int:
        """How many sections of this kind there are by now; counts one more."""
        count = self._seen.get((agreement, section), 0) + 1
        self._seen[agreement, section] = count
        return count

    def read(self, numbered: NumberedLines) -> Iterator[Message]:
        if self.type not in SECTIONS:
            yield from notices.read(self.type, self.first_record, numbered, self.require_end)
            return
        record = self.first_record
        for record, line in numbered:
            kind = line[records.KIND]
            if kind == records.SECTION_START:
                section = self.section(record, line)
                yield from section.first_issues()
                yield from section.read(numbered)
                self._totals.include(section.totals)
                record = section.last_record
            elif kind == records.DELIVERY_END:
                yield from self.finish(record, line)
                return
            else:
                expected = "a section start, BS012, or the delivery end, BS992"
                raise RefusedError(record, "record type", expected, printable(kind))
        raise RefusedError(
            record + 1, "record type", "the delivery end, BS992", "the end of the file"
        )

    def section(self, record: int, line: bytes) -> Section:
        """The reader of the section that begins here."""
        ordinal = self._totals.sections + 1
        if ordinal > records.MOST_SECTIONS:
            expected = f"at most {records.MOST_SECTIONS} in a delivery"
            raise RefusedError(record, "section", expected, "more")
        reader = SECTIONS[self.type].get(line[records.SECTION], OtherSection)
        return reader(self, record, line, ordinal)

    def finish(self, record: int, line: bytes) -> Iterator[Message]:
        self.require_end(record, line)
        layout = records.DELIVERY_END_LAYOUT
        if self.type == records.MANDATE_REQUESTS:
            layout = records.SHORT_DELIVERY_END_LAYOUT
        is_net = self.type == records.COLLECTIONS
        yield from compare_totals(record, "file", layout, line, self._totals, is_net)

    def require_end(self, record: int, line: bytes) -> None:
        """Raise RefusedError unless this ends the delivery that began."""
        if line[5:20] != self.identity:
            expected = f"{printable(self.identity)}, as at the start of the delivery"
            raise RefusedError(record, "delivery end", expected, printable(line[5:20]))
