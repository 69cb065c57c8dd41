"""Writes Autogiro's reports in the new layout. Positions are Bankgirot's; amounts are in öre."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

from ..fixed_width import encode
from .records import day, line

DEBIT, CREDIT = "82", "32"
PAID, NO_COVER, CLOSED, RETRIED = "0", "1", "2", "9"
ACCEPTED, ENDED_BY_PAYER = ("04", "32"), ("46", "02")
CANCELLED_BY_PAYEE, WRONG_ACCOUNT = ("03", "33"), ("42", "05")


@dataclass(slots=True, kw_only=True)
class Debit:
    """A debit (82) or credit (32) as it ended; ``comment`` in the list of rejected ones."""

    kind: str = "82"
    paid_on: date
    payer: str
    amount: int
    reference: str
    status: str = PAID
    comment: str = ""


@dataclass(slots=True, kw_only=True)
class Refund:
    """A debit that was paid back to the payer (77)."""

    debit: Debit
    refunded_on: date
    code: str = "02"


@dataclass(slots=True, kw_only=True)
class Advice:
    """What became of a mandate (73)."""

    payer: str
    code: tuple[str, str]
    on: date
    account: str = ""
    identity: str = ""


@dataclass(slots=True, kw_only=True)
class Dropped:
    """An order that was cancelled or changed (03, 11, 23 to 29)."""

    kind: str
    debit: Debit
    comment: str = "12"
    new_date: date | None = None


@dataclass(slots=True, kw_only=True)
class SignUp:
    """A mandate a payer made in the internet bank (52 to 56)."""

    payer: str
    account: str
    identity: str
    name: str
    street: str = ""
    post_code: str = "00000"
    city: str = ""
    text: str = ""


@dataclass(slots=True, kw_only=True)
class Payee:
    """Whom the reports are for. ``account``: clearing and account, 16 digits."""

    customer: str
    bankgiro: str
    account: str

    def opening(self, content: str, made: str) -> str:
        return line(f"01{'AUTOGIRO':<22}{made:<20}{content:<20}{self.customer}{self.bankgiro:0>10}")


def specification(
    payee: Payee, debits: list[Debit], refunds: list[Refund], serial: int, made_at: datetime
) -> bytes:
    """Debits and credits that were made or stopped, and refunds, with the sums on the account.

    Serial numbers of sums begin with ``serial``.
    """
    lines = [payee.opening("BET. SPEC & STOPP TK", f"{made_at:%Y%m%d%H%M%S%f}")]
    numbers, counts = count(serial), ""
    for sum_kind, kind in (("15", DEBIT), ("16", CREDIT)):
        own = [debit for debit in debits if debit.kind == kind]
        lines += _of_kind(payee, sum_kind, own, numbers)
        paid = [debit for debit in own if debit.status == PAID]
        counts += f"{len({debit.paid_on for debit in paid}):06d}{len(paid):012d}"
    for refund in refunds:
        lines.append(_sum("17", payee, refund.refunded_on, next(numbers), [refund.debit]))
        lines.append(_refund(payee, refund))
    counts += f"{len(refunds):06d}{len(refunds):012d}"
    return encode([*lines, line(f"09{made_at:%Y%m%d}9900{counts}")])


def _of_kind(payee, sum_kind, debits, numbers) -> Iterator[str]:
    """Day by day the sum of what was approved, then each."""
    for on in sorted({debit.paid_on for debit in debits}):
        own = [debit for debit in debits if debit.paid_on == on]
        approved = [debit for debit in own if debit.status == PAID]
        yield _sum(sum_kind, payee, on, next(numbers) if approved else 0, approved)
        for debit in sorted(own, key=lambda one: one.payer):
            yield _debit(payee, debit)


def _sum(kind, payee, on, number, debits) -> str:
    amount = _total(debits)
    account = f"{payee.account:0>35}"
    return line(f"{kind}{account}{day(on)}{number:05d}{amount:018d}   {len(debits):08d}")


def _debit(payee, debit) -> str:
    return line(
        f"{debit.kind}{day(debit.paid_on)}0    {debit.payer:0>16}{debit.amount:012d}"
        f"{payee.bankgiro:0>10}{debit.reference:<16}{'':10}{debit.status}"
    )


def _refund(payee, refund) -> str:
    debit = refund.debit
    return line(
        f"77{day(debit.paid_on)}0    {debit.payer:0>16}{debit.amount:012d}{payee.bankgiro:0>10}"
        f"{debit.reference:<16}{day(refund.refunded_on)}{refund.code}"
    )


def advice(payee: Payee, notices: Iterable[Advice], made_on: date) -> bytes:
    """What became of mandates."""
    records = [
        line(
            f"73{payee.bankgiro:0>10}{one.payer:0>16}{one.account:16}{one.identity:12}{'':5}"
            f"{''.join(one.code)}{day(one.on)}"
        )
        for one in notices
    ]
    opening = payee.opening("AG-MEDAVI", day(made_on))
    return encode([opening, *records, line(f"09{day(made_on)}9900{len(records):07d}")])


def rejected(payee: Payee, debits: Iterable[Debit], made_on: date) -> bytes:
    """Orders that were not taken, each with a comment."""
    debits = list(debits)
    records = [
        line(
            f"{one.kind}{day(one.paid_on)}0   {one.payer:0>16}{one.amount:012d}"
            f"{one.reference:<16}{one.comment}"
        )
        for one in debits
    ]
    ends = "".join(
        f"{len(own):06d}{sum(one.amount for one in own):012d}"
        for own in ([one for one in debits if one.kind == kind] for kind in ("32", "82"))
    )
    opening = payee.opening("AVVISADE BET UPPDR", day(made_on))
    return encode([opening, *records, line(f"09{day(made_on)}9900{ends}")])


def dropped(payee: Payee, changes: Iterable[Dropped], made_on: date) -> bytes:
    """Orders that were cancelled or moved."""
    changes = list(changes)
    records = [
        line(
            f"{one.kind}{day(one.debit.paid_on)}{one.debit.payer:0>16}{one.debit.kind}"
            f"{one.debit.amount:012d}REFERENS{day(one.new_date)}{one.debit.reference:<16}"
            f"{one.comment}"
        )
        for one in changes
    ]
    done = [one.debit for one in changes if one.comment in ("12", "14", "18")]
    debits, credits = ([one for one in done if one.kind == kind] for kind in (DEBIT, CREDIT))
    end = (
        f"09{day(made_on)}9900{'':14}{_total(credits):012d}{len(credits):06d}{len(debits):06d}0000"
        f"{_total(debits):012d}{0:012d}"
    )
    return encode([payee.opening("MAKULERING/ÄNDRING", day(made_on)), *records, line(end)])


def _total(debits) -> int:
    return sum(debit.amount for debit in debits)


def sign_ups(payee: Payee, rows: Iterable[SignUp], made_on: date) -> bytes:
    """Mandates from the internet bank, five records each."""
    records = []
    for one in rows:
        records += [
            line(
                f"52{payee.bankgiro:0>10}{one.payer:0>16}{one.account:0>16}{one.identity:0>12}"
                f"{'':5}0"
            ),
            line(f"53{one.text:<36}"),
            line(f"54{one.name:<36}"),
            line(f"55{one.street:<36}"),
            line(f"56{one.post_code}{one.city:<31}"),
        ]
    opening = line(f"51{day(made_on)}9900{payee.bankgiro:0>10}AG-EMEDGIV")
    return encode([opening, *records, line(f"59{day(made_on)}9900{len(records):07d}")])
