from datetime import date

from odoo.tests import tagged

from .debit_common import DebitCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDebitNotice(DebitCommon):
    """The payer is told of a debit by the invoice. It is Monday, 2 March 2026."""

    def setUp(self):
        super().setUp()
        self.agreement.write({"debit_notice_by": "us", "debit_notice_days": 7})
        self.invoice = self._due(self.payer, 450, date(2026, 3, 20))
        self.order = self.invoice.sudo().mbn_order_ids

    def _delivered(self, **values):
        return self.env["billing.delivery"]._note(self.invoice, "email", **values)

    def test_an_invoice_that_nobody_sends_is_queued_for_its_debit(self):
        self.assertEqual(self.order.state, "planned")
        self.assertEqual(self.invoice.mbn_send_state, "waiting")

    def test_the_delivery_of_the_invoice_is_the_notice(self):
        self.assertFalse(self.order.notified_on)
        self.assertTrue(self.order._needs_notice())
        self._delivered()
        self.assertEqual(self.order.notified_on, date(2026, 3, 2))
        self.assertFalse(self.order._needs_notice())

    def test_what_came_back_told_nobody(self):
        self._delivered().state = "bounced"
        self.assertFalse(self.order.notified_on)
        self._delivered(state="failed")
        self.assertFalse(self.order.notified_on)

    def test_a_debit_that_moves_is_told_anew(self):
        self._delivered()
        self.invoice.mbn_send_state = "sent"
        self.order.sudo()._move_to(date(2026, 3, 27))
        self.assertFalse(self.order.notified_on)
        self.assertEqual(self.invoice.mbn_send_state, "waiting")

    def test_the_printed_invoice_tells_the_day_of_the_debit(self):
        text = self.env["ir.qweb"]._render(
            "account.report_invoice_document", self._print_values(self.invoice)
        )
        self.assertIn("This amount is debited from your account on", text)
        self.assertIn("03/20/2026", text)
        self.order.action_stop()
        self.env.invalidate_all()
        text = self.env["ir.qweb"]._render(
            "account.report_invoice_document", self._print_values(self.invoice)
        )
        self.assertNotIn("debited from your account", text)

    def _print_values(self, invoice):
        report = self.env["ir.actions.report"]
        values = report._get_rendering_context(
            self.env.ref("account.account_invoices"), invoice.ids, {}
        )
        return values | {
            "o": invoice,
            "company": invoice.company_id,
            "res_company": invoice.company_id,
        }
