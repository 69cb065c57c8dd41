from datetime import timedelta

from odoo import fields, models

# A file can come before the day it is of.
_EARLY = timedelta(days=4)


class BankFileExpectation(models.Model):
    """Files that come when debits are due, and on no other day."""

    _inherit = "bank.file.expectation"

    on_due_dates = fields.Boolean(
        string="Only When Debits Are Due",
        help="The file is expected on the days on which debits of the connection are due that were "
        "sent to the bank. It may come on the banking day before.",
    )

    def _is_expected(self, day):
        return super()._is_expected(day) and (not self.on_due_dates or self._has_debits_due(day))

    def _has_debits_due(self, day):
        agreements = (
            self.agreement_id or self.connection_id.with_context(active_test=False).agreement_ids
        )
        orders = self.env["direct.debit.order"].sudo()
        return bool(
            orders.search_count(
                [
                    ("agreement_id", "in", agreements.ids),
                    ("due_date", "=", day),
                    # Who does not pay a slip says nothing.
                    ("is_form", "=", False),
                    ("file_id.state", "in", ("sent", "confirmed")),
                    ("state", "!=", "withdrawn"),
                ],
                limit=1,
            )
        )

    def _days_waiting(self, until):
        waiting = super()._days_waiting(until)
        if not self.on_due_dates:
            return waiting
        ahead = [until + timedelta(days=number) for number in range(1, _EARLY.days + 1)]
        opens = next((day for day in ahead if self.connection_id._is_bank_open(day)), None)
        settled = self.settled_until
        if opens and self._is_expected(opens) and not (settled and settled >= opens):
            waiting.append(opens)
        return waiting
