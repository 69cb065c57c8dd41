"""What the tests of debits build on: an agreement that collects, and payers with mandates."""

import json
from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command, fields

from . import fake_debits
from .bank_file_common import BankFileCommon

# A Monday without holidays near, nine o'clock where the bank is.
NOW = datetime(2026, 3, 2, 8, 0)


class DebitCommon(BankFileCommon):
    """Two banking days before due by two o'clock; a withdrawal the banking day before by two."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.country_id = cls.env.ref("base.no")
        cls.company.partner_id.tz = "Europe/Oslo"
        cls.agreement.write(
            {
                "debit_out": True,
                "debit_lead_days": 2,
                "debit_cutoff": 14.0,
                "withdrawal_lead_days": 1,
                "withdrawal_cutoff": 14.0,
                "debit_make_hours": 24.0,
                "debit_notice_by": "bank",
                "debit_silence_days": 3,
            }
        )
        cls.other = cls._payer("Ola Nordmann")
        cls.without = cls._payer("Per Uten Avtale")
        cls.mandate = cls._mandate(cls.payer)
        cls.other_mandate = cls._mandate(cls.other)

    def setUp(self):
        super().setUp()
        self.clock = freeze_time(NOW)
        self.frozen = self.clock.start()
        self.addCleanup(self.clock.stop)
        connections = type(self.env["bank.connection"])
        self.startPatcher(
            patch.object(connections, "_debit_encoder", lambda self: self.env["bank.file"]._fake())
        )
        self.startPatcher(
            patch.object(
                type(self.env["bank.file"]), "_fake", lambda self: fake_debits, create=True
            )
        )

    @classmethod
    def _mandate(cls, payer, **values):
        mandate = cls.env["direct.debit.mandate"].create(
            {"agreement_id": cls.agreement.id, "partner_id": payer.id} | values
        )
        mandate.state = "active"
        return mandate

    def _due(self, payer, amount, due, post=True, **values):
        """A posted invoice of today that is due on ``due``."""
        return self._invoice(
            payer,
            amount,
            post,
            invoice_date=fields.Date.today(),
            invoice_date_due=due,
            invoice_payment_term_id=False,
            **values,
        )

    def _at(self, *moment):
        """Move the clock; naive UTC."""
        self.frozen.move_to(datetime(*moment))

    def _make(self):
        """Run the scheduled action; the file it made, if any."""
        before = self._files()
        self.env["bank.connection"]._cron_make_debit_files()
        return self._files() - before

    def _files(self):
        return self.env["bank.file"].search([("direction", "=", "out")])

    def _sent(self):
        """Make a file of all planned debits, and send it."""
        file = self.connection.sudo()._make_debit_file(everything=True)
        file._mark_sent()
        return file

    def _lines(self, file):
        """The requests in a file: dicts as the fake encoder wrote them."""
        with file._open_bytes() as stream:
            rows = [json.loads(line) for line in stream]
        return [row for row in rows if "type" in row]

    def _pay(self, invoice, amount, day=None):
        """Somebody registers a payment in the books."""
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"amount": amount, "payment_date": day or fields.Date.today()})
        )
        return wizard._create_payments()

    def _credit_note(self, invoice, amount=None):
        """A posted credit note, of all of it by default, reconciled with the invoice."""
        refund = invoice._reverse_moves([{"invoice_date": fields.Date.today()}])
        if amount is not None:
            refund.invoice_line_ids = [
                Command.update(refund.invoice_line_ids.id, {"price_unit": amount})
            ]
        refund.action_post()
        lines = (refund | invoice).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        if not any(lines.mapped("reconciled")):
            lines.reconcile()
        return refund

    def _order(self, invoice):
        return invoice.mbn_order_line_ids.order_id

    def _desk(self, record, kind):
        return self.env["billing.exception"]._open_rows(record, kind)

    def assert_order(self, invoice, **expected):
        order = self._order(invoice)
        self.assertRecordValues(order, [expected])
        return order

    def assert_due(self, invoice, day):
        claims = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(claims.mapped("date_maturity"), [day])
        self.assertEqual(invoice.invoice_date_due, day)


def day(month, number, year=2026):
    return date(year, month, number)
