from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from . import schedule

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
        string="Company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company that sells the plan; its branches may sell it too.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        string="Currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        help="The currency of the plan's prices and invoices.",
    )
    product_id = fields.Many2one(
        "product.product",
        string="Product",
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
        help="How long one period of membership is. A season is a year that begins on "
        "a fixed day.",
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
        string="Start Month",
        required=True,
        default="1",
        help="Month in which the season, or the first period of the year, begins.",
    )
    start_day = fields.Integer(
        string="Start Day",
        required=True,
        default=1,
        help="Day of the month on which periods begin; in shorter months the last day.",
    )
    first_period = fields.Selection(
        [("full", "In full"), ("day", "By day"), ("month", "By month begun")],
        string="Part of a Period",
        required=True,
        default="full",
        help="What somebody pays who is a member for part of a period only: by joining in "
        "the middle of it, coming back from a pause, or leaving.",
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
        string="Grace Days",
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
        string="Entry Product",
        check_company=True,
        help="Product of the fee for joining.",
    )
    entry_fee = fields.Monetary(help="Asked for once, with the first period.")
    notice_months = fields.Integer(help="Whole months from a resignation to the end.")
    binding_months = fields.Integer(help="Months from the start in which one cannot leave.")
    exit_fee = fields.Monetary(help="What leaving within the binding period costs.")
    price_ids = fields.One2many("membership.plan.price", "plan_id", string="Prices")
    contract_ids = fields.One2many("membership.contract", "plan_id", string="Contracts")
    contract_count = fields.Integer(string="Contract Count", compute="_compute_contract_count")
    price_warning = fields.Char(
        compute="_compute_price_warning", help="From which day on no price is valid."
    )
