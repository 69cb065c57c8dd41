from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_date, formatLang

AGE_MAX = 999
PERIOD_MAX = 9999


class MembershipPlanPrice(models.Model):
    """What one period of a plan costs between two dates."""

    _name = "membership.plan.price"
    _description = "Membership Plan Price"
    _order = "plan_id, valid_from desc, age_from, period_from, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    plan_id = fields.Many2one("membership.plan", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    valid_from = fields.Date(
        required=True,
        default=fields.Date.context_today,
        help="Periods that begin on or after this day have this price.",
    )
    valid_to = fields.Date(
        help="Last day on which a period with this price may begin. Empty: until further notice."
    )
    amount = fields.Monetary(
        string="Price",
        required=True,
        help="For one whole period, with or without tax as the product's own price.",
    )
    age_from = fields.Integer(
        string="From Age",
        required=True,
        default=0,
        help="The member's age on the first day of the period.",
    )
    age_to = fields.Integer(
        string="To Age",
        required=True,
        default=AGE_MAX,
        help="Highest age, on the first day of the period, for which the price holds.",
    )
    period_from = fields.Integer(
        string="From Period",
        required=True,
        default=1,
        help="Campaigns: the member's how-manieth period is the first with this price.",
    )
    period_to = fields.Integer(
        string="To Period",
        required=True,
        default=PERIOD_MAX,
        help="Campaigns: the member's how-manieth period is the last with this price.",
    )

    _no_overlap = models.Constraint(
        """EXCLUDE USING gist (
            int4range(plan_id, plan_id, '[]') WITH =,
            daterange(valid_from, valid_to, '[]') WITH &&,
            int4range(age_from, age_to, '[]') WITH &&,
            int4range(period_from, period_to, '[]') WITH &&)""",
        "Two prices of a plan cannot be valid on the same day for the same age and period. "
        "End the old price the day before the new one begins.",
    )
    _dates = models.Constraint(
        "CHECK (valid_to IS NULL OR valid_to >= valid_from)",
        "A price cannot end before it begins.",
    )
    _bands = models.Constraint(
        "CHECK (age_from BETWEEN 0 AND age_to AND period_from BETWEEN 1 AND period_to)",
        "An age or period band must end after it begins.",
    )
    _amount_positive = models.Constraint("CHECK (amount >= 0)", "A price cannot be negative.")

    @api.depends("plan_id", "valid_from", "amount")
    def _compute_display_name(self):
        for price in self:
            price.display_name = self.env._(
                "%(plan)s: %(amount)s from %(day)s",
                plan=price.plan_id.display_name,
                amount=formatLang(self.env, price.amount, currency_obj=price.currency_id),
                day=format_date(self.env, price.valid_from),
            )

    @api.model_create_multi
    def create(self, vals_list):
        # A price that ends in the same save must have ended before the next one is inserted.
        self.flush_model()
        return super().create(vals_list)

    def _fits(self, day, age, number):
        """Is this the price of a member's period?

        :param day: first day of the period
        :param age: the member's age on that day; None when it is not known
        :param number: the how-manieth period of the contract it is
        """
        self.ensure_one()
        return (
            self.valid_from <= day
            and (not self.valid_to or day <= self.valid_to)
            and (
                self._is_for_any_age() or (age is not None and self.age_from <= age <= self.age_to)
            )
            and self.period_from <= number <= self.period_to
        )

    def _is_for_any_age(self):
        return self.age_from == 0 and self.age_to == AGE_MAX

    def _overlaps(self, other):
        """Do this price and ``other`` hold for the same period of the same member?"""
        self.ensure_one()
        return (
            (not other.valid_to or self.valid_from <= other.valid_to)
            and (not self.valid_to or other.valid_from <= self.valid_to)
            and self.age_from <= other.age_to
            and other.age_from <= self.age_to
            and self.period_from <= other.period_to
            and other.period_from <= self.period_to
        )

    def _first_uncovered(self, day, age, number):
        """The first day from ``day`` on without a price for that age and number; None: none."""
        spans = sorted(
            ((price.valid_from, price.valid_to) for price in self if price._holds_for(age, number)),
            key=lambda span: span[0],
        )
        for begin, end in spans:
            if begin > day:
                break
            if not end:
                return None
            day = max(day, end + timedelta(days=1))
        return day

    def _holds_for(self, age, number):
        return self.age_from <= age <= self.age_to and self.period_from <= number <= self.period_to

    def _text(self):
        """Amount and days, in words."""
        self.ensure_one()
        facts = {
            "amount": formatLang(self.env, self.amount, currency_obj=self.currency_id),
            "first": format_date(self.env, self.valid_from),
        }
        if not self.valid_to:
            return self.env._("%(amount)s from %(first)s", **facts)
        return self.env._(
            "%(amount)s from %(first)s to %(last)s",
            last=format_date(self.env, self.valid_to),
            **facts,
        )
