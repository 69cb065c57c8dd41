from odoo import api, fields, models


class BankRefund(models.Model):
    """Refunds to payers with a mandate go into the files of debits."""

    _inherit = "bank.refund"

    route = fields.Selection(
        selection_add=[("mandate", "Mandate: to the payer's account")],
        ondelete={"mandate": "cascade"},
    )

    def _answered(self, event, code, meaning):
        """The bank's answer to the request, by its event: only some mean that nothing is paid."""
        self.ensure_one()
        if event in ("rejected", "withdrawn"):
            self._refuse(code, meaning)

    @api.model
    def _tell_silent(self, agreement):
        """Refunds of which the bank says nothing for long: a person asks."""
        last = agreement._debit_calendar().back(
            agreement._debit_today(), agreement.debit_silence_days + 1
        )
        silent = self.search(
            [
                ("agreement_id", "=", agreement.id),
                ("route", "=", "mandate"),
                ("state", "=", "sent"),
                ("pay_date", "<=", last),
            ]
        )
        silent._put_silent()
