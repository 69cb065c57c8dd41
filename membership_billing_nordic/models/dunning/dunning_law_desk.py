"""What has to be confirmed or entered before it is needed stands on the to-do desk."""

from datetime import timedelta

from odoo import api, fields, models

from ...law.interest import half_year_start
from ...law.parameters import REGIME
from .dunning_law import INFORMATION

AHEAD = timedelta(days=14)
_ACTIONS = {
    "dunning_law": "membership_billing_nordic.action_dunning_law",
    "dunning_rate": "membership_billing_nordic.action_dunning_interest_rate",
}


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[
            ("dunning_law", "Reminder law to confirm"),
            ("dunning_rate", "Late interest rate is missing"),
        ],
        ondelete={"dunning_law": "cascade", "dunning_rate": "cascade"},
    )

    def action_open_record(self):
        """Show the rows of the law that have to be looked at; else what the row is about."""
        self.check_access("read")
        self.ensure_one()
        if self.kind not in _ACTIONS:
            return super().action_open_record()
        action = self.env["ir.actions.act_window"]._for_xml_id(_ACTIONS[self.kind])
        country = self.env["dunning.law"]._country(self.company_id)
        context = {"default_country_id": country.id, "search_default_to_confirm": 1}
        return action | {"domain": [("country_id", "=", country.id)], "context": context}


class DunningLaw(models.Model):
    _inherit = "dunning.law"

    @api.model
    def _cron_check(self):
        """Put what is missing, or not confirmed and needed soon, on the desk."""
        self._check_desk()

    @api.model
    def _check_desk(self):
        for company in self._companies():
            law = self.sudo().with_company(company).with_context(**company._billing_context())
            day = company._billing_today()
            law._tell(company, "dunning_law", law._rules_to_do(company, day))
            law._tell(company, "dunning_rate", law._rates_to_do(company, day))

    def _companies(self):
        """The companies that send reminders and whose country has a law recorded."""
        senders = self.env["dunning.policy"].sudo()._read_group([], ["company_id"])
        countries = {country for (country,) in self.sudo()._read_group([], ["country_id"])}
        return [company for (company,) in senders if self._country(company) in countries]

    def _rules_to_do(self, company, day):
        """What has to be done about rules that hold now or within 14 days."""
        rows = self.search([("country_id", "=", self._country(company).id)])
        rows = rows.filtered(lambda row: row.code not in INFORMATION)
        texts = {}
        for when in (day, day + AHEAD):
            regime = self._in_force(rows.filtered(lambda row: row.code == REGIME), when)
            for alike in rows.grouped(lambda row: (row.code, row.customer_type)).values():
                row = self._in_force(alike, when)
                reason = row and row._why_not(when, regime)
                if reason and row not in texts:
                    texts[row] = row._to_do_text(reason)
        return list(texts.values())

    def _rates_to_do(self, company, day):
        """The half-years, now or 14 days ahead, without a confirmed rate."""
        country, rates = self._country(company), self.env["dunning.interest.rate"]
        if not rates.search_count([("country_id", "=", country.id)], limit=1):
            return []
        starts = sorted({half_year_start(day), half_year_start(day + AHEAD)})
        missing = [start for start in starts if not rates._of_half_year(country, start).verified]
        return [rates._half_year_text(country, start) for start in missing]

    def _tell(self, company, kind, texts):
        desk = self.env["billing.exception"]
        if not texts:
            desk._close(company, kind)
            return
        desk._open(
            company,
            kind,
            "\n".join(texts),
            self.env._(
                "Enter what is missing, compare the rest with the source named there, and confirm "
                "it. Letters that need it wait until then."
            ),
        )
