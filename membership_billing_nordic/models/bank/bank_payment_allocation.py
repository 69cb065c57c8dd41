from odoo import fields, models


class BankPaymentAllocation(models.Model):
    """A part of a payment and what it was used for: a claim, or its payer's account."""

    _name = "bank.payment.allocation"
    _description = "Use of a Bank Payment"
    _order = "id"
    _rec_name = "partner_id"
    _check_company_auto = True

    payment_id = fields.Many2one("bank.payment", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True)
    amount = fields.Monetary(required=True, help="Below zero where money went back to the payer.")
    partner_id = fields.Many2one("res.partner", string="Payer", required=True, index=True)
    target_line_id = fields.Many2one(
        "account.move.line",
        string="Claim Line",
        index="btree_not_null",
        ondelete="restrict",
        help="The receivable line that was paid; empty when the money stays open on the payer.",
    )
    invoice_id = fields.Many2one(
        "account.move",
        index="btree_not_null",
        ondelete="restrict",
        help="The invoice that was paid; empty when the money stays open on the payer.",
    )
    entry_line_id = fields.Many2one(
        "account.move.line",
        required=True,
        index=True,
        ondelete="restrict",
        help="The line on the payer's receivable account that books this use.",
    )
    move_id = fields.Many2one(
        related="entry_line_id.move_id", string="Journal Entry", help="The entry that books it."
    )
    undone_move_id = fields.Many2one(
        "account.move",
        string="Undone By",
        index="btree_not_null",
        ondelete="restrict",
        help="The entry that took this use back.",
    )
