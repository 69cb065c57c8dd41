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
