"""Requests, changes and cancellations of mandates: what goes into a file, what is left out."""

import logging

from odoo import fields
from odoo.fields import Domain

from ...formats.messages import FormatError
from .direct_debit_mandate_files import CANCELLATION_WAITS, CHANGE_WAITS, REQUEST_WAITS

_logger = logging.getLogger(__name__)

FILE_SIZE = 20000
_ON_ITS_WAY = ("sent", "confirmed")


class MandateMaker:
    """The requests, changes and cancellations that go into one file of a connection.

    Where the bank takes them together with debits they are an assignment of the file of
    debits (:meth:`gather`, :meth:`assignments`, :meth:`note`); else :meth:`make` makes a
    file of them alone.
    """

    def __init__(self, connection, encoder):
        self.connection = connection.sudo()
        self.env = self.connection.env
        self.encoder = encoder
        self.requests = self.env["direct.debit.mandate"]
        self.changes = self.env["direct.debit.mandate"]
        self.cancellations = self.env["direct.debit.mandate"]
        self.messages = {}
        self.left_out = {}

    def __len__(self):
        return len(self.messages)

    # ------------------------------------------------------------------ looking through

    def gather(self, everything=False):
        """Look through the mandates that wait; nothing is sent or stored yet.

        :param everything: do not wait for the agreement's time of day
        """
        if not self.encoder:
            return
        mandates = self.env["direct.debit.mandate"].search(
            self._waiting(everything), order="id", limit=FILE_SIZE
        )
        mandates = mandates.try_lock_for_update(allow_referencing=True)
        mandates.invalidate_recordset()
        # What was changed before the lock does not wait any more.
        mandates = mandates.filtered_domain(self._waiting(everything))
        for mandate in mandates.filtered(self._has_its_turn):
            self._look_at(mandate)
        written = mandates.filtered(lambda mandate: mandate in self.messages)
        self.requests = written.filtered(lambda mandate: mandate.state == "requested")
        self.changes = written.filtered(lambda mandate: mandate.state == "active")
        self.cancellations = written - self.requests - self.changes

    def _waiting(self, everything):
        now = fields.Datetime.now()
        agreements = self.connection.agreement_ids.filtered("active")
        return Domain("hold", "=", False) & Domain.OR(
            self._waiting_of(agreement)
            & (
                Domain.TRUE
                if everything
                else Domain("waits_since", "<=", agreement._mandate_moment(now))
            )
            for agreement in agreements
        )

    def _waiting_of(self, agreement):
        wanted = Domain.FALSE
        if agreement._can_request_mandates():
            wanted |= REQUEST_WAITS
        if agreement._can_cancel_mandates():
            wanted |= CANCELLATION_WAITS
        if agreement._can_renumber_mandates():
            wanted |= CHANGE_WAITS
        return Domain("agreement_id", "=", agreement.id) & wanted

    def _has_its_turn(self, mandate):
        """The end of a mandate is told when the bank has been asked for it."""
        request = mandate.request_file_id
        return mandate.state == "requested" or not request or request.state in _ON_ITS_WAY

    def _look_at(self, mandate):
        if problem := self._problem(mandate):
            self.messages.pop(mandate, None)
            self.left_out[mandate] = problem

    def _problem(self, mandate):
        """Why ``mandate`` cannot go now; empty when it can."""
        agreement = mandate.agreement_id
        builders = {"requested": agreement._mandate_request, "active": agreement._mandate_change}
        build = builders.get(mandate.state, agreement._mandate_cancellation)
        try:
            message = self.messages[mandate] = build(mandate)
            faults = self.encoder.faults(message)
        except FormatError as error:
            faults = [error]
        except Exception as error:
            # The others go; the text of the error may hold personal data.
            _logger.error("direct.debit.mandate %s: %s", mandate.id, type(error).__name__)
            return self.env._("The program failed on it.")
        return "; ".join(str(fault) for fault in faults)

    # ------------------------------------------------------------------ making

    def make(self):
        """Make a file of what was gathered; empty when there is nothing to send.

        :raises FormatError: the frame of the file is wrong
        """
        self.tell_left_out()
        if not self:
            return self.env["bank.file"]
        file, records = self.connection._write_requests(
            self.encoder, self.connection._mandate_transmission, self.assignments(), False
        )
        self.note(file, records)
        return file

    def assignments(self):
        """Ends first: a payer's former mandate must be gone before the next is asked for."""
        return [
            agreement._file_assignment([self.messages[mandate] for mandate in own])
            for mandates in (self.cancellations, self.changes, self.requests)
            for agreement, own in mandates.grouped("agreement_id").items()
        ]

    def note(self, file, records):
        """Note file and record on each mandate."""
        for mandate in self.requests:
            record = records[self.messages[mandate].key]
            mandate.write({"request_file_id": file.id, "request_record": record})
        for mandate in self.cancellations:
            record = records[self.messages[mandate].key]
            mandate.write({"cancel_file_id": file.id, "cancel_record": record})
        for mandate in self.changes:
            record = records[self.messages[mandate].key]
            mandate.write({"change_file_id": file.id, "change_record": record})
        (self.requests | self.changes | self.cancellations)._release()

    def tell_left_out(self):
        """Say on the desk what was left out, each thing once."""
        fresh = {row: text for row, text in self.left_out.items() if row.left_out != text}
        for mandate, text in fresh.items():
            mandate.left_out = text
        self.env["billing.exception"]._open_all(
            {
                mandate: self.env._(
                    "The bank cannot be told of the mandate of %(payer)s. %(why)s",
                    payer=mandate.partner_id.name,
                    why=text,
                )
                for mandate, text in fresh.items()
            },
            "mandate_left_out",
            self.env._("Correct it: the next file takes it by itself."),
        )
