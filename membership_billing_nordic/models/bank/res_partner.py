from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    mbn_payer_number_ids = fields.One2many(
        "bank.payer.number",
        "partner_id",
        string="Payer Numbers",
        help="The numbers by which banks and payments know this payer, one per agreement.",
    )
