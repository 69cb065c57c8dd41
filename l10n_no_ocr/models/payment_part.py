from odoo import models

from ..formats.payment_part import format_account, payment_part
from .bank_connection import SCHEME


class BankAgreement(models.Model):
    """The giro below payment notices."""

    _inherit = "bank.agreement"

    def _payment_part(self, facts):
        if self.scheme != SCHEME or not self.account_number:
            return super()._payment_part(facts)
        is_kid = self._is_lawful_reference(facts.reference)
        return payment_part(facts, self.account_number, is_kid=is_kid)

    def _own_numbers(self):
        if self.scheme != SCHEME or not self.account_number:
            return super()._own_numbers()
        return [(self.env._("Account"), format_account(self.account_number))]

    def _reference_label(self):
        return self.env._("KID") if self.scheme == SCHEME else super()._reference_label()
