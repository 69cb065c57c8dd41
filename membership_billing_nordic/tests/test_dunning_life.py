"""How reminders act on books and memberships: fees booked at once or when paid, what letters stop
until all is paid, and what closes by itself because nobody has to pay it."""

from datetime import date
from unittest.mock import patch

import psycopg2
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..formats.banking_days import BankingDays
from .bank_file_common import BankFileCommon
from .dunning_common import DunningCommon
from .membership_common import MembershipCommon

POSTINGS = ("paid", "sent")


class LifeCommon(DunningCommon):
    """A first reminder costs 100."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._law(cls.land, {"reminder_fee_cap": 100})
        cls.reminder.fee = 100.0

    def _reminded(self, **vals):
        """A payer with an invoice of 1000 and a letter that claims a fee of 100."""
        payer = self._payer("Ola Nordmann", email="ola@example.com")
        invoice = self._due(payer=payer, **vals)
        self._send()
        claim = self._claim(invoice)
        self.assertRecordValues(claim, [{"state": "reminded", "fee_open": 100.0}])
        return payer, invoice, claim

    def _owed(self, payer):
        """What is open of the payer in the books; below zero is the payer's."""
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", payer.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        return sum(lines.mapped("amount_residual"))

    def _cancel(self, letter, reason):
        action = letter.action_cancel_charges()
        wizard = self.env["dunning.cancel"].with_context(**action["context"])
        wizard.create({"reason": reason}).action_cancel()


