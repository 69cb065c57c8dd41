from odoo import models

from ..formats import fi
from ..formats.payment_part import payment_part
from .bank_connection import SCHEME


class BankAgreement(models.Model):
    """The payment slip (FI) below payment notices."""

    _inherit = "bank.agreement"

    def _payment_part(self, facts):
        line = self.scheme == SCHEME and fi.read_line(self._fi_line(facts.reference))
        return payment_part(facts, line) if line else super()._payment_part(facts)

    def _own_numbers(self):
        numbers = super()._own_numbers()
        if self.scheme == SCHEME and self.l10n_dk_fi_creditor:
            numbers.append((self.env._("FI creditor number"), self.l10n_dk_fi_creditor))
        return numbers

    def _reference_label(self):
        return self.env._("Payment ID") if self.scheme == SCHEME else super()._reference_label()
