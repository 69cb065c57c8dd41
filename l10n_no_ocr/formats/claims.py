"""Our own files read back: AvtaleGiro claims (21/00) and their withdrawals (21/36)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from ...membership_billing_nordic.formats.fixed_width import printable
from ...membership_billing_nordic.formats.issues import RefusedError, error
from ...membership_billing_nordic.formats.messages import (
    CollectionRequest,
    CollectionWithdrawal,
    FormatIssue,
    Message,
    OutgoingMessage,
)
from . import kid, records
from .assignments import Assignment, NumberedRecords, unknown_record
from .checks import kroner, read_date, require_sound
from .specification import Cell, lines_of

_KINDS = (records.ITEM_1, records.ITEM_2, records.SPECIFICATION)


@dataclass(slots=True)
class _Transaction:
    """The records of one claim while they come."""

    record: int
    item_1: bytes
    item_2: bytes = b""
    cells: list[Cell] = field(default_factory=list)
    is_sound: bool = True


class ClaimAssignment(Assignment):
    """Claims (AvtaleGiro system specification, assignment 21/00)."""

    end = records.CLAIMS_END
    end_layout = records.CLAIMS_END_LAYOUT
    types = (records.NOTIFIED_BY_PAYEE.encode(), records.NOTIFIED_BY_BANK.encode())
    message = CollectionRequest
    needs_item_2 = True

    def __init__(self, file, record: int, line: bytes, ordinal: int):
        super().__init__(file, record, ordinal)
        require_sound(records.CLAIMS_START_LAYOUT, record, line)
        number, account = map(bytes.decode, records.CLAIMS_START_LAYOUT.cut(line))
        self.account = account
        self.key_prefix = file.key_prefix(account, number)
        self.highest_number = 0
        self.due_dates: tuple[date, date] | None = None

    def read(self, following: NumberedRecords) -> Iterator[OutgoingMessage | Message]:
        """Collect the records of each claim; it goes out when it is whole."""
        record, transaction = self.first_record, None
        for record, line in following:
            is_end = self.is_end(record, line)
            kind = b"" if is_end else self.kind(line)
            if is_end or kind == records.ITEM_1:
                yield from self.completed(transaction)
                if is_end:
                    yield from self.finish(record, line)
                    return
                transaction = _Transaction(record, line)
                yield from self.begin(transaction)
            elif not kind or transaction is None:
                yield unknown_record(record, line)
                self.spoil(transaction)
            else:
                yield from self.go_on(transaction, kind, record, line)
        raise self.truncated(record)

    def kind(self, line: bytes) -> bytes:
        """Which record of a claim this is; empty when it is none."""
        kind = line[records.RECORD_TYPE]
        is_ours = line.startswith(b"NY21") and line[records.TYPE] in self.types
        return kind if is_ours and kind in _KINDS else b""

    def begin(self, transaction: _Transaction) -> Iterator[FormatIssue]:
        """Count a claim, and tell what is wrong in its first record."""
        line, record = transaction.item_1, transaction.record
        number, day, amount, reference = records.CLAIM_ITEM_1_LAYOUT.cut(line)
        self.totals.transactions += 1
        if amount.isdigit():
            self.totals.amount += int(amount)
            self.totals.gross += int(amount)
        due_date = read_date(day)
        if due_date:
            first, last = self.due_dates or (due_date, due_date)
            self.due_dates = min(first, due_date), max(last, due_date)
        before = len(self.issues)
        if not number.isdigit() or int(number) <= self.highest_number:
            self.fault(record, "transaction number", f"more than {self.highest_number}", number)
        else:
            self.highest_number = int(number)
        if due_date is None:
            self.fault(record, "due date", "a date DDMMYY", day)
        if not amount.isdigit() or not int(amount):
            self.fault(record, "amount", "digits, more than 0", amount)
        if not kid.is_readable(reference.strip(b" ")):
            self.fault(record, "KID", kid.ALPHABET, reference)
        transaction.is_sound = len(self.issues) == before
        yield from self.drain()

    def go_on(
        self, transaction: _Transaction, kind: bytes, record: int, line: bytes
    ) -> Iterator[FormatIssue]:
        """A further record of a claim."""
        before = len(self.issues)
        place, expected = records.TRANSACTION_NUMBER, transaction.item_1[:8]
        if line[place] != transaction.item_1[place]:
            expected = transaction.item_1[place].decode("latin-1")
            self.fault(record, "transaction number", expected, line[place])
        elif line[records.TYPE] != transaction.item_1[records.TYPE]:
            expected = printable(transaction.item_1[records.TYPE])
            self.fault(record, "transaction type", expected, line[records.TYPE])
        elif kind == records.SPECIFICATION:
            self.add_cell(transaction, record, line)
        elif transaction.item_2 or transaction.cells:
            self.fault(record, "record identification", "one item 2, right after item 1", line[:8])
        else:
            transaction.item_2 = line
        if len(self.issues) > before:
            transaction.is_sound = False
        yield from self.drain()

    def add_cell(self, transaction: _Transaction, record: int, line: bytes) -> None:
        """One cell of the text of the bank's notice: any fault in it spoils the claim."""
        kind, number, column, text = records.CELL_LAYOUT.cut(line)
        cells = {cell[:2] for cell in transaction.cells}
        if not transaction.item_2:
            self.fault(record, "record identification", "an item 2 before", line[:8])
        elif kind != b"4":
            self.fault(record, "kind of specification", "4", kind)
        elif not number.isdigit() or not 0 < int(number) <= records.MOST_LINES:
            self.fault(record, "line", f"001 to {records.MOST_LINES:03d}", number)
        elif column not in (b"1", b"2"):
            self.fault(record, "column", "1 or 2", column)
        elif not text.strip():
            self.fault(record, "text", "no blank specification records", b"")
        elif (int(number), int(column)) in cells:
            self.fault(record, "line", "each line and column once", number + column)
        else:
            shown = text.decode("latin-1").rstrip()
            transaction.cells.append((int(number), int(column), shown))

    def fault(self, record: int, field_name: str, expected: str, found: bytes) -> None:
        self.issues.append(error(record, field_name, expected, printable(found)))

    def spoil(self, transaction: _Transaction | None) -> None:
        if transaction:
            transaction.is_sound = False

    def completed(
        self, transaction: _Transaction | None
    ) -> Iterator[OutgoingMessage | FormatIssue]:
        if transaction is None or not transaction.is_sound:
            return
        if self.needs_item_2 and not transaction.item_2:
            yield error(transaction.record, "transaction", "an item 2 too")
            return
        yield self.message(**self.content(transaction))

    def content(self, transaction: _Transaction) -> dict:
        """The fields of the message."""
        number, day, amount, reference = records.CLAIM_ITEM_1_LAYOUT.cut(transaction.item_1)
        name, text = records.CLAIM_ITEM_2_LAYOUT.cut(transaction.item_2 or b" " * records.LENGTH)
        return {
            "record": transaction.record,
            "key": self.key_prefix + number.decode(),
            "account": self.account,
            "reference": reference.strip(b" ").decode(),
            "payer_name": printable(name),
            "amount": kroner(int(amount)),
            "currency": "NOK",
            "due_date": read_date(day),
            **self.notice(transaction, text),
        }

    def notice(self, transaction: _Transaction, text: bytes) -> dict:
        by_bank = transaction.item_1[records.TYPE] == records.NOTIFIED_BY_BANK.encode()
        return {
            "is_notified_by_bank": by_bank,
            "statement_text": printable(text),
            "lines": lines_of(transaction.cells) if by_bank else (),
        }

    def finish(self, record: int, line: bytes) -> Iterator[Message]:
        """The totals, and the first and last due date."""
        yield from super().finish(record, line)
        self.file.include_due_dates(self.due_dates)
        declared = self.end_layout.cut(line)[3:]
        for place, due_field in enumerate(self.end_layout.fields[3:]):
            counted = f"{self.due_dates[place]:%d%m%y}" if self.due_dates else "000000"
            if declared[place] != counted.encode():
                name = f"{self.scope}: {due_field.name}"
                yield RefusedError(record, name, printable(declared[place]), counted).issue


class WithdrawalAssignment(ClaimAssignment):
    """Withdrawals (assignment 21/36): of their records only the first one counts."""

    end = records.WITHDRAWALS_END
    types = (records.WITHDRAWAL.encode(),)
    message = CollectionWithdrawal
    needs_item_2 = False

    def kind(self, line: bytes) -> bytes:
        """As of claims; a text as it was sent with the claim is let by."""
        is_text = line.startswith(b"NY212149") or line.startswith(b"NY219349")
        return records.SPECIFICATION if is_text else super().kind(line)

    def go_on(self, transaction, kind, record, line):
        """The payer's name is read, nothing else."""
        place = records.TRANSACTION_NUMBER
        if line[place] != transaction.item_1[place]:
            expected = printable(transaction.item_1[place])
            yield error(record, "transaction number", expected, printable(line[place]))
        elif kind == records.ITEM_2:
            transaction.item_2 = line

    def notice(self, transaction, text):
        """Nothing: a withdrawal does not say how its claim was told."""
        return {}
