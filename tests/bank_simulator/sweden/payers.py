"""What payers do with invoices with an OCR number, and what the payee is told of it."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from random import Random

from ..bank_file import BankFile
from . import bgmax, camt, days
from .bgmax import DEDUCTION, TEXT, VALID_OCR, Deposit, Payment

# Of a hundred payers, so many do this.
HABITS = {
    "in_time": 74,
    "late": 8,
    "less": 3,
    "twice": 2,
    "no_reference": 2,
    "long_text": 3,
    "deducts": 2,
    "together": 3,
    "never": 3,
}
_FIRST_NUMBER = 50001


class BankgiroPayers:
    """Decides by chance, the same for the same seed, and delivers a file a banking day.

    Claims are dictionaries with ``reference``, ``amount`` (öre), ``due_date`` and ``payer``
    (a name). From ``camt_since`` on the bank sends camt.054 instead of BgMax; for some days
    before and after, ``both_for``, it sends both. ``sums`` is what it puts on the account, in
    öre, by day.
    """

    def __init__(
        self,
        *,
        seed,
        bankgiro: str,
        account: str,
        camt_since=None,
        both_for=timedelta(),
        habits=None,
    ):
        self.chance = Random(f"payers {seed}")
        self.bankgiro, self.account = bankgiro, account
        self.camt_since, self.both_for = camt_since, both_for
        self.habits = habits or HABITS
        self.sums: dict[date, int] = defaultdict(int)
        self._waiting: list[tuple[date, Payment]] = []
        self._serial = 0
        # Sums on a bankgiro have one row of numbers a year; Autogiro's begin with 1.
        self._deposits = _FIRST_NUMBER - 1

    def announce(self, claims: list[dict], since: date) -> None:
        """Let payers have these claims from ``since`` on."""
        names, sizes = zip(*self.habits.items(), strict=True)
        habits = self.chance.choices(names, sizes, k=len(claims))
        together = []
        for claim, habit in zip(claims, habits, strict=True):
            if habit == "together":
                together.append(claim)
            elif habit != "never":
                self._pay(habit, claim, since)
        for one, other in zip(together[::2], together[1::2], strict=False):
            self._pay_together(one, other, since)
        if len(together) % 2:
            self._pay("in_time", together[-1], since)

    def pay(self, claim: dict, on: date) -> None:
        """One pays what is asked for, whatever was paid before."""
        self._pay_at(on, _ordinary, claim)

    def _pay(self, habit, claim, since):
        on = max(since, claim["due_date"] - timedelta(days=self.chance.randint(0, 10)))
        if habit == "late":
            on = max(since, claim["due_date"]) + timedelta(days=self.chance.randint(2, 20))
        self._pay_at(on, _DEEDS.get(habit, _ordinary), claim)

    def _pay_at(self, on, deed, claim):
        for values in deed(claim):
            self._order(on, name=claim["payer"], **values)

    def _pay_together(self, one, other, since):
        references = one["reference"], other["reference"]
        self._order(
            max(since, one["due_date"]),
            amount=one["amount"] + other["amount"],
            code=TEXT,
            reference=" ".join(references)[:25],
            more=references,
            name=one["payer"],
        )

    def _order(self, on, **values):
        self._serial += 1
        self._waiting.append((days.on_or_after(on), Payment(serial=self._serial, **values)))

    def play(self, first: date, last: date) -> list[BankFile]:
        """The files of these days."""
        return [file for day in days.between(first, last) for file in self.deliver(day)]

    def deliver(self, day: date) -> list[BankFile]:
        """The files of a banking day; none when nobody paid."""
        payments = [payment for due, payment in self._waiting if due <= day]
        self._waiting = [row for row in self._waiting if row[0] > day]
        if not payments:
            return []
        self._deposits += 1
        deposit = Deposit(
            bankgiro=self.bankgiro,
            account=self.account,
            paid_on=day,
            serial=self._deposits,
            payments=payments,
        )
        self.sums[day] += deposit.amount
        made_at = datetime.combine(day, time(17, 30, 35))
        files = []
        if not self.camt_since or day < self.camt_since + self.both_for:
            content = bgmax.file_of([deposit], made_at)
            files.append(BankFile(f"BFEP.UAGAG.D{day:%y%m%d}", day, "BgMax", content, [deposit]))
        if self.camt_since and day >= self.camt_since - self.both_for:
            message = f"{day:%Y%m%d}{self._deposits:05d}"
            content = camt.file_of([deposit], made_at, message)
            files.append(BankFile(f"camt054-{message}.xml", day, "camt.054", content, [deposit]))
        return files


def _ordinary(claim):
    return [{"amount": claim["amount"], "reference": claim["reference"], "code": VALID_OCR}]


def _less(claim):
    return [values | {"amount": claim["amount"] // 2} for values in _ordinary(claim)]


def _twice(claim):
    return _ordinary(claim) * 2


def _no_reference(claim):
    return [{"amount": claim["amount"]}]


def _long_text(claim):
    """A text that breaks in the middle of the number after 25 characters."""
    text = f"Faktura medlem nr {claim['reference']}"
    return [
        {
            "amount": claim["amount"],
            "reference": text[:25],
            "code": TEXT,
            "continued": (text[25:],) if text[25:] else (),
        }
    ]


def _deducts(claim):
    """Pays a little more and deducts a credit note."""
    (paid,) = _ordinary(claim)
    credit = {"amount": 100, "reference": "KREDIT", "code": TEXT, "kind": DEDUCTION}
    return [paid | {"amount": claim["amount"] + 100}, credit]


_DEEDS = {
    "less": _less,
    "twice": _twice,
    "no_reference": _no_reference,
    "long_text": _long_text,
    "deducts": _deducts,
}
