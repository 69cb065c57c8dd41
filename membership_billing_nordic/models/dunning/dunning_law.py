from odoo import api, fields, models

from ...formats.banking_days import BankingDays
from ...law.errors import UnverifiedError
from ...law.parameters import BY_CODE, COMPENSATION, HIGHEST, PARAMETERS, REGIME, SWITCH
from ...law.rules import BUSINESS, FeeRules
from .dunning_law_mixin import exact

# Told to people; no letter depends on them.
INFORMATION = {
    "interest_margin",
    "interest_unfixed_days",
    "court_fee",
    "bad_debt_months",
    "bad_debt_letters",
    "agency_cost",
    "agency_cost_fraction",
    "total_unit",
}


def _bounds():
    """The greatest value of each unit, as a condition of the database."""
    cases = []
    for unit, highest in HIGHEST.items():
        codes = ", ".join(f"'{one.code}'" for one in PARAMETERS if one.unit == unit)
        cases.append(f"WHEN code IN ({codes}) THEN {highest}")
    return f"CHECK (value >= 0 AND value <= CASE {' '.join(cases)} ELSE 0 END)"


def _switches():
    codes = ", ".join(f"'{one.code}'" for one in PARAMETERS if one.unit == SWITCH)
    return f"CHECK (code NOT IN ({codes}) OR value IN (0, 1))"


