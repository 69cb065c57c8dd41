from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date


class MembershipPeriod(models.Model):
    """A stretch of one contract that is billed once, with the facts of its price.

    Both dates belong to the period. The database keeps periods of a contract from
    overlapping, so nothing is billed twice however often a run is repeated.
    """

    _name = "membership.period"
    _description = "Membership Period"
    _order = "date_from desc, id desc"
    _check_company_auto = True

    contract_id = fields.Many2one(
        "membership.contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="The membership this period is part of.",
    )
    member_id = fields.Many2one(
        related="contract_id.member_id", store=True, index=True, help="Who the membership is for."
    )
    plan_id = fields.Many2one(
        "membership.plan",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The plan of the membership when the period was billed.",
    )
    association_id = fields.Many2one(
        "membership.association",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The association of the member when the period was billed.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        help="The company that bills the period.",
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, readonly=True, help="The currency of the amounts."
    )
    date_from = fields.Date(
        string="From", required=True, readonly=True, index=True, help="First day of the period."
    )
    date_to = fields.Date(
        string="To",
        required=True,
        readonly=True,
        index=True,
        help="Last day of the period; it belongs to the period.",
    )
    state = fields.Selection(
        [
            ("open", "Open"),
            ("paid", "Paid"),
            ("credited", "Credited"),
            ("void", "Void"),
        ],
        default="open",
        required=True,
        readonly=True,
        index=True,
        help="Open: invoiced, not paid. Paid: nothing is owed for it. Credited: its invoice was "
        "credited or cancelled; it is not billed again by itself. Void: does not count and can "
        "be billed again.",
    )
    is_offer = fields.Boolean(
        string="Offer",
        readonly=True,
        help="The member takes the renewal by paying; unpaid, it lapses and is not owed.",
    )
    price_id = fields.Many2one(
        "membership.plan.price",
        string="Price Row",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The row of the plan's price list that was used.",
    )
    price_unit = fields.Float(
        string="Full Price",
        digits="Product Price",
        readonly=True,
        help="Price of a whole period when it was billed, with or without tax as the product's "
        "prices are.",
    )
    share_numerator = fields.Integer(
        default=1, readonly=True, help="Numerator of the part of the full price that is charged."
    )
    share_denominator = fields.Integer(
        default=1, readonly=True, help="Denominator of the part of the full price that is charged."
    )
    amount = fields.Monetary(
        string="Fee",
        readonly=True,
        help="What the membership costs for the period, tax included. Further products have "
        "charges of their own.",
    )
    run_id = fields.Many2one(
        "billing.run",
        string="Billing Run",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The run that billed the period.",
    )
    charge_ids = fields.One2many(
        "membership.charge", "period_id", help="What was invoiced for the period."
    )
    invoice_ids = fields.Many2many(
        "account.move", string="Invoices", compute="_compute_invoice_ids", help="Its invoices."
    )

    _billed_once = models.Constraint(
        "EXCLUDE USING gist (int4range(contract_id, contract_id, '[]') WITH =,"
        " daterange(date_from, date_to, '[]') WITH &&) WHERE (state != 'void')",
        "These days of the membership are billed already.",
    )
    _dates_in_order = models.Constraint(
        "CHECK (date_from <= date_to)", "A period cannot end before it starts."
    )
    _share_is_fraction = models.Constraint(
        "CHECK (share_denominator > 0 AND share_numerator >= 0)",
        "The share of the price must be a fraction of zero or more.",
    )

    @api.depends("charge_ids.invoice_id")
    def _compute_invoice_ids(self):
        for period in self:
            period.invoice_ids = period.charge_ids.invoice_id

    @api.depends("plan_id", "date_from", "date_to")
    def _compute_display_name(self):
        for period in self:
            period.display_name = self.env._(
                "%(plan)s, %(date_from)s - %(date_to)s",
                plan=period.plan_id.display_name,
                date_from=format_date(self.env, period.date_from),
                date_to=format_date(self.env, period.date_to),
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        if self.charge_ids.invoice_line_id:
            raise UserError(
                self.env._("A period that was invoiced cannot be deleted. Credit its invoice.")
            )

    def action_bill_again(self):
        """Let the days of credited periods be billed by the next run."""
        self._check_may_bill_again()
        self.check_access("read")
        if any(period.state != "credited" for period in self):
            raise UserError(
                self.env._("Only a credited period can be billed again. Credit its invoice first.")
            )
        self.sudo().charge_ids._take_back()

    @api.model
    def _check_may_bill_again(self):
        if not self.env.user.has_group("membership_billing_nordic.group_billing_user"):
            raise AccessError(self.env._("Only a billing user can have a period billed again."))

    def action_view_invoices(self):
        """Show the invoices of the periods."""
        self.check_access("read")
        return self.env["account.move"]._mbn_list_action(self.invoice_ids)

    def _follow_charges(self):
        """Set the state that the charges of each period give. A void period stays void.

        A period without a charge costs nothing and was paid when it was made.
        """
        groups = {}
        for period in self.filtered(lambda period: period.state != "void" and period.charge_ids):
            state = period._state_from_charges()
            if state != period.state:
                groups[state] = groups.get(state, self.browse()) | period
        for state, periods in groups.items():
            periods.state = state

    def _state_from_charges(self):
        live = self.charge_ids.filtered(lambda charge: charge.state != "void")
        if live:
            return "paid" if set(live.mapped("state")) == {"paid"} else "open"
        return "credited" if self.charge_ids.invoice_id else "void"
