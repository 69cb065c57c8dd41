"""The page of a letter on the portal: its payer sees it, and whoever has its link."""

from odoo import api, models


class DunningLetter(models.Model):
    _name = "dunning.letter"
    _inherit = ["dunning.letter", "portal.mixin"]

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for letter in self:
            letter.access_url = f"/my/reminders/{letter.id}"
        return result

    def _get_report_base_filename(self):
        return self.name

    @api.model
    def _portal_domain(self, payer):
        """The letters that ``payer`` sees on the portal: those that were sent to nobody else."""
        return [
            ("partner_id", "=", payer.id),
            ("state", "in", ("print", "sent", "failed")),
            ("is_imported", "=", False),
        ]

    def _open_now(self):
        """What is open by now of what the letter is about: (label, amount) pairs."""
        self.ensure_one()
        claims = self.line_ids.claim_id
        rows = (
            (self.env._("Invoices"), "amount_open"),
            (self.env._("Fees"), "fee_open"),
            (self.env._("Interest"), "interest_open"),
            (self.env._("Compensation"), "compensation_open"),
        )
        amounts = [(label, sum(claims.mapped(name))) for label, name in rows]
        return [(label, amount) for label, amount in amounts if amount]
