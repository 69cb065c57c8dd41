from odoo import models

from ..bank.bank_payment_history import HistoryRow


class BankPayment(models.Model):
    """Reminders since a payment was taken back."""

    _inherit = "bank.payment"

    def _history_rows(self):
        rows = super()._history_rows()
        since = min(self.reversed_by_ids.mapped("bank_date"), default=self.bank_date)
        lines = self.env["dunning.letter.line"].search(
            [
                ("claim_id.invoice_id", "in", self.allocation_ids.invoice_id.ids),
                ("letter_id.sent_on", ">=", since),
            ]
        )
        rows += [
            HistoryRow(letter.sent_on, f"{letter.heading} {letter.name}", rank=3)
            for letter in lines.letter_id
        ]
        cases = (
            self.env["debt.collection.line"]
            .search([("claim_id.invoice_id", "in", self.allocation_ids.invoice_id.ids)])
            .case_id
        )
        states = dict(cases._fields["state"]._description_selection(self.env))
        return rows + [
            HistoryRow(
                case.create_date.date(),
                self.env._("Debt collection: %(state)s", state=states[case.state]),
                rank=4,
            )
            for case in cases
        ]
