from odoo import fields, models


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[
            ("mandate_unmatched", "Mandates without a payer"),
            ("mandate_register", "Mandates differ from the bank's list"),
            ("mandate_left_out", "Mandate left out of a file"),
            ("mandate_file", "File of mandates cannot be made"),
            ("mandate_returned", "Mandates wait after their file came back"),
            ("mandate_wish", "Mandate asked for by a payer"),
            ("mandate_refused", "Bank refused a change of a mandate"),
            ("debit_left_out", "Debit left out of a file"),
            ("debit_gone", "Debit cannot be stopped"),
            ("debit_not_moved", "Debit not moved"),
            ("debit_missed", "Debits missed their deadline"),
            ("debit_untold", "Payer not told of a failure"),
            ("debit_file", "File of debits cannot be made"),
            ("debit_returned", "Debits wait after their file came back"),
            ("payment_surplus", "Paid more than was open"),
            ("payment_unclear", "Online payment is unclear"),
        ],
        ondelete={
            "mandate_unmatched": "cascade",
            "mandate_register": "cascade",
            "mandate_left_out": "cascade",
            "mandate_file": "cascade",
            "mandate_returned": "cascade",
            "mandate_wish": "cascade",
            "mandate_refused": "cascade",
            "debit_left_out": "cascade",
            "debit_gone": "cascade",
            "debit_not_moved": "cascade",
            "debit_missed": "cascade",
            "debit_untold": "cascade",
            "debit_file": "cascade",
            "debit_returned": "cascade",
            "payment_surplus": "cascade",
            "payment_unclear": "cascade",
        },
    )

    def action_release_mandates(self):
        """Let the mandates that came back from files go with the next one."""
        self.check_access("read")
        files = self._of_kinds("bank.file", ("mandate_returned",))
        held = [("returned_file_id", "in", files.ids), ("hold", "!=", False)]
        self.env["direct.debit.mandate"].search(held).action_release()

    def action_ask_provider(self):
        """Ask the provider what became of online payments, and book those that are made."""
        self.check_access("write")
        return self._of_kinds("payment.transaction", ("payment_unclear",))._mbn_clear_up()

    def action_payment_not_made(self):
        """The provider says that it has no money of these online payments."""
        self.check_access("write")
        self._of_kinds("payment.transaction", ("payment_unclear",))._mbn_give_up()
