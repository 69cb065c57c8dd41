from odoo import api, fields, models
from odoo.exceptions import ValidationError


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    call_again_days = fields.Integer(
        string="Call Again After (Banking Days)",
        default=2,
        tracking=True,
        help="When payers on the list of failed debits are called again who did not answer, or "
        "with whom nothing else was agreed on.",
    )

    @api.constrains("call_again_days")
    def _check_call_again_days(self):
        if any(agreement.call_again_days < 0 for agreement in self):
            raise ValidationError(self.env._("Days cannot be below zero."))
