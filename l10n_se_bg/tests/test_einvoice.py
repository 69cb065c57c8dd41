from odoo.addons.membership_billing_nordic.tests.einvoice_common import NAMES, EInvoiceChecks
from odoo.tests import tagged

from .common import SwedenCommon

BUILDER = "account.edi.xml.ubl_bis3"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEInvoice(EInvoiceChecks, SwedenCommon):
    """Peppol invoices of a Swedish association that is not registered for VAT."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        address = {
            "street": "Storgatan 1",
            "zip": "11122",
            "city": "Stockholm",
            "country_id": cls.env.ref("base.se").id,
        }
        cls.company.partner_id.write(address | {"vat": False, "company_registry": "802002-4280"})
        cls.customer = cls._payer("Bolaget AB", company_registry="5560160680", **address)

    def test_bankgiro_and_ocr_number_are_in_their_elements(self):
        invoice = self._invoice(self.customer, 500, invoice_date_due="2026-10-01")
        root = self._einvoice(invoice, BUILDER)
        means = root.find("cac:PaymentMeans", NAMES)
        account = means.find("cac:PayeeFinancialAccount", NAMES)
        self.assertEqual(
            (
                self._text(means, "cbc:PaymentMeansCode"),
                self._text(means, "cbc:PaymentID"),
                self._text(account, "cbc:ID"),
                self._text(account, "cac:FinancialInstitutionBranch/cbc:ID"),
            ),
            ("30", invoice.payment_reference.replace(" ", ""), "9912346", "SE:BANKGIRO"),
        )
        supplier = root.find("cac:AccountingSupplierParty/cac:Party", NAMES)
        self.assertEqual(self._text(supplier, "cbc:EndpointID"), "8020024280")
        self.assertEqual(self._text(supplier, "cac:PartyLegalEntity/cbc:CompanyID"), "8020024280")
        self.assertIsNone(supplier.find("cac:PartyTaxScheme", NAMES))
