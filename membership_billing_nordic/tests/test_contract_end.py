from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .contract_common import ContractCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestNotice(ContractCommon):
    def test_notice_is_counted_in_months_from_the_day_it_is_given(self):
        contract = self._contract(plan=self._plan("Gym", notice_months=2))
        self.assertEqual(contract._earliest_end(date(2027, 3, 10)), date(2027, 5, 10))
        self.assertEqual(contract._earliest_end(date(2027, 12, 31)), date(2028, 2, 29))

    def test_nobody_leaves_in_the_binding_period(self):
        contract = self._contract(
            "2027-01-15", self._plan("Gym", notice_months=1, binding_months=12)
        )
        self.assertEqual(contract._earliest_end(date(2027, 3, 10)), date(2028, 1, 14))
        self.assertEqual(contract._earliest_end(date(2028, 1, 5)), date(2028, 2, 5))

    def test_a_membership_to_come_ends_after_its_first_day(self):
        contract = self._contract("2027-06-01", self._plan("Gym", notice_months=1))
        self.assertEqual(contract._earliest_end(date(2027, 2, 1)), date(2027, 7, 1))

    def test_binding_begins_anew_with_another_plan(self):
        gym = self._plan("Gym", binding_months=12)
        contract = self._contract(plan=self._plan("Monthly", term="month"))
        self._bill_until("2027-01-01")
        self._set_today("2027-01-20")
        contract._change({"plan_id": gym.id})
        self.assertEqual(contract._earliest_end(date(2027, 2, 5)), date(2028, 1, 31))

    def test_an_earlier_end_needs_an_agreement(self):
        contract = self._contract(plan=self._plan("Gym", notice_months=3))
        with self.assertRaisesRegex(UserError, "04/01/2027"):
            contract._check_notice(date(2027, 2, 28), date(2027, 1, 1))
        contract._check_notice(date(2027, 4, 1), date(2027, 1, 1))
        contract._check_notice(date(2027, 2, 28), date(2027, 1, 1), by_agreement=True)
        contract._check_notice(date(2027, 1, 1), date(2027, 1, 1), "deceased")

    def test_leaving_within_the_binding_period_costs_the_exit_fee(self):
        plan = self._plan("Gym", binding_months=12, exit_fee=500.0)
        contract = self._contract(plan=plan)
        self.assertEqual(contract._exit_fee_on(date(2027, 12, 30)), 500.0)
        self.assertEqual(contract._exit_fee_on(date(2027, 12, 31)), 0.0)
        self._set_today("2027-03-01")
        contract._end(date(2027, 3, 31), "moved", exit_fee=True)
        self.assertRecordValues(
            contract.exit_charge_id,
            [
                {
                    "kind": "single",
                    "name": "Leaving Gym within the binding period",
                    "amount": 500.0,
                    "state": "to_invoice",
                    "date_invoice": date(2027, 3, 1),
                }
            ],
        )
        contract.action_undo_end()
        self.assertFalse(contract.exit_charge_id)
        self.assertEqual(contract.charge_ids.mapped("state"), ["void"])


