"""What the desk of invoices should come to, reckoned a second time and in the simplest way.

Each payer has an account of items above zero (owed) and below (paid, credited, moved). Items are
paired by hand, amount by amount. Nothing here uses the product.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

DAY = timedelta(days=1)
NOTHING = Decimal(0)
CENT = Decimal("0.01")
LIVE = ("proposed", "approved", "sent")


def cents(amount):
    """An amount of the books, exactly."""
    return Decimal(str(amount)).quantize(CENT)


@dataclass(eq=False)
class Payer:
    """Who is invoiced.

    :ivar account: where the payer pays from, and is paid back to
    """

    record: Any
    name: str
    account: str
    items: list = field(default_factory=list)

    @property
    def balance(self):
        return sum((item.amount for item in self.items), NOTHING)

    @property
    def credits(self):
        """What is open in the payer's favour, the oldest first."""
        return sorted((item for item in self.items if item.open < 0), key=_age)

    @property
    def standing(self):
        """The credits that no refund is under way for."""
        return [item for item in self.credits if not item.refund]

    @property
    def claims(self):
        return [item for item in self.items if item.open > 0]


@dataclass(eq=False)
class Item:
    """A line on the account of a payer.

    :ivar kind: what the statement calls it
    :ivar due: until when it is to be paid; None of what is no invoice
    :ivar refund: the live refund that it is paid back with
    """

    payer: Payer
    kind: str
    amount: Decimal
    day: date
    serial: int
    due: date | None = None
    refund: Any = None
    pairs: list = field(default_factory=list)

    @property
    def open(self):
        taken = sum((amount for _other, amount in self.pairs), NOTHING)
        return self.amount - taken if self.amount > 0 else self.amount + taken

    def free(self):
        """What it was paired with is open again."""
        for other, _amount in self.pairs:
            other.pairs = [pair for pair in other.pairs if pair[0] is not self]
        self.pairs = []


def _age(item):
    return item.day, item.serial


def _turn(item):
    """The oldest due first; on one day the largest credit, and the smallest claim."""
    return item.due or item.day, item.amount, item.serial


def pair(credits, claims):
    """Let open ``credits`` pay open ``claims`` of the same payer, each in its turn."""
    for credit in sorted(credits, key=_turn):
        for claim in sorted(claims, key=_turn):
            if part := min(-credit.open, claim.open):
                credit.pairs.append((claim, part))
                claim.pairs.append((credit, part))


@dataclass(eq=False)
class Line:
    """A line of an invoice, tax included.

    :ivar record: the line
    """

    amount: Decimal
    contract: Any
    record: Any = None
    credited: Decimal = NOTHING

    @property
    def left(self):
        return self.amount - self.credited


@dataclass(eq=False)
class Invoice:
    """An invoice and its item on the account.

    :ivar record: the invoice
    """

    record: Any
    reference: str
    lines: list
    item: Item

    @property
    def payer(self):
        return self.item.payer

    @property
    def open(self):
        return self.item.open

    @property
    def left(self):
        return sum((line.left for line in self.lines), NOTHING)

    def state_of(self, line):
        """What becomes of the charge behind ``line``."""
        if not self.left or not line.left:
            return "void"
        return "invoiced" if self.open else "paid"


@dataclass(eq=False)
class Payment:
    """Money that the bank reports.

    :ivar invoice: whose reference it has; None when that is a wrong one
    :ivar day: when it was on the account
    :ivar waiting: what is not placed of it
    """

    payer: Payer
    amount: Decimal
    reference: str
    invoice: Any
    key: str
    account: str
    day: date | None = None
    waiting: Decimal = NOTHING
    items: list = field(default_factory=list)


@dataclass(eq=False)
class Refund:
    """Money that is paid back: parts of these credits."""

    payer: Payer
    amount: Decimal
    parts: list
    account: str
    record: Any = None
    state: str = "proposed"

    def set_state(self, state):
        """In a live refund, or out of it: then its credits stand again."""
        self.state = state
        for item, _part in self.parts:
            if state in LIVE:
                item.refund = self
            elif item.refund is self:
                item.refund = None


@dataclass(eq=False)
class Transfer:
    """Money moved from one payer to another.

    :ivar taken: the item of who had it
    :ivar received: that of who got it
    """

    taken: Item
    received: Item
    amount: Decimal
    record: Any = None


