"""Our own deliveries 0601 read back: collections (0112) and payment slips (0117)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...membership_billing_nordic.formats.fixed_width import printable
from ...membership_billing_nordic.formats.issues import error, warning
from ...membership_billing_nordic.formats.messages import (
    CollectionRequest,
    CreditTransfer,
    FormatIssue,
    Message,
    OutgoingMessage,
)
from . import records, records_0601
from .advice import MOST_LINES as MOST_TEXTS
from .checks import date_error, field_errors, kroner, read_date
from .numbers import NO_MANDATE, customer_number
from .sections import Section

_TEXTS = {records.TEXT: "lines", records.FORM_TEXT: "form_lines"}


@dataclass(slots=True)
class _Collection:
    """The records of one collection while they come."""

    record: int
    customer: bytes
    line: bytes = b""
    address: list[str] = field(default_factory=list)
    place: tuple[str, str] = ("", "")
    identity: str = ""
    lines: list[str] = field(default_factory=list)
    form_lines: list[str] = field(default_factory=list)
    is_sound: bool = True


class CollectionSection(Section):
    """Addresses (022), then the collection itself (042), then its texts (052, 062)."""

    group = records_0601.GROUP
    is_net = True

    def __init__(self, delivery, record: int, line: bytes, ordinal: int):
        super().__init__(delivery, record, line, ordinal)
        self.is_slip = self.code == records_0601.SLIPS
        self.collection_code = records_0601.COLLECTION_CODES[self.code]
        self.key_prefix = f"{delivery.supplier}:{self.name}:{self.agreement}:{self.code.decode()}:"
        self.collection: _Collection | None = None

    def record(self, record: int, line: bytes) -> Iterator[OutgoingMessage | Message]:
        """One record; a collection goes out when the next one begins."""
        kind, code = line[records.KIND], line[records.SECTION]
        customer = line[records_0601.CUSTOMER]
        expected = {
            records.ADDRESS: records_0601.ADDRESS_CODE,
            records.TRANSACTION: self.collection_code,
            records.TEXT: records_0601.TEXT_CODE,
            records.FORM_TEXT: b"" if self.is_slip else records_0601.TEXT_CODE,
        }.get(kind)
        number = line[records_0601.RECORD_NUMBER]
        if code != expected or line[:27] != self.head(kind, code, number) or not number.isdigit():
            self.spoil()
            yield self.stray(record, line, "a record of this section")
            return
        now = self.collection
        begins = kind not in _TEXTS and (now is None or bool(now.line) or now.customer != customer)
        if begins:
            yield from self.completed()
            self.collection = _Collection(record, customer)
        if kind == records.TRANSACTION:
            self.collection.line = line
            self.count(line)
        elif kind == records.ADDRESS:
            self.totals.addresses += 1
            yield from self.add_address(record, number, line)
        else:
            self.totals.texts += 1
            yield from self.add_text(record, number, line, customer)

    def count(self, line: bytes) -> None:
        _mandate, _due, sign, amount, *_rest = records_0601.COLLECTION_LAYOUT.cut(line)
        self.totals.transactions += 1
        if amount.isdigit() and sign != records_0601.NO_AMOUNT:
            ore = int(amount)
            self.totals.amount += -ore if sign == records_0601.PAID_OUT else ore
        self.totals.requested = abs(self.totals.amount)

    def add_address(self, record: int, number: bytes, line: bytes) -> Iterator[FormatIssue]:
        now = self.collection
        if number == records_0601.POSTCODE:
            now.place = tuple(map(printable, records_0601.POSTCODE_LAYOUT.cut(line)))
        elif number == records_0601.IDENTITY:
            (identity,) = records_0601.IDENTITY_LAYOUT.cut(line)
            now.identity = printable(identity) if identity.strip(b" 0") else ""
        elif int(number) == len(now.address) + 1 <= records_0601.MOST_LINES:
            now.address.append(printable(records_0601.LINE_LAYOUT.cut(line)[0]))
        else:
            expected = f"{len(now.address) + 1:05d}, 00009 or 00010"
            yield from self.fault(record, "record number", expected, number)

    def add_text(
        self, record: int, number: bytes, line: bytes, customer: bytes
    ) -> Iterator[FormatIssue]:
        now = self.collection
        if now is None or not now.line or now.customer != customer:
            yield from self.fault(record, "customer number", "that of the collection before", b"")
            return
        texts = getattr(now, _TEXTS[line[records.KIND]])
        if int(number) != len(texts) + 1 or len(texts) == MOST_TEXTS:
            expected = f"{len(texts) + 1:05d}, {MOST_TEXTS:05d} at most"
            yield from self.fault(record, "record number", expected, number)
            return
        texts.append(records_0601.TEXT_LAYOUT.cut(line)[0].decode("latin-1").rstrip())

    def fault(self, record: int, name: str, expected: str, found: bytes) -> Iterator[FormatIssue]:
        self.spoil()
        yield error(record, name, expected, printable(found))

    def spoil(self) -> None:
        if self.collection:
            self.collection.is_sound = False

    def finish(self, record: int, line: bytes) -> Iterator[OutgoingMessage | Message]:
        yield from self.completed()
        yield from super().finish(record, line)
        # The delivery adds up sums as they are written; a sender may add up with their signs.
        net = self.totals.amount
        self.totals.amount, self.totals.requested = abs(net), net

    def completed(self) -> Iterator[OutgoingMessage | Message]:
        """The collection that was read, if nothing in it is wrong."""
        now, self.collection = self.collection, None
        if now is None or not now.is_sound:
            return
        if not now.line:
            yield error(now.record, "record type", "a collection, BS042, after the address")
            return
        issues = list(self.faults(now))
        yield from issues
        if not issues:
            yield self.message(now)

    def faults(self, now: _Collection) -> Iterator[FormatIssue]:
        layout = records_0601.COLLECTION_LAYOUT
        yield from field_errors(layout, now.record, now.line)
        _mandate, due, sign, amount, *_rest = layout.cut(now.line)
        if due.isdigit() and not read_date(due):
            yield date_error(now.record, layout.fields[1], now.line)
        if not customer_number(now.customer.decode("latin-1")):
            yield error(now.record, "customer number", "a number")
        if sign == records_0601.NO_AMOUNT:
            action = "passed over: it asks for nothing"
            yield warning(now.record, "sign", "1, a collection, or 2, a disbursement", "0", action)
        elif amount.isdigit() and not int(amount):
            yield error(now.record, "amount", "more than 0", "0")

    def message(self, now: _Collection) -> OutgoingMessage:
        mandate, due, sign, amount, reference, payment_id = records_0601.COLLECTION_LAYOUT.cut(
            now.line
        )
        postcode, country = now.place
        facts = {
            "record": now.record,
            "key": f"{self.key_prefix}{self.totals.transactions}",
            "account": "",
            "agreement_number": self.agreement,
            "reference": printable(reference),
            "payer_number": customer_number(now.customer.decode("latin-1")),
            "payer_name": now.address[0] if now.address else "",
            "amount": kroner(int(amount)),
            "currency": "DKK",
            "due_date": read_date(due),
            "mandate_number": "" if mandate == NO_MANDATE.encode() else mandate.decode(),
            "payer_street": "\n".join(now.address[1:]),
            "payer_zip": "" if postcode == "0000" else postcode,
            "payer_country": country,
            "lines": tuple(now.lines),
        }
        if sign == records_0601.PAID_OUT:
            return CreditTransfer(**facts)
        return CollectionRequest(
            **facts,
            payer_identity=now.identity,
            is_notified_by_bank=not self.is_slip,
            is_form=self.is_slip,
            form_reference=printable(payment_id),
            form_lines=tuple(now.form_lines),
        )
