from odoo import models

from ..formats.giro_numbers import format_bankgiro, format_plusgiro
from .bank_connection import SCHEME


class AccountMove(models.Model):
    _inherit = "account.move"

    def _l10n_se_giro(self):
        """How an open invoice is paid to bankgiro or plusgiro, for print; empty without.

        An invoice that is collected has none: it must not be paid twice.

        :return: dict with ``bankgiro``, ``plusgiro`` (may be empty), ``reference`` and ``is_ocr``
        """
        self.ensure_one()
        agreement = self.sudo().mbn_agreement_id
        is_open = self.move_type == "out_invoice" and self.state == "posted"
        if not is_open or agreement.scheme != SCHEME or not agreement.number:
            return {}
        if self._mbn_debit_day_print() or not self.amount_residual:
            return {}
        plusgiro = agreement.l10n_se_plusgiro
        return {
            "bankgiro": format_bankgiro(agreement.number),
            "plusgiro": plusgiro and format_plusgiro(plusgiro),
            "reference": self.payment_reference or "",
            "is_ocr": agreement._is_lawful_reference(self.payment_reference),
        }
