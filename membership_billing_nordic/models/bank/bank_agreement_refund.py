from odoo import models


class BankAgreement(models.Model):
    """Whether and how an agreement pays money back; schemes and other rooms say."""

    _inherit = "bank.agreement"

    def _refund_routes(self, partner):
        """How this agreement can pay ``partner`` back: values of the refund's ``route``.

        The one to be preferred comes first; none when it cannot.
        """
        self.ensure_one()
        return []

    def _is_payout(self, payment):
        """Does the bank report with ``payment`` that it has paid a refund of ours?"""
        return payment.is_transfer
