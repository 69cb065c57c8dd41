from odoo import api, fields, models

from ...law.errors import RatesOutdatedError
from ...law.interest import RatePeriod, half_year_end, half_year_start
from .dunning_law_mixin import exact


class DunningInterestRate(models.Model):
    """A country's rate of late interest in one half-year. It covers no day of another."""

    _name = "dunning.interest.rate"
    _description = "Late Interest Rate"
    _inherit = ["dunning.law.mixin"]
    _order = "country_id, valid_from desc, id"
    _rec_name = "valid_from"

    valid_from = fields.Date(required=True, help="The first day of the half-year.")
    valid_to = fields.Date(
        compute="_compute_valid_to", store=True, help="The half-year's last day."
    )
    rate = fields.Float(
        string="Rate (%)",
        digits=(6, 2),
        required=True,
        tracking=True,
        aggregator=None,
        help="Late interest in per cent a year.",
    )
    reference_rate = fields.Float(
        string="Reference (%)",
        digits=(6, 2),
        tracking=True,
        aggregator=None,
        help="The central bank's rate on which it is built, where the law adds points to one.",
    )
    margin = fields.Float(
        string="Points Added",
        digits=(6, 2),
        tracking=True,
        aggregator=None,
        help="Points above the reference rate; 0 where the rate itself is set by regulation.",
    )
    compensation = fields.Float(
        digits=(16, 2),
        tracking=True,
        aggregator=None,
        help="Late-payment compensation between businesses, where it is set with the rate.",
    )
    basis = fields.Selection(
        [
            ("act365", "Actual days of 365"),
            ("30e360", "Months of 30 days, years of 360"),
        ],
        string="Days Are Counted",
        required=True,
        default="act365",
        tracking=True,
    )

    _once = models.Constraint(
        "UNIQUE (country_id, valid_from)", "This half-year's rate is recorded already."
    )
    _bounds = models.Constraint(
        "CHECK (rate >= 0 AND rate <= 100 AND compensation >= 0)",
        "A rate is between 0 and 100 per cent.",
    )
    _built_up = models.Constraint(
        "CHECK (COALESCE(margin, 0) = 0 OR rate = reference_rate + margin)",
        "The rate is the reference rate and the points added.",
    )
    _half_year = models.Constraint(
        "CHECK (EXTRACT(day FROM valid_from) = 1 AND EXTRACT(month FROM valid_from) IN (1, 7))",
        "Rates are set from 1 January and from 1 July.",
    )

    @api.depends("valid_from")
    def _compute_valid_to(self):
        for row in self:
            row.valid_to = row.valid_from and half_year_end(row.valid_from)

    @api.depends("country_id", "valid_from", "rate")
    def _compute_display_name(self):
        self.display_name = False
        for row in self.filtered("country_id"):
            row.display_name = self.env._(
                "%(country)s: %(rate)s %% from %(day)s",
                country=row.country_id.name,
                rate=f"{row.rate:.2f}",
                day=row.valid_from,
            )

    @api.onchange("country_id")
    def _onchange_country(self):
        """A new row is mostly that of the next half-year, counted and built up as the last."""
        last = self.search([("country_id", "=", self.country_id.id)], limit=1)
        if last and not self._origin:
            self.valid_from = fields.Date.add(last.valid_to, days=1)
            self.update({"basis": last.basis, "margin": last.margin})

    @api.onchange("reference_rate", "margin")
    def _onchange_reference(self):
        if self.margin:
            self.rate = self.reference_rate + self.margin

    def _facts(self):
        return super()._facts() | {"rate", "reference_rate", "margin", "compensation", "basis"}

    @api.model
    def _of_half_year(self, country, day):
        """The row of the half-year ``day`` is in; may be empty."""
        start = half_year_start(day)
        return self.sudo().search(
            [("country_id", "=", country.id), ("valid_from", "=", start)], limit=1
        )

    @api.model
    def _periods(self, country, through):
        rows = self.sudo().search(
            [
                ("country_id", "=", country.id),
                ("valid_from", "<=", through),
                ("verified", "=", True),
            ],
            order="valid_from",
        )
        return [RatePeriod(row.valid_from, exact(row.rate), row.basis) for row in rows]

    @api.model
    def _with_compensation(self, country, on):
        """The last row that has begun and sets a compensation; may be empty or outdated."""
        domain = [
            ("country_id", "=", country.id),
            ("valid_from", "<=", on),
            ("compensation", ">", 0),
        ]
        return self.sudo().search(domain, order="valid_from desc", limit=1)

    def _why_not(self, on):
        if self.valid_to < on:
            return "outdated"
        return "" if self.verified else "unverified"

    def _to_do_text(self):
        """What a person has to do about this rate."""
        if self.verified:
            return self.env._("Enter the rate that follows %(rate)s.", rate=self.display_name)
        return self.env._("Confirm the rate of late interest: %(rate)s.", rate=self.display_name)

    @api.model
    def _missing_text(self, where, error: RatesOutdatedError):
        """What a person has to do so that interest through a day can be reckoned.

        :param where: a company or a country
        :param error: the refusal of the computation
        """
        return self._half_year_text(self._country(where), half_year_start(error.day))

    @api.model
    def _half_year_text(self, country, start):
        """What a person has to do about the half-year that begins on ``start``."""
        if row := self._of_half_year(country, start):
            return row._to_do_text()
        return self.env._(
            "Enter the rate of late interest of %(country)s from %(day)s.",
            country=country.name,
            day=start,
        )
