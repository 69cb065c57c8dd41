from odoo import fields, models


class BankDeposit(models.Model):
    """What left by an order of ours is known by its reference, whichever report tells of it.

    So is what came back of it: a report of incoming payments alone does not have it.
    """

    _inherit = "bank.deposit"

    is_transfer = fields.Boolean(string="Transfer of Ours", readonly=True)

    def _set_apart_reported(self, file):
        self._note_brought_back()
        others = self.filtered(lambda deposit: not deposit.is_transfer)
        return super(BankDeposit, others)._set_apart_reported(file)

    def _hold_doubles(self, file):
        others = self.filtered(lambda deposit: not deposit.is_transfer)
        return super(BankDeposit, others)._hold_doubles(file)

    def _note_brought_back(self):
        """Tick those that hold nothing but refunds of ours that came back."""
        told = self.payment_ids.filtered(lambda payment: payment.amount > 0)
        back = self.env["bank.refund"]._comes_back_by(told)
        for deposit in self:
            if deposit.payment_ids and all(one in back for one in deposit.payment_ids):
                deposit.is_transfer = True
