import re

from odoo.tests import HttpCase, tagged

from .common import BillingCommon

IBAN = "NO9386011117947"


@tagged("post_install", "-at_install")
class TestRefundLink(BillingCommon, HttpCase):
    """The page on which a payer without a log-in enters an account."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agreement.transfer_out = True
        cls.payer.write(
            {
                "email": "kari@example.com",
                "city": "Oslo",
                "country_id": cls.env.ref("base.no").id,
            }
        )
        cls._invoice(cls.payer, 300, move_type="out_refund")
        cls.refund = cls.env["bank.refund"]._propose(
            cls.company, cls.payer, cls.agreement.currency_id, 300
        )
        cls.path = "/" + cls.refund._account_link().partition("://")[2].partition("/")[2]

    def _enter(self, account):
        page = self.url_open(self.path)
        self.assertEqual(page.status_code, 200)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        data = {"csrf_token": token, "kind": "iban", "account": account}
        return self.url_open(self.path, data=data)

    def test_the_payer_enters_an_account_once_and_nobody_is_shown_one(self):
        self.assertEqual(self.refund.state, "asked")
        wrong = self._enter("NO9386011117948")
        self.assertIn("no valid account", wrong.text)
        self.assertEqual(wrong.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(wrong.headers["Cache-Control"], "no-store")
        done = self._enter("NO93 8601 1117 947")
        self.assertIn('name="done"', done.text)
        self.assertNotIn("1117947", done.text)
        self.refund.invalidate_recordset()
        self.assertRecordValues(
            self.refund,
            [{"state": "proposed", "account_number": IBAN, "account_source": "link"}],
        )
        self.assertFalse(self.refund.partner_bank_id.allow_out_payment)

    def test_the_page_speaks_the_payers_language(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.payer.lang = "nb_NO"
        self.assertIn("300,00", self.url_open(self.path).text)

    def test_a_link_of_nobody_opens_nothing(self):
        page = self.url_open(self.path[:-4] + "abcd")
        self.assertEqual(page.status_code, 404)
        self.assertIn("does not work any more", page.text)
        self.refund.action_cancel()
        self.assertEqual(self.url_open(self.path).status_code, 404)
