"""What memberships must come to, worked out from the rules alone, day by day.

The test of random years compares Odoo with this. It asks nothing of the code under test: whether
a period begins on a day is asked of that day, and what is covered, owed and paid is counted from
what was decided. Money is Decimal, both ends of a stretch belong to it.
"""

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

DAY = timedelta(days=1)
SETTLED = ("paid", "credited")
WHOLE = Fraction(1)


def cents(amount) -> Decimal:
    """``amount`` (Decimal or Fraction) in the currency's smallest unit, half away from zero."""
    if isinstance(amount, Fraction):
        amount = Decimal(amount.numerator) / Decimal(amount.denominator)
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def parts(amount, count):
    """``amount`` in so many equal parts; the last one takes the rest."""
    part = cents(amount * 100 // count / 100)
    return [part] * (count - 1) + [amount - part * (count - 1)]


def age_on(day, born):
    """Whole years lived on ``day``."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def days(first, last):
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


@dataclass(eq=False)
class Price:
    """What periods that begin from ``valid_from`` to ``valid_to`` cost."""

    valid_from: date
    amount: Decimal
    valid_to: date | None = None
    ages: tuple[int, int] | None = None
    numbers: tuple[int, int] = (1, 9999)
    record: object = None

    def fits(self, day, age, number):
        """Is it the price of a member's period number ``number`` that begins on ``day``?"""
        return (
            self.valid_from <= day <= (self.valid_to or date.max)
            and (not self.ages or (age is not None and self.ages[0] <= age <= self.ages[1]))
            and self.numbers[0] <= number <= self.numbers[1]
        )


@dataclass(eq=False)
class Plan:
    """The terms that are sold."""

    name: str
    months: int
    anchor: str  # joining, calendar, or fixed with ``begins_on``
    begins_on: tuple[int, int] = (1, 1)
    part: str = "full"
    joining: tuple = ()  # (month, day, per cent, together with the next period)
    pay_every: int = 0  # months from one payment to the next; 0 is once for a period
    renewal: str = "automatic"
    claim: str = "fee"
    lead: int = 14
    days_to_pay: int = 14
    grace: int = 14
    first_payment: bool = False
    entry_fee: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)  # put on top of the price; a tax inside it changes nothing here
    prices: list[Price] = field(default_factory=list)
    record: object = None

    def begins(self, day, joined, months=None):
        """Does a period of ``months`` begin on ``day`` for somebody who joined on ``joined``?"""
        month, wanted = {
            "joining": (joined.month, joined.day),
            "calendar": (1, 1),
            "fixed": self.begins_on,
        }[self.anchor]
        last_of_month = monthrange(day.year, day.month)[1]
        return (day.month - month) % (months or self.months) == 0 and day.day == min(
            wanted, last_of_month
        )

    def whole(self, day, joined):
        """The whole period ``day`` is in."""
        first = last = day
        while not self.begins(first, joined):
            first -= DAY
        while not self.begins(last + DAY, joined):
            last += DAY
        return first, last

    def joining_row(self, day, joined):
        """The row of the table for somebody who comes on ``day``, within a period."""
        first, _last = self.whole(day, joined)
        while self.part == "table" and day > first:
            for row in self.joining:
                if row[:2] == (day.month, day.day):
                    return row
            day -= DAY
        return None

    def share(self, first, last, joined):
        """The part of the price that ``first`` to ``last`` costs."""
        whole = self.whole(first, joined)
        if self.part == "full" or whole == (first, last):
            return WHOLE
        if self.part == "table":
            row = self.joining_row(first, joined)
            return Fraction(row[2], 100) if row else WHOLE
        return Fraction(self._units(first, last, joined), self._units(*whole, joined))

    def share_owed(self, first, last, end, joined):
        """The part of what ``first`` to ``last`` costs that is owed when all ends with ``end``."""
        if end < first:
            return Fraction(0)
        if end >= last or self.part not in ("day", "month"):
            return WHOLE
        return Fraction(self._units(first, end, joined), self._units(first, last, joined))

    def _units(self, first, last, joined):
        """Days, or months begun."""
        if self.part == "day":
            return (last - first).days + 1
        return 1 + sum(self.begins(day, joined, 1) for day in days(first + DAY, last))

    def payments(self, first, last, joined, paid_from):
        """The days each payment for ``first`` to ``last`` is for."""
        cuts = [
            day
            for day in days(paid_from + DAY, last)
            if self.pay_every and self.begins(day, joined, self.pay_every)
        ]
        return list(zip([first, *cuts], [*(cut - DAY for cut in cuts), last], strict=True))

    def price(self, day, age, number):
        """The price row of a period that begins on ``day``; None when there is none."""
        fitting = [price for price in self.prices if price.fits(day, age, number)]
        if len(fitting) > 1:
            raise ValueError(f"{self.name}: two prices on {day}")
        return fitting[0] if fitting else None


