"""Money that stands to payers: used, moved, written off, and taken back by the bank."""

from datetime import date
from unittest.mock import patch

import psycopg2
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..formats import messages
from .bank_file_common import BankFileCommon


@tagged("post_install", "-at_install")
class TestMoneyStanding(BankFileCommon):
    """Kari paid 500 for an invoice of 450: 50 stands to her."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sister = cls._payer("Siri Nordmann")
        cls.invoice = cls._invoice(cls.payer, 450)
        cls.clerk = new_test_user(
            cls.env, "standing clerk", "membership_billing_nordic.group_billing_user"
        )
        cls.gain = cls.company_data["default_account_revenue"]

    def _overpaid(self, amount=500):
        message = self._payment(amount, self.invoice.payment_reference)
        self._book(message)
        self.paid = self._stored(message)
        return self._standing(self.payer)

    def _standing(self, payer):
        return self.env["account.move.line"].search(
            [
                ("partner_id", "=", payer.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("amount_residual", "<", 0),
            ]
        )

    def _balance(self, payer):
        """What the ledger says that ``payer`` owes."""
        return self.company.currency_id.round(
            sum(
                self.env["account.move.line"]
                .search(
                    [
                        ("partner_id", "=", payer.id),
                        ("account_type", "=", "asset_receivable"),
                        ("parent_state", "=", "posted"),
                    ]
                )
                .mapped("balance")
            )
        )

    def _on_desk(self, record, kind):
        return self.env["billing.exception"]._open_rows(record, kind)

    def _move(self, credit, amount=50, to=None, user=None, **vals):
        make = self.env["bank.money.move.make"].with_user(user or self.clerk)
        action = credit.with_user(user or self.clerk).action_mbn_move()
        wizard = make.browse(action["res_id"])
        wizard.write({"to_partner_id": (to or self.sister).id, "amount": amount} | vals)
        wizard.action_move()
        return self.env["bank.money.move"].search([], limit=1)

    # ------------------------------------------------------------------ using it

    def test_what_stands_pays_the_next_invoice_before_anything_is_collected(self):
        credit = self._overpaid()
        self.assertEqual((credit.mbn_source, credit.mbn_standing), ("over", 50))
        newer = self._invoice(self.payer, 300)
        self.assertEqual((newer.amount_residual, self._balance(self.payer)), (250, 250))
        self.assertFalse(self._standing(self.payer))
        self.assertIn("50.00", newer.message_ids[0].body)
        self._invoice(self.sister, 300)
        self.assertEqual(self._balance(self.sister), 300)

    def test_above_the_limit_a_person_decides(self):
        self.company.mbn_use_standing_limit = 49
        credit = self._overpaid()
        newer = self._invoice(self.payer, 300)
        self.assertEqual(newer.amount_residual, 300)
        row = self._on_desk(newer, "standing_to_use")
        self.assertIn("50.00", row.name)
        credit.with_user(self.clerk).action_mbn_use()
        self.assertEqual((newer.amount_residual, credit.amount_residual), (250, 0))
        self.assertEqual(row.state, "done")
        with self.assertRaisesRegex(UserError, "used already"):
            credit.with_user(self.clerk).action_mbn_use()

    def test_switched_off_it_stands_until_somebody_uses_it(self):
        self.company.mbn_use_standing = False
        credit = self._overpaid()
        self.assertEqual(self._invoice(self.payer, 300).amount_residual, 300)
        self.assertEqual(credit.mbn_standing, 50)

    def test_use_pays_the_oldest_due_first(self):
        self.company.mbn_use_standing = False
        later = self._invoice(self.payer, 40, invoice_date="2026-01-25")
        older = self._invoice(self.payer, 30, invoice_date="2026-01-20")
        credit = self._overpaid()
        self.assertEqual(credit.mbn_unpaid, f"{later.name}, {older.name}")
        credit.action_mbn_use()
        self.assertEqual((older.amount_residual, later.amount_residual), (0, 20))
        self.assertEqual(self._balance(self.payer), 20)

    # ------------------------------------------------------------------ moving it

    def test_moved_to_a_sister_it_pays_what_is_open_there_and_can_be_taken_back(self):
        credit = self._overpaid()
        hers = self._invoice(self.sister, 300)
        moved = self._move(credit, reason="Paid for Siri")
        self.assertRecordValues(
            moved.move_id.line_ids.sorted("balance"),
            [
                {"partner_id": self.sister.id, "balance": -50, "amount_residual": 0},
                {"partner_id": self.payer.id, "balance": 50, "amount_residual": 0},
            ],
        )
        self.assertEqual((moved.reason, moved.move_id.ref), ("Paid for Siri", "Paid for Siri"))
        self.assertEqual((hers.amount_residual, self._balance(self.payer)), (250, 0))
        moved.with_user(self.clerk).action_undo()
        for entry in moved.move_id | moved.undone_move_id:
            with self.assertRaisesRegex(UserError, f"^{entry.name} stay as they are: undo them"):
                entry.button_draft()
        self.assertEqual((hers.amount_residual, credit.amount_residual), (300, -50))
        self.assertEqual((self._balance(self.payer), self._balance(self.sister)), (-50, 300))
        self.assertEqual(moved.undone_move_id.reversed_entry_id, moved.move_id)
        with self.assertRaisesRegex(UserError, "undone already"):
            moved.action_undo()
        lines = self.env["member.account.line"].search([("partner_id", "=", self.sister.id)])
        self.assertEqual(sorted(lines.mapped("kind")), ["invoice", "moved", "moved"])

    def test_moving_has_bounds(self):
        credit = self._overpaid()
        for vals, why in (
            ({"amount": 50.01}, "Only .*50.00"),
            ({"amount": 0}, "above zero"),
            ({"to": self.payer}, "another payer"),
            ({"reason": ""}, "Say why"),
        ):
            with self.assertRaisesRegex(UserError, why):
                self._move(credit, **{"reason": "x"} | vals)
        desk = new_test_user(
            self.env, "standing desk", "membership_billing_nordic.group_billing_front_desk"
        )
        with self.assertRaises(AccessError):
            self.env["bank.money.move.make"].with_user(desk).create({"credit_id": credit.id})
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        with self.assertRaises(AccessError):
            credit.with_user(self.clerk).sudo(False).with_context(
                allowed_company_ids=elsewhere.ids
            ).action_mbn_move()
        self.assertEqual(credit.amount_residual, -50)
        self.assertFalse(self.env["bank.money.move"].search([]))

    def test_no_bank_reported_it_so_it_is_not_booked_in_the_journal_of_an_agreement(self):
        credit, banks = self._overpaid(), self.env["bank.agreement"].search([]).booking_journal_id
        banks.sequence = -1
        moved = self._move(credit, 20, reason="Paid for Siri")
        self.assertNotIn(moved.move_id.journal_id, banks)
        self.assertEqual(self.company._mbn_dunning_journal(), moved.move_id.journal_id)
        self.assertEqual(self.company._mbn_share_journal(), moved.move_id.journal_id)
        general = self.env["account.journal"].search([("type", "=", "general")]) - banks
        general.active = False
        with self.assertRaisesRegex(UserError, "no general journal besides"):
            self._move(credit, 20, reason="Paid for Siri")

    # ------------------------------------------------------------------ small differences

    def _write_off(self, day):
        with self._today(day):
            self.env["bank.difference"]._cron_write_off()
        return self.env["bank.difference"].search([])

    def _today(self, day):
        return patch.object(type(self.company), "_billing_today", lambda company: day)

    def test_a_small_overpayment_is_written_off_once_and_can_be_taken_back(self):
        self.company.write(
            {"mbn_over_limit": 5, "mbn_over_days": 30, "mbn_over_account_id": self.gain.id}
        )
        credit = self._overpaid(453.5)
        self.assertFalse(self._write_off(date(2026, 3, 1)))
        rest = self._write_off(date(2026, 3, 15))
        self.assertRecordValues(
            rest, [{"direction": "over", "amount": 3.5, "partner_id": self.payer.id}]
        )
        self.assertRecordValues(
            rest.move_id.line_ids.sorted("balance"),
            [
                {"account_id": self.gain.id, "balance": -3.5},
                {"account_id": credit.account_id.id, "balance": 3.5},
            ],
        )
        self.assertEqual((credit.amount_residual, self._balance(self.payer)), (0, 0))
        rest.with_user(self.clerk).action_undo()
        self.assertEqual((credit.amount_residual, self._balance(self.payer)), (-3.5, -3.5))
        self.assertEqual(self._write_off(date(2026, 4, 15)), rest)
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            rest.sudo().copy(
                {"move_line_id": credit.id, "move_id": self.invoice.id}
            ).flush_recordset()

    def test_a_company_without_a_general_journal_does_not_stop_the_others(self):
        self.company.write(
            {"mbn_over_limit": 5, "mbn_over_days": 0, "mbn_over_account_id": self.gain.id}
        )
        credit = self._overpaid(453.5)
        journals = self.env["account.journal"].search(
            [("type", "=", "general"), ("company_id", "=", self.company.id)]
        )
        journals.active = False
        with self.assertLogs("odoo.addons.membership_billing_nordic", "WARNING"):
            self.assertFalse(self._write_off(date(2026, 3, 15)))
        journals.active = True
        self.assertTrue(self._write_off(date(2026, 3, 15)))
        self.assertFalse(credit.amount_residual)

    def test_what_is_not_small_or_could_pay_something_stays(self):
        self.company.write(
            {"mbn_over_limit": 5, "mbn_over_days": 0, "mbn_over_account_id": self.gain.id}
        )
        self.company.mbn_use_standing = False
        self._overpaid(455.01)
        self.assertFalse(self._write_off(date(2026, 3, 15)))
        self.invoice = self._invoice(self.sister, 100)
        self._overpaid(101)
        self._invoice(self.sister, 300)
        self.assertFalse(self._write_off(date(2026, 3, 15)))

    # ------------------------------------------------------------------ taken back

    def _taken_back(self):
        back = self._payment(
            450,
            self.invoice.payment_reference,
            kind=messages.PaymentReversed,
            deposit_key="D2",
            bank_date=date(2026, 2, 20),
            reason="disputed",
        )
        self._book(back)
        return self._stored(back)

    def test_a_payment_that_is_taken_back_is_on_the_desk_with_its_history(self):
        self._overpaid(450)
        back = self._taken_back()
        row = self._on_desk(back, "payment_taken_back")
        for part in ("450.00", "Kari Nordmann", self.invoice.name, "02/10/2026", "disputed"):
            self.assertIn(part, row.name)
        self.assertEqual(
            [(one.day, one.amount) for one in self.paid._history_rows()][:2],
            [(date(2026, 2, 10), 450), (date(2026, 2, 20), -450)],
        )
        self.assertEqual((back.taken_back_open, back.paid_on), (450, date(2026, 2, 10)))
        again = self._payment(
            450, self.invoice.payment_reference, deposit_key="D3", bank_date=date(2026, 3, 1)
        )
        self._book(again)
        self.assertIn("Paid again", back.history)
        self.assertEqual((row.state, back.taken_back_open), ("done", 0))

    def test_an_undone_reversal_leaves_the_desk(self):
        self._overpaid(450)
        back = self._taken_back()
        back.with_user(self.clerk).action_undo()
        self.assertFalse(self._on_desk(back, "payment_taken_back"))
        self.assertEqual(self._balance(self.payer), 0)

    def test_what_was_moved_of_a_payment_that_is_taken_back_is_owed(self):
        extra = self._payment(
            100, self.invoice.payment_reference, bank_date=date(2026, 2, 12), deposit_key="D3"
        )
        self._overpaid(450)
        self._book(extra)
        credit = self._standing(self.payer)
        moved = self._move(credit, 100, reason="Paid for Siri")
        back = self._payment(
            100,
            self.invoice.payment_reference,
            kind=messages.PaymentReversed,
            deposit_key="D4",
            bank_date=date(2026, 2, 25),
        )
        self._book(back)
        self.assertEqual(self._balance(self.payer), 100)
        self.assertEqual(self._balance(self.sister), -100)
        self.assertEqual(
            moved.move_id.line_ids.filtered("balance").mapped("reconciled"), [False] * 2
        )
