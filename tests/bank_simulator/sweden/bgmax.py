"""Writes BgMax: what reached a bankgiro number, deposit by deposit. Amounts are in öre."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from ..fixed_width import encode
from .records import day, line

PAYMENT, DEDUCTION = "20", "21"
NO_REFERENCE, VALID_OCR, TEXT = "0", "2", "3"


@dataclass(slots=True, kw_only=True)
class Payment:
    """One payment, or with kind ``21`` a credit note that was deducted.

    ``more`` are further references; ``continued`` is free text, which goes on where a
    reference of more than 25 characters ends.
    """

    amount: int
    serial: int
    kind: str = PAYMENT
    reference: str = ""
    code: str = NO_REFERENCE
    channel: str = "1"
    payer_bankgiro: str = ""
    more: tuple[str, ...] = ()
    continued: tuple[str, ...] = ()
    name: str = ""
    street: str = ""
    post_code: str = ""
    city: str = ""
    organisation: str = ""

    @property
    def signed(self) -> int:
        return -self.amount if self.kind == DEDUCTION else self.amount

    def records(self) -> Iterator[str]:
        yield self._payment(self.kind, self.reference, self.amount, self.code)
        for reference in self.more:
            yield self._payment("22", reference, 0, VALID_OCR)
        for text in self.continued:
            yield line(f"25{text:<50}")
        if self.name:
            yield line(f"26{self.name:<35}")
        if self.street:
            yield line(f"27{self.street:<35}{self.post_code:<9}")
            yield line(f"28{self.city:<35}")
        if self.organisation:
            yield line(f"29{self.organisation:0>12}")

    def _payment(self, kind, reference, amount, code):
        put = f"{reference:>25}" if code == VALID_OCR else f"{reference:<25}"
        deduction = "0" if kind == DEDUCTION else ""
        return line(
            f"{kind}{self.payer_bankgiro:0>10}{put}{amount:018d}{code}{self.channel}"
            f"{self.serial:012d}0{deduction}"
        )


@dataclass(slots=True, kw_only=True)
class Deposit:
    """What the bank put on the account in one sum."""

    bankgiro: str
    account: str
    paid_on: date
    serial: int
    payments: list[Payment]

    @property
    def amount(self) -> int:
        return sum(payment.signed for payment in self.payments)

    def records(self) -> Iterator[str]:
        yield line(f"05{self.bankgiro:0>10}{'':10}SEK")
        for payment in self.payments:
            yield from payment.records()
        yield line(
            f"15{self.account:0>35}{day(self.paid_on)}{self.serial:05d}{self.amount:018d}SEK"
            f"{len(self.payments):08d}"
        )


def file_of(deposits: Iterable[Deposit], made_at: datetime) -> bytes:
    """A whole file."""
    deposits = list(deposits)
    lines = [line(f"01{'BGMAX':<20}01{made_at:%Y%m%d%H%M%S%f}P")]
    for deposit in deposits:
        lines += deposit.records()
    payments = [payment for deposit in deposits for payment in deposit.payments]
    deductions = sum(payment.kind == DEDUCTION for payment in payments)
    more = sum(len(payment.more) for payment in payments)
    lines.append(
        line(f"70{len(payments) - deductions:08d}{deductions:08d}{more:08d}{len(deposits):08d}")
    )
    return encode(lines)
