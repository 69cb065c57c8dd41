"""Refunds that go with the debits: what goes into a file, and what is left out."""

from odoo import fields
from odoo.fields import Domain

from ..bank.refund_gathering import RefundGathering
from .debit_planning import MARGIN


class RefundMaker(RefundGathering):
    """The approved refunds that go into one file of debits of a connection."""

    def __init__(self, connection, encoder):
        self.connection = connection.sudo()
        super().__init__(self.connection.env, encoder)

    def __len__(self):
        return len(self.messages)

    def gather(self, everything=False):
        """Look through the refunds that wait; nothing is sent or stored yet.

        :param everything: do not wait for the agreements' time of day
        """
        if not self.encoder:
            return
        self._take(self.env["bank.refund"].search(self._waiting(everything), order="id"))

    def _waiting(self, everything):
        now = fields.Datetime.now()
        due = Domain.OR(
            Domain("agreement_id", "=", agreement.id)
            & (
                Domain.TRUE
                if everything
                else Domain("approved_on", "<=", agreement._mandate_moment(now))
            )
            for agreement in self.connection.agreement_ids.filtered("active")
        )
        return Domain("state", "=", "approved") & Domain("route", "=", "mandate") & due

    def _message(self, refund):
        agreement = refund.agreement_id
        first = agreement._debit_first_due(fields.Datetime.now() + MARGIN)
        taken = {
            message.due_date
            for other, message in self.messages.items()
            if (other.agreement_id, other.partner_id) == (agreement, refund.partner_id)
        }
        return agreement._refund_request(refund, agreement._refund_day(refund, first, taken))

    def assignments(self):
        """An assignment for each agreement."""
        return [
            agreement._file_assignment([self.messages[refund] for refund in own])
            for agreement, own in self.refunds.grouped("agreement_id").items()
        ]

    def deadlines(self):
        """By when the bank must have them, each."""
        return [
            refund.agreement_id._debit_deadline(self.messages[refund].due_date)
            for refund in self.refunds
        ]

    def note(self, file, records):
        """Note file and record on each refund."""
        for refund in self.refunds:
            refund.write(
                {
                    "state": "sent",
                    "file_id": file.id,
                    "record": records[refund._file_key()],
                    "pay_date": self.messages[refund].due_date,
                    "left_out": False,
                }
            )
        self.refunds._leave_desk(("refund_left_out",))
