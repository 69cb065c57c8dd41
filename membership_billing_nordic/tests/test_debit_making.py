from datetime import date, datetime
from unittest.mock import patch

import psycopg2
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.debit import debit_making
from . import fake_debits
from .debit_common import DebitCommon, day


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDebitMaking(DebitCommon):
    # ------------------------------------------------------------------ the scheduled action

    def test_the_file_is_made_when_the_deadline_comes_near(self):
        invoice = self._due(self.payer, 450, day(3, 20))  # deadline 18 March 13:00
        self._at(2026, 3, 17, 12, 59)
        self.assertFalse(self._make())
        self._at(2026, 3, 17, 13, 0)
        file = self._make()
        self.assertRecordValues(
            file,
            [
                {
                    "direction": "out",
                    "state": "queued",
                    "connection_id": self.connection.id,
                    "transmission_number": "1",
                    "request_count": 1,
                    "requests_sum": 450.0,
                    "deadline": datetime(2026, 3, 18, 13, 0),
                    "format": "test.debits",
                }
            ],
        )
        self.assert_order(invoice, state="sent", file_id=file.id, record=3, amount=450.0)
        self.assertEqual(
            self._lines(file),
            [
                {
                    "type": "CollectionRequest",
                    "key": str(self._order(invoice).id),
                    "account": "99991042764",
                    "agreement_number": "001234567",
                    "reference": invoice.payment_reference,
                    "payer_number": "1001",
                    "payer_name": "Kari Nordmann",
                    "amount": "450.00",
                    "currency": self.agreement.currency_id.name,
                    "due_date": "2026-03-20",
                    "is_notified_by_bank": True,
                    "lines": ["Fee"],
                }
            ],
        )

    def test_nothing_is_made_twice(self):
        self._due(self.payer, 450, day(3, 20))
        self._at(2026, 3, 17, 13, 0)
        self.assertEqual(len(self._make()), 1)
        self.assertFalse(self._make())
        self._at(2026, 3, 18, 13, 0)
        self.assertFalse(self._make())

    def test_amounts_are_those_open_when_the_file_is_made(self):
        lowered = self._due(self.payer, 450, day(3, 20))
        paid = self._due(self.other, 200, day(3, 20))
        order = self._order(lowered).sudo()
        self._pay(lowered, 100.50)
        order.amount = 450.0  # as if the change had been missed
        self._order(paid).sudo().state = "planned"
        self._pay(paid, 200)
        self._order(paid).sudo().state = "planned"
        self._at(2026, 3, 17, 13, 0)
        file = self._make()
        self.assertEqual([row["amount"] for row in self._lines(file)], ["349.50"])
        self.assertEqual((file.request_count, file.requests_sum), (1, 349.5))
        self.assert_order(paid, state="withdrawn", withdraw_reason="paid", file_id=False)

    def test_one_file_for_all_agreements_with_an_assignment_each(self):
        second = self._agreement("99991042772", number="001234568", debit_out=True)
        journal = self.sale_journal.copy({"code": "SAL2", "mbn_agreement_id": second.id})
        self.env["direct.debit.mandate"].create(
            {"agreement_id": second.id, "partner_id": self.payer.id}
        ).action_activate()
        self._due(self.payer, 450, day(3, 20))
        self._due(self.payer, 100, day(3, 20), journal_id=journal.id)
        self._at(2026, 3, 18, 10, 0)
        file = self._make()
        self.assertEqual(file.request_count, 2)
        self.assertEqual(
            sorted(row["account"] for row in self._lines(file)), ["99991042764", "99991042772"]
        )
        self.assertEqual((self.agreement | second).mapped("next_assignment_number"), [2, 2])

    def test_a_large_number_of_debits_goes_in_several_files(self):
        for _number in range(3):
            self._due(self.payer, 100, day(3, 20))
        self._at(2026, 3, 17, 13, 0)
        with patch.object(debit_making, "FILE_SIZE", 2):
            files = self._make()
        self.assertEqual(files.sorted("id").mapped("request_count"), [2, 1])
        self.assertEqual(files.sorted("id").mapped("transmission_number"), ["1", "2"])

    def test_too_far_ahead_waits_as_planned(self):
        self.agreement.debit_max_days_ahead = 30
        invoice = self._due(self.payer, 450, day(4, 20))
        self.assertFalse(self.connection.sudo()._make_debit_file(everything=True))
        self._at(2026, 3, 21, 8, 0)
        self.assertTrue(self.connection.sudo()._make_debit_file(everything=True))
        self.assert_order(invoice, state="sent")

    # ------------------------------------------------------------------ left out

    def test_a_faulty_order_is_left_out_and_named_the_others_go(self):
        good = self._due(self.payer, 450, day(3, 20))
        bad = self._due(self.other, 100000, day(3, 20))
        self._at(2026, 3, 17, 13, 0)
        file = self._make()
        self.assertEqual(file.request_count, 1)
        self.assert_order(good, state="sent")
        order = self.assert_order(bad, state="planned", file_id=False)
        row = self._desk(order, "debit_left_out")
        self.assertEqual(
            row.name,
            f"The debit of {bad.name} on 2026-03-20 cannot be sent. amount: expected at most "
            "99999.99, found 100000.00",
        )
        self._pay(bad, 40000)
        self.assertEqual(self._make().request_count, 1)
        self.assertFalse(self._desk(order, "debit_left_out"))

    def test_a_fault_of_the_program_leaves_out_one_order_only(self):
        self._due(self.payer, 450, day(3, 20))
        bad = self._due(self.other, 100, day(3, 20))

        def broken(request):
            return [] if request.amount > 200 else {}["nothing"]

        self._at(2026, 3, 17, 13, 0)
        with (
            patch.object(fake_debits, "faults", broken),
            mute_logger("odoo.addons.membership_billing_nordic.models.debit.debit_making"),
        ):
            file = self._make()
        self.assertEqual(file.request_count, 1)
        self.assert_order(bad, state="planned", left_out="The program failed on it.")

    def test_a_wrong_frame_makes_no_file_and_takes_no_number(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self.connection.customer_number = False
        self._at(2026, 3, 17, 13, 0)
        self.assertFalse(self._make())
        self.assert_order(invoice, state="planned", file_id=False)
        self.assertIn("sender", self._desk(self.connection, "debit_file").name)
        self.assertEqual(self.connection.next_transmission_number, 1)
        self.assertEqual(self.agreement.next_assignment_number, 1)
        self.connection.customer_number = "00123456"
        self.assertEqual(self._make().transmission_number, "1")
        self.assertFalse(self._desk(self.connection, "debit_file"))

    def test_own_notice_holds_the_debit_until_it_was_sent(self):
        self.agreement.write({"debit_notice_by": "us", "debit_notice_days": 7})
        told = self._due(self.payer, 450, day(3, 20))
        untold = self._due(self.other, 100, day(3, 20))
        self._order(told).sudo()._notice_sent(day(3, 13))
        self._order(untold).sudo()._notice_sent(day(3, 14))
        self._at(2026, 3, 17, 13, 0)
        file = self._make()
        self.assertEqual(file.request_count, 1)
        order = self.assert_order(untold, state="planned")
        self.assertIn("7 days before", self._desk(order, "debit_left_out").name)

    def test_a_payer_who_wants_no_notice_gets_none(self):
        self.agreement.write({"debit_notice_by": "us", "debit_notice_days": 7})
        self.mandate.written_notice = "no"
        self._due(self.payer, 450, day(3, 20))
        self._at(2026, 3, 17, 13, 0)
        self.assertNotIn("is_notified_by_bank", self._lines(self._make())[0])

    def test_missed_deadline_moves_on_or_is_given_up(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._at(2026, 3, 18, 13, 1)
        file = self._make()  # 23 March, whose deadline is 19 March 13:00
        self.assertEqual(self._lines(file)[0]["due_date"], "2026-03-23")
        self.assert_order(
            invoice,
            state="sent",
            due_date=day(3, 23),
            original_due_date=day(3, 20),
            deadline=datetime(2026, 3, 19, 13, 0),
        )
        self.assert_due(invoice, day(3, 23))
        self.assertIn("2026-03-23", self._desk(self.agreement, "debit_missed").name)
        self.agreement.debit_late = "invoice"
        given_up = self._due(self.other, 100, day(3, 24))
        self._at(2026, 3, 20, 13, 1)
        self.assertFalse(self._make())
        self.assert_order(given_up, state="withdrawn", withdraw_reason="late", file_id=False)
        self.assert_due(given_up, day(3, 24))

    # ------------------------------------------------------------------ after the file is made

    def test_the_invoice_stays_posted_while_its_debit_is_in_a_file(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._sent()
        with self.assertRaisesRegex(UserError, "being collected"):
            invoice.button_draft()

    def test_a_reference_and_due_date_are_in_a_file_once(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._sent()
        order = self._order(invoice).sudo()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation):
            order.copy()

    def test_payment_after_sending_withdraws_the_debit(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._sent()
        self._at(2026, 3, 10, 8, 0)
        self._pay(invoice, 450)
        self.assert_order(invoice, state="sent", withdraw_wanted=True, withdraw_reason="paid")
        self.assertFalse(self._make())  # the withdrawal's deadline is 19 March 13:00
        self._at(2026, 3, 18, 13, 0)
        file = self._make()
        self.assertEqual((file.request_count, file.requests_sum), (1, 0.0))
        self.assertEqual(
            [(row["type"], row["amount"], row["due_date"]) for row in self._lines(file)],
            [("CollectionWithdrawal", "450.00", "2026-03-20")],
        )
        self.assert_order(
            invoice, state="withdrawn", withdraw_wanted=False, withdrawal_file_id=file.id
        )
        self.assertEqual(self._order(invoice).withdrawal_record, 3)

    def test_withdrawals_go_along_with_the_next_claims(self):
        invoice = self._due(self.payer, 450, day(4, 20))
        self._sent()
        self._credit_note(invoice)
        self._due(self.other, 100, day(3, 20))
        self._at(2026, 3, 18, 10, 0)
        file = self._make()
        self.assertEqual(
            sorted(row["type"] for row in self._lines(file)),
            ["CollectionRequest", "CollectionWithdrawal"],
        )
        self.assertEqual((file.request_count, file.requests_sum), (2, 100.0))

    def test_a_withdrawal_waits_for_the_day_after_where_the_scheme_says_so(self):
        self.agreement.withdrawal_same_day = False
        invoice = self._due(self.payer, 450, day(3, 6))
        self._at(2026, 3, 4, 12, 0)
        self._sent()
        self._pay(invoice, 450)
        self.assert_order(invoice, state="sent", withdraw_wanted=True)
        self.assertFalse(self._make())
        self._at(2026, 3, 4, 23, 0)  # midnight at the bank
        self.assertEqual(len(self._make()), 1)
        self.assert_order(invoice, state="withdrawn")

    def test_what_cannot_be_stopped_is_a_row_on_the_desk(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._sent()
        self._at(2026, 3, 19, 13, 1)
        self._pay(invoice, 450)
        order = self.assert_order(invoice, state="sent", withdraw_wanted=False)
        self.assertIn(invoice.name, self._desk(order, "debit_gone").name)
        with self.assertRaises(UserError):
            order.action_stop()

    def test_a_withdrawal_whose_claim_never_left_is_given_up_in_the_end(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self.connection.sudo()._make_debit_file(everything=True)  # not sent
        self._pay(invoice, 450)
        self._at(2026, 3, 18, 14, 0)
        self.assertFalse(self._make())
        self._at(2026, 3, 19, 13, 1)
        self.assertFalse(self._make())
        order = self.assert_order(invoice, state="sent", withdraw_wanted=False)
        self.assertTrue(self._desk(order, "debit_gone"))

    def test_the_wish_is_taken_back_with_the_payment(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._sent()
        payment = self._pay(invoice, 450)
        payment.move_id.line_ids.remove_move_reconcile()
        self.assert_order(invoice, state="sent", withdraw_wanted=False, withdraw_reason=False)

    def test_part_payment_after_sending_collects_the_rest_anew(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._sent()
        self._pay(invoice, 150)
        self._at(2026, 3, 18, 13, 30)
        self._make()
        self.assertRecordValues(
            self._order(invoice).sorted("id"),
            [
                {"state": "withdrawn", "amount": 450.0, "due_date": day(3, 20)},
                {"state": "sent", "amount": 300.0, "due_date": day(3, 23)},
            ],
        )
        self.assert_due(invoice, day(3, 23))

    def test_a_new_debit_never_has_the_due_date_of_a_withdrawn_one(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._sent()
        order = self._order(invoice)
        order.action_stop()
        self._at(2026, 3, 3, 8, 0)
        self.connection.sudo()._make_debit_file(everything=True)._mark_sent()
        self.assertEqual(order.state, "withdrawn")
        invoice._mbn_plan_orders()
        self._at(2026, 3, 17, 13, 0)
        self.connection.sudo()._make_debit_file(everything=True)
        self.assertRecordValues(
            (self._order(invoice) - order),
            [{"state": "sent", "due_date": day(3, 23), "amount": 450.0}],
        )

    def test_ended_mandate_withdraws_what_was_sent(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._sent()
        self.mandate.action_cancel()
        self.assert_order(invoice, state="sent", withdraw_wanted=True, withdraw_reason="mandate")

    # ------------------------------------------------------------------ files that come back

    def test_a_discarded_file_gives_its_debits_back_and_holds_them(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        file = self.connection.sudo()._make_debit_file(everything=True)
        file.action_discard()
        order = self.assert_order(
            invoice,
            state="planned",
            file_id=False,
            hold="discarded",
            returned_file_id=file.id,
            record=0,
        )
        self.assertEqual(order.event_ids.mapped("kind"), ["file_discarded"])
        self.assertTrue(self._desk(file, "debit_returned"))
        self._at(2026, 3, 17, 13, 0)
        self.assertFalse(self._make())
        order.action_release()
        self.assertFalse(self._desk(file, "debit_returned"))
        second = self._make()
        self.assertEqual((second.request_count, second.transmission_number), (1, "2"))
        self.assert_order(invoice, state="sent", file_id=second.id, due_date=day(3, 20))

    def test_a_file_discarded_as_late_lets_its_debits_move_on(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        file = self.connection.sudo()._make_debit_file(everything=True)
        self._at(2026, 3, 18, 13, 1)
        file.action_discard()
        self._make()
        self.assert_order(invoice, state="sent", hold=False, due_date=day(3, 23))

    def test_a_rejected_file_holds_its_debits_until_the_rejection_is_read(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        file = self._sent()
        file._on_rejected("Sender unknown")
        file.state = "rejected"
        self.assert_order(invoice, state="planned", hold="rejected", left_out="Sender unknown")
        file.action_rejection_read()
        self.assert_order(invoice, state="planned", hold=False, left_out=False)
        self._at(2026, 3, 17, 13, 0)
        self.assertEqual(self._make().request_count, 1)

    def test_a_discarded_withdrawal_is_wanted_again(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._sent()
        self._pay(invoice, 150)
        self._at(2026, 3, 18, 13, 30)
        file = self._make()
        file.action_discard()
        self.assertRecordValues(
            self._order(invoice).sorted("id"),
            [
                {"state": "sent", "withdraw_wanted": True, "withdrawal_file_id": False},
                {"state": "withdrawn", "withdraw_wanted": False, "withdrawal_file_id": False},
            ],
        )

    # ------------------------------------------------------------------ by hand

    def test_the_preview_shows_what_would_go_and_changes_nothing(self):
        self.agreement.debit_part_payment = "hold"
        first = self._due(self.payer, 450, day(3, 20))
        self._due(self.payer, 150, day(4, 20))
        self._due(self.other, 200000, day(3, 20))
        held = self._due(self.other, 80, day(3, 20))
        self._pay(held, 30)
        wizard = self.env["direct.debit.make"].browse(
            self.connection.action_make_debit_file()["res_id"]
        )
        self.assertRecordValues(
            wizard,
            [
                {
                    "claim_count": 2,
                    "claim_sum": 600.0,
                    "first_due": day(3, 20),
                    "last_due": day(4, 20),
                    "withdrawal_count": 0,
                    "left_out_count": 2,
                    "deadline": datetime(2026, 3, 18, 13, 0),
                }
            ],
        )
        self.assertEqual(
            sorted(wizard.line_ids.mapped(lambda line: (line.amount, line.order_count))),
            [(50.0, 1), (200000.0, 1)],
        )
        self.assert_order(first, state="planned")
        self.assertFalse(self._files())
        wizard.due_until = date(2026, 3, 31)
        wizard.action_preview()
        self.assertEqual((wizard.claim_count, wizard.claim_sum), (1, 450.0))
        action = wizard.action_make()
        file = self.env["bank.file"].browse(action["res_id"])
        self.assertEqual((file.request_count, file.requests_sum), (1, 450.0))
        self.assert_order(first, state="sent", file_id=file.id)

    def test_only_managers_make_files_by_hand(self):
        user = new_test_user(self.env, "clerk", "membership_billing_nordic.group_billing_user")
        with self.assertRaises(AccessError):
            self.connection.with_user(user).action_make_debit_file()

    def test_an_empty_file_is_refused_by_hand(self):
        wizard = self.env["direct.debit.make"].browse(
            self.connection.action_make_debit_file()["res_id"]
        )
        with self.assertRaisesRegex(UserError, "nothing to send"):
            wizard.action_make()
