from odoo import fields, models

from ...formats.messages import PaymentFailed, RequestEvent
from .debit_answers import AnswerReader
from .direct_debit_order import AT_THE_BANK


def _is_of_debit(message):
    of_request = isinstance(message, RequestEvent) and not message.is_of_mandate
    return of_request or isinstance(message, PaymentFailed)


class BankFile(models.Model):
    """What becomes of a file of debits becomes of its orders."""

    _inherit = "bank.file"

    order_ids = fields.One2many("direct.debit.order", "file_id", string="Debits", readonly=True)
    withdrawal_ids = fields.One2many(
        "direct.debit.order", "withdrawal_file_id", string="Withdrawn Debits", readonly=True
    )

    def _handed_in(self):
        """When the bank got this file; empty while it has not."""
        return self[:1].sent_on

    def _is_answered(self):
        live = self.order_ids.filtered(lambda order: order.state in AT_THE_BANK)
        waiting = self.mandate_request_ids.filtered(lambda mandate: mandate.state == "requested")
        return super()._is_answered() and not live and not waiting

    def _last_day(self):
        orders = self.order_ids | self.withdrawal_ids
        return max([super()._last_day(), *orders.mapped("due_date")])

    def _on_rejected(self, meaning):
        result = super()._on_rejected(meaning)
        self._give_orders_back("rejected", meaning or "")
        return result

    def _on_discarded(self):
        result = super()._on_discarded()
        for file in self.sudo():
            late = file.deadline and file.deadline < fields.Datetime.now()
            hold = False if late else "discarded"
            file._give_orders_back(hold, self.env._("Its file was taken back."))
        return result

    def action_rejection_read(self):
        """The bank's objection is dealt with: what the file asked for goes with the next one."""
        result = super().action_rejection_read()
        orders = self.env["direct.debit.order"].sudo()
        orders.search([("returned_file_id", "in", self.ids), ("hold", "=", "rejected")])._release()
        return result

    def _give_orders_back(self, hold, text):
        """The bank does nothing of this file: its debits are planned again.

        They wait for a person, so that the next run does not make the same file again, but
        for those that are late: they move on, or are given up, as with every deadline.
        """
        for file in self.sudo():
            file.order_ids.filtered(lambda order: order.state in AT_THE_BANK)._come_back(
                file, hold, text
            )
            file.withdrawal_ids.filtered(
                lambda order: order.state == "withdrawn"
            )._withdrawal_comes_back(file, text)
            file._give_mandates_back(hold, text)

    def _refresh_returned(self):
        """One row on the desk for a file whose debits came back and wait."""
        counts = dict(
            self.env["direct.debit.order"]._read_group(
                [("returned_file_id", "in", self.ids), ("hold", "!=", False)],
                ["returned_file_id"],
                ["__count"],
            )
        )
        for file in self:
            file._set_on_desk(
                "debit_returned",
                bool(counts.get(file)),
                self.env._(
                    "%(count)s debits of %(name)s wait to be sent with another file",
                    count=counts.get(file, 0),
                    name=file.name,
                ),
                self.env._("Release or stop them under Collection, Debits."),
            )

    # ------------------------------------------------------------------ answers

    def _store_answers(self, messages, assignments):
        """Note what the bank says of single debits. What was noted before is left alone."""
        result = super()._store_answers(messages, assignments)
        answers = [one for one in messages if _is_of_debit(one)]
        if answers:
            AnswerReader(self, assignments).store(answers)
        return result
