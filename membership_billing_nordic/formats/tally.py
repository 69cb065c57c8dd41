"""Counts what a file says while its messages go by."""

from collections import Counter
from decimal import Decimal

from .messages import (
    ERROR,
    REFUSAL,
    WARNING,
    ControlTotal,
    Deposit,
    FileReceipt,
    FormatIssue,
    MandateEvent,
    Message,
    PaymentReceived,
    PaymentReversed,
    RequestEvent,
    Transmission,
)

_REQUESTS = (RequestEvent, FileReceipt)


class Tally:
    """Sums in the currency's major unit; ``payments_sum`` has reversals deducted.

    ``mandates`` counts mandate records; ``requests`` those that answer a request of ours.
    """

    def __init__(self):
        self.payments_sum = Decimal("0.00")
        self.deposits_sum = Decimal("0.00")
        self.control_totals: list[ControlTotal] = []
        self.transmission: Transmission | None = None
        self._counts = Counter()
        self._severities = Counter()

    def add(self, message: Message) -> None:
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
