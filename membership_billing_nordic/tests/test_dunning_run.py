"""Reminders from the due date on: what goes out when, what it claims, and what stops it."""

from contextlib import contextmanager
from datetime import date

import psycopg2
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .dunning_common import DunningCommon


@tagged("post_install", "-at_install")
class TestDunningRun(DunningCommon):
    def test_letters_follow_each_other_by_the_law(self):
        invoice = self._due()
        self._at(2026, 9, 14)
        self.assertFalse(self._preview().line_ids, "the fee is allowed from the 15th day only")
        claim = self._claim(invoice)
        self.assertRecordValues(
            claim, [{"state": "overdue", "next_date": date(2026, 9, 15), "amount_open": 1000.0}]
        )

        self._at(2026, 9, 15)
        letter = self.env["dunning.letter"].search([("run_id", "=", self._send().id)])
        self.assertRecordValues(
            letter,
            [
                {
                    "kind": "reminder",
                    "sent_on": date(2026, 9, 15),
                    "deadline": date(2026, 9, 29),
                    "principal_total": 1000.0,
                    "fee_total": 38.0,
                    "interest_total": 0.0,
                    "total": 1038.0,
                    "state": "sent",
                    "channel": "email",
                    "reference": invoice.payment_reference,
                }
            ],
        )
        self.assertEqual(claim.next_date, date(2026, 9, 30), "the deadline has to be missed first")
        self.assertEqual(invoice.mbn_dunning_level_id, self.reminder)
        self.assertEqual(invoice.amount_residual, 1000.0, "the fee is not in the books")

        self._at(2026, 9, 29)
        self.assertFalse(self._preview().line_ids)
        self._at(2026, 9, 30)
        self._send()
        second = claim.letter_line_ids.letter_id - letter
        # 29 days: 1000 * 12.25 % * 29 / 365
        self.assertRecordValues(
            second,
            [
                {
                    "kind": "notice",
                    "deadline": date(2026, 10, 14),
                    "fee_total": 38.0,
                    "interest_total": 9.73,
                    "fee_before": 38.0,
                    "total": 1085.73,
                }
            ],
        )
        self.assertEqual(second.line_ids.segments[0]["days"], 29)
        self.assertRecordValues(
            claim, [{"state": "noticed", "fee_open": 76.0, "interest_open": 9.73}]
        )
        self._at(2026, 12, 1)
        self.assertFalse(self._preview().line_ids, "there is no further letter")

    def test_what_stops_a_letter_is_told(self):
        names = ("disputed", "paused", "payer_hold", "credit", "address", "small", "rates_outdated")
        payers = {name: self._payer(name, email="a@example.com") for name in names}
        invoices = {name: self._due(payer=payer) for name, payer in payers.items()}
        self.policy.minimum = 50.0
        self._preview()
        claims = {name: self._claim(invoice) for name, invoice in invoices.items()}
        self._hold(claims["disputed"], kind="dispute", reason="Never ordered")
        self._hold(claims["paused"], kind="pause", until="2026-09-20", reason="Ill")
        payers["payer_hold"].mbn_dunning_hold = True
        self._pay(self._due(due="2026-12-01", payer=payers["credit"]), 1100.0)
        self._pay(invoices["small"], 970.0)
        payers["address"].email = False
        self.reminder.claims_interest = True
        self.env["dunning.interest.rate"].search([("country_id", "=", self.land.id)]).write(
            {"rate": 13.0}
        )
        run = self._preview()
        for name in set(names) - {"address"}:
            self.assert_skipped(run, invoices[name], name)
        self.reminder.claims_interest = False
        run = self._send()
        self.assert_skipped(run, invoices["address"], "address")
        self.assertEqual(run.letter_count, 1, "the one whose interest was not known")
        self.assertIn("Never ordered", claims["disputed"].hold_text)

        claims["disputed"].action_release()
        payers["address"].email = "b@example.com"
        self._at(2026, 9, 21)
        self.assertEqual(self._send().letter_count, 3, "released, reachable, no longer paused")

    def test_a_payment_under_way_or_an_unconfirmed_law_stops_a_letter(self):
        names = ("debit", "online", "lapse", "law_unverified")
        invoices = {
            name: self._due(payer=self._payer(name, email="a@example.com")) for name in names
        }
        self._preview()
        own = {"company_id": self.company.id, "currency_id": self.company.currency_id.id}
        self.env["direct.debit.order"].sudo().create(
            {
                "agreement_id": self.agreement.id,
                "partner_id": invoices["debit"].partner_id.id,
                "reference": "17",
                "due_date": "2026-09-20",
                "deadline": "2026-09-18",
                **own,
                "line_ids": [
                    Command.create(
                        {
                            "move_line_id": self._claim(invoices["debit"]).move_line_id.id,
                            "amount": 1000.0,
                            **own,
                        }
                    )
                ],
            }
        )
        self._pay_online(invoices["online"])
        # As when the policy was changed to one that closes by itself.
        self.env.cr.execute(
            "UPDATE dunning_claim SET closes_on = '2026-09-15' WHERE invoice_id = %s",
            [invoices["lapse"].id],
        )
        self.env.invalidate_all()
        self.env["dunning.law"].search(
            [("country_id", "=", self.land.id), ("code", "=", "fee_base")]
        ).write({"value": 760})
        run = self._preview()
        for name in names:
            self.assert_skipped(run, invoices[name], name)
        details = {line.reason: line.detail for line in run.line_ids}
        self.assertIn("Confirm", details["law_unverified"])

    def _pay_online(self, invoice):
        provider = self.env["payment.provider"].sudo().create({"name": "Card", "code": "none"})
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": self.env.ref("payment.payment_method_card").id,
                    "reference": "ONLINE-1",
                    "amount": 1000.0,
                    "currency_id": invoice.currency_id.id,
                    "partner_id": invoice.partner_id.id,
                    "invoice_ids": [Command.set(invoice.ids)],
                }
            )
        )
        transaction._set_pending()
        self.env["billing.payment.attempt"].sudo().create(
            {
                "transaction_id": transaction.id,
                "invoice_id": invoice.id,
                "company_id": invoice.company_id.id,
            }
        )

    def test_bank_files_have_to_be_read_first(self):
        self.agreement.payments_in = True
        invoice = self._due()
        self.assert_skipped(self._preview(), invoice, "bank_behind")
        expected = self.env["bank.file.expectation"].create(
            {
                "name": "Payments",
                "connection_id": self.connection.id,
                "settled_until": date(2026, 8, 31),
            }
        )
        self.assert_skipped(self._preview(), invoice, "bank_behind")
        expected.settled_until = date(2026, 9, 1)
        self.assertEqual(self._preview().run_total, 1)
        self.company.mbn_dunning_bank_days = 2
        self.assert_skipped(self._preview(), invoice, "bank_behind")
        expected.settled_until = date(2026, 9, 3)
        self.assertEqual(self._preview().run_total, 1)

    def test_what_is_paid_or_disputed_after_the_preview_is_left_alone(self):
        paid, disputed = self._due(), self._due(payer=self._payer("Ola", email="o@example.com"))
        run = self._preview()
        run.action_confirm()
        self._pay(paid)
        self._hold(self._claim(disputed), kind="dispute", reason="No")
        self._work()
        self.assert_skipped(run, paid, "paid")
        self.assert_skipped(run, disputed, "disputed")
        self.assertEqual((run.state, run.letter_count), ("done", 0))
        self.assertFalse((self._claim(paid) | self._claim(disputed)).letter_line_ids)

    def test_fees_are_those_of_the_day_of_sending(self):
        self._law(self.land, {"fee_base": 700}, valid_from="2025-01-01")
        self._law(
            self.land,
            {code: self._value(code) for code in ("fee_unit", "reminder_fee_fraction")},
            valid_from="2025-01-01",
        )
        self._due(due="2025-12-01")
        self._at(2025, 12, 30)
        run = self._preview()
        self.assertEqual(run.fee_total, 35.0)
        run.action_confirm()
        self._at(2026, 1, 2)
        self._work()
        self.assertEqual(run.fee_total, 38.0)

    def _value(self, code):
        return (
            self.env["dunning.law"]
            .search([("country_id", "=", self.land.id), ("code", "=", code)], limit=1)
            .value
        )

    def test_a_claim_never_gets_a_letter_twice(self):
        invoice = self._due()
        first, second = self._preview(), self._preview()
        (first | second).action_confirm()
        self._work()
        self.assert_count(first, second)
        line = self._claim(invoice).letter_line_ids.sudo()
        self.assertEqual(len(line), 1)
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            line.copy()

    def assert_count(self, first, second):
        self.assertEqual((first.letter_count, second.letter_count), (1, 0))
        self.assertEqual(second.line_ids.state, "skipped")

    def test_a_letter_stays_as_it_was_sent(self):
        self._due()
        self._send()
        letter = self.env["dunning.letter"].search([])
        with self.assertRaises(UserError):
            letter.deadline = "2027-01-01"
        with self.assertRaises(UserError):
            letter.line_ids.fee = 0.0
        self.assertTrue(letter.content)

    def test_a_policy_can_only_be_softer_than_the_law(self):
        with self._refused("highest fee"):
            self.reminder.fee = 39.0
        with self._refused("at least 14 days"):
            self.notice.deadline_days = 10
        with self._refused("enforceable"):
            self._policy(claim_kind="donation")
        with self._refused("only for policies for companies"):
            self.reminder.claims_compensation = True
        with self._refused("what follows"):
            self.notice.consequence = False
        self.reminder.fee = 10.0

    @contextmanager
    def _refused(self, text):
        with self.assertRaises(ValidationError) as caught:
            yield
        self.assertIn(text, str(caught.exception))

    def test_nothing_is_sent_by_rules_that_nobody_confirmed(self):
        invoice = self._due()
        self.env["dunning.law"].search(
            [("country_id", "=", self.land.id), ("code", "=", "fee_base")]
        ).value = 800
        self.assert_skipped(self._preview(), invoice, "law_unverified")

    def test_companies_pay_compensation_and_persons_never(self):
        self._law(self.land, {"compensation": 430}, customer_type="business")
        self._law(self.land, {"fee_compensation_offset": 1})
        self.policy.customer_type = "consumer"
        other = self._policy(name="Companies", customer_type="business")
        other.level_ids[0].claims_compensation = True
        firm = self._payer("Firm", is_company=True, email="f@example.com")
        invoice, person = self._due(payer=firm), self._due()
        self._send()
        line = self._claim(invoice).letter_line_ids
        self.assertRecordValues(line, [{"compensation": 430.0, "fee": 0.0}])
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            self.env.cr.execute(
                "UPDATE dunning_letter_line SET compensation = 1 WHERE claim_id = %s",
                [self._claim(person).id],
            )

    def test_the_daily_run_waits_for_approval_or_sends(self):
        self._due()
        self.env["dunning.run"].sudo()._cron_daily()
        run = self.env["dunning.run"].search([("is_daily", "=", True)])
        self.assertEqual((run.state, run.run_total), ("preview", 1))
        rows = self.env["billing.exception"]._open_rows(run, "dunning_waiting")
        self.assertEqual(len(rows), 1)
        self.company.mbn_dunning_mode = "automatic"
        self.env["dunning.run"].sudo()._cron_daily()
        self._work()
        self.assertEqual((run.state, run.letter_count), ("done", 1))
        self.assertEqual(rows.state, "done")

    def test_only_managers_send(self):
        user = self.env["res.users"].create(
            {
                "name": "Clerk",
                "login": "dunning-clerk",
                "group_ids": [
                    (6, 0, self.env.ref("membership_billing_nordic.group_billing_user").ids)
                ],
                "company_ids": [(6, 0, self.company.ids)],
                "company_id": self.company.id,
            }
        )
        run = self._preview()
        with self.assertRaises(AccessError):
            run.with_user(user).action_confirm()

    def _hold(self, claims, **vals):
        action = claims.action_hold()
        wizard = self.env["dunning.hold"].with_context(**action["context"]).create(vals)
        wizard.action_hold()
