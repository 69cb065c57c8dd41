from odoo.addons.membership_billing_nordic.tests.einvoice_common import NAMES, EInvoiceChecks
from odoo.tests import tagged

from .common import FI_CREDITOR, DenmarkCommon

OIOUBL, BIS3 = "account.edi.xml.oioubl_201", "account.edi.xml.ubl_bis3"
CVR = "13585628"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEInvoice(EInvoiceChecks, DenmarkCommon):
    """OIOUBL of a Danish association that has a CVR number and is not registered for VAT."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        address = {
            "street": "Prøvevej 1",
            "zip": "8000",
            "city": "Aarhus C",
            "country_id": cls.env.ref("base.dk").id,
        }
        cls.company.partner_id.write(address | {"vat": False, "company_registry": CVR})
        # A municipality is reached by a location code.
        cls.customer = cls._payer(
            "Aarhus Kommune", peppol_eas="0088", peppol_endpoint="5798005770220", **address
        )

    def _due_invoice(self):
        return self._due(self.customer)

    def test_the_payment_slip_is_in_its_elements(self):
        invoice = self._due_invoice()
        root = self._einvoice(invoice, OIOUBL, "2.0")
        means = root.find("cac:PaymentMeans", NAMES)
        self.assertEqual(
            [
                self._text(means, f"cbc:{name}")
                for name in ("PaymentMeansCode", "PaymentChannelCode", "PaymentID", "InstructionID")
            ],
            ["93", "DK:FIK", "71", invoice.payment_reference.replace(" ", "").zfill(15)],
        )
        self.assertEqual(self._text(means, "cac:CreditAccount/cbc:AccountID"), FI_CREDITOR)
        supplier = root.find("cac:AccountingSupplierParty/cac:Party", NAMES)
        legal = supplier.find("cac:PartyLegalEntity/cbc:CompanyID", NAMES)
        self.assertEqual((legal.text, legal.get("schemeID")), (f"DK{CVR}", "DK:CVR"))
        self.assertIsNone(supplier.find("cac:PartyTaxScheme", NAMES))
        endpoint = root.find("cac:AccountingCustomerParty/cac:Party/cbc:EndpointID", NAMES)
        self.assertEqual((endpoint.text, endpoint.get("schemeID")), ("5798005770220", "GLN"))

    def test_an_invoice_that_is_debited_says_direct_debit(self):
        self._mandate(self.customer)
        invoice = self._due_invoice()
        self.assertTrue(invoice.mbn_debit_date)
        means = self._einvoice(invoice, OIOUBL, "2.0").findall("cac:PaymentMeans", NAMES)
        self.assertEqual([self._text(one, "cbc:PaymentMeansCode") for one in means], ["49"])
        due = self._text(means[0], "cbc:PaymentDueDate")
        self.assertEqual(due, str(invoice.invoice_date_due))
        self.assertIsNone(means[0].find("cac:CreditAccount", NAMES))
        self.assertIsNone(means[0].find("cbc:PaymentChannelCode", NAMES))

    def test_peppol_has_the_slip_as_danish_receivers_read_it(self):
        invoice = self._due_invoice()
        root = self._einvoice(invoice, BIS3)
        means = root.find("cac:PaymentMeans", NAMES)
        number = invoice.payment_reference.replace(" ", "").zfill(15)
        self.assertEqual(self._text(means, "cbc:PaymentMeansCode"), "93")
        self.assertEqual(self._text(means, "cbc:PaymentID"), f"71#{number}")
        self.assertEqual(self._text(means, "cac:PayeeFinancialAccount/cbc:ID"), FI_CREDITOR)
        legal = root.find(
            "cac:AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyID", NAMES
        )
        self.assertEqual((legal.text, legal.get("schemeID")), (CVR, "0184"))

    def test_credit_notes_are_lawful_too(self):
        note = self._due_invoice()._reverse_moves([{"invoice_date": "2026-10-20"}])
        note.action_post()
        for builder, version in ((OIOUBL, "2.0"), (BIS3, "2.1")):
            root = self._einvoice(note, builder, version)
            reference = "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID"
            self.assertEqual(self._text(root, reference), note.reversed_entry_id.name)
