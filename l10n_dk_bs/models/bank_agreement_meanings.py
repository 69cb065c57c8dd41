from odoo import models

from ..formats.mandates import SLIP_AGREEMENT
from ..formats.notices import REFUSED
from .bank_connection import SCHEME


class BankAgreement(models.Model):
    """What the codes of Betalingsservice mean, in the words of the reader."""

    _inherit = "bank.agreement"

    def _bank_meaning(self, text):
        if self.scheme != SCHEME:
            return super()._bank_meaning(text)
        if text.startswith(REFUSED):
            return self.env._(
                "Betalingsservice refused the registration, text number %(number)s",
                number=text.removeprefix(REFUSED),
            )
        if text.startswith(SLIP_AGREEMENT):
            change = text.removeprefix(SLIP_AGREEMENT)
            return self.env._(
                "Electronic payment slips: %(change)s", change=self._bank_meaning(change)
            )
        meanings = self._dk_results() | self._dk_mandates() | self._dk_slips()
        return meanings.get(text) or super()._bank_meaning(text)

    def _dk_results(self):
        return {
            "rejected by the debtor": self.env._("Refused by the payer"),
            "rejected by the debtor after the payment": self.env._(
                "Refused by the payer after it was paid"
            ),
            "cancelled: the mandate ended before the due date": self.env._(
                "The mandate ended before the payment was due"
            ),
            "charged back by the debtor's bank": self.env._("Taken back by the payer's bank"),
            "slip payment charged back": self.env._("The payment of the slip was taken back"),
            "disbursement rejected": self.env._("The payment to the payer was refused"),
            "disbursement found no mandate": self.env._(
                "The payer has no mandate any more, so nothing was paid"
            ),
        }

    def _dk_mandates(self):
        return {
            "active": self.env._("Active"),
            "registered": self.env._("Registered"),
            "cancelled by the debtor's bank": self.env._("Ended by the payer or the payer's bank"),
            "cancelled by the creditor": self.env._("Ended by you"),
            "cancelled by Betalingsservice, as when unused for 15 months": self.env._(
                "Ended by Betalingsservice, as when it was not used for 15 months"
            ),
        }

    def _dk_slips(self):
        return {
            "payment slip sent to e-Boks": self.env._("Payment slip sent to e-Boks"),
            "payment slip sent to the net bank": self.env._("Payment slip sent to the net bank"),
            "payment slip sent on paper": self.env._("Payment slip sent on paper"),
            "payment slip could not be placed": self.env._("Payment slip could not be placed"),
            "payment slip undeliverable": self.env._("Payment slip undeliverable"),
        }