@tagged("post_install", "-at_install")
class TestDunningBooks(BankFileCommon, LifeCommon):
    def _pay(self, invoice, amount):
        """The bank reports a payment with the reference of the invoice."""
        self.agreement.payments_in = True
        day, key = date(2026, 9, 15), f"D{next(self._keys)}"
        reference = invoice.payment_reference
        self._book(self._payment(amount, reference, bank_date=day, deposit_key=key))
        self.agreement.payments_in = False
        self._work()

    def test_f16_the_fee_stays_open_when_the_invoice_is_paid_to_the_cent(self):
        for posting, booked in zip(POSTINGS, (0.0, 100.0), strict=True):
            with self.subTest(posting):
                self.company.write({"mbn_dunning_posting": posting, "mbn_dunning_waive_limit": 0})
                payer, invoice, claim = self._reminded()
                self._pay(invoice, 1000.0)
                self.assertEqual(invoice.amount_residual, 0.0)
                self.assertRecordValues(claim, [{"state": "paid", "fee_open": 100.0}])
                self.assertAlmostEqual(self._balance(self.fees), -booked)
                self.assertAlmostEqual(self._owed(payer), booked)

                self.company.mbn_dunning_waive_limit = 100.0
                self._work()
                self.assertRecordValues(claim, [{"state": "closed", "fee_open": 0.0}])
                self.assertEqual(claim.letter_line_ids.cancelled_reason, "The remainder is small.")
                self.assertAlmostEqual(self._balance(self.fees), 0.0)
                self.assertAlmostEqual(self._owed(payer), 0.0)

    def test_f17_a_fee_that_is_waived_after_it_was_paid_is_the_payers_money(self):
        for posting in POSTINGS:
            with self.subTest(posting):
                self.company.mbn_dunning_posting = posting
                payer, invoice, claim = self._reminded()
                self._pay(invoice, 1100.0)
                self.assertEqual(claim.state, "closed")
                self.assertAlmostEqual(self._balance(self.fees), -100.0)
                self._cancel(claim.letter_line_ids.letter_id, "Our mistake")
                self._work()
                self.assertAlmostEqual(self._owed(payer), -100.0, msg="to be paid back")
                self.assertEqual((claim.state, invoice.amount_residual), ("closed", 0.0))
                self.assertAlmostEqual(self._balance(self.fees), 0.0)

    def test_f18_a_dispute_before_dispatch_withdraws_the_letter_and_books_no_fee(self):
        self.company.mbn_dunning_posting = "sent"
        invoice = self._due()
        run = self._preview()
        run.action_confirm()
        action = self._claim(invoice).action_hold()
        wizard = self.env["dunning.hold"].with_context(**action["context"])
        wizard.create({"reason": "Never ordered"}).action_hold()
        self._work()
        self.assert_skipped(run, invoice, "disputed")
        self.assertFalse(self._claim(invoice).letter_line_ids)
        self.assertFalse(self.env["dunning.posting"].search([("company_id", "=", self.company.id)]))
        self.assertAlmostEqual(self._balance(self.fees), 0.0)

    def test_a_small_remainder_of_the_invoice_is_written_off(self):
        losses = self._income("Remainders", "7799")
        self.company.write(
            {
                "mbn_dunning_remainder_limit": 5.0,
                "mbn_dunning_remainder_account_id": losses.id,
            }
        )
        _payer, invoice, claim = self._reminded()
        untouched = self._due(4.0)
        self._preview()
        self._pay(invoice, 998.0)
        self.assertRecordValues(claim, [{"amount_open": 0.0, "fee_open": 100.0, "state": "paid"}])
        self.assertAlmostEqual(self._balance(losses), 2.0)
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(untouched.amount_residual, 4.0, "nothing of it was paid")

    def test_a_letter_is_booked_in_parts_that_are_paid_one_after_another(self):
        self.company.mbn_dunning_posting = "sent"
        self.reminder.claims_interest = True
        payer, invoice, claim = self._reminded()
        letter = claim.letter_line_ids.letter_id
        entry = claim.letter_line_ids.posting_ids.move_id
        # 14 days: 1000 * 12.25 % * 14 / 365
        self.assertRecordValues(
            entry.line_ids.sorted("id"),
            [
                {"account_id": account.id, "balance": amount, "date_maturity": until}
                for account, amount, until in (
                    (claim.move_line_id.account_id, 100.0, letter.deadline),
                    (self.fees, -100.0, False),
                    (claim.move_line_id.account_id, 4.7, letter.deadline),
                    (self.late, -4.7, False),
                )
            ],
        )
        self.assertEqual(
            (entry.state, entry.date, entry.ref), ("posted", letter.sent_on, letter.name)
        )
        self.assertFalse(entry.line_ids.tax_ids)
        self.assertAlmostEqual(self._owed(payer), 1104.7)
        self._pay(invoice, 1102.0)
        self.assertRecordValues(
            claim, [{"amount_open": 0.0, "fee_open": 0.0, "interest_open": 2.7}]
        )
        self.assertAlmostEqual(self._owed(payer), 2.7)
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            claim.letter_line_ids.posting_ids[0].sudo().copy()
            self.env.flush_all()

    def test_what_was_booked_is_taken_back_once_however_it_ends(self):
        self.company.write({"mbn_dunning_posting": "sent", "mbn_dunning_waive_limit": 0})
        payer, invoice, claim = self._reminded()
        letter = claim.letter_line_ids.letter_id
        new = self.env["dunning.letter"].browse(letter.action_reissue()["res_id"])
        self.assertRecordValues(claim, [{"fee_open": 100.0, "letter_count": 1}])
        self.assertAlmostEqual(self._owed(payer), 1100.0, msg="one fee, not two and not none")
        self.assertAlmostEqual(self._balance(self.fees), -100.0)
        self._pay(invoice, 1040.0)
        self.assertEqual(new.fee_open, 60.0)
        with self.assertRaisesRegex(UserError, "was paid"):
            new.action_reissue()
        self.company.mbn_dunning_waive_limit = 60.0
        self._work()
        self.assertAlmostEqual(self._balance(self.fees), -40.0)
        self._cancel(new, "Our mistake")
        self.assertRecordValues(claim, [{"fee_open": 0.0, "state": "closed"}])
        self.assertAlmostEqual(self._balance(self.fees), 0.0)
        self.assertAlmostEqual(self._owed(payer), -40.0, msg="to be paid back")

    def test_costs_are_paid_before_the_invoice_where_that_is_chosen(self):
        self.company.mbn_dunning_order = "costs"
        for number, posting in enumerate(POSTINGS, start=1):
            with self.subTest(posting):
                self.company.mbn_dunning_posting = posting
                payer, invoice, claim = self._reminded()
                self._pay(invoice, 60.0)
                self.assertRecordValues(claim, [{"amount_open": 1000.0, "fee_open": 40.0}])
                self._pay(invoice, 600.0)
                self.assertRecordValues(
                    claim, [{"amount_open": 440.0, "fee_open": 0.0, "state": "reminded"}]
                )
                self.assertAlmostEqual(self._balance(self.fees), -100.0 * number)
                self.assertAlmostEqual(self._owed(payer), 440.0)

    def test_the_invoice_is_paid_first_by_default(self):
        _payer, invoice, claim = self._reminded()
        self._pay(invoice, 600.0)
        self.assertRecordValues(claim, [{"amount_open": 400.0, "fee_open": 100.0}])


