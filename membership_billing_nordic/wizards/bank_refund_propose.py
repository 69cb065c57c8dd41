from odoo import api, fields, models


class BankRefundPropose(models.TransientModel):
    """Proposes to pay money back to a payer: shows what stands, what is open, and how it goes."""

    _name = "bank.refund.propose"
    _description = "Propose a Refund"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    payment_id = fields.Many2one("bank.payment", string="From Payment", readonly=True)
    credit_ids = fields.Many2many("account.move.line", string="Credits", readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        help="To whom the money goes back.",
    )
    standing = fields.Monetary(
        compute="_compute_facts",
        compute_sudo=True,
        help="What stands to the payer and is not being paid back already.",
    )
    open_invoices = fields.Char(
        string="Not Paid",
        compute="_compute_facts",
        compute_sudo=True,
        help="Invoices of the payer that are open. The money could be used for them.",
    )
    agreement_name = fields.Char(
        string="Paid Through",
        compute="_compute_facts",
        compute_sudo=True,
        help="The agreement with the bank by which the money reaches the payer.",
    )
    problem = fields.Char(compute="_compute_facts", compute_sudo=True)
    amount = fields.Monetary(help="What is paid back, at most what stands.")
    reason = fields.Char(help="For those who approve it, and those who look later.")

    @api.model
    def _open_for(self, company, partner, currency, amount, reason="", payment=None, credits=None):
        """Show the proposal of a refund."""
        wizard = self.create(
            {
                "company_id": company.id,
                "currency_id": currency.id,
                "partner_id": partner.commercial_partner_id.id,
                "amount": max(amount, 0),
                "reason": reason,
                "payment_id": payment.id if payment else False,
                "credit_ids": [(6, 0, credits.ids)] if credits else False,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Pay Back"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.depends("partner_id", "payment_id", "credit_ids")
    def _compute_facts(self):
        refunds = self.env["bank.refund"]
        for wizard in self:
            facts = {"standing": 0.0, "open_invoices": "", "agreement_name": "", "problem": ""}
            if payer := wizard.partner_id.commercial_partner_id:
                company = wizard.company_id
                agreement, _route = refunds._find_route(company, payer, wizard.currency_id)
                facts = {
                    "standing": wizard._standing(payer),
                    "open_invoices": refunds._unpaid(company, payer, wizard.currency_id),
                    "agreement_name": agreement.name,
                    "problem": "" if agreement else refunds._no_route_text(payer),
                }
            wizard.update(facts)

    def _standing(self, payer):
        if self.payment_id:
            return self.payment_id.amount_open
        credits = self.env["bank.refund"]._standing(self.company_id, payer, self.currency_id)
        if self.credit_ids:
            credits &= self.credit_ids
        return -sum(credits.mapped("amount_residual_currency"))

    def action_propose(self):
        """Propose the refund as it stands here; the money of a payment is put on the payer."""
        self.check_access("write")
        self.env["bank.refund"]._check_may_propose()
        self.ensure_one()
        credits = self.credit_ids
        if self.payment_id:
            credits = self.payment_id._put_on_account(self.partner_id)
        refund = self.env["bank.refund"]._propose(
            self.company_id,
            self.partner_id,
            self.currency_id,
            self.amount,
            self.reason or "",
            credits,
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "bank.refund",
            "res_id": refund.id,
            "views": [(False, "form")],
        }
