from odoo import api, models
from odoo.addons.base.models.res_bank import sanitize_account_number


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    @api.model
    def _mbn_of_payer(self, partner, number):
        """The account ``number`` of ``partner``; made when it is not known yet."""
        found = self.with_context(active_test=False).search(
            [
                ("partner_id", "=", partner.id),
                ("sanitized_acc_number", "=", sanitize_account_number(number)),
            ],
            limit=1,
        )
        return found or self.create({"partner_id": partner.id, "acc_number": number})
