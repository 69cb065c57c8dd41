"""A company whose members pay by the bank, and what is read of its books to compare it."""

from collections import Counter, defaultdict
from datetime import date, datetime, time
from decimal import Decimal
from itertools import count
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time
from odoo.tests import new_test_user

from .desk_bank import DeskBank
from .desk_model import DAY, Line, Model, Payer, cents
from .run_common import RunCommon

PERIOD = relativedelta(months=6)
ROLE = "membership_billing_nordic.group_billing_"
SHIRT = Decimal("149.95")
# What payers do with an invoice, and how often.
MANNERS = {
    "full": 55,
    "total": 10,
    "over": 10,
    "nearly": 6,
    "parts": 8,
    "twice": 5,
    "wrong": 6,
    "never": 6,
}


class Contract:
    """A membership of the model: what is to be invoiced of it, and when.

    :ivar next: the first day of the period that was not invoiced yet
    :ivar again: what was credited to be invoiced again
    """

    def __init__(self, record, payer, price):
        self.record, self.payer, self.price = record, payer, price
        self.next, self.again = record.date_start, []

    def bill(self, day):
        """The amounts that a run of this day invoices."""
        amounts, self.again = self.again, []
        while self.next <= day:
            amounts.append(self.price)
            self.next += PERIOD
        return amounts


class DeskWorld(RunCommon):
    """Subclasses are of one country: its bank's files, and accounts of its payers."""

    members, start, months = 100, date(2026, 1, 12), 12
    # Does the bank say from which account a payment came?
    names_accounts = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        cls.company = cls.company.with_env(cls.env)
        cls.company.partner_id.tz = "Europe/Oslo"
        cls.paying = cls.sale_journal.mbn_agreement_id.with_env(cls.env)
        cls.paying.transfer_out = True
        revenue = cls.company_data["default_account_revenue"]
        cls.company.write(
            {
                "mbn_refund_limit": 300,
                "mbn_over_days": 30,
                "mbn_over_account_id": revenue.id,
                "mbn_place_by_account": False,
            }
        )
        cls.clerk = new_test_user(cls.env, "desk clerk", f"{ROLE}user,base.group_user")
        cls.boss = new_test_user(cls.env, "desk boss", f"{ROLE}manager,base.group_user")
        tax = cls.env["account.tax"].create(
            {"name": "25 % in it", "amount": 25.0, "price_include_override": "tax_included"}
        )
        cls.shirt = cls._product("Shirt", tax)
        cls.shirt.write({"default_code": "SHIRT", "lst_price": float(SHIRT)})
        cls.company.mbn_text_product_id = cls._product("Other")
        cls.plans = [
            cls._plan(name, amount, term="half_year", anchor="joining", lead_days=0)
            for name, amount in (("Adult", 412.5), ("Child", 300.0))
        ]

    def setUp(self):
        super().setUp()
        clock = freeze_time(datetime.combine(self.start, time(8)))
        self.frozen = clock.start()
        self.addCleanup(clock.stop)
        self.startPatcher(
            patch.object(type(self.env["ir.cron"]), "_commit_progress", self._flushed)
        )

    def _flushed(self, *args, **kwargs):
        """Stands in for the commit."""
        self.env.flush_all()
        return float("inf")

    # ------------------------------------------------------------------ for the countries

    def own_account(self):
        """How payment files name the account of the company."""
        raise NotImplementedError

    def account_of(self, number):
        """A valid account of a payer, as it is typed."""
        raise NotImplementedError

    def bank_file(self, payments, day):
        """The bytes in which the bank reports these payments of a day."""
        raise NotImplementedError

    # ------------------------------------------------------------------ the beginning

    def _begin(self, seed):
        self.seen = defaultdict(int)
        self.model, self.day = Model(), self.start
        self.numbers, self.accounts = count(1), count(1001)
        self.bank = DeskBank(self.own_account())
        self.inbox = defaultdict(list)
        self.paid_out = []
        self._set_money(True, 0, 5)
        self._make_members()
        self.baseline = self._books()

    def _set_money(self, uses_standing, standing_limit, over_limit):
        """What the company lets happen by itself."""
        model = self.model
        model.uses_standing, model.standing_limit = uses_standing, Decimal(standing_limit)
        model.over_limit, model.over_days = Decimal(over_limit), 30
        self.company.write(
            {
                "mbn_use_standing": uses_standing,
                "mbn_use_standing_limit": standing_limit,
                "mbn_over_limit": over_limit,
            }
        )

    def _make_members(self):
        """Every fourth member is a child that somebody else pays for."""
        country = self.company.account_fiscal_country_id
        people = self.env["res.partner"].create(
            [
                {
                    "name": f"Member {number}",
                    "email": f"member{number}@example.com",
                    "city": "Town",
                    "country_id": country.id,
                }
                for number in range(self.members)
            ]
        )
        adults = [person for number, person in enumerate(people) if number % 4 != 3]
        payers = {
            person: Payer(person, person.name, self.account_of(next(self.accounts)))
            for person in adults
        }
        self.model.payers = list(payers.values())
        starts = [self.start + DAY * self.rng.randrange(17) for _one in people]
        pays = [payers.get(person) or self.rng.choice(self.model.payers) for person in people]
        contracts = self.env["membership.contract"].create(
            [
                {
                    "member_id": person.id,
                    "payer_id": payer.record.id,
                    "plan_id": self.plans[person != payer.record].id,
                    "date_start": start + relativedelta(months=self.rng.randrange(6)),
                }
                for person, payer, start in zip(people, pays, starts, strict=True)
            ]
        )
        contracts.action_confirm()
        self.contracts = [
            Contract(record, payer, cents(record.plan_id.price_ids.amount))
            for record, payer in zip(contracts, pays, strict=True)
        ]
        self.contract_of = {one.record.id: one for one in self.contracts}

    # ------------------------------------------------------------------ both sides

    def _note_invoices(self, invoices, expected):
        """These invoices were posted together; of each contract come the ``expected`` amounts."""
        self.env.flush_all()
        rows, found = [], defaultdict(Counter)
        for invoice in invoices.sorted("id"):
            lines = []
            for line in invoice.invoice_line_ids.sorted("id"):
                contract = self.contract_of[line.mbn_charge_id.contract_id.id]
                lines.append(Line(cents(line.price_total), contract, line))
                found[contract][lines[-1].amount] += 1
            payer = lines[0].contract.payer
            self.assertEqual(invoice.partner_id, payer.record)
            due = invoice.invoice_date_due
            reference = invoice.payment_reference
            rows.append((invoice, reference, payer, lines, invoice.date, due))
        self.assertEqual(found, {one: Counter(amounts) for one, amounts in expected.items()})
        for one in self.model.issue(rows):
            self._plan_payment(one)

    def _plan_payment(self, invoice):
        manner = self.rng.choices(list(MANNERS), MANNERS.values())[0]
        day = max(invoice.item.due + DAY * self.rng.choice((-9, -3, -1, 0, 0, 6, 25)), self.day)
        if manner != "never":
            self.inbox[day + DAY].append((invoice, manner))

    def _line_of(self, item):
        """The journal item of an open credit of the model: both sides have the same ones."""
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", item.payer.record.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("amount_residual", "<", 0),
            ],
            order="date, id",
        )
        credits = item.payer.credits
        self.assertEqual(
            [cents(line.amount_residual) for line in lines], [one.open for one in credits]
        )
        return lines[credits.index(item)]
