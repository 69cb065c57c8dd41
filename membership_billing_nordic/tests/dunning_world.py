"""A company with payers, debts and policies that are drawn at random, in a country's law."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command

from .bank_file_common import BankFileCommon
from .dunning_model import DAY, NOTHING, Debt, Level, Model, Payer, cents

START, END = date(2026, 3, 2), date(2027, 2, 26)
CLAUSE_FROM = date(2026, 4, 20)
CHANGE = date(2026, 9, 4)
BUSY_DAYS, MORE_ACTIONS = 16, 30
SETTINGS = {
    "bank_days": 2,
    "post_days": 2,
    "grace_days": 3,
    "minimum": Decimal(20),
    "waive_limit": Decimal(4),
    "remainder_limit": Decimal(1),
}
AMOUNTS = (60, 150, 350, 600, 1000, 2500)
# What happens, and how often in relation to the other things.
ACTIONS = {
    "pay_in_full": 8,
    "pay_all": 6,
    "pay_part": 6,
    "pay_too_much": 4,
    "pay_nearly": 3,
    "pay_twice": 2,
    "pay_letter": 6,
    "take_back": 4,
    "place_credit": 6,
    "credit_all": 2,
    "credit_part": 2,
    "dispute": 3,
    "pause": 3,
    "release": 4,
    "hold_payer": 1,
    "release_payer": 2,
    "cancel": 4,
    "plan": 5,
    "end_plan": 1,
    "bank_outage": 2,
    "hand_over": 8,
    "agency_accepts": 3,
    "agency_pays": 4,
    "agency_closes": 3,
}
# What may come between the preview of the day's letters and their dispatch.
BETWEEN = ("pay_in_full", "pay_all", "dispute", "pause", "take_back", "credit_all", "plan")


class DunningWorld(BankFileCommon):
    """Subclasses are of one country, and say its :attr:`land`."""

    land = None
    # Seed; costs before the invoice; booked when the letter is sent. In autumn both change.
    year = (1, False, False)
    has_to_happen = (
        "reminder", "notice", "fee", "interest", "plan", "hand_over", "lapsed", "take_back",
        "cancel", "credit_all",
    )  # fmt: skip

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.country = cls.env["res.country"].search([("code", "=", cls.land.code)])
        cls.fees = cls._account("Reminder fees", "income_other")
        cls.late = cls._account("Late interest", "income_other")
        cls.company.write(
            {
                "country_id": cls.country.id,
                "email": "office@example.com",
                "mbn_dunning_mode": "automatic",
                "mbn_use_standing": False,
                "mbn_dunning_bank_days": SETTINGS["bank_days"],
                "mbn_dunning_post_days": SETTINGS["post_days"],
                "mbn_dunning_plan_days": SETTINGS["grace_days"],
                "mbn_dunning_clause_from": CLAUSE_FROM,
                "mbn_dunning_waive_limit": SETTINGS["waive_limit"],
                "mbn_dunning_remainder_limit": SETTINGS["remainder_limit"],
                "mbn_dunning_remainder_account_id": cls._account("Remainders", "expense").id,
                "mbn_dunning_fee_account_id": cls.fees.id,
                "mbn_dunning_interest_account_id": cls.late.id,
            }
        )
        cls.company.partner_id.tz = "Europe/Oslo"
        cls.agreement.payments_in = True
        weekend = {"saturday": True, "sunday": True, "on_closed_days": True}
        cls.expected = cls.env["bank.file.expectation"].create(
            {"name": "Payments", "connection_id": cls.connection.id, "settled_until": START}
            | weekend
        )
        cls.agency = cls.env["debt.collection.agency"].create(
            {
                "name": "Collect Ltd",
                "partner_id": cls._payer("Collect Ltd").id,
                "creditor_number": "4711",
            }
        )

    @classmethod
    def _account(cls, name, kind):
        number = cls.env["account.account"].search_count([])
        return cls.env["account.account"].create(
            {"name": name, "code": f"99{number:06d}", "account_type": kind}
        )

    def setUp(self):
        super().setUp()
        clock = freeze_time(datetime.combine(START, time(8)))
        self.frozen = clock.start()
        self.addCleanup(clock.stop)
        # What letters look like is no matter here, and takes a second or two each.
        letters = type(self.env["dunning.letter"])
        self.startPatcher(
            patch.object(letters, "_render", lambda self: self.write({"content": b"UERG"}))
        )
        # Rooms that come later know what an invoice is for.
        self.kinds = {}
        kinds = self.kinds
        self.startPatcher(
            patch.object(
                type(self.env["account.move"]),
                "_mbn_claim_kind",
                lambda move: kinds.get(move.id, "fee"),
            )
        )

    # ------------------------------------------------------------------ the world

    def _begin(self, costs_first, is_booked):
        self.model = Model(self.land, **SETTINGS)
        self._set_books(costs_first, is_booked)
        self.seen, self.day = defaultdict(int), START
        self.inbox, self.outage_until, self.frozen_rows, self.last_letter = [], START, {}, 0
        self.files = count(1)
        self._agree_on_law()
        self._make_policies()
        self._make_debts()
        self.agenda = defaultdict(list)
        self._plan_actions()
        self.agenda[CHANGE] = [lambda: self._set_books(not costs_first, not is_booked)]
        days = [entered for _rate, entered in self.land.rates.values()]
        days += [change[0] for change in self.land.changes]
        days += [self.land.act_from, date(2026, 7, 1), date(2026, 12, 31), date(2027, 1, 5)]
        for day in days:
            if START < day <= END:
                self.agenda[day] += []

    def _set_books(self, costs_first, is_booked):
        """How the company books, and what it lets money pay first."""
        self.model.costs_first, self.model.is_booked = costs_first, is_booked
        self.company.write(
            {
                "mbn_dunning_order": "costs" if costs_first else "principal",
                "mbn_dunning_posting": "sent" if is_booked else "paid",
            }
        )

    def _plan_actions(self):
        """Everything once, then what happens often; on some days, as every day takes its time."""
        rng, span = self.rng, (END - START).days
        actions = [*ACTIONS, *rng.choices(list(ACTIONS), ACTIONS.values(), k=MORE_ACTIONS)]
        days = [START + DAY * day for day in sorted(rng.sample(range(40, span), BUSY_DAYS))]
        for action in actions:
            self.agenda[rng.choice(days)].append(action)
        for day in days[4::3]:
            self.agenda[day].append("hand_over")

    def _agree_on_law(self):
        laws = self.env["dunning.law"].search([("country_id", "=", self.country.id)])
        laws.filtered("valid_from").action_verify()
        for start, (_rate, entered) in self.land.rates.items():
            if entered <= START:
                self._enter_rate(start)

    def _enter_law(self):
        """Somebody reads of a new rate, or of a new rule, and enters it."""
        for start, (_rate, entered) in self.land.rates.items():
            if entered == self.day:
                self._enter_rate(start)
                self._tell(f"rate from {start}")
        for entered, start, code, value in self.land.changes:
            if entered == self.day:
                row = self.env["dunning.law"].create(
                    {
                        "country_id": self.country.id,
                        "code": code,
                        "value": value,
                        "valid_from": start,
                    }
                )
                row.action_verify()
                self._tell(f"law {code} {value} from {start}")
        if self.land.act and self.land.act_from == self.day:
            self.env.ref(self.land.act).valid_from = self.day
            self._tell("act in force")

    def _enter_rate(self, start):
        rates = self.env["dunning.interest.rate"]
        row = rates.search([("country_id", "=", self.country.id), ("valid_from", "=", start)])
        rate = float(self.land.rates[start][0])
        vals = {"rate": rate}
        if row.margin:
            vals["reference_rate"] = rate - row.margin
        if self.land.compensation_with_rate:
            vals["compensation"] = dict(self.land.compensation)[start]
        if row:
            row.write(vals)
        else:
            basis = "30e360" if self.land.months_of_30 else "act365"
            fixed = {"country_id": self.country.id, "valid_from": start, "basis": basis}
            row = rates.create(vals | fixed)
        row.action_verify()

    def _make_policies(self):
        self.levels = {}
        for kind, customer in (
            ("fee", "consumer"),
            ("fee", "business"),
            ("lapse", "both"),
            ("donation", "both"),
        ):
            levels = self._draw_levels(kind, customer)
            vals = {
                "name": f"{kind} {customer}",
                "claim_kind": kind,
                "customer_type": customer,
                "minimum": SETTINGS["minimum"],
                "level_ids": [Command.create(self._level_vals(*one)) for one in enumerate(levels)],
            }
            if kind == "fee":
                vals["agency_id"] = self.agency.id
            else:
                vals["close_days"] = self.rng.choice((30, 60, 90))
            policy = self.env["dunning.policy"].create(vals)
            self.levels[kind, customer] = levels, policy
            self.history.append(f"{policy.name} {policy.close_days}: {levels}")

    def _draw_levels(self, kind, customer):
        kinds = ["reminder"]
        if kind == "fee":
            kinds = ["reminder"] * self.rng.randint(1, 3) + ["notice"]
            if "demand" in self.land.kinds and self.rng.random() < 0.6:
                kinds.append("demand")
        return [self._draw_level(number, one, kind, customer) for number, one in enumerate(kinds)]

    def _draw_level(self, number, letter, kind, customer):
        rng, is_debt = self.rng, kind == "fee"
        cap = self.land.cap(letter, START) or NOTHING
        shortest = self.land.deadlines.get(letter, 0)
        return Level(
            letter,
            days=rng.choice((0, 1, 5, 14)),
            counted_from=rng.choice(("due", "letter")) if number else "due",
            deadline_days=max(shortest, rng.choice((5, 10, 14, 14))),
            fee=rng.choice((NOTHING, cap, cap, cap // 2)) if is_debt else NOTHING,
            interest=is_debt and rng.random() < 0.6,
            compensation=is_debt and customer == "business" and rng.random() < 0.6,
        )

    def _level_vals(self, number, level):
        return {
            "sequence": number,
            "name": f"Letter {number}",
            "kind": level.kind,
            "days": level.days,
            "counted_from": level.counted_from,
            "deadline_days": level.deadline_days,
            "fee": float(level.fee),
            "claims_interest": level.interest,
            "claims_compensation": level.compensation,
            "consequence": "An agency gets it.",
            "objection": "Write to us.",
        }

    def _make_debts(self):
        rng, model = self.rng, self.model
        kinds = ["fee"] * 8 + ["lapse", "donation"]
        owed = []
        for number, kind in enumerate(kinds):
            is_company = kind == "fee" and number % 3 == 2
            payer = Payer(self._make_payer(number, is_company), is_company)
            dues = rng.sample(range(9), rng.randint(1, 3))
            owed += [(payer, kind, self._draw_due(month)) for month in sorted(dues)]
        invoices = self._make_invoices(owed)
        for (payer, kind, due), invoice in zip(owed, invoices, strict=True):
            customer = "both" if kind != "fee" else "business" if payer.is_company else "consumer"
            levels, policy = self.levels[kind, customer]
            counted = self.land.days.next_open(due)
            amount = cents(invoice.amount_total)
            debt = Debt(invoice, payer, kind, amount, due, counted, levels, policy.close_days)
            debt.name = f"{invoice.name} of {payer.record.name}"
            debt.has_clause = invoice.invoice_date >= CLAUSE_FROM
            self.kinds[invoice.id] = kind
            model.debts.append(debt)
            self.history.append(f"{debt.name} {kind} {amount} due {due}")
        self.debts = {debt.record: debt for debt in model.debts}

    def _make_payer(self, number, is_company):
        by_paper = number % 4
        return self._payer(
            f"Payer {number}",
            is_company=is_company,
            email=f"payer{number}@example.com" if not by_paper else False,
            street="Street 1",
            zip="1000",
            city="City",
        )

    def _draw_due(self, month):
        """Often the same days, now and then another one, and some when banks are closed."""
        first = date(2026 + (month + 3) // 12, (month + 3) % 12 + 1, 1)
        return first + DAY * self.rng.choice((0, 0, 0, 14, 24))

    def _make_invoices(self, owed):
        amounts = [self.rng.choice(AMOUNTS) + self.rng.choice((0, 0, 0.5, 0.37)) for _one in owed]
        invoices = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": payer.record.id,
                    "journal_id": self.sale_journal.id,
                    "invoice_date": due - timedelta(days=21),
                    "invoice_date_due": due,
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Fee", "price_unit": amount, "tax_ids": [Command.clear()]}
                        )
                    ],
                }
                for (payer, _kind, due), amount in zip(owed, amounts, strict=True)
            ]
        )
        invoices.action_post()
        return invoices
