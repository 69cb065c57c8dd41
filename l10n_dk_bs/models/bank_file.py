from odoo import api, models

from ..formats import DECODERS


class BankFile(models.Model):
    _inherit = "bank.file"

    @api.model
    def _bank_decoders(self):
        return [*super()._bank_decoders(), *DECODERS]

    @api.model
    def _format_names(self):
        return super()._format_names() | {
            "dk.bs_0601": self.env._("Betalingsservice collections (0601)"),
            "dk.bs_0602": self.env._("Betalingsservice payments (0602)"),
            "dk.bs_0603": self.env._("Betalingsservice mandates (0603)"),
            "dk.bs_0605": self.env._("Betalingsservice mandate requests (0605)"),
            "dk.bs_other": self.env._("Betalingsservice information"),
        }
