"""Odoo's e-invoices, with our references and means of payment in the elements for them."""

from odoo import models

from ..bank.bank_agreement_einvoice import DIRECT_DEBIT, EInvoicePayment

OUTSIDE_VAT = "O"  # UN/CEFACT 5305: services outside scope of tax
# What core's template leaves out, in the order of the schema.
_PAYMENT_MEANS = (
    "cbc:ID",
    "cbc:PaymentMeansCode",
    "cbc:PaymentDueDate",
    "cbc:PaymentChannelCode",
    "cbc:InstructionID",
    "cbc:InstructionNote",
    "cbc:PaymentID",
    "cac:PayeeFinancialAccount",
    "cac:CreditAccount",
    "cac:PaymentMandate",
)
_PARTS = {
    "cac:CreditAccount": {"cbc:AccountID": {}},
    "cac:PaymentMandate": {"cbc:ID": {}},
}


class AccountMove(models.Model):
    _inherit = "account.move"

    def _mbn_einvoice_payment(self):
        """How an e-invoice says that this is paid: an ``EInvoicePayment``, or None."""
        self.ensure_one()
        order = self.sudo().mbn_order_ids.filtered(lambda row: row.state in ("planned", "sent"))
        mandate = order.mandate_id[:1]
        if self.mbn_debit_date and mandate:
            known = mandate.reference or mandate.number or mandate.payer_number or ""
            return EInvoicePayment(DIRECT_DEBIT, order[0].reference or self.name, mandate=known)
        agreement = self.sudo().mbn_agreement_id
        return agreement._einvoice_payment(self) if agreement else None


class AccountEdiXmlUBL20(models.AbstractModel):
    """All of Odoo's UBL documents, national ones as well."""

    _inherit = "account.edi.xml.ubl_20"

    def _mbn_is_outside_vat(self, partner):
        """Whether ``partner`` sells without being registered for VAT. Countries know."""
        return False

    def _invoice_constraints_common(self, invoice):
        """Fees of members have no tax: they are exempt, or their association is."""
        constraints = super()._invoice_constraints_common(invoice)
        if invoice.mbn_agreement_id or self._mbn_is_outside_vat(invoice.company_id.partner_id):
            constraints.pop("tax_on_line", None)
        return constraints

    def _get_document_template(self, vals):
        template = super()._get_document_template(vals)
        known = template.get("cac:PaymentMeans")
        if not known:
            return template
        means = {name: known.get(name, _PARTS.get(name, {})) for name in _PAYMENT_MEANS}
        return {**template, "cac:PaymentMeans": means}

    def _get_invoice_node(self, vals):
        document_node = super()._get_invoice_node(vals)
        invoice = vals["invoice"]
        if vals["document_type"] == "invoice":
            payment = invoice._mbn_einvoice_payment()
            if payment and document_node.get("cac:PaymentMeans"):
                document_node["cac:PaymentMeans"] = self._mbn_payment_means_node(
                    payment, document_node["cac:PaymentMeans"], vals
                )
        elif vals["document_type"] == "credit_note" and invoice.reversed_entry_id:
            credited = invoice.reversed_entry_id
            document_node["cac:BillingReference"] = {
                "cac:InvoiceDocumentReference": {
                    "cbc:ID": {"_text": credited.name},
                    "cbc:IssueDate": {"_text": credited.invoice_date},
                }
            }
        return document_node

    def _get_financial_account_node(self, vals):
        node = super()._get_financial_account_node(vals)
        node["cbc:ID"] = {"_text": vals["partner_bank"].sanitized_acc_number}
        return node

    def _mbn_payment_means_node(self, payment, usual, vals):
        """The element that says how the document is paid.

        :param payment: an ``EInvoicePayment``
        :param usual: what Odoo made of it
        """
        node = {
            "cbc:PaymentMeansCode": {"_text": payment.code},
            "cbc:PaymentDueDate": usual.get("cbc:PaymentDueDate"),
            "cbc:PaymentID": {"_text": self._mbn_payment_id(payment)},
        }
        if payment.mandate:
            node["cac:PaymentMandate"] = {"cbc:ID": {"_text": payment.mandate}}
        if payment.account:
            node["cac:PayeeFinancialAccount"] = {
                "cbc:ID": {"_text": payment.account},
                "cac:FinancialInstitutionBranch": {"cbc:ID": {"_text": payment.branch}},
            }
        return node

    def _mbn_payment_id(self, payment):
        return f"{payment.kind}#{payment.reference}" if payment.kind else payment.reference


class AccountEdiXmlUblBis3(models.AbstractModel):
    """Peppol BIS Billing 3, also of those who are not registered for VAT."""

    _inherit = "account.edi.xml.ubl_bis3"

    def _mbn_legal_id(self, partner):
        """Pair of registration number of ``partner`` and the scheme it is in; may be empty."""
        digits = "".join(char for char in partner.company_registry or "" if char.isalnum())
        return digits or partner.peppol_endpoint or "", ""

    def _add_invoice_header_nodes(self, document_node, vals):
        result = super()._add_invoice_header_nodes(document_node, vals)
        invoice = vals["invoice"]
        if not document_node["cbc:BuyerReference"]["_text"]:
            # Receivers demand one; it is what the payer knows of the membership.
            known = invoice.partner_id.mbn_member_number or invoice.payment_reference
            document_node["cbc:BuyerReference"] = {"_text": known}
        return result

    def _get_party_node(self, vals):
        node = super()._get_party_node(vals)
        partner = vals["partner"].commercial_partner_id
        supplier = vals["supplier"].commercial_partner_id
        # Who is outside VAT names neither an own number nor the buyer's.
        if self._mbn_is_outside_vat(supplier) or not partner.vat:
            node["cac:PartyTaxScheme"] = []
        if vals["role"] == "supplier" and self._mbn_is_outside_vat(partner):
            number, scheme = self._mbn_legal_id(partner)
            node["cac:PartyLegalEntity"]["cbc:CompanyID"] = {
                "_text": number,
                "schemeID": scheme or None,
            }
        return node

    def _get_tax_category_code(self, customer, supplier, tax):
        if self._mbn_is_outside_vat(supplier) and not (tax and tax.amount):
            return OUTSIDE_VAT
        return super()._get_tax_category_code(customer, supplier, tax)

    def _get_tax_exemption_reason(self, customer, supplier, tax):
        if self._get_tax_category_code(customer, supplier, tax) == OUTSIDE_VAT:
            return {
                "tax_exemption_reason_code": "VATEX-EU-O",
                "tax_exemption_reason": "Not subject to VAT",
            }
        return super()._get_tax_exemption_reason(customer, supplier, tax)

    def _ubl_default_tax_category_grouping_key(self, base_line, tax_data, vals, currency):
        key = super()._ubl_default_tax_category_grouping_key(base_line, tax_data, vals, currency)
        if key and key["tax_category_code"] == OUTSIDE_VAT:
            key["percent"] = None  # what is not subject to VAT has no rate, not even 0
        return key
