from odoo import api, fields, models


class MembershipContractCharge(models.TransientModel):
    """Charge a membership something once: with its next invoice, or at once."""

    _name = "membership.contract.charge"
    _description = "Charge Something Once"
    _check_company_auto = True

    contract_id = fields.Many2one("membership.contract", required=True)
    company_id = fields.Many2one(related="contract_id.company_id")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    payer_id = fields.Many2one(related="contract_id.payer_id")
    product_id = fields.Many2one(
        "product.product",
        required=True,
        check_company=True,
        domain="[('sale_ok', '=', True)]",
        help="Gives income account and taxes.",
    )
    name = fields.Char(
        string="Description",
        compute="_compute_from_product",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="What the payer reads on the invoice.",
    )
    quantity = fields.Float(default=1.0, required=True, digits="Product Unit")
    price_unit = fields.Monetary(
        string="Price",
        compute="_compute_from_product",
        store=True,
        readonly=False,
        precompute=True,
        help="Price of one, with or without tax as the product's own price.",
    )
    when = fields.Selection(
        [("next", "With the next invoice"), ("now", "Now, on an invoice of today")],
        string="Invoice",
        default="next",
        required=True,
        help="Now: with all else that is due for the membership today.",
    )
    date_next = fields.Date(string="Next Invoice", compute="_compute_date_next")

    @api.depends("product_id")
    def _compute_from_product(self):
        for charge in self:
            charge.name = charge.product_id.display_name
            charge.price_unit = charge.product_id.lst_price

    @api.depends("contract_id")
    def _compute_date_next(self):
        for charge in self:
            today = charge.contract_id.company_id._billing_today()
            charge.date_next = max(charge.contract_id.next_invoice_date or today, today)

    def action_charge(self):
        """Charge it."""
        self.check_access("write")
        self.contract_id._check_may_charge()
        self.ensure_one()
        contract, now = self.contract_id, self.when == "now"
        if now:
            contract._check_billing_user()
        contract.check_access("write")
        contract._charge_once(
            self.product_id,
            self.name,
            self.quantity,
            self.price_unit,
            contract.company_id._billing_today() if now else None,
        )
        return contract.action_bill_now() if now else {"type": "ir.actions.act_window_close"}
