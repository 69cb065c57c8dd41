from odoo import models

from ..formats.giro_numbers import format_bankgiro, format_plusgiro
from .bank_connection import SCHEME


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    def _payment_rows(self):
        """Bankgiro, plusgiro and OCR number, as payers in Sweden know them."""
        agreement = self.sudo().agreement_id
        if agreement.scheme != SCHEME or not agreement.number:
            return super()._payment_rows()
        plusgiro, is_ocr = (
            agreement.l10n_se_plusgiro,
            agreement._is_lawful_reference(self.reference),
        )
        reference = self.env._("OCR number") if is_ocr else self.env._("Payment reference")
        rows = [
            (self.env._("Bankgiro"), format_bankgiro(agreement.number)),
            (self.env._("Plusgiro"), plusgiro and format_plusgiro(plusgiro)),
            (reference, self.reference),
        ]
        return [(label, value) for label, value in rows if value]