@tagged("post_install", "-at_install", "post_install_l10n")
class TestWhatIsLeft(ContractCommon):
    def _billed(self, paid=False, **plan):
        """A member of a yearly plan, billed from 1 January 2027."""
        contract = self._contract(plan=self._plan("Year", **plan))
        self._bill_until("2027-01-01")
        if paid:
            self._pay(self._invoices(contract))
        return contract

    def _left(self, contract, day):
        return sum(contract._left_after(date.fromisoformat(day)).values())

    def test_a_full_period_leaves_nothing(self):
        self.assertEqual(self._left(self._billed(first_period="full"), "2027-04-10"), 0.0)

    def test_by_month_the_month_begun_is_owed(self):
        contract = self._billed(first_period="month")
        self.assertEqual(self._left(contract, "2027-04-10"), 800.0)
        self.assertEqual(self._left(contract, "2027-12-01"), 0.0)

    def test_by_day(self):
        contract = self._billed(first_period="day")
        # 100 of 365 days of 1200 are owed
        self.assertEqual(self._left(contract, "2027-04-10"), 871.23)

    def test_of_a_shortened_first_period_by_month(self):
        contract = self._contract("2027-07-20", self._plan("Year", first_period="month"))
        self._bill_until("2027-07-20")
        self.assertEqual(contract.charge_ids.amount, 600.0)
        self.assertEqual(self._left(contract, "2027-09-30"), 300.0)

    def test_a_period_after_the_end_is_not_owed_at_all(self):
        contract = self._billed(first_period="full")
        self._bill_until("2027-12-20")
        self.assertEqual(self._left(contract, "2027-12-31"), 1200.0)

    def test_an_open_invoice_goes_down_by_what_is_credited(self):
        contract = self._billed(first_period="month")
        invoice = self._invoices(contract)
        self._set_today("2027-04-10")
        contract._end(date(2027, 4, 10), "moved", credit=True)
        note = self._credit_notes(contract)
        self.assertRecordValues(
            note,
            [
                {
                    "state": "posted",
                    "amount_total": 800.0,
                    "amount_residual": 0.0,
                    "invoice_date": date(2027, 4, 10),
                    "ref": "Membership ended on 04/10/2027",
                }
            ],
        )
        self.assertEqual(note.invoice_line_ids.mbn_credited_charge_id, contract.charge_ids)
        self.assertEqual(invoice.amount_residual, 400.0)
        self.assertEqual(contract.period_ids.state, "open")
        self.assertEqual(contract.charge_ids.state, "invoiced")
        self._pay(invoice)
        self.assertEqual(contract.period_ids.state, "paid")

    def test_what_was_paid_stands_to_the_payers_credit(self):
        contract = self._billed(paid=True, first_period="month")
        self._set_today("2027-04-10")
        contract._end(date(2027, 4, 10), credit=True)
        self.assertEqual(self._credit_notes(contract).amount_residual, 800.0)
        self.assertEqual(self._invoices(contract).payment_state, "paid")
        self.assertEqual(contract.period_ids.state, "paid")

    def test_nothing_is_credited_twice(self):
        contract = self._billed(first_period="month")
        contract._end(date(2027, 6, 30), credit=True)
        contract._end(date(2027, 4, 30), credit=True)
        self.assertEqual(self._credit_notes(contract).mapped("amount_total"), [600.0, 200.0])
        contract._end(date(2027, 4, 30), credit=True)
        self.assertEqual(len(self._credit_notes(contract)), 2)

    def test_leaving_it_credits_nothing(self):
        contract = self._billed(first_period="month")
        contract._end(date(2027, 4, 10))
        self.assertFalse(self._credit_notes(contract))
        self.assertEqual(self._invoices(contract).amount_residual, 1200.0)

    def test_taxes_are_credited_with_the_fee(self):
        self.product.taxes_id = self.vat
        contract = self._billed(first_period="month")
        invoice = self._invoices(contract)
        self.assertEqual(invoice.amount_total, 1380.0)
        contract._end(date(2027, 6, 30), credit=True)
        self.assertRecordValues(
            self._credit_notes(contract),
            [{"amount_total": 690.0, "amount_untaxed": 600.0, "amount_tax": 90.0}],
        )

    def test_a_whole_period_that_was_credited_is_billed_again_when_the_end_is_undone(self):
        contract = self._billed(first_period="full")
        self._bill_until("2027-12-20")
        contract._end(date(2027, 12, 31), credit=True)
        self.assertEqual(self._credit_notes(contract).amount_total, 1200.0)
        states = contract.period_ids.sorted("date_from").mapped("state")
        self.assertEqual(states, ["open", "void"])
        self.assertFalse(contract.next_invoice_date)
        contract.action_undo_end()
        self.assertEqual(contract.next_period_start, date(2028, 1, 1))
        self._bill_until("2027-12-21")
        self.assertEqual(len(self._invoices(contract)), 3)

    def test_instalments_after_the_end_are_dropped_and_picked_up_again(self):
        contract = self._billed(first_period="month", frequency="quarter")
        self.assertEqual(contract.charge_ids.mapped("amount"), [300.0] * 4)
        contract._end(date(2027, 5, 31), credit=True)
        charges = contract.charge_ids.sorted("instalment")
        self.assertRecordValues(
            charges,
            [
                {"state": "invoiced", "amount": 300.0, "dropped_amount": 0.0},
                {"state": "to_invoice", "amount": 200.0, "dropped_amount": 100.0},
                {"state": "void", "amount": 300.0, "dropped_amount": 300.0},
                {"state": "void", "amount": 300.0, "dropped_amount": 300.0},
            ],
        )
        self.assertFalse(self._credit_notes(contract))
        self._bill_until("2027-12-31")
        self.assertEqual(self._invoices(contract).mapped("amount_total"), [300.0, 200.0])
        contract.action_undo_end()
        again = contract.charge_ids.filtered(lambda charge: charge.state == "to_invoice")
        self.assertEqual(sorted(again.mapped("amount")), [100.0, 300.0, 300.0])
        self.assertEqual(again.period_id.state, "open")

    def test_what_was_dropped_is_charged_once_when_run_and_end_are_undone(self):
        contract = self._billed(first_period="month", frequency="quarter")
        contract._end(date(2027, 5, 31))
        run = self._bill_until("2027-03-31")
        self.assertEqual(self._invoices(contract).mapped("amount_total"), [300.0, 200.0])
        run.action_undo()
        self._work()
        contract.action_undo_end()
        standing = contract.charge_ids.filtered(lambda charge: charge.state != "void")
        self.assertEqual(sorted(standing.mapped("amount")), [300.0] * 4)
        self.assertEqual(set(contract.charge_ids.mapped("dropped_amount")), {0.0})

    def test_a_period_is_paid_when_what_was_not_invoiced_is_dropped(self):
        contract = self._billed(paid=True, first_period="month", frequency="quarter")
        self.assertEqual(contract.period_ids.state, "open")
        contract._end(date(2027, 3, 31))
        self.assertEqual(contract.period_ids.state, "paid")
        contract.action_undo_end()
        self.assertEqual(contract.period_ids.state, "open")

    def test_of_a_full_period_all_instalments_are_owed(self):
        contract = self._billed(first_period="full", frequency="quarter")
        contract._end(date(2027, 5, 31), credit=True)
        self.assertEqual(
            contract.charge_ids.sorted("instalment").mapped("state"),
            ["invoiced", "to_invoice", "to_invoice", "to_invoice"],
        )

    def test_on_a_common_invoice_only_the_own_part_is_credited(self):
        self.company.mbn_common_invoice = True
        plan = self._plan("Year", first_period="month")
        member = self._payer("Ola")
        one = self._contract(plan=plan, member=member)
        other = self._contract(plan=plan, member=self._payer("Kid"), payer_id=member.id)
        self._bill_until("2027-01-01")
        invoice = self._invoices(one)
        self.assertEqual(invoice, self._invoices(other))
        one._end(date(2027, 6, 30), credit=True)
        self.assertEqual(invoice.amount_residual, 1800.0)
        self.assertEqual((one | other).period_ids.mapped("state"), ["open", "open"])


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEndings(ContractCommon):
    def test_a_plan_that_does_not_renew_ends_by_itself(self):
        contract = self._contract(
            "2027-01-20", self._plan("Trial", term="month", anchor="joining", renewal="none")
        )
        self._bill_until("2027-01-20")
        self._pay(self._invoices(contract))
        self.assertEqual(contract.status_check_date, date(2027, 2, 20))
        self.assertIn("Ends on 02/19/2027", contract.status_text)
        self._set_today("2027-02-19")
        self._a_day_passes()
        self.assertEqual(contract.member_status, "active")
        self._set_today("2027-02-20")
        self._a_day_passes()
        self.assertRecordValues(
            contract,
            [
                {
                    "state": "ended",
                    "member_status": "ended",
                    "date_end": date(2027, 2, 19),
                    "end_reason": "term",
                }
            ],
        )

    def test_a_trial_that_became_a_membership_goes_on(self):
        contract = self._contract(
            "2027-01-20", self._plan("Trial", term="month", anchor="joining", renewal="none")
        )
        self._bill_until("2027-01-20")
        contract._change({"plan_id": self.plan.id})
        self._set_today("2027-02-20")
        self._a_day_passes()
        self.assertRecordValues(contract, [{"state": "confirmed", "plan_id": self.plan.id}])

    def test_member_of_instalments_is_active_until_one_is_unpaid(self):
        plan = self._plan("Year", frequency="month", grace_days=5, payment_term_days=14)
        contract = self._contract(plan=plan)
        self._bill_until("2026-12-18")
        self._pay(self._invoices(contract))
        self.assertEqual(contract.paid_until, date(2027, 1, 31))
        self._set_today("2027-02-01")
        self._a_day_passes()
        self.assertEqual(
            (contract.member_status, contract.status_reason), ("active", "not_invoiced")
        )
        self._bill_until("2027-02-02")
        self._set_today("2027-02-17")
        self._a_day_passes()
        self.assertEqual((contract.member_status, contract.status_reason), ("waiting", "grace"))
        self._pay(self._invoices(contract)[1])
        self.assertEqual(contract.paid_until, date(2027, 2, 28))
        self.assertEqual(contract.member_status, "active")


