from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_failure_policy_id = fields.Many2one(
        "direct.debit.failure.policy",
        string="Failed Debits",
        ondelete="restrict",
        help="What follows when a debit fails, unless the plan says otherwise. Empty: the first "
        "policy of the list.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_failure_policy_id = fields.Many2one(
        related="company_id.mbn_failure_policy_id", readonly=False
    )
