"""Writes the files Nets sends an association: OCR giro and AvtaleGiro mandates.

Positions are those of Nets' system specifications; every amount is in øre.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from .fixed_width import encode, fixed

NETS = "00008080"
REVERSALS = ("18", "20")
INFORMATION = ("18", "19", "20", "21")
FREE_TEXT = ("20", "21")


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One payment. ``bank_sum`` is (centre, part settlement, serial number)."""

    kind: str = "10"
    settled_on: date
    amount: int
    kid: str = ""
    sign: str = "0"
    bank_sum: tuple[int, int, int] = (1, 1, 1)
    form_number: str = ""
    archive_reference: str = ""
    ordered_on: date | None = None
    debit_account: str = ""
    text: str = ""
    card_issuer: str = "00"

    @property
    def counted(self) -> int:
        """What it adds to the control sums."""
        return -self.amount if self.sign == "-" and self.kind not in REVERSALS else self.amount

    @property
    def size(self) -> int:
        """How many records it takes."""
        return 3 if self.kind in FREE_TEXT else 2


@dataclass(slots=True, kw_only=True)
class Payments:
    """An OCR giro assignment (09/00)."""

    account: str
    transactions: list[Transaction]
    agreement: str = "001234567"
    number: int = 1

    @property
    def totals(self) -> tuple[int, int, int]:
        """Transactions, records with start and end, sum."""
        lines = self.transactions
        return len(lines), 2 + sum(x.size for x in lines), sum(x.counted for x in lines)

    def records(self) -> Iterator[str]:
        yield _line(f"NY090020{self.agreement:0>9}{self.number:07d}{self.account}")
        for serial, transaction in enumerate(self.transactions, 1):
            yield from transaction_records(serial, transaction)
        days = sorted(transaction.settled_on for transaction in self.transactions)
        first, last = (days[0], days[-1]) if days else (None, None)
        yield _line(f"NY090088{_counts(self.totals)}{_day(last)}{_day(first)}{_day(last)}")


@dataclass(slots=True)
class MandateNotice:
    """``registration``: 0 row of a full list, 1 new or changed, 2 deleted."""

    registration: str
    kid: str
    written_notice: bool = False


@dataclass(slots=True, kw_only=True)
class Mandates:
    """A mandate assignment (21/24)."""

    account: str
    notices: list[MandateNotice]
    number: int = 1

    @property
    def totals(self) -> tuple[int, int, int]:
        return len(self.notices), 2 + len(self.notices), 0

    def records(self) -> Iterator[str]:
        yield _line(f"NY212420{'':0<9}{self.number:07d}{self.account}")
        for serial, notice in enumerate(self.notices, 1):
            written = "J" if notice.written_notice else "N"
            yield _line(f"NY219470{serial:07d}{notice.registration}{notice.kid:>25}{written}")
        yield _line(f"NY212488{_counts(self.totals)}")


def transaction_records(serial: int, transaction: Transaction) -> Iterator[str]:
    """Amount item 1, 2 and, for free text, 3."""
    this, kind = transaction, transaction.kind
    centre, part, in_part = (0, 0, 0) if kind in INFORMATION else this.bank_sum
    yield _line(
        f"NY09{kind}30{serial:07d}{_day(this.settled_on)}{centre:02d}{this.settled_on.day:02d}"
        f"{part}{in_part:05d}{this.sign}{this.amount:017d}{this.kid:>25}{this.card_issuer}"
    )
    yield _line(
        f"NY09{kind}31{serial:07d}{this.form_number:0>10}{this.archive_reference:0>9}{'':0<7}"
        f"{_day(this.ordered_on)}{this.debit_account:0>11}"
    )
    if kind in FREE_TEXT:
        yield _line(f"NY09{kind}32{serial:07d}{this.text:<40}")


def transmission(
    assignments: Iterable[Payments | Mandates],
    *,
    number: int,
    recipient: str,
    made_on: date | None = None,
) -> Iterator[str]:
    """The records of one file; without a date as Nets does for mandates alone."""
    yield _line(f"NY000010{NETS}{number:07d}{recipient}")
    transactions, records, amount = 0, 2, 0
    for assignment in assignments:
        yield from assignment.records()
        more_transactions, more_records, more_amount = assignment.totals
        transactions += more_transactions
        records += more_records
        amount += more_amount
    yield _line(f"NY000089{_counts((transactions, records, amount))}{_day(made_on)}")


def file_of(assignments: Iterable[Payments | Mandates], **options) -> bytes:
    """The bytes of one file, CR LF after every record; options as of `transmission`."""
    return encode(transmission(assignments, **options))


def _line(text: str) -> str:
    return fixed(text, 80, filler="0")


def _counts(totals: tuple[int, int, int]) -> str:
    transactions, records, amount = totals
    return f"{transactions:08d}{records:08d}{amount:017d}"


def _day(day: date | None) -> str:
    return f"{day:%d%m%y}" if day else "000000"
