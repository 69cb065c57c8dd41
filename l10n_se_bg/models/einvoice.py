"""Peppol invoices of Swedish associations, registered for VAT or not."""

from odoo import models
from odoo.addons.membership_billing_nordic.models.bank.bank_agreement_einvoice import (
    CREDIT_TRANSFER,
    EInvoicePayment,
)

from .bank_connection import SCHEME

# Kinds of account numbers, as Swedish receivers of Peppol invoices know them.
_BANKGIRO = "SE:BANKGIRO"
_EAS = "0007"


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _einvoice_payment(self, invoice):
        if self.scheme != SCHEME or not self.number:
            return super()._einvoice_payment(invoice)
        ocr = "".join((invoice.payment_reference or "").split()) or invoice.name
        number = "".join(char for char in self.number if char.isdigit())
        return EInvoicePayment(CREDIT_TRANSFER, ocr, number, _BANKGIRO)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _get_peppol_endpoint_value(self, country_code, field, eas):
        """Organisation numbers are written with a hyphen, and addresses have none."""
        value = super()._get_peppol_endpoint_value(country_code, field, eas)
        if eas != _EAS or not value:
            return value
        return "".join(char for char in value if char.isdigit())


class AccountEdiXmlUBL20(models.AbstractModel):
    _inherit = "account.edi.xml.ubl_20"

    def _mbn_is_outside_vat(self, partner):
        is_outside = partner.country_code == "SE" and not partner.vat
        return is_outside or super()._mbn_is_outside_vat(partner)


class AccountEdiXmlUblBis3(models.AbstractModel):
    _inherit = "account.edi.xml.ubl_bis3"

    def _mbn_legal_id(self, partner):
        number, scheme = super()._mbn_legal_id(partner)
        return number, _EAS if partner.country_code == "SE" else scheme
