"""The assignments inside a Nets file: OCR giro, mandates, and those that are passed over.

Each class reads the records from its start record (20) to its end record (88). Its
``handlers`` tell by a record's identification which method reads it; ``unexpected``
gets the rest. What it finds goes to ``file.out``.
"""

from ...membership_billing_nordic.formats.fixed_width import printable
from ...membership_billing_nordic.formats.messages import (
    MandateEvent,
    PaymentReceived,
    PaymentReversed,
)
from . import kid, records
from .checks import (
    Refused,
    Totals,
    compare_totals,
    error,
    is_given,
    kroner,
    read_date,
    require_dates,
    require_sound,
    warning,
)

READ_ALL_THE_SAME = "payment read all the same"
LEFT_EMPTY = "field left empty"


class Assignment:
    """What all assignments have in common: their place, their frame and their totals."""

    end: bytes
    end_layout = records.OTHER_END_LAYOUT
    handlers = {}

    def __init__(self, file, record: int, ordinal: int):
        self.file = file
        self.out = file.out
        self.first_record = record
        self.scope = f"assignment {ordinal}"
        self.totals = Totals()

    def unexpected(self, record: int, line: bytes) -> None:
        """A record that has no handler: the end, a broken frame or an unknown record."""
        if line[records.IDENTIFICATION] == self.end:
            self.finish(record, line)
        elif line.startswith(b"NY") and line[records.RECORD_TYPE] in records.FRAME:
            raise Refused(
                record,
                "record identification",
                f"the end of {self.scope}, {self.end.decode()}",
                printable(line[records.IDENTIFICATION]),
            )
        else:
            self.other_record(record, line)

    def other_record(self, record: int, line: bytes) -> None:
        found = printable(line[records.IDENTIFICATION])
        self.out.append(error(record, "record identification", "a record known here", found))

    def finish(self, record: int, line: bytes) -> None:
        require_sound(self.end_layout, record, line)
        require_dates(self.end_layout.fields[3:], record, line)
        transactions, size, amount = map(int, self.end_layout.cut(line)[:3])
        declared = Totals(transactions=transactions, records=size, amount=amount)
        self.totals.records = record - self.first_record + 1
        self.out.extend(compare_totals(record, self.scope, declared, self.totals))
        self.file.assignment_ended(self.totals)


class OcrAssignment(Assignment):
    """Payments into one account (no_nets.md, sections 3.2 to 3.6)."""

    end = records.OCR_END
    end_layout = records.OCR_END_LAYOUT

    def __init__(self, file, record: int, line: bytes, ordinal: int):
        super().__init__(file, record, ordinal)
        require_sound(records.OCR_START_LAYOUT, record, line)
        agreement, number, account = map(bytes.decode, records.OCR_START_LAYOUT.cut(line))
        self.agreement = agreement
        self.account = account
        self.key_prefix = file.key_prefix(account, number)
        self.highest_number = 0
        self.identity = b""
        self.payment = None

    def item_1(self, record: int, line: bytes) -> None:
        """The payment itself. What a fault keeps out still counts in the totals."""
        if self.payment is not None:
            self.flush()
        self.totals.transactions += 1
        self.identity = line[4:6] + line[8:15]
        layout = records.ITEM_1_LAYOUT
        number, day, _, _, _, _, sign, amount, reference, issuer = layout.cut(line)
        kind = self.file.transaction_type(record, self.identity[:2])
        ore = self.counted_amount(amount, sign == b"-" and not kind.is_reversal)
        bank_date = read_date(day)
        if bank_date is None or not layout.is_sound(line):
            self.out.extend(_item_1_faults(record, line))
            return
        if sign not in b"0-":
            self.out.append(
                warning(record, "sign", "0 or -", printable(sign), "read as 0; the sum decides")
            )
        self.payment = {
            "record": record,
            "key": self.key(record, number),
            "deposit_key": "",
            "account": self.account,
            "agreement_number": self.agreement,
            "amount": kroner(ore),
            "currency": "NOK",
            "bank_date": bank_date,
            "bank_code": kind.code,
            "method": kind.method,
            "is_information": kind.is_information,
            "reference": self.reference(record, reference),
        }
        self.is_reversal = kind.is_reversal
        self.has_item_2 = False
        if kind.is_information:
            self.payment["card_issuer"] = _unless_zero(issuer)
        else:
            self.payment["deposit_key"] = self.file.deposits.add(
                self.account, self.agreement, line[records.BANK_SUM], record, ore
            )

    def counted_amount(self, amount: bytes, is_deduction: bool) -> int:
        """The amount in øre, signed, after adding it to the totals."""
        if not amount.isdigit():
            return 0
        ore = int(amount)
        totals = self.totals
        totals.gross += ore
        if is_deduction:
            ore = -ore
        totals.amount += ore
        return ore

    def key(self, record: int, number: bytes) -> str:
        """Unique in the file: a number that does not rise is told apart by its place."""
        serial = int(number)
        if serial > self.highest_number:
            self.highest_number = serial
            return self.key_prefix + number.decode()
        expected = f"more than {self.highest_number}"
        self.out.append(
            warning(record, "transaction number", expected, printable(number), READ_ALL_THE_SAME)
        )
        return f"{self.key_prefix}{number.decode()}@{self.totals.transactions}"

    def reference(self, record: int, raw: bytes) -> str:
        reference = raw.strip(b" ")
        if reference and not kid.is_readable(reference):
            found = printable(reference)
            self.out.append(warning(record, "KID", kid.ALPHABET, found, READ_ALL_THE_SAME))
        return reference.decode("latin-1")

    def item_2(self, record: int, line: bytes) -> None:
        """Where the payment came from."""
        if not self.belongs_to_payment(record, line):
            return
        if self.has_item_2:
            self.out.append(error(record, "record identification", "one item 2 per transaction"))
            return
        self.has_item_2 = True
        form, archive, day, account = records.ITEM_2_LAYOUT.cut(line)
        payment = self.payment
        payment["form_number"] = _unless_zero(form)
        payment["bank_reference"] = _unless_zero(archive)
        payment["order_date"] = read_date(day)
        if payment["order_date"] is None and is_given(day):
            found = printable(day)
            self.out.append(warning(record, "order date", "a date DDMMYY", found, LEFT_EMPTY))
        payer_account = _unless_zero(account)
        if not payer_account or account.isdigit():
            payment["payer_account"] = payer_account
        else:
            self.out.append(warning(record, "debit account", "11 digits", "", LEFT_EMPTY))

    def item_3(self, record: int, line: bytes) -> None:
        """What the payer wrote."""
        if self.belongs_to_payment(record, line):
            (text,) = records.ITEM_3_LAYOUT.cut(line)
            before = self.payment.get("text", "")
            self.payment["text"] = f"{before} {text.decode('latin-1').strip()}".strip()

    def belongs_to_payment(self, record: int, line: bytes) -> bool:
        """Is it of the transaction last begun, and is that one used?"""
        identity = line[4:6] + line[8:15]
        if identity == self.identity:
            return self.payment is not None
        begun = printable(self.identity[2:]) or "an item 1 before"
        self.out.append(
            error(record, "transaction number", begun, printable(line[records.TRANSACTION_NUMBER]))
        )
        return False

    def flush(self) -> None:
        """Nothing more belongs to the pending payment: it goes out."""
        payment, self.payment = self.payment, None
        message = PaymentReversed if self.is_reversal else PaymentReceived
        self.out.append(message(**payment))
        if not self.has_item_2:
            field = "record identification"
            found = "none"
            self.out.append(
                warning(payment["record"], field, "an item 2 too", found, READ_ALL_THE_SAME)
            )

    def finish(self, record: int, line: bytes) -> None:
        if self.payment is not None:
            self.flush()
        super().finish(record, line)