class DunningLaw(models.Model):
    """One thing a country's law says of reminders, from a day on.

    No letter may go beyond it, whatever its policy says. The codes are those of the package
    ``law``, which does the computing.
    """

    _name = "dunning.law"
    _description = "Reminder Law"
    _inherit = ["dunning.law.mixin"]
    _order = "country_id, code, customer_type, claim_above, valid_from desc, id"
    _rec_name = "code"

    code = fields.Selection(
        [(parameter.code, parameter.label) for parameter in PARAMETERS],
        string="What the Law Limits",
        required=True,
        index=True,
        tracking=True,
    )
    customer_type = fields.Selection(
        [("both", "Everybody"), ("consumer", "Persons"), ("business", "Companies")],
        string="For",
        required=True,
        default="both",
        tracking=True,
    )
    claim_above = fields.Float(
        string="Claims Above",
        digits=(16, 2),
        required=True,
        default=0,
        tracking=True,
        help="For costs that depend on the size of the claim: the amount above which it holds.",
    )
    value = fields.Float(digits=(16, 4), required=True, tracking=True)
    value_text = fields.Char(string="Limit", compute="_compute_value_text")

    _once = models.Constraint(
        "UNIQUE (country_id, code, customer_type, claim_above, valid_from)",
        "This rule is recorded for this day already.",
    )
    _once_undated = models.UniqueIndex(
        "(country_id, code, customer_type, claim_above) WHERE valid_from IS NULL",
        "This rule is recorded without a date already.",
    )
    _value_bounds = models.Constraint(_bounds(), "No such rule can have this value.")
    _value_switch = models.Constraint(_switches(), "Write 1 for yes and 0 for no.")
    _compensation_of_businesses = models.Constraint(
        f"CHECK (code != '{COMPENSATION}' OR customer_type = '{BUSINESS}')",
        "A late-payment compensation is never for consumers.",
    )
    _dates = models.Constraint(
        "CHECK (valid_to IS NULL OR valid_to >= valid_from)", "It ends before it begins."
    )
    _dated = models.Constraint(
        f"CHECK (valid_from IS NOT NULL OR (code = '{REGIME}' AND NOT COALESCE(verified, false)))",
        "Say from when it is in force.",
    )

    @api.depends("code", "country_id", "valid_from")
    def _compute_display_name(self):
        labels = dict(self._fields["code"]._description_selection(self.env))
        self.display_name = False
        for row in self.filtered("country_id"):
            row.display_name = self.env._(
                "%(country)s: %(rule)s", country=row.country_id.name, rule=labels.get(row.code)
            )

    @api.depends("code", "value", "country_id", "claim_above")
    def _compute_value_text(self):
        for row in self:
            row.value_text = row._value_text()
            if row.claim_above:
                row.value_text = row.env._(
                    "%(value)s above %(size)s",
                    value=row.value_text,
                    size=f"{exact(row.claim_above):f}",
                )

    def _value_text(self):
        unit = BY_CODE[self.code].unit if self.code else ""
        number = f"{exact(self.value):f}"
        currency = self.country_id.currency_id
        texts = {
            "amount": lambda: currency.format(self.value) if currency else number,
            "fraction": lambda: self.env._("%(number)s %%", number=f"{exact(self.value * 100):f}"),
            "days": lambda: self.env._("%(number)s days", number=number),
            "months": lambda: self.env._("%(number)s months", number=number),
            "switch": lambda: self.env._("Yes") if self.value else self.env._("No"),
        }
        return texts.get(unit, lambda: number)()

    def _facts(self):
        return super()._facts() | {"code", "customer_type", "claim_above", "value"}

    def _key(self):
        return (self.country_id, self.code, self.customer_type, self.claim_above)

    @api.model
    def _in_force(self, rows, day):
        """The row that began last; the one for just this kind of customer before that for all."""
        begun = rows.filtered(lambda row: row.valid_from and row.valid_from <= day)
        return begun.sorted(lambda row: (row.valid_from, row.customer_type != "both"))[-1:]

    # ------------------------------------------------------------------ what letters ask

    @api.model
    def _fee_rules(self, where, customer_type, on):
        """The law of letters that are sent on ``on``.

        :param where: a company or a country
        :param customer_type: ``consumer`` or ``business``
        :raises UnverifiedError: nothing is recorded for the country (``no_law``), or an act came
            into force and nobody has reviewed its rules (``regime_unreviewed``)
        """
        country = self._country(where)
        rows = self.sudo().search(
            [
                ("country_id", "=", country.id),
                ("customer_type", "in", (customer_type, "both")),
                ("valid_from", "<=", on),
            ]
        )
        if not rows:
            raise UnverifiedError(
                self.env._("No law is recorded for %(country)s.", country=country.name or "?"),
                "no_law",
            )
        regime = self._regime(rows, on)
        values, refused = {}, {}
        for code, alike in rows.grouped("code").items():
            if code == REGIME or code in INFORMATION:
                continue
            row = self._in_force(alike, on)
            if reason := row._why_not(on, regime):
                refused[code] = (row._to_do_text(reason), reason)
            else:
                values[code] = exact(row.value)
        if customer_type == BUSINESS and COMPENSATION not in values | refused:
            self._add_compensation(country, on, values, refused)
        act = f"{country.code}-{int(regime.value)}" if regime else country.code
        return FeeRules(customer_type, values, refused, act)

    @api.model
    def _rates(self, where, through):
        """The confirmed interest rates that begin no later than ``through``.

        :param where: a company or a country
        """
        return self.env["dunning.interest.rate"]._periods(self._country(where), through)

    @api.model
    def _banking_days(self, country):
        """The days on which the country's banks work; its add-on may know more closed days.

        Of a country without a calendar only weekends are known.
        """
        try:
            return BankingDays(country.code or "")
        except ValueError:
            return BankingDays("")

    def _regime(self, rows, on):
        regime = self._in_force(rows.filtered(lambda row: row.code == REGIME), on)
        if regime and not regime.verified:
            raise UnverifiedError(regime._to_do_text("regime_unreviewed"), "regime_unreviewed")
        return regime

    def _why_not(self, on, regime):
        """Why the row that began last may not be used; empty when it may."""
        if regime and self.valid_from < regime.valid_from:
            return "regime_unreviewed"
        if self.valid_to and self.valid_to < on:
            return "outdated"
        return "" if self.verified else "unverified"

    def _add_compensation(self, country, on, values, refused):
        """Where the compensation is set with the rates, it is that of the half-year."""
        rate = self.env["dunning.interest.rate"]._with_compensation(country, on)
        if not rate:
            return
        if reason := rate._why_not(on):
            refused[COMPENSATION] = (rate._to_do_text(), reason)
        else:
            values[COMPENSATION] = exact(rate.compensation)

    def _to_do_text(self, reason):
        """What a person has to do so that the rule can be used."""
        rule = {"rule": self.display_name, "value": self.value_text, "day": self.valid_from}
        texts = {
            "unverified": lambda: self.env._("Confirm %(rule)s (%(value)s from %(day)s).", **rule),
            "outdated": lambda: self.env._(
                "Enter what follows %(rule)s (%(value)s until %(end)s).", **rule, end=self.valid_to
            ),
            "regime_unreviewed": lambda: self.env._(
                "A new act is in force: review its rules, enter and confirm them. %(rule)s", **rule
            ),
        }
        return texts[reason]()
