"""Nets for one recipient: settles what payers order and delivers a file each banking day."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from random import Random

from . import banking_days, nets
from .avtalegiro import AvtaleGiro
from .payers import Payers, Payment

_MOST_PER_SUM = 25


@dataclass(slots=True)
class BankFile:
    """A file as delivered, and the truth about it.

    ``sums``: what the bank puts on the statement, in øre, by account, settlement date,
    centre, part settlement and serial number.
    """

    name: str
    day: date
    content: bytes
    payments: list[Payment] = field(default_factory=list)
    sums: dict[tuple, int] = field(default_factory=dict)


class ClearingHouse:
    """Plays payers and Nets for one association.

    ``agreements`` gives the agreement number of each of its accounts, ``recipient`` its
    customer number. Everything that happens follows from ``seed``; ``payments`` is all
    that was ever ordered. With ``structures`` of KIDs payers can sign up for AvtaleGiro, which is
    played by ``debits``.
    """

    def __init__(
        self,
        *,
        seed: int,
        recipient: str,
        agreements: dict[str, str],
        habits: dict[str, int] | None = None,
        old_references: Iterable[str] = (),
        structures: dict[str, tuple[int, int]] | None = None,
        outcomes: dict[str, int] | None = None,
    ):
        self.chance = Random(seed)
        self.payers = Payers(self.chance, habits, old_references)
        # Chances of its own: how many debits there are changes nothing about other payments.
        self.debits = AvtaleGiro(
            chance=Random(f"debits {seed}"),
            sender=recipient,
            structures=structures or {},
            outcomes=outcomes,
        )
        self.recipient = recipient
        self.agreements = agreements
        self.payments: list[Payment] = []
        self._waiting: list[Payment] = []
        self._notices: list[tuple[date, str, nets.MandateNotice]] = []
        self._transmissions = 0

    def announce(self, claims: list[dict], since: date) -> list[Payment]:
        """Let payers have these claims from ``since`` on; returns what they will pay.

        Claims are as for :class:`Payers`.
        """
        ordered = self.payers.decide(claims, since)
        self.payments += ordered
        self._waiting += ordered
        return ordered

    def announce_mandate(self, account: str, notice: nets.MandateNotice, on: date) -> None:
        """Let a payer sign up, change or end a mandate on a day."""
        self._notices.append((banking_days.on_or_after(on), account, notice))

    def play(self, first: date, last: date) -> list[BankFile]:
        """The files of these days, one for each banking day with something to tell."""
        files = [self.deliver(day) for day in banking_days.between(first, last)]
        return [file for file in files if file is not None]

    def deliver(self, day: date) -> BankFile | None:
        """The file of a banking day; None when there is nothing to tell."""
        debited = self.debits.settle(day)
        self.payments += debited
        self._waiting += debited
        self._notices += self.debits.notices_until(day)
        due = [payment for payment in self._waiting if payment.settled_on <= day]
        notices = [notice for notice in self._notices if notice[0] <= day]
        if not due and not notices:
            return None
        self._waiting = [payment for payment in self._waiting if payment.settled_on > day]
        self._notices = [notice for notice in self._notices if notice[0] > day]
        self._transmissions += 1
        file = BankFile(f"OCR.D{day:%y%m%d}.N{self._transmissions:07d}", day, b"")
        assignments = [*self._payments_of(file, due), *_mandates_of(notices)]
        for number, assignment in enumerate(assignments, 1):
            assignment.number = number
        file.content = nets.file_of(
            assignments,
            number=self._transmissions,
            recipient=self.recipient,
            made_on=day if due else None,
        )
        return file

    def _payments_of(self, file: BankFile, due: list[Payment]) -> Iterable[nets.Payments]:
        def order(payment):
            return payment.account, payment.settled_on, payment.kind

        for account, group in groupby(sorted(due, key=order), lambda payment: payment.account):
            payments = list(group)
            file.payments += payments
            yield nets.Payments(
                account=account,
                agreement=self.agreements[account],
                transactions=self._transactions(file, payments),
            )

    def _transactions(self, file: BankFile, payments: list[Payment]) -> list[nets.Transaction]:
        """The payments of one account, put into part settlements and bank sums.

        Payments must be sorted by settlement date and kind.
        """
        transactions, serials = [], {}
        alike = groupby(payments, lambda payment: (payment.settled_on, payment.kind))
        for (day, _kind), group in alike:
            waiting = list(group)
            while waiting:
                size = self.chance.randint(1, _MOST_PER_SUM)
                part = self.chance.randint(1, 3)
                serials[day, part] = serials.get((day, part), 0) + 1
                bank_sum = (1, part, serials[day, part])
                chunk, waiting = waiting[:size], waiting[size:]
                transactions += [self._transaction(payment, bank_sum) for payment in chunk]
                booked = [payment for payment in chunk if not payment.is_information]
                if booked:
                    key = (booked[0].account, day, *bank_sum)
                    file.sums[key] = sum(payment.amount for payment in booked)
        return transactions

    def _transaction(self, payment: Payment, bank_sum: tuple[int, int, int]) -> nets.Transaction:
        return nets.Transaction(
            kind=payment.kind,
            settled_on=payment.settled_on,
            amount=payment.amount,
            kid=payment.kid,
            bank_sum=bank_sum,
            archive_reference=f"{self.chance.randrange(10**9):09d}",
            ordered_on=payment.ordered_on,
            debit_account=payment.debit_account,
            text=payment.text,
            card_issuer=payment.card_issuer,
        )


def _mandates_of(notices: list[tuple[date, str, nets.MandateNotice]]) -> Iterable[nets.Mandates]:
    def account_of(notice):
        return notice[1]

    for account, group in groupby(sorted(notices, key=account_of), account_of):
        yield nets.Mandates(account=account, notices=[notice for _day, _account, notice in group])
