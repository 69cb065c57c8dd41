from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .run_common import RunCommon


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestInvoiceSending(RunCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.mbn_send_invoices = True

    def _send(self, pdf="ok"):
        report = type(self.env["ir.actions.report"])
        with (
            self._commits(),
            patch.object(report, "get_wkhtmltopdf_state", lambda _report: pdf),
        ):
            self.env["account.move"]._cron_mbn_send()

    def _invoices(self, *members):
        for member in members:
            self._contract(member=member)
        return self._bill("2027-01-15").line_ids.invoice_id

    def _desk(self, invoices):
        return self.env["billing.exception"]._open_rows(
            invoices.mbn_run_id, "billing_invoice_unsent"
        )

    def test_posted_invoice_is_emailed_once_with_its_pdf(self):
        invoice = self._invoices(self._payer("Ola", email="ola@example.com"))
        self.assertEqual(invoice.mbn_send_state, "waiting")
        self._send()
        self.assertEqual(invoice.mbn_send_state, "sent")
        mails = invoice.message_ids.filtered(lambda message: message.partner_ids)
        self.assertEqual(mails.partner_ids, invoice.partner_id)
        self.assertTrue(mails.attachment_ids)
        self._send()
        self.assertEqual(invoice.message_ids.filtered(lambda message: message.partner_ids), mails)

    def test_without_email_it_stays_on_the_portal_and_the_desk_says_so(self):
        invoice = self._invoices(self._payer("No e-mail"))
        self._send()
        self.assertEqual(invoice.mbn_send_state, "portal")
        self.assertIn("1 invoices wait on the portal only", self._desk(invoice).name)
        invoice.partner_id.email = "now@example.com"
        invoice.action_mbn_send_again()
        self._send()
        self.assertEqual(invoice.mbn_send_state, "sent")
        self.assertFalse(self._desk(invoice))

    def test_an_invoice_that_fails_does_not_stop_the_others(self):
        good, bad = (
            self._payer("Good", email="a@example.com"),
            self._payer("Bad", email="b@example.com"),
        )
        invoices = self._invoices(good, bad)
        model = type(self.env["account.move.send"])
        send_mails = model._send_mails

        def fail(sender, moves_data):
            if any(move.partner_id == bad for move in moves_data):
                raise UserError("No mail server.")
            return send_mails(sender, moves_data)

        with patch.object(model, "_send_mails", fail):
            self._send()
        states = {invoice.partner_id: invoice.mbn_send_state for invoice in invoices}
        self.assertEqual(states, {good: "sent", bad: "failed"})
        failed = invoices.filtered(lambda invoice: invoice.partner_id == bad)
        self.assertIn("No mail server.", failed.message_ids[0].body)
        self.assertIn("1 invoices could not be sent", self._desk(invoices).name)

    def test_an_unexpected_error_is_told_without_its_details(self):
        invoice = self._invoices(self._payer("Ola", email="ola@example.com"))
        model = type(self.env["account.move.send"])
        with (
            patch.object(model, "_send_mails", side_effect=KeyError("secret")),
            mute_logger(
                "odoo.addons.membership_billing_nordic.models.membership.billing_invoice_sender"
            ),
        ):
            self._send()
        self.assertEqual(invoice.mbn_send_state, "failed")
        self.assertNotIn("secret", invoice.message_ids[0].body)

    def test_without_the_pdf_program_everything_waits_and_the_desk_says_so(self):
        invoice = self._invoices(self._payer("Ola", email="ola@example.com"))
        self._send(pdf="install")
        self.assertEqual(invoice.mbn_send_state, "waiting")
        self.assertIn("wkhtmltopdf", self._desk(invoice).next_action)
        self._send()
        self.assertEqual(invoice.mbn_send_state, "sent")
        self.assertFalse(self._desk(invoice))

    def test_what_a_person_sends_is_not_sent_again(self):
        invoice = self._invoices(self._payer("Ola", email="ola@example.com"))
        self.env["account.move.send.wizard"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({}).action_send_and_print()
        self.assertEqual(invoice.mbn_send_state, "sent")

    def test_a_credited_invoice_is_not_sent(self):
        invoice = self._invoices(self._payer("Ola", email="ola@example.com"))
        self._credit(invoice)
        self._send()
        self.assertFalse(invoice.mbn_send_state)
        self.assertFalse(self._desk(invoice))

    def test_a_payer_who_wants_nothing_sent_gets_nothing(self):
        invoice = self._invoices(
            self._payer("Ola", email="ola@example.com", invoice_sending_method="manual")
        )
        self._send()
        self.assertFalse(invoice.mbn_send_state)
        self.assertFalse(invoice.message_ids.partner_ids)

    def test_nothing_waits_when_the_company_does_not_send(self):
        self.company.mbn_send_invoices = False
        invoice = self._invoices(self._payer("Ola", email="ola@example.com"))
        self.assertFalse(invoice.mbn_send_state)
