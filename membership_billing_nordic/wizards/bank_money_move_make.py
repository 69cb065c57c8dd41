from odoo import api, fields, models


class BankMoneyMoveMake(models.TransientModel):
    """Asks to which other payer money that stands is moved, and shows what it does there."""

    _name = "bank.money.move.make"
    _description = "Move Money to Another Payer"

    credit_id = fields.Many2one("account.move.line", required=True, readonly=True)
    company_id = fields.Many2one(related="credit_id.company_id")
    currency_id = fields.Many2one(related="credit_id.currency_id")
    partner_id = fields.Many2one(related="credit_id.partner_id", string="Stands To")
    standing = fields.Monetary(
        string="Stands",
        compute="_compute_standing",
        compute_sudo=True,
        help="What nothing has used of this credit yet.",
    )
    open_invoices = fields.Char(
        compute="_compute_standing",
        compute_sudo=True,
        help="Invoices of the payer that are open. The money could be used for them.",
    )
    to_partner_id = fields.Many2one(
        "res.partner", string="Move To", help="The payer who gets it, for example of the family."
    )
    to_open_invoices = fields.Char(
        string="Open There",
        compute="_compute_to_open_invoices",
        compute_sudo=True,
        help="What the other payer has not paid.",
    )
    amount = fields.Monetary(help="What is moved, at most what stands.")
    reason = fields.Char(help="Why it is moved; it stands on the entry.")
    use_now = fields.Boolean(
        string="Use It for What Is Open There",
        default=True,
        help="Open invoices of the other payer are paid with it at once, the oldest due first.",
    )

    @api.model
    def _open_for(self, credit):
        """Show the dialog for this credit."""
        wizard = self.create({"credit_id": credit.id, "amount": credit.mbn_standing})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Move to Another Payer"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.depends("credit_id")
    def _compute_standing(self):
        for wizard in self:
            credit = wizard.credit_id
            wizard.standing = credit.mbn_standing
            wizard.open_invoices = credit.mbn_unpaid

    @api.depends("to_partner_id")
    def _compute_to_open_invoices(self):
        refunds = self.env["bank.refund"]
        for wizard in self:
            partner = wizard.to_partner_id
            wizard.to_open_invoices = (
                refunds._unpaid(wizard.company_id, partner, wizard.currency_id)
                if partner
                else False
            )

    def action_move(self):
        """Move the money as it stands here.

        :raises UserError: more than stands, being paid back, or to the same payer
        """
        self.check_access("write")
        self.env["bank.refund"]._check_may_propose()
        self.ensure_one()
        moved = self.env["bank.money.move"]._move(
            self.credit_id, self.to_partner_id, self.amount, self.reason
        )
        received = moved.sudo()._received_line()
        if self.use_now:
            received._mbn_pay(received._mbn_claims_of_payers())
        return {"type": "ir.actions.client", "tag": "soft_reload"}
