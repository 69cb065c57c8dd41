from datetime import date
from unittest.mock import patch

import psycopg2
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from ..models.membership import billing_run_preview
from .run_common import RunCommon


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestBillingRun(RunCommon):
    # Periods of all kinds

    def test_month_by_calendar(self):
        plan = self._plan("Monthly", 100.0, term="month", lead_days=0)
        contract = self._contract("2027-01-01", plan)
        self._bill("2027-02-01")
        self.assertEqual(
            self._periods(contract),
            self._days(("2027-01-01", "2027-01-31"), ("2027-02-01", "2027-02-28")),
        )

    def test_month_by_joining_day_keeps_the_day_in_short_months(self):
        plan = self._plan("Monthly", 100.0, term="month", anchor="joining", lead_days=0)
        contract = self._contract("2027-01-31", plan)
        self._bill("2027-03-31")
        self.assertEqual(
            self._periods(contract),
            self._days(
                ("2027-01-31", "2027-02-27"),
                ("2027-02-28", "2027-03-30"),
                ("2027-03-31", "2027-04-29"),
            ),
        )

    def test_quarter_half_year_and_year(self):
        for term, last in (
            ("quarter", "2027-03-31"),
            ("half_year", "2027-06-30"),
            ("year", "2027-12-31"),
        ):
            contract = self._contract("2027-01-01", self._plan(term, term=term))
            self._bill("2027-01-15")
            self.assertEqual(self._periods(contract), self._days(("2027-01-01", last)))

    def test_season_begins_on_its_day(self):
        plan = self._plan("Season", term="season", start_month="8", start_day=1, lead_days=0)
        contract = self._contract("2027-01-15", plan)
        self._bill("2027-08-01")
        self.assertEqual(
            self._periods(contract),
            self._days(("2027-01-15", "2027-07-31"), ("2027-08-01", "2028-07-31")),
        )

    def test_invoice_is_made_the_lead_days_ahead(self):
        contract = self._contract("2027-03-01", self._plan("Ahead", lead_days=14))
        self._preview("2027-02-14")
        self.assertFalse(self._preview("2027-02-14").run_total)
        self._bill("2027-02-15")
        self.assertEqual(self._periods(contract), self._days(("2027-03-01", "2027-12-31")))

    # Amounts

    def test_first_period_by_day_rounds_once_with_tax(self):
        self.vat.amount = 25.0
        self.product.taxes_id = self.vat
        plan = self._plan("By day", 1000.0, first_period="day")
        contract = self._contract("2027-03-17", plan)
        invoice = self._bill("2027-03-17").line_ids.invoice_id
        # 290 of 365 days of 1 250
        self.assertEqual(contract.period_ids.amount, 993.15)
        self.assertEqual(invoice.amount_total, 993.15)
        self.assertEqual(contract.period_ids.share_numerator, 58)
        self.assertEqual(contract.period_ids.share_denominator, 73)
        self.assertEqual(contract.period_ids.price_unit, 1000.0)

    def test_first_period_by_day_with_tax_in_the_price(self):
        self.product.taxes_id = self.percent_tax(25.0, price_include_override="tax_included")
        plan = self._plan("By day", 1250.0, first_period="day")
        self._contract("2027-03-17", plan)
        invoice = self._bill("2027-03-17").line_ids.invoice_id
        self.assertEqual(invoice.amount_total, 993.15)
        self.assertEqual(invoice.amount_untaxed, 794.52)

    def test_preview_shows_what_the_fiscal_position_leaves(self):
        self.product.taxes_id = self.vat
        position = self.env["account.fiscal.position"].create({"name": "No tax"})
        member = self._payer("Abroad", property_account_position_id=position.id)
        self._contract(member=member)
        self._contract()
        run = self._preview("2027-01-15")
        with_tax = 1200.0 * (1 + self.vat.amount / 100)
        self.assertEqual(run.line_ids.mapped("amount"), [1200.0, with_tax])
        run.action_confirm()
        self._work()
        self.assertEqual(run.line_ids.invoice_id.mapped("amount_total"), [1200.0, with_tax])

    def test_price_that_changes_holds_from_the_period_that_begins_then(self):
        plan = self._plan("Monthly", 100.0, term="month", lead_days=0)
        plan.price_ids = [
            Command.update(plan.price_ids.id, {"valid_to": "2027-01-31"}),
            Command.create({"valid_from": "2027-02-01", "amount": 110.0}),
        ]
        contract = self._contract("2027-01-01", plan)
        self._bill("2027-02-01")
        self.assertEqual(contract.period_ids.sorted("date_from").mapped("amount"), [100.0, 110.0])

    def test_free_period_is_paid_without_an_invoice(self):
        plan = self._plan("Free", 0.0)
        contract = self._contract(plan=plan)
        run = self._bill("2027-01-15")
        self.assertEqual(run.run_done, 1)
        self.assertFalse(run.line_ids.invoice_id)
        self.assertEqual(contract.period_ids.state, "paid")
        self.assertFalse(contract.period_ids.charge_ids)
        self.assertEqual(contract.paid_until, date(2027, 12, 31))
        self.assertEqual(contract.member_status, "active")

    # Further products

    def _locker(self, contract, **vals):
        return self.env["membership.contract.line"].create(
            {
                "contract_id": contract.id,
                "product_id": self._product("Locker").id,
                "name": "Locker",
                "price_unit": 50.0,
            }
            | vals
        )

    def test_further_products_are_charged_with_the_period(self):
        contract = self._contract()
        self._locker(contract, quantity=2)
        run = self._bill("2027-01-15")
        self.assertEqual(run.line_ids.amount, 1300.0)
        invoice = run.line_ids.invoice_id
        self.assertRecordValues(
            invoice.invoice_line_ids.mbn_charge_id.sorted("kind"),
            [{"kind": "fee", "amount": 1200.0}, {"kind": "product", "amount": 100.0}],
        )
        locker = invoice.invoice_line_ids.filtered(lambda line: "Locker" in line.name)
        self.assertEqual((locker.quantity, locker.price_unit), (2.0, 50.0))
        self.assertEqual(contract.period_ids.amount, 1200.0)
        self._pay(invoice)
        self.assertEqual(contract.period_ids.state, "paid")

    def test_further_products_share_a_shortened_period(self):
        plan = self._plan("By month", 1200.0, first_period="month")
        contract = self._contract("2027-07-01", plan)
        self._locker(contract, quantity=3)
        invoice = self._bill("2027-07-01").line_ids.invoice_id
        self.assertEqual(invoice.amount_total, 675.0)

    def test_further_products_are_charged_while_they_last(self):
        plan = self._plan("Monthly", 100.0, term="month", lead_days=0)
        contract = self._contract("2027-01-01", plan)
        self._locker(contract, date_start="2027-02-01", date_end="2027-02-28")
        self._bill("2027-03-01")
        self.assertEqual(
            [len(period.charge_ids) for period in contract.period_ids.sorted("date_from")],
            [1, 2, 1],
        )

    def test_a_product_in_a_free_period_has_to_be_paid(self):
        contract = self._contract(plan=self._plan("Free", 0.0))
        self._locker(contract)
        invoice = self._bill("2027-01-15").line_ids.invoice_id
        self.assertEqual(contract.period_ids.state, "open")
        self.assertEqual(invoice.amount_total, 50.0)

    # The invoice

    def test_invoice_carries_what_the_contract_says(self):
        plan = self._plan("Yearly", payment_term_days=20)
        contract = self._contract(plan=plan)
        run = self._bill("2027-01-15")
        invoice = run.line_ids.invoice_id
        self.assertRecordValues(
            invoice,
            [
                {
                    "state": "posted",
                    "partner_id": contract.payer_id.id,
                    "journal_id": self.sale_journal.id,
                    "mbn_agreement_id": self.agreement.id,
                    "invoice_date": date(2027, 1, 15),
                    "invoice_date_due": date(2027, 2, 4),
                    "mbn_run_id": run.id,
                    "invoice_origin": contract.name,
                    "amount_total": 1200.0,
                }
            ],
        )
        self.assertIn("Yearly", invoice.invoice_line_ids.name)
        self.assertIn("12/31/2027", invoice.invoice_line_ids.name)
        self.assertEqual(invoice.mbn_contract_ids, contract)
        self.assertEqual(
            self.env["billing.reference"]
            ._resolve(self.agreement, [invoice.payment_reference])
            .popitem()[1]
            .move_id,
            invoice,
        )

    def test_somebody_elses_fee_names_the_member(self):
        contract = self._contract(payer_id=self.payer.id)
        invoice = self._bill("2027-01-15").line_ids.invoice_id
        self.assertEqual(invoice.partner_id, self.payer)
        self.assertIn(contract.member_id.name, invoice.invoice_line_ids.name)

    def test_charges_and_invoice_lines_are_one_to_one(self):
        plan = self._plan("Monthly", 100.0, term="month", lead_days=0)
        contracts = self._contract("2027-01-01", plan) | self._contract("2027-01-10", plan)
        run = self._bill("2027-03-01")
        lines = run.line_ids.invoice_id.invoice_line_ids
        charges = contracts.period_ids.charge_ids
        self.assertEqual(len(charges), 6)
        self.assertEqual(charges.invoice_line_id, lines)
        self.assertEqual(lines.mbn_charge_id, charges)
        for line in lines:
            self.assertEqual(line.mbn_charge_id.invoice_line_id, line)
            self.assertEqual(line.mbn_charge_id.amount, line.price_total)
        self.assertEqual(set(charges.mapped("state")), {"invoiced"})

    def test_agreement_of_the_contract_wins(self):
        other = self._agreement("86011117947", number="007654321")
        journal = self.sale_journal.copy({"mbn_agreement_id": other.id})
        self._contract(agreement_id=other.id)
        invoice = self._bill("2027-01-15").line_ids.invoice_id
        self.assertEqual(invoice.journal_id, journal)
        self.assertEqual(invoice.mbn_agreement_id, other)

    def test_analytic_distribution_comes_from_contract_then_plan(self):
        analytic = self.env["account.analytic.plan"].create({"name": "Sections"})
        senior, junior = self.env["account.analytic.account"].create(
            [{"name": name, "plan_id": analytic.id} for name in ("Senior", "Junior")]
        )
        plan = self._plan("Analytic", analytic_distribution={str(senior.id): 100})
        self._contract(plan=plan)
        self._contract(plan=plan, analytic_distribution={str(junior.id): 100})
        lines = self._bill("2027-01-15").line_ids.invoice_id.invoice_line_ids
        self.assertEqual(
            {next(iter(line.analytic_distribution)) for line in lines},
            {str(senior.id), str(junior.id)},
        )

    # Catching up, and nobody twice

    def test_missed_periods_are_caught_up_on_one_invoice(self):
        plan = self._plan("Monthly", 100.0, term="month", lead_days=0)
        contract = self._contract("2026-09-01", plan, billed_from="2026-11-01")
        run = self._preview("2027-01-15")
        self.assertRecordValues(
            run.line_ids,
            [
                {
                    "period_count": 3,
                    "date_from": date(2026, 11, 1),
                    "date_to": date(2027, 1, 31),
                    "amount": 300.0,
                }
            ],
        )
        run.action_confirm()
        self._work()
        self.assertEqual(len(contract.period_ids), 3)
        self.assertEqual(len(run.line_ids.invoice_id.invoice_line_ids), 3)

    def test_running_twice_bills_nobody_twice(self):
        contract = self._contract()
        self._bill("2027-01-15")
        again = self._preview("2027-01-15")
        self.assertFalse(again.run_total)
        with self.assertRaisesRegex(UserError, "nothing to bill"):
            again.action_confirm()
        self.assertEqual(len(contract.period_ids), 1)

    def test_two_previews_of_the_same_members_bill_them_once(self):
        contract = self._contract()
        first, second = self._preview("2027-01-15"), self._preview("2027-01-15")
        first.action_confirm()
        second.action_confirm()
        self._work()
        self.assertEqual(len(contract.period_ids), 1)
        self.assertEqual(second.line_ids.problem_kind, "changed")
        self.assertEqual((second.run_done, second.run_failed), (0, 1))

    def test_the_database_refuses_overlapping_periods(self):
        contract = self._contract()
        self._bill("2027-01-15")
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            contract.period_ids.sudo().copy({"date_from": "2027-12-31", "date_to": "2028-12-30"})

    # Left out

    def test_plan_without_price_is_left_out_with_the_reason(self):
        plan = self._plan("No price yet", valid_from="2028-01-01")
        contract = self._contract(plan=plan)
        other = self._contract()
        run = self._preview("2027-01-15")
        left_out = run.out_line_ids
        self.assertEqual(left_out.contract_id, contract)
        self.assertEqual(left_out.problem_kind, "no_price")
        self.assertIn("01/01/2027", left_out.problem)
        self.assertEqual(left_out.action_fix()["res_model"], "membership.plan")
        self.assertEqual(run.bill_line_ids.contract_id, other)
        run.action_confirm()
        self._work()
        self.assertEqual(run.state, "done")
        desk = self.env["billing.exception"]._open_rows(run, "billing_run_failed")
        self.assertTrue(desk)

    def test_payer_who_became_a_contact_is_left_out(self):
        contract = self._contract()
        employer = self._payer("Employer", is_company=True)
        self.env.cr.execute(
            "UPDATE res_partner SET parent_id = %s, commercial_partner_id = %s WHERE id = %s",
            (employer.id, employer.id, contract.payer_id.id),
        )
        self.env.invalidate_all()
        run = self._preview("2027-01-15")
        self.assertEqual(run.out_line_ids.problem_kind, "payer")
        self.assertIn("Employer", run.out_line_ids.problem)

    def test_what_changes_after_the_preview_is_not_billed_unseen(self):
        contract = self._contract()
        run = self._preview("2027-01-15")
        self.plan.price_ids.amount = 1300.0
        run.action_confirm()
        self._work()
        self.assertEqual(run.line_ids.problem_kind, "changed")
        self.assertFalse(contract.period_ids)
        self._bill("2027-01-15")
        self.assertEqual(contract.period_ids.amount, 1300.0)

    def test_missing_email_is_no_reason(self):
        self._contract(member=self._payer("No e-mail"))
        self.assertEqual(self._bill("2027-01-15").run_done, 1)

    def test_only_chosen_plans_and_associations(self):
        association = self.env["membership.association"].create(
            {"partner_id": self._payer("Oslo club").id}
        )
        other = self._plan("Other")
        inside = self._contract(association_id=association.id)
        self._contract()
        self._contract(plan=other, association_id=association.id)
        run = self._preview(
            "2027-01-15",
            plan_ids=self.plan.ids,
            association_ids=association.ids,
        )
        self.assertEqual(run.line_ids.contract_id, inside)

    def test_totals_by_plan(self):
        plan = self._plan("Monthly", 100.0, term="month", lead_days=0)
        self._contract("2027-01-01", plan)
        self._contract("2026-12-01", plan)
        self._contract()
        run = self._preview("2027-01-15")
        self.assertRecordValues(
            run.plan_total_ids,
            [
                {
                    "plan_id": self.plan.id,
                    "contract_count": 1,
                    "period_count": 1,
                    "amount": 1200.0,
                },
                {"plan_id": plan.id, "contract_count": 2, "period_count": 3, "amount": 300.0},
            ],
        )
        self.assertEqual(run.amount_total, 1500.0)

    # Stopped before it starts

    def test_closed_books_stop_the_run_with_what_to_do(self):
        self._contract()
        self.company.sale_lock_date = "2027-01-31"
        with self.assertRaisesRegex(UserError, "later invoice date"):
            self._preview("2027-01-15")

    def test_agreement_that_is_not_ready_stops_the_release(self):
        self._contract()
        run = self._preview("2027-01-15")
        self.agreement.liquidity_account_id = False
        with self.assertRaises(UserError):
            run.action_confirm()
        self.assertEqual(run.state, "preview")

    def test_product_without_income_account_stops_the_release(self):
        self._contract()
        run = self._preview("2027-01-15")
        self.product.property_account_income_id = False
        self.product.categ_id.property_account_income_categ_id = False
        self.company.income_account_id = False
        self.sale_journal.default_account_id = False
        with self.assertRaisesRegex(UserError, "no income account"):
            run.action_confirm()

    # Errors and interruptions

    def test_an_error_on_one_member_leaves_the_others_billed(self):
        contracts = self._contract() | self._contract() | self._contract()
        bad = contracts[1]
        line_model = type(self.env["billing.run.line"])
        prepare = line_model._prepare_invoice

        def fail(model, lines, *args):
            if any(line.contract_id == bad for line in lines):
                raise UserError("The payer is unknown.")
            return prepare(model, lines, *args)

        run = self._preview("2027-01-15")
        run.action_confirm()
        with patch.object(line_model, "_prepare_invoice", fail):
            self._work()
        self.assertEqual((run.state, run.run_done, run.run_failed), ("done", 2, 1))
        failed = run.out_line_ids
        self.assertEqual(failed.contract_id, bad)
        self.assertEqual(failed.problem, "The payer is unknown.")
        self.assertFalse(bad.period_ids)
        self.assertEqual(len((contracts - bad).period_ids), 2)
        self.assertIn("2 memberships billed", run.message_ids[0].body)
        # the next run bills who failed
        self.assertEqual(self._bill("2027-01-15").line_ids.contract_id, bad)

    def test_a_run_that_was_stopped_goes_on_where_it_was(self):
        contracts = self.env["membership.contract"].union(
            *(self._contract() for _number in range(5))
        )
        run = self._preview("2027-01-15")
        run.action_confirm()
        with (
            patch.object(type(run), "_run_chunk_size", 2),
            self._commits(seconds=0),
        ):
            self.env["billing.run"]._cron_work()
            self.assertEqual((run.state, run.run_done), ("confirmed", 2))
            self.assertEqual(len(contracts.period_ids), 2)
            self.env["billing.run"]._cron_work()
            self.assertEqual((run.state, run.run_done), ("confirmed", 4))
        self._work()
        self.assertEqual((run.state, run.run_done), ("done", 5))
        self.assertEqual(len(contracts.period_ids), 5)
        self.assertEqual(len(run.line_ids.invoice_id), 5)

    def test_a_long_preview_goes_on_in_the_background(self):
        contracts = self.env["membership.contract"].union(
            *(self._contract() for _number in range(5))
        )
        with patch.object(billing_run_preview, "PREPARE_CHUNK", 2):
            run = self._preview("2027-01-15")
            self.assertEqual(run.state, "preparing")
            self.assertEqual(len(run.line_ids), 2)
            self._work()
        self.assertEqual(run.state, "preview")
        self.assertEqual(run.line_ids.contract_id, contracts)

    def test_the_scheduled_action_itself_works_off_a_run(self):
        self._contract()
        run = self._preview("2027-01-15")
        run.action_confirm()
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("membership_billing_nordic.ir_cron_billing_work").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(run.state, "done")

    # Companies and rights

    def test_each_company_bills_its_own(self):
        other = self.setup_other_company()
        run = self._preview("2027-01-15")
        mine = self._contract()
        product = self.product.with_company(other["company"])
        product.property_account_income_id = other["default_account_revenue"]
        plan = self._plan("Theirs", company_id=other["company"].id, product_id=product.id)
        theirs = self._contract(plan=plan, company_id=other["company"].id)
        run.action_preview()
        self.assertEqual(run.line_ids.contract_id, mine)
        their_run = self._bill("2027-01-15", company_id=other["company"].id)
        self.assertEqual(their_run.line_ids.contract_id, theirs)
        invoice = their_run.line_ids.invoice_id
        self.assertEqual(invoice.company_id, other["company"])
        self.assertEqual(invoice.journal_id, other["default_journal_sale"])

    def test_a_billing_user_sees_runs_and_a_manager_releases_them(self):
        self._contract()
        run = self._preview("2027-01-15")
        user = new_test_user(
            self.env,
            "billing_user",
            groups="membership_billing_nordic.group_billing_user",
            company_id=self.company.id,
        )
        run.with_user(user).line_ids.read(["problem", "amount"])
        with self.assertRaises(AccessError):
            run.with_user(user).action_confirm()
        manager = new_test_user(
            self.env,
            "billing_manager",
            groups="membership_billing_nordic.group_billing_manager",
            company_id=self.company.id,
        )
        run.with_user(manager).action_confirm()
        self._work()
        self.assertEqual(run.state, "done")

    def test_periods_and_charges_are_not_written_by_hand(self):
        contract = self._contract()
        self._bill("2027-01-15")
        user = new_test_user(
            self.env,
            "billing_user",
            groups="membership_billing_nordic.group_billing_user",
            company_id=self.company.id,
        )
        period = contract.period_ids.with_user(user)
        with self.assertRaises(AccessError):
            period.state = "paid"
        with self.assertRaises(AccessError):
            period.charge_ids.amount = 1.0

    def test_a_user_of_another_company_sees_nothing(self):
        contract = self._contract()
        self._bill("2027-01-15")
        other = self.setup_other_company()["company"]
        user = new_test_user(
            self.env,
            "elsewhere",
            groups="membership_billing_nordic.group_billing_manager",
            company_id=other.id,
        )
        for model in ("billing.run", "billing.run.line", "membership.period", "membership.charge"):
            self.assertFalse(self.env[model].with_user(user).search([]))
        with self.assertRaises(AccessError):
            contract.period_ids.with_user(user).read(["state"])

    def test_an_auditor_reads_and_changes_nothing(self):
        self._contract()
        run = self._bill("2027-01-15")
        auditor = new_test_user(
            self.env,
            "auditor",
            groups="membership_billing_nordic.group_billing_auditor",
            company_id=self.company.id,
        )
        run = run.with_user(auditor)
        run.read(["name", "amount_total", "invoice_count"])
        run.line_ids.read(["member_id", "amount", "invoice_id"])
        run.total_ids.read(["amount"])
        for action in (run.action_preview, run.action_confirm, run.action_cancel):
            with self.assertRaises(AccessError):
                action()

    def test_a_released_run_cannot_be_deleted_or_cancelled(self):
        self._contract()
        run = self._bill("2027-01-15")
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            run.unlink()
        with self.assertRaisesRegex(UserError, "cannot be cancelled"):
            run.action_cancel()

    # Size

    def test_queries_do_not_grow_with_the_number_of_members(self):
        def queries(count, day):
            for _number in range(count):
                self._contract(day)
            self.env.flush_all()
            self.env.invalidate_all()
            run = self.env["billing.run"].create({"date": day})
            start = self.env.cr.sql_log_count
            run.action_preview()
            self.env.flush_all()
            preview = self.env.cr.sql_log_count - start
            run.action_confirm()
            with self._commits():
                start = self.env.cr.sql_log_count
                run._in_company()._go_on()
                return preview, self.env.cr.sql_log_count - start

        queries(2, "2027-01-01")  # fills caches
        small_preview, small_bill = queries(20, "2027-02-01")
        large_preview, large_bill = queries(40, "2027-03-01")
        self.assertLessEqual(large_preview, small_preview + 4)
        self.assertLessEqual(large_bill, small_bill * 1.5)
