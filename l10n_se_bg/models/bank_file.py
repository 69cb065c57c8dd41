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
            "se.bgmax": self.env._("Payments into bankgiro (BgMax)"),
            "se.autogiro": self.env._("Autogiro report (Bankgirot)"),
            "se.autogiro_orders": self.env._("Autogiro mandates and debits (Bankgirot)"),
        }
