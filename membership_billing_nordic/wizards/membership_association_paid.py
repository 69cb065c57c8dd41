from odoo import api, fields, models


class MembershipAssociationPaid(models.TransientModel):
    """A member's invoice was paid to the club: the club owes it now."""

    _name = "membership.association.paid"
    _description = "Paid to the Association"
    _check_company_auto = True

    move_id = fields.Many2one("account.move", string="Invoice", required=True, readonly=True)
    company_id = fields.Many2one(related="move_id.company_id")
    currency_id = fields.Many2one(related="move_id.currency_id")
    partner_id = fields.Many2one(related="move_id.partner_id", string="Payer")
    association_id = fields.Many2one(
        "membership.association",
        compute="_compute_from_invoice",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        check_company=True,
        help="Who got the money. It is on the association's account as a debt, and is set off "
        "against its shares by the next pay-out.",
    )
    amount = fields.Monetary(
        compute="_compute_from_invoice", store=True, readonly=False, precompute=True, required=True
    )
    date = fields.Date(
        required=True,
        default=lambda self: self.env.company._billing_today(),
        help="When the member paid.",
    )
    note = fields.Char(help="Anything to remember about it.")

    @api.depends("move_id")
    def _compute_from_invoice(self):
        for paid in self:
            paid.association_id = paid.move_id.mbn_association_id
            paid.amount = paid.move_id.amount_residual

    def action_book(self):
        """Book it: the member's invoice is paid, the association owes the money."""
        self.check_access("write")
        self.ensure_one()
        self.move_id._mbn_book_paid_to(self.association_id, self.amount, self.date, self.note)
        return {"type": "ir.actions.act_window_close"}
