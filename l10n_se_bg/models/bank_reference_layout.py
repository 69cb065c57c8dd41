from odoo import api, models

from ..formats.ocr import OcrLayout
from .bank_connection import SCHEME


class BankReferenceLayout(models.Model):
    _inherit = "bank.reference.layout"

    @api.depends("agreement_id.l10n_se_ocr_level", "scheme")
    def _compute_length(self):
        return super()._compute_length()

    @api.depends("scheme")
    def _compute_display_name(self):
        result = super()._compute_display_name()
        for layout in self.filtered(lambda row: row.scheme == SCHEME):
            layout.display_name = f"OCR {layout.display_name}"
        return result

    def _shape(self):
        if self.scheme != SCHEME:
            return super()._shape()
        return OcrLayout(
            payer_digits=self.payer_digits,
            serial_digits=self.serial_digits,
            fixed_part=self.fixed_part or "",
            level=self.agreement_id._se_level(),
        )
