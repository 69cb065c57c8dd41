from odoo import Command
from odoo.addons.membership_billing_nordic.tests.einvoice_common import NAMES, EInvoiceChecks
from odoo.tests import tagged

from .common import NorwayCommon

BUILDER = "account.edi.xml.ubl_bis3"
ORGANISATION = "974760673"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEInvoice(EInvoiceChecks, NorwayCommon):
    """EHF of a Norwegian association to a company that pays for a member."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.norway = cls.env.ref("base.no")
        address = {
            "street": "Storgata 1",
            "zip": "0155",
            "city": "Oslo",
            "country_id": cls.norway.id,
        }
        cls.company.partner_id.write(address | {"vat": False, "company_registry": ORGANISATION})
        cls.customer = cls._payer("Bedrift AS", vat="NO923609016MVA", **address)

    def _send_invoice(self, **vals):
        return self._invoice(self.customer, 500, invoice_date_due="2026-02-01", **vals)

    def test_an_association_outside_the_vat_register(self):
        invoice = self._send_invoice()
        root = self._einvoice(invoice, BUILDER)
        means = root.find("cac:PaymentMeans", NAMES)
        self.assertEqual(self._text(means, "cbc:PaymentMeansCode"), "30")
        self.assertEqual(
            self._text(means, "cbc:PaymentID"), invoice.payment_reference.replace(" ", "")
        )
        self.assertEqual(
            self._text(means, "cac:PayeeFinancialAccount/cbc:ID"), self.kid_agreement.account_number
        )
        supplier = root.find("cac:AccountingSupplierParty/cac:Party", NAMES)
        self.assertEqual(self._text(supplier, "cbc:EndpointID"), ORGANISATION)
        self.assertEqual(self._texts(supplier, "cac:PartyTaxScheme"), [])
        legal = supplier.find("cac:PartyLegalEntity/cbc:CompanyID", NAMES)
        self.assertEqual((legal.text, legal.get("schemeID")), (ORGANISATION, "0192"))
        category = root.find("cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory", NAMES)
        self.assertEqual(self._text(category, "cbc:ID"), "O")
        self.assertEqual(self._text(category, "cbc:TaxExemptionReasonCode"), "VATEX-EU-O")
        self.assertIsNone(self._text(category, "cbc:Percent"))
        customer = root.find("cac:AccountingCustomerParty/cac:Party", NAMES)
        self.assertEqual(self._text(customer, "cbc:EndpointID"), "923609016")
        self.assertEqual(self._texts(customer, "cac:PartyTaxScheme"), [])
        self.assertEqual(self._text(root, "cac:LegalMonetaryTotal/cbc:PayableAmount"), "500.00")
        self.assertTrue(self._text(root, "cbc:BuyerReference"))

    def test_one_in_the_vat_register(self):
        self.company.partner_id.vat = f"NO{ORGANISATION}MVA"
        tax = self.company_data["default_tax_sale"]
        lines = [Command.create({"name": "Fee", "price_unit": 400, "tax_ids": tax.ids})]
        root = self._einvoice(self._send_invoice(invoice_line_ids=lines), BUILDER)
        schemes = root.findall(
            "cac:AccountingSupplierParty/cac:Party/cac:PartyTaxScheme/cbc:CompanyID", NAMES
        )
        self.assertEqual(
            [one.text for one in schemes], [f"NO{ORGANISATION}MVA", "Foretaksregisteret"]
        )
        self.assertEqual(
            self._text(root, "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory/cbc:ID"), "S"
        )

    def test_without_any_number_the_reason_is_told(self):
        self.company.partner_id.company_registry = False
        _content, errors = self.env[BUILDER]._export_invoice(self._send_invoice())
        self.assertTrue(any("organisation number" in str(error) for error in errors), errors)

    def test_a_credit_note_names_its_invoice(self):
        invoice = self._send_invoice()
        note = invoice._reverse_moves([{"invoice_date": "2026-01-20"}])
        note.action_post()
        root = self._einvoice(note, BUILDER)
        self.assertEqual(
            self._text(root, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID"),
            invoice.name,
        )
        self.assertEqual(self._text(root, "cbc:CreditNoteTypeCode"), "381")
        self.assertEqual(self._text(root, "cac:PaymentMeans/cbc:PaymentMeansCode"), "57")
        self.assertIsNone(self._text(root, "cbc:DueDate"))

    def test_what_is_debited_names_the_mandate(self):
        self.kid_agreement.debit_out = True
        self.env["direct.debit.mandate"].create(
            {"agreement_id": self.kid_agreement.id, "partner_id": self.customer.id}
        ).action_activate()
        today = self.company._billing_today()
        invoice = self._invoice(
            self.customer, 500, invoice_date=today, invoice_date_due=today.replace(year=2099)
        )
        self.assertTrue(invoice.mbn_debit_date)
        root = self._einvoice(invoice, BUILDER)
        means = root.find("cac:PaymentMeans", NAMES)
        self.assertEqual(self._text(means, "cbc:PaymentMeansCode"), "49")
        self.assertTrue(self._text(means, "cac:PaymentMandate/cbc:ID"))
        self.assertIsNone(means.find("cac:PayeeFinancialAccount", NAMES))
