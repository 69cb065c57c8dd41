"""Betalingsservice for one data supplier: takes deliveries, plays the payers, delivers results."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from random import Random

from ..bank_file import BankFile
from ..strict_reading import RefusedError
from . import days, reading, writing

# Of a hundred collections by mandate, and of a hundred slips, so many end like this.
OUTCOMES = {"paid": 92, "refused": 3, "refused_later": 2, "cancelled": 1, "charged_back": 2}
SLIP_HABITS = {
    "in_time": 64,
    "late": 10,
    "payment_id": 6,
    "less": 4,
    "no_reference": 4,
    "charged_back": 2,
    "never": 10,
}
# The same of disbursements: paid, refused by the payer's bank, the mandate ended before.
PAYOUT_OUTCOMES = {"paid": 90, "refused": 6, "cancelled": 4}
_PAID_OUT = "2"
_LONGEST_AHEAD = timedelta(days=90)
_NOTICE_OF_CANCELLATION = 3
_REGISTERED_AFTER = 2
_AUTOMATIC_ONLY = "automatic"
_LATE = 6


@dataclass(slots=True, kw_only=True)
class Mandate:
    number: str
    customer: str
    begins: date
    ends: date | None = None
    told_on: date | None = None

    def covers(self, day: date) -> bool:
        return self.begins <= day and (self.ends is None or day <= self.ends)


@dataclass(slots=True)
class Answer:
    """What became of a delivery when it was handed in.

    ``missed``: collections that came after their month was closed. ``without_mandate``: what
    an agreement of automatic payments only asked of payers who have none. ``with_mandate``: slips
    for payers of whose mandates the creditor had been told. ``paid_out``: disbursements; those that
    the bank does not allow are ``not_allowed``, those for payers without a mandate ``unplaced``.
    """

    number: str
    refused: str = ""
    taken: list = field(default_factory=list)
    slips: list = field(default_factory=list)
    missed: list = field(default_factory=list)
    without_mandate: list = field(default_factory=list)
    with_mandate: list = field(default_factory=list)
    doubles: list = field(default_factory=list)
    paid_out: list = field(default_factory=list)
    not_allowed: list = field(default_factory=list)
    unplaced: list = field(default_factory=list)


class Betalingsservice:
    """Plays it all for one data supplier; everything follows from ``seed``.

    ``agreements`` maps (creditor number, debtor group) to ``automatic`` or ``total``;
    ``pays_out`` has those whose bank allows disbursements.
    ``sums`` is what the bank puts on the account, in øre, by creditor, group and day;
    ``ends`` is what became of each collection that was taken.
    """

    def __init__(self, *, seed, supplier, agreements, outcomes=None, slip_habits=None, pays_out=()):
        self.chance = Random(seed)
        self.supplier = supplier
        self.agreements = agreements
        self.outcomes = outcomes or OUTCOMES
        self.slip_habits = slip_habits or SLIP_HABITS
        self.pays_out = set(pays_out)
        self.mandates: dict[tuple[str, str], dict[str, Mandate]] = defaultdict(dict)
        self.sums: dict[tuple[str, str, date], int] = defaultdict(int)
        self.ends: list[tuple[reading.Collection, str]] = []
        self._known: set[tuple] = set()
        self._deliveries: set[str] = set()
        self._waiting: list[tuple[date, str, str, str, str, object]] = []
        self._numbers = 0

    # ------------------------------------------------------------------ mandates

    def sign_up(self, creditor: str, group: str, customer: str, on: date) -> Mandate:
        """A payer signs up in the net bank; the creditor hears of it on the next banking day."""
        self._numbers += 1
        mandate = Mandate(number=f"{self._numbers:09d}", customer=customer, begins=on)
        self.mandates[creditor, group][customer] = mandate
        self._tell(on, creditor, group, "0231", mandate)
        mandate.told_on = days.after(on, 1)
        return mandate

    def end(self, creditor: str, group: str, customer: str, on: date, code: str = "0232") -> None:
        """A mandate ends: by the bank (0232), the creditor (0233) or for want of use (0234)."""
        mandate = self.mandates[creditor, group][customer]
        mandate.ends = on
        self._tell(on, creditor, group, code, mandate)

    def full_list(self, creditor: str, group: str, on: date) -> BankFile:
        """Every mandate that is in force, as the creditor may ask for."""
        living = [
            writing.Notice(
                code="0230", customer=one.customer, mandate=one.number, begins=one.begins
            )
            for one in self.mandates[creditor, group].values()
            if one.covers(on)
        ]
        section = writing.Section(
            number=writing.ACTIVE, creditor=creditor, group=group, made_on=on, items=living
        )
        return self._file("0603", on, [section])

    def _tell(self, on, creditor, group, code, mandate):
        notice = writing.Notice(
            code=code,
            customer=mandate.customer,
            mandate=mandate.number,
            begins=mandate.begins,
            ends=mandate.ends,
        )
        self._queue(days.after(on, 1), "0603", creditor, group, writing.CHANGES, notice)

    def pay_slip(self, creditor: str, group: str, payment_id: str, amount: int, on: date) -> None:
        """Somebody pays an invoice in the net bank, by the payment id of its line ``+71<``."""
        paid_on = days.on_or_after(on)
        slip = writing.Slip(
            customer=payment_id,
            paid_on=paid_on,
            booked_on=days.after(paid_on, 1),
            paid=amount,
            archive=f"{self.chance.randrange(10**22):022d}",
        )
        self._tell_slip(creditor, group, slip, sign=1)

    # ------------------------------------------------------------------ what is handed in

    def take(self, content: bytes, at: datetime) -> Answer:
        """Take a delivery that was handed in ``at`` (wall time in Copenhagen)."""
        try:
            delivery = reading.read(content)
        except RefusedError as refused:
            return Answer("", refused=str(refused))
        answer = Answer(delivery.number)
        if delivery.supplier != self.supplier:
            answer.refused = "another data supplier"
        elif delivery.number in self._deliveries:
            answer.refused = "a delivery with this number was taken before"
        elif unknown := [item for item in delivery.items if not self._agreement(item)]:
            answer.refused = f"no agreement {unknown[0].creditor} {unknown[0].group}"
        if answer.refused or delivery.is_test:
            return answer
        self._deliveries.add(delivery.number)
        for item in delivery.items:
            if isinstance(item, reading.Request):
                self._take_request(item, at.date())
            else:
                self._take_collection(item, at, answer)
        return answer

    def _agreement(self, item) -> str | None:
        return self.agreements.get((item.creditor, item.group))

    def _take_request(self, request, today):
        where = request.creditor, request.group
        if request.cancels:
            mandate = self.mandates[where].get(request.customer)
            if mandate and mandate.number == request.mandate and mandate.ends is None:
                self.end(*where, request.customer, today, code="0233")
        elif self._exists(request):
            self.sign_up(*where, request.customer, days.after(today, _REGISTERED_AFTER - 1))
        else:
            remark = writing.Remark(customer=request.customer, day=today)
            day = days.after(today, _REGISTERED_AFTER)
            self._queue(day, "0621", *where, "", remark)

    def _exists(self, request) -> bool:
        """Accounts whose number ends in 13 belong to nobody."""
        return not request.account.endswith("13")

    def _take_collection(self, one, at, answer):
        identity = (one.creditor, one.group, one.customer, one.due_on)
        mandate = self._mandate_of(one)
        if identity in self._known:
            answer.doubles.append(one)
            return
        if one.due_on - at.date() > _LONGEST_AHEAD:
            answer.missed.append(one)
            return
        if one.sign == _PAID_OUT:
            self._take_payout(one, at, mandate, answer)
            return
        if one.is_slip or not mandate:
            if not one.is_slip and self._agreement(one) == _AUTOMATIC_ONLY:
                answer.without_mandate.append(one)
                return
            if mandate and mandate.told_on <= at.date():
                answer.with_mandate.append(one)
            answer.slips.append(one)
            self._play_slip(one, at.date())
        elif at > days.closes(one.due_on):
            answer.missed.append(one)
            return
        else:
            answer.taken.append(one)
            self._play(one, mandate)
        self._known.add(identity)

    def _take_payout(self, one, at, mandate, answer):
        """Money to a debtor: only where the creditor's bank allows it, and only with a mandate."""
        if (one.creditor, one.group) not in self.pays_out:
            answer.not_allowed.append(one)
        elif at > days.closes(one.due_on):
            answer.missed.append(one)
        elif not mandate:
            answer.unplaced.append(one)
            told = writing.Unplaced(
                customer=one.customer,
                due_on=one.due_on,
                amount=one.amount,
                reference=one.reference,
            )
            self._queue(days.after(at.date(), 1), "0621", one.creditor, one.group, "", told)
        else:
            answer.paid_out.append(one)
            self._known.add((one.creditor, one.group, one.customer, one.due_on))
            self._play(one, mandate, PAYOUT_OUTCOMES)

    def _mandate_of(self, one) -> Mandate | None:
        mandate = self.mandates[one.creditor, one.group].get(one.customer)
        if not mandate or not mandate.covers(one.due_on):
            return None
        return mandate if one.mandate in ("", mandate.number) else None

    # ------------------------------------------------------------------ what payers do

    def _choose(self, weights: dict[str, int]) -> str:
        names, sizes = zip(*weights.items(), strict=True)
        return self.chance.choices(names, sizes)[0]

    def _play(self, one, mandate, outcomes=None):
        outcome = self._choose(outcomes or self.outcomes)
        self.ends.append((one, outcome))
        getattr(self, f"_play_{outcome}")(one, mandate, days.on_or_after(one.due_on))

    def _play_paid(self, one, mandate, day):
        self._result("0236", one, mandate, day, moved_on=day, sign=1)

    def _play_refused(self, one, mandate, day):
        self._result("0237", one, mandate, day)

    def _play_refused_later(self, one, mandate, day):
        self._play_paid(one, mandate, day)
        back = days.last_refusal(one.due_on)
        self._result("0237", one, mandate, days.after(back, 1), moved_on=back, sign=-1)

    def _play_charged_back(self, one, mandate, day):
        self._play_paid(one, mandate, day)
        back = days.after(day, 2)
        self._result("0239", one, mandate, days.after(back, 1), moved_on=back, sign=-1)

    def _play_cancelled(self, one, mandate, day):
        ends = days.before(day, _NOTICE_OF_CANCELLATION)
        self.end(one.creditor, one.group, one.customer, ends)
        self._result("0238", one, mandate, day)

    def _result(self, code, one, mandate, told_on, moved_on=None, sign=0):
        result = writing.Result(
            code=code,
            customer=one.customer,
            mandate=mandate.number,
            due_on=one.due_on,
            amount=one.amount,
            reference=one.reference,
            paid_on=moved_on,
            booked_on=moved_on,
            paid=one.amount if moved_on else 0,
            sign=one.sign,
        )
        self._queue(told_on, "0602", one.creditor, one.group, writing.AUTOMATIC, result)
        if moved_on:
            self.sums[one.creditor, one.group, moved_on] += sign * one.signed

    def _play_slip(self, one, today):
        habit = self._choose(self.slip_habits)
        self.ends.append((one, f"slip_{habit}"))
        if habit == "never":
            return
        ahead = timedelta(self.chance.randint(0, 8))
        if habit == "late":
            paid_on = days.after(one.due_on, _LATE)
        else:
            paid_on = days.on_or_after(max(today, one.due_on - ahead))
        paid = one.amount // 2 if habit == "less" else one.amount
        slip = self._slip(one, paid_on, paid, habit == "no_reference")
        if habit == "payment_id":
            # Typed into the net bank from the slip: the creditor's own reference is not there.
            slip.customer, slip.reference = one.payer_id or one.customer, ""
        self._tell_slip(one.creditor, one.group, slip, sign=1)
        if habit == "charged_back":
            back = self._slip(one, days.after(paid_on, 3), paid, False)
            back.code = "0299"
            self._tell_slip(one.creditor, one.group, back, sign=-1)

    def _slip(self, one, paid_on, paid, by_name):
        who = {"customer": one.customer, "reference": one.reference, "due_on": one.due_on}
        if by_name:
            who = {"kind": "73", "address": tuple(one.address), "text": ("Kontingent",)}
        return writing.Slip(
            paid_on=paid_on,
            booked_on=days.after(paid_on, 1),
            paid=paid,
            amount=0 if by_name else one.amount,
            archive=f"{self.chance.randrange(10**22):022d}",
            **who,
        )

    def _tell_slip(self, creditor, group, slip, sign):
        self._queue(slip.booked_on, "0602", creditor, group, writing.SLIPS, slip)
        self.sums[creditor, group, slip.booked_on] += sign * slip.paid

    # ------------------------------------------------------------------ what is delivered

    def _queue(self, day, kind, creditor, group, section, item):
        self._waiting.append((day, kind, creditor, group, section, item))

    def play(self, first: date, last: date) -> list[BankFile]:
        """The deliveries of these days."""
        return [file for day in days.between(first, last) for file in self.deliver(day)]

    def deliver(self, day: date) -> list[BankFile]:
        """The deliveries of a banking day, one of each kind there is something to tell of."""
        ready = sorted((row for row in self._waiting if row[0] <= day), key=lambda row: row[1:5])
        self._waiting = [row for row in self._waiting if row[0] > day]
        files = []
        for kind, rows in groupby(ready, key=lambda row: row[1]):
            sections = [
                writing.Section(
                    number=number,
                    creditor=creditor,
                    group=group,
                    made_on=day,
                    items=[row[5] for row in own],
                )
                for (creditor, group, number), own in groupby(rows, key=lambda row: row[2:5])
            ]
            files.append(self._file(kind, day, sections))
        return files

    def _file(self, kind, day, sections) -> BankFile:
        self._numbers += 1
        number = f"{day:%y%m%d}{self._numbers % 10000:04d}"
        items = [item for section in sections for item in section.items]
        write = writing.remarks if kind == "0621" else writing.delivery
        content = write(kind, sections, supplier=self.supplier, number=number, made_on=day)
        return BankFile(f"D{number}-{kind[1:]}.BS1", day, kind, content, items)
