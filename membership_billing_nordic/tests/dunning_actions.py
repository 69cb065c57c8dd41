"""What payers, the bank, people of the office and an agency do, in the books and in the model."""

from collections import defaultdict
from decimal import Decimal

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form

from ..formats import messages
from .dunning_model import DAY, NOTHING, PARTS, Payment, Plan, cents
from .dunning_world import BETWEEN, DunningWorld


class DunningActions(DunningWorld):
    """Each ``_do_`` does one thing at random, and tells what; nothing when nothing fits."""

    # ------------------------------------------------------------------ payments

    def _pick(self, wanted):
        debts = [debt for debt in self.model.debts if wanted(debt)]
        return self.rng.choice(debts) if debts else None

    def _is_owed(self, debt):
        """Open and due soon or long since; what nobody has to pay is rarely paid."""
        is_paid_at_all = debt.kind == "fee" or self.rng.random() < 0.2
        is_open = debt.open and debt.due < self.day + 5 * DAY
        return is_open and is_paid_at_all and not debt.record.mbn_case_id

    def _pay(self, debts, amount, reference):
        """Money is on its way for these debts."""
        payment = Payment(debts[0].payer, self.day, cents(amount), reference, debts)
        self.inbox.append(payment)
        return f"{amount} for {', '.join(map(_name, debts))}"

    def _pay_debt(self, debt, amount):
        return debt and amount > 0 and self._pay([debt], amount, debt.record.payment_reference)

    def _do_pay_in_full(self):
        debt = self._pick(self._is_owed)
        return debt and self._pay_debt(debt, debt.open)

    def _do_pay_all(self):
        debt = self._pick(lambda debt: self._is_owed(debt) and debt.costs_open)
        return debt and self._pay_debt(debt, debt.owed)

    def _do_pay_part(self):
        debt = self._pick(lambda debt: self._is_owed(debt) and debt.kind == "fee")
        share = Decimal(self.rng.choice(("0.1", "0.4", "0.75")))
        return debt and self._pay_debt(debt, cents(debt.open * share))

    def _do_pay_too_much(self):
        debt = self._pick(self._is_owed)
        return debt and self._pay_debt(debt, debt.owed + self.rng.choice((5, 37, 200)))

    def _do_pay_nearly(self):
        debt = self._pick(lambda debt: self._is_owed(debt) and debt.kind == "fee")
        short = Decimal(self.rng.choice(("0.5", "1", "1.5", "3")))
        return debt and self._pay_debt(debt, debt.owed - short)

    def _do_pay_twice(self):
        debt = self._pick(lambda debt: debt.paid and not debt.open)
        return debt and self._pay_debt(debt, debt.amount)

    def _do_pay_letter(self):
        """The reference of a letter is for all its claims."""
        letters = self.env["dunning.letter"].search(
            [("company_id", "=", self.company.id), ("reference", "!=", False)]
        )
        letters = letters.filtered(lambda letter: len(letter.line_ids) > 1 and not letter.plan_id)
        if not letters:
            return None
        letter = self.rng.choice(letters.sorted("id"))
        debts = sorted(
            (self.debts[line.invoice_id] for line in letter.line_ids), key=lambda one: one.counted
        )
        amount = cents(letter.total) - self.rng.choice((0, 0, 0, 20))
        return self._pay(debts, amount, letter.reference)

    def _do_take_back(self):
        """The bank takes back what it paid."""
        keys = [(one.reference, one.amount) for one in self.model.payments]
        payments = [
            one
            for one in self.model.payments
            if keys.count((one.reference, one.amount)) == 1 and one.day < self.day
        ]
        if not payments or self.outage_until > self.day:
            return None
        payment = self.rng.choice(payments)
        message = self._payment(
            payment.amount,
            payment.reference,
            kind=messages.PaymentReversed,
            bank_date=self.day,
            deposit_key=f"D{next(self.files)}",
        )
        self._book(message)
        self.expected.settled_until = self.model.known_until
        self.model.reverse(payment)
        return f"{payment.amount} of {', '.join(map(_name, payment.debts))}"

    def _do_bank_outage(self):
        self.outage_until = self.day + DAY * self.rng.randint(3, 12)
        self.agenda[self.outage_until] += []
        return f"until {self.outage_until}"

    def _read_bank(self):
        """The bank's files: all through yesterday are known, unless they do not come.

        :return: whether there are payments in them
        """
        if self.outage_until > self.day:
            return False
        self.model.known_until = self.day - DAY
        self.expected.settled_until = self.day - DAY
        by_day = defaultdict(list)
        for payment in self.inbox:
            by_day[payment.day].append(payment)
        self.inbox = []
        for day, payments in sorted(by_day.items()):
            key = f"D{next(self.files)}"
            self._book(
                *(
                    self._payment(one.amount, one.reference, bank_date=day, deposit_key=key)
                    for one in payments
                )
            )
            self.model.book(payments)
        if by_day:
            # A file of today has come; of today nothing is sure before tomorrow.
            self.expected.settled_until = self.day - DAY
        return bool(by_day)

    def _do_place_credit(self):
        """Somebody uses what a payer has paid too much for the oldest invoice."""
        debt = self._pick(lambda one: one.open and not one.case and self.model.credits(one.payer))
        if not debt:
            return None
        line = self.env["account.move.line"].search(
            [
                ("partner_id", "=", debt.payer.record.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("amount_residual", "<", 0),
            ],
            order="date, id",
            limit=1,
        )
        chunk = self.model.credits(debt.payer)[0]
        self.assertEqual(-cents(line.amount_residual), chunk.left)
        (line + self._owed(debt)).reconcile()
        part = min(chunk.left, debt.open)
        chunk.use(debt, part)
        return f"{part} for {debt.name}"

    def _owed(self, debt):
        lines = debt.record.line_ids
        return lines.filtered(lambda line: line.display_type == "payment_term")

    # ------------------------------------------------------------------ what people decide

    def _do_credit_all(self):
        debt = self._pick(lambda one: one.open == one.amount and one.due < self.day)
        return debt and self._credit(debt, debt.open)

    def _do_credit_part(self):
        debt = self._pick(lambda one: self._is_owed(one) and one.kind == "fee" and one.open > 50)
        return debt and self._credit(debt, Decimal(25))

    def _credit(self, debt, amount):
        note = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": debt.payer.record.id,
                "journal_id": self.sale_journal.id,
                "invoice_date": self.day,
                "reversed_entry_id": debt.record.id,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Fee", "price_unit": float(amount), "tax_ids": [Command.clear()]}
                    )
                ],
            }
        )
        note.action_post()
        credit = note.line_ids.filtered(lambda line: line.display_type == "payment_term")
        (credit + self._owed(debt)).filtered(lambda line: not line.reconciled).reconcile()
        debt.credited += amount
        return f"{amount} of {debt.name}"

    def _claim(self, debt):
        return self.env["dunning.claim"].search([("invoice_id", "=", debt.record.id)])

    def _hold(self, debt, **vals):
        wizard = self.env["dunning.hold"].create(
            {"claim_ids": self._claim(debt).ids, "reason": "They say so"} | vals
        )
        wizard.action_hold()

    def _do_dispute(self):
        debt = self._pick(lambda one: one.is_followed and one.open and not one.is_disputed)
        if debt:
            self._hold(debt, kind="dispute")
            debt.is_disputed = True
        return debt and debt.name

    def _do_pause(self):
        debt = self._pick(lambda one: one.is_followed and one.open)
        if not debt:
            return None
        debt.paused_until = self.day + DAY * self.rng.randint(0, 30)
        self._hold(debt, kind="pause", until=debt.paused_until)
        return f"{debt.name} until {debt.paused_until}"

    def _do_release(self):
        debt = self._pick(lambda one: one.is_disputed or one.paused_until)
        if debt:
            self._claim(debt).action_release()
            debt.is_disputed, debt.paused_until = False, None
        return debt and debt.name

    def _do_hold_payer(self):
        debt = self._pick(lambda one: one.is_followed and not one.payer.is_held)
        if debt:
            debt.payer.record.mbn_dunning_hold = debt.payer.is_held = True
        return debt and debt.name

    def _do_release_payer(self):
        debt = self._pick(lambda one: one.payer.is_held)
        if debt:
            debt.payer.record.mbn_dunning_hold = debt.payer.is_held = False
        return debt and debt.name

    def _do_cancel(self):
        """A fee, or all that a letter claims, is given up, paid or not."""
        costs = [
            cost for debt in self.model.debts for cost in debt.costs if cost.cancelled == NOTHING
        ]
        if not costs:
            return None
        cost = self.rng.choice(costs)
        same = [
            one
            for one in costs
            if one.letter.number == cost.letter.number and one.part == cost.part
        ]
        letter = self.env["dunning.letter"].search(
            [("name", "=", cost.letter.number), ("company_id", "=", self.company.id)]
        )
        parts = {part: part == cost.part for part in PARTS}
        self.env["dunning.cancel"].create(
            {"letter_id": letter.id, "reason": "Our mistake"} | parts
        ).action_cancel()
        for one in same:
            one.cancel()
        return f"{cost.part} of {letter.name}"

    # ------------------------------------------------------------------ payment plans

    def _do_plan(self):
        model = self.model
        first = self._pick(lambda one: self._may_plan(one) and one.open > 50)
        if not first:
            return None
        debts = [one for one in model.debts if one.payer is first.payer and self._may_plan(one)]
        claims = self.env["dunning.claim"].union(*map(self._claim, debts))
        action = claims.action_plan()
        form = Form(self.env[action["res_model"]].with_context(**action["context"]))
        form.count = self.rng.randint(2, 3)
        form.every = self.rng.choice(("fortnight", "month"))
        form.first_date = self.day + DAY * self.rng.randint(3, 20)
        wizard = form.save()
        owed = sum((debt.owed for debt in debts), NOTHING)
        debts.sort(key=lambda one: (one.counted, one.record.id))
        fee = self._plan_fee(debts[0])
        self.assertEqual((cents(wizard.amount_owed), cents(wizard.fee)), (owed, fee))
        action = wizard.action_agree()
        plan = self.env["dunning.payment.plan"].browse(action["res_id"])
        self._note_letter(plan.letter_ids)
        instalments = [(one.due_date, cents(one.amount)) for one in plan.instalment_ids]
        model.plans.append(Plan(plan.name, debts, owed + fee, instalments))
        kept = len(instalments) if self.rng.random() < 0.5 else 1
        for due, amount in instalments[:kept]:
            self.agenda[due].append(self._instalment(debts, amount, plan.reference))
        return f"{plan.name} of {', '.join(map(_name, debts))}: {instalments}"

    def _may_plan(self, debt):
        is_open = debt.is_followed and (debt.open or debt.costs_open) and debt.kind == "fee"
        return is_open and not debt.case and not debt.is_disputed and not self.model.plan_of(debt)

    def _plan_fee(self, debt):
        model, land = self.model, self.land
        cap = land.cap("plan", self.day)
        claimed = land.is_offset and any(cost.part == "compensation" for cost in debt.costs)
        if not cap or claimed or len(model.counted(debt, "plan")) >= land.count("plan"):
            return NOTHING
        return cap

    def _instalment(self, debts, amount, reference):
        return lambda: self._tell(f"instalment {self._pay(debts, amount, reference)}")

    def _do_end_plan(self):
        plans = [plan for plan in self.model.plans if plan.state == "kept"]
        if not plans:
            return None
        plan = self.rng.choice(plans)
        self.env["dunning.payment.plan"].search([("name", "=", plan.number)]).action_end()
        plan.state = "cancelled"
        return plan.number

    # ------------------------------------------------------------------ collection

    def _do_hand_over(self):
        """Propose, then approve what is still right, and deliver it by hand."""
        self._read_bank()
        model = self.model
        proposed = {debt for debt in model.debts if model.is_ready(debt, self.day)}
        file = self.env["debt.collection.file"].browse(self.agency.action_propose()["res_id"])
        self.assertEqual({self.debts[one] for one in file.case_ids.line_ids.invoice_id}, proposed)
        if proposed and self.rng.random() < 0.4:
            self._act(self.rng.choice(BETWEEN))
            self._read_bank()
        ready = {debt for debt in proposed if model.is_ready(debt, self.day)}
        if not ready:
            with self.assertRaises(UserError):
                file.action_approve()
            return None
        file.action_approve()
        file.action_download()
        file.action_delivered()
        self.assertEqual({self.debts[one] for one in file.case_ids.line_ids.invoice_id}, ready)
        for line in file.case_ids.line_ids:
            self._hand_over(line)
        return ", ".join(map(_name, ready))

    def _hand_over(self, line):
        debt = self.debts[line.invoice_id]
        open_of = {
            part: sum((cost.open for cost in debt.costs if cost.part == part), NOTHING)
            for part in PARTS
        }
        if any(level.interest for level in debt.levels):
            open_of["interest"] += self.model.new_interest(debt, self.day)
        self.assertEqual(cents(line.principal), debt.open)
        for part, amount in open_of.items():
            self.assertEqual(cents(line[part]), amount, f"{part} of {debt.name}")
        debt.case = line.case_id
        debt.told = self.model.direct(debt)

    def _cases(self):
        cases = dict.fromkeys(debt.case for debt in self.model.debts if debt.case)
        return sorted(cases, key=lambda case: case.id)

    def _draw_case(self):
        cases = self._cases()
        return self.rng.choice(cases) if cases else None

    def _do_agency_accepts(self):
        if case := self._draw_case():
            self._decide(case.action_accepted(), number=f"N{case.id}")
        return case and case.name

    def _do_agency_pays(self):
        """The agency transfers what it got, by the reference of the case."""
        case = self._draw_case()
        if not case:
            return None
        debts = sorted(
            (self.debts[one] for one in case.line_ids.invoice_id), key=lambda one: one.counted
        )
        share = self.rng.choice((Decimal("0.3"), Decimal(1)))
        amount = cents(sum((debt.owed for debt in debts), NOTHING) * share)
        return amount > 0 and self._pay(debts, amount, case.reference)

    def _do_agency_closes(self):
        case = self._draw_case()
        if not case:
            return None
        code = self.rng.choice(("paid", "returned", "uncollectible"))
        self._decide(case.action_close(), code=code)
        for debt in self.model.debts:
            if debt.case == case:
                debt.case = None
                debt.is_returned = debt.is_returned or debt.open > 0
        return f"{case.name} {code}"

    def _decide(self, action, **vals):
        decide = self.env["debt.collection.decide"].with_context(**action["context"])
        decide.create(vals).action_decide()


def _name(debt):
    return debt.name
