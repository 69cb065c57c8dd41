from odoo import models
from odoo.tools import format_date

from ..bank.bank_payment_history import HistoryRow


class BankPayment(models.Model):
    """What was done about a debit that was taken back."""

    _inherit = "bank.payment"

    def _history_rows(self):
        rows = super()._history_rows()
        orders = self.env["direct.debit.order"].search([("payment_id", "=", self.id)])
        for failure in orders.failure_ids:
            rows += self._failure_rows(failure)
        later = self.env["direct.debit.order.line"].search(
            [
                ("invoice_id", "in", self.allocation_ids.invoice_id.ids),
                ("order_id", "not in", orders.ids),
                ("order_id", ">", max(orders.ids, default=0)),
            ]
        )
        states = dict(orders._fields["state"]._description_selection(self.env))
        rows += [
            HistoryRow(
                order.due_date,
                self.env._("Debit: %(state)s", state=states[order.state]),
                order.amount,
                3,
            )
            for order in later.order_id
        ]
        return rows

    def _failure_rows(self, failure):
        states = dict(failure._fields["state"]._description_selection(self.env))
        channels = dict(failure._fields["channel"]._description_selection(self.env))
        told = states[failure.state]
        if failure.channel:
            told = f"{told} ({channels[failure.channel]})"
        rows = [
            HistoryRow(
                (failure.sent_on or failure.create_date).date(),
                self.env._("Message to the payer: %(state)s", state=told),
                rank=2,
            )
        ]
        if failure.settled_on:
            text = self.env._("Settled on %(day)s", day=format_date(self.env, failure.settled_on))
            rows.append(HistoryRow(failure.settled_on, text, rank=4, tone="success"))
        return rows
