from odoo import fields, models


class BankMandateEvent(models.Model):
    _inherit = "bank.mandate.event"

    l10n_se_identity_differs = fields.Boolean(
        string="Another Person",
        readonly=True,
        help="The bank names another person or organisation number than the payer has here. The "
        "bank's number is not kept.",
    )

    def _mandate_vals(self):
        values = super()._mandate_vals()
        if not self.l10n_se_identity_differs:
            return values
        return values | {"l10n_se_identity_differs": True}
