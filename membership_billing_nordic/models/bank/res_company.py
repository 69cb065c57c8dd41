from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_bank_charge_account_id = fields.Many2one(
        "account.account",
        string="Bank Charges",
        check_company=True,
        domain=[("account_type", "in", ("expense", "expense_other"))],
        help="Account for what a bank keeps back from a deposit.",
    )
    mbn_refund_limit = fields.Monetary(
        string="Refunds: Second Person Above",
        help="A refund above this amount is approved by another person than who proposed it.",
    )
    mbn_place_by_account = fields.Boolean(
        string="Place by Remembered Account",
        help="A payment without a known reference pays the oldest due claims of the one payer "
        "whose account was remembered. Otherwise such payments are only proposed to a person.",
    )
