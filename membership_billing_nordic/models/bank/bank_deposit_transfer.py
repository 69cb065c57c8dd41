from odoo import fields, models


class BankDeposit(models.Model):
    """What left by an order of ours is known by its reference, whichever report tells of it."""

    _inherit = "bank.deposit"

    is_transfer = fields.Boolean(string="Transfer of Ours", readonly=True)

    def _set_apart_reported(self, file):
        others = self.filtered(lambda deposit: not deposit.is_transfer)
        return super(BankDeposit, others)._set_apart_reported(file)

    def _hold_doubles(self, file):
        others = self.filtered(lambda deposit: not deposit.is_transfer)
        return super(BankDeposit, others)._hold_doubles(file)
