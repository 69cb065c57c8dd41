from odoo import fields, models


class BankFile(models.Model):
    """What becomes of a file becomes of the debits it moves."""

    _inherit = "bank.file"

    move_order_ids = fields.One2many(
        "direct.debit.order", "move_file_id", string="Moved Debits", readonly=True
    )

    def _give_orders_back(self, hold, text):
        result = super()._give_orders_back(hold, text)
        self.sudo().move_order_ids._move_comes_back()
        return result
