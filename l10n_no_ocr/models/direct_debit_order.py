from odoo import models

from .bank_connection import SCHEME


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    def _is_notified_by_bank(self):
        # Whoever gets an eFaktura is told by it: the bank must not tell them twice.
        is_told = self.agreement_id.scheme == SCHEME and self.partner_id.l10n_no_efaktura
        return not is_told and super()._is_notified_by_bank()