@dataclass(eq=False)
class Invoice:
    """What one payer was invoiced at once."""

    payer: object
    due: date
    charges: list = field(default_factory=list)
    credited: Decimal = Decimal(0)
    settled: Decimal = Decimal(0)  # payments and credit notes, as far as they were needed
    paid: Decimal = Decimal(0)  # payments of it
    record: object = None
    name: str = ""

    @property
    def total(self):
        return sum((charge.amount for charge in self.charges), Decimal(0))

    @property
    def open(self):
        return self.total - self.settled

    @property
    def state(self):
        """The state of its charges."""
        if self.credited >= self.total:
            return "void"
        return "invoiced" if self.open else "paid"

    def settle(self, amount, payment=False):
        """Take what is needed of a payment or credit note; returns how much that was."""
        taken = min(amount, self.open)
        self.settled += taken
        if payment:
            self.paid += taken
        return taken

    def lose_payment(self, amount):
        self.settled -= amount
        self.paid -= amount

    def credit_whole(self):
        """The credit note takes the whole invoice: what was paid is the payer's again."""
        self.credited = self.settled = self.total
        self.paid = Decimal(0)


@dataclass(eq=False)
class Charge:
    """One thing a payer is asked for."""

    owner: object
    kind: str
    amount: Decimal
    first: date | None
    last: date | None
    wait_until: date
    what: object = None  # the further product
    stretch: object = None
    invoice: Invoice | None = None
    gone: bool = False  # void for good, and what it was for can be billed again
    dropped: Decimal = Decimal(0)  # is not invoiced because the membership ended
    credited: Decimal = Decimal(0)  # on the invoice, because the membership ended

    @property
    def state(self):
        if self.gone:
            return "void"
        if self.invoice:
            return self.invoice.state
        return "to_invoice" if self.amount else "void"

    @property
    def may_have_tax(self):
        plans = [plan for _since, plan in self.owner.plans]
        return self.kind in ("fee", "entry") and any(plan.tax for plan in plans)

    def twin(self):
        """The charge that takes the place of this one, and waits."""
        return Charge(
            self.owner,
            self.kind,
            self.amount,
            self.first,
            self.last,
            self.wait_until,
            self.what,
            self.stretch,
            dropped=self.dropped,
        )

    def drop(self, amount):
        """Take ``amount`` off before it is invoiced."""
        self.dropped = amount
        self.amount -= amount


@dataclass(eq=False)
class Stretch:
    """Days of a membership that are billed."""

    first: date
    last: date
    plan: Plan
    joined: date  # from when on the plan's periods are counted
    number: int
    fee: Decimal
    charges: list[Charge] = field(default_factory=list)

    @property
    def state(self):
        states = {charge.state for charge in self.charges}
        live = states - {"void"}
        if states and not live:
            return "credited"
        return "open" if live - {"paid"} else "paid"

    @property
    def is_offer(self):
        return self.plan.renewal == "offer" and self.number > 1

    @property
    def instalments(self):
        return [charge for charge in self.charges if charge.kind == "fee" and not charge.gone]

    def is_settled_on(self, day):
        """Is nothing owed for ``day``?"""
        if self.state in SETTLED:
            return True
        return len(self.instalments) > 1 and any(
            charge.first <= day <= charge.last and charge.invoice and charge.state != "invoiced"
            for charge in self.instalments
        )


@dataclass(eq=False)
class Pause:
    """Days on which no period begins; without an end as long as nothing else is decided."""

    first: date
    last: date | None = None


@dataclass(eq=False)
class Product:
    """A further product that is charged with every period that begins within its days."""

    price: Decimal
    quantity: int
    first: date | None = None
    last: date | None = None

    def goes_with(self, day):
        return (self.first or date.min) <= day <= (self.last or date.max)


@dataclass(eq=False)
class Due:
    """What a membership is to be invoiced by a day."""

    stretches: list[Stretch]
    loose: list[Charge]  # those that wait, and the entry fee

    def __bool__(self):
        return bool(self.stretches or self.loose)

    def charges(self, until):
        """What is on the invoice; later instalments wait."""
        own = [charge for stretch in self.stretches for charge in stretch.charges]
        return [charge for charge in own + self.loose if charge.wait_until <= until]

    def facts(self, until):
        """What must be the same when a preview is released."""
        return (
            [(stretch.first, stretch.last, stretch.plan) for stretch in self.stretches],
            len(self.loose),
            sum(charge.amount for charge in self.charges(until)),
        )


