"""What payment plans add to claims, letters, companies and payers."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang

from .account_move import SEEN_BY

_PLANNED = ("overdue", "reminded", "noticed", "paid")


class DunningClaim(models.Model):
    _inherit = "dunning.claim"

    plan_ids = fields.Many2many(
        "dunning.payment.plan",
        "dunning_payment_plan_claim_rel",
        "claim_id",
        "plan_id",
        string="Payment Plans",
        readonly=True,
    )
    plan_id = fields.Many2one(
        "dunning.payment.plan",
        string="Payment Plan",
        compute="_compute_plan_id",
        help="The plan that is being kept. No reminders are sent meanwhile.",
    )

    @api.depends("plan_ids.state")
    def _compute_plan_id(self):
        for claim in self:
            claim.plan_id = claim.plan_ids.filtered(lambda plan: plan.state == "kept")[:1]

    def _owed(self):
        """All that is open of these claims: invoices, and what letters claim besides them."""
        parts = ("amount_open", "fee_open", "interest_open", "compensation_open")
        return sum(sum(self.mapped(part)) for part in parts)

    def _check_may_plan(self):
        """Can there be one payment plan of these claims?

        :raise UserError: there cannot
        """
        reasons = (
            (not self, self.env._("Choose the claims that are to be paid in instalments.")),
            (
                any(len(self[name]) > 1 for name in ("company_id", "partner_id", "currency_id")),
                self.env._("A payment plan is for one payer, in one currency."),
            ),
            (
                len({claim.agreement_id for claim in self}) > 1,
                self.env._("These claims are paid to different accounts: make a plan for each."),
            ),
            (
                any(claim.state not in _PLANNED for claim in self),
                self.env._("Of one of these claims nothing is open, or an agency collects it."),
            ),
            (
                any(claim.is_disputed for claim in self),
                self.env._("One of these claims is disputed: settle that first."),
            ),
            (bool(self.plan_id), self.env._("There is a payment plan of one of these already.")),
            (
                bool(self.invoice_id._mbn_live_debits()),
                self.env._(
                    "A direct debit of one of these invoices is under way: withdraw it, or wait "
                    "for what comes of it."
                ),
            ),
        )
        for applies, text in reasons:
            if applies:
                raise UserError(text)

    def action_plan(self):
        """Ask in which instalments these claims are to be paid.

        :raise UserError: there can be no plan of them
        """
        self._check_may_hold()
        self._check_may_plan()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Payment Plan"),
            "res_model": "dunning.payment.plan.make",
            "view_mode": "form",
            "target": "new",
            "context": {"default_claim_ids": self.ids},
        }

    def action_show_plan(self):
        """Show the payment plan that is being kept."""
        self.check_access("read")
        self.ensure_one()
        return self.plan_id.get_formview_action()


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    plan_id = fields.Many2one(
        "dunning.payment.plan",
        string="Payment Plan",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_dunning_plan_id = fields.Many2one(
        "dunning.payment.plan",
        string="Payment Plan",
        compute="_compute_mbn_dunning_plan_id",
        compute_sudo=True,
        groups=SEEN_BY,
    )

    @api.depends("mbn_claim_ids.plan_ids.state")
    def _compute_mbn_dunning_plan_id(self):
        for move in self:
            move.mbn_dunning_plan_id = move.mbn_claim_ids.plan_id[:1]


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _debit_invoices(self, invoices):
        """What is paid in instalments is not debited at once as well."""
        wanted = super()._debit_invoices(invoices)
        return wanted - wanted.sudo().filtered("mbn_dunning_plan_id").with_env(self.env)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _mbn_dunning_words(self, claims):
        """What is agreed on comes first; of its claims no letter is next meanwhile."""
        plans = claims.plan_id
        words = super()._mbn_dunning_words(claims.filtered(lambda claim: not claim.plan_id))
        return ", ".join(filter(None, [*map(self._mbn_plan_words, plans), words]))

    def _mbn_plan_words(self, plan):
        return self.env._(
            "Payment plan %(plan)s: %(amount)s by %(day)s",
            plan=plan.name,
            amount=formatLang(self.env, plan.next_amount, currency_obj=plan.currency_id),
            day=format_date(self.env, plan.next_date) if plan.next_date else "",
        )


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_dunning_plan_days = fields.Integer(
        string="Banking Days of Grace",
        default=3,
        help="A payment plan is broken when an instalment has not come so many banking days after "
        "its due date. Plans keep what was set when they were made.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_dunning_plan_days = fields.Integer(
        related="company_id.mbn_dunning_plan_days", readonly=False
    )
