from odoo import fields, models


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[
            ("mandate_unmatched", "Mandates without a payer"),
            ("mandate_register", "Mandates differ from the bank's list"),
            ("debit_left_out", "Debit left out of a file"),
            ("debit_gone", "Debit cannot be stopped"),
            ("debit_missed", "Debits missed their deadline"),
            ("debit_file", "File of debits cannot be made"),
            ("debit_returned", "Debits wait after their file came back"),
            ("payment_surplus", "Paid more than was open"),
        ],
        ondelete={
            "mandate_unmatched": "cascade",
            "mandate_register": "cascade",
            "debit_left_out": "cascade",
            "debit_gone": "cascade",
            "debit_missed": "cascade",
            "debit_file": "cascade",
            "debit_returned": "cascade",
            "payment_surplus": "cascade",
        },
    )
