from fractions import Fraction

from odoo import api, fields, models

from . import schedule
from .membership_plan import MONTHS


class MembershipPlanJoining(models.Model):
    """From which day of the year on joining costs how much of the first period."""

    _name = "membership.plan.joining"
    _description = "Membership Plan Joining Date"
    _order = "plan_id, month_number, day, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    plan_id = fields.Many2one("membership.plan", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    month = fields.Selection(
        MONTHS, string="From Month", required=True, default="1", help="Month of the joining day."
    )
    month_number = fields.Integer(
        compute="_compute_month_number", store=True, help="The month, to put the rows in order."
    )
    day = fields.Integer(
        string="From Day",
        required=True,
        default=1,
        help="Who joins on this day or later, up to the next row, pays what the row says. In "
        "shorter months the last day.",
    )
    share = fields.Float(
        string="Price (%)",
        required=True,
        default=100.0,
        digits=(5, 2),
        help="Per cent of the price that the first period costs.",
    )
    with_next = fields.Boolean(
        string="With the Next",
        help="The first period reaches to the end of the next one and costs the price of the "
        "next one: the rest of the running period is free.",
    )

    _day_valid = models.Constraint(
        "CHECK (day BETWEEN 1 AND 31)", "The day must be a day of the month, 1 to 31."
    )
    _share_valid = models.Constraint(
        "CHECK (share BETWEEN 0 AND 100)", "The part of the price is 0 to 100 per cent."
    )
    _once_a_day = models.UniqueIndex(
        "(plan_id, month, day)", "The plan has this joining date already."
    )

    @api.depends("month")
    def _compute_month_number(self):
        for joining in self:
            joining.month_number = int(joining.month)

    def _rule(self):
        """The row as a plain value."""
        self.ensure_one()
        share = Fraction(self.share).limit_denominator(10**6) / 100
        return schedule.Joining(self.month_number, self.day, share, self.with_next)
