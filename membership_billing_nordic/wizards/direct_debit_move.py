from odoo import fields, models


class DirectDebitMove(models.TransientModel):
    """Asks the bank to debit on another day, one debit or several."""

    _name = "direct.debit.move"
    _description = "Move Debits to Another Day"

    order_ids = fields.Many2many("direct.debit.order", string="Debits", required=True)
    new_date = fields.Date(string="New Day", required=True, help="A day on which banks are open.")

    def action_move(self):
        """Ask with the next file to the bank."""
        self.check_access("write")
        self.order_ids._ask_to_move(self.new_date)
