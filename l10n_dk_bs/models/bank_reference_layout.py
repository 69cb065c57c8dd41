from odoo import api, models

from ..formats import fi
from .bank_connection import SCHEME

CARD_TYPES = {fi.CARD_TYPES[card_type]: card_type for card_type in ("71", "75")}


class BankReferenceLayout(models.Model):
    _inherit = "bank.reference.layout"

    @api.depends("scheme")
    def _compute_display_name(self):
        result = super()._compute_display_name()
        for layout in self.filtered(lambda row: row.scheme == SCHEME):
            card_type = CARD_TYPES.get(layout.length, "?")
            layout.display_name = f"FI +{card_type}< {layout.display_name}"
        return result
