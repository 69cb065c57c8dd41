from dataclasses import replace

from odoo import models
from odoo.addons.membership_billing_nordic.formats.messages import MandateRequest

from .bank_connection import SCHEME


class BankAgreement(models.Model):
    """Person and organisation numbers: asked with, and compared with what the bank says."""

    _inherit = "bank.agreement"

    def _mandate_request_fields(self):
        fields = super()._mandate_request_fields()
        return fields | {"identity": "l10n_se_identity"} if self.scheme == SCHEME else fields

    def _mandate_request(self, mandate):
        request = super()._mandate_request(mandate)
        if self.scheme != SCHEME or not isinstance(request, MandateRequest):
            return request
        # Without an account it is the payer's bankgiro number that is asked for.
        asked = mandate.sudo()
        identity = asked._se_identity() if asked.partner_bank_id else asked.l10n_se_identity
        return replace(request, payer_identity=identity or "")

    def _mandate_remarks(self, message, payer):
        remarks = super()._mandate_remarks(message, payer)
        if self.scheme != SCHEME or not payer:
            return remarks
        told, known = getattr(message, "payer_identity", ""), payer._se_identity_in_files()
        # The century and the 00 of organisations are left out by some.
        differs = bool(told and known) and told[-10:] != known[-10:]
        return remarks | {"l10n_se_identity_differs": differs}
