"""The assignments inside a Nets file: OCR giro, mandates, and those that are passed over.

Each class is given the numbered records that follow its start record (20), reads on to
its end record (88) and yields what it finds.
"""

from collections.abc import Iterator
from dataclasses import fields

from ...membership_billing_nordic.formats.drafts import drafting
from ...membership_billing_nordic.formats.fixed_width import printable
from ...membership_billing_nordic.formats.issues import RefusedError, error, warning
from ...membership_billing_nordic.formats.messages import (
    FormatIssue,
    MandateEvent,
    Message,
    PaymentReceived,
    PaymentReversed,
)
from . import kid, records
from .checks import (
    Totals,
    compare_totals,
    is_given,
    kroner,
    read_date,
    require_dates,
    require_sound,
)
from .records import TransactionType

READ_ALL_THE_SAME = "payment read all the same"
LEFT_EMPTY = "field left empty"

NumberedRecords = Iterator[tuple[int, bytes]]


class Assignment:
    """What all assignments have in common: their place, their frame and their totals."""

    end: bytes
    end_layout = records.OTHER_END_LAYOUT

    def __init__(self, file, record: int, ordinal: int):
        self.file = file
        self.first_record = record
        self.scope = f"assignment {ordinal}"
        self.totals = Totals()
        self.issues: list[FormatIssue] = []

    def is_end(self, record: int, line: bytes) -> bool:
        """Is this the end record? Raises RefusedError if it belongs to another frame."""
        identification = line[records.IDENTIFICATION]
        if identification == self.end:
            return True
        if line.startswith(b"NY") and line[records.RECORD_TYPE] in records.FRAME:
            expected = f"the end of {self.scope}, {self.end.decode()}"
            raise RefusedError(record, "record identification", expected, printable(identification))
        return False

    def finish(self, record: int, line: bytes) -> Iterator[Message]:
        require_sound(self.end_layout, record, line)
        require_dates(self.end_layout.fields[3:], record, line)
        transactions, size, amount = map(int, self.end_layout.cut(line)[:3])
        declared = Totals(transactions=transactions, records=size, amount=amount)
        self.totals.records = record - self.first_record + 1
        yield from compare_totals(record, self.scope, declared, self.totals)

    def truncated(self, record: int) -> RefusedError:
        expected = f"the end of {self.scope}, {self.end.decode()}"
        return RefusedError(record + 1, "record identification", expected, "the end of the file")

    def drain(self) -> Iterator[FormatIssue]:
        yield from self.issues
        self.issues.clear()


def unknown_record(record: int, line: bytes) -> FormatIssue:
    found = printable(line[records.IDENTIFICATION])
    return error(record, "record identification", "a record of this assignment", found)


