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
        ],
        ondelete={
            "reference_taken": "cascade",
            "bank_file_refused": "cascade",
            "bank_file_review": "cascade",
            "payment_unmatched": "cascade",
            "possible_double": "cascade",
            "deposit_held": "cascade",
        },
    )
