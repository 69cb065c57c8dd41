from odoo import api, models

from ..formats import DECODERS
from ..formats.receipts import receipt_of_name


class BankFile(models.Model):
    _inherit = "bank.file"

    @api.model
    def _bank_decoders(self):
        return [*super()._bank_decoders(), *DECODERS]

    @api.model
    def _format_names(self):
        return super()._format_names() | {
            "no.ocr_giro": self.env._("OCR giro and AvtaleGiro (Nets)"),
            "no.avtalegiro": self.env._("AvtaleGiro claims and withdrawals (Nets)"),
        }

    @api.model
    def _receipt_of_name(self, name):
        return receipt_of_name(name or "") or super()._receipt_of_name(name)