class OcrAssignment(Assignment):
    """Payments into one account (OCR giro system specification, assignment 09/00)."""

    end = records.OCR_END
    end_layout = records.OCR_END_LAYOUT

    def __init__(self, file, record: int, line: bytes, ordinal: int):
        super().__init__(file, record, ordinal)
        require_sound(records.OCR_START_LAYOUT, record, line)
        agreement, number, account = map(bytes.decode, records.OCR_START_LAYOUT.cut(line))
        self.agreement = agreement
        self.account = account
        self.types = file.types
        self.deposits = file.deposits.of_account(account)
        self.key_prefix = file.key_prefix(account, number)
        self.highest_number = 0

    def read(self, following: NumberedRecords) -> Iterator[Message]:
        """Collect the records of each transaction; a payment goes out when it is whole."""
        record = self.first_record
        item_of = records.ITEMS.get
        begun, first, second, third = 0, b"", None, None
        for record, line in following:
            item = item_of(line[:8])
            # Of the same transaction are records with the same number and type.
            if item == 2 and line[8:15] == first[8:15] and line[4:6] == first[4:6] and not second:
                second = line
            elif item == 3 and line[8:15] == first[8:15] and line[4:6] == first[4:6] and not third:
                third = line
            elif item == 1 or (item is None and self.is_end(record, line)):
                if first:
                    payment = self.payment(begun, first, second, third)
                    if self.issues:
                        yield from self.drain()
                    if payment is not None:
                        yield payment
                if item is None:
                    yield from self.finish(record, line)
                    return
                begun, first, second, third = record, line, None, None
            else:
                yield _stray_record(record, line, item, first)
        raise self.truncated(record)

    def payment(
        self, record: int, first: bytes, second: bytes | None, third: bytes | None
    ) -> Message | None:
        """One payment from its records; None if a fault keeps it out."""
        number, bank_sum, sign, amount, reference, issuer = _cut_item_1(first)
        kind = self.types.get(first[4:6]) or self.unknown_type(record, first)
        ore = self.counted(record, amount, sign, kind)
        deposit = self.deposits.get(bank_sum)
        is_sound = deposit is not None and number.isdigit() and amount.isdigit()
        if not is_sound and self.has_faults(record, first):
            return None
        payment = _blank_payment()
        _fill_payment(
            payment,
            record=record,
            key=self.key(record, number),
            account=self.account,
            agreement_number=self.agreement,
            amount=kroner(ore),
            currency="NOK",
            bank_date=deposit.bank_date if deposit else read_date(bank_sum[:6]),
            bank_code=kind.code,
            method=kind.method,
            is_information=kind.is_information,
            reference=self.reference(record, reference),
        )
        if kind.is_information:
            payment.card_issuer = "" if issuer == _NO_ISSUER else printable(issuer)
        else:
            if deposit is None:
                deposit = self.file.deposits.open(self.account, self.agreement, bank_sum, record)
            deposit.ore += ore
            deposit.count += 1
            payment.deposit_key = deposit.key
        return self.completed(payment, kind, second, third)

    def completed(
        self, payment, kind: TransactionType, second: bytes | None, third: bytes | None
    ) -> Message:
        """The draft with what its further records say, as the message it is to be."""
        if second is not None:
            self.add_item_2(payment, second)
        else:
            expected = "an item 2 too"
            self.issues.append(
                warning(payment.record, "transaction", expected, "", READ_ALL_THE_SAME)
            )
        if third is not None:
            (text,) = records.ITEM_3_LAYOUT.cut(third)
            payment.text = printable(text)
        if kind.is_reversal:
            return _as_reversal(payment)
        payment.__class__ = PaymentReceived
        return payment

    def has_faults(self, record: int, first: bytes) -> bool:
        faults = list(_item_1_faults(record, first))
        self.issues += faults
        return bool(faults)

    def unknown_type(self, record: int, first: bytes) -> TransactionType:
        """A type the manual does not know: told once in a file and kept as ``other``."""
        code = first[records.TYPE]
        known = f"{min(records.KNOWN_TYPES).decode()} to {max(records.KNOWN_TYPES).decode()}"
        found = code.decode()
        self.issues.append(
            warning(record, "transaction type", known, found, 'payment read as "other"')
        )
        self.types[code] = TransactionType(found, "other")
        return self.types[code]

    def counted(self, record: int, amount: bytes, sign: bytes, kind: TransactionType) -> int:
        """The amount in øre with its sign, after adding it to the totals."""
        totals = self.totals
        totals.transactions += 1
        ore = int(amount) if amount.isdigit() else 0
        totals.gross += ore
        if sign == b"-":
            ore = ore if kind.is_reversal else -ore
        elif sign != b"0":
            found = printable(sign)
            self.issues.append(warning(record, "sign", "0 or -", found, "read as 0"))
        totals.amount += ore
        return ore

    def key(self, record: int, number: bytes) -> str:
        """Unique in the file: a number that does not rise is told apart by its place."""
        serial = int(number)
        if serial > self.highest_number:
            self.highest_number = serial
            return self.key_prefix + number.decode()
        expected = f"more than {self.highest_number}"
        found = printable(number)
        self.issues.append(
            warning(record, "transaction number", expected, found, READ_ALL_THE_SAME)
        )
        return f"{self.key_prefix}{found}@{self.totals.transactions}"

    def reference(self, record: int, raw: bytes) -> str:
        reference = raw.strip(b" ")
        if reference and not kid.is_readable(reference):
            found = printable(reference)
            self.issues.append(warning(record, "KID", kid.ALPHABET, found, READ_ALL_THE_SAME))
            return found
        return reference.decode()

    def add_item_2(self, payment, line: bytes) -> None:
        """Where the payment came from. The record follows the payment's first one."""
        form, archive, day, account = _cut_item_2(line)
        if form != _NO_FORM:
            payment.form_number = printable(form)
        if archive != _NO_ARCHIVE:
            payment.bank_reference = archive.decode() if archive.isdigit() else printable(archive)
        payment.order_date = read_date(day)
        if payment.order_date is None and is_given(day):
            found = printable(day)
            expected = "a date DDMMYY"
            self.issues.append(
                warning(payment.record + 1, "order date", expected, found, LEFT_EMPTY)
            )
        if account.isdigit():
            payment.payer_account = "" if account == _NO_ACCOUNT else account.decode()
        elif account.strip():
            self.issues.append(
                warning(payment.record + 1, "debit account", "11 digits", "", LEFT_EMPTY)
            )


