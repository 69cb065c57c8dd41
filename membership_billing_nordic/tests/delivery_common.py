"""Payers with every kind of address, and what providers say about messages to them."""

import base64
import io
from unittest.mock import patch

from odoo import Command
from odoo.addons.base.models.ir_mail_server import MailDeliveryException
from odoo.addons.sms.tools.sms_api import SmsApi
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader, PdfFileWriter

from .run_common import RunCommon

ADDRESS = {
    "email": {"email": "ola@example.com"},
    "sms": {"phone": "+47 40 00 00 01"},
    "letter": {"street": "Storgata 1", "zip": "0155", "city": "Oslo"},
}


class DeliveryCommon(RunCommon):
    """A company that sends its invoices."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.mbn_send_invoices = True
        cls.norway = cls.env.ref("base.no")

    def setUp(self):
        super().setUp()
        # Tests make no PDF: each invoice gets a page whose width tells which one it is.
        sender = type(self.env["account.move.send"])
        prepare = sender._prepare_invoice_pdf_report

        def prepare_pages(sender, invoices_data):
            prepare(sender, invoices_data)
            for invoice, data in invoices_data.items():
                data["pdf_attachment_values"]["raw"] = self._page(invoice)

        self.patch(sender, "_prepare_invoice_pdf_report", prepare_pages)

    def _page(self, invoice):
        writer = PdfFileWriter()
        writer.add_blank_page(width=invoice.id % 10000 + 100, height=500)
        with io.BytesIO() as stream:
            writer.write(stream)
            return stream.getvalue()

    def _printed(self, bundle):
        """The payers of the invoices in the file, page by page."""
        invoices = bundle.delivery_ids.move_id
        names = {one.id % 10000 + 100: one.partner_id.name for one in invoices}
        return [names[int(page.mediabox.width)] for page in self._pages(bundle)]

    def _pages(self, bundle):
        return PdfFileReader(io.BytesIO(base64.b64decode(bundle.file)), strict=False).pages

    def _steps(self, *channels):
        self.env["billing.delivery.step"].search([]).unlink()
        self.env["billing.delivery.step"].create(
            [
                {"sequence": number, "channel": channel}
                for number, channel in enumerate(channels, start=1)
            ]
        )

    def _member(self, name, *kinds, **vals):
        """A payer with an address for each of the channels ``kinds``."""
        for kind in kinds:
            vals = ADDRESS[kind] | vals
        return self._payer(name, country_id=self.norway.id, **vals)

    def _invoices(self, *members):
        for member in members:
            self._contract(member=member)
        return self._bill("2027-01-15").line_ids.invoice_id.sorted("id")

    def _send(self, seconds=float("inf")):
        with self._commits(seconds):
            self.env["account.move"]._cron_mbn_send()

    def _log(self, invoice):
        """The tries to deliver ``invoice``, oldest first."""
        return [
            (delivery.channel, delivery.state) for delivery in invoice.mbn_delivery_ids.sorted("id")
        ]

    def _last(self, invoice):
        return invoice.mbn_delivery_ids.sorted("id")[-1]

    def _mails(self, invoice):
        """The mails that brought ``invoice`` to its payer."""
        return (
            self.env["mail.notification"]
            .sudo()
            .search(
                [
                    ("mail_message_id.model", "=", "account.move"),
                    ("mail_message_id.res_id", "in", invoice.ids),
                    ("notification_type", "=", "email"),
                ]
            )
            .mail_mail_id
        )

    def _texts(self, invoice):
        return (
            self.env["sms.sms"]
            .sudo()
            .search(
                [
                    ("mail_message_id.model", "=", "account.move"),
                    ("mail_message_id.res_id", "in", invoice.ids),
                ]
            )
        )

    def _bounce(self, invoice):
        """The payer's mail server sends the e-mail of ``invoice`` back."""
        message = self._last(invoice).message_id
        self.env["mail.thread"]._routing_handle_bounce(
            None,
            {
                "bounced_email": invoice.partner_id.email_normalized,
                "bounced_partner": invoice.partner_id,
                "bounced_msg_ids": [message.message_id],
                "bounced_message": message,
                "body": "<p>User unknown</p>",
                "email_from": "mailer-daemon@example.com",
                "to": "bounce@example.com",
                "message_id": "<bounce@example.com>",
            },
        )

    def _mail_server_says(self, invoice, text):
        """The mail of ``invoice`` leaves Odoo, and its mail server answers with an error."""

        def refuse(*args, **kwargs):
            raise MailDeliveryException(text)

        server = type(self.env["ir.mail_server"])
        with (
            patch.object(server, "_disable_send", lambda _server: False),
            patch.object(server, "_connect__", lambda *args, **kwargs: None),
            patch.object(server, "send_email", refuse),
            mute_logger("odoo.addons.mail.models.mail_mail"),
        ):
            self._mails(invoice).send()

    def _sms_provider_says(self, state):
        """Odoo's queue of SMS is sent, and the provider answers with ``state`` for each."""

        def answer(api, messages, delivery_reports_url=False):
            return [
                {"uuid": number["uuid"], "state": state, "credit": 0}
                for message in messages
                for number in message["numbers"]
            ]

        with self._commits(), patch.object(SmsApi, "_send_sms_batch", answer):
            self.env["sms.sms"].sudo()._process_queue()

    def _user(self, login, group):
        return self.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
                "group_ids": [Command.set(self.env.ref(f"membership_billing_nordic.{group}").ids)],
            }
        )
