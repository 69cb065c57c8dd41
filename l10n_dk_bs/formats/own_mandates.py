"""Our own deliveries 0605 read back: mandates that are requested, changed or cancelled."""

from collections.abc import Iterator

from ...membership_billing_nordic.formats.fixed_width import printable
from ...membership_billing_nordic.formats.issues import error
from ...membership_billing_nordic.formats.messages import (
    FormatIssue,
    MandateCancellation,
    MandateChange,
    MandateRequest,
    Message,
    OutgoingMessage,
)
from . import records, records_0605
from .checks import field_errors
from .numbers import NO_MANDATE, agreement_number, customer_number
from .sections import Section


class RequestSection(Section):
    """Requests of one kind. The debtor group stands in each of them."""

    group = None
    end_layout = records_0605.SECTION_END_LAYOUT

    def record(self, record: int, line: bytes) -> Iterator[OutgoingMessage | Message]:
        """One request."""
        code = records_0605.CODES[self.code]
        if line.startswith(records.TRANSACTION):
            self.totals.transactions += 1
        if line[:20] != self.head(records.TRANSACTION, code, b"000"):
            yield self.stray(record, line, f"BS042 with {code.decode()}")
            return
        faults = list(self.faults(record, line))
        yield from faults
        if not faults:
            yield self.message(record, line)

    def faults(self, record: int, line: bytes) -> Iterator[FormatIssue]:
        yield from field_errors(records_0605.REQUEST_LAYOUT, record, line)
        _group, customer, mandate = records_0605.REQUEST_LAYOUT.cut(line)
        if not customer_number(customer.decode("latin-1")):
            yield error(record, "customer number", "a number")
        if self.code == records_0605.REGISTRATIONS:
            yield from field_errors(records_0605.ACCOUNT_LAYOUT, record, line)
        elif mandate == NO_MANDATE.encode():
            yield error(record, "mandate number", "a number", printable(mandate))

    def message(self, record: int, line: bytes) -> OutgoingMessage:
        """The request, without the payer's personal number."""
        group, customer, mandate = (
            raw.decode("latin-1") for raw in records_0605.REQUEST_LAYOUT.cut(line)
        )
        facts = {
            "record": record,
            "key": f"{self.delivery.supplier}:{self.name}:{self.code.decode()}:{self.totals.transactions}",
            "account": "",
            "agreement_number": agreement_number(self.creditor.decode(), group),
            "payer_number": customer_number(customer),
        }
        if self.code == records_0605.REGISTRATIONS:
            _identity, bank, account = records_0605.ACCOUNT_LAYOUT.cut(line)
            return MandateRequest(**facts, payer_account=(bank + account).decode())
        if self.code == records_0605.CANCELLATIONS:
            return MandateCancellation(**facts, mandate_number=mandate)
        (number,) = records_0605.NEW_NUMBER_LAYOUT.cut(line)
        return MandateChange(
            **facts,
            mandate_number=mandate,
            new_payer_number=customer_number(number.decode("latin-1")),
        )
