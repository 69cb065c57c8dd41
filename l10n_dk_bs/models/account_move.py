from odoo import models

from .bank_connection import SCHEME


class AccountMove(models.Model):
    _inherit = "account.move"

    def _l10n_dk_fi_line(self):
        """The line by which the invoice is paid with a slip or in the net bank; empty without.

        An invoice that is collected has none: it must not be paid twice.
        """
        self.ensure_one()
        agreement = self.sudo().mbn_agreement_id
        is_open = self.move_type == "out_invoice" and self.state == "posted"
        if not is_open or agreement.scheme != SCHEME or not agreement.l10n_dk_fi_creditor:
            return ""
        if self._mbn_debit_day_print() or not self.amount_residual:
            return ""
        return agreement._fi_line(self.payment_reference)
