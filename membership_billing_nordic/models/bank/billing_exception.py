from odoo import fields, models


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[
            ("reference_taken", "Reference already used"),
            ("bank_file_refused", "Bank file refused"),
            ("bank_file_review", "Bank file needs review"),
            ("payment_unmatched", "Payments to place"),
            ("possible_double", "Possible double payment"),
            ("deposit_held", "Deposit not booked"),
            ("payment_reported", "Payments reported, but not booked"),
            ("refund_asked", "Account for a refund"),
            ("refund_to_approve", "Refund to approve"),
            ("refund_refused", "Refund not paid"),
            ("refund_left_out", "Refund left out of a file"),
            ("refund_silent", "Refund without an answer"),
            ("bank_file_approval", "File to approve"),
            ("bank_file_deliver", "File to deliver"),
            ("bank_file_held", "File not sent"),
            ("bank_file_unknown", "File of unknown fate"),
            ("bank_file_rejected", "File rejected by the bank"),
            ("bank_file_unanswered", "File without a receipt"),
            ("bank_file_missing", "Expected file is late"),
            ("channel_failing", "Channel fails"),
        ],
        ondelete={
            "reference_taken": "cascade",
            "bank_file_refused": "cascade",
            "bank_file_review": "cascade",
            "payment_unmatched": "cascade",
            "possible_double": "cascade",
            "deposit_held": "cascade",
            "payment_reported": "cascade",
            "refund_asked": "cascade",
            "refund_to_approve": "cascade",
            "refund_refused": "cascade",
            "refund_left_out": "cascade",
            "refund_silent": "cascade",
            "bank_file_approval": "cascade",
            "bank_file_deliver": "cascade",
            "bank_file_held": "cascade",
            "bank_file_unknown": "cascade",
            "bank_file_rejected": "cascade",
            "bank_file_unanswered": "cascade",
            "bank_file_missing": "cascade",
            "channel_failing": "cascade",
        },
    )

    # The next step of a row. Who may do it is decided by the record's own method.

    def _files(self, *kinds):
        self.check_access("read")
        return self._of_kinds("bank.file", kinds)

    def action_approve_file(self):
        """Release the file that waits for approval."""
        return self._files("bank_file_approval").action_approve()

    def action_file_arrived(self):
        """The bank says that it has the file."""
        return self._files("bank_file_unknown").action_arrived()

    def action_file_not_arrived(self):
        """The bank says that it does not have the file: send it again."""
        return self._files("bank_file_unknown").action_not_arrived()

    def action_discard_file(self):
        """Take the file back that could not leave in time."""
        return self._files("bank_file_held").action_discard()

    def action_nothing_comes(self):
        """The late file will not come."""
        self.check_access("read")
        expectations = self._of_kinds("bank.file.expectation", ("bank_file_missing",))
        return expectations.action_nothing_comes()

    def action_test_channel(self):
        """Try whether the channel works again."""
        self.check_access("read")
        return self._of_kinds("bank.channel", ("channel_failing",)).action_test()
