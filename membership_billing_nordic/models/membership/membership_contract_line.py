from odoo import api, fields, models


class MembershipContractLine(models.Model):
    """A further product that is charged with every period of a contract."""

    _name = "membership.contract.line"
    _description = "Membership Contract Line"
    _order = "contract_id, sequence, id"
    _check_company_auto = True

    contract_id = fields.Many2one(
        "membership.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="contract_id.currency_id")
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        ondelete="restrict",
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
        required=True,
        help="For one whole period, with or without tax as the product's own price.",
    )
    date_start = fields.Date(
        string="From", help="First period it is charged with. Empty: from the next one."
    )
    date_end = fields.Date(string="Until", help="Periods that begin later are charged without it.")

    _dates = models.Constraint(
        "CHECK (date_end IS NULL OR date_start IS NULL OR date_end >= date_start)",
        "A line cannot end before it begins.",
    )

    @api.depends("product_id")
    def _compute_from_product(self):
        for line in self:
            line.name = line.product_id.display_name
            line.price_unit = line.product_id.lst_price

    def _is_charged_with(self, period):
        """Does ``period`` (a PeriodPlan) carry this line?"""
        self.ensure_one()
        return (not self.date_start or self.date_start <= period.date_from) and (
            not self.date_end or period.date_from <= self.date_end
        )
