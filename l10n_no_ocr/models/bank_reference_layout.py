from odoo import api, models

from .bank_connection import SCHEME


class BankReferenceLayout(models.Model):
    _inherit = "bank.reference.layout"

    @api.depends("scheme")
    def _compute_display_name(self):
        result = super()._compute_display_name()
        for layout in self.filtered(lambda row: row.scheme == SCHEME):
            layout.display_name = f"KID {layout.display_name}"
        return result
