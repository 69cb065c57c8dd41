"""What reminders should come to, reckoned a second time and in the simplest way.

Nothing here uses the package ``law`` or the models of reminders: interest is counted day by day in
exact fractions, fees by looking at all letters of a claim, money by moving it from hand to hand.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)
NOTHING = Decimal(0)
CENT = Decimal("0.01")
PARTS = ("fee", "interest", "compensation")
COSTS_FIRST = ("fee", "compensation", "interest")


@dataclass(frozen=True)
class Land:
    """A country's law as it is written down, apart from the rows of the add-on.

    :ivar rates: half-year's first day → (rate, the day somebody enters it)
    :ivar caps: kind of letter → ((from, highest fee), ...)
    :ivar unknown: days (from, to, to excluded) on which nobody has entered what a fee may be
    :ivar counts: kind of letter → how many fees; kinds of one set are counted together
    :ivar compensation: ((from, amount), ...) between companies
    :ivar changes: rows of law that are entered during the year: (day, valid from, code, value)
    :ivar act_from: from this day no letter goes out, as nobody has reviewed the new act
    """

    code: str
    days: Any
    rates: dict
    caps: dict
    together: tuple = (("reminder", "notice"), ("demand",), ("plan",))
    counts: dict = field(default_factory=dict)
    unknown: tuple = ()
    compensation: tuple = ()
    compensation_with_rate: bool = False
    is_offset: bool = False
    months_of_30: bool = False
    due_stays: bool = False
    first_days: int = 1
    spacing: int = 0
    missed_days: int = 0
    reset_months: int = 0
    needs_clause: bool = False
    needs_notice: bool = False
    deadlines: dict = field(default_factory=dict)
    banking_days_to_pay: int = 0
    kinds: tuple = ("reminder", "notice")
    changes: tuple = ()
    act: str = ""
    act_from: date = date.max

    def cap(self, kind, day):
        """The highest fee; None where the law knows none."""
        return _in_force(self.caps.get(kind, ()), day)

    def is_fee_known(self, day):
        return not any(start <= day < end for start, end in self.unknown)

    def count(self, kind):
        return self.counts.get(self.group(kind)[0])

    def group(self, kind):
        return next(group for group in self.together if kind in group)

    def rate(self, day, today):
        """The rate in per cent of a day, None as long as nobody has entered it."""
        start = date(day.year, 1 if day.month < 7 else 7, 1)
        rate, entered = self.rates.get(start, (None, None))
        return Fraction(rate) if rate and entered <= today else None

    def number(self, day):
        """Days between two dates are the difference of their numbers."""
        if self.months_of_30:
            return 360 * day.year + 30 * day.month + min(day.day, 30)
        return day.toordinal()

    def interest(self, principal, payments, due, through):
        """Simple interest from the day after ``due``, rounded once; None: a rate is missing.

        :param payments: (day, amount); a payment counts from the day after it
        """
        total, day = Fraction(0), due + DAY
        while day <= through:
            base = principal - sum((amount for paid, amount in payments if paid < day), NOTHING)
            if base > 0:
                rate = self.rate(day, through)
                if rate is None:
                    return None
                total += Fraction(base) * rate * (self.number(day) - self.number(day - DAY))
            day += DAY
        return rounded(total / (36000 if self.months_of_30 else 36500))


def _in_force(rows, day):
    begun = [value for start, value in rows if start <= day]
    return Decimal(begun[-1]) if begun else None


def rounded(amount):
    """To cents, half up."""
    return Decimal(int(amount * 100 + Fraction(1, 2))) / 100


def cents(amount):
    """An amount of the books, exactly."""
    return Decimal(str(amount)).quantize(CENT, ROUND_HALF_UP)


@dataclass(eq=False)
class Level:
    """A letter of a policy."""

    kind: str
    days: int
    counted_from: str
    deadline_days: int
    fee: Decimal
    interest: bool
    compensation: bool


@dataclass(eq=False)
class Letter:
    """A letter as it was sent, for one of its claims.

    :ivar fee: the fee of the whole letter
    """

    number: str
    day: date
    kind: str
    fee: Decimal
    deadline: date
    level: Any = None


@dataclass(eq=False)
class Chunk:
    """A part of a payment: what it was used for, and what is left of it."""

    payer: Any
    day: date
    left: Decimal
    payment: Any
    uses: list = field(default_factory=list)

    def use(self, target, amount):
        self.left -= amount
        self.uses.append((target, amount))
        target.paid.append((self, amount))

    def take_back(self, target):
        """What it paid of ``target`` is free again."""
        back = sum((amount for one, amount in self.uses if one is target), NOTHING)
        self.uses = [use for use in self.uses if use[0] is not target]
        target.paid = [use for use in target.paid if use[0] is not self]
        self.left += back


@dataclass(eq=False)
class Payment:
    """Money that the bank reports for these debts, in turn.

    :ivar placed: the debts that it paid something of when it came
    """

    payer: Any
    day: date
    amount: Decimal
    reference: str
    debts: list
    chunks: list = field(default_factory=list)
    placed: list = field(default_factory=list)


@dataclass(eq=False)
class Cost:
    """What a letter claims of one kind besides the debt."""

    part: str
    amount: Decimal
    letter: Letter
    line: int
    debt: Any
    is_booked: bool
    cancelled: Decimal = NOTHING
    paid: list = field(default_factory=list)

    @property
    def paid_sum(self):
        return sum((amount for _chunk, amount in self.paid), NOTHING)

    @property
    def open(self):
        return self.amount - self.cancelled - self.paid_sum

    def cancel(self):
        """Given up: what was paid of it is the payer's again."""
        for chunk in [chunk for chunk, _amount in self.paid]:
            chunk.take_back(self)
        self.cancelled = self.amount


