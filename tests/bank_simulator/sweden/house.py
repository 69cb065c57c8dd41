"""Autogiro for one payee: takes files, plays payers and their banks, delivers reports."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random

from ..bank_file import BankFile
from ..strict_reading import RefusedError
from . import autogiro, days, reading

# Of a hundred debits, so many end like this.
OUTCOMES = {"paid": 90, "late_cover": 3, "no_cover": 3, "closed": 1, "refunded": 2, "ended": 1}
_ATTEMPTS = 3
# What it says of orders that were moved.
_MOVED = {"26": "14", "27": "14", "28": "18", "29": "18"}
_REFUND_AFTER = timedelta(days=12)
_READY = time(6)


@dataclass(slots=True, kw_only=True)
class Mandate:
    payer: str
    account: str
    identity: str
    is_active: bool = False


@dataclass(slots=True)
class Answer:
    """What became of a file when it was handed in."""

    refused: str = ""
    taken: list = field(default_factory=list)
    rejected: list = field(default_factory=list)


class Autogiro:
    """Plays it all for ``payee``; everything follows from ``seed``.

    With a ``key`` (16 bytes) files must be sealed. ``sums`` is what the bank puts on the
    account, in öre, by day; ``ends`` is what became of each debit that was taken, ``payouts``
    tells of each credit whether it was paid.
    """

    def __init__(self, *, seed, payee: autogiro.Payee, outcomes=None, key: bytes | None = None):
        self.chance = Random(f"autogiro {seed}")
        self.payee = payee
        self.outcomes = outcomes or OUTCOMES
        self.key = key
        self.mandates: dict[str, Mandate] = {}
        self.sums: dict[date, int] = defaultdict(int)
        self.ends: list[tuple[reading.Order, str]] = []
        self.payouts: list[tuple[reading.Order, bool]] = []
        self._asked: dict[str, autogiro.SignUp] = {}
        self._queued: list[tuple[date, reading.Order, str, int]] = []
        self._waiting: list[tuple[date, str, object]] = []
        self._serial = 1

    # ------------------------------------------------------------------ what payers do

    def wish(self, row: autogiro.SignUp, on: date) -> None:
        """A payer signs up in the internet bank; the payee has to answer."""
        self._asked[row.payer] = row
        self._tell(days.after(on, 1), "sign_ups", row)

    def end(self, payer: str, on: date) -> None:
        """A payer ends the mandate with the bank; orders that wait are dropped."""
        mandate = self.mandates.pop(payer)
        self._tell_mandate(mandate, autogiro.ENDED_BY_PAYER, on)
        self._drop(lambda order: order.payer == payer, "03", on)

    # ------------------------------------------------------------------ what is handed in

    def take(self, content: bytes, at: datetime) -> Answer:
        """Take a file that was handed in ``at`` (wall time in Stockholm)."""
        answer = Answer()
        try:
            sections = reading.read(content, self.key)
        except RefusedError as refused:
            answer.refused = str(refused)
            return answer
        for section in sections:
            ours = (section.customer, section.bankgiro.lstrip("0"))
            if ours != (self.payee.customer, self.payee.bankgiro.lstrip("0")):
                answer.refused = "another payee"
                return answer
        for section in sections:
            for item in section.items:
                self._take_item(item, at, answer)
        return answer

    def _take_item(self, item, at, answer):
        if isinstance(item, reading.MandateOrder):
            self._take_mandate(item, at.date())
        elif isinstance(item, reading.Change):
            self._take_change(item, at.date())
        elif comment := self._objection(item, at):
            answer.rejected.append(item)
            debit = self._debit(item, item.due_on or at.date())
            self._tell(days.after(at.date(), 1), "rejected", replace(debit, comment=comment))
        else:
            answer.taken.append(item)
            self._queue(item, at)

    def _take_mandate(self, order, today):
        known = self.mandates.get(order.payer)
        if order.kind == "03":
            self._cancel(order, known, today)
        elif order.is_refusal:
            self._asked.pop(order.payer, None)
        elif row := self._asked.pop(order.payer, None):
            self._accept(
                Mandate(payer=row.payer, account=row.account, identity=row.identity), today
            )
        elif known:
            self._tell_mandate(known, ("04", "10"), today)
        else:
            asked = Mandate(payer=order.payer, account=order.account, identity=order.identity)
            self._accept(asked, today)

    def _cancel(self, order, known, today):
        if not known:
            stranger = Mandate(payer=order.payer, account="", identity="")
            self._tell_mandate(stranger, ("03", "04"), today)
            return
        del self.mandates[order.payer]
        known.account = known.identity = ""
        self._tell_mandate(known, autogiro.CANCELLED_BY_PAYEE, today)
        self._drop(lambda one: one.payer == order.payer, "03", today)

    def _accept(self, mandate, today):
        """Accounts whose number ends in 13 belong to somebody else."""
        if mandate.account.endswith("13"):
            self._tell_mandate(mandate, autogiro.WRONG_ACCOUNT, today)
            return
        mandate.is_active = True
        self.mandates[mandate.payer] = mandate
        self._tell_mandate(mandate, autogiro.ACCEPTED, today)

    def _take_change(self, change, today):
        def is_meant(order):
            is_day = change.due_on in (None, order.due_on)
            is_one = change.kind not in ("25", "29") or order.amount == change.amount
            return change.payer in ("", order.payer) and is_day and is_one

        if change.new_date:
            self._move(is_meant, change, today)
        else:
            self._drop(is_meant, change.kind, today)

    def _objection(self, order, at) -> str:
        if order.payer not in self.mandates:
            return "01"
        if order.due_on and at > days.closes(days.on_or_after(order.due_on)):
            return "13"
        return ""

    # ------------------------------------------------------------------ debits

    def _queue(self, order, at):
        first = days.after(at.date(), 1)
        on = days.on_or_after(max(order.due_on or first, first))
        if order.kind == autogiro.CREDIT:
            self._queued.append((on, order, "payout", 1))
            return
        names, sizes = zip(*self.outcomes.items(), strict=True)
        outcome = self.chance.choices(names, sizes)[0]
        self.ends.append((order, outcome))
        self._queued.append((on, order, outcome, 1))

    def settle(self, day: date) -> None:
        """Debit the accounts of those whose day it is."""
        due = [row for row in self._queued if row[0] <= day]
        self._queued = [row for row in self._queued if row[0] > day]
        for on, order, outcome, attempt in due:
            getattr(self, f"_settle_{outcome}")(on, order, outcome, attempt)

    def _settle_paid(self, on, order, *_rest):
        self._report(order, on, autogiro.PAID)
        self.sums[on] += order.amount

    def _settle_payout(self, on, order, *_rest):
        """A credit; it reaches payers whose account has not been closed."""
        is_paid = order.payer in self.mandates
        self.payouts.append((order, is_paid))
        self._report(order, on, autogiro.PAID if is_paid else autogiro.CLOSED)
        if is_paid:
            self.sums[on] -= order.amount

    def _settle_closed(self, on, order, *_rest):
        self._report(order, on, autogiro.CLOSED)

    def _settle_no_cover(self, on, order, outcome, attempt):
        is_last = attempt > _ATTEMPTS
        self._report(order, on, autogiro.NO_COVER if is_last else autogiro.RETRIED)
        if not is_last:
            self._queued.append((days.after(on, 1), order, outcome, attempt + 1))

    def _settle_late_cover(self, on, order, outcome, attempt):
        if attempt == 1:
            self._settle_no_cover(on, order, outcome, attempt)
        else:
            self._settle_paid(on, order)

    def _settle_refunded(self, on, order, *_rest):
        self._settle_paid(on, order)
        back = days.on_or_after(on + _REFUND_AFTER)
        debit = self._debit(order, on)
        self._tell(back, "refunds", autogiro.Refund(debit=debit, refunded_on=back))
        self.sums[back] -= order.amount

    def _settle_ended(self, on, order, *_rest):
        """The payer has ended the mandate before the debit."""
        if order.payer in self.mandates:
            self._queued.append((on, order, "paid", 1))
            self.end(order.payer, days.before(on))

    def _debit(self, order, on, status=autogiro.PAID):
        return autogiro.Debit(
            kind=order.kind,
            paid_on=on,
            payer=order.payer,
            amount=order.amount,
            reference=order.reference,
            status=status,
        )

    def _report(self, order, on, status):
        self._tell(on, "debits", self._debit(order, on, status))

    def _drop(self, is_meant, kind, on):
        gone = [row for row in self._queued if is_meant(row[1])]
        self._queued = [row for row in self._queued if not is_meant(row[1])]
        for due, order, _outcome, _attempt in gone:
            change = autogiro.Dropped(kind=kind, debit=self._debit(order, due))
            self._tell(days.after(on, 1), "dropped", change)

    def _move(self, is_meant, change, on):
        """Orders that wait are carried out on another day; the answer names the former one."""
        for number, (due, order, outcome, attempt) in enumerate(self._queued):
            if is_meant(order):
                moved = days.on_or_after(change.new_date)
                told = autogiro.Dropped(
                    kind=change.kind,
                    debit=self._debit(order, due),
                    comment=_MOVED[change.kind],
                    new_date=moved,
                )
                self._tell(days.after(on, 1), "dropped", told)
                order = replace(order, due_on=moved)
                self._queued[number] = (moved, order, outcome, attempt)

    # ------------------------------------------------------------------ what is delivered

    def _tell(self, day, kind, item):
        self._waiting.append((day, kind, item))

    def _tell_mandate(self, mandate, code, on):
        told = days.after(on, 1)
        notice = autogiro.Advice(
            payer=mandate.payer,
            code=code,
            on=told,
            account=f"{mandate.account:0>16}" if mandate.account else "",
            identity=f"{mandate.identity:0>12}" if mandate.identity else "",
        )
        self._tell(told, "advice", notice)

    def play(self, first: date, last: date) -> list[BankFile]:
        """The reports of these days."""
        return [file for day in days.between(first, last) for file in self.deliver(day)]

    def deliver(self, day: date) -> list[BankFile]:
        """The reports of a banking day, one of each kind there is something to tell of."""
        self.settle(day)
        ready = defaultdict(list)
        for _due, kind, item in (row for row in self._waiting if row[0] <= day):
            ready[kind].append(item)
        self._waiting = [row for row in self._waiting if row[0] > day]
        files = []
        for kind in ("advice", "rejected", "dropped", "sign_ups"):
            if rows := ready[kind]:
                content = getattr(autogiro, kind)(self.payee, rows, day)
                files.append(self._file(kind, day, content, rows))
        if ready["debits"] or ready["refunds"]:
            files.append(self._specification(day, ready["debits"], ready["refunds"]))
        return files

    def _specification(self, day, debits, refunds):
        made_at = datetime.combine(day, _READY)
        content = autogiro.specification(self.payee, debits, refunds, self._serial, made_at)
        self._serial += len({(debit.kind, debit.paid_on) for debit in debits}) + len(refunds)
        return self._file("specification", day, content, [*debits, *refunds])

    def _file(self, kind, day, content, items) -> BankFile:
        name = f"BFEP.{kind.upper()}.K0{self.payee.customer}.D{day:%y%m%d}.T060000"
        return BankFile(name, day, kind, content, items)
