from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_send_receipts = fields.Boolean(related="company_id.mbn_send_receipts", readonly=False)
