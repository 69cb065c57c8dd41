"""Refunds by bank transfer: what goes into a payment file, what is left out, and the file."""

import logging
from io import BytesIO

from ...formats.iso20022 import pain_001
from ...formats.messages import FormatError, Transmission

_logger = logging.getLogger(__name__)
FILE_SIZE = 5000


class TransferMaker:
    """The approved refunds of one agreement that go into its next payment file."""

    def __init__(self, agreement):
        self.agreement = agreement.sudo()
        self.env = self.agreement.env
        self.connection = self.agreement._transfer_connection()
        self.encoder = self.agreement._transfer_encoder()
        self.day = self.agreement._transfer_day()
        self.refunds = self.env["bank.refund"]
        self.messages = {}
        self.left_out = {}

    def gather(self):
        """Look through the refunds that wait; nothing is sent or stored yet."""
        waiting = self.env["bank.refund"].search(
            [
                ("agreement_id", "=", self.agreement.id),
                ("route", "=", "transfer"),
                ("state", "=", "approved"),
            ],
            order="id",
            limit=FILE_SIZE,
        )
        waiting = waiting.try_lock_for_update(allow_referencing=True)
        waiting.invalidate_recordset()
        for refund in waiting.filtered(lambda row: row.state == "approved"):
            if problem := self._look_at(refund):
                self.left_out[refund] = problem
                self.messages.pop(refund, None)
        self.refunds = waiting.filtered(lambda refund: refund in self.messages)

    def _look_at(self, refund):
        """Why ``refund`` cannot go now; empty when it can."""
        # Whoever uses the money meanwhile waits until the file is made.
        credits = refund.line_ids.move_line_id
        if credits.try_lock_for_update() != credits:
            return self.env._("Somebody is working on the account of the payer.")
        credits.invalidate_recordset(["amount_residual_currency", "parent_state"])
        if problem := refund._problem() or refund._trust_problem():
            return problem
        try:
            message = self.messages[refund] = self.agreement._refund_transfer(refund, self.day)
            faults = self.encoder.faults(message)
        except Exception as error:
            # The others go; the text of the error may hold personal data.
            _logger.error("bank.refund %s: %s", refund.id, type(error).__name__)
            return self.env._("The program failed on it.")
        return "; ".join(str(fault) for fault in faults)

    def make(self):
        """Encode, validate, store and number the file, and note it on its refunds.

        :return: the ``bank.file``; empty when there is nothing to send
        """
        file = self.env["bank.file"]
        if self.refunds:
            try:
                with self.env.cr.savepoint():
                    file = self._store()
            except FormatError as error:
                self.left_out |= dict.fromkeys(self.refunds, str(error))
        self._tell_left_out()
        return file

    def _store(self):
        today = self.agreement.company_id._billing_today()
        serial = self.connection._take_transmission_number()
        number = f"{today:%Y%m%d}-{self.connection.id}-{serial}"
        sender = self.connection.customer_number or ""
        transmission = Transmission(record=1, number=number, sender=sender)
        requests = [self.messages[refund] for refund in self.refunds]
        assignment = self.agreement._transfer_assignment(requests, f"{number}-1")
        encoded = self.encoder.encode(transmission, [assignment], today)
        self._validate(encoded.content)
        file = self.env["bank.file"]._create_outgoing(
            self.connection,
            f"pain001-{number}.xml",
            encoded,
            number,
            False,
            encoder=self.encoder,
            currency=self.agreement.currency_id,
        )
        batches = pain_001.batch_names(assignment)
        for refund in self.refunds:
            key = refund._file_key()
            refund.write(
                {
                    "state": "sent",
                    "file_id": file.id,
                    "record": encoded.records[key],
                    "batch": batches[key],
                    "pay_date": self.day,
                    "left_out": False,
                    "bank_status": False,
                    "bank_code": False,
                }
            )
        self.refunds._leave_desk(("refund_left_out",))
        return file

    def _validate(self, content):
        """The official schema takes it, or nothing leaves.

        :raises FormatError: names the place only: the reason may quote an account
        """
        from ...formats.iso20022 import schema  # slow to import, and only this needs it

        stream = BytesIO(content)
        rules = schema.schema_of(stream, None)
        if rules is None:
            raise FormatError("", "schema", "that of the payment file (Python package sepaxml)")
        if fault := next(schema.faults(stream, rules), None):
            place = fault["path"].rpartition("/")[2]
            raise FormatError("", "payment file", "what its XML schema takes", place)

    def _tell_left_out(self):
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
