from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .membership_contract_change import CONTRACT_STATES

MEMBER_STATUSES = [
    ("active", "Active"),
    ("waiting", "Waiting for payment"),
    ("paused", "Paused"),
    ("suspended", "Suspended"),
    ("ended", "Ended"),
]
STATUS_REASONS = [
    ("draft", "Not confirmed yet"),
    ("not_started", "Not started yet"),
    ("paid", "Paid"),
    ("not_invoiced", "Not invoiced yet"),
    ("not_due", "Invoice not due yet"),
    ("first_payment", "First payment awaited"),
    ("grace", "Overdue, in the days of grace"),
    ("unpaid", "Not paid"),
    ("paused", "Paused"),
    ("ended", "Ended"),
]


class MembershipContract(models.Model):
    """One member's membership: who is a member, who pays, of what, since when."""

    _name = "membership.contract"
    _inherit = ["mail.thread", "analytic.mixin"]
    _description = "Membership Contract"
    _order = "date_start desc, id desc"
    _check_company_auto = True
    _mail_post_access = "read"

    name = fields.Char(
        string="Number", required=True, readonly=True, copy=False, index=True, default="/"
    )
    company_id = fields.Many2one(
        "res.company",
        string="Company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company that invoices.",
    )
    member_id = fields.Many2one(
        "res.partner",
        string="Member",
        required=True,
        index=True,
        ondelete="restrict",
        help="Who is a member.",
    )
    member_number = fields.Char(related="member_id.mbn_member_number")
    payer_id = fields.Many2one(
        "res.partner",
        string="Payer",
        compute="_compute_payer_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        ondelete="restrict",
        help="Who gets the invoices: the member, a parent, an employer. From the next "
        "invoice on when changed.",
    )
    plan_id = fields.Many2one(
        "membership.plan",
        string="Plan",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="What the member has: period, terms and price.",
    )
    claim_kind = fields.Selection(related="plan_id.claim_kind", store=True)
    currency_id = fields.Many2one(related="plan_id.currency_id", store=True, index=True)
    association_id = fields.Many2one(
        "membership.association",
        string="Association",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The local association, department or centre the member belongs to.",
    )
    agreement_id = fields.Many2one(
        "bank.agreement",
        string="Bank Agreement",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Where this contract is paid to, when it is not the journal's usual agreement.",
    )
    date_start = fields.Date(
        string="Start",
        required=True,
        index=True,
        default=fields.Date.context_today,
        help="First day of membership.",
    )
    date_end = fields.Date(
        string="End",
        index="btree_not_null",
        copy=False,
        help="Last day of membership. Nothing is invoiced for the time after it.",
    )
    billed_from = fields.Date(
        compute="_compute_billed_from",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        copy=False,
        help="Nothing before this day is ever invoiced here; everything from it on is. "
        "Set it later than the start when the time before was invoiced elsewhere.",
    )
    state = fields.Selection(
        CONTRACT_STATES,
        string="Decision",
        required=True,
        readonly=True,
        copy=False,
        default="draft",
        index=True,
        help="What was decided. Whether the member has paid is told by the status.",
    )
    paused_from = fields.Date(
        readonly=True, copy=False, help="First day of the pause. No period begins in it."
    )
    resume_date = fields.Date(
        string="Paused Until",
        copy=False,
        help="The membership goes on by itself on this day.",
    )
    end_reason = fields.Selection(
        selection="_selection_end_reason", readonly=True, copy=False, help="Why it ends."
    )
    sales_channel = fields.Char(index="btree_not_null", help="How the member was won.")
    campaign = fields.Char(help="The campaign through which the member was won.")
    external_id = fields.Char(
        string="External ID",
        copy=False,
        index="btree_not_null",
        help="The contract's identifier in another system; unique per company.",
    )
    line_ids = fields.One2many(
        "membership.contract.line",
        "contract_id",
        string="Further Products",
        copy=True,
        help="Charged together with every period.",
    )
    change_ids = fields.One2many(
        "membership.contract.change", "contract_id", string="History", readonly=True
    )
    period_ids = fields.One2many(
        "membership.period", "contract_id", string="Periods", readonly=True
    )

    # -- what follows from periods, dates and decisions ------------------------------
    paid_until = fields.Date(
        compute="_compute_coverage",
        store=True,
        index=True,
        help="Last day up to which everything is paid.",
    )
    next_period_start = fields.Date(
        string="Next Period",
        compute="_compute_coverage",
        store=True,
        index=True,
        help="First day that is not invoiced yet.",
    )
    member_status = fields.Selection(
        MEMBER_STATUSES,
        string="Status",
        compute="_compute_member_status",
        store=True,
        index=True,
        help="Whether the member may use the membership today.",
    )
    status_reason = fields.Selection(
        STATUS_REASONS,
        compute="_compute_member_status",
        store=True,
        help="Why the member has this status.",
    )
    status_check_date = fields.Date(
        compute="_compute_member_status",
        store=True,
        index=True,
        help="The day on which the status may change by itself.",
    )
    status_text = fields.Char(
        string="What Happens Next",
        compute="_compute_status_text",
        help="The reason of the status and what happens next.",
    )

    _dates = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A contract cannot end before it starts.",
    )
    _billed_after_start = models.Constraint(
        "CHECK (billed_from >= date_start)",
        "A contract cannot be billed from a day before it starts.",
    )
    _external_unique = models.UniqueIndex(
        "(company_id, external_id) WHERE external_id IS NOT NULL",
        "Another contract of this company has this external ID.",
    )
    _number_unique = models.UniqueIndex(
        "(company_id, name) WHERE name != '/'",
        "Another contract of this company has this number.",
    )