_cut_item_1 = records.ITEM_1_LAYOUT.cut
_cut_item_2 = records.ITEM_2_LAYOUT.cut
_blank_payment, _fill_payment = drafting(PaymentReceived)
_NO_ISSUER = b"0" * 2
_NO_FORM = b"0" * 10
_NO_ARCHIVE = b"0" * 9
_NO_ACCOUNT = b"0" * 11
_PAYMENT_FIELDS = tuple(each.name for each in fields(PaymentReceived))


def _as_reversal(payment) -> PaymentReversed:
    return PaymentReversed(**{name: getattr(payment, name) for name in _PAYMENT_FIELDS})


def _stray_record(record: int, line: bytes, item: int | None, first: bytes) -> FormatIssue:
    if item is None:
        return unknown_record(record, line)
    if line[8:15] == first[8:15] and line[4:6] == first[4:6]:
        return error(record, "record identification", f"one item {item} per transaction")
    begun = printable(first[8:15]) or "an item 1 before"
    return error(record, "transaction number", begun, printable(line[8:15]))


def _item_1_faults(record: int, line: bytes) -> Iterator[FormatIssue]:
    for field in records.BANK_SUM_LAYOUT.fields + records.ITEM_1_LAYOUT.fields:
        if field.name != "bank sum" and not field.is_sound(line):
            yield error(record, field.name, "digits", field.quote(line))
        elif field.name == "settlement date" and read_date(line[field.span]) is None:
            yield error(record, field.name, "a date DDMMYY", field.quote(line))


class MandateAssignment(Assignment):
    """What payers agreed with their banks (AvtaleGiro system specification, assignment 21/24)."""

    end = records.MANDATES_END

    def __init__(self, file, record: int, line: bytes, ordinal: int):
        super().__init__(file, record, ordinal)
        require_sound(records.MANDATES_START_LAYOUT, record, line)
        _number, account = records.MANDATES_START_LAYOUT.cut(line)
        self.account = account.decode()

    def read(self, following: NumberedRecords) -> Iterator[Message]:
        record = self.first_record
        for record, line in following:
            if line[records.IDENTIFICATION] == records.MANDATE:
                self.totals.transactions += 1
                yield from self.mandate(record, line)
            elif self.is_end(record, line):
                yield from self.finish(record, line)
                return
            else:
                yield unknown_record(record, line)
        raise self.truncated(record)

    def mandate(self, record: int, line: bytes) -> Iterator[Message]:
        registration, raw_reference, notice = records.MANDATE_LAYOUT.cut(line)
        event = records.MANDATE_EVENTS.get(registration)
        reference = raw_reference.strip(b" ")
        if event is None:
            yield error(record, "registration type", "0, 1 or 2", printable(registration))
            return
        if not kid.is_readable(reference):
            yield error(record, "KID", kid.ALPHABET, printable(reference))
            return
        if notice not in records.WRITTEN_NOTICE:
            yield warning(record, "written notice", "J or N", printable(notice), LEFT_EMPTY)
        yield MandateEvent(
            record=record,
            event=event,
            account=self.account,
            reference=reference.decode(),
            written_notice=records.WRITTEN_NOTICE.get(notice),
            bank_code=registration.decode(),
        )


class OtherAssignment(Assignment):
    """Legacy eFaktura or a service that is not known: counted, not read."""

    def __init__(self, file, record: int, line: bytes, ordinal: int):
        super().__init__(file, record, ordinal)
        self.end = line[:6] + records.ASSIGNMENT_END
        self.service_and_type = f"{line[2:4].decode()}/{line[4:6].decode()}"

    def read(self, following: NumberedRecords) -> Iterator[Message]:
        record = self.first_record
        expected = "OCR giro (09/00), mandates (21/24), claims (21/00) or withdrawals (21/36)"
        found = self.service_and_type
        action = "assignment passed over"
        if found.startswith("42/"):
            action = "assignment of eFaktura (legacy) passed over"
        yield warning(record, "assignment", expected, found, action)
        last_number = None
        for record, line in following:
            if self.is_end(record, line):
                yield from self.finish(record, line)
                return
            # A transaction is a run of records with the same number.
            number = line[records.TRANSACTION_NUMBER]
            if number != last_number:
                self.totals.transactions += 1
                last_number = number
            amount = line[records.CLAIM_AMOUNT]
            if line[records.RECORD_TYPE] == records.ITEM_1 and amount.isdigit():
                self.totals.amount += int(amount)
                self.totals.gross += int(amount)
        raise self.truncated(record)
