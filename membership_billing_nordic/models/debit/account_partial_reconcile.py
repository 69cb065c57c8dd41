from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    def unlink(self):
        claims = self.debit_move_id | self.credit_move_id
        result = super().unlink()
        self.env["direct.debit.order"].sudo()._follow_reopened(claims.exists())
        return result
