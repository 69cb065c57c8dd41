from datetime import datetime
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from ..models.membership import billing_run_release
from .run_common import RunCommon


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestBillingRelease(RunCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.youth = cls._plan("Youth", 300.0)

    def _manager(self, login):
        return new_test_user(
            self.env,
            login,
            groups="membership_billing_nordic.group_billing_manager",
            company_id=self.company.id,
        )

    def _contracts(self, count, plan=None):
        return self.env["membership.contract"].union(
            *(self._contract(plan=plan) for _number in range(count))
        )

    def _figures(self, run):
        self.env.invalidate_all()
        return run.state, run.billed_count, run.waiting_count

    # Parts of a run

    def test_a_sample_is_spread_over_the_plans_and_the_rest_waits(self):
        self._contracts(6)
        self._contracts(2, self.youth)
        run = self._preview("2027-01-15")
        self._release(run, mode="sample", number=4)
        self.assertEqual((run.state, run.waiting_count, run.run_total), ("confirmed", 4, 4))
        self._work()
        self.assertEqual(self._figures(run), ("partly", 4, 4))
        billed = run.line_ids.filtered(lambda line: line.state == "done")
        self.assertEqual(billed.plan_id, self.plan | self.youth)
        self.assertEqual(billed.mapped("plan_id.name").count("Youth"), 1)
        self.assertEqual(len(billed.invoice_id), 4)
        desk = self.env["billing.exception"]._open_rows(run, "billing_run_waiting")
        self.assertIn("4 memberships wait", desk.name)
        run.action_confirm()
        self._work()
        self.assertEqual(self._figures(run), ("done", 8, 0))
        self.assertEqual(run.run_total, 8)
        self.assertFalse(self.env["billing.exception"]._open_rows(run, "billing_run_waiting"))

    def test_waves_bill_everybody_once(self):
        contracts = self._contracts(5)
        run = self._preview("2027-01-15")
        for state, billed, waiting in (("partly", 2, 3), ("partly", 4, 1), ("done", 5, 0)):
            self._release(run, mode="wave", number=2)
            self._work()
            self.assertEqual(self._figures(run), (state, billed, waiting))
        self.assertEqual(contracts.mapped("period_count"), [1] * 5)

    def test_chosen_plans_and_associations(self):
        club = self.env["membership.association"].create({"partner_id": self._payer("Club").id})
        inside = self._contract(association_id=club.id)
        youth = self._contract(plan=self.youth)
        outside = self._contract()
        run = self._preview("2027-01-15")
        self._release(run, mode="chosen", plan_ids=self.youth.ids)
        self._work()
        self.assertEqual(run.bill_line_ids.filtered("invoice_id").contract_id, youth)
        self._release(run, mode="chosen", association_ids=club.ids)
        self._work()
        self.assertEqual(run.bill_line_ids.filtered("invoice_id").contract_id, youth | inside)
        self.assertFalse(outside.period_ids)

    def test_all_memberships_of_a_payer_go_together(self):
        self.company.mbn_common_invoice = True
        for _number in range(3):
            self._contract(payer_id=self.payer.id)
        run = self._preview("2027-01-15")
        self._release(run, mode="wave", number=1)
        with patch.object(type(run), "_run_chunk_size", 2):
            self._work()
        self.assertEqual(self._figures(run), ("done", 3, 0))
        self.assertEqual(run.line_ids.invoice_id.amount_total, 3600.0)

    def test_the_dialog_tells_how_much_is_released(self):
        self._contracts(3)
        self._contracts(1, self.youth)
        run = self._preview("2027-01-15")
        action = run.action_release_part()
        with Form(self.env[action["res_model"]].with_context(**action["context"])) as form:
            self.assertEqual((form.chosen_count, form.chosen_amount), (4, 3900.0))
            form.number = 2
            self.assertEqual((form.chosen_count, form.chosen_amount), (2, 1500.0))
            form.mode = "chosen"
            self.assertEqual(form.chosen_count, 0)
            form.plan_ids.add(self.youth)
            self.assertEqual((form.chosen_count, form.chosen_amount), (1, 300.0))

    def test_nothing_chosen_releases_nothing(self):
        self._contract()
        run = self._preview("2027-01-15")
        for vals in ({"mode": "chosen"}, {"mode": "wave", "number": 0}):
            with self.assertRaisesRegex(UserError, "Nothing is chosen"):
                self._release(run, **vals)
        self.assertEqual(run.state, "preview")

    def test_the_rest_can_be_left_to_the_next_run(self):
        self._contracts(3)
        run = self._preview("2027-01-15")
        self._release(run, mode="wave", number=1)
        self._work()
        run.action_leave_rest()
        self.assertEqual(self._figures(run), ("done", 1, 0))
        self.assertEqual(run.out_line_ids.mapped("problem_kind"), ["not_released"] * 2)
        self.assertFalse(self.env["billing.exception"]._open_rows(run, "billing_run_failed"))
        self.assertEqual(len(self._preview("2027-01-15").line_ids), 2)

    def test_what_waits_in_an_unfinished_run_is_left_to_it(self):
        self._contracts(3)
        run = self._preview("2027-01-15")
        self._release(run, mode="wave", number=1)
        self._work()
        new = self._contract()
        other = self._preview("2027-01-15")
        self.assertEqual(other.line_ids.contract_id, new)
        self.assertEqual(other.elsewhere_count, 2)
        found = self.env["billing.run"].search(other.action_view_elsewhere()["domain"])
        self.assertEqual(found, run)
        run.action_leave_rest()
        other.action_preview()
        self.assertEqual((len(other.line_ids), other.elsewhere_count), (3, 0))

    # Hold and continue

    def test_a_run_on_hold_makes_no_invoices_until_it_goes_on(self):
        self._contracts(4)
        run = self._preview("2027-01-15")
        run.action_confirm()
        with patch.object(type(run), "_run_chunk_size", 1), self._commits(seconds=0):
            self.env["billing.run"]._cron_work()
        run.action_hold()
        self._work()
        self.assertEqual((run.state, run.billed_count), ("held", 1))
        self.assertFalse(self._preview("2027-01-15").line_ids)
        run.action_continue()
        self._work()
        self.assertEqual(self._figures(run), ("done", 4, 0))

    def test_hold_is_heeded_between_two_chunks_of_a_working_run(self):
        self._contracts(4)
        run = self._preview("2027-01-15")
        run.action_confirm()
        run_model = type(run)
        process = run_model._run_process

        def hold_meanwhile(worked, rows):
            # the worker holds the run's row: the button leaves a signal
            with patch.object(run_model, "_run_lock", lambda run: False):
                run.action_hold()
            return process(worked, rows)

        with (
            patch.object(run_model, "_run_chunk_size", 1),
            patch.object(run_model, "_run_process", hold_meanwhile),
        ):
            self._work()
        self.assertEqual((run.state, run.billed_count, run.run_done), ("held", 1, 1))
        self.assertFalse(self.env["billing.run.signal"].sudo().search([]))

    def test_a_preview_that_is_being_prepared_can_be_cancelled(self):
        self._contracts(3)
        with patch.object(billing_run_release, "BILL_CHUNK", 1):
            run = self.env["billing.run"].create({"date": "2027-01-15"})
        run.sudo().state = "preparing"
        self.env["billing.run.signal"].sudo().create({"run_id": run.id, "wish": "cancel"})
        self._work()
        self.assertEqual(run.state, "cancelled")
        self.assertFalse(run.line_ids)

    def test_a_run_tells_when_it_will_be_ready(self):
        self._contracts(4)
        run = self._preview("2027-01-15")
        usual = run._run_usual_seconds
        self.assertEqual(run.run_ready, datetime(2027, 1, 15, 0, 0, 0, int(4 * usual * 1e6)))
        run.action_confirm()
        run.sudo().write({"run_done": 1, "run_seconds": 90.0})
        self.assertEqual(run.run_ready, datetime(2027, 1, 15, 0, 4, 30))
        run.sudo().write({"run_done": 4})
        self.assertFalse(run.run_ready)

    # A second person

    def test_who_prepared_a_run_cannot_release_it(self):
        self.company.mbn_second_person = True
        self._contract()
        first, second = self._manager("first"), self._manager("second")
        run = self._preview("2027-01-15").with_user(first)
        run.action_preview()
        self.assertTrue(run.needs_second_person)
        with self.assertRaisesRegex(UserError, "Somebody else has to release it"):
            run.action_confirm()
        with self.assertRaisesRegex(UserError, "Somebody else has to release it"):
            self._release(run, mode="wave", number=1)
        self.assertEqual(run.state, "preview")
        run = run.with_user(second)
        self.assertFalse(run.needs_second_person)
        run.action_confirm()
        self._work()
        self.assertEqual(run.state, "done")

    def test_every_part_is_released_by_a_second_person(self):
        self.company.mbn_second_person = True
        self._contracts(2)
        first, second = self._manager("first"), self._manager("second")
        run = self.env["billing.run"].with_user(first).create({"date": "2027-01-15"})
        run.action_preview()
        self._release(run.with_user(second), mode="wave", number=1)
        self._work()
        with self.assertRaisesRegex(UserError, "Somebody else has to release it"):
            run.action_confirm()
        run.with_user(second).action_confirm()
        self._work()
        self.assertEqual(run.state, "done")

    def test_one_manager_releases_the_daily_run(self):
        self.company.mbn_second_person = True
        self._contract()
        runs = self.env["billing.run"].with_user(self.env.ref("base.user_root"))
        with self._commits():
            runs._cron_daily()
        run = self.env["billing.run"].search([("is_daily", "=", True)])
        manager = self._manager("first")
        run.with_user(manager).action_confirm()
        self._work()
        self.assertEqual(run.state, "done")

    def test_a_daily_run_that_somebody_changed_needs_a_second_person(self):
        self.company.mbn_second_person = True
        self._contract()
        runs = self.env["billing.run"].with_user(self.env.ref("base.user_root"))
        with self._commits():
            runs._cron_daily()
        run = self.env["billing.run"].search([("is_daily", "=", True)])
        run = run.with_user(self._manager("first"))
        run.plan_ids = self.plan
        self.assertEqual(run.state, "draft")
        run.action_preview()
        with self.assertRaisesRegex(UserError, "Somebody else has to release it"):
            run.action_confirm()

    def test_nobody_releases_a_run_by_writing_on_it(self):
        self._contract()
        run = self._preview("2027-01-15").with_user(self._manager("first"))
        for vals in (
            {"state": "confirmed"},
            {"prepared_by_id": False},
            {"is_daily": True},
            {"line_ids": [(1, run.line_ids.id, {"released": True})]},
        ):
            with self.assertRaises(AccessError):
                run.write(vals)
            with self.assertRaises(AccessError):
                self.env["billing.run"].with_user(run.env.user).create(vals)
        with self.assertRaises(AccessError):
            run.line_ids.released = True
        sneaked = run.with_context(default_state="confirmed").create({"date": "2027-01-15"})
        self.assertEqual(sneaked.state, "draft")

    def test_what_a_run_bills_is_fixed_when_it_is_released(self):
        self._contract()
        run = self._preview("2027-01-15")
        run.date = "2027-01-20"
        self.assertEqual(run.state, "draft")
        with self.assertRaisesRegex(UserError, "Only a preview can be released"):
            run.action_confirm()
        run.action_preview()
        run.action_confirm()
        with self.assertRaisesRegex(UserError, "cannot be changed any more"):
            run.date = "2027-01-21"

    # At once

    def test_bill_now_bills_the_given_contracts_at_once(self):
        contract, other = self._contract(), self._contract()
        run = self.env["billing.run"]._bill_now(contract)
        self.assertEqual((run.state, run.run_done), ("done", 1))
        self.assertEqual(contract.period_ids.state, "open")
        self.assertFalse(other.period_ids)
        self.assertFalse(self.env["billing.run"]._bill_now(contract))

    def test_bill_now_tells_who_cannot_be_billed(self):
        contract = self._contract(plan=self._plan("No price yet", valid_from="2028-01-01"))
        run = self.env["billing.run"]._bill_now(contract)
        self.assertEqual((run.state, run.out_line_ids.problem_kind), ("done", "no_price"))
        self.assertTrue(self.env["billing.exception"]._open_rows(run, "billing_run_failed"))

    def test_bill_now_leaves_many_to_the_scheduled_action(self):
        contracts = self._contracts(3)
        with patch.object(billing_run_release, "AT_ONCE", 2):
            run = self.env["billing.run"]._bill_now(contracts)
        self.assertEqual((run.state, run.billed_count), ("confirmed", 0))
        self._work()
        self.assertEqual(self._figures(run), ("done", 3, 0))

    def test_bill_now_waits_for_a_second_person(self):
        self.company.mbn_second_person = True
        contract = self._contract()
        run = self.env["billing.run"].with_user(self._manager("first"))._bill_now(contract)
        self.assertEqual(run.state, "preview")
        self.assertFalse(contract.period_ids)
        self.assertTrue(self.env["billing.exception"]._open_rows(run, "billing_run_waiting"))
        run.with_user(self._manager("second")).action_confirm()
        self._work()
        self.assertEqual(len(contract.period_ids), 1)

    # Several companies

    def test_one_run_for_each_company(self):
        other = self.setup_other_company()["company"]
        product = self._product("Theirs")
        plan = self._plan("Theirs", company_id=other.id, product_id=product.id)
        mine = self._contract()
        theirs = self._contract(plan=plan, company_id=other.id)
        self.env.user.company_ids += other
        wizard = (
            self.env["billing.run.start"]
            .with_context(allowed_company_ids=(self.company | other).ids)
            .create({"date": "2027-01-15"})
        )
        runs = self.env["billing.run"].search(wizard.action_start()["domain"])
        self.assertEqual(
            {run.company_id: run.line_ids.contract_id for run in runs},
            {self.company: mine, other: theirs},
        )

    def test_no_run_for_a_company_that_is_not_open(self):
        other = self.setup_other_company()["company"]
        wizard = self.env["billing.run.start"].create({"company_ids": [(6, 0, other.ids)]})
        wizard = wizard.with_context(allowed_company_ids=self.company.ids)
        with self.assertRaises(UserError):
            wizard.action_start()
