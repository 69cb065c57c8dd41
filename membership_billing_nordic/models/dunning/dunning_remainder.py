"""Small remainders of invoices that were paid, which are not worth a letter."""

from odoo import api, fields, models

from .dunning_guards import Guards
from .dunning_law_book import LawBook


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_dunning_remainder_limit = fields.Monetary(
        string="Write Off Rests of Invoices Up To",
        help="When no more than this is open of an overdue invoice of which something was paid, "
        "the rest is written off by itself. 0: never.",
    )
    mbn_dunning_remainder_account_id = fields.Many2one(
        "account.account",
        string="Remainders",
        domain="[('account_type', 'in', ('income', 'income_other', 'expense', 'expense_other'))]",
        help="Where remainders are written off. Without it they stay open.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_dunning_remainder_limit = fields.Monetary(
        related="company_id.mbn_dunning_remainder_limit", readonly=False
    )
    mbn_dunning_remainder_account_id = fields.Many2one(
        related="company_id.mbn_dunning_remainder_account_id", readonly=False
    )


class DunningClaim(models.Model):
    _inherit = "dunning.claim"

    @api.model
    def _give_up_remainders(self, company):
        if company.mbn_dunning_remainder_account_id:
            for claim in self._small_remainders(company):
                claim._try_to_settle(claim._write_off)
        return super()._give_up_remainders(company)

    @api.model
    def _small_remainders(self, company):
        """Open claims of which little is left of what was paid, in the company's currency."""
        claims = self.search(
            [
                ("company_id", "=", company.id),
                ("currency_id", "=", company.currency_id.id),
                ("state", "in", ("overdue", "reminded", "noticed")),
                ("amount_open", "<=", company.mbn_dunning_remainder_limit),
            ]
        )
        known = self.env["bank.difference"]._known(claims.move_line_id)
        part_paid = claims.filtered(
            lambda claim: (
                claim.amount_open < claim.move_line_id.balance and claim.move_line_id not in known
            )
        )
        if not part_paid:
            return part_paid
        guards = Guards(company, part_paid, company._billing_today(), LawBook(self.env))
        return part_paid.filtered(
            lambda claim: claim.id not in guards.planned and not guards.is_money_under_way(claim)
        )

    def _write_off(self):
        """Settle the rest of the invoice by an entry."""
        company = self.company_id
        text = self.env._("Small remainder of %(invoice)s", invoice=self.invoice_id.name)
        self.env["bank.difference"]._write_off(
            self.move_line_id,
            company.mbn_dunning_remainder_account_id,
            company._mbn_dunning_journal(),
            text,
        )
        self._message_log(body=text)
