from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from . import schedule

# How far ahead the plan form looks for days without a price.
PRICE_HORIZON_MONTHS = 2

MONTHS = [
    ("1", "January"),
    ("2", "February"),
    ("3", "March"),
    ("4", "April"),
    ("5", "May"),
    ("6", "June"),
    ("7", "July"),
    ("8", "August"),
    ("9", "September"),
    ("10", "October"),
    ("11", "November"),
    ("12", "December"),
]
TERMS = [
    ("month", "Month"),
    ("quarter", "Quarter"),
    ("half_year", "Half-year"),
    ("year", "Year"),
    ("season", "Season"),
]


class MembershipPlan(models.Model):
    """What is sold: how long a period is, when it begins, when it is invoiced and due."""

    _name = "membership.plan"
    _inherit = ["analytic.mixin"]
    _description = "Membership Plan"
    _order = "sequence, name, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True, help="What members see on the invoice.")
    code = fields.Char(help="Short name used in lists and by outside systems.")
    sequence = fields.Integer(default=10, help="Order in which plans are offered.")
    active = fields.Boolean(default=True, help="Archived plans take no new contracts.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company that sells the plan; its branches may sell it too.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        help="The currency of the plan's prices and invoices.",
    )
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index="btree_not_null",
        check_company=True,
        domain="[('sale_ok', '=', True)]",
        help="Gives income account and taxes. The plan's prices include tax exactly when "
        "the product's own price does.",
    )
    claim_kind = fields.Selection(
        [("fee", "Enforceable fee"), ("lapse", "Lapse-only fee"), ("donation", "Donation")],
        string="Kind of Claim",
        required=True,
        default="fee",
        help="An enforceable fee is owed; a lapse-only fee ends the membership when it is "
        "not paid; a donation is never owed. Kinds never share an invoice.",
    )
    term = fields.Selection(
        TERMS,
        string="Period",
        required=True,
        default="year",
        help="How long one period of membership is. A season is a year that begins on a fixed day.",
    )
    frequency = fields.Selection(
        TERMS,
        string="Payment Frequency",
        compute="_compute_frequency",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="How often the fee of a period is asked for.",
    )
    anchor = fields.Selection(
        [("joining", "Joining day"), ("calendar", "Calendar"), ("fixed", "Fixed date")],
        string="Periods Begin On",
        required=True,
        default="calendar",
        help="Joining day: each member has periods of their own. Calendar: the first of "
        "the month, quarter, half-year or year. Fixed date: counted from the day given.",
    )
    start_month = fields.Selection(
        MONTHS,
        required=True,
        default="1",
        help="Month in which the season, or the first period of the year, begins.",
    )
    start_day = fields.Integer(
        required=True,
        default=1,
        help="Day of the month on which periods begin; in shorter months the last day.",
    )
    first_period = fields.Selection(
        [
            ("full", "In full"),
            ("day", "By day"),
            ("month", "By month begun"),
            ("table", "By joining date"),
        ],
        string="Part of a Period",
        required=True,
        default="full",
        help="What somebody pays who is a member for part of a period only: by joining in "
        "the middle of it, coming back from a pause, or leaving. By joining date: what the "
        "table of joining dates says.",
    )
    joining_ids = fields.One2many(
        "membership.plan.joining", "plan_id", string="Joining Dates", copy=True
    )
    renewal = fields.Selection(
        [("automatic", "Automatic"), ("offer", "Offer that lapses unpaid"), ("none", "None")],
        required=True,
        default="automatic",
        help="Automatic: one period follows the other until the contract ends. None: the "
        "contract has one period only, as for a trial or a gift.",
    )
    lead_days = fields.Integer(
        string="Invoice Days Ahead",
        default=14,
        help="How many days before a period begins its invoice is made.",
    )
    payment_term_days = fields.Integer(
        string="Days to Pay",
        default=14,
        help="Days from the invoice date to the due date.",
    )
    grace_days = fields.Integer(
        default=14,
        help="Days after the due date until the membership of somebody who has not paid "
        "is suspended.",
    )
    activation = fields.Selection(
        [("at_once", "At once"), ("first_payment", "On first payment")],
        required=True,
        default="at_once",
        help="When a new membership becomes active.",
    )
    entry_product_id = fields.Many2one(
        "product.product",
        check_company=True,
        help="Product of the fee for joining.",
    )
    entry_fee = fields.Monetary(help="Asked for once, with the first period.")
    notice_months = fields.Integer(help="Whole months from a resignation to the end.")
    binding_months = fields.Integer(help="Months from the start in which one cannot leave.")
    exit_fee = fields.Monetary(help="What leaving within the binding period costs.")
    price_ids = fields.One2many("membership.plan.price", "plan_id", string="Prices")
    contract_ids = fields.One2many("membership.contract", "plan_id", string="Contracts")
    contract_count = fields.Integer(compute="_compute_contract_count")
    price_warning = fields.Char(
        compute="_compute_price_warning", help="From which day on no price is valid."
    )

    _start_day_valid = models.Constraint(
        "CHECK (start_day BETWEEN 1 AND 31)", "The start day must be a day of the month, 1 to 31."
    )
    _days_positive = models.Constraint(
        "CHECK (lead_days >= 0 AND payment_term_days >= 0 AND grace_days >= 0)",
        "Days cannot be negative.",
    )

    @api.depends("term")
    def _compute_frequency(self):
        for plan in self:
            plan.frequency = plan.term

    def _compute_contract_count(self):
        counts = dict(
            self.env["membership.contract"]._read_group(
                [("plan_id", "in", self.ids)], ["plan_id"], ["__count"]
            )
        )
        for plan in self:
            plan.contract_count = counts.get(plan._origin, 0)

    @api.depends("lead_days", "price_ids.valid_from", "price_ids.valid_to", "company_id")
    def _compute_price_warning(self):
        for plan in self:
            today = (plan.company_id or self.env.company)._billing_today()
            gap = plan._first_day_without_price(
                today,
                schedule.add_months(today, PRICE_HORIZON_MONTHS) + timedelta(days=plan.lead_days),
            )
            plan.price_warning = gap and self.env._(
                "No price is valid on %(day)s. Add one, or members cannot be invoiced.",
                day=format_date(self.env, gap),
            )

    @api.constrains("frequency", "term", "renewal")
    def _check_billed_in_one_sum(self):
        for plan in self:
            if plan.frequency != plan.term:
                raise ValidationError(
                    self.env._(
                        "%(plan)s: the fee of a period is invoiced in one sum. Set the payment "
                        "frequency to the same as the period.",
                        plan=plan.name,
                    )
                )
            if plan.renewal == "offer":
                raise ValidationError(
                    self.env._(
                        "%(plan)s: a plan renews automatically or not at all.", plan=plan.name
                    )
                )

    @api.constrains("product_id")
    def _check_product_can_be_sold(self):
        for plan in self:
            if not plan.product_id.sale_ok:
                raise ValidationError(
                    self.env._(
                        "%(plan)s: the product %(product)s is not for sale. Tick Sales on it or "
                        "choose another.",
                        plan=plan.name,
                        product=plan.product_id.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sold(self):
        if self.sudo().contract_ids:
            raise UserError(
                self.env._("Members have this plan. Archive it, so that nobody new gets it.")
            )

    def copy_data(self, default=None):
        """A copy is told from its original by the name."""
        return [
            values | {"name": self.env._("%(plan)s (copy)", plan=plan.name)}
            for plan, values in zip(self, super().copy_data(default), strict=True)
        ]

    def action_view_contracts(self):
        """Show the contracts of the plan."""
        return self.env["membership.contract"]._list_action(
            self.env._("Contracts"), [("plan_id", "in", self.ids)]
        )

    def _grid(self, joined):
        """The whole periods of the plan for somebody who joined on ``joined``."""
        self.ensure_one()
        return schedule.grid_of(
            self.term, self.anchor, joined, int(self.start_month), self.start_day
        )

    def _first_day_without_price(self, first, last):
        """The first day from ``first`` to ``last`` on which a period has no price; or None."""
        self.ensure_one()
        spans = sorted(
            ((price.valid_from, price.valid_to) for price in self.price_ids if price.valid_from),
            key=lambda span: span[0],
        )
        day = first
        for begin, end in spans:
            if begin > day:
                break
            if not end:
                return None
            day = max(day, end + timedelta(days=1))
        return day if day <= last else None
