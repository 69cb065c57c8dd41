from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_billing_mode = fields.Selection(related="company_id.mbn_billing_mode", readonly=False)
    mbn_billing_limit = fields.Monetary(related="company_id.mbn_billing_limit", readonly=False)
    mbn_second_person = fields.Boolean(related="company_id.mbn_second_person", readonly=False)
    mbn_common_invoice = fields.Boolean(related="company_id.mbn_common_invoice", readonly=False)
    mbn_sale_journal_id = fields.Many2one(related="company_id.mbn_sale_journal_id", readonly=False)
    mbn_send_invoices = fields.Boolean(related="company_id.mbn_send_invoices", readonly=False)
