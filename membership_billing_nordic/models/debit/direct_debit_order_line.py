from odoo import api, fields, models

from .direct_debit_order import LIVE


class DirectDebitOrderLine(models.Model):
    """A claim that a debit collects: a receivable line of an invoice, and how much of it."""

    _name = "direct.debit.order.line"
    _description = "Claim of a Direct Debit"
    _order = "id"
    _rec_name = "invoice_id"

    order_id = fields.Many2one(
        "direct.debit.order", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Claim",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The receivable line that is collected. Empty when a dropped debit's invoice was "
        "changed afterwards.",
    )
    invoice_id = fields.Many2one(
        "account.move", readonly=True, index="btree_not_null", ondelete="set null"
    )
    amount = fields.Monetary(readonly=True)
    is_live = fields.Boolean(
        compute="_compute_is_live",
        store=True,
        help="The debit is planned or at the bank. A claim has one live debit at most.",
    )

    _one_live_debit = models.UniqueIndex(
        "(move_line_id) WHERE is_live", "This claim is being collected by another debit already."
    )

    @api.depends("order_id.state")
    def _compute_is_live(self):
        for line in self:
            line.is_live = line.order_id.state in LIVE

    def _open_amount(self):
        """What is open of the claim, never below zero."""
        self.ensure_one()
        claim = self.move_line_id
        if claim.parent_state != "posted":
            return 0.0
        return max(claim.amount_residual_currency, 0.0)
