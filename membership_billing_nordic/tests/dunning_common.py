"""What the tests of reminders build on: a law, a policy, and a payer with an unpaid invoice."""

from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command

from ..formats.banking_days import BankingDays
from .common import BillingCommon

LAW = {
    "fee_base": 750,
    "fee_unit": 1,
    "fee_first_days": 14,
    "fee_missed_deadline_days": 14,
    "fee_reset_months": 6,
    "reminder_fee_fraction": 0.05,
    "reminder_fee_count": 2,
    "notice_fee_fraction": 0.05,
    "notice_fee_with_reminders": 1,
    "notice_deadline_days": 14,
}


class DunningCommon(BillingCommon):
    """Reminder with a fee from the 15th day, then the last notice with fee and interest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.land = cls.env["res.country"].create({"name": "Nordland", "code": "XN"})
        cls.company.write({"country_id": cls.land.id, "email": "office@example.com"})
        cls.company.partner_id.tz = "Europe/Oslo"
        cls._law(cls.land, LAW)
        cls._rate("2026-07-01", 12.25)
        cls.fees = cls._income("Reminder fees", "3901")
        cls.late = cls._income("Late interest", "8050")
        cls.agreement.payments_in = False
        cls.company.write(
            {
                "mbn_dunning_bank_days": 0,
                "mbn_dunning_without_files": True,
                "mbn_dunning_fee_account_id": cls.fees.id,
                "mbn_dunning_interest_account_id": cls.late.id,
            }
        )
        cls.payer.email = "kari@example.com"
        cls.policy = cls._policy()
        cls.reminder, cls.notice = cls.policy.level_ids

    def setUp(self):
        super().setUp()
        self.clock = freeze_time(datetime(2026, 9, 15, 8))
        self.frozen = self.clock.start()
        self.addCleanup(self.clock.stop)
        self.startPatcher(
            patch.object(
                type(self.env["ir.cron"]),
                "_commit_progress",
                lambda cron, *args, **kwargs: cron.env.flush_all() or float("inf"),
            )
        )
        self.startPatcher(
            patch.object(
                type(self.env["dunning.law"]), "_banking_days", lambda law, land: BankingDays("")
            )
        )

        # What a letter looks like is for the tests that look at it.
        self.startPatcher(
            patch.object(
                type(self.env["ir.actions.report"]),
                "_render_qweb_pdf",
                lambda *args, **options: (b"%PDF", "pdf"),
            )
        )

    @classmethod
    def _law(cls, country, values, valid_from="2026-01-01", customer_type="both"):
        cls.env["dunning.law"].sudo().create(
            [
                {
                    "country_id": country.id,
                    "code": code,
                    "value": value,
                    "valid_from": valid_from,
                    "customer_type": customer_type,
                    "verified": True,
                }
                for code, value in values.items()
            ]
        )

    @classmethod
    def _rate(cls, valid_from, rate, verified=True):
        return (
            cls.env["dunning.interest.rate"]
            .sudo()
            .create(
                {
                    "country_id": cls.land.id,
                    "valid_from": valid_from,
                    "rate": rate,
                    "verified": verified,
                }
            )
        )

    @classmethod
    def _income(cls, name, code):
        return cls.env["account.account"].create(
            {"name": name, "code": f"{code}99", "account_type": "income_other"}
        )

    @classmethod
    def _policy(cls, **vals):
        levels = [
            {"sequence": 1, "name": "First reminder", "days": 14, "fee": 38.0},
            {
                "sequence": 2,
                "name": "Last notice",
                "kind": "notice",
                "days": 0,
                "counted_from": "letter",
                "fee": 38.0,
                "claims_interest": True,
                "consequence": "A collection agency gets it.",
                "objection": "Write to us.",
            },
        ]
        return cls.env["dunning.policy"].create(
            {"name": "Fees", "level_ids": [Command.create(level) for level in levels]} | vals
        )

    def _due(self, amount=1000.0, due="2026-09-01", payer=None, **vals):
        return self._invoice(
            payer or self.payer,
            amount,
            invoice_date="2026-08-15",
            invoice_date_due=due,
            invoice_payment_term_id=False,
            **vals,
        )

    def _at(self, *moment):
        self.frozen.move_to(datetime(*moment, 8))

    def _preview(self):
        run = self.env["dunning.run"].create({})
        run.action_preview()
        return run

    def _send(self):
        """A run that is previewed, released and worked off; its letters."""
        run = self._preview()
        if run.run_total:
            run.action_confirm()
            self._work()
        return run

    def _work(self):
        self.env["dunning.run"].sudo()._cron_work()

    def _claim(self, invoice):
        return self.env["dunning.claim"].search([("invoice_id", "=", invoice.id)])

    def _balance(self, account):
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return sum(lines.mapped("balance"))

    def assert_skipped(self, run, invoice, reason):
        line = run.line_ids.filtered(lambda line: line.invoice_id == invoice)
        self.assertRecordValues(line, [{"state": "skipped", "reason": reason}])
        self.assertEqual(line.claim_id.skip_reason, reason)
