from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_bank_charge_account_id = fields.Many2one(
        related="company_id.mbn_bank_charge_account_id", readonly=False
    )
    mbn_refund_limit = fields.Monetary(related="company_id.mbn_refund_limit", readonly=False)
    mbn_place_by_account = fields.Boolean(related="company_id.mbn_place_by_account", readonly=False)
