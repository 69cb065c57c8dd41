from odoo import api, fields, models

from ...formats.messages import ERROR, WARNING

_SENT_ONCE = ("queued", "sending", "sent", "confirmed", "rejected")


class _NamedReceipt:
    """Reads a receipt whose file name says it all."""

    FORMAT = "receipt.name"

    def __init__(self, receipt, label):
        self.receipt = receipt
        self.LABEL = label

    def decode(self, _stream):
        """The one message there is."""
        yield self.receipt


class BankFile(models.Model):
    """What the bank answers to files and records of ours."""

    _inherit = "bank.file"

    received_on = fields.Datetime(default=fields.Datetime.now, readonly=True)

    @api.model
    def _receipt_of_name(self, name):
        """The ``FileReceipt`` that a file of this name is, whatever is in it; None when none is.

        Countries whose bank answers so extend this.
        """
        return None

    def _named_decoder(self):
        receipt = self._receipt_of_name(self.name)
        return receipt and _NamedReceipt(receipt, self.env._("Receipt"))

    def _store_answers(self, messages, assignments):
        """Keep what a chunk of messages answers to records of ours.

        :param messages: messages of any kind
        :param assignments: ``Assignments``, which knows the agreement of a message
        """

    def _apply_receipt(self, receipt):
        """Note the bank's verdict on the file of ours that it names."""
        files = self._receipted(receipt.transmission_number)
        if len(files) != 1:
            self._add_receipt_issue(
                receipt, WARNING, self.env._("one file of ours with this number"), len(files)
            )
            return
        if not self.connection_id:
            self.connection_id = files.connection_id
        apply = {"accepted": files._take_confirmation, "rejected": files._take_rejection}
        if not apply[receipt.event](self, receipt.meaning):
            self._add_receipt_issue(
                receipt, ERROR, self.env._("an answer that fits the state of the file"), files.state
            )

    def _receipted(self, number):
        """Files to the bank that a receipt can mean: right number, and the most likely sender."""
        files = self.sudo().search(
            [
                ("direction", "=", "out"),
                ("transmission_number", "=", number.strip().lstrip("0")),
                ("company_id", "parent_of", self.company_id.id),
                ("state", "!=", "discarded"),
            ]
        )
        for likely in (
            self.connection_id and files.filtered(lambda f: f.connection_id == self.connection_id),
            self.recipient and files.filtered(lambda f: f.sender == self.recipient),
            self.channel_id and files.filtered(lambda f: f.channel_id == self.channel_id),
        ):
            if likely:
                files = likely
        return files

    def _take_confirmation(self, by, meaning):
        """:return: whether the answer fits"""
        if self.state in ("queued", "sending", "sent"):
            self._confirm(by, meaning)
        return self.state == "confirmed"

    def _take_rejection(self, by, meaning):
        """:return: whether the answer fits; a file that was confirmed can be rejected later"""
        if self.state in _SENT_ONCE and self.state != "rejected":
            self._reject(by, meaning)
        return self.state == "rejected"

    def _add_receipt_issue(self, receipt, severity, expected, found):
        self._add_issue(
            severity,
            receipt.record,
            "transmission_number",
            expected=expected,
            found=f"{receipt.transmission_number}: {found}",
            action=self.env._("Nothing was done with this receipt."),
        )
        self["error_count" if severity == ERROR else "warning_count"] += 1
