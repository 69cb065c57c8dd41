from odoo import api, fields, models

from .bank_refund import LIVE


class BankRefundLine(models.Model):
    """A credit that stands to a payer, and how much of it a refund pays back."""

    _name = "bank.refund.line"
    _description = "Credit Paid Back"
    _order = "id"
    _rec_name = "move_line_id"

    refund_id = fields.Many2one(
        "bank.refund", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="refund_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="refund_id.currency_id")
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Credit",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Entry or Credit Note")
    amount = fields.Monetary(required=True, readonly=True)
    is_live = fields.Boolean(compute="_compute_is_live", store=True)

    _one_live_refund = models.UniqueIndex(
        "(move_line_id) WHERE is_live", "This money is being paid back already."
    )

    @api.depends("refund_id.state")
    def _compute_is_live(self):
        for line in self:
            line.is_live = line.refund_id.state in LIVE