@tagged("post_install", "-at_install")
class TestDunningMemberships(LifeCommon, MembershipCommon):
    """Memberships whose invoices of 18 August are due on 1 September."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for kind in ("donation", "lapse"):
            cls._policy(name=kind, claim_kind=kind, level_ids=[], close_days=30)

    def setUp(self):
        super().setUp()
        agreements = type(self.env["bank.agreement"])
        self.startPatcher(
            patch.object(agreements, "_debit_calendar", lambda agreement: BankingDays(""))
        )

    def _at(self, *moment):
        self._set_today(date(*moment))
        return super()._at(*moment)

    def _member_of(self, billed=(2026, 8, 18), **vals):
        """A contract with its first invoice."""
        self._at(*billed)
        payer = self._payer("Kari", email="kari@example.com")
        plan = self._plan(price=1000.0, grace_days=90, term="year", **vals)
        contract = self._contract(plan, member=payer, start=str(date(*billed)))
        self.env["billing.run"]._bill_now(contract)
        return contract, contract.charge_ids.invoice_id

    def _daily(self, *moment):
        self._at(*moment)
        self.env["dunning.run"].sudo()._cron_daily()

    def test_an_unpaid_donation_closes_by_itself_and_goes_on(self):
        contract, invoice = self._member_of(claim_kind="donation")
        self._daily(2026, 9, 30)
        claim = self._claim(invoice)
        self.assertRecordValues(claim, [{"closes_on": date(2026, 10, 1), "amount_open": 1000.0}])
        self._pay(invoice, 400.0)
        self._daily(2026, 10, 1)
        self.assertEqual((claim.state, invoice.amount_residual), ("closed", 0.0))
        note = invoice.reversal_move_ids
        self.assertRecordValues(
            note,
            [
                {
                    "amount_total": 600.0,
                    "state": "posted",
                    "invoice_date": date(2026, 10, 1),
                    "ref": "Lapsed: it was not paid, and is not owed.",
                    "mbn_send_state": False,
                }
            ],
        )
        self.assertEqual(contract.state, "confirmed")
        self.assertAlmostEqual(self._owed(contract.payer_id), 0.0)

    def test_a_lapsed_fee_ends_the_membership_once_no_money_is_under_way(self):
        contract, invoice = self._member_of(claim_kind="lapse")
        self._daily(2026, 9, 2)
        claim = self._claim(invoice)
        other = self._due(due="2026-12-01", payer=contract.payer_id)
        money = self._pay(other, 1100.0)
        self._daily(2026, 10, 1)
        self.assertRecordValues(claim, [{"amount_open": 1000.0, "skip_reason": "credit"}])
        money.remove_move_reconcile()
        money.move_id._reverse_moves(cancel=True)
        self._daily(2026, 10, 2)
        self.assertEqual((claim.state, invoice.amount_residual), ("closed", 0.0))
        self.assertRecordValues(contract, [{"state": "ended", "end_reason": "unpaid"}])
        self.assertEqual(set(contract.charge_ids.mapped("state")), {"void"})

    def test_what_was_paid_of_a_fee_is_for_a_person(self):
        contract, invoice = self._member_of(claim_kind="lapse")
        self._daily(2026, 9, 2)
        self._pay(invoice, 400.0)
        self._daily(2026, 10, 1)
        desk = self.env["billing.exception"]
        self.assertIn("not paid in full", desk._open_rows(invoice, "dunning_lapse_stuck").name)
        self.assertEqual((contract.state, invoice.amount_residual), ("confirmed", 600.0))
        self._pay(invoice)
        self._daily(2026, 10, 2)
        self.assertFalse(desk._open_rows(invoice, "dunning_lapse_stuck"))

    def test_nothing_that_lapses_is_a_receivable_at_year_end(self):
        donations = [
            self._member_of((2026, 12, day), claim_kind="donation")[1] for day in (7, 14, 17)
        ]
        self._daily(2026, 12, 30)
        claims = [self._claim(donation) for donation in donations[:2]]
        self.assertEqual({claim.closes_on for claim in claims}, {date(2026, 12, 31)})
        # Nothing ran on New Year's Eve.
        self._daily(2027, 1, 4)
        self.assertEqual([one.amount_residual for one in donations], [0.0, 0.0, 1000.0])
        notes = donations[0].reversal_move_ids | donations[1].reversal_move_ids
        self.assertEqual(set(notes.mapped("date")), {date(2026, 12, 31)})
        self.assertEqual(
            self._claim(donations[2]).closes_on,
            date(2027, 1, 30),
            "it was due on New Year's Eve: it was not overdue in the old year",
        )

    def test_a_debt_does_not_close_by_itself(self):
        with self.assertRaises(ValidationError):
            self.policy.close_days = 30

    def test_no_debits_and_no_membership_until_all_is_paid(self):
        contract, invoice = self._member_of()
        payer = contract.payer_id
        self.agreement.write({"debit_out": True, "debit_lead_days": 2, "debit_notice_by": "bank"})
        mandate = self.env["direct.debit.mandate"].create(
            {"agreement_id": self.agreement.id, "partner_id": payer.id}
        )
        mandate.state = "active"
        planned = self._due(200.0, due="2026-10-15", payer=payer)
        self.assertEqual(planned.mbn_order_ids.state, "planned")
        self.reminder.write({"suspends": True, "stops_debit": True})
        self._at(2026, 9, 15)
        self._send()
        claim = self._claim(invoice)
        self.assertEqual(claim.state, "reminded")

        self.assertEqual(
            (contract.member_status, contract.status_reason), ("suspended", "reminded")
        )
        self.assertEqual(
            contract.status_text,
            f"Suspended since the reminder of 09/15/2026: {invoice.name} is not paid. Active again "
            "as soon as everything is paid. Next: Last notice on 09/30/2026.",
        )
        self.assertRecordValues(
            planned.mbn_order_ids, [{"state": "withdrawn", "withdraw_reason": "reminded"}]
        )
        later = self._due(300.0, due="2026-10-20", payer=payer)
        self.assertFalse(later.mbn_order_ids)
        self.assertTrue(payer.mbn_debits_stopped)
        self.assertIn("No debits from now on", mandate.message_ids[0].body)

        credit = self._pay(invoice, 1000.0)
        self.assertEqual((contract.member_status, contract.state), ("active", "confirmed"))
        self.assertIn("No longer suspended", contract.message_ids[0].body)
        self.assertEqual(set(claim.effect_ids.mapped("ended_on")), {date(2026, 9, 15)})
        live = (planned | later)._mbn_live_orders()
        self.assertEqual(sorted(live.mapped("amount")), [200.0, 300.0])
        self.assertEqual(set(contract.charge_ids.mapped("kind")), {"fee"}, "no entry fee anew")

        credit.remove_move_reconcile()
        self.assertEqual(contract.status_reason, "reminded")
        self.assertTrue(payer.mbn_debits_stopped)

    def test_the_other_invoice_of_the_payer_has_to_be_paid_before_debits_go_on(self):
        self.reminder.stops_debit = True
        first, second = self._due(), self._due(due="2026-09-10")
        self._at(2026, 9, 15)
        self._send()
        self.assertEqual(self._claim(second).state, "overdue")
        self._pay(first)
        self.assertTrue(self.payer.mbn_debits_stopped)
        self._pay(second)
        self.payer.invalidate_recordset()
        self.assertFalse(self.payer.mbn_debits_stopped)
