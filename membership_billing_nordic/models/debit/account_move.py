from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_collect = fields.Boolean(
        string="Collect by Direct Debit",
        default=True,
        copy=False,
        help="The invoice is collected from the payer's account, if its agreement collects and "
        "the payer has a mandate. Clear it to let the payer pay this invoice.",
    )
