from odoo import api, models

from ..formats import DECODERS


class BankFile(models.Model):
    _inherit = "bank.file"

    @api.model
    def _bank_decoders(self):
        return [*super()._bank_decoders(), *DECODERS]
