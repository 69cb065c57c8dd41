from unittest.mock import patch

from odoo.tests import tagged

from .delivery_common import DeliveryCommon

NETWORK = "einvoice"  # stands for Peppol, which need not be installed


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEInvoiceDelivery(DeliveryCommon):
    """Payers who want e-invoices; the network is played by the test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["billing.delivery.step"].create({"channel": "email"})

    def setUp(self):
        super().setUp()
        self.sent = []
        send = type(self.env["account.move.send"])
        self.patch(send, "_mbn_einvoice_network", lambda _send, move: NETWORK)
        self.patch(send, "_call_web_service_after_invoice_pdf_render", self._network)

    def _network(self, invoices_data):
        for invoice, data in invoices_data.items():
            content = data.get("ubl_cii_xml_attachment_values", {}).get("raw")
            if NETWORK in data["sending_methods"]:
                self.sent.append((invoice, content))
                if self.refusal:
                    data["error"] = {"error_title": self.refusal}

    refusal = ""

    def _wanting(self, **vals):
        belgium = self.env.ref("base.be")
        vals = {"vat": "BE0477472701", "invoice_edi_format": "ubl_bis3"} | vals
        payer = self._member("Firma", "email", "letter", **vals)
        payer.country_id = belgium
        payer.invoice_sending_method = "einvoice"
        return payer

    def _invoice_of(self, payer):
        self.company.partner_id.write(
            {"vat": "BE0477472701", "country_id": self.env.ref("base.be").id}
        )
        return self._invoices(payer)

    def test_it_is_made_and_sent_and_logged(self):
        invoice = self._invoice_of(self._wanting())
        self._send()
        self.assertEqual(self._log(invoice), [("einvoice", "sent")])
        self.assertEqual(invoice.mbn_send_state, "sent")
        self.assertEqual(self._last(invoice).address, "0208:0477472701")
        ((sent, content),) = self.sent
        self.assertEqual(sent, invoice)
        self.assertIn(invoice.payment_reference.encode(), content)
        self.assertEqual(invoice.ubl_cii_xml_id.raw[:5], b"<?xml")

    def test_without_an_address_the_next_channel_is_used(self):
        payer = self._wanting(vat=False)
        payer.peppol_endpoint = False
        invoice = self._invoice_of(payer)
        self._send()
        self.assertEqual(self._log(invoice), [("einvoice", "failed"), ("email", "sent")])
        self.assertFalse(self.sent)

    def test_what_the_network_refuses_goes_by_the_next_channel(self):
        self.refusal = "Participant not ready"
        invoice = self._invoice_of(self._wanting())
        self._send()
        self.assertEqual(self._log(invoice), [("einvoice", "failed"), ("email", "sent")])
        self.assertIn("Participant not ready", invoice.mbn_delivery_ids.sorted("id")[0].reason)
        notes = "".join(invoice.message_ids.mapped("body"))
        self.assertIn("the next channel is used", notes)

    def test_what_cannot_be_made_goes_by_the_next_channel(self):
        builder = type(self.env["account.edi.xml.ubl_bis3"])
        invoice = self._invoice_of(self._wanting())
        with patch.object(builder, "_export_invoice", lambda _self, move: (b"", {"No country"})):
            self._send()
        self.assertEqual(self._log(invoice), [("einvoice", "failed"), ("email", "sent")])
        self.assertIn("No country", invoice.mbn_delivery_ids.sorted("id")[0].reason)

    def _refuse_later(self, invoice, why):
        """As Odoo notes it when it asks the network what became of the document."""
        state = next(
            (name for name in ("peppol_move_state", "nemhandel_move_state") if name in invoice),
            None,
        )
        if not state:
            self.skipTest("no network of e-invoices is installed")
        invoice[state] = "error"
        invoice._message_log(body=why)

    def test_what_the_network_refuses_later_goes_by_the_next_channel_once(self):
        invoice = self._invoice_of(self._wanting())
        self._send()
        self.assertEqual(self._log(invoice), [("einvoice", "sent")])
        self._refuse_later(invoice, "Peppol error: the recipient is unknown")
        for _again in range(2):
            self._send()
            self.assertEqual(self._log(invoice), [("einvoice", "failed"), ("email", "sent")])
        reason = invoice.mbn_delivery_ids.sorted("id")[0].reason
        self.assertIn("the recipient is unknown", reason)
        self.assertEqual(invoice.mbn_send_state, "sent")

    def test_a_late_refusal_without_another_channel_is_on_the_desk(self):
        payer = self._wanting()
        invoice = self._invoice_of(payer)
        self._send()
        payer.write({"email": False, "street": False, "zip": False, "city": False})
        self._refuse_later(invoice, "Peppol error: the recipient is unknown")
        self._send()
        self.assertEqual(invoice.mbn_send_state, "portal")
        [todo] = self.env["billing.exception"].search(
            [("kind", "=", "billing_invoice_unsent"), ("state", "=", "open")]
        )
        self.assertEqual(todo._record(), invoice.mbn_run_id)

    def test_a_late_refusal_of_what_is_paid_meanwhile_sends_nothing(self):
        invoice = self._invoice_of(self._wanting())
        self._send()
        self._pay(invoice)
        self._refuse_later(invoice, "Peppol error: the recipient is unknown")
        self._send()
        self.assertEqual(self._log(invoice), [("einvoice", "failed")])
