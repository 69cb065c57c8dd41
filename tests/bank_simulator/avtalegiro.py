"""AvtaleGiro at Nets and in the payers' banks: mandates, claims, withdrawals, debits."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from . import banking_days, orders
from .nets import MandateNotice
from .orders import Order, OrderAssignment, OrderFile
from .payers import Payment
from .strict_reading import RefusedError, has_check_digit

CUTOFF = time(14)
LEAD_DAYS = 4
# Of a hundred debits, so many end like this.
OUTCOMES = {"collected": 88, "retried": 5, "failed": 7}
_MOST_RETRIES = 2
_NUMBERS_REST = timedelta(days=366)


@dataclass(slots=True)
class Mandate:
    """What a payer agreed with the bank: the KID it was signed up with, and the notice."""

    kid: str
    written_notice: bool
    since: date


@dataclass(slots=True)
class Claim:
    """A claim that Nets took, and what became of it: waiting, withdrawn or an outcome."""

    order: Order
    handed_in: date
    settles_on: date
    state: str = "waiting"
    days_left: int = -1


@dataclass(slots=True)
class Answer:
    """What Nets did with a file: the number, and why it or parts of it were refused."""

    number: str
    refused: str = ""
    parts: list[str] = field(default_factory=list)


class AvtaleGiro:
    """``structures``: of each account, length of its KIDs and of their customer part.

    Times are wall time in Oslo. ``outcomes`` weighs what happens on due dates; for payers in
    ``debit_habits``, by account and customer part, it is always the same.
    """

    def __init__(
        self,
        *,
        chance: Random,
        sender: str,
        structures: dict[str, tuple[int, int]],
        outcomes: dict[str, int] | None = None,
    ):
        self.chance = chance
        self.sender = sender
        self.structures = structures
        self.outcomes = outcomes or OUTCOMES
        self.debit_habits: dict[tuple[str, str], str] = {}
        self.mandates: dict[tuple[str, str], Mandate] = {}
        self.claims: list[Claim] = []
        self.answers: list[Answer] = []
        self._notices: list[tuple[date, str, MandateNotice]] = []
        self._transmissions: set[str] = set()
        self._assignments: dict[tuple[str, str], date] = {}

    # ------------------------------------------------------------------ what payers do

    def sign_up(self, account: str, kid: str, on: date, written_notice: bool = False) -> None:
        """A payer signs up with any KID of theirs, an old invoice's too, or changes the notice."""
        key = self._key(account, kid)
        self.mandates[key] = Mandate(kid, written_notice, on)
        self._tell(on, account, MandateNotice("1", kid, written_notice))

    def end(self, account: str, kid: str, on: date) -> None:
        """A payer ends the mandate, which goes by any KID of theirs."""
        mandate = self.mandates.pop(self._key(account, kid))
        self._tell(on, account, MandateNotice("2", mandate.kid, mandate.written_notice))

    def order_list(self, account: str, on: date) -> None:
        """The association has asked for the list of all mandates of an account."""
        for (of_account, _customer), mandate in sorted(self.mandates.items()):
            if of_account == account:
                notice = MandateNotice("0", mandate.kid, mandate.written_notice)
                self._tell(on, account, notice)

    def _tell(self, on: date, account: str, notice: MandateNotice) -> None:
        self._notices.append((banking_days.on_or_after(on), account, notice))

    def notices_until(self, day: date) -> list[tuple[date, str, MandateNotice]]:
        """What to report of mandates by ``day``; each is given out once."""
        told = [notice for notice in self._notices if notice[0] <= day]
        self._notices = [notice for notice in self._notices if notice[0] > day]
        return told

    # ------------------------------------------------------------------ what is handed in

    def take(self, content: bytes, at: datetime) -> Answer:
        """Take a file, or refuse all or some of it; ``at`` is when it came."""
        answer = Answer("")
        self.answers.append(answer)
        try:
            file = orders.read(content)
            answer.number = file.number
            self._check_file(file)
        except RefusedError as refused:
            answer.refused = str(refused)
            return answer
        self._transmissions.add(file.number)
        for assignment in file.assignments:
            answer.parts += self._take_assignment(assignment, at)
        return answer

    def _check_file(self, file: OrderFile) -> None:
        if file.sender != self.sender:
            raise RefusedError("unknown sender")
        if file.number in self._transmissions:
            raise RefusedError(f"transmission {file.number} came before")

    def _take_assignment(self, assignment: OrderAssignment, at: datetime) -> Iterable[str]:
        place = f"{assignment.account} {assignment.number}"
        used = self._assignments.get((assignment.account, assignment.number))
        if not assignment.refused and assignment.account not in self.structures:
            assignment.refused = "unknown account"
        if not assignment.refused and used and at.date() - used <= _NUMBERS_REST:
            assignment.refused = "assignment number used before"
        if assignment.refused:
            yield f"{place}: {assignment.refused}"
            return
        self._assignments[assignment.account, assignment.number] = at.date()
        for order in assignment.orders:
            take = self._withdraw if order.is_withdrawal else self._claim
            try:
                if order.refused:
                    raise RefusedError(order.refused)
                take(order, at)
            except RefusedError as refused:
                order.refused = str(refused)
                yield f"{place} {order.number} {order.kid}: {refused}"

    def _claim(self, order: Order, at: datetime) -> None:
        mandate = self.mandates.get(self._key(order.account, order.kid))
        if mandate is None or mandate.since > at.date():
            raise RefusedError("FBO FINNES IKKE")
        settles_on = banking_days.on_or_after(order.due_on)
        handed_in = _counts_for(at)
        if settles_on < banking_days.after(handed_in, LEAD_DAYS):
            raise RefusedError(f"due {order.due_on}: too late")
        if order.due_on > _a_year_after(at.date()):
            raise RefusedError(f"due {order.due_on}: more than 12 months ahead")
        self.claims.append(Claim(order, at.date(), settles_on))

    def _withdraw(self, order: Order, at: datetime) -> None:
        waiting = [
            claim
            for claim in self.claims
            if claim.state == "waiting" and claim.order.identity == order.identity
        ]
        if not waiting:
            raise RefusedError("no such claim")
        if waiting[0].handed_in == at.date():
            raise RefusedError("the claim was handed in the same day")
        if at > datetime.combine(banking_days.before(order.due_on), CUTOFF):
            raise RefusedError(f"due {order.due_on}: too late to withdraw")
        waiting[0].state = "withdrawn"

    def _key(self, account: str, kid: str) -> tuple[str, str]:
        """Account and customer part of a KID."""
        length, customer = self.structures[account]
        if len(kid) != length or not has_check_digit(kid):
            raise RefusedError("KID of no registered structure")
        return account, kid[:customer]

    # ------------------------------------------------------------------ what is debited

    def settle(self, day: date) -> list[Payment]:
        """What comes of the claims that are to be debited by ``day``, a banking day."""
        return [
            self._debit(claim, day)
            for claim in self.claims
            if claim.state == "waiting" and claim.settles_on <= day and self._succeeds(claim, day)
        ]

    def _succeeds(self, claim: Claim, day: date) -> bool:
        key = self._key(claim.order.account, claim.order.kid)
        if key not in self.mandates:
            claim.state = "failed"
            return False
        if claim.days_left < 0:
            names, weights = zip(*self.outcomes.items(), strict=True)
            outcome = self.debit_habits.get(key) or self.chance.choices(names, weights)[0]
            retries = self.chance.randint(1, _MOST_RETRIES) if outcome == "retried" else 0
            claim.days_left = retries
            claim.state = "failed" if outcome == "failed" else "waiting"
        else:
            claim.days_left -= 1
        return claim.state == "waiting" and claim.days_left == 0

    def _debit(self, claim: Claim, day: date) -> Payment:
        claim.state = "collected"
        order = claim.order
        return Payment(
            habit="debit",
            claim={"reference": order.kid, "due_date": order.due_on, "account": order.account},
            account=order.account,
            amount=order.amount,
            kid=order.kid,
            kind="15",
            ordered_on=day,
            settled_on=day,
        )


def _counts_for(at: datetime) -> date:
    """The banking day that a file belongs to which comes ``at``."""
    day = at.date() if at.time() <= CUTOFF else at.date() + timedelta(days=1)
    return banking_days.on_or_after(day)


def _a_year_after(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if is_leap_day else day.day)
