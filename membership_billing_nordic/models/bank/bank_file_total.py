from odoo import fields, models


class BankFileTotal(models.Model):
    """A total that a bank file declares, beside the one that was counted."""

    _name = "bank.file.total"
    _description = "Bank File Control Total"
    _order = "id"
    _rec_name = "scope"

    file_id = fields.Many2one("bank.file", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True)
    scope = fields.Char(string="Part of the File", required=True)
    quantity = fields.Char(string="Total Of", required=True)
    declared = fields.Float(digits=(16, 2), help="What the file says.")
    counted = fields.Float(digits=(16, 2), help="What was counted in the file.")
    agrees = fields.Boolean(help="Both totals are the same.")
