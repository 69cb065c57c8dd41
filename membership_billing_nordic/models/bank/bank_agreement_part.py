from odoo import models

from ...notices.payment_part import PlainLabels, plain_part


class BankAgreement(models.Model):
    """How a notice is paid through the agreement: its payment part and its numbers."""

    _inherit = "bank.agreement"

    def _payment_part(self, facts):
        """The payment part of a notice. Countries draw their own form; an empty agreement has the
        plain one.

        :param facts: a ``PaymentFacts``
        :return: a ``PaymentPart``
        """
        return plain_part(
            facts,
            PlainLabels(
                heading=self.env._("Payment"),
                payee=self.env._("To"),
                payer=self.env._("From"),
                account=self.env._("To account"),
                reference=self.env._("Payment reference"),
                amount=self.env._("Amount"),
                due=self.env._("Due date"),
            ),
        )

    def _own_numbers(self):
        """Under which numbers it is paid to, for the foot of a notice: (label, value) pairs."""
        account = self.partner_bank_id
        numbers = [(self.env._("Account"), account.acc_number), ("BIC", account.bank_bic)]
        return [(label, value) for label, value in numbers if value]

    def _reference_label(self):
        """What payers call the reference."""
        return self.env._("Payment reference")