@tagged("post_install", "-at_install", "post_install_l10n")
class TestPauses(ContractCommon):
    """A membership by the month, invoiced when the month begins."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.monthly = cls._plan("Monthly", 100.0, term="month", lead_days=0)

    def test_a_pause_from_a_day_before_the_last_one_was_over_holds(self):
        contract = self._contract(plan=self.monthly)
        self._bill_until("2027-02-01")
        contract._pause(date(2027, 3, 1))
        self._set_today("2027-03-20")
        contract._resume(date(2027, 3, 20))
        self._set_today("2027-03-25")
        contract._pause(date(2027, 3, 10))
        self._set_today("2027-06-05")
        self._a_day_passes()
        self.assertEqual(contract.member_status, "paused")
        self.assertFalse(self._preview("2027-06-05").line_ids)
        self.assertEqual(
            self._periods(contract),
            self._days(("2027-01-01", "2027-01-31"), ("2027-02-01", "2027-02-28")),
        )

    def test_an_unpaid_period_that_a_pause_overtook_is_missing(self):
        contract = self._contract(plan=self.monthly)
        self._bill_until("2027-02-01")
        self._pay(self._invoices(contract))
        self._bill_until("2027-03-01")
        contract._pause(date(2027, 3, 1), date(2027, 4, 1))
        self._bill_until("2027-04-01")
        self._pay(self._invoices(contract)[2])
        self.assertEqual(
            contract.period_ids.sorted("date_from").mapped("state"),
            ["paid", "paid", "open", "paid"],
        )
        self.assertEqual(contract.paid_until, date(2027, 2, 28))
        self._pay(self._invoices(contract)[1])
        self.assertEqual(contract.paid_until, date(2027, 4, 30))

    def test_a_pause_goes_on_when_the_end_is_undone(self):
        contract = self._contract(plan=self.monthly)
        self._bill_until("2027-01-01")
        contract._pause(date(2027, 2, 1), date(2027, 6, 1))
        contract._end(date(2027, 3, 31))
        self._set_today("2027-04-10")
        self._a_day_passes()
        self.assertEqual(contract.member_status, "ended")
        contract.action_undo_end()
        self.assertRecordValues(
            contract,
            [
                {
                    "state": "paused",
                    "member_status": "paused",
                    "paused_from": date(2027, 2, 1),
                    "resume_date": date(2027, 6, 1),
                    "next_period_start": date(2027, 6, 1),
                }
            ],
        )
        self._bill_until("2027-06-01")
        self._a_day_passes()
        self.assertEqual(contract.state, "confirmed")
        self.assertEqual(
            self._periods(contract),
            self._days(("2027-01-01", "2027-01-31"), ("2027-06-01", "2027-06-30")),
        )

    def test_a_pause_to_come_begins_on_its_day_when_the_end_is_undone(self):
        contract = self._contract(plan=self.monthly)
        self._bill_until("2027-01-01")
        self._pay(self._invoices(contract))
        contract._pause(date(2027, 3, 1))
        contract._end(date(2027, 1, 31))
        self._set_today("2027-02-05")
        self._a_day_passes()
        contract.action_undo_end()
        self.assertEqual((contract.state, contract.member_status), ("paused", "active"))
        self._bill_until("2027-03-05")
        self.assertEqual(
            self._periods(contract),
            self._days(("2027-01-01", "2027-01-31"), ("2027-02-01", "2027-02-28")),
        )

    def test_a_pause_that_was_over_before_the_end_is_over(self):
        contract = self._contract(plan=self.monthly)
        self._bill_until("2027-01-01")
        contract._pause(date(2027, 2, 1), date(2027, 3, 1))
        contract._end(date(2027, 3, 31))
        self._set_today("2027-04-10")  # the scheduled action stood still
        self._a_day_passes()
        self.assertRecordValues(contract, [{"state": "ended", "paused_from": False}])
        self._bill_until("2027-04-10")
        self.assertEqual(
            self._periods(contract),
            self._days(("2027-01-01", "2027-01-31"), ("2027-03-01", "2027-03-31")),
        )


@tagged("post_install", "-at_install", "post_install_l10n")
class TestStopDialog(ContractCommon):
    def _gym(self, **vals):
        plan = self._plan(
            "Gym", first_period="month", notice_months=1, **({"renewal": "automatic"} | vals)
        )
        contract = self._contract(plan=plan)
        self._bill_until("2027-01-01")
        return contract

    def test_the_earliest_day_is_proposed(self):
        contract = self._gym()
        self._set_today("2027-03-10")
        with self._dialog(contract.action_stop()) as dialog:
            self.assertEqual(dialog.operation, "end")
            self.assertEqual(dialog.date, date(2027, 4, 10))
            self.assertFalse(dialog.is_early)
        dialog.record.action_apply()
        self.assertEqual(contract.date_end, date(2027, 4, 10))
        self.assertEqual(self._credit_notes(contract).amount_total, 800.0)

    def test_nobody_loses_what_is_paid(self):
        contract = self._gym()
        self._pay(self._invoices(contract))
        self._set_today("2027-03-10")
        with self._dialog(contract.action_stop()) as dialog:
            self.assertEqual(dialog.date, date(2027, 12, 31))

    def test_preview_of_an_end(self):
        contract = self._gym(binding_months=6, exit_fee=250.0)
        contract._charge_once(self.product, "Key", 1.0, 75.0)
        self._set_today("2027-03-10")
        self.assertEqual(
            self._rows(contract, "end", "2027-04-10", {"credit": True, "exit_fee": True}),
            [
                ("end", None, date(2027, 4, 10)),
                ("notice", None, date(2027, 6, 30)),
                ("early", None, None),
                ("invoiced", None, date(2027, 12, 31)),
                ("open_invoice", 1200.0, date(2027, 1, 15)),
                ("left", 800.0, None),
                ("credit", 800.0, None),
                ("waiting", 75.0, date(2027, 12, 18)),
                ("exit_fee", 250.0, None),
            ],
        )
        self.assertFalse(contract.date_end)

    def test_preview_says_what_makes_it_impossible(self):
        contract = self._gym()
        self.assertEqual(self._rows(contract, "end", "2026-12-31"), [("problem", None, None)])

    def test_preview_of_a_pause(self):
        contract = self._gym()
        rows = self._rows(contract, "pause", "2027-03-01", {"resume_date": date(2027, 9, 1)})
        self.assertEqual(
            rows,
            [
                ("pause", None, date(2027, 3, 1)),
                ("resume", None, date(2027, 9, 1)),
                ("invoiced", None, date(2027, 12, 31)),
                ("open_invoice", 1200.0, date(2027, 1, 15)),
            ],
        )

    def test_pausing_from_the_dialog(self):
        contract = self._gym()
        with self._dialog(contract.action_stop()) as dialog:
            dialog.operation = "pause"
            self.assertEqual(dialog.date, date(2027, 1, 1))
            dialog.date = date(2027, 3, 1)
            dialog.resume_date = date(2027, 9, 1)
        dialog.record.action_apply()
        self.assertRecordValues(contract, [{"state": "paused", "paused_from": date(2027, 3, 1)}])

    def test_the_desk_keeps_to_notice_and_credits_nothing(self):
        contract = self._gym(binding_months=6, exit_fee=250.0)
        desk = self._clerk("front_desk")
        contract = contract.with_user(desk)
        with self._dialog(contract.action_stop(), desk) as dialog:
            self.assertEqual(dialog.date, date(2027, 6, 30))
            dialog.date = date(2027, 4, 10)
        with self.assertRaisesRegex(UserError, "06/30/2027"):
            dialog.record.action_apply()
        dialog.record.write({"by_agreement": True, "settlement": "credit"})
        with self.assertRaisesRegex(UserError, "06/30/2027"):
            dialog.record.action_apply()
        dialog.record.date = date(2027, 6, 30)
        dialog.record.action_apply()
        self.assertEqual(contract.date_end, date(2027, 6, 30))
        self.assertFalse(self._credit_notes(contract.with_user(self.env.user)))

    def test_a_billing_user_agrees_on_an_earlier_day_and_waives_the_fee(self):
        contract = self._gym(binding_months=6, exit_fee=250.0)
        user = self._clerk("user")
        with self._dialog(contract.with_user(user).action_stop(), user) as dialog:
            dialog.date = date(2027, 3, 31)
            self.assertTrue(dialog.is_early)
            self.assertTrue(dialog.charge_exit_fee)
            dialog.by_agreement = True
            dialog.charge_exit_fee = False
        dialog.record.action_apply()
        self.assertEqual(contract.date_end, date(2027, 3, 31))
        self.assertFalse(contract.exit_charge_id)
        self.assertEqual(self._credit_notes(contract).amount_total, 900.0)

    def test_who_died_needs_no_notice(self):
        contract = self._gym(binding_months=6, exit_fee=250.0)
        self._set_today("2027-02-10")
        with self._dialog(contract.action_stop()) as dialog:
            dialog.reason = "deceased"
            self.assertEqual(dialog.date, date(2027, 2, 10))
        dialog.record.action_apply()
        self.assertEqual(contract.date_end, date(2027, 2, 10))
        self.assertFalse(contract.exit_charge_id)

    def test_several_contracts_of_a_member_end_together(self):
        one, other = self._gym(), self._gym()
        with self._dialog((one | other).action_stop()) as dialog:
            self.assertIn(one.name, dialog.preview)
            self.assertIn(other.name, dialog.preview)
        dialog.record.action_apply()
        self.assertEqual((one | other).mapped("date_end"), [date(2027, 2, 1)] * 2)

    def test_of_many_contracts_the_sums_are_shown(self):
        plan = self._plan("Gym", first_period="month")
        contracts = self.env["membership.contract"].union(
            *(self._contract(plan=plan) for _number in range(6))
        )
        self._bill_until("2027-01-01")
        with self._dialog(contracts.action_stop()) as dialog:
            dialog.date = date(2027, 6, 30)
            self.assertIn("3,600.00", dialog.preview)
            self.assertNotIn(contracts[0].name, dialog.preview)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestChargeDialog(ContractCommon):
    def test_charging_with_the_next_invoice(self):
        contract = self._contract()
        with self._dialog(contract.action_charge()) as dialog:
            dialog.product_id = self._product("Locker")
            dialog.price_unit = 50.0
            self.assertEqual(dialog.name, "Locker")
        dialog.record.action_charge()
        self.assertRecordValues(
            contract.charge_ids, [{"kind": "single", "amount": 50.0, "state": "to_invoice"}]
        )

    def test_charging_now_shows_the_invoice(self):
        contract = self._contract()
        self._bill_until("2027-01-01")
        with self._dialog(contract.action_charge()) as dialog:
            dialog.product_id = self._product("Locker")
            dialog.price_unit = 50.0
            dialog.when = "now"
        action = dialog.record.action_charge()
        invoice = self.env["account.move"].browse(action["res_id"])
        self.assertRecordValues(invoice, [{"state": "posted", "amount_total": 50.0}])

    def test_only_a_billing_user_bills_now(self):
        contract = self._contract()
        with self.assertRaisesRegex(AccessError, "billing user"):
            contract.with_user(self._clerk("front_desk")).action_bill_now()
        with self.assertRaisesRegex(UserError, "Nothing is to be invoiced"):
            self._contract("2028-01-01").action_bill_now()
        contract.with_user(self._clerk("user")).action_bill_now()
        self.assertEqual(self._invoices(contract).amount_total, 1200.0)