class Membership:
    """One contract: what was decided, what is billed, and what follows from both."""

    def __init__(self, name, plan, start, billed_from, payer, born=None):
        self.name = name
        self.plans = [(date.min, plan)]
        self.start = start
        self.billed_from = billed_from
        self.payer = payer
        self.born = born
        self.end = None
        self.pauses = []
        self.products = []
        self.stretches = []  # that stand, in order
        self.loose = []  # charges that belong to no period
        self.history = []
        self.record = None
        self._left = []
        self._seen = {}

    def note(self, day, text):
        """Remember what happened; to be called after every change."""
        self.history.append(f"{day} {text}")
        self._seen = {}

    # -- plans and days ----------------------------------------------------------------

    def plan_on(self, day):
        return next(plan for since, plan in reversed(self.plans) if since <= day)

    def _joined(self, day):
        """From when on the periods of the plan of ``day`` are counted: a plan that was changed
        to goes on with the periods from the start where one of them begins just then."""
        since, plan = next(entry for entry in reversed(self.plans) if entry[0] <= day)
        return self.start if since < self.start or plan.begins(since, self.start) else since

    def change_day(self):
        """From when on another plan can hold: the first day that is not billed."""
        if day := self.next_open():
            return day
        return self.stretches[-1].last + DAY if self.stretches else self.billed_from

    def change_plan(self, plan, today):
        """Another plan from :meth:`change_day` on, in place of a change that was planned for
        later; returns that day."""
        self._seen = {}
        self.plans = [entry for entry in self.plans if entry[0] <= today]
        day = self.change_day()
        if self.plans[-1][1] != plan:
            self.plans = [entry for entry in self.plans if entry[0] < day] + [(day, plan)]
        self._seen = {}
        return day

    @property
    def last_day(self):
        """The last day that may be billed, if there is one."""
        if "last_day" not in self._seen:
            self._seen["last_day"] = self._last_day()
        return self._seen["last_day"]

    def _last_day(self):
        since, plan = self.plans[-1]
        if plan.renewal != "none":
            return self.end
        first = max(since, self.start)
        joined = self._joined(first)
        only = plan.whole(first, joined)[1]
        row = plan.joining_row(first, joined)
        if first == self.start and row and row[3]:
            only = plan.whole(only + DAY, joined)[1]
        return min(only, self.end or only)

    def billed_on(self, day):
        """The stretch ``day`` is in."""
        return next((each for each in self.stretches if each.first <= day <= each.last), None)

    def paused_on(self, day):
        return any(pause.first <= day <= (pause.last or date.max) for pause in self.pauses)

    def must_be_billed(self, today):
        """All days that have to be in a stretch once everything up to ``today`` is billed."""
        last = today + timedelta(days=90)
        return {
            day
            for day in days(self.billed_from, min(last, self.last_day or last))
            if day <= today + timedelta(days=self.plan_on(day).lead) and not self.paused_on(day)
        }

    def next_open(self):
        """The first day that is not billed and has to be; None when there is none."""
        if "next_open" not in self._seen:
            self._seen["next_open"] = self._next_open(self.billed_from)
        return self._seen["next_open"]

    def _next_open(self, day):
        latest = [each.last for each in self.stretches]
        latest += [pause.last or pause.first for pause in self.pauses]
        latest = max(latest, default=day)
        while not self.last_day or day <= self.last_day:
            if stretch := self.billed_on(day):
                day = stretch.last + DAY
            elif not self.paused_on(day):
                return day
            elif day > latest:
                return None
            else:
                day += DAY
        return None

    def next_invoice(self):
        """The first day on which a run has something to invoice."""
        if "next_invoice" not in self._seen:
            wait = [charge.wait_until for charge in self.charges() if charge.state == "to_invoice"]
            if day := self.next_open():
                wait.append(day - timedelta(days=self.plan_on(day).lead))
            self._seen["next_invoice"] = min(wait, default=None)
        return self._seen["next_invoice"]

    # -- where the member stands -------------------------------------------------------

    @property
    def paid_until(self):
        """The last day up to which everything is paid or was credited."""
        if "paid_until" not in self._seen:
            self._seen["paid_until"] = self._paid_until()
        return self._seen["paid_until"]

    def _paid_until(self):
        until = self.billed_from - DAY if self.start < self.billed_from else None
        day = self.billed_from
        newest = max((stretch.last for stretch in self.stretches), default=date.min)
        while day <= newest:
            if stretch := self.billed_on(day):
                if not stretch.is_settled_on(day):
                    break
                until = day
            elif not self.paused_on(day):
                break
            day += DAY
        return until

    def status(self, today):
        """May the member use the membership today? One of the five words, or None."""
        if self.has_ended(today):
            return "ended"
        if today < self.start:
            return None
        if self.paused_on(today):
            return "paused"
        if self.paid_until and today <= self.paid_until:
            return "active"
        plan = self.plan_on(today)
        due = self._oldest_due()
        if due and today > due:
            return "waiting" if today <= due + timedelta(days=plan.grace) else "suspended"
        return "waiting" if plan.first_payment and not self.paid_until else "active"

    def has_ended(self, today):
        return bool(self.last_day and self.last_day < today)

    def _oldest_due(self):
        if "oldest_due" not in self._seen:
            self._seen["oldest_due"] = min(
                (
                    charge.invoice.due
                    for stretch in self.stretches
                    for charge in stretch.charges
                    if charge.state == "invoiced"
                ),
                default=None,
            )
        return self._seen["oldest_due"]

    def charges(self):
        return [
            charge
            for charges in (self.loose, *(stretch.charges for stretch in self.stretches))
            for charge in charges
        ]

    # -- billing -----------------------------------------------------------------------

    def due(self, until):
        """What a run on ``until`` has to bill; None when a period has no price."""
        waiting = [
            charge
            for charge in self.charges()
            if charge.state == "to_invoice" and charge.wait_until <= until
        ]
        waiting.sort(key=lambda charge: charge.wait_until)
        stretches = []
        day = self.next_open()
        while day and day <= until + timedelta(days=self.plan_on(day).lead):
            stretch = self._stretch_from(day)
            if not stretch:
                return None
            stretches.append(stretch)
            day = self._next_open(stretch.last + DAY)
        if stretches and self._owes_entry_fee(stretches[0]):
            plan = stretches[0].plan
            if amount := self._amount(plan, plan.entry_fee):
                waiting.insert(0, Charge(self, "entry", amount, None, None, until))
        return Due(stretches, waiting)

    def _owes_entry_fee(self, stretch):
        """With the first days that are billed of somebody who joins."""
        asked = any(charge.kind == "entry" and not charge.gone for charge in self.loose)
        return (
            not asked
            and self.start == self.billed_from
            and all(stretch.first < each.first for each in self.stretches)
        )

    def plan_due(self, due, day):
        """The plan that says when ``due``, invoiced on ``day``, is to be paid."""
        if due.stretches:
            return due.stretches[0].plan
        stretch = due.loose[0].stretch
        return stretch.plan if stretch else self.plan_on(day)

    def bill(self, due):
        """``due`` is invoiced: its stretches stand."""
        self.stretches = sorted(self.stretches + due.stretches, key=lambda each: each.first)
        self.loose += [each for each in due.loose if not each.stretch and each not in self.loose]

    def _stretch_from(self, first):
        plan, joined = self.plan_on(first), self._joined(first)
        row = plan.joining_row(first, joined)
        merged = bool(row and row[3] and first == self.start == self.billed_from)
        paid_from = first
        last = first
        while not self._must_stop(last, first):
            if plan.begins(last + DAY, joined):
                if not merged or paid_from != first:
                    break
                paid_from = last + DAY
            last += DAY
        merged = paid_from != first
        number = self._number(plan, joined, first)
        age = self.born and age_on(paid_from, self.born)
        price = plan.price(paid_from, age, number)
        if not price:
            return None
        share = Fraction(row[2], 100) if merged else plan.share(first, last, joined)
        fee = self._amount(plan, price.amount, share)
        stretch = Stretch(first, last, plan, joined, number, fee)
        payments = plan.payments(first, last, joined, paid_from)
        self._charge(stretch, "fee", None, fee, payments)
        for product in self.products:
            if product.goes_with(first):
                amount = cents(Fraction(product.price * product.quantity) * share)
                self._charge(stretch, "product", product, amount, payments)
        return stretch

    def _must_stop(self, last, first):
        """Is ``last`` the last day of what begins on ``first``, wherever the period ends?"""
        return (
            last == self.last_day
            or self.billed_on(last + DAY)
            or any(since == last + DAY for since, _plan in self.plans)
        )

    def _charge(self, stretch, kind, product, amount, payments):
        for part, (first, last) in zip(parts(amount, len(payments)), payments, strict=True):
            if part:
                ahead = first - timedelta(days=stretch.plan.lead)
                stretch.charges.append(
                    Charge(self, kind, part, first, last, ahead, product, stretch)
                )

    def _number(self, plan, joined, day):
        """The how-manieth whole period ``day`` is in, counted from the one of the start."""
        number = 1 + sum(plan.begins(each, joined) for each in days(self.start + DAY, day))
        row = plan.joining_row(self.start, joined) if self.start == self.billed_from else None
        return number - 1 if row and row[3] and number > 2 else number

    def _amount(self, plan, price, share=WHOLE):
        whole = cents(price * (1 + plan.tax))
        return cents(Fraction(whole) * share)

    # -- taking back -------------------------------------------------------------------

    def take_back(self, charges):
        """What ``charges`` were for is to be billed again.

        A period of which nothing else was invoiced is to be billed anew; else each charge gets
        a twin that waits.
        """
        charges = [charge for charge in charges if not charge.gone]
        for charge in charges:
            charge.gone = True
        stretches = [stretch for stretch in self.stretches if set(stretch.charges) & set(charges)]
        for stretch in stretches:
            if any(charge.invoice and not charge.gone for charge in stretch.charges):
                continue
            for charge in stretch.charges:
                charge.gone = True
            self.stretches.remove(stretch)
        for charge in charges:
            if not charge.stretch:
                self.loose.append(charge.twin())
            elif charge.stretch in self.stretches:
                charge.stretch.charges.append(charge.twin())
        self._seen = {}

    # -- ending ------------------------------------------------------------------------

    def end_on(self, day, credit):
        """The last day is ``day``. Returns what is credited: charge to amount."""
        if self.end:
            self._pick_up()
        self.end = day
        self._seen = {}
        return self.settle_after(day, credit)

    def undo_end(self):
        self._pick_up()
        self.end = None
        self._seen = {}

    def settle_after(self, end, credit):
        """What is charged for the time after ``end`` and not owed is dropped, if it waits, and
        with ``credit`` credited. Returns what is credited: charge to amount."""
        credits = {}
        self._left = [stretch for stretch in self.stretches if not stretch.fee]
        for stretch in self.stretches:
            if stretch.last <= end or stretch.state == "credited":
                continue
            for charge, amount in self._beyond(stretch, end).items():
                self._left.append(stretch)
                if charge.state == "to_invoice":
                    charge.drop(amount)
                elif credit:
                    credits[charge] = amount
        for charge, amount in credits.items():
            charge.credited += amount
        self._seen = {}
        return credits

    def _beyond(self, stretch, end):
        """What is not owed of a stretch: charge to amount. The first charges are kept."""
        share = stretch.plan.share_owed(stretch.first, stretch.last, end, stretch.joined)
        sums = defaultdict(list)
        for charge in sorted(stretch.charges, key=lambda charge: charge.first):
            if charge.state != "void":
                sums[charge.what].append(charge)
        beyond = {}
        for charges in sums.values():
            owed = cents(Fraction(sum(charge.amount for charge in charges)) * share)
            for charge in charges:
                kept = min(charge.amount, owed)
                owed -= kept
                if left := max(charge.amount - kept - charge.credited, Decimal(0)):
                    beyond[charge] = left
        return beyond

    def give_back(self, end):
        """Periods after ``end`` of which nothing is owed any more can be billed again."""
        for stretch in set(self._left):
            owed = any(
                charge.amount > charge.credited
                for charge in stretch.charges
                if charge.state != "void"
            )
            if stretch.first > end and not owed:
                for charge in stretch.charges:
                    charge.gone = True
                self.stretches.remove(stretch)
        self._seen = {}

    def _pick_up(self):
        """What was dropped is to be invoiced after all."""
        for stretch in self.stretches:
            for charge in list(stretch.charges):
                if charge.dropped and not charge.gone:
                    dropped, charge.dropped = charge.dropped, Decimal(0)
                    if charge.invoice:
                        twin = charge.twin()
                        twin.amount = dropped
                        stretch.charges.append(twin)
                    else:
                        charge.amount += dropped
        self._seen = {}

    # -- offers ------------------------------------------------------------------------

    def overdue_offer(self, today):
        """The first renewal that was offered and not taken in time."""
        for stretch in self.stretches:
            grace = timedelta(days=stretch.plan.grace)
            if stretch.is_offer and any(
                charge.state == "invoiced" and charge.invoice.due + grace < today
                for charge in stretch.charges
            ):
                return stretch
        return None

    def is_partly_paid_from(self, first):
        return any(
            charge.state == "paid" or (charge.state == "invoiced" and charge.invoice.paid)
            for stretch in self.stretches
            if stretch.first >= first
            for charge in stretch.charges
        )
