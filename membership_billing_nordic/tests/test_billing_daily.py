from datetime import date

from odoo.tests import freeze_time, tagged

from .run_common import RunCommon


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestDailyBilling(RunCommon):
    def _daily(self):
        runs = self.env["billing.run"].with_user(self.env.ref("base.user_root"))
        with self._commits():
            runs._cron_daily()
            runs._cron_work()
        return self.env["billing.run"].search(
            [("company_id", "=", self.company.id), ("is_daily", "=", True)]
        )

    def _desk(self, run, kind):
        return self.env["billing.exception"]._open_rows(run, kind)

    def test_waits_for_approval_by_default(self):
        contract = self._contract()
        run = self._daily()
        self.assertEqual((run.state, run.date), ("preview", date(2027, 1, 15)))
        self.assertFalse(contract.period_ids)
        self.assertTrue(self._desk(run, "billing_run_waiting"))
        run.action_confirm()
        self.assertFalse(self._desk(run, "billing_run_waiting"))
        self._work()
        self.assertEqual(len(contract.period_ids), 1)

    def test_automatic_mode_bills_at_once(self):
        self.company.mbn_billing_mode = "automatic"
        contract = self._contract()
        run = self._daily()
        self.assertEqual(run.state, "done")
        self.assertEqual(len(contract.period_ids), 1)

    def test_limit_mode_waits_above_the_limit(self):
        self.company.write({"mbn_billing_mode": "limit", "mbn_billing_limit": 1200.0})
        self._contract()
        run = self._daily()
        self.assertEqual(run.state, "done")
        self._contract()
        self._contract()
        with freeze_time("2027-01-16"):
            above = self._daily() - run
        self.assertEqual(above.state, "preview")
        self.assertTrue(self._desk(above, "billing_run_waiting"))

    def test_second_time_on_a_day_does_nothing(self):
        self.company.mbn_billing_mode = "automatic"
        contract = self._contract()
        self.assertEqual(self._daily(), self._daily())
        self.assertEqual(len(contract.period_ids), 1)

    def test_a_waiting_run_is_made_anew_the_next_day(self):
        self._contract()
        run = self._daily()
        self._contract()
        with freeze_time("2027-01-16"):
            self.assertEqual(self._daily(), run)
        self.assertEqual((run.run_total, run.date), (2, date(2027, 1, 16)))
        self.assertEqual(len(self._desk(run, "billing_run_waiting")), 1)

    def test_nothing_due_leaves_no_run(self):
        self._contract("2028-06-01")
        self.assertFalse(self._daily())

    def test_only_left_out_members_reach_the_desk_and_leave_it(self):
        self.company.mbn_billing_mode = "automatic"
        plan = self._plan("No price yet", valid_from="2028-01-01")
        contract = self._contract(plan=plan)
        run = self._daily()
        self.assertEqual(run.state, "done")
        self.assertTrue(self._desk(run, "billing_run_failed"))
        plan.price_ids.valid_from = "2027-01-01"
        with freeze_time("2027-01-16"):
            self._daily()
        self.assertEqual(len(contract.period_ids), 1)
        self.assertFalse(self._desk(run, "billing_run_failed"))

    def test_closed_books_reach_the_desk(self):
        self._contract()
        self.company.sale_lock_date = "2027-01-31"
        run = self._daily()
        desk = self._desk(run, "billing_run_stopped")
        self.assertIn("later invoice date", desk.next_action)
        self.company.sale_lock_date = False
        self.assertEqual(self._daily(), run)
        self.assertEqual(run.state, "preview")
        self.assertFalse(self._desk(run, "billing_run_stopped"))

    def test_every_company_gets_its_own_run(self):
        other = self.setup_other_company()
        product = self._product("Theirs")
        product.with_company(other["company"]).property_account_income_id = other[
            "default_account_revenue"
        ]
        plan = self._plan("Theirs", company_id=other["company"].id, product_id=product.id)
        self._contract()
        theirs = self._contract(plan=plan, company_id=other["company"].id)
        other["company"].mbn_billing_mode = "automatic"
        run = self._daily()
        self.assertEqual(run.state, "preview")
        self.assertEqual(len(theirs.period_ids), 1)

    def test_today_is_the_companys_own_day(self):
        self._contract()
        self.company.partner_id.tz = "Europe/Oslo"
        with freeze_time("2027-01-15 23:30:00"):
            self.assertEqual(self._daily().date, date(2027, 1, 16))