@dataclass(eq=False)
class Plan:
    """A payment plan that was agreed on."""

    number: str
    debts: list
    total: Decimal
    instalments: list
    state: str = "kept"

    @property
    def open(self):
        return sum((debt.owed for debt in self.debts), NOTHING)

    def missing(self):
        """The due date of the first instalment that is not paid in full."""
        left = max(self.total - self.open, NOTHING)
        for due, amount in self.instalments:
            if left < amount:
                return due
            left -= amount
        return None


@dataclass(eq=False)
class Payer:
    """Who owes, and the record of the books."""

    record: Any
    is_company: bool
    is_held: bool = False


@dataclass(eq=False)
class Debt:
    """An invoice, and what letters claim of it.

    :ivar counted: the due date, or the first banking day after it
    :ivar record: the invoice
    """

    record: Any
    payer: Any
    kind: str
    amount: Decimal
    due: date
    counted: date
    levels: list
    close_days: int = 0
    has_clause: bool = True
    is_followed: bool = False
    is_returned: bool = False
    is_disputed: bool = False
    paused_until: date | None = None
    name: str = ""
    credited: Decimal = NOTHING
    written_off: list = field(default_factory=list)
    paid: list = field(default_factory=list)
    letters: list = field(default_factory=list)
    costs: list = field(default_factory=list)
    case: Any = None
    told: Decimal = NOTHING

    @property
    def open(self):
        return (
            self.amount - self.credited - sum((amount for _day, amount in self.payments), NOTHING)
        )

    @property
    def payments(self):
        return [(chunk.day, amount) for chunk, amount in self.paid] + self.written_off

    @property
    def costs_open(self):
        return sum((cost.open for cost in self.costs), NOTHING)

    @property
    def owed(self):
        return self.open + self.costs_open

    @property
    def ladder(self):
        return [letter for letter in self.letters if letter.kind != "plan"]

    @property
    def level(self):
        """The next letter of its policy; None when there is none."""
        sent = len(self.ladder)
        return self.levels[sent] if sent < len(self.levels) else None

    @property
    def last_deadline(self):
        return self.ladder[-1].deadline if self.ladder else self.counted

    def settle(self):
        """Settled whichever way, with what letters claimed."""
        for cost in self.costs:
            cost.cancelled += cost.open


