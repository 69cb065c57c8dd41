"""What a plan says of changes within a period that is invoiced, and of freezes."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .membership_contract_change import REASONS
from .membership_contract_end import OWED_BY


class MembershipPlan(models.Model):
    _inherit = "membership.plan"

    change_timing = fields.Selection(
        [("end", "At the end of what is invoiced"), ("middle", "In mid-period, by proration")],
        string="Changes Take Effect",
        required=True,
        default="end",
        help="In mid-period: what is invoiced for the time after the change is credited, and the "
        "new is charged for the rest of the period, both by the rule for part of a period. Holds "
        "for another plan or price, further products, and freezes.",
    )
    change_settlement = fields.Selection(
        [("next", "With the next invoice"), ("at_once", "At once")],
        string="Changes Are Settled",
        required=True,
        default="next",
        help="With the next invoice: a credit stands to the payer's credit and is set off against "
        "it. At once: credit note and invoice go out when the change is made.",
    )
    freeze_allowed = fields.Boolean(
        string="Members May Freeze", default=True, help="Memberships of this plan can be paused."
    )
    freeze_reason_ids = fields.One2many(
        "membership.freeze.reason",
        "plan_id",
        string="Reasons for a Freeze",
        copy=True,
        help="For which reasons it can be frozen. Empty: for any.",
    )
    freeze_notice_days = fields.Integer(
        help="Days from the wish to the first day of the freeze, at least."
    )
    freeze_after_months = fields.Integer(
        help="Months from the start of the membership in which it cannot be frozen."
    )
    freeze_min_days = fields.Integer(help="The shortest freeze. 0: any length.")
    freeze_max_days = fields.Integer(
        help="The longest freeze; it then needs a day on which the membership goes on. 0: no limit."
    )
    freeze_year_days = fields.Integer(
        help="How many days of a calendar year can be frozen in all. 0: no limit."
    )
    freeze_charge = fields.Selection(
        [
            ("none", "Nothing"),
            ("once", "A fee for the freeze"),
            ("month", "A fee for each month begun"),
            ("part", "Part of the price"),
        ],
        string="A Freeze Costs",
        required=True,
        default="none",
        help="Charged with the next invoice. Part of the price: for each month begun of the "
        "freeze, of what a month of the plan costs. A fee by month and a part of the price need a "
        "day on which the membership goes on.",
    )
    freeze_fee = fields.Monetary(help="With or without tax as the product's own price.")
    freeze_percent = fields.Float(
        string="Part of the Price (%)", help="How much of the price is paid during a freeze."
    )
    freeze_product_id = fields.Many2one(
        "product.product",
        check_company=True,
        domain="[('sale_ok', '=', True)]",
        help="Product of what a freeze costs; empty: that of the plan.",
    )
    freeze_extends_binding = fields.Boolean(
        string="A Freeze Extends the Binding",
        help="The days of a freeze are added to the end of the binding period.",
    )

    _freeze_positive = models.Constraint(
        "CHECK (freeze_notice_days >= 0 AND freeze_after_months >= 0 AND freeze_min_days >= 0"
        " AND freeze_max_days >= 0 AND freeze_year_days >= 0 AND freeze_fee >= 0"
        " AND freeze_percent BETWEEN 0 AND 100)",
        "Days, months and fee of a freeze cannot be negative, its part of the price is 0 to 100 %.",
    )
    _freeze_lengths = models.Constraint(
        "CHECK (freeze_max_days = 0 OR freeze_max_days >= freeze_min_days)",
        "The longest freeze cannot be shorter than the shortest.",
    )

    @api.constrains("change_timing", "first_period")
    def _check_change_timing(self):
        for plan in self:
            if plan.change_timing == "middle" and plan.first_period not in OWED_BY:
                raise ValidationError(
                    self.env._(
                        '%(plan)s: changes in mid-period need "Part of a Period" by day or by '
                        "month begun, which tells how they are divided.",
                        plan=plan.name,
                    )
                )


class MembershipFreezeReason(models.Model):
    """A reason for which memberships of a plan can be frozen."""

    _name = "membership.freeze.reason"
    _description = "Reason for a Freeze"
    _order = "plan_id, id"
    _rec_name = "reason"

    plan_id = fields.Many2one("membership.plan", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    reason = fields.Selection(
        [reason for reason in REASONS if reason[0] not in ("joined", "term")], required=True
    )

    _once = models.Constraint(
        "UNIQUE (plan_id, reason)", "The reason is in the list of the plan already."
    )
