from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang

from ...law.errors import UnverifiedError
from .dunning_guards import Guards
from .dunning_judge import ClaimJudge
from .dunning_law_book import LawBook
from .dunning_letter_making import LetterMaker

BROKEN = "dunning_plan_broken"
_OWED = ("amount_open", "fee_open", "interest_open", "compensation_open")


class DunningPaymentPlan(models.Model):
    """What a payer owes, in instalments. While they are paid in time no reminders are sent.

    Nothing is booked by it: what is paid of the plan is what is not open any more of its claims.
    """

    _name = "dunning.payment.plan"
    _inherit = ["mail.thread", "dunning.screen.mixin"]
    _description = "Payment Plan"
    _order = "agreed_on desc, id desc"
    _rec_names_search = ["name", "partner_id", "reference"]
    _check_company_auto = True

    name = fields.Char(string="Number", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agreement_id = fields.Many2one("bank.agreement", readonly=True, index="btree_not_null")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    claim_ids = fields.Many2many(
        "dunning.claim",
        "dunning_payment_plan_claim_rel",
        "plan_id",
        "claim_id",
        string="Claims",
        readonly=True,
    )
    instalment_ids = fields.One2many("dunning.payment.plan.instalment", "plan_id", readonly=True)
    letter_ids = fields.One2many("dunning.letter", "plan_id", string="Letters", readonly=True)
    agreed_on = fields.Date(required=True, readonly=True, index=True)
    grace_days = fields.Integer(
        string="Banking Days of Grace",
        readonly=True,
        help="An instalment is missed when it has not come so many banking days after its due "
        "date, and the payments up to then are read from the bank's files.",
    )
    reference = fields.Char(
        string="Payment Reference",
        readonly=True,
        help="By this reference the instalments are paid. Payments with the reference of an "
        "invoice of the plan count as well.",
    )
    amount_total = fields.Monetary(
        string="Agreed",
        readonly=True,
        help="What was open of the claims, with fees and interest of letters, and the fee of "
        "the plan.",
    )
    amount_open = fields.Monetary(
        string="Open",
        compute="_compute_amounts",
        store=True,
        help="What is open of its claims; of a plan that has ended, what was open on that day.",
    )
    amount_paid = fields.Monetary(
        string="Settled",
        compute="_compute_amounts",
        store=True,
        help="What was paid since, credited or given up.",
    )
    next_date = fields.Date(string="Next Instalment On", compute="_compute_next")
    next_amount = fields.Monetary(string="Next Instalment", compute="_compute_next")
    state = fields.Selection(
        [
            ("kept", "Being Kept"),
            ("done", "Paid"),
            ("broken", "Broken"),
            ("cancelled", "Ended by Us"),
        ],
        required=True,
        readonly=True,
        default="kept",
        index=True,
        tracking=True,
        help="Being kept: no reminders of its claims are sent. Broken: an instalment was missed, "
        "reminders go on where they were.",
    )
    ended_on = fields.Date(readonly=True)

    _number_unique = models.Constraint(
        "UNIQUE (company_id, name)", "There is a payment plan of this number already."
    )

    @api.depends("state", "amount_total", *(f"claim_ids.{name}" for name in _OWED))
    def _compute_amounts(self):
        for plan in self:
            if plan.state == "kept":
                plan.amount_open = plan.claim_ids._owed()
                paid = plan.currency_id.round(plan.amount_total - plan.amount_open)
                plan.amount_paid = max(paid, 0.0)
            else:
                plan.amount_open, plan.amount_paid = plan.amount_open, plan.amount_paid

    @api.depends("state", "instalment_ids.amount_open")
    def _compute_next(self):
        for plan in self:
            coming = plan._unpaid()[:1] if plan.state == "kept" else plan.instalment_ids[:0]
            plan.next_date = coming.due_date
            plan.next_amount = coming.amount_open

    def _unpaid(self):
        return self.instalment_ids.sorted(lambda one: (one.due_date, one.id)).filtered(
            lambda one: not one.currency_id.is_zero(one.amount_open)
        )

    # ------------------------------------------------------------------ agreeing on one

    @api.model
    def _highest_fee(self, claims):
        """The fee there may be of a plan of these claims: (amount, why it is not known)."""
        company = claims.company_id
        try:
            verdict = ClaimJudge(company, company._billing_today()).plan(claims, None)[0]
        except UnverifiedError as error:
            return 0.0, error.what
        return float(verdict.fee), ""

    @api.model
    def _agree(self, claims, instalments, fee):
        """Make the plan, and send it to the payer in writing.

        :param instalments: (due date, amount) of each
        :raise UserError: there can be no such plan
        """
        claims._check_may_plan()
        company = claims.company_id
        today = company._billing_today()
        verdicts = self._judged(claims, fee, today)
        plan = self._write_plan(claims, today, claims._owed() + float(verdicts[0].fee), instalments)
        plan._check_instalments(today)
        self.env["billing.reference"]._name_plan(plan)
        maker = LetterMaker(company, today, self.env["dunning.run"])
        _letter, refusal = maker.make_plan(plan, verdicts)
        if refusal:
            raise UserError(claims._skip_words(*refusal))
        plan._tell_claims(self.env._("Payment plan %(plan)s was agreed on.", plan=plan.name))
        # Of two people who agree on plans of one claim at once, the database lets one through.
        claims._note_skip("plan", plan.name, today)
        self._take_off_desk(claims.plan_ids)
        return plan

    @api.model
    def _judged(self, claims, fee, today):
        try:
            verdicts = ClaimJudge(claims.company_id, today).plan(claims, fee)
        except UnverifiedError as error:
            raise UserError(
                self.env._("No fee can be claimed for the plan. %(why)s", why=error.what)
            ) from error
        if claims.currency_id.compare_amounts(float(verdicts[0].fee), fee) < 0:
            raise UserError(
                self.env._(
                    "The highest fee that the law allows for this plan is %(fee)s.",
                    fee=formatLang(
                        self.env, float(verdicts[0].fee), currency_obj=claims.currency_id
                    ),
                )
            )
        return verdicts

    @api.model
    def _write_plan(self, claims, today, total, instalments):
        company, payer, agreement = claims.company_id, claims.partner_id, claims.agreement_id
        sequence = self.env["ir.sequence"].sudo().with_company(company)
        return self.create(
            {
                "name": sequence.next_by_code("dunning.payment.plan", sequence_date=today),
                "company_id": company.id,
                "partner_id": payer.id,
                "agreement_id": agreement.id,
                "currency_id": claims.currency_id.id,
                "claim_ids": [Command.set(claims.ids)],
                "agreed_on": today,
                "grace_days": company.mbn_dunning_plan_days,
                "reference": self.env["billing.reference"]._allot_letter(agreement, payer, "plan"),
                "amount_total": claims.currency_id.round(total),
                "instalment_ids": [
                    Command.create({"due_date": day, "amount": amount})
                    for day, amount in instalments
                ],
            }
        )

    def _check_instalments(self, today):
        days, currency = self.instalment_ids.mapped("due_date"), self.currency_id
        if not days or min(days) <= today:
            raise UserError(self.env._("Choose days that are to come for the instalments."))
        total = sum(self.instalment_ids.mapped("amount"))
        if currency.compare_amounts(total, self.amount_total) != 0:
            raise UserError(
                self.env._(
                    "The instalments come to %(sum)s, and %(total)s is owed.",
                    sum=formatLang(self.env, total, currency_obj=currency),
                    total=formatLang(self.env, self.amount_total, currency_obj=currency),
                )
            )

    # ------------------------------------------------------------------ following it

    @api.model
    def _follow(self, company):
        """End the plans that are paid, and those of which an instalment was missed."""
        plans = self.search([("company_id", "=", company.id), ("state", "=", "kept")])
        for plan in plans.filtered(lambda plan: plan.currency_id.is_zero(plan.amount_open)):
            plan._end("done", self.env._("Payment plan %(plan)s is paid.", plan=plan.name))
        left = plans.filtered(lambda plan: plan.state == "kept")
        if left:
            today = company._billing_today()
            guards = Guards(company, left._open_claims(), today, LawBook(self.env))
            for plan in left:
                if missed := plan._missed(guards):
                    plan._break(missed)
        self._take_off_desk(self._broken(company))

    @api.model
    def _broken(self, company):
        """The broken plans that are on the desk."""
        rows = self.env["billing.exception"].search(
            [("kind", "=", BROKEN), ("state", "=", "open"), ("company_id", "=", company.id)]
        )
        return self.browse(rows.mapped("res_id")).exists()

    def _take_off_desk(self, plans):
        """Take broken plans off the desk of which nothing is open or that another one follows."""
        settled = plans.filtered(lambda plan: not plan._open_claims() or plan.claim_ids.plan_id)
        self.env["billing.exception"]._close(settled, BROKEN)

    def _open_claims(self):
        return self.claim_ids.filtered(lambda claim: claim.state != "closed")

    def _missed(self, guards):
        """The instalment that did not come in time; none while that is not known for sure."""
        calendar, claims = guards.book.calendar(self.company_id), self._open_claims()
        coming = self._unpaid()[:1]
        last = calendar.forward(calendar.next_open(coming.due_date), self.grace_days)
        if last >= guards.day or any(guards.is_money_under_way(claim) for claim in claims):
            return coming[:0]
        return coming if all(guards.is_read_through(one, last) for one in claims) else coming[:0]

    def _break(self, missed):
        text = self.env._(
            "Payment plan %(plan)s is broken: %(amount)s of the instalment due on %(day)s did "
            "not come. Reminders go on.",
            plan=self.name,
            amount=formatLang(self.env, missed.amount_open, currency_obj=self.currency_id),
            day=format_date(self.env, missed.due_date),
        )
        self._end("broken", text)
        self.env["billing.exception"]._open(
            self,
            BROKEN,
            text,
            self.env._("Talk to %(payer)s, or agree on a new plan.", payer=self.partner_id.name),
        )

    def _end(self, state, text):
        self.write({"state": state, "ended_on": self.company_id._billing_today()})
        self._message_log(body=text)
        self._tell_claims(text)

    def _tell_claims(self, text):
        for claim in self.claim_ids:
            claim._message_log(body=text)

    # ------------------------------------------------------------------ buttons

    def action_end(self):
        """End a plan that is being kept: reminders go on where they were.

        :raise UserError: it has ended already
        """
        self._check_user()
        for plan in self.sudo():
            if plan.state != "kept":
                raise UserError(plan.env._("Payment plan %(plan)s has ended.", plan=plan.name))
            plan._end("cancelled", plan.env._("Payment plan %(plan)s was ended.", plan=plan.name))
        return True

    def action_show_claims(self):
        """Show the claims that are paid by the plan."""
        self.check_access("read")
        return self.env["dunning.claim"]._action([("id", "in", self.claim_ids.ids)])

    def action_show_letters(self):
        """Show the plan as it was sent to the payer."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_dunning_letter"
        )
        return action | {"domain": [("plan_id", "in", self.ids)], "context": {}}