_CODES = [b"%02d" % code for code in range(100)]
OcrAssignment.handlers = {
    records.OCR_SERVICE + code + record_type: handler
    for record_type, handler in (
        (records.ITEM_1, OcrAssignment.item_1),
        (records.ITEM_2, OcrAssignment.item_2),
        (records.ITEM_3, OcrAssignment.item_3),
    )
    for code in _CODES
}


def _item_1_faults(record: int, line: bytes):
    layout = records.ITEM_1_LAYOUT
    faulty = {field.name: field for field in layout.faults(line)}
    for field in layout.fields:
        if field.name in faulty:
            yield error(record, field.name, "digits", field.quote(line))
        elif field.name == "settlement date" and read_date(line[field.span]) is None:
            yield error(record, field.name, "a date DDMMYY", field.quote(line))


def _unless_zero(raw: bytes) -> str:
    """The field as text, empty if it holds nothing but zeros and blanks."""
    return raw.decode("latin-1").strip() if raw.strip(b"0 ") else ""


class MandateAssignment(Assignment):
    """What payers agreed with their banks (no_nets.md, section 3.11)."""

    end = records.MANDATES_END

    def __init__(self, file, record: int, line: bytes, ordinal: int):
        super().__init__(file, record, ordinal)
        require_sound(records.MANDATES_START_LAYOUT, record, line)
        _number, account = records.MANDATES_START_LAYOUT.cut(line)
        self.account = account.decode()

    def mandate(self, record: int, line: bytes) -> None:
        self.totals.transactions += 1
        registration, raw_reference, notice = records.MANDATE_LAYOUT.cut(line)
        event = records.MANDATE_EVENTS.get(registration)
        reference = raw_reference.strip(b" ")
        if event is None:
            found = printable(registration)
            self.out.append(error(record, "registration type", "0, 1 or 2", found))
        elif not kid.is_readable(reference):
            self.out.append(error(record, "KID", kid.ALPHABET, printable(reference)))
        else:
            if notice not in records.WRITTEN_NOTICE:
                found = printable(notice)
                self.out.append(warning(record, "written notice", "J or N", found, LEFT_EMPTY))
            self.out.append(
                MandateEvent(
                    record=record,
                    event=event,
                    account=self.account,
                    reference=reference.decode(),
                    written_notice=records.WRITTEN_NOTICE.get(notice),
                    bank_code=registration.decode(),
                )
            )


MandateAssignment.handlers = {records.MANDATE: MandateAssignment.mandate}


class OtherAssignment(Assignment):
    """Our own claims and deletions come back, or legacy eFaktura: counted, not read."""

    def __init__(self, file, record: int, line: bytes, ordinal: int):
        super().__init__(file, record, ordinal)
        self.end = line[:6] + records.ASSIGNMENT_END
        self.last_number = b""
        service_and_type = f"{line[2:4].decode()}/{line[4:6].decode()}"
        self.out.append(
            warning(
                record,
                "assignment",
                "OCR giro (09/00) or mandates (21/24)",
                service_and_type,
                "assignment passed over",
            )
        )

    def other_record(self, _record: int, line: bytes) -> None:
        """A transaction is a run of records with one transaction number."""
        number = line[records.TRANSACTION_NUMBER]
        if number != self.last_number:
            self.totals.transactions += 1
            self.last_number = number
        amount = line[records.CLAIM_AMOUNT]
        if line[records.RECORD_TYPE] == records.ITEM_1 and amount.isdigit():
            self.totals.amount += int(amount)
            self.totals.gross += int(amount)
