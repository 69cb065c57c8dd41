from odoo import api, fields, models


class BankFileTotal(models.Model):
    """A total that a bank file declares, beside the one that was counted."""

    _name = "bank.file.total"
    _description = "Bank File Control Total"
    _order = "id"
    _rec_name = "scope"

    file_id = fields.Many2one("bank.file", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True)
    scope = fields.Char(string="Part of the File", required=True)
    quantity = fields.Selection(
        [("transactions", "Transactions"), ("records", "Records"), ("amount", "Amount")],
        string="Total Of",
        required=True,
    )
    declared = fields.Float(digits=(16, 2), help="What the file says.")
    counted = fields.Float(digits=(16, 2), help="What was counted in the file.")
    declared_text = fields.Char(string="Declared Total", compute="_compute_texts")
    counted_text = fields.Char(string="Counted Total", compute="_compute_texts")
    agrees = fields.Boolean(help="Both totals are the same.")

    @api.depends("declared", "counted", "quantity")
    def _compute_texts(self):
        for total in self:
            digits = 2 if total.quantity == "amount" else 0
            total.declared_text = f"{total.declared:,.{digits}f}".replace(",", "\u202f")
            total.counted_text = f"{total.counted:,.{digits}f}".replace(",", "\u202f")
