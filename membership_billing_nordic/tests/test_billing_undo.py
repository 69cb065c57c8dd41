from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from ..models.membership import billing_run_undo
from .run_common import RunCommon


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestBillingUndo(RunCommon):
    def _undo(self, run):
        run.action_undo()
        self._work()
        self.env.invalidate_all()

    def _contracts(self, count):
        return self.env["membership.contract"].union(*(self._contract() for _no in range(count)))

    def _balance(self, contracts):
        lines = self.env["account.move.line"].search(
            [("partner_id", "in", contracts.payer_id.ids), ("parent_state", "=", "posted")]
        )
        receivable = lines.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        return sum(receivable.mapped("balance"))

    # Not delivered: as if it had never run

    def test_what_reached_nobody_is_taken_back_and_billed_again(self):
        contract = self._contract()
        before = contract.read(["next_period_start", "next_invoice_date", "paid_until"])
        run = self._bill("2027-01-15")
        invoice = run.line_ids.invoice_id
        self._undo(run)
        self.assertEqual((run.state, run.undone_count, run.kept_count), ("undone", 1, 0))
        self.assertEqual(run.line_ids.state, "undone")
        self.assertEqual(contract.period_ids.state, "void")
        self.assertEqual(contract.period_ids.charge_ids.state, "void")
        self.assertEqual(
            contract.read(["next_period_start", "next_invoice_date", "paid_until"]), before
        )
        self.assertEqual((invoice.state, invoice.payment_state), ("posted", "reversed"))
        note = run.line_ids.credit_note_id
        self.assertRecordValues(
            note,
            [
                {
                    "move_type": "out_refund",
                    "state": "posted",
                    "reversed_entry_id": invoice.id,
                    "amount_total": 1200.0,
                    "invoice_date": date(2027, 1, 15),
                    "amount_residual": 0.0,
                    "mbn_send_state": False,
                }
            ],
        )
        self.assertEqual(self._balance(contract), 0.0)
        again = self._bill("2027-01-15")
        self.assertEqual(again.line_ids.contract_id, contract)
        live = contract.period_ids.filtered(lambda period: period.state != "void")
        self.assertEqual(self._periods(contract)[:1], self._days(("2027-01-01", "2027-12-31")))
        self.assertEqual(live.state, "open")
        self.assertEqual(self._balance(contract), 1200.0)

    def test_a_wrong_price_is_billed_right_after_the_undo(self):
        contract = self._contract()
        run = self._bill("2027-01-15")
        self._undo(run)
        self.plan.price_ids.amount = 990.0
        self._bill("2027-01-15")
        self.assertEqual(self._balance(contract), 990.0)

    def test_a_free_period_is_taken_back_too(self):
        contract = self._contract(plan=self._plan("Free", 0.0))
        run = self._bill("2027-01-15")
        self.assertEqual(contract.paid_until, date(2027, 12, 31))
        self._undo(run)
        self.assertEqual((run.state, run.undone_count), ("undone", 1))
        self.assertEqual(contract.period_ids.state, "void")
        self.assertFalse(contract.paid_until)

    def test_what_waits_to_be_sent_is_not_sent_any_more(self):
        self.company.mbn_send_invoices = True
        self._contract()
        run = self._bill("2027-01-15")
        invoice = run.line_ids.invoice_id
        self.assertEqual(invoice.mbn_send_state, "waiting")
        run.action_undo()
        self.assertFalse(invoice.mbn_send_state)
        self._work()
        self.assertFalse(run.line_ids.credit_note_id.mbn_send_state)

    # Delivered: credited, and the payer is told

    def test_what_was_delivered_is_credited_today_and_the_credit_note_is_sent(self):
        self.company.mbn_send_invoices = True
        contracts = self._contracts(2)
        run = self._bill("2027-01-15")
        sent = run.line_ids[0]
        sent.invoice_id.sudo().write({"mbn_send_state": "sent", "is_move_sent": True})
        with freeze_time("2027-02-03"):
            self._undo(run)
        self.assertEqual((run.state, run.undone_count), ("undone", 2))
        self.assertRecordValues(
            run.line_ids.credit_note_id.sorted("id"),
            [
                {"invoice_date": date(2027, 2, 3), "mbn_send_state": "waiting"},
                {"invoice_date": date(2027, 1, 15), "mbn_send_state": False},
            ],
        )
        self.assertEqual(set(contracts.period_ids.mapped("state")), {"void"})
        self.assertIn("1 of them sent", run.message_ids[0].body)

    # Kept

    def test_paid_and_part_paid_invoices_are_kept_with_the_reason(self):
        contracts = self._contracts(3)
        run = self._bill("2027-01-15")
        paid, part, open_line = run.line_ids
        self._pay(paid.invoice_id)
        self._pay(part.invoice_id, 100.0)
        self._undo(run)
        self.assertEqual((run.state, run.undone_count, run.kept_count), ("undone", 1, 2))
        self.assertEqual((paid | part).mapped("state"), ["kept", "kept"])
        self.assertEqual(set((paid | part).mapped("problem_kind")), {"paid"})
        self.assertIn(paid.invoice_id.name, paid.problem)
        self.assertEqual(paid.action_fix()["res_id"], paid.invoice_id.id)
        self.assertEqual(open_line.state, "undone")
        self.assertEqual(paid.contract_id.period_ids.state, "paid")
        self.assertEqual(paid.invoice_id.payment_state, "paid")
        self.assertEqual(part.invoice_id.amount_residual, 1100.0)
        self.assertEqual(self._balance(contracts), 1100.0)
        desk = self.env["billing.exception"]._open_rows(run, "billing_run_kept")
        self.assertIn("2 memberships", desk.name)

    def test_what_was_kept_can_be_tried_again(self):
        contract = self._contract()
        run = self._bill("2027-01-15")
        payment = self._pay(run.line_ids.invoice_id)
        self._undo(run)
        self.assertEqual(run.kept_count, 1)
        payment.remove_move_reconcile()
        self._undo(run)
        self.assertEqual((run.state, run.undone_count, run.kept_count), ("undone", 1, 0))
        self.assertEqual(contract.period_ids.state, "void")
        self.assertFalse(self.env["billing.exception"]._open_rows(run, "billing_run_kept"))

    def test_an_invoice_reset_to_draft_is_kept(self):
        self._contract()
        run = self._bill("2027-01-15")
        run.line_ids.invoice_id.button_draft()
        self._undo(run)
        self.assertEqual((run.line_ids.state, run.line_ids.problem_kind), ("kept", "reset"))

    def test_an_invoice_credited_by_hand_gets_no_second_credit_note(self):
        contract = self._contract()
        run = self._bill("2027-01-15")
        self._credit(run.line_ids.invoice_id)
        self.assertEqual(contract.period_ids.state, "credited")
        self._undo(run)
        self.assertEqual((run.line_ids.state, contract.period_ids.state), ("undone", "void"))
        self.assertFalse(run.line_ids.credit_note_id)
        self.assertEqual(self._balance(contract), 0.0)

    # Parts of a run, and runs that cannot be undone

    def test_the_part_that_was_invoiced_is_undone_and_the_rest_is_given_up(self):
        contracts = self._contracts(3)
        run = self._preview("2027-01-15")
        self._release(run, mode="wave", number=1)
        self._work()
        self.assertEqual((run.state, run.billed_count), ("partly", 1))
        self._undo(run)
        self.assertEqual((run.state, run.undone_count, run.waiting_count), ("undone", 1, 0))
        self.assertEqual(run.out_line_ids.mapped("problem_kind"), ["not_released"] * 2)
        self.assertEqual(len(self._preview("2027-01-15").line_ids), len(contracts))

    def test_a_preview_cannot_be_undone(self):
        self._contract()
        run = self._preview("2027-01-15")
        with self.assertRaisesRegex(UserError, "only a run that made invoices"):
            run.action_undo()

    def test_closed_books_refuse_the_undo_with_what_to_do(self):
        contract = self._contract()
        run = self._bill("2027-01-15")
        self.company.sale_lock_date = "2027-01-31"
        with self.assertRaisesRegex(UserError, "Open the period"):
            run.action_undo()
        self.assertEqual(run.state, "done")
        self.assertEqual(contract.period_ids.state, "open")

    def test_books_closed_in_the_middle_keep_the_rest(self):
        contract = self._contract()
        run = self._bill("2027-01-15")
        run.action_undo()
        self.company.sale_lock_date = "2027-01-31"
        self._work()
        self.assertEqual((run.line_ids.state, run.line_ids.problem_kind), ("kept", "closed"))
        self.assertEqual(contract.period_ids.state, "open")

    def test_a_run_that_was_undone_is_not_deleted(self):
        self._contract()
        run = self._bill("2027-01-15")
        self._undo(run)
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            run.unlink()

    # Common invoices and instalments

    def test_a_common_invoice_is_taken_back_as_one(self):
        self.company.mbn_common_invoice = True
        contracts = self._contract(payer_id=self.payer.id) | self._contract(payer_id=self.payer.id)
        run = self._bill("2027-01-15")
        self.assertEqual(len(run.line_ids.invoice_id), 1)
        with patch.object(billing_run_undo, "UNDO_CHUNK", 1):
            self._undo(run)
        self.assertEqual(run.line_ids.mapped("state"), ["undone", "undone"])
        self.assertEqual(len(run.line_ids.credit_note_id), 1)
        self.assertEqual(set(contracts.period_ids.mapped("state")), {"void"})

    def test_instalments_to_come_go_with_their_period(self):
        plan = self._plan("Monthly paid", frequency="month")
        contract = self._contract(plan=plan)
        run = self._bill("2027-01-15")
        self.assertEqual(len(contract.charge_ids), 12)
        self._undo(run)
        self.assertEqual(set(contract.charge_ids.mapped("state")), {"void"})
        self.assertEqual(contract.period_ids.state, "void")
        plan.price_ids.amount = 600.0
        self._bill("2027-01-15")
        waiting = contract.charge_ids.filtered(lambda charge: charge.state == "to_invoice")
        self.assertEqual(set(waiting.mapped("amount")), {50.0})

    def test_a_later_instalment_is_invoiced_again_alone(self):
        plan = self._plan("Monthly paid", frequency="month", lead_days=0)
        contract = self._contract(plan=plan)
        self._bill("2027-01-15")
        february = self._bill("2027-02-01")
        self._undo(february)
        self.assertEqual(contract.period_ids.state, "open")
        again = self._bill("2027-02-01")
        self.assertEqual(again.line_ids.amount, 100.0)
        self.assertEqual(again.line_ids.invoice_id.amount_total, 100.0)
        self.assertEqual(self._balance(contract), 200.0)

    # Errors and interruptions

    def test_an_error_on_one_is_recorded_and_the_rest_go_on(self):
        contracts = self._contracts(3)
        run = self._bill("2027-01-15")
        bad = run.line_ids[1]
        line_model = type(run.line_ids)
        note_vals = line_model._credit_note_vals

        def fail(line, invoice):
            if invoice == bad.invoice_id:
                raise UserError("The bank has it.")
            return note_vals(line, invoice)

        with patch.object(line_model, "_credit_note_vals", fail):
            self._undo(run)
        self.assertEqual((run.state, run.undone_count, run.kept_count), ("undone", 2, 1))
        self.assertEqual((bad.state, bad.problem), ("kept", "The bank has it."))
        self.assertEqual(bad.contract_id.period_ids.state, "open")
        self.assertEqual(self._balance(contracts), 1200.0)

    def test_an_undo_that_was_stopped_goes_on_where_it_was(self):
        contracts = self._contracts(5)
        run = self._bill("2027-01-15")
        run.action_undo()
        with patch.object(billing_run_undo, "UNDO_CHUNK", 2), self._commits(seconds=0):
            self.env["billing.run"]._cron_work()
            self.assertEqual((run.state, run.run_done), ("undoing", 2))
            self.env["billing.run"]._cron_work()
            self.assertEqual((run.state, run.run_done), ("undoing", 4))
        self._work()
        self.assertEqual((run.state, run.undone_count), ("undone", 5))
        self.assertEqual(len(run.line_ids.credit_note_id), 5)
        self.assertEqual(self._balance(contracts), 0.0)

    def test_an_undo_waits_while_an_invoice_is_being_sent(self):
        self.company.mbn_send_invoices = True
        self._contract()
        run = self._bill("2027-01-15")
        nothing = self.env["account.move"]
        lock = type(nothing).try_lock_for_update
        with patch.object(type(nothing), "try_lock_for_update", lambda moves, **kw: nothing):
            run.action_undo()
            self._work()
        self.assertEqual((run.state, run.run_done), ("undoing", 0))
        with patch.object(type(nothing), "try_lock_for_update", lock):
            self._work()
        self.assertEqual(run.state, "undone")

    # The question, and rights

    def test_the_question_tells_what_will_be_done(self):
        self._contracts(5)
        run = self._bill("2027-01-15")
        self._pay(run.line_ids[0].invoice_id)
        run.line_ids[1].invoice_id.sudo().mbn_send_state = "sent"
        self._goodwill(run.line_ids[3].invoice_id)
        self._credit(run.line_ids[4].invoice_id)
        action = run.action_ask_undo()
        wizard = Form(self.env[action["res_model"]].with_context(**action["context"])).save()
        self.assertEqual((wizard.quiet_count, wizard.credit_count, wizard.kept_count), (1, 1, 2))
        wizard.action_undo()
        self.assertEqual(run.state, "undoing")

    def test_only_a_manager_undoes(self):
        self._contract()
        run = self._bill("2027-01-15")
        for group in ("user", "front_desk", "auditor"):
            user = new_test_user(
                self.env,
                f"undo_{group}",
                groups=f"membership_billing_nordic.group_billing_{group}",
                company_id=self.company.id,
            )
            with self.assertRaises(AccessError):
                run.with_user(user).action_undo()
        self.assertEqual(run.state, "done")
