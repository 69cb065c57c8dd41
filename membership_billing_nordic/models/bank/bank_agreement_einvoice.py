from typing import NamedTuple

from odoo import models

CREDIT_TRANSFER = "30"  # UN/CEFACT 4461
DIRECT_DEBIT = "49"


class EInvoicePayment(NamedTuple):
    """How an e-invoice says that it is paid."""

    code: str  # UN/CEFACT 4461
    reference: str  # as payers enter it
    account: str = ""
    branch: str = ""  # the bank, or the kind of account number
    kind: str = ""  # the kind of payment form, where the reference does not tell it
    mandate: str = ""


class BankAgreement(models.Model):
    """What e-invoices say of paying to an agreement. Countries know their own numbers."""

    _inherit = "bank.agreement"

    def _einvoice_payment(self, invoice):
        """How ``invoice`` is paid to this agreement: an :class:`EInvoicePayment`, or None."""
        self.ensure_one()
        account = self.sudo().partner_bank_id
        if not account:
            return None
        reference = "".join((invoice.payment_reference or "").split()) or invoice.name
        return EInvoicePayment(
            CREDIT_TRANSFER, reference, account.sanitized_acc_number, account.bank_bic or ""
        )
