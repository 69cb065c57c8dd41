from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_send_receipts = fields.Boolean(
        string="Receipts",
        help="E-mail a short receipt when a membership invoice is paid in full.",
    )
