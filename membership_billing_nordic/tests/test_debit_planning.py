from datetime import datetime

import psycopg2
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .debit_common import DebitCommon, day


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDebitPlanning(DebitCommon):
    # ------------------------------------------------------------------ deadlines

    def test_deadline_is_wall_time_at_the_bank_in_winter_and_summer(self):
        # Two banking days before, two o'clock in Oslo: UTC+1, then UTC+2 from 29 March.
        self.assertEqual(self.agreement._debit_deadline(day(3, 20)), datetime(2026, 3, 18, 13, 0))
        self.assertEqual(self.agreement._debit_deadline(day(4, 10)), datetime(2026, 4, 8, 12, 0))

    def test_deadline_leaves_out_holidays_and_weekends(self):
        # Before Tuesday after Easter: Wednesday and Tuesday before Maundy Thursday.
        self.assertEqual(self.agreement._debit_deadline(day(4, 7)), datetime(2026, 3, 31, 12, 0))

    def test_first_due_date_in_reach_before_and_after_the_cutoff(self):
        reach = self.agreement._debit_first_due
        self.assertEqual(reach(datetime(2026, 3, 2, 13, 0)), day(3, 4))
        self.assertEqual(reach(datetime(2026, 3, 2, 13, 1)), day(3, 5))
        self.assertEqual(reach(datetime(2026, 3, 7, 9, 0)), day(3, 11))  # a Saturday

    def test_withdrawal_deadline_and_first_moment(self):
        agreement = self.agreement
        self.assertEqual(agreement._withdrawal_deadline(day(3, 16)), datetime(2026, 3, 13, 13, 0))
        handed_in = datetime(2026, 3, 6, 10, 0)
        self.assertEqual(agreement._withdrawal_first(handed_in), handed_in)
        agreement.withdrawal_same_day = False
        self.assertEqual(agreement._withdrawal_first(handed_in), datetime(2026, 3, 8, 23, 0))

    def test_settings_that_make_no_sense_are_refused(self):
        for values in ({"debit_cutoff": 24.0}, {"debit_lead_days": -1}, {"debit_domain": "[(1"}):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.agreement.write(values)

    # ------------------------------------------------------------------ what is planned

    def test_posting_plans_the_debit_of_the_open_amount(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self.assert_order(
            invoice,
            state="planned",
            amount=450.0,
            due_date=day(3, 20),
            original_due_date=day(3, 20),
            deadline=datetime(2026, 3, 18, 13, 0),
            reference=invoice.payment_reference,
            mandate_id=self.mandate.id,
            partner_id=self.payer.id,
            agreement_id=self.agreement.id,
            file_id=False,
        )
        self.assertEqual(invoice.mbn_debit_date, day(3, 20))
        self.assertEqual(invoice.mbn_order_count, 1)
        line = invoice.mbn_order_line_ids
        self.assertEqual((line.amount, line.is_live), (450.0, True))

    def test_not_planned_without_mandate_tick_switch_or_condition(self):
        cases = {
            "no mandate": self._due(self.without, 100, day(3, 20)),
            "tick": self._due(self.payer, 100, day(3, 20), mbn_collect=False),
        }
        self.agreement.debit_domain = "[('amount_total', '>', 100)]"
        cases["condition"] = self._due(self.payer, 100, day(3, 20))
        self.agreement.debit_domain = "[]"
        self.agreement.debit_out = False
        cases["switch"] = self._due(self.payer, 100, day(3, 20))
        for reason, invoice in cases.items():
            with self.subTest(reason=reason):
                self.assertFalse(self._order(invoice))

    def test_the_condition_lets_through_what_meets_it(self):
        self.agreement.debit_domain = "[('amount_total', '>', 100)]"
        self.assertTrue(self._order(self._due(self.payer, 101, day(3, 20))))

    def test_credit_notes_and_vendor_bills_are_not_collected(self):
        refund = self._due(self.payer, 100, day(3, 20), move_type="out_refund")
        self.assertFalse(self._order(refund))

    def test_a_mandate_counts_on_the_due_date(self):
        self.mandate.valid_from = day(3, 21)
        self.other_mandate.valid_to = day(3, 19)
        self.assertFalse(self._order(self._due(self.payer, 100, day(3, 20))))
        self.assertTrue(self._order(self._due(self.payer, 100, day(3, 21))))
        self.assertFalse(self._order(self._due(self.other, 100, day(3, 20))))
        self.assertTrue(self._order(self._due(self.other, 100, day(3, 19))))

    def test_instalments_are_debits_of_their_own_with_one_reference(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 40, "nb_days": 20}),
                    Command.create({"value": "percent", "value_amount": 60, "nb_days": 50}),
                ],
            }
        )
        invoice = self._invoice(
            self.payer, 1000, invoice_date=day(3, 2), invoice_payment_term_id=term.id
        )
        self.assertRecordValues(
            self._order(invoice).sorted("due_date"),
            [
                {"amount": 400.0, "due_date": day(3, 22), "reference": invoice.payment_reference},
                {"amount": 600.0, "due_date": day(4, 21), "reference": invoice.payment_reference},
            ],
        )

    def test_a_batch_is_planned_with_the_same_queries_as_two(self):
        def queries(count):
            payers = [self._payer(f"Payer {count} {number}") for number in range(count)]
            for payer in payers:
                self._mandate(payer)
            moves = self.env["account.move"].union(
                *(self._due(payer, 100, day(3, 20), mbn_collect=False) for payer in payers)
            )
            self.env.flush_all()
            super(type(moves), moves).write({"mbn_collect": True})
            self.env.flush_all()
            self.env.invalidate_all()
            self._order(moves)
            before = self.env.cr.sql_log_count
            moves._mbn_plan_orders()
            self.assertEqual(len(self._order(moves)), count)
            return self.env.cr.sql_log_count - before

        self.assertLessEqual(queries(40) - queries(4), 8)

    def test_a_new_mandate_collects_from_the_next_invoice_or_also_open_ones(self):
        old = self._due(self.without, 100, day(3, 20))
        overdue = self._due(self.without, 100, day(3, 1))
        mandate = self.env["direct.debit.mandate"].create(
            {"agreement_id": self.agreement.id, "partner_id": self.without.id}
        )
        mandate.action_activate()
        self.assertFalse(self._order(old))
        self.assertTrue(self._order(self._due(self.without, 100, day(3, 20))))
        mandate.action_cancel()
        self.agreement.debit_new_mandate = "open"
        again = mandate.copy({"valid_to": False})
        again.action_activate()
        self.assert_order(old, state="planned", mandate_id=again.id)
        self.assertFalse(self._order(overdue))

    # ------------------------------------------------------------------ too late

    def test_missed_deadline_moves_the_due_date_and_keeps_the_old_one(self):
        invoice = self._due(self.payer, 450, day(3, 3))
        self.assert_order(
            invoice,
            due_date=day(3, 4),
            original_due_date=day(3, 3),
            deadline=datetime(2026, 3, 2, 13, 0),
        )
        self.assert_due(invoice, day(3, 4))

    def test_missed_deadline_may_leave_an_ordinary_invoice(self):
        self.agreement.debit_late = "invoice"
        invoice = self._due(self.payer, 450, day(3, 3))
        self.assertFalse(self._order(invoice))
        self.assert_due(invoice, day(3, 3))

    def test_less_than_an_hour_before_the_deadline_is_too_late(self):
        self._at(2026, 3, 2, 12, 1)
        self.assert_order(self._due(self.payer, 450, day(3, 4)), due_date=day(3, 5))

    def test_own_notice_leaves_its_days_before_the_due_date(self):
        self.agreement.write({"debit_notice_by": "us", "debit_notice_days": 7})
        invoice = self._due(self.payer, 450, day(3, 5))
        self.assert_order(invoice, due_date=day(3, 9), notified_on=False)
        self.mandate.written_notice = "no"
        self.assert_order(self._due(self.payer, 450, day(3, 5)), due_date=day(3, 5))

    # ------------------------------------------------------------------ following, before a file

    def test_part_payment_lowers_the_debit(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._pay(invoice, 150)
        self.assert_order(invoice, state="planned", amount=300.0, hold=False)

    def test_part_payment_may_hold_the_debit_until_a_person_releases_it(self):
        self.agreement.debit_part_payment = "hold"
        invoice = self._due(self.payer, 450, day(3, 20))
        self._pay(invoice, 150)
        order = self.assert_order(invoice, state="planned", amount=300.0, hold="part_payment")
        self.assertIn(invoice.name, self._desk(order, "debit_left_out").name)
        order.action_release()
        self.assert_order(invoice, state="planned", amount=300.0, hold=False)
        self.assertFalse(self._desk(order, "debit_left_out"))

    def test_payment_or_credit_drops_the_debit_and_undoing_plans_it_again(self):
        self.company.mbn_use_standing = False
        paid = self._due(self.payer, 450, day(3, 20))
        payment = self._pay(paid, 450)
        self.assert_order(paid, state="withdrawn", withdraw_reason="paid", file_id=False)
        self.assertFalse(paid.mbn_debit_date)
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertEqual(sorted(self._order(paid).mapped("state")), ["planned", "withdrawn"])
        self.assertEqual(paid.mbn_debit_date, day(3, 20))
        credited = self._due(self.payer, 450, day(3, 20))
        self._credit_note(credited)
        self.assert_order(credited, state="withdrawn", withdraw_reason="paid")

    def test_part_credit_lowers_the_debit(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._credit_note(invoice, 50)
        self.assert_order(invoice, state="planned", amount=400.0)

    def test_draft_drops_the_debit_and_another_payer_gets_a_new_one(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        first = self._order(invoice)
        invoice.button_draft()
        self.assertRecordValues(first, [{"state": "withdrawn", "withdraw_reason": "draft"}])
        invoice.partner_id = self.other
        invoice.action_post()
        self.assertRecordValues(
            invoice._mbn_live_orders(),
            [{"partner_id": self.other.id, "mandate_id": self.other_mandate.id, "amount": 450.0}],
        )

    def test_tick_drops_and_plans(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        invoice.mbn_collect = False
        self.assert_order(invoice, state="withdrawn", withdraw_reason="not_wanted")
        invoice.mbn_collect = True
        self.assertEqual(invoice._mbn_live_orders().state, "planned")

    def test_ended_mandate_drops_the_debit_or_the_next_mandate_takes_it(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self.mandate.action_cancel()
        self.assert_order(invoice, state="withdrawn", withdraw_reason="mandate")

    def test_another_due_date_of_the_invoice_moves_the_planned_debit(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        claim = invoice.mbn_order_line_ids.move_line_id
        claim.date_maturity = day(3, 27)
        self.assert_order(
            invoice, due_date=day(3, 27), deadline=datetime(2026, 3, 25, 13, 0), state="planned"
        )
        claim.date_maturity = day(3, 3)  # out of reach
        self.assert_order(invoice, due_date=day(3, 4), original_due_date=day(3, 3))
        self.assert_due(invoice, day(3, 4))

    # ------------------------------------------------------------------ never two

    def test_the_database_refuses_a_second_live_debit_of_a_claim(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        line = invoice.mbn_order_line_ids
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation):
            line.sudo().copy({"order_id": line.order_id.id, "is_live": True})

    def test_planning_again_plans_nothing(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self.assertFalse(invoice._mbn_plan_orders())

    # ------------------------------------------------------------------ by hand

    def test_stop_drops_a_planned_debit_and_is_for_billing_users(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        order = self._order(invoice)
        desk = new_test_user(self.env, "desk", "membership_billing_nordic.group_billing_front_desk")
        with self.assertRaises(AccessError):
            order.with_user(desk).action_stop()
        order.action_stop()
        self.assertRecordValues(order, [{"state": "withdrawn", "withdraw_reason": "person"}])
        with self.assertRaises(UserError):
            order.action_stop()
