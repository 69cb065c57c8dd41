"""EHF: e-invoices of Norwegian associations, in the VAT register or not."""

from odoo import models
from odoo.addons.membership_billing_nordic.models.bank.bank_agreement_einvoice import (
    CREDIT_TRANSFER,
    EInvoicePayment,
)
from stdnum.no import orgnr

from .bank_connection import SCHEME

_EAS = "0192"


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _einvoice_payment(self, invoice):
        if self.scheme != SCHEME or not self.account_number:
            return super()._einvoice_payment(invoice)
        kid = "".join((invoice.payment_reference or "").split()) or invoice.name
        return EInvoicePayment(CREDIT_TRANSFER, kid, self.account_number)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _l10n_no_organisation_number(self):
        """The nine digits of the organisation number, wherever they stand; empty without."""
        self.ensure_one()
        for value in (self.l10n_no_bronnoysund_number, self.company_registry, self.vat):
            digits = "".join(char for char in value or "" if char.isdigit())
            if orgnr.is_valid(digits):
                return digits
        return ""

    def _get_peppol_endpoint_value(self, country_code, field, eas):
        value = super()._get_peppol_endpoint_value(country_code, field, eas)
        if eas == _EAS and not value:
            return self._l10n_no_organisation_number()
        return value


class AccountEdiXmlUBL20(models.AbstractModel):
    _inherit = "account.edi.xml.ubl_20"

    def _mbn_is_outside_vat(self, partner):
        is_outside = partner.country_code == "NO" and not partner.vat
        return is_outside or super()._mbn_is_outside_vat(partner)


class AccountEdiXmlUblBis3(models.AbstractModel):
    _inherit = "account.edi.xml.ubl_bis3"

    def _mbn_legal_id(self, partner):
        if partner.country_code != "NO":
            return super()._mbn_legal_id(partner)
        return partner._l10n_no_organisation_number(), _EAS

    def _invoice_constraints_peppol_en16931_ubl(self, invoice, vals):
        """NO-R-001 is about VAT numbers: it asks for none where there is none."""
        constraints = super()._invoice_constraints_peppol_en16931_ubl(invoice, vals)
        supplier = vals["supplier"]
        if self._mbn_is_outside_vat(supplier) and supplier.country_code == "NO":
            constraints.pop("no_r_001", None)
            if not supplier._l10n_no_organisation_number():
                constraints["l10n_no_organisation_number"] = self.env._(
                    "Enter the organisation number (9 digits) of %(name)s.", name=supplier.name
                )
        return constraints
