from odoo import fields, models


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[
            ("mandate_unmatched", "Mandates without a payer"),
            ("mandate_register", "Mandates differ from the bank's list"),
        ],
        ondelete={
            "mandate_unmatched": "cascade",
            "mandate_register": "cascade",
        },
    )
