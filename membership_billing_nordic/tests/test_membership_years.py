"""Many memberships through random years, compared every day with a model of the rules."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from odoo import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from . import years_model as model
from .run_common import RunCommon

FIRST_DAY = date(2026, 1, 12)
LAST_DAY = date(2027, 6, 30)
MEMBERSHIPS = 40
DAY = timedelta(days=1)
BANK_DAYS = (1, 4)  # weekdays on which payments arrive

# Terms as in years_model.Plan; "prices" are (ages, numbers of periods, amount), "often" tells
# how many choose the plan.
ANY_AGE, ANY_NUMBER = None, (1, 9999)
PLANS = [
    {"name": "Month", "often": 4, "months": 1, "anchor": "joining", "lead": 5, "grace": 5},
    {
        "name": "Month by day",
        "often": 4,
        "months": 1,
        "anchor": "calendar",
        "part": "day",
        "lead": 0,
        "entry_fee": Decimal("75.00"),
    },
    {"name": "Quarter", "months": 3, "anchor": "fixed", "begins_on": (2, 31), "part": "month"},
    {"name": "Half-year", "months": 6, "anchor": "joining", "part": "day", "grace": 0},
    {
        "name": "Year by age",
        "months": 12,
        "anchor": "calendar",
        "lead": 30,
        "days_to_pay": 30,
        "first_payment": True,
        "tax": Decimal("0.25"),
        "prices": [((0, 17), ANY_NUMBER, "333.33"), ((18, 999), ANY_NUMBER, "799.00")],
    },
    {
        "name": "Season",
        "months": 12,
        "anchor": "fixed",
        "begins_on": (9, 1),
        "part": "month",
        "tax_inside": True,
        "entry_fee": Decimal("99.95"),
    },
    {
        "name": "Campaign",
        "months": 6,
        "anchor": "joining",
        "part": "day",
        "tax": Decimal("0.25"),
        "prices": [
            (ANY_AGE, (1, 1), "0.00"),
            (ANY_AGE, (2, 2), "250.00"),
            (ANY_AGE, (3, 9999), "499.95"),
        ],
    },
    {"name": "Trial", "months": 3, "anchor": "joining", "renewal": "none", "lead": 3},
    {
        "name": "Year in months",
        "often": 6,
        "months": 12,
        "anchor": "joining",
        "part": "day",
        "pay_every": 1,
        "lead": 7,
        "first_payment": True,
    },
    {
        "name": "Season in quarters",
        "months": 12,
        "anchor": "fixed",
        "begins_on": (7, 1),
        "part": "month",
        "pay_every": 3,
    },
    {
        "name": "Year by table",
        "months": 12,
        "anchor": "calendar",
        "part": "table",
        "joining": ((4, 1, 75, False), (7, 1, 50, False), (10, 1, 100, True)),
        "lead": 20,
    },
    {"name": "Offer", "months": 3, "anchor": "calendar", "part": "day", "renewal": "offer"},
    {"name": "Donation", "months": 6, "anchor": "calendar", "claim": "donation", "lead": 0},
]
TERMS = {1: "month", 3: "quarter", 6: "half_year", 12: "year"}
TABLES = [
    "account_move",
    "account_move_line",
    "account_partial_reconcile",
    "account_payment",
    "billing_run_line",
    "membership_charge",
    "membership_contract",
    "membership_contract_change",
    "membership_period",
]

# How often each decision is made, of all decisions.
DECISIONS = {
    "pause": 12,
    "resume": 4,
    "end": 9,
    "undo_end": 5,
    "change_plan": 9,
    "change_payer": 7,
    "change_price": 3,
    "change_delivery": 2,
    "add_product": 4,
    "drop_product": 3,
    "charge_once": 7,
    "credit": 5,
    "bill_again": 5,
    "take_payment_back": 4,
    "undo_run": 2,
}
# How often payers pay so: days from the due date on which a payment comes, and its part.
MANNERS = [
    (50, [(-5, 1)]),
    (20, [(20, 1)]),
    (10, [(-2, Decimal("0.4")), (35, Decimal("0.6"))]),
    (6, [(-3, 1), (4, 1)]),
    (6, [(3, Decimal("0.5"))]),
    (8, []),
]


@tagged("post_install", "-at_install", "post_install_l10n")
class TestMembershipYears(RunCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        cls.company = cls.company.with_env(cls.env)
        # The model tells what is owed for each invoice; what stands to payers is not its matter.
        cls.company.mbn_use_standing = False
        cls.clock = cls.startClassPatcher(freeze_time(FIRST_DAY))
        cls.taxed = {
            "": cls._product("Fee"),
            "on_top": cls._product("Fee, tax on top", cls._tax("tax_excluded")),
            "inside": cls._product("Fee, tax inside", cls._tax("tax_included")),
        }

    @classmethod
    def _tax(cls, include):
        return cls.env["account.tax"].create(
            {"name": f"25 % {include}", "amount": 25.0, "price_include_override": include}
        )

    def test_random_years(self):
        Years(self, 1).live()


class Years:
    """One random history: what happens is done in Odoo and told to the model."""

    def __init__(self, test, seed):
        self.test = test
        self.env = test.env
        self.seed = seed
        self.random = random.Random(seed)
        self.today = FIRST_DAY
        self.often = [terms.get("often", 3) for terms in PLANS]
        self.plans = [self._make_plan(dict(terms)) for terms in PLANS]
        self.shared_payers = self._make_shared_payers(20)
        self.together = set(self.shared_payers[::2])  # payers who want common invoices
        self.members = []
        self.invoices = []
        self.runs = []  # (run, what it billed: membership, due, invoice)
        self.partly = None  # a run of which a part waits, with what its preview said
        self.payments = []  # (entry line, invoice, what the invoice took), while it has it
        self.incoming = []  # (day, invoice, amount)
        self.gaps = []  # (day on which it is filled, plan, first day without a price)
        self.paid_in = defaultdict(Decimal)  # payer to payments and credit notes
        self.joining = self._plan_joining()

    # -- the calendar ------------------------------------------------------------------

    def live(self):
        """Every day: time passes, people decide, money comes, bills are made, all is compared."""
        quiet_until = FIRST_DAY
        while self.today <= LAST_DAY:
            self.test.clock.move_to(self.today)
            if self.today >= quiet_until:
                self._pass_time()
                if self.random.random() < 0.02:  # the scheduled actions stand still from now on
                    quiet_until = self.today + timedelta(days=self.random.randint(2, 9))
            if self.today >= quiet_until:
                self._join()
                for _number in range(self.random.choice((0, 0, 0, 1, 2, 3))):
                    self._decide()
            self._receive()
            self._bill_something(self.today >= quiet_until)
            self._compare(with_status=self.today >= quiet_until)
            self.today += DAY
            if self.today.day == 1:
                self._gather_statistics()

    def _gather_statistics(self):
        """Nothing is committed here, so the database does not see by itself what has grown."""
        self.env.flush_all()
        self.env.cr.execute(f"ANALYZE {', '.join(TABLES)}")

    def _pass_time(self):
        with self.test._commits():
            self.env["membership.contract"]._cron_refresh_status()
        for one in self.members:
            if offer := one.overdue_offer(self.today):
                self._expect_lapse(one, offer.first - DAY)

    def _expect_lapse(self, one, end):
        if one.is_partly_paid_from(end + DAY):
            return  # somebody has to look at it
        if one.end and one.end <= end:
            credits = one.settle_after(end, True)
        else:
            credits = one.end_on(end, True)
        self._expect_credits(credits)
        one.give_back(end)
        one.note(self.today, f"does not take the offer and ends on {end}")

    # -- the beginning -----------------------------------------------------------------

    def _make_plan(self, terms):
        terms.pop("often", None)
        prices = terms.pop("prices", [(ANY_AGE, ANY_NUMBER, self.random.choice(("100", "333.35")))])
        tax = "inside" if terms.pop("tax_inside", False) else "on_top" if "tax" in terms else ""
        plan = model.Plan(**terms)
        month, day = plan.begins_on
        season = plan.anchor == "fixed" and plan.months == 12
        product = self.test.taxed[tax].with_env(self.env)
        plan.record = self.env["membership.plan"].create(
            {
                "name": plan.name,
                "product_id": product.id,
                "claim_kind": plan.claim,
                "term": "season" if season else TERMS[plan.months],
                "frequency": TERMS[plan.pay_every or plan.months],
                "anchor": plan.anchor,
                "start_month": str(month),
                "start_day": day,
                "first_period": plan.part,
                "joining_ids": [
                    Command.create({"month": str(row[0]), "day": row[1], "share": row[2]})
                    if not row[3]
                    else Command.create({"month": str(row[0]), "day": row[1], "with_next": True})
                    for row in plan.joining
                ],
                "renewal": plan.renewal,
                "lead_days": plan.lead,
                "payment_term_days": plan.days_to_pay,
                "grace_days": plan.grace,
                "activation": "first_payment" if plan.first_payment else "at_once",
                "entry_fee": float(plan.entry_fee),
                "entry_product_id": product.id,
            }
        )
        for ages, numbers, amount in prices:
            self._add_price(plan, date(2020, 1, 1), Decimal(amount), ages, numbers)
        return plan

    def _add_price(self, plan, first, amount, ages, numbers):
        price = model.Price(first, amount, ages=ages, numbers=numbers)
        vals = {
            "plan_id": plan.record.id,
            "valid_from": first,
            "amount": float(amount),
            "period_from": numbers[0],
            "period_to": numbers[1],
        }
        if ages:
            vals |= {"age_from": ages[0], "age_to": ages[1]}
        price.record = self.env["membership.plan.price"].create(vals)
        plan.prices.append(price)

    def _make_shared_payers(self, count):
        """Parents and employers; every other one wants one invoice for all."""
        return self.env["res.partner"].create(
            [
                {"name": f"Payer {number}", "mbn_common_invoice": ("together", "apart")[number % 2]}
                for number in range(count)
            ]
        )

    def _plan_joining(self):
        """Day to how many join; more than half of all are there when the story begins."""
        joining = defaultdict(int)
        count = (LAST_DAY - FIRST_DAY).days
        for number in range(MEMBERSHIPS):
            late = number > MEMBERSHIPS * 0.55
            joining[self.random.randrange(count) if late else 0] += 1
        return joining

    def _join(self):
        """Those whose day has come."""
        passed = (self.today - FIRST_DAY).days
        count = sum(self.joining.pop(day) for day in list(self.joining) if day <= passed)
        if not count:
            return
        news = [self._newcomer() for _number in range(count)]
        people = self.env["res.partner"].create(
            [{"name": one.name, "mbn_birth_date": one.born} for one in news]
        )
        contracts = self.env["membership.contract"].create(
            [
                {
                    "member_id": person.id,
                    "payer_id": (one.payer or person).id,
                    "plan_id": one.plan_on(one.start).record.id,
                    "date_start": one.start,
                    "billed_from": one.billed_from,
                }
                for one, person in zip(news, people, strict=True)
            ]
        )
        contracts.action_confirm()
        for one, person, contract in zip(news, people, contracts, strict=True):
            one.payer = one.payer or person
            one.record = contract
            one.note(
                self.today,
                f"joins {one.plan_on(one.start).name} on {one.start}, billed from "
                f"{one.billed_from}, born {one.born}, paid for by {one.payer.name}",
            )
            self.members.append(one)
            if self.random.random() < 0.2:
                self._add_product(one)

    def _newcomer(self):
        pick = self.random
        start = self.today + timedelta(days=pick.randint(-60, 30))
        billed_from = start
        if pick.random() < 0.2:
            billed_from += timedelta(days=pick.randint(1, 120))
        plan = pick.choices(self.plans, self.often)[0]
        born = None
        if pick.random() < 0.9:
            born = date(pick.randint(1950, 2015), pick.randint(1, 12), pick.randint(1, 28))
        payer = pick.choice(self.shared_payers) if pick.random() < 0.3 else None
        name = f"Member {self.seed}-{len(self.members)}-{pick.randrange(1000)}"
        return model.Membership(name, plan, start, billed_from, payer, born)

    # -- decisions ---------------------------------------------------------------------

    def _decide(self):
        decision = self.random.choices(list(DECISIONS), DECISIONS.values())[0]
        getattr(self, f"_decide_{decision}")()

    def _anyone(self, fits, running=True):
        """A membership for which ``fits`` holds; None when there is none."""
        fitting = [
            one for one in self.members if not (running and one.has_ended(self.today)) and fits(one)
        ]
        return self.random.choice(fitting) if fitting else None

    def _pause_of(self, one):
        """The pause that is decided on and not over."""
        pause = one.pauses[-1] if one.pauses else None
        return pause if pause and (not pause.last or pause.last >= self.today) else None

    def _near(self, back, ahead):
        return self.today + timedelta(days=self.random.randint(-back, ahead))

    def _decide_pause(self):
        one = self._anyone(lambda one: not self._pause_of(one) and one.start <= self.today)
        if not one:
            return
        day = max(self._near(20, 60), one.start)
        resume = None
        if self.random.random() < 0.7:
            resume = day + timedelta(days=self.random.randint(1, 150))
        one.record._pause(day, resume or False, "health")
        one.pauses.append(model.Pause(day, resume and resume - DAY))
        one.note(self.today, f"pauses from {day}, goes on on {resume}")

    def _decide_resume(self):
        one = self._anyone(self._pause_of)
        if one:
            one.record._resume(self.today)
            pause = self._pause_of(one)
            pause.last = max(self.today, pause.first) - DAY
            one.note(self.today, "goes on")

    def _decide_end(self):
        one = self._anyone(lambda one: True)
        if one:
            end = max(self._near(30, 120), one.start)
            credit = self.random.random() < 0.5
            one.record._end(end, "request", credit=credit)
            self._expect_credits(one.end_on(end, credit))
            one.give_back(end)
            one.note(self.today, f"ends on {end}, the rest is {'credited' if credit else 'kept'}")

    def _decide_undo_end(self):
        one = self._anyone(lambda one: one.end, running=False)
        if one:
            one.record.action_undo_end()
            one.undo_end()
            one.note(self.today, "does not end")

    def _decide_change_plan(self):
        plan = self.random.choice([plan for plan in self.plans if plan.claim == "fee"])
        one = self._anyone(
            lambda one: (
                one.plans[-1][1].claim == "fee"
                and one.plans[-1][1] != plan
                and not (one.end and one.end < one.change_day())
            )
        )
        if one:
            one.record._change({"plan_id": plan.record.id}, reason="request")
            before = one.plan_on(self.today)
            day = one.change_plan(plan, self.today)
            one.note(self.today, f"changes from {before.name} to {plan.name} on {day}")

    def _decide_change_payer(self):
        one = self._anyone(lambda one: True)
        if one:
            one.payer = self.random.choice(self.shared_payers)
            one.record._change({"payer_id": one.payer.id}, reason="request")
            one.note(self.today, f"is paid for by {one.payer.name}")

    def _decide_change_delivery(self):
        payer = self.random.choice(self.shared_payers)
        self.together ^= {payer}
        payer.mbn_common_invoice = "together" if payer in self.together else "apart"

    def _decide_change_price(self):
        plan = self.random.choice(self.plans)
        first = self._near(20, 120)
        current = [price for price in plan.prices if not price.valid_to]
        if any(price.valid_from >= first for price in current):
            return
        # now and then a price is forgotten for some days, and made up for later
        gap = timedelta(days=self.random.randint(5, 40) if self.random.random() < 0.2 else 0)
        for price in current:
            price.valid_to = first - DAY
            price.record.valid_to = price.valid_to
            amount = model.cents(price.amount * self.random.randint(90, 125) / 100)
            self._add_price(plan, first + gap, amount, price.ages, price.numbers)
        for one in self.members:
            if any(each == plan for _since, each in one.plans):
                one.note(self.today, f"{plan.name}: prices change on {first}, {gap.days} days gap")
        if gap:
            self.gaps.append((self.today + timedelta(days=150), plan, first))

    def _fill_price_gaps(self):
        for gap in [gap for gap in self.gaps if gap[0] <= self.today]:
            self.gaps.remove(gap)
            _day, plan, first = gap
            for price in plan.prices:
                if price.valid_to == first - DAY:
                    following = min(
                        each.valid_from
                        for each in plan.prices
                        if each.valid_from >= first
                        and (each.ages, each.numbers) == (price.ages, price.numbers)
                    )
                    price.valid_to = following - DAY
                    price.record.valid_to = price.valid_to

    def _decide_add_product(self):
        one = self._anyone(lambda one: len(one.products) < 2)
        if one:
            self._add_product(one)

    def _add_product(self, one):
        pick = self.random
        product = model.Product(Decimal(pick.randint(100, 9999)) / 100, pick.randint(1, 3))
        product.first = pick.choice((None, self.today, self.today + timedelta(days=60)))
        self.env["membership.contract.line"].create(
            {
                "contract_id": one.record.id,
                "product_id": self.test.taxed[""].id,
                "name": f"Locker {len(one.products)}",
                "price_unit": float(product.price),
                "quantity": product.quantity,
                "date_start": product.first or False,
            }
        )
        one.products.append(product)
        one.note(self.today, f"also {product.quantity} x {product.price} from {product.first}")

    def _decide_drop_product(self):
        one = self._anyone(lambda one: any(not product.last for product in one.products))
        if one:
            for product, line in zip(one.products, one.record.line_ids.sorted("id"), strict=True):
                product.last = max(self.today, product.first or self.today)
                line.date_end = product.last
            one.note(self.today, "no further products")

    def _decide_charge_once(self):
        one = self._anyone(lambda one: True, running=False)
        if one:
            price = Decimal(self.random.randint(100, 9999)) / 100
            day = self.random.choice((None, self._near(0, 60)))
            one.record._charge_once(self.test.taxed[""], "Key", 1.0, float(price), day)
            day = day or max(one.next_invoice() or self.today, self.today)
            one.loose.append(model.Charge(one, "single", price, None, None, day))
            one.note(self.today, f"is charged {price} once from {day} on")

    # -- money -------------------------------------------------------------------------

    def _decide_credit(self):
        invoices = [invoice for invoice in self.invoices if not invoice.credited]
        if invoices:
            invoice = self.random.choice(invoices)
            self._credit_whole(
                invoice, lambda: invoice.record._reverse_moves([{"invoice_date": self.today}], True)
            )

    def _credit_whole(self, invoice, credit=lambda: None):
        credit()
        self.payments = [payment for payment in self.payments if payment[1] != invoice]
        invoice.credit_whole()
        self.paid_in[invoice.payer] += invoice.total
        self._note_on(invoice, "is credited")

    def _expect_credits(self, credits):
        """What was credited in part because a membership ended."""
        for charge, amount in credits.items():
            invoice = charge.invoice
            invoice.credited += amount
            invoice.settle(amount)
            self.paid_in[invoice.payer] += amount
            self._note_on(invoice, f"is credited {amount}")

    def _decide_bill_again(self):
        """Everything that was credited of one membership is to be billed again."""

        def credited(one):
            return [
                charge
                for charge in one.charges()
                if charge.invoice and charge.state == "void" and not charge.gone
            ]

        one = self._anyone(credited, running=False)
        if not one:
            return
        charges = credited(one)
        invoices = {charge.invoice.record.id for charge in charges}
        records = one.record.charge_ids.filtered(
            lambda charge: charge.invoice_id.id in invoices and not charge.taken_back
        )
        records.action_bill_again()
        one.take_back(charges)
        one.note(self.today, "what was credited is to be billed again")

    def _decide_take_payment_back(self):
        if self.payments:
            payment = self.random.choice(self.payments)
            line, invoice, amount = payment
            line.remove_move_reconcile()
            self.payments.remove(payment)
            invoice.lose_payment(amount)
            self._note_on(invoice, f"loses its payment of {amount}")

    def _receive(self):
        self._fill_price_gaps()
        if self.today.weekday() in BANK_DAYS:
            arrived = [each for each in self.incoming if each[0] <= self.today]
            self.incoming = [each for each in self.incoming if each[0] > self.today]
            self._book([(invoice, amount) for _day, invoice, amount in arrived])

    def _book(self, payments):
        items = [
            {
                "partner": invoice.payer,
                "account": self._receivable(invoice).account_id,
                "amount": float(amount),
                "currency": invoice.record.currency_id,
                "label": "Payment",
                "lines": self._receivable(invoice),
            }
            for invoice, amount in payments
        ]
        agreement = self.test.agreement.with_env(self.env)
        lines = self.env["billing.settlement.writer"]._book(
            agreement.booking_journal_id,
            self.today,
            "Payments",
            agreement.clearing_account_id,
            items,
        )
        for line, (invoice, amount) in zip(lines, payments, strict=True):
            self.paid_in[invoice.payer] += amount
            if taken := invoice.settle(amount, payment=True):
                self.payments.append((line, invoice, taken))
            self._note_on(invoice, f"is paid {amount}")

    def _receivable(self, invoice):
        return invoice.record.line_ids.filtered(lambda line: line.display_type == "payment_term")

    def _expect_payments(self, invoice):
        manner = self.random.choices(
            [plan for _often, plan in MANNERS], [often for often, _plan in MANNERS]
        )[0]
        for count, part in manner:
            if amount := model.cents(invoice.total * part):
                day = invoice.due + timedelta(days=count)
                self.incoming.append((max(day, self.today + DAY), invoice, amount))

    def _note_on(self, invoice, text):
        for one in {charge.owner for charge in invoice.charges}:
            one.note(self.today, f"{invoice.name} {text}")

    # -- billing -----------------------------------------------------------------------

    def _bill_something(self, wide_awake):
        if self.partly:
            if self.random.random() < 0.3 or self.today == LAST_DAY:
                self._release_rest()
        elif self.random.random() < 0.13 or self.today == LAST_DAY:
            plans = self.plans
            if wide_awake and self.random.random() < 0.2:
                plans = self.random.sample(self.plans, 4)
            self._run(plans)

    def _run(self, plans):
        """Bill all that is due, or a part of it and the rest some days later."""
        run = self.test._preview(self.today, plan_ids=[plan.record.id for plan in plans])
        said = self._expect_preview(run, plans)
        billed = []
        if said and self.random.random() < 0.25 and self.today != LAST_DAY:
            self.test._release(run, mode="wave", number=5)
            chosen = set(run.line_ids.filtered("released").contract_id)
            self.partly = run, {one: due for one, due in said.items() if one.record not in chosen}
            said = {one: due for one, due in said.items() if one.record in chosen}
            if not self.partly[1]:
                self.partly = None
        elif said:
            run.action_confirm()
        if said:
            self.test._work()
            billed = self._expect_bills(run, said)
            self.runs.append((run, billed))
        if not self.partly and len(plans) == len(self.plans):
            self._compare_covered()

    def _expect_preview(self, run, plans):
        """Membership to what is due; those without a price are left out."""
        found = {line.contract_id: line for line in run.line_ids}
        said = {}
        for one in self.members:
            due = one.due(self.today) if one.plan_on(self.today) in plans else []
            line = found.pop(one.record, None)
            if due is None:
                self._same(one, "run line", "left_out", line.state)
                continue
            self._same(one, "is due", bool(due), bool(line))
            if due:
                amount = sum((charge.amount for charge in due.charges(self.today)), Decimal(0))
                found_facts = (line.state, line.payer_id, model.cents(Decimal(line.amount)))
                self._same(one, "run line", ("pending", one.payer, amount), found_facts)
                plan = one.plan_due(due, self.today)
                said[one] = due, one.payer, plan, due.facts(self.today)
        if found:
            self._fail(f"unknown lines {found}")
        return said

    def _release_rest(self):
        """Bill the rest of a run as it was previewed; what has changed since is left out."""
        run, said = self.partly
        self.partly = None
        run.action_confirm()
        self.test._work()
        lines = {line.contract_id: line for line in run.line_ids}
        same = {}
        for one, (_due, *said_before) in said.items():
            due = one.due(run.date)
            now = due and [one.payer, one.plan_due(due, run.date), due.facts(run.date)]
            unchanged = bool(due) and said_before == now
            self._same(
                one, "line state", "done" if unchanged else "failed", lines[one.record].state
            )
            if unchanged:
                same[one] = due, *now
        earlier = [(billed_run, billed) for billed_run, billed in self.runs if billed_run == run]
        earlier[0][1].extend(self._expect_bills(run, same))

    def _expect_bills(self, run, said):
        """What was due of each membership is invoiced now, on common invoices or its own."""
        lines = {line.contract_id: line for line in run.line_ids}
        together, billed = {}, []
        for one in sorted(said, key=lambda one: lines[one.record].id):
            due, payer, plan, _facts = said[one]
            line = lines[one.record]
            self._same(one, "line state", "done", line.state)
            charges = due.charges(run.date)
            pay_by = run.date + timedelta(days=plan.days_to_pay)
            invoice = None
            if charges:
                key = (payer, plan.claim, pay_by) if payer in self.together else one
                invoice = together.setdefault(key, model.Invoice(payer, pay_by))
                invoice.charges += charges
                for charge in charges:
                    charge.invoice = invoice
                invoice.record = line.invoice_id
                invoice.name = line.invoice_id.name
            self._same(one, "invoice", invoice and invoice.record, line.invoice_id or None)
            one.bill(due)
            billed.append((one, due, invoice))
            one.note(self.today, self._billed_text(due, invoice))
        for invoice in together.values():
            self._take_rounding(invoice)
            self.invoices.append(invoice)
            self._expect_payments(invoice)
        return billed

    def _take_rounding(self, invoice):
        """Tax on top is rounded over the invoice as a whole: the largest charge takes the cents
        that this is off."""
        off = model.cents(Decimal(invoice.record.amount_total)) - invoice.total
        taxed = [charge for charge in invoice.charges if charge.may_have_tax]
        if abs(off) * 100 >= max(len(taxed), 1):
            self._same(invoice.charges[0].owner, "rounding", 0, off)
        max(invoice.charges, key=lambda charge: charge.amount).amount += off

    def _billed_text(self, due, invoice):
        days = [f"{each.first} - {each.last}: {each.fee}" for each in due.stretches]
        waited = [f"{each.kind} {each.first or ''} {each.amount}" for each in due.loose]
        name = invoice.name if invoice else "nothing to pay"
        return f"is billed {', '.join(days + waited)} ({name})"

    def _decide_undo_run(self):
        """A run of the last weeks was wrong: whatever is not paid is taken back."""
        runs = [
            (run, billed)
            for run, billed in self.runs
            if run.date >= self.today - timedelta(days=40)
            and not (self.partly and self.partly[0] == run)
            and len(billed) < 60
        ]
        if not runs:
            return
        run, billed = self.random.choice(runs)
        self.runs.remove((run, billed))
        run.action_undo()
        self.test._work()
        lines = {line.contract_id: line.state for line in run.line_ids}
        kept = {
            invoice
            for _one, _due, invoice in billed
            if invoice and invoice.settled and invoice.state != "void"
        }
        for _one, _due, invoice in billed:
            if invoice and invoice not in kept and invoice.state != "void":
                self._credit_whole(invoice)
        for one, due, invoice in billed:
            self._same(
                one, "line state", "kept" if invoice in kept else "undone", lines[one.record]
            )
            if invoice not in kept:
                free = [stretch for stretch in due.stretches if not stretch.charges]
                one.stretches = [stretch for stretch in one.stretches if stretch not in free]
                if invoice:
                    one.take_back([charge for charge in invoice.charges if charge.owner == one])
                one.note(self.today, f"the billing of {run.date} is undone")

    # -- comparing ---------------------------------------------------------------------

    def _compare(self, with_status):
        self.env.flush_all()
        self._compare_periods()
        self._compare_charges()
        self._compare_lines()
        self._compare_invoices()
        self._compare_balances()
        if with_status:
            self._compare_status()
        self.env.invalidate_all()

    def _query(self, text):
        """Rows of ``text`` for the company, amounts as Decimal."""
        return [
            tuple(
                model.cents(Decimal(value)) if isinstance(value, float) else value for value in row
            )
            for row in self.env.execute_query(SQL(text, self.env.company.id))
        ]

    def _by_contract(self, text):
        found = defaultdict(list)
        for contract, *facts in self._query(text):
            found[contract].append(tuple(facts))
        return found

    def _compare_covered(self):
        """After a run over all: no day that has to be billed is left out, none is billed twice."""
        self.env.flush_all()
        found = self._by_contract(
            """
            SELECT contract_id, date_from, date_to FROM membership_period
             WHERE company_id = %s AND state != 'void'
            """
        )
        for one in self.members:
            billed = [day for span in found[one.record.id] for day in model.days(*span)]
            self._same(one, "days billed twice", len(set(billed)), len(billed))
            if one.due(self.today) is not None:
                self._same(one, "left out", set(), one.must_be_billed(self.today) - set(billed))

    def _compare_periods(self):
        """Each stretch that stands is the right one, and costs and counts for what it has to."""
        found = self._by_contract(
            """
            SELECT contract_id, date_from, date_to, state, amount, is_offer IS TRUE
              FROM membership_period
             WHERE company_id = %s AND state != 'void' ORDER BY contract_id, date_from
            """
        )
        for one in self.members:
            expected = [
                (each.first, each.last, each.state, each.fee, each.is_offer)
                for each in one.stretches
            ]
            self._same(one, "periods", expected, found.pop(one.record.id, []))
        if found:
            self._fail(f"periods of others {found}")

    def _compare_charges(self):
        """What is asked of whom, or waits."""
        found = self._by_contract(
            """
            SELECT contract_id, kind, state, amount, coalesce(invoice_id, 0),
                   coalesce(CASE state WHEN 'to_invoice' THEN date_invoice ELSE date_due END,
                            '2000-01-01')
              FROM membership_charge
             WHERE company_id = %s AND state != 'void'
            """
        )
        for one in self.members:
            expected = [
                (
                    charge.kind,
                    charge.state,
                    charge.amount,
                    charge.invoice.record.id if charge.invoice else 0,
                    charge.invoice.due if charge.invoice else charge.wait_until,
                )
                for charge in one.charges()
                if charge.state != "void"
            ]
            self._same(one, "charges", sorted(expected), sorted(found.pop(one.record.id, [])))
        if found:
            self._fail(f"charges of others {found}")

    def _compare_lines(self):
        """A charge that was invoiced has one line of its amount, but for cents of rounding; each
        line has one charge."""
        wrong = self._query(
            """
            WITH line AS (
                SELECT line.id, line.price_total, line.mbn_charge_id, line.move_id
                  FROM account_move_line line JOIN account_move move ON move.id = line.move_id
                 WHERE line.company_id = %s AND line.display_type = 'product'
                   AND move.mbn_run_id IS NOT NULL AND move.move_type = 'out_invoice'
            )
            SELECT charge.id, charge.state, charge.amount, line.id, line.price_total
              FROM membership_charge charge FULL JOIN line ON line.id = charge.invoice_line_id
             WHERE charge.id IS DISTINCT FROM line.mbn_charge_id
               AND coalesce(charge.state, 'lacking') NOT IN ('to_invoice', 'void')
                OR abs(charge.amount - line.price_total) > 0.03 OR charge.invoice_id != line.move_id
            """
        )
        if wrong:
            self._fail(f"charges and lines that do not belong together {wrong}")

    def _compare_invoices(self):
        """Invoices are open by what is not paid or credited."""
        found = {
            move: facts
            for move, *facts in self._query(
                """
                SELECT id, partner_id, amount_total, amount_residual, invoice_date_due
                  FROM account_move
                 WHERE company_id = %s AND mbn_run_id IS NOT NULL AND state = 'posted'
                   AND move_type = 'out_invoice'
                """
            )
        }
        for invoice in self.invoices:
            expected = [invoice.payer.id, invoice.total, invoice.open, invoice.due]
            one, name = invoice.charges[0].owner, invoice.name
            self._same(one, f"invoice {name}", expected, found.pop(invoice.record.id, None))
        if found:
            self._fail(f"unknown invoices {found}")

    def _compare_balances(self):
        """Payers owe what was invoiced less what was paid and credited, and the books balance."""
        owed = defaultdict(Decimal)
        for invoice in self.invoices:
            owed[invoice.payer.id] += invoice.total
        for payer, amount in self.paid_in.items():
            owed[payer.id] -= amount
        for payer, balance, residual in self._query(
            """
            SELECT line.partner_id, sum(line.balance), sum(line.amount_residual)
              FROM account_move_line line JOIN account_account account ON account.id = account_id
             WHERE line.company_id = %s AND line.parent_state = 'posted'
               AND account.account_type = 'asset_receivable'
             GROUP BY line.partner_id
            """
        ):
            expected = owed.pop(payer, 0)
            if not balance == residual == expected:
                name = self.env["res.partner"].browse(payer).name
                self._fail(f"{name} owes {expected}, balance {balance}, open {residual}")
        if any(owed.values()):
            self._fail(f"missing in the ledger {owed}")
        trial = self._query(
            "SELECT coalesce(sum(balance), 0) FROM account_move_line"
            " WHERE company_id = %s AND parent_state = 'posted'"
        )
        if trial != [(0,)]:
            self._fail(f"trial balance {trial}")

    def _compare_status(self):
        found = self._by_contract(
            """
            SELECT id, member_status, paid_until, next_period_start, next_invoice_date
              FROM membership_contract WHERE company_id = %s
            """
        )
        for one in self.members:
            expected = (
                one.status(self.today),
                one.paid_until,
                one.next_open(),
                one.next_invoice(),
            )
            self._same(one, "status", expected, found[one.record.id][0])

    def _same(self, one, what, expected, found):
        if expected != found:
            history = "\n".join(one.history)
            self._fail(
                f"{one.record.name} {one.name}: {what}\nexpected {expected}\nfound    {found}\n"
                f"{history}"
            )

    def _fail(self, text):
        raise AssertionError(f"seed {self.seed}, {self.today}, {text}")
