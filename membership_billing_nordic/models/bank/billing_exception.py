from odoo import fields, models


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[("reference_taken", "Reference already used")],
        ondelete={"reference_taken": "cascade"},
    )
