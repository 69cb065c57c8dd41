"""Refunds by bank transfer: what goes into a payment file, what is left out, and the file."""

from io import BytesIO

from ...formats.iso20022 import pain_001
from ...formats.messages import FormatError, Transmission
from .refund_gathering import RefundGathering

FILE_SIZE = 5000


class TransferMaker(RefundGathering):
    """The approved refunds of one agreement that go into its next payment file."""

    def __init__(self, agreement):
        self.agreement = agreement.sudo()
        super().__init__(self.agreement.env, self.agreement._transfer_encoder())
        self.connection = self.agreement._transfer_connection()
        self.day = self.agreement._transfer_day()

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
        self._take(waiting)

    def _problem(self, refund):
        return super()._problem(refund) or refund._trust_problem()

    def _message(self, refund):
        return self.agreement._refund_transfer(refund, self.day)

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
        self.tell_left_out()
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