class Model:
    """All payers of a company, and the rules."""

    def __init__(self, land, **settings):
        self.land = land
        self.costs_first = self.is_booked = False
        self.settings = settings
        self.debts, self.payments, self.plans = [], [], []
        self.known_until = date.min

    # ------------------------------------------------------------------ money

    def book(self, payments):
        """The bank reports these payments in one file, of one day."""
        kept = {}
        for payment in payments:
            self.payments.append(payment)
            rest = payment.amount
            for debt in payment.debts:
                rest = self._keep(payment, debt, rest, kept)
                if part := min(rest, debt.open):
                    chunk = self._chunk(payment, part)
                    chunk.use(debt, part)
                    payment.placed.append(debt)
                    rest -= part
            if rest:
                self._chunk(payment, rest)

    def _keep(self, payment, debt, rest, kept):
        """Where costs come first, they get theirs before the debt."""
        if not self.costs_first or debt.is_disputed or not debt.is_followed or debt.open <= 0:
            return rest
        if part := min(rest, debt.costs_open - kept.get(debt, NOTHING)):
            kept[debt] = kept.get(debt, NOTHING) + part
            self._chunk(payment, part)
        return rest - part

    def _chunk(self, payment, amount):
        chunk = Chunk(payment.payer, payment.day, amount, payment)
        payment.chunks.append(chunk)
        return chunk

    def reverse(self, payment):
        """The bank takes a payment back."""
        for chunk in payment.chunks:
            for target in {target for target, _amount in chunk.uses}:
                chunk.take_back(target)
            chunk.left = NOTHING
        self.payments.remove(payment)

    def credits(self, payer):
        """Money of a payer that is not used, oldest first."""
        chunks = [c for p in self.payments if p.payer is payer for c in p.chunks if c.left]
        return sorted(chunks, key=lambda chunk: chunk.day)

    def use_money(self):
        """What is beyond the debts pays what letters sent before it claim."""
        meant = [debt for debt in self.debts if debt.costs_open and self._may_be_paid(debt)]
        owing = {debt.payer for debt in self.debts if self._is_waiting(debt)}
        for payer in dict.fromkeys(debt.payer for debt in meant):
            own = [debt for debt in meant if debt.payer is payer]
            for chunk in self.credits(payer):
                debts = own
                if payer in owing and not self.costs_first:
                    debts = [debt for debt in own if debt in chunk.payment.placed]
                self._use(chunk, debts)

    def _may_be_paid(self, debt):
        return debt.open == 0 or (self.costs_first and not debt.is_disputed)

    def _is_waiting(self, debt):
        return debt.is_followed and debt.open and not debt.is_disputed and not debt.case

    def _use(self, chunk, debts):
        costs = [cost for debt in debts for cost in debt.costs if cost.letter.day <= chunk.day]
        costs.sort(key=lambda cost: cost.line)
        for part in COSTS_FIRST if self.costs_first else PARTS:
            for cost in costs:
                if cost.part == part and (amount := min(chunk.left, cost.open)) > 0:
                    chunk.use(cost, amount)

    def give_up(self, today):
        """Small rests of debts, then what is claimed of debts that are settled."""
        for debt in self.debts:
            if self._is_small_rest(debt):
                debt.written_off.append((today, debt.open))
        for debt in self.debts:
            if debt.open == 0 and debt.costs_open:
                is_credited = debt.credited == debt.amount
                if is_credited or debt.costs_open <= self.settings["waive_limit"]:
                    debt.settle()

    def _is_small_rest(self, debt):
        """Is little left of what was paid, and nothing else to come?"""
        is_small = NOTHING < debt.open <= min(self.settings["remainder_limit"], debt.amount - CENT)
        is_free = not debt.case and not self.plan_of(debt) and not self.credits(debt.payer)
        return is_small and debt.is_followed and is_free

    # ------------------------------------------------------------------ plans

    def plan_of(self, debt):
        return next((one for one in self.plans if one.state == "kept" and debt in one.debts), None)

    def follow_plans(self, today):
        for plan in self.plans:
            if plan.state == "kept" and plan.open == 0:
                plan.state = "done"
            if plan.state == "kept" and self._is_missed(plan, today):
                plan.state = "broken"

    def _is_missed(self, plan, today):
        last = self.miss_day(plan)
        is_money_there = self.credits(plan.debts[0].payer)
        return last < today and not is_money_there and self.known_until >= last

    def miss_day(self, plan):
        days = self.land.days
        return days.forward(days.next_open(plan.missing()), self.settings["grace_days"])

    # ------------------------------------------------------------------ letters

    def follow(self, today):
        for debt in self.debts:
            if debt.due < today and debt.open:
                debt.is_followed = True

    def closes_on(self, debt):
        if not debt.close_days:
            return date.max
        day = debt.counted + debt.close_days * DAY
        if debt.paused_until:
            day = max(day, debt.paused_until + DAY)
        year_end = date(debt.counted.year, 12, 31)
        return min(day, year_end) if debt.counted < year_end else day

    def read_day(self, debt):
        """The payments through this day have to be known before a letter."""
        since = max(debt.counted, debt.last_deadline)
        return self.land.days.forward(since, self.settings["bank_days"])

    def is_held(self, debt, today):
        return bool(
            debt.is_disputed
            or (debt.paused_until and debt.paused_until >= today)
            or debt.payer.is_held
            or self.plan_of(debt)
            or self.credits(debt.payer)
            or self.known_until < self.read_day(debt)
        )

    def policy_day(self, debt):
        """The first day on which the policy wants the next letter."""
        level, last = debt.level, debt.ladder[-1:]
        counts_from_letter = level.counted_from == "letter" and last
        start = last[0].day if counts_from_letter else debt.counted
        return max(start + level.days * DAY, debt.last_deadline + DAY)

    def legal_due(self, debt):
        return debt.due if self.land.due_stays else debt.counted

    def lawful_day(self, debt):
        """The first day on which the law allows the letter with the fee it wants.

        A fee that can never be allowed is not waited for.
        """
        level, land = debt.level, self.land
        days = [self.legal_due(debt) + DAY]
        missed = [x.deadline + DAY for x in debt.ladder if self._is_long(x)]
        if level.kind == "demand":
            days.append(min(missed, default=date.max))
        if level.fee:
            days.append(self.legal_due(debt) + land.first_days * DAY)
            days += [letter.day + land.spacing * DAY for letter in debt.letters if land.spacing]
            counted = self.counted(debt, level.kind)
            further = counted and land.missed_days and level.kind != "demand"
            if further and self._is_long(counted[-1]):
                days.append(min(self.reset_day(debt), counted[-1].deadline + DAY))
        return max(days)

    def _is_long(self, letter):
        return (letter.deadline - letter.day).days >= self.land.missed_days

    def reset_day(self, debt):
        charged = [letter for letter in debt.letters if letter.fee]
        if not self.land.reset_months or not charged:
            return date.max
        return charged[-1].day + relativedelta(months=self.land.reset_months)

    def counted(self, debt, kind):
        """The letters whose fees count for one of this kind: none before a long silence."""
        series = []
        for letter in [letter for letter in debt.letters if letter.fee]:
            months = self.land.reset_months
            if months and series and letter.day >= series[-1].day + relativedelta(months=months):
                series = []
            series.append(letter)
        return [letter for letter in series if letter.kind in self.land.group(kind)]

    def is_due(self, debt, today):
        """Has the next letter to go out today?"""
        level, land = debt.level, self.land
        if not debt.is_followed or debt.open == 0 or debt.case or not level:
            return False
        if today >= self.closes_on(debt) or today >= land.act_from:
            return False
        if debt.open < self.settings["minimum"] or self.is_held(debt, today):
            return False
        if today < max(self.policy_day(debt), self.lawful_day(debt)):
            return False
        return self._is_reckonable(debt, today)

    def _is_reckonable(self, debt, today):
        """Is all entered that has to be known for the letter?"""
        level = debt.level
        if level.fee and not self.land.is_fee_known(today):
            return False
        wants = level.compensation and debt.payer.is_company and not self._claimed(debt)
        if wants and self._sets_with_rates(today):
            return False
        return not level.interest or self.cumulated(debt, today) is not None

    def _sets_with_rates(self, today):
        """Is the compensation set with a rate of interest that is missing?"""
        return self.land.compensation_with_rate and self.land.rate(today, today) is None

    def fee(self, debt, today):
        """What the law allows of the fee that the letter wants."""
        level, land = debt.level, self.land
        cap = land.cap(level.kind, today)
        if not level.fee or cap is None:
            return NOTHING
        if land.needs_clause and level.kind == "reminder" and not debt.has_clause:
            return NOTHING
        counted, most = self.counted(debt, level.kind), land.count(level.kind)
        is_reset = today >= self.reset_day(debt)
        if most and len(counted) >= most and not is_reset:
            return NOTHING
        if land.missed_days and counted and not is_reset and not self._is_missed_letter(counted):
            return NOTHING
        if land.missed_days and any(x.deadline > self.known_until for x in debt.ladder):
            return NOTHING
        if land.is_offset and (self._claimed(debt) or self.compensation(debt, today)):
            return NOTHING
        return min(level.fee, cap)

    def _is_missed_letter(self, counted):
        return self._is_long(counted[-1])

    def _claimed(self, debt):
        return sum((cost.amount for cost in debt.costs if cost.part == "compensation"), NOTHING)

    def compensation(self, debt, today):
        if not debt.level.compensation or not debt.payer.is_company or self._claimed(debt):
            return NOTHING
        amount = _in_force(self.land.compensation, today) or NOTHING
        if self.land.is_offset:
            amount -= sum((letter.fee for letter in debt.letters), NOTHING)
        return max(amount, NOTHING)

    def cumulated(self, debt, today):
        """All interest through today; None when a rate is missing."""
        owed = debt.amount - debt.credited
        return self.land.interest(owed, debt.payments, debt.counted, today)

    def interest(self, debt, today):
        """What is new of it since the letters before."""
        if not debt.level.interest:
            return NOTHING
        return self.new_interest(debt, today)

    def new_interest(self, debt, today):
        costs = [cost for cost in debt.costs if cost.part == "interest"]
        before = sum((cost.amount - cost.cancelled for cost in costs), NOTHING)
        return max(self.cumulated(debt, today) - before, NOTHING)

    def shortest_deadline(self, debt, kind, sent):
        """The first day that may be the last one to pay."""
        land = self.land
        day = sent + land.deadlines.get(kind, 0) * DAY
        if kind == "notice" and land.banking_days_to_pay:
            received = land.days.forward(sent, self.settings["post_days"])
            day = max(day, land.days.forward(received, land.banking_days_to_pay))
        return day

    def deadline(self, debt, today):
        level = debt.level
        wanted = today + level.deadline_days * DAY
        return self.land.days.next_open(
            max(wanted, self.shortest_deadline(debt, level.kind, today))
        )

    def is_ready(self, debt, today):
        """May it be handed over to an agency today?"""
        land = self.land
        if debt.kind != "fee" or not debt.open or not debt.ladder or debt.level:
            return False
        if debt.case or debt.is_returned or today >= land.act_from or self.is_held(debt, today):
            return False
        if land.needs_notice and not any(letter.kind == "notice" for letter in debt.ladder):
            return False
        if today <= max(letter.deadline for letter in debt.ladder):
            return False
        claims_interest = any(level.interest for level in debt.levels)
        return not claims_interest or self.cumulated(debt, today) is not None

    def direct(self, debt):
        """What was paid of it otherwise than through its agency."""
        return sum(
            (
                amount
                for chunk, amount in debt.paid
                if not debt.case or chunk.payment.reference != debt.case.reference
            ),
            NOTHING,
        )

    def wake_days(self, today):
        """Days to come on which something may happen by itself."""
        for debt in self.debts:
            if debt.open and not debt.case:
                yield debt.due + DAY
                yield self.closes_on(debt)
                if debt.level:
                    yield self._letter_day(debt)
        for plan in self.plans:
            if plan.state == "kept" and plan.missing():
                yield self.miss_day(plan) + DAY

    def _letter_day(self, debt):
        paused = (debt.paused_until or date.min) + DAY
        read = self.read_day(debt) + DAY
        return max(self.policy_day(debt), self.lawful_day(debt), read, paused)

    # ------------------------------------------------------------------ what the books say

    def income(self, parts):
        """What stands on the income accounts of these parts."""
        costs = [cost for debt in self.debts for cost in debt.costs if cost.part in parts]
        return sum(
            (cost.amount - cost.cancelled if cost.is_booked else cost.paid_sum for cost in costs),
            NOTHING,
        )

    def receivable(self, payer):
        """What stands on the payer's account."""
        own = [debt for debt in self.debts if debt.payer is payer]
        booked = [cost.open for debt in own for cost in debt.costs if cost.is_booked]
        free = sum((chunk.left for chunk in self.credits(payer)), NOTHING)
        return sum((debt.open for debt in own), NOTHING) + sum(booked, NOTHING) - free
