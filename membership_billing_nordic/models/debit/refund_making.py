"""Refunds that go with the debits: what goes into a file, and what is left out."""

import logging

from odoo import fields
from odoo.fields import Domain

from .debit_planning import MARGIN

_logger = logging.getLogger(__name__)


class RefundMaker:
    """The approved refunds that go into one file of debits of a connection."""

    def __init__(self, connection, encoder):
        self.connection = connection.sudo()
        self.env = self.connection.env
        self.encoder = encoder
        self.refunds = self.env["bank.refund"]
        self.messages = {}
        self.left_out = {}

    def __len__(self):
        return len(self.messages)

    def gather(self, everything=False):
        """Look through the refunds that wait; nothing is sent or stored yet.

        :param everything: do not wait for the agreements' time of day
        """
        if not self.encoder:
            return
        waiting = self.env["bank.refund"].search(self._waiting(everything), order="id")
        waiting = waiting.try_lock_for_update(allow_referencing=True)
        waiting.invalidate_recordset()
        for refund in waiting.filtered(lambda row: row.state == "approved"):
            if problem := self._look_at(refund):
                self.left_out[refund] = problem
                self.messages.pop(refund, None)
        self.refunds = waiting.filtered(lambda refund: refund in self.messages)

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

    def _look_at(self, refund):
        """Why ``refund`` cannot go now; empty when it can."""
        agreement = refund.agreement_id
        # Whoever uses the money meanwhile waits until the file is made.
        credits = refund.line_ids.move_line_id
        if credits.try_lock_for_update() != credits:
            return self.env._("Somebody is working on the account of the payer.")
        credits.invalidate_recordset(["amount_residual_currency", "parent_state"])
        if problem := refund._problem():
            return problem
        pay_date = agreement._debit_first_due(fields.Datetime.now() + MARGIN)
        try:
            message = self.messages[refund] = agreement._refund_request(refund, pay_date)
            faults = self.encoder.faults(message)
        except Exception as error:
            # The others go; the text of the error may hold personal data.
            _logger.error("bank.refund %s: %s", refund.id, type(error).__name__)
            return self.env._("The program failed on it.")
        return "; ".join(str(fault) for fault in faults)

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

    def tell_left_out(self):
        """Say on the desk what was left out, each thing once."""
        fresh = {row: text for row, text in self.left_out.items() if row.left_out != text}
        for refund, text in fresh.items():
            refund.left_out = text
        self.env["billing.exception"]._open_all(
            {
                refund: self.env._(
                    "Refund %(refund)s of %(payer)s cannot be sent. %(why)s",
                    refund=refund.reference,
                    payer=refund.partner_id.name,
                    why=text,
                )
                for refund, text in fresh.items()
            },
            "refund_left_out",
            self.env._("Correct it, and the next file takes it; or cancel the refund."),
        )
