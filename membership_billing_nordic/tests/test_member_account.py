"""The account of a payer: on screen, on paper and on the portal it is what the ledger says."""

from datetime import date

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from .bank_file_common import BankFileCommon
from .dunning_common import DunningCommon


@tagged("post_install", "-at_install")
class TestMemberAccount(BankFileCommon):
    """An invoice paid too high, the placement taken back, and a credit note of February."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._invoice(cls.payer, 450)

    def _lines(self, payer=None):
        payer = payer or self.payer
        return self.env["member.account.line"].search(
            [("partner_id", "=", payer.id)], order="date, id"
        )

    def _pay(self, amount):
        message = self._payment(amount, self.invoice.payment_reference)
        self.assertTrue(self._receive(self._content(message), f"{amount}.txt")._process())
        return self._stored(message)

    def _credit(self, amount):
        return self._invoice(self.payer, amount, move_type="out_refund", invoice_date="2026-02-20")

    def test_each_line_tells_what_it_is_and_what_stands_after_it(self):
        self._pay(500)
        self._credit(70)
        self.assertRecordValues(
            self._lines(),
            [
                {"kind": "invoice", "charged": 450, "paid": 0, "balance": 450, "amount_open": 0},
                {"kind": "payment", "charged": 0, "paid": 450, "balance": 0, "amount_open": 0},
                {"kind": "payment", "charged": 0, "paid": 50, "balance": -50, "amount_open": -50},
                {"kind": "credit", "charged": 0, "paid": 70, "balance": -120, "amount_open": -70},
            ],
        )
        self.assertEqual(self._lines()[0].document, self.invoice.name)
        self.assertEqual(self._lines()[0].due_date, self.invoice.invoice_date_due)

    def test_a_placement_that_is_undone_stays_visible(self):
        self._pay(450).action_undo()
        self.assertEqual(
            self._lines().mapped(lambda line: (line.kind, line.balance)),
            [("invoice", 450), ("payment", 0), ("undone", 450)],
        )

    def test_the_statement_of_a_span_begins_with_what_stood(self):
        self._pay(500)
        self._credit(70)
        quiet = self._payer("Ola Nordmann")
        late, early = date(2026, 2, 15), date(2026, 2, 14)
        both = self.payer | quiet
        (whole,) = both._mbn_statements(self.company)
        self.assertEqual((whole.opening, whole.closing, len(whole.movements)), (0, -120, 4))
        (part,) = both._mbn_statements(self.company, since=late)
        self.assertEqual((part.opening, part.closing, len(part.movements)), (-50, -120, 1))
        (before,) = both._mbn_statements(self.company, until=early)
        self.assertEqual((before.opening, before.closing, len(before.movements)), (0, -50, 3))
        (after,) = both._mbn_statements(self.company, since=date(2026, 3, 1))
        self.assertEqual((after.opening, after.closing, after.movements), (-120, -120, []))

    def test_each_currency_and_each_company_has_an_account_of_its_own(self):
        other = self.setup_other_currency("EUR")
        self._invoice(self.payer, 30, currency_id=other.id)
        self.assertEqual(
            {
                statement.currency_id: statement.closing
                for statement in self.payer._mbn_statements(self.company)
            },
            {self.company.currency_id.id: 450, other.id: 30},
        )
        elsewhere = self._create_company(name="Elsewhere")
        self.assertFalse(self.payer._mbn_statements(elsewhere))

    def test_a_contact_of_a_payer_has_the_payers_account(self):
        contact = self._payer("Her office", parent_id=self.payer.id, type="invoice")
        self.assertEqual(contact._mbn_statements(self.company)[0].closing, 450)

    def test_the_desk_sees_it_and_nobody_else(self):
        desk = new_test_user(self.env, "desk", "membership_billing_nordic.group_billing_front_desk")
        self.assertEqual(self._lines().with_user(desk).balance, 450)
        employee = new_test_user(self.env, "employee", "base.group_user")
        with self.assertRaises(AccessError):
            self._lines().with_user(employee).mapped("balance")
        action = self.payer.with_user(desk).action_mbn_account()
        shown = self.env["member.account.line"].with_user(desk).search(action["domain"])
        self.assertEqual(shown.document, self.invoice.name)

    def test_the_paper_tells_the_same(self):
        self._pay(500)
        self.payer.lang = "en_US"
        report = self.env.ref("membership_billing_nordic.action_report_member_account")
        page = report._render_qweb_html(report.report_name, self.payer.ids)[0].decode()
        for text in (self.company.name, self.invoice.name, "450.00", "Stands to your credit"):
            self.assertIn(text, page)


@tagged("post_install", "-at_install")
class TestReminderCosts(DunningCommon, HttpCase):
    def test_a_fee_is_beside_the_account_until_it_is_paid(self):
        owner = new_test_user(self.env, "owing", "base.group_portal", name="Kari Eier")
        stranger = new_test_user(self.env, "stranger", "base.group_portal", name="Ola Fremmed")
        payer = owner.partner_id
        payer.email = "kari@example.com"
        invoice = self._due(payer=payer)
        self._send()
        self.assertEqual(payer._mbn_unbooked_costs(self.company), {invoice.currency_id: 38})
        (statement,) = payer._mbn_statements(self.company)
        self.assertEqual(statement.closing, 1000)

        self.authenticate("owing", "owing")
        page = self.url_open("/my/statement")
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        for text in (invoice.name, "1,000.00", "38.00"):
            self.assertIn(text, page.text)
        pdf = self.url_open(f"/my/statement?company={self.company.id}")
        self.assertEqual(pdf.headers["Content-Type"], "application/pdf")
        self.authenticate("stranger", "stranger")
        self.assertNotIn(invoice.name, self.url_open("/my/statement").text)
        self.assertFalse(stranger.partner_id._mbn_unbooked_costs(self.company))

        self._pay(invoice, 1038.0)
        self._work()
        self.assertFalse(payer._mbn_unbooked_costs(self.company))
        (statement,) = payer._mbn_statements(self.company)
        self.assertEqual(statement.closing, 0)
        self.assertIn(("cost", 38), [(move.kind, move.amount) for move in statement.movements])
