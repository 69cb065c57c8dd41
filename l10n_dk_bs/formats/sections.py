"""What the sections of all deliveries have in common: their place, their frame, their totals.

A section is given the numbered lines that follow its start record (012), reads on to its end
record (092) and yields what it finds.
"""

from collections.abc import Iterator

from ...membership_billing_nordic.formats.fixed_width import Layout, printable
from ...membership_billing_nordic.formats.issues import RefusedError, error, warning
from ...membership_billing_nordic.formats.messages import FormatIssue, Message
from . import records
from .checks import Totals, compare_totals
from .lines import NumberedLines
from .numbers import agreement_number

SECTION_PASSED_OVER = "section passed over"


class Section:
    """A section of a kind that is known."""

    end_layout: Layout = records.SECTION_END_LAYOUT
    group: slice | None = slice(20, 25)
    is_net = False

    def __init__(self, delivery, record: int, line: bytes, ordinal: int):
        self.delivery = delivery
        self.first_record = self.last_record = record
        self.creditor = line[records.CREDITOR]
        self.code = line[records.SECTION]
        self.group_number = line[self.group] if self.group else b""
        self.scope = f"section {ordinal}"
        self.totals = Totals()
        self.issues: list[FormatIssue] = []
        for name, value in (("creditor", self.creditor), ("debtor group", self.group_number)):
            if value and not value.isdigit():
                raise RefusedError(record, name, "digits", printable(value))
        self.agreement = agreement_number(self.creditor.decode(), self.group_number.decode())
        self.occurrence = delivery.occurrence_of(self.agreement, self.code)
        # What tells it from all other sections: the delivery, and its place there.
        self.name = delivery.number + (f"#{self.occurrence}" if self.occurrence > 1 else "")

    def first_issues(self) -> Iterator[FormatIssue]:
        """What is to be said of the section itself."""
        if self.occurrence > 1:
            found = f"{self.agreement}, {printable(self.code)}"
            expected = "one of a kind for each debtor group"
            yield warning(self.first_record, "section", expected, found)

    def read(self, following: NumberedLines) -> Iterator[Message]:
        """Yield what the records say, up to the end record."""
        record = self.first_record
        for record, line in following:
            if line[records.KIND] in records.FRAME:
                yield from self.finish(record, line)
                return
            yield from self.record(record, line)
        raise self.truncated(record)

    def record(self, record: int, line: bytes) -> Iterator[Message]:
        """Yield what one record says; it belongs to no frame."""
        raise NotImplementedError

    def finish(self, record: int, line: bytes) -> Iterator[Message]:
        """Check the end record. Raises RefusedError if it is that of something else."""
        self.require_end(record, line)
        yield from compare_totals(
            record, self.scope, self.end_layout, line, self.totals, self.is_net
        )

    def truncated(self, record: int) -> RefusedError:
        """The file ended before the section did."""
        return RefusedError(record + 1, "record type", self.end_expected, "the end of the file")

    @property
    def end_expected(self) -> str:
        return f"the end of {self.scope}, BS092 of {self.code.decode('latin-1')}"

    def require_end(self, record: int, line: bytes) -> None:
        """Raise RefusedError unless this is the end record of this very section."""
        self.last_record = record
        if line[records.KIND] != records.SECTION_END:
            found = printable(line[records.KIND])
            raise RefusedError(record, "record type", self.end_expected, found)
        for name, span, value in (
            ("creditor", records.CREDITOR, self.creditor),
            ("section", records.SECTION, self.code),
            ("debtor group", self.group, self.group_number),
        ):
            if span and line[span] != value:
                expected = f"{printable(value)}, as at the start of {self.scope}"
                raise RefusedError(record, name, expected, printable(line[span]))

    def head(self, kind: bytes, code: bytes, number: bytes) -> bytes:
        """The beginning of a record of this section, up to its debtor group."""
        return kind + self.creditor + code + number + self.group_number

    def stray(self, record: int, line: bytes, expected: str) -> FormatIssue:
        """The error of a record that does not belong here: the first thing wrong in it."""
        if line[records.CREDITOR] != self.creditor and line.startswith(b"BS0"):
            name, span, expected = "creditor", records.CREDITOR, self.creditor.decode()
        elif self.group and line[self.group] != self.group_number and line.startswith(b"BS0"):
            name, span, expected = "debtor group", self.group, self.group_number.decode()
        else:
            name, span = "record type and transaction code", records.KIND
            found = f"{printable(line[span])} {printable(line[records.SECTION])}"
            return error(record, name, expected, found.strip())
        return error(record, name, expected, printable(line[span]))

    def drain(self) -> Iterator[FormatIssue]:
        yield from self.issues
        self.issues.clear()


class OtherSection(Section):
    """A section that is not known: told, and believed in what it declares of itself."""

    group = None

    def first_issues(self) -> Iterator[FormatIssue]:
        expected = f"a known section of delivery {self.delivery.type}"
        found = printable(self.code)
        yield warning(self.first_record, "section", expected, found, SECTION_PASSED_OVER)

    def record(self, record: int, line: bytes) -> Iterator[Message]:
        return iter(())

    def finish(self, record: int, line: bytes) -> Iterator[Message]:
        """What it counts is not known, so its totals are taken as they are."""
        self.require_end(record, line)
        declared = self.end_layout.cut(line)
        if all(value.isdigit() for value in declared):
            transactions, amount, texts, addresses = map(int, declared)
            self.totals.transactions = transactions
            self.totals.amount = self.totals.requested = amount
            self.totals.texts, self.totals.addresses = texts, addresses
        return iter(())
