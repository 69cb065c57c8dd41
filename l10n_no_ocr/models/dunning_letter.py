from odoo import models

from .bank_connection import SCHEME


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    def _payment_rows(self):
        """Payers in Norway know a lawful reference as the KID."""
        rows = super()._payment_rows()
        agreement = self.sudo().agreement_id
        if agreement.scheme != SCHEME or not agreement._is_lawful_reference(self.reference):
            return rows
        return [
            (self.env._("KID") if value == self.reference else label, value)
            for label, value in rows
        ]
