"""Counts what a file says while its messages go by."""

from collections import Counter
from datetime import date
from decimal import Decimal

from .messages import (
    ERROR,
    REFUSAL,
    WARNING,
    AccountTransfer,
    CollectionRequest,
    CollectionWithdrawal,
    ControlTotal,
    Deposit,
    FileReceipt,
    FormatIssue,
    MandateEvent,
    Message,
    OutgoingMessage,
    PaymentReceived,
    PaymentReversed,
    RequestEvent,
    TransferStatus,
    Transmission,
)

_REQUESTS = (RequestEvent, FileReceipt, TransferStatus)


class Tally:
    """Sums in the currency's major unit; ``payments_sum`` has reversals deducted.

    ``mandates`` counts mandate records; ``requests`` those that answer a request of ours.
    Of files of ours ``claims``, ``withdrawals`` and ``transfers`` count what they ask for, with
    their sums and the due dates of all.
    """

    def __init__(self):
        self.payments_sum = Decimal("0.00")
        self.deposits_sum = Decimal("0.00")
        self.claims_sum = Decimal("0.00")
        self.withdrawals_sum = Decimal("0.00")
        self.transfers_sum = Decimal("0.00")
        self.first_due: date | None = None
        self.last_due: date | None = None
        self.control_totals: list[ControlTotal] = []
        self.transmission: Transmission | None = None
        self._counts = Counter()
        self._severities = Counter()

    def add(self, message: Message | OutgoingMessage) -> None:
        kind = type(message)
        self._counts[kind] += 1
        if kind is PaymentReceived:
            self.payments_sum += message.amount
        elif kind is PaymentReversed:
            self.payments_sum -= message.amount
        elif kind is Deposit:
            self.deposits_sum += message.amount
        elif kind is FormatIssue:
            self._severities[message.severity] += 1
        elif kind is ControlTotal:
            self.control_totals.append(message)
        elif kind is Transmission:
            self.transmission = message
        elif kind is CollectionRequest:
            self.claims_sum += message.amount
            self._add_due_date(message.due_date)
        elif kind is CollectionWithdrawal:
            self.withdrawals_sum += message.amount
            self._add_due_date(message.due_date)
        elif kind is AccountTransfer:
            self.transfers_sum += message.amount
            self._add_due_date(message.due_date)

    def _add_due_date(self, day: date) -> None:
        self.first_due = min(self.first_due or day, day)
        self.last_due = max(self.last_due or day, day)

    @property
    def payments(self) -> int:
        return self._counts[PaymentReceived] + self._counts[PaymentReversed]

    @property
    def deposits(self) -> int:
        return self._counts[Deposit]

    @property
    def mandates(self) -> int:
        return self._counts[MandateEvent]

    @property
    def requests(self) -> int:
        return sum(self._counts[kind] for kind in _REQUESTS)

    @property
    def claims(self) -> int:
        return self._counts[CollectionRequest]

    @property
    def withdrawals(self) -> int:
        return self._counts[CollectionWithdrawal]

    @property
    def transfers(self) -> int:
        return self._counts[AccountTransfer]

    @property
    def issues(self) -> int:
        return self._counts[FormatIssue]

    @property
    def warnings(self) -> int:
        return self._severities[WARNING]

    @property
    def errors(self) -> int:
        return self._severities[ERROR]

    @property
    def refused(self) -> bool:
        return self._severities[REFUSAL] > 0
