from odoo import api, models


class BankFileTotal(models.Model):
    _inherit = "bank.file.total"

    @api.model
    def _part_names(self):
        return super()._part_names() | {
            "extra references": self.env._("Extra references"),
            "withdrawals": self.env._("Withdrawals"),
            "refund withdrawals": self.env._("Withdrawals for refunds"),
            "refunds": self.env._("Refunds"),
            "records": self.env._("Records"),
        }
