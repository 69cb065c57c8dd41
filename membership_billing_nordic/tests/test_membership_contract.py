from datetime import date

import psycopg2.errors
from odoo.exceptions import AccessError, RedirectWarning, UserError, ValidationError
from odoo.fields import Domain
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .membership_common import MembershipCommon

GROUP = "membership_billing_nordic.group_billing_"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestContractPeriods(MembershipCommon):
    def test_missed_periods_are_caught_up_since_billed_from(self):
        contract = self._contract(self._plan(), start="2025-06-01", billed_from="2025-11-01")
        self.assertEqual(
            self._due(contract, date(2026, 1, 1)),
            [
                (date(2025, 11, 1), date(2025, 11, 30)),
                (date(2025, 12, 1), date(2025, 12, 31)),
                (date(2026, 1, 1), date(2026, 1, 31)),
            ],
        )

    def test_periods_that_exist_are_not_due_again_and_void_ones_are(self):
        contract = self._contract(self._plan())
        self._period(contract, "2026-01-01", "2026-01-31")
        gone = self._period(contract, "2026-02-01", "2026-02-28")
        self._period(contract, "2026-03-01", "2026-03-31", "credited")
        self.assertFalse(contract._periods_due(date(2026, 3, 31)))
        gone.state = "void"
        self.assertEqual(
            self._due(contract, date(2026, 3, 31)), [(date(2026, 2, 1), date(2026, 2, 28))]
        )

    def test_next_period_follows_the_periods(self):
        contract = self._contract(self._plan())
        self.assertEqual(contract.next_period_start, date(2026, 1, 1))
        period = self._period(contract, "2026-01-01", "2026-01-31")
        self.assertEqual(contract.next_period_start, date(2026, 2, 1))
        period.state = "void"
        self.assertEqual(contract.next_period_start, date(2026, 1, 1))

    def test_periods_are_due_lead_days_ahead(self):
        contract = self._contract(self._plan(lead_days=14), start="2026-02-01")
        self.assertFalse(self._due(contract, date(2026, 1, 17)))
        self.assertTrue(self._due(contract, date(2026, 1, 18)))

    def test_nothing_is_due_after_the_end(self):
        contract = self._contract(self._plan(first_period="day"))
        contract._end(date(2026, 2, 14))
        periods = contract._periods_due(date(2026, 12, 31))[contract.id]
        self.assertEqual(periods[-1].date_to, date(2026, 2, 14))
        self.assertEqual(periods[-1].share, 14 / 28)

    def test_drafts_are_not_due(self):
        contract = self._contract(self._plan(), confirm=False)
        self.assertFalse(contract._periods_due(date(2026, 12, 31)))

    def test_ended_contracts_are_billed_up_to_their_end(self):
        contract = self._contract(self._plan(), start="2025-11-01")
        contract._end(date(2025, 12, 31))
        self.assertEqual(contract.state, "ended")
        self.assertEqual(len(self._due(contract, date(2026, 3, 1))), 2)

    def test_paused_months_are_not_billed(self):
        contract = self._contract(self._plan(first_period="day"))
        contract._pause(date(2026, 2, 10))
        self.assertEqual(len(self._due(contract, date(2026, 6, 1))), 2)
        contract._resume(date(2026, 4, 21))
        self.assertEqual(
            self._due(contract, date(2026, 5, 1)),
            [
                (date(2026, 1, 1), date(2026, 1, 31)),
                (date(2026, 2, 1), date(2026, 2, 28)),
                (date(2026, 4, 21), date(2026, 4, 30)),
                (date(2026, 5, 1), date(2026, 5, 31)),
            ],
        )

    def test_period_after_a_pause_with_known_end_is_due_in_time(self):
        contract = self._contract(self._plan(lead_days=14))
        self._period(contract, "2026-01-01", "2026-01-31", "paid")
        contract._pause(date(2026, 2, 1), resume_date=date(2026, 4, 1))
        self.assertFalse(self._due(contract, date(2026, 3, 17)))
        self.assertEqual(
            self._due(contract, date(2026, 3, 18)), [(date(2026, 4, 1), date(2026, 4, 30))]
        )

    def test_plan_that_does_not_renew_has_one_period(self):
        contract = self._contract(self._plan(renewal="none", anchor="joining"), start="2026-01-20")
        self.assertEqual(
            self._due(contract, date(2027, 1, 1)), [(date(2026, 1, 20), date(2026, 2, 19))]
        )

    def test_many_contracts_cost_as_many_queries_as_few(self):
        plan = self._plan()
        members = self.env["res.partner"].create([{"name": f"M{n}"} for n in range(60)])
        contracts = self.env["membership.contract"].create(
            [
                {"member_id": member.id, "plan_id": plan.id, "date_start": "2026-01-01"}
                for member in members
            ]
        )
        contracts.action_confirm()
        contracts[0]._pause(date(2026, 1, 1))

        def queries(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._dues(date(2026, 6, 1))
            return self.env.cr.sql_log_count - before

        queries(contracts[:5])
        self.assertEqual(queries(contracts[:5]), queries(contracts))


@tagged("post_install", "-at_install", "post_install_l10n")
class TestContractStatus(MembershipCommon):
    def _assert_status(self, contract, status, reason):
        contract._refresh_status()
        self.assertEqual((contract.member_status, contract.status_reason), (status, reason))
        self.assertTrue(contract.status_text)

    def test_draft_and_future_contracts_have_no_status_yet(self):
        contract = self._contract(self._plan(), start="2026-02-01", confirm=False)
        self._assert_status(contract, False, "draft")
        contract.action_confirm()
        self._assert_status(contract, False, "not_started")
        self._set_today(date(2026, 2, 1))
        self._assert_status(contract, "active", "not_invoiced")

    def test_status_follows_due_date_and_grace(self):
        contract = self._contract(self._plan(grace_days=10))
        self._period(contract, "2026-01-01", "2026-01-31", due="2026-01-14")
        self._assert_status(contract, "active", "not_due")
        for day, status, reason in (
            (14, "active", "not_due"),
            (15, "waiting", "grace"),
            (24, "waiting", "grace"),
            (25, "suspended", "unpaid"),
        ):
            self._set_today(date(2026, 1, day))
            self._assert_status(contract, status, reason)

    def test_payment_makes_active_and_keeps_paid_until(self):
        contract = self._contract(self._plan())
        self.assertFalse(contract.paid_until)
        period = self._period(contract, "2026-01-01", "2026-01-31", due="2026-01-01")
        self._set_today(date(2026, 1, 30))
        self._assert_status(contract, "suspended", "unpaid")
        period.charge_ids.state = "paid"
        period.state = "paid"
        self.assertEqual(contract.paid_until, date(2026, 1, 31))
        self.assertEqual((contract.member_status, contract.status_reason), ("active", "paid"))

    def test_paid_until_stops_at_the_first_unpaid_period(self):
        contract = self._contract(self._plan())
        self._period(contract, "2026-01-01", "2026-01-31", "paid")
        self._period(contract, "2026-02-01", "2026-02-28", "open")
        self._period(contract, "2026-03-01", "2026-03-31", "paid")
        self.assertEqual(contract.paid_until, date(2026, 1, 31))

    def test_time_before_billed_from_counts_as_paid(self):
        contract = self._contract(self._plan(), start="2025-01-01", billed_from="2026-02-01")
        self.assertEqual(contract.paid_until, date(2026, 1, 31))
        self._assert_status(contract, "active", "paid")

    def test_paid_until_reaches_over_a_pause(self):
        contract = self._contract(self._plan())
        self._period(contract, "2026-01-01", "2026-01-31", "paid")
        contract._pause(date(2026, 2, 1))
        contract._resume(date(2026, 4, 1))
        self._period(contract, "2026-04-01", "2026-04-30", "paid")
        self.assertEqual(contract.paid_until, date(2026, 4, 30))

    def test_activation_on_first_payment(self):
        contract = self._contract(self._plan(activation="first_payment"))
        self._assert_status(contract, "waiting", "first_payment")
        self._period(contract, "2026-01-01", "2026-01-31", "paid")
        self._assert_status(contract, "active", "paid")
        self._set_today(date(2026, 2, 1))
        self._assert_status(contract, "active", "not_invoiced")

    def test_daily_action_brings_all_that_time_changed(self):
        contract = self._contract(self._plan())
        self._period(contract, "2026-01-01", "2026-01-31", due="2026-01-14")
        ending = self._contract(self._plan())
        ending._end(date(2026, 1, 20))
        self.assertEqual(ending.state, "confirmed")
        self._set_today(date(2026, 1, 25))
        with self.enter_registry_test_mode():
            self.env.ref(
                "membership_billing_nordic.ir_cron_membership_status"
            ).method_direct_trigger()
        self.assertEqual(contract.member_status, "suspended")
        self.assertRecordValues(ending, [{"state": "ended", "member_status": "ended"}])

    def test_pause_with_known_end_resumes_by_itself(self):
        contract = self._contract(self._plan())
        contract._pause(date(2026, 1, 5), resume_date=date(2026, 3, 1))
        self._set_today(date(2026, 1, 5))
        self._assert_status(contract, "paused", "paused")
        self.assertEqual(contract.status_check_date, date(2026, 3, 1))
        self._set_today(date(2026, 3, 1))
        contract._refresh_status()
        self.assertEqual(contract.state, "confirmed")
        self.assertFalse(contract.paused_from)

    def test_member_shows_the_best_status(self):
        member = self._member()
        self._contract(self._plan(), member=member)._end(date(2026, 1, 1))
        self._set_today(date(2026, 1, 2))
        member.mbn_contract_ids._refresh_status()
        self.assertEqual(member.mbn_member_status, "ended")
        self._contract(self._plan(), member=member)
        self.assertEqual(member.mbn_member_status, "active")
        found = self.env["res.partner"].search
        own = Domain("id", "=", member.id)
        self.assertTrue(found(own & Domain("mbn_member_status", "=", "active")))
        self.assertFalse(found(own & Domain("mbn_member_status", "=", "ended")))
        self.assertFalse(found(own & Domain("mbn_member_status", "=", False)))
        self.assertFalse(found(own & Domain("mbn_member_status", "!=", "active")))


@tagged("post_install", "-at_install", "post_install_l10n")
class TestContractDecisions(MembershipCommon):
    def test_confirming_gives_numbers_that_nobody_has(self):
        taken = self.env["res.partner"]._mbn_take_member_numbers(1)[0]
        self._member("Imported", mbn_member_number=str(int(taken) + 1))
        contract = self._contract(self._plan(), confirm=False)
        self.assertNotEqual(contract.name, "/")
        self.assertFalse(contract.member_id.mbn_member_number)
        contract.action_confirm()
        self.assertEqual(contract.member_id.mbn_member_number, str(int(taken) + 2))

    def test_imported_member_number_is_kept(self):
        member = self._member(mbn_member_number="A-77")
        self._contract(self._plan(), member=member)
        self.assertEqual(member.mbn_member_number, "A-77")

    def test_member_is_found_by_number(self):
        member = self._member("Zz Unusual", mbn_member_number="900077")
        found = self.env["res.partner"].name_search("900077")
        self.assertEqual([pair[0] for pair in found], member.ids)

    def test_past_states_can_be_replayed(self):
        first, second = self._plan(name="Basic"), self._plan(name="Plus")
        contract = self._contract(first)
        parent = self._member("Parent")
        self._set_today(date(2026, 2, 1))
        contract.plan_id = second
        self._set_today(date(2026, 3, 1))
        contract.payer_id = parent
        contract._pause(date(2026, 3, 10))
        contract._resume(date(2026, 5, 1))

        def on(day):
            facts = contract._facts_on(day)[contract.id]
            return facts["plan"], facts["payer"], facts["status"]

        self.assertNotIn(contract.id, contract._facts_on(date(2025, 12, 31)))
        self.assertEqual(on(date(2026, 1, 31)), (first, contract.member_id, "confirmed"))
        self.assertEqual(on(date(2026, 2, 1)), (second, contract.member_id, "confirmed"))
        self.assertEqual(on(date(2026, 3, 10)), (second, parent, "paused"))
        self.assertEqual(on(date(2026, 5, 1)), (second, parent, "confirmed"))

    def test_changes_of_a_draft_are_no_history(self):
        contract = self._contract(self._plan(), confirm=False)
        contract.plan_id = self._plan(name="Other")
        self.assertFalse(contract.change_ids)

    def test_ending_and_undoing_it(self):
        contract = self._contract(self._plan())
        contract._end(date(2026, 1, 31), "moved")
        self.assertEqual(contract.end_reason, "moved")
        self._set_today(date(2026, 2, 5))
        contract._refresh_status()
        self.assertEqual(contract.state, "ended")
        contract.action_undo_end()
        self.assertRecordValues(contract, [{"state": "confirmed", "date_end": False}])
        self.assertEqual(contract._facts_on(date(2026, 2, 5))[contract.id]["status"], "confirmed")
        self.assertFalse(contract._facts_on(date(2026, 2, 5))[contract.id]["end"])

    def test_only_running_contracts_pause_or_end(self):
        contract = self._contract(self._plan(), confirm=False)
        with self.assertRaises(UserError):
            contract._pause(date(2026, 1, 1))
        with self.assertRaises(UserError):
            contract._end(date(2026, 1, 1))
        contract.action_confirm()
        with self.assertRaisesRegex(UserError, "cannot end before"):
            contract._end(date(2025, 12, 31))

    def test_stop_dialog_proposes_the_paid_until_day(self):
        contract = self._contract(self._plan())
        self._period(contract, "2026-01-01", "2026-01-31", "paid")
        self._period(contract, "2026-02-01", "2026-02-28", "open")
        action = contract.action_end()
        with Form(self.env[action["res_model"]].with_context(**action["context"])) as form:
            self.assertEqual(form.date, date(2026, 1, 31))
            self.assertIn("02/28/2026", form.preview)
            form.reason = "request"
        form.record.action_apply()
        self.assertEqual(contract.date_end, date(2026, 1, 31))

    def test_confirmed_contract_is_ended_not_deleted(self):
        contract = self._contract(self._plan())
        with self.assertRaisesRegex(UserError, "End the membership"):
            contract.unlink()
        self._contract(self._plan(), confirm=False).unlink()

    def test_second_contract_of_the_same_plan_warns_only(self):
        plan, member = self._plan(), self._member()
        first = self._contract(plan, member=member)
        second = self._contract(plan, member=member)
        self.assertEqual(second.twin_id, first)
        first._end(date(2026, 1, 31))
        second.date_start = second.billed_from = "2026-02-01"
        self.assertFalse(second.twin_id)

    def test_missing_price_warns_on_the_contract(self):
        plan = self._plan(price=None)
        contract = self._contract(plan, confirm=False)
        self.assertIn("Adult", contract.price_warning)

    @mute_logger("odoo.sql_db")
    def test_contract_cannot_end_before_it_starts(self):
        with self.assertRaises(psycopg2.errors.CheckViolation), self.env.cr.savepoint():
            self._contract(self._plan(), date_end="2025-12-31").flush_recordset()

    def test_billed_from_is_preset_and_never_before_the_start(self):
        contract = self._contract(self._plan(), start="2026-01-10", confirm=False)
        self.assertEqual(contract.billed_from, date(2026, 1, 10))
        contract.date_start = "2026-01-20"
        self.assertEqual(contract.billed_from, date(2026, 1, 20))

    def test_association_counts_those_in_it_and_keeps_its_dates(self):
        district, club = self.env["membership.association"].create(
            [{"partner_id": self._member(name).id} for name in ("District", "Club")]
        )
        club.write({"parent_id": district.id, "valid_to": "2026-06-30"})
        self.assertEqual(club.complete_name, "District / Club")
        self._contract(self._plan(), association_id=club.id)
        self.assertEqual((district.contract_count, club.contract_count), (1, 1))
        with self.assertRaisesRegex(ValidationError, "takes no members"):
            self._contract(self._plan(), association_id=club.id, start="2026-07-01")
        with self.assertRaisesRegex(UserError, "Recursion"):
            district.parent_id = club

    def test_line_takes_name_and_price_of_its_product(self):
        product = self.env["product.product"].create({"name": "Locker", "list_price": 25.0})
        contract = self._contract(self._plan())
        line = self.env["membership.contract.line"].create(
            {"contract_id": contract.id, "product_id": product.id, "date_start": "2026-02-01"}
        )
        self.assertRecordValues(line, [{"name": "Locker", "price_unit": 25.0, "quantity": 1.0}])
        january, february = contract._periods_due(date(2026, 2, 1))[contract.id]
        self.assertFalse(line._is_charged_with(january))
        self.assertTrue(line._is_charged_with(february))


@tagged("post_install", "-at_install", "post_install_l10n")
class TestContractPayer(MembershipCommon):
    def setUp(self):
        super().setUp()
        self.employer = self.env["res.partner"].create(
            {"name": "Employer AS", "is_company": True, "vat": "XX-not-checked"}
        )
        self.employee = self._member("Employee", parent_id=self.employer.id)

    def test_payer_is_preset_with_the_member(self):
        contract = self._contract(self._plan(), confirm=False)
        self.assertEqual(contract.payer_id, contract.member_id)
        other = self._member("Other")
        contract.member_id = other
        self.assertEqual(contract.payer_id, other)

    def test_contact_of_a_company_cannot_pay(self):
        with self.assertRaisesRegex(ValidationError, "Employee is a contact of Employer AS"):
            self._contract(self._plan(), member=self.employee)

    def test_person_at_the_screen_gets_a_button_that_detaches(self):
        with self.assertRaises(RedirectWarning) as caught:
            self.env["membership.contract"].web_save(
                {
                    "member_id": self.employee.id,
                    "payer_id": self.employee.id,
                    "plan_id": self._plan().id,
                },
                {},
            )
        _message, action, button, context = caught.exception.args
        self.assertEqual(button, "Detach contact")
        self.env["ir.actions.server"].browse(action).with_context(**context).run()
        self.assertFalse(self.employee.parent_id)
        self._contract(self._plan(), member=self.employee)

    def test_detached_contact_leaves_the_companys_data_behind(self):
        self.assertEqual(self.employee.vat, self.employer.vat)
        self.employee.action_mbn_detach()
        self.assertFalse(self.employee.vat)
        self.assertEqual(self.employer.vat, "XX-not-checked")
        self.assertEqual(self.employee.commercial_partner_id, self.employee)

    def test_payer_cannot_become_a_contact_of_a_company(self):
        contract = self._contract(self._plan())
        with self.assertRaisesRegex(ValidationError, "is a contact of"):
            contract.payer_id.parent_id = self.employer

    def test_merged_member_keeps_number_and_contracts(self):
        kept = self._member("Kari")
        double = self._member("Kari", mbn_member_number="4711")
        contract = self._contract(self._plan(), member=double)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((kept | double).ids, kept)
        self.assertEqual(kept.mbn_member_number, "4711")
        self.assertEqual(contract.member_id, kept)
        self.assertFalse(double.exists())

    @mute_logger("odoo.sql_db")
    def test_member_number_is_unique(self):
        self._member(mbn_member_number="1")
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.env.cr.savepoint():
            self._member(mbn_member_number="1").flush_recordset()

    def test_birth_date_cannot_be_in_the_future(self):
        with self.assertRaisesRegex(ValidationError, "future"):
            self._member(mbn_birth_date="2999-01-01")


@tagged("post_install", "-at_install", "post_install_l10n")
class TestContractRights(MembershipCommon):
    def _as(self, group, **vals):
        return new_test_user(self.env, f"mbn_{group}", GROUP + group, **vals)

    def test_front_desk_signs_up_and_pauses_but_changes_no_plan(self):
        plan = self._plan()
        clerk = self._as("front_desk")
        member = self.env["res.partner"].with_user(clerk).create({"name": "Walk-in"})
        contract = (
            self.env["membership.contract"]
            .with_user(clerk)
            .create({"member_id": member.id, "plan_id": plan.id, "date_start": "2026-01-01"})
        )
        contract.action_confirm()
        action = contract.action_pause()
        wizard = self.env[action["res_model"]].with_user(clerk)
        wizard.with_context(**action["context"]).create({}).action_apply()
        self.assertEqual(contract.state, "paused")
        contract.action_resume()
        self.assertTrue(contract.status_text)
        with self.assertRaises(AccessError):
            plan.with_user(clerk).name = "Mine"
        with self.assertRaises(AccessError):
            contract.change_ids.write({"note": "rewritten"})
        with self.assertRaises(AccessError):
            self.env["membership.association"].with_user(clerk).create({"partner_id": member.id})

    def test_forms_open_for_those_who_use_them(self):
        contract = self._contract(self._plan(), confirm=False)
        clerk, manager = self._as("front_desk"), self._as("manager")
        with Form(self.env["membership.contract"].with_user(clerk)) as form:
            form.member_id = contract.member_id
            form.plan_id = contract.plan_id
            self.assertEqual(form.payer_id, contract.member_id)
            self.assertTrue(form.twin_id)
        with Form(contract.member_id.with_user(clerk), "base.view_partner_form") as form:
            form.mbn_member_number = "55"
        with Form(self.env["membership.plan"].with_user(manager)) as form:
            form.name = "Youth"
            form.product_id = self.product
            form.term = "season"
            self.assertTrue(form.price_warning)
        self.assertEqual(form.record.frequency, "season")

    def test_auditor_reads_and_changes_nothing(self):
        contract = self._contract(self._plan())
        seen = contract.with_user(self._as("auditor"))
        self.assertTrue(seen.status_text)
        self.assertTrue(seen.change_ids)
        with self.assertRaises(AccessError):
            seen.write({"sales_channel": "web"})

    def test_contracts_of_other_companies_are_not_seen(self):
        other = self._create_company(name="Other association")
        plan = self._plan(company_id=other.id)
        contract = self._contract(plan, company_id=other.id)
        clerk = self._as("front_desk")
        with self.assertRaises(AccessError):
            contract.with_user(clerk).read(["name"])
        with self.assertRaises(AccessError):
            plan.with_user(clerk).read(["name"])
