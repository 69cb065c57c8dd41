"""What payers do with their invoices: most pay in time, the rest keeps an office busy."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from . import banking_days

# Of a hundred payers, so many do this.
HABITS = {
    "in_time": 74,
    "late": 7,
    "less": 3,
    "more": 3,
    "twice": 2,
    "no_reference": 2,
    "mistyped": 2,
    "old_reference": 2,
    "free_text": 1,
    "card": 1,
    "never": 3,
}
_WAYS = {"13": 60, "10": 14, "11": 10, "12": 8, "14": 4, "17": 2, "16": 2}
_WITHOUT_KID = ("10", "14", "17")
_ACCOUNT_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


@dataclass(slots=True, kw_only=True)
class Payment:
    """One payment as it really was: ``claim`` is what it was meant for.

    ``amount`` in øre. ``is_information``: a card transaction, whose money does not come
    with the payments by giro.
    """

    habit: str
    claim: dict
    account: str
    amount: int
    kid: str
    kind: str
    ordered_on: date
    settled_on: date
    debit_account: str = ""
    text: str = ""
    card_issuer: str = "00"

    @property
    def is_information(self) -> bool:
        return self.kind in ("19", "21")


class Payers:
    """Decides by chance, the same for the same seed.

    Claims are dictionaries with ``reference``, ``amount`` (kroner), ``due_date``,
    ``account`` (the creditor's) and ``payer`` (a name); more keys do no harm.
    """

    def __init__(self, chance: Random, habits=None, old_references: Iterable[str] = ()):
        self.chance = chance
        self.habits = habits or HABITS
        self.old_references = list(old_references)
        self._accounts = {}
        self._known = set(self.old_references)

    def decide(self, claims: list[dict], since: date) -> list[Payment]:
        """What comes of these claims; nobody pays before ``since``."""
        self._known.update(claim["reference"] for claim in claims)
        names, weights = zip(*self.habits.items(), strict=True)
        habits = self.chance.choices(names, weights, k=len(claims))
        payments = []
        for claim, habit in zip(claims, habits, strict=True):
            payments += _DEEDS[habit](self, habit, claim, since)
        return payments

    def _pay(self, habit: str, claim: dict, since: date, **different) -> Payment:
        due = claim["due_date"]
        kinds, weights = zip(*_WAYS.items(), strict=True)
        ordered_on = max(since, due - timedelta(days=int(self.chance.triangular(0, 14, 2))))
        values = {
            "habit": habit,
            "claim": claim,
            "account": claim["account"],
            "amount": int(Decimal(str(claim["amount"])) * 100),
            "kid": claim["reference"],
            "kind": self.chance.choices(kinds, weights)[0],
            "ordered_on": ordered_on,
            "debit_account": self._account_of(claim["payer"]),
            **different,
        }
        return Payment(settled_on=banking_days.on_or_after(values["ordered_on"]), **values)

    def _in_time(self, habit, claim, since):
        return [self._pay(habit, claim, since)]

    def _late(self, habit, claim, since):
        ordered_on = max(since, claim["due_date"]) + timedelta(days=self.chance.randint(2, 20))
        return [self._pay(habit, claim, since, ordered_on=ordered_on)]

    def _less(self, habit, claim, since):
        part = self.chance.choice((0.1, 0.5, 0.5, 0.9))
        payment = self._pay(habit, claim, since)
        payment.amount = max(1, int(payment.amount * part))
        return [payment]

    def _more(self, habit, claim, since):
        payment = self._pay(habit, claim, since)
        payment.amount += self.chance.choice((100, 1000, 5000, payment.amount // 2 + 1))
        return [payment]

    def _twice(self, habit, claim, since):
        first = self._pay(habit, claim, since)
        again = first.ordered_on + timedelta(days=self.chance.randint(0, 5))
        return [first, self._pay(habit, claim, since, ordered_on=again)]

    def _no_reference(self, habit, claim, since):
        return [self._pay(habit, claim, since, kid="", kind=self.chance.choice(_WITHOUT_KID))]

    def _mistyped(self, habit, claim, since):
        return [self._pay(habit, claim, since, kid=self._slip(claim["reference"]))]

    def _old_reference(self, habit, claim, since):
        if not self.old_references:
            return self._no_reference(habit, claim, since)
        return [self._pay(habit, claim, since, kid=self.chance.choice(self.old_references))]

    def _free_text(self, habit, claim, since):
        text = f"Kontingent {claim['payer']}".encode("latin-1", "replace").decode("latin-1")[:40]
        return [self._card(habit, claim, since, kid="", kind="21", text=text)]

    def _with_card(self, habit, claim, since):
        return [self._card(habit, claim, since, kind="19")]

    def _never(self, _habit, _claim, _since):
        return []

    def _card(self, habit, claim, since, **different):
        issuer = self.chance.choice(("01", "04", "21"))
        return self._pay(habit, claim, since, debit_account="", card_issuer=issuer, **different)

    def _slip(self, reference: str) -> str:
        """The reference with one digit wrong, and nobody else's."""
        while True:
            place = self.chance.randrange(len(reference) - 1)
            digit = str(self.chance.randrange(10))
            slipped = reference[:place] + digit + reference[place + 1 :]
            if slipped not in self._known:
                return slipped

    def _account_of(self, payer: str) -> str:
        """A person keeps her account."""
        if payer not in self._accounts:
            self._accounts[payer] = _account_number(self.chance)
        return self._accounts[payer]


_DEEDS: dict[str, Callable] = {
    "in_time": Payers._in_time,
    "late": Payers._late,
    "less": Payers._less,
    "more": Payers._more,
    "twice": Payers._twice,
    "no_reference": Payers._no_reference,
    "mistyped": Payers._mistyped,
    "old_reference": Payers._old_reference,
    "free_text": Payers._free_text,
    "card": Payers._with_card,
    "never": Payers._never,
}


def _account_number(chance: Random) -> str:
    """Eleven digits with the check digit of Norwegian accounts."""
    while True:
        body = f"{chance.randrange(10**9, 10**10)}"
        total = sum(int(d) * w for d, w in zip(body, _ACCOUNT_WEIGHTS, strict=True))
        check = -total % 11
        if check < 10:
            return f"{body}{check}"