class Model:
    """The accounts of all payers, and what lies at the bank."""

    def __init__(self):
        self.payers, self.invoices, self.payments = [], [], []
        self.refunds, self.transfers, self.written_off = [], [], {}
        self.bank = NOTHING
        self.uses_standing, self.standing_limit = True, NOTHING
        self.over_limit, self.over_days = NOTHING, 0
        self._serial = count(1)
        self.touched = set()

    @property
    def waiting(self):
        return sum((payment.waiting for payment in self.payments), NOTHING)

    def item(self, payer, kind, amount, day, due=None):
        one = Item(payer, kind, amount, day, next(self._serial), due)
        payer.items.append(one)
        self.touched.add(payer)
        return one

    # ------------------------------------------------------------------ invoices

    def issue(self, invoices):
        """``(record, reference, payer, lines, day, due)`` of invoices that are posted together."""
        made = []
        for record, reference, payer, lines, day, due in invoices:
            total = sum((line.amount for line in lines), NOTHING)
            item = self.item(payer, "invoice", total, day, due)
            made.append(Invoice(record, reference, lines, item))
        self.invoices += made
        if self.uses_standing:
            for payer in {invoice.payer for invoice in made}:
                self._use_standing(payer, [one.item for one in made if one.payer is payer])
        return made

    def _use_standing(self, payer, items):
        total = -sum((credit.open for credit in payer.standing), NOTHING)
        if not self.standing_limit or total <= self.standing_limit:
            pair(payer.standing, items)

    def credit(self, invoice, parts, day):
        """Take parts (line to amount) of an invoice back."""
        for line, amount in parts.items():
            line.credited += amount
        note = self.item(invoice.payer, "credit", -sum(parts.values()), day, day)
        pair([note], [invoice.item])

    # ------------------------------------------------------------------ money

    def receive(self, payments, day):
        """The bank reports these payments in one file, of one day."""
        for payment in payments:
            payment.day = day
            self.payments.append(payment)
            self.bank += payment.amount
            if payment.invoice is None:
                payment.waiting = payment.amount
            else:
                self._place(payment, [payment.invoice.item])

    def place(self, payment):
        """A person says whose it is: the oldest due claims are paid."""
        self._place(payment, sorted(payment.payer.claims, key=_due))
        payment.waiting = NOTHING

    def is_account_known(self, payer):
        """Did the last payment that was placed on the payer come from the account of today?"""
        own = [one for one in self.payments if one.payer is payer and one.items]
        return bool(own) and max(own, key=lambda one: one.day).account == payer.account

    def _place(self, payment, claims):
        rest = payment.amount
        for claim in claims:
            if part := min(rest, max(claim.open, NOTHING)):
                item = self.item(payment.payer, "payment", -part, payment.day)
                pair([item], [claim])
                payment.items.append(item)
                rest -= part
        if rest:
            payment.items.append(self.item(payment.payer, "payment", -rest, payment.day))

    def undo_placing(self, payment, day):
        for item in payment.items:
            item.free()
            pair([item], [self.item(item.payer, "undone", -item.amount, day)])
        payment.items, payment.waiting = [], payment.amount

    def use(self, credit):
        pair([credit], credit.payer.claims)

    def move(self, credit, payer, amount, day, use_now):
        """Move what stands as ``credit`` to another payer."""
        taken = self.item(credit.payer, "moved", amount, day)
        pair([credit], [taken])
        received = self.item(payer, "moved", -amount, day)
        if use_now:
            self.use(received)
        self.transfers.append(Transfer(taken, received, amount))
        return self.transfers[-1]

    def undo_move(self, transfer, day):
        """Both items are set off by opposite ones; what they paid is open again."""
        for item in (transfer.taken, transfer.received):
            item.free()
            back = self.item(item.payer, "moved", -item.amount, day)
            pair(*([back], [item]) if item.amount > 0 else ([item], [back]))
        self.transfers.remove(transfer)

    def write_off(self, day):
        """Small credits of payers who owe nothing, that are old enough; each once."""
        small = [
            (payer, item)
            for payer in self.payers
            if not payer.claims and -sum(one.open for one in payer.credits) <= self.over_limit
            for item in payer.standing
            if item.day <= day - self.over_days * DAY and item not in self.written_off
        ]
        for payer, item in small:
            self.written_off[item] = self.item(payer, "difference", -item.open, day)
            pair([item], [self.written_off[item]])
        return small

    def undo_write_off(self, item, day):
        """It is open again, and stays so."""
        settled = self.written_off[item]
        settled.free()
        pair([self.item(item.payer, "difference", -settled.amount, day)], [settled])
        self.written_off[item] = None

    # ------------------------------------------------------------------ refunds

    def propose(self, payer, amount):
        """The oldest credits make up the amount."""
        parts, left = [], amount
        for item in payer.standing:
            if part := min(-item.open, left):
                parts.append((item, part))
                left -= part
        refund = Refund(payer, amount, parts, payer.account)
        refund.set_state("proposed")
        self.refunds.append(refund)
        return refund

    def pay_out(self, refund, day):
        """The bank has paid it: its credits are used up."""
        self.bank -= refund.amount
        for credit, part in refund.parts:
            pair([credit], [self.item(refund.payer, "refund", part, day)])
        refund.set_state("paid")

    def bring_back(self, refund, day):
        """The payee's bank has sent it back: it stands as money that came."""
        self.bank += refund.amount
        self.item(refund.payer, "payment", -refund.amount, day)
        refund.set_state("returned")

    def in_state(self, *states):
        return [refund for refund in self.refunds if refund.state in states]


def _due(item):
    return item.due or item.day, item.serial
