"""E-invoices of Danish associations: OIOUBL and Peppol, with the payment slip (FI)."""

from odoo import models
from odoo.addons.membership_billing_nordic.models.bank.bank_agreement_einvoice import (
    DIRECT_DEBIT,
    EInvoicePayment,
)

from ..formats import fi
from .bank_connection import SCHEME

PAYMENT_SLIP = "93"  # FIK
_AGENCY = "320"
_CVR = "0184"


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _einvoice_payment(self, invoice):
        if self.scheme != SCHEME:
            return super()._einvoice_payment(invoice)
        line = fi.read_line(self._fi_line(invoice.payment_reference))
        if not line:
            return super()._einvoice_payment(invoice)
        return EInvoicePayment(PAYMENT_SLIP, line.payment_id, line.creditor, kind=line.card_type)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _l10n_dk_cvr(self):
        """The eight digits of the CVR number; empty without."""
        self.ensure_one()
        for value in (self.company_registry, self.vat):
            digits = "".join(char for char in value or "" if char.isdigit())
            if len(digits) == 8:
                return digits
        return ""

    def _get_peppol_endpoint_value(self, country_code, field, eas):
        value = super()._get_peppol_endpoint_value(country_code, field, eas)
        if eas == _CVR and not value:
            return self._l10n_dk_cvr()
        return value


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    def _mbn_einvoice_networks(self):
        return ["nemhandel", *super()._mbn_einvoice_networks()]

    def _mbn_is_on_network(self, network, company):
        if network != "nemhandel":
            return super()._mbn_is_on_network(network, company)
        return company.l10n_dk_nemhandel_proxy_state == "receiver"


class AccountEdiXmlUBL20(models.AbstractModel):
    _inherit = "account.edi.xml.ubl_20"

    def _mbn_is_outside_vat(self, partner):
        is_outside = partner.country_code == "DK" and not partner.vat
        return is_outside or super()._mbn_is_outside_vat(partner)

    def _mbn_payment_means_node(self, payment, usual, vals):
        node = super()._mbn_payment_means_node(payment, usual, vals)
        is_oioubl = self._name in ("account.edi.xml.oioubl_201", "account.edi.xml.oioubl_21")
        if not is_oioubl:
            return node
        if payment.code == PAYMENT_SLIP:
            return self._l10n_dk_payment_slip(payment, node)
        if payment.code == DIRECT_DEBIT:  # of the code list paymentmeanscode-1.1
            names = ("cbc:PaymentMeansCode", "cbc:PaymentDueDate")
            return {name: node[name] for name in names}
        return usual

    def _l10n_dk_payment_slip(self, payment, node):
        """A payment slip as OIOUBL has it: the digits of its line each in their element."""
        return {
            "cbc:PaymentMeansCode": node["cbc:PaymentMeansCode"],
            "cbc:PaymentDueDate": node["cbc:PaymentDueDate"],
            "cbc:PaymentChannelCode": {
                "_text": "DK:FIK",
                "listID": "urn:oioubl:codelist:paymentchannelcode-1.1",
                "listAgencyID": _AGENCY,
            },
            "cbc:InstructionID": {"_text": payment.reference},
            "cbc:PaymentID": {
                "_text": payment.kind,
                "schemeID": "urn:oioubl:id:paymentid-1.1",
                "schemeAgencyID": _AGENCY,
            },
            "cac:CreditAccount": {"cbc:AccountID": {"_text": payment.account}},
        }


class AccountEdiXmlUblBis3(models.AbstractModel):
    _inherit = "account.edi.xml.ubl_bis3"

    def _mbn_legal_id(self, partner):
        number, scheme = super()._mbn_legal_id(partner)
        return (partner._l10n_dk_cvr(), _CVR) if partner.country_code == "DK" else (number, scheme)


class AccountEdiXmlOioubl201(models.AbstractModel):
    """OIOUBL of associations with a CVR number that are not registered for VAT, and to members
    without any number."""

    _inherit = "account.edi.xml.oioubl_201"

    def _export_invoice_constraints(self, invoice, vals):
        constraints = super()._export_invoice_constraints(invoice, vals)
        for role in ("supplier", "customer"):
            partner = vals[role].commercial_partner_id
            if not partner.vat and (partner._l10n_dk_cvr() or partner.peppol_endpoint):
                constraints.pop(f"oioubl201_{role}_vat_required", None)
        return constraints

    def _get_party_node(self, vals):
        node = super()._get_party_node(vals)
        partner = vals["partner"].commercial_partner_id
        if partner.vat or partner.country_code != "DK":
            return node
        cvr = partner._l10n_dk_cvr()
        node["cac:PartyTaxScheme"] = None
        if cvr:
            number = {"_text": f"DK{cvr}", "schemeID": "DK:CVR"}
            node["cac:PartyLegalEntity"]["cbc:CompanyID"] = number
            if not vals["partner"].peppol_endpoint:
                node["cbc:EndpointID"] = number
        else:
            node["cac:PartyLegalEntity"] = None
        return node
