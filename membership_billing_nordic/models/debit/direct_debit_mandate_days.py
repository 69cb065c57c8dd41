from odoo import api, models
from odoo.fields import Domain


class DirectDebitMandate(models.Model):
    """Mandates that end on a day to come are used until then."""

    _inherit = "direct.debit.mandate"

    def _end_later(self, meaning, day):
        """The bank ends these mandates on ``day``; debits due later are not collected."""
        self.write({"ended_meaning": meaning, "valid_to": day})
        planned = (
            self.env["direct.debit.order"]
            .sudo()
            .search(
                [
                    ("mandate_id", "in", self.ids),
                    ("state", "=", "planned"),
                    ("due_date", ">", day),
                ]
            )
        )
        planned._change_mandate()

    @api.model
    def _cron_end_mandates(self):
        """End the mandates whose last day is over."""
        live = Domain("state", "=", "active") & Domain("valid_to", "!=", False)
        for (company,) in self._read_group(live, ["company_id"]):
            over = Domain("company_id", "=", company.id) & Domain(
                "valid_to", "<", company._billing_today()
            )
            for mandate in self.search(live & over):
                meaning = mandate.ended_meaning or mandate.env._("Its last day is over.")
                quiet = mandate.with_context(tracking_disable=True)
                quiet._end("cancelled", meaning, mandate.valid_to)
                if not self.env["ir.cron"]._commit_progress(1):
                    return
