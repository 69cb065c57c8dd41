from datetime import date, timedelta
from itertools import combinations
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from . import schedule
from .membership_plan_price import AGE_MAX, PERIOD_MAX

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


class Rules(NamedTuple):
    """What a plan says about periods and invoices, to be read for many contracts."""

    plan: int
    term: str
    anchor: str
    start_month: int
    start_day: int
    part: str
    joinings: tuple[schedule.Joining, ...]
    frequency: int  # months
    lead_days: int
    renewal: str
    claim_kind: str
    entry_fee: float

    def grid(self, joined: date) -> schedule.Grid:
        """The whole periods of the plan for somebody who joined on ``joined``."""
        return schedule.grid_of(self.term, self.anchor, joined, self.start_month, self.start_day)

    def grid_from(self, joined: date, since: date) -> schedule.Grid:
        """The same for somebody who changed to the plan on ``since``.

        Periods go on from the joining day where one of them begins on ``since``.
        """
        grid = self.grid(joined)
        return grid if grid.start(grid.index_of(since)) == since else self.grid(since)


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
        help="How often the fee of a period is asked for. More often than the period is long: "
        "the fee is divided into instalments, each with an invoice and a due date of its own.",
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
    end_credit = fields.Selection(
        [
            ("part", "As for part of a period"),
            ("none", "Nothing"),
            ("day", "By day"),
            ("month", "By month begun"),
        ],
        string="Credit at an Early End",
        required=True,
        default="part",
        help="What is given back of a period that is invoiced when the membership ends in it. As "
        "for part of a period: in full and by joining date give nothing back. By month begun: the "
        "months after the one it ends in. Periods that begin after the end are credited as a "
        "whole by any rule.",
    )
    joining_ids = fields.One2many(
        "membership.plan.joining", "plan_id", string="Joining Dates", copy=True
    )
    renewal = fields.Selection(
        [("automatic", "Automatic"), ("offer", "Offer that lapses unpaid"), ("none", "None")],
        required=True,
        default="automatic",
        help="Automatic: one period follows the other until the contract ends. Offer: the same, "
        "but a renewal that is not paid lapses, and the membership ends. None: the contract has "
        "one period only, as for a trial or a gift.",
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
        help="Product of the fee for joining: gives income account and taxes.",
    )
    entry_fee = fields.Monetary(
        help="Asked for once, with the first invoice of somebody who joins. With or without tax as "
        "the product's own price."
    )
    notice_months = fields.Integer(help="Whole months from a resignation to the end.")
    binding_months = fields.Integer(help="Months from the start in which one cannot leave.")
    exit_fee = fields.Monetary(help="What leaving within the binding period costs.")
    price_ids = fields.One2many("membership.plan.price", "plan_id", string="Prices", copy=True)
    has_age_prices = fields.Boolean(
        string="Price depends on age",
        compute="_compute_has_bands",
        store=True,
        readonly=False,
        help="Show for which ages each price holds.",
    )
    has_phase_prices = fields.Boolean(
        string="First periods cost something else",
        compute="_compute_has_bands",
        store=True,
        readonly=False,
        help="Show for which of a member's periods each price holds, as for a campaign.",
    )
    contract_ids = fields.One2many("membership.contract", "plan_id", string="Contracts")
    contract_count = fields.Integer(compute="_compute_contract_count")
    price_warning = fields.Char(
        compute="_compute_price_warning", help="Who has no price from which day on, or two."
    )
    setup_warning = fields.Char(
        compute="_compute_setup_warning", help="Settings that do not fit together."
    )

    _start_day_valid = models.Constraint(
        "CHECK (start_day BETWEEN 1 AND 31)", "The start day must be a day of the month, 1 to 31."
    )
    _fees_positive = models.Constraint(
        "CHECK (entry_fee >= 0 AND exit_fee >= 0 AND notice_months >= 0 AND binding_months >= 0)",
        "Entry fee, exit fee, notice and binding cannot be negative.",
    )
    _days_positive = models.Constraint(
        "CHECK (lead_days >= 0 AND payment_term_days >= 0 AND grace_days >= 0)",
        "Days cannot be negative.",
    )

    @api.depends("term")
    def _compute_frequency(self):
        for plan in self:
            plan.frequency = plan.term

    @api.depends(
        "price_ids.age_from", "price_ids.age_to", "price_ids.period_from", "price_ids.period_to"
    )
    def _compute_has_bands(self):
        for plan in self:
            prices = plan.price_ids
            plan.has_age_prices = plan.has_age_prices or plan._is_priced_by_age()
            plan.has_phase_prices = plan.has_phase_prices or any(
                price.period_from > 1 or price.period_to < PERIOD_MAX for price in prices
            )

    def _end_rule(self):
        """By what the owed part of a period is counted in which a membership ends."""
        self.ensure_one()
        return self.first_period if self.end_credit == "part" else self.end_credit

    def _compute_contract_count(self):
        counts = dict(
            self.env["membership.contract"]._read_group(
                [("plan_id", "in", self.ids)], ["plan_id"], ["__count"]
            )
        )
        for plan in self:
            plan.contract_count = counts.get(plan._origin, 0)

    @api.depends(
        "lead_days",
        "price_ids.valid_from",
        "price_ids.valid_to",
        "price_ids.age_from",
        "price_ids.age_to",
        "price_ids.period_from",
        "price_ids.period_to",
        "company_id",
    )
    def _compute_price_warning(self):
        for plan in self:
            today = (plan.company_id or self.env.company)._billing_today()
            ahead = schedule.add_months(today, PRICE_HORIZON_MONTHS)
            plan.price_warning = plan._overlap_text() or plan._gap_text(
                plan._first_gap(today, ahead + timedelta(days=plan.lead_days))
            )

    @api.depends("first_period", "joining_ids", "anchor", "term")
    def _compute_setup_warning(self):
        for plan in self:
            by_table = plan.first_period == "table"
            warnings = [
                by_table
                and not plan.joining_ids
                and self.env._(
                    "There are no joining dates: everybody pays the first period in full."
                ),
                by_table
                and plan.anchor == "joining"
                and plan.term != "season"
                and self.env._(
                    "Periods begin on the joining day, so nobody joins in the middle of one: the "
                    "joining dates have no effect."
                ),
            ]
            plan.setup_warning = " ".join(filter(None, warnings))

    def _gap_text(self, gap):
        """What is missing, in words; empty when ``gap`` is."""
        if not gap:
            return ""
        day, ages, numbers = gap
        facts = {"day": format_date(self.env, day)}
        if ages == (0, AGE_MAX) and numbers == (1, PERIOD_MAX):
            return self.env._(
                "No price is valid on %(day)s. Add one, or members cannot be invoiced.", **facts
            )
        return self.env._(
            "No price is valid on %(day)s for %(who)s. Add one, or they cannot be invoiced.",
            who=self._band_text(ages, numbers),
            **facts,
        )

    def _band_text(self, ages, numbers):
        texts = []
        if ages != (0, AGE_MAX):
            texts.append(
                self.env._("members of %(first)s years and more", first=ages[0])
                if ages[1] == AGE_MAX
                else self.env._(
                    "members of %(first)s to %(last)s years", first=ages[0], last=ages[1]
                )
            )
        if numbers != (1, PERIOD_MAX):
            texts.append(
                self.env._("period number %(first)s and later", first=numbers[0])
                if numbers[1] == PERIOD_MAX
                else self.env._(
                    "period number %(first)s to %(last)s", first=numbers[0], last=numbers[1]
                )
            )
        return ", ".join(texts)

    def _overlap_text(self):
        """Which two prices are valid at the same time for the same people; empty when none are."""
        for price, other in combinations(self.price_ids.filtered("valid_from"), 2):
            if price._overlaps(other):
                return self.env._(
                    "The prices %(first)s and %(second)s hold for the same members on the same "
                    "day. End the one that begins first the day before the other begins.",
                    first=price._text(),
                    second=other._text(),
                )
        return ""

    @api.constrains("frequency", "term")
    def _check_frequency_divides_period(self):
        for plan in self:
            months = schedule.MONTHS_PER_TERM[plan.term]
            if months % schedule.MONTHS_PER_TERM[plan.frequency]:
                names = dict(self._fields["term"]._description_selection(self.env))
                raise ValidationError(
                    self.env._(
                        "%(plan)s: a period of one %(term)s cannot be paid every %(frequency)s. "
                        "Choose a payment frequency that divides the period, or the period itself.",
                        plan=plan.name,
                        term=names[plan.term].lower(),
                        frequency=names[plan.frequency].lower(),
                    )
                )

    @api.constrains("entry_fee", "entry_product_id")
    def _check_entry_product(self):
        for plan in self:
            if plan.entry_fee and not plan.entry_product_id:
                raise ValidationError(
                    self.env._(
                        "%(plan)s: choose the product of the entry fee. It gives the income "
                        "account and the taxes.",
                        plan=plan.name,
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
        self.check_access("read")
        return self.env["membership.contract"]._list_action(
            [("plan_id", "in", self.ids)], self.env._("Contracts")
        )

    def _rules(self):
        """What the plan says about periods and invoices, as plain values."""
        self.ensure_one()
        by_table = self.first_period == "table"
        return Rules(
            self.id,
            self.term,
            self.anchor,
            int(self.start_month),
            self.start_day,
            self.first_period,
            tuple(row._rule() for row in self.joining_ids) if by_table else (),
            schedule.MONTHS_PER_TERM[self.frequency],
            self.lead_days,
            self.renewal,
            self.claim_kind,
            self.entry_fee,
        )

    def _price_on(self, day, age=None, number=1):
        """The price of a period; empty when there is none.

        :param day: the day whose price holds
        :param age: the member's age on that day; None when it is not known
        :param number: the how-manieth period of the contract it is
        """
        self.ensure_one()
        return self.price_ids.filtered(lambda price: price._fits(day, age, number))[:1]

    def _is_priced_by_age(self):
        """Whether the price depends on the member's age."""
        self.ensure_one()
        return any(not price._is_for_any_age() for price in self.price_ids)

    def _first_day_without_price(self, first, last):
        """The first day from ``first`` to ``last`` on which somebody has no price; or None."""
        gap = self._first_gap(first, last)
        return gap and gap[0]

    def _first_gap(self, first, last):
        """The first day without a price, and for whom.

        Every age and every number of a period must have a price on every day.

        :return: day, (from age, to age), (from period, to period); None when nothing is missing
        """
        self.ensure_one()
        prices = self.price_ids.filtered("valid_from")
        ages = _bands(((price.age_from, price.age_to) for price in prices), 0, AGE_MAX)
        numbers = _bands(((price.period_from, price.period_to) for price in prices), 1, PERIOD_MAX)
        gaps = [
            (prices._first_uncovered(first, age[0], number[0]), age, number)
            for age in ages
            for number in numbers
        ]
        return min(
            (gap for gap in gaps if gap[0] and gap[0] <= last), key=lambda gap: gap[0], default=None
        )


def _bands(spans, first, last):
    """The stretches into which the ends of ``spans`` cut ``first`` … ``last``."""
    starts = {first}
    for begin, end in spans:
        starts |= {begin, end + 1}
    starts = sorted(start for start in starts if first <= start <= last)
    return list(zip(starts, [start - 1 for start in starts[1:]] + [last], strict=True))
