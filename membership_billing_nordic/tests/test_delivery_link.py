from odoo.tests import HttpCase, freeze_time, tagged

from .delivery_common import DeliveryCommon


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestDeliveryLink(DeliveryCommon, HttpCase):
    def test_the_link_of_an_sms_leads_to_the_invoice_without_a_login(self):
        self._steps("sms")
        invoice = self._invoices(self._member("Ola", "sms"))
        self._send()
        path = invoice.mbn_short_url[len(invoice.get_base_url()) :]
        answer = self.url_open(path, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertIn(f"/my/invoices/{invoice.id}?access_token=", answer.headers["Location"])
        page = self.url_open(answer.headers["Location"])
        self.assertEqual(page.status_code, 200)
        self.assertIn(invoice.name, page.text)

    def test_a_guessed_link_leads_nowhere(self):
        self.assertEqual(self.url_open("/mi/AAAAAAAAAA").status_code, 404)
