from odoo import api, fields, models

_KNOW = (
    "membership_billing_nordic.group_billing_user,membership_billing_nordic.group_billing_auditor"
)


class AccountMoveLine(models.Model):
    """Credits of payers, which can be paid back."""

    _inherit = "account.move.line"

    mbn_standing = fields.Monetary(
        string="Stands",
        compute="_compute_mbn_standing",
        groups=_KNOW,
        help="What nothing has used of this credit yet.",
    )
    mbn_refund_id = fields.Many2one(
        "bank.refund", string="Refund Under Way", compute="_compute_mbn_refund_id", groups=_KNOW
    )
    mbn_refund_state = fields.Selection(
        selection=lambda self: (
            self.env["bank.refund"]._fields["state"]._description_selection(self.env)
        ),
        string="Refund",
        compute="_compute_mbn_refund_id",
        groups=_KNOW,
    )

    @api.depends("amount_residual_currency")
    def _compute_mbn_standing(self):
        for line in self:
            line.mbn_standing = max(-line.amount_residual_currency, 0)

    def _compute_mbn_refund_id(self):
        live = self.env["bank.refund"]._live_lines(self)
        refunds = {line.move_line_id.id: line.refund_id for line in live}
        for line in self:
            line.mbn_refund_id = refunds.get(line.id, False)
            line.mbn_refund_state = line.mbn_refund_id.state

    def action_mbn_refund(self):
        """Propose to pay back this credit of a payer."""
        self.env["bank.refund"]._check_may_propose()
        self.check_access("read")
        self.ensure_one()
        return self.env["bank.refund.propose"]._open_for(
            self.company_id,
            self.partner_id,
            self.currency_id,
            -self.amount_residual_currency,
            credits=self,
        )
