from odoo import api, fields, models


class MembershipContractPrice(models.Model):
    """What one period costs a single membership, whatever the price list of its plan says."""

    _name = "membership.contract.price"
    _description = "Own Price of a Membership"
    _order = "contract_id, valid_from desc, id desc"
    _check_company_auto = True

    contract_id = fields.Many2one(
        "membership.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="contract_id.currency_id")
    plan_id = fields.Many2one(
        "membership.plan",
        required=True,
        index=True,
        ondelete="restrict",
        help="Holds while the member has this plan.",
    )
    valid_from = fields.Date(
        required=True, help="Periods that begin on or after this day have this price."
    )
    valid_to = fields.Date(
        help="Last day on which a period with this price may begin. Empty: until further notice."
    )
    amount = fields.Monetary(
        string="Price",
        required=True,
        help="For one whole period, with or without tax as the plan's prices.",
    )

    _no_overlap = models.Constraint(
        """EXCLUDE USING gist (
            int4range(contract_id, contract_id, '[]') WITH =,
            int4range(plan_id, plan_id, '[]') WITH =,
            daterange(valid_from, valid_to, '[]') WITH &&)""",
        "A membership has one price of its own for a day. End the old one the day before the new "
        "one begins.",
    )
    _dates = models.Constraint(
        "CHECK (valid_to IS NULL OR valid_to >= valid_from)",
        "A price cannot end before it begins.",
    )
    _amount_positive = models.Constraint("CHECK (amount >= 0)", "A price cannot be negative.")

    @api.model
    def _begin(self, contracts, day, amounts, until=False, **vals):
        """Own prices of ``contracts`` from ``day`` on, in the place of those they have then.

        :param amounts: contract to price; None: that of the plan's price list
        :param until: last day of them; what held then holds again afterwards
        """
        before = self.search(
            [
                ("contract_id", "in", contracts.ids),
                "|",
                ("valid_to", "=", False),
                ("valid_to", ">=", day),
            ]
        ).filtered(lambda price: price.plan_id == price.contract_id._plan_on(day))
        after = [] if not until else before._continued(until)
        before.filtered(lambda price: price.valid_from >= day).unlink()
        before.exists().valid_to = fields.Date.subtract(day, days=1)
        before.flush_recordset()
        new = [
            {
                "contract_id": contract.id,
                "plan_id": contract._plan_on(day).id,
                "valid_from": day,
                "valid_to": until,
                "amount": amounts[contract],
            }
            | vals
            for contract in contracts
            if amounts[contract] is not None
        ]
        return self.create(new + after)[: len(new)]

    def _continued(self, until):
        """Values of what is left of these prices after ``until``."""
        following = fields.Date.add(until, days=1)
        return [
            price.copy_data({"valid_from": max(price.valid_from, following)})[0]
            for price in self
            if not price.valid_to or price.valid_to > until
        ]


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    own_price_ids = fields.One2many(
        "membership.contract.price", "contract_id", string="Own Prices", copy=False
    )
    price_guaranteed_until = fields.Date(
        help="No price change before this day, as agreed with the member: the price list is as it "
        "was for periods that begin by then."
    )

    def _own_price_on(self, plan_id, day):
        """The contract's own price of a period of the plan on ``day``; None without one."""
        self.ensure_one()
        own = self.sudo().own_price_ids.filtered(
            lambda price: (
                price.plan_id.id == plan_id
                and price.valid_from <= day
                and (not price.valid_to or day <= price.valid_to)
            )
        )
        return own[:1].amount if own else None
