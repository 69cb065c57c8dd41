from odoo import models

from ..formats.giro_numbers import format_bankgiro, format_plusgiro
from ..formats.payment_part import payment_part
from .bank_connection import SCHEME


class BankAgreement(models.Model):
    """The bankgiro form below payment notices."""

    _inherit = "bank.agreement"

    def _payment_part(self, facts):
        if self.scheme != SCHEME or not self.number:
            return super()._payment_part(facts)
        return payment_part(
            facts,
            self.number,
            self.l10n_se_plusgiro or "",
            is_ocr=self._is_lawful_reference(facts.reference),
        )

    def _own_numbers(self):
        if self.scheme != SCHEME or not self.number:
            return super()._own_numbers()
        numbers = [(self.env._("Bankgiro"), format_bankgiro(self.number))]
        if self.l10n_se_plusgiro:
            numbers.append((self.env._("Plusgiro"), format_plusgiro(self.l10n_se_plusgiro)))
        return numbers

    def _reference_label(self):
        return self.env._("OCR number") if self.scheme == SCHEME else super()._reference_label()


class BillingDocumentLayout(models.Model):
    _inherit = "billing.document.layout"

    def _default_window(self):
        """Swedish envelopes have their window on the right."""
        return "right" if self.env.company.country_code == "SE" else super()._default_window()
