from odoo import models

from .bank_connection import SCHEME


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    def _payment_rows(self):
        """The line by which the letter is paid with a slip or in the net bank."""
        rows = super()._payment_rows()
        agreement = self.sudo().agreement_id
        if not self.reference or agreement.scheme != SCHEME or not agreement.l10n_dk_fi_creditor:
            return rows
        line = agreement._fi_line(self.reference)
        return [*rows, (self.env._("Payment slip (FI)"), line)] if line else rows
