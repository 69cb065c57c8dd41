"""Changes within a period that is invoiced: credit and charge to the øre; freezes by the rules."""

from datetime import date

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .contract_common import ContractCommon

MIDDLE = {"change_timing": "middle", "first_period": "day", "lead_days": 14}


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSwitch(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.basic = cls._plan("Basic", 1200.0, **MIDDLE)
        cls.plus = cls._plan("Plus", 1999.0, **MIDDLE)

    def _billed(self, plan=None):
        contract = self._contract(plan=plan or self.basic)
        self._bill_until("2027-01-01")
        return contract

    def _owed(self, contract):
        """What is invoiced less what is credited, of all that is posted."""
        moves = self._invoices(contract) + self._credit_notes(contract)
        return round(sum(moves.mapped("amount_total_signed")), 2)

    def _told(self, contract, vals):
        rows = contract._consequences("change", False, vals)
        wanted = ("credit", "dropped", "charge", "after")
        return [(row["kind"], row["amount"], row["date"]) for row in rows if row["kind"] in wanted]

    def test_an_upgrade_is_divided_by_days_as_the_preview_says(self):
        contract = self._billed()
        self._set_today("2027-05-01")
        told = self._told(contract, {"plan_id": self.plus.id})
        self.assertEqual(
            told,
            [
                ("credit", 805.48, None),  # 1200 less 120 of 365 days
                ("charge", 1341.79, date(2027, 12, 18)),  # 245 of 365 days of 1999
                ("after", 536.31, None),
            ],
        )
        contract._change({"plan_id": self.plus.id})
        self.assertEqual(contract.plan_id, self.plus)
        self.assertEqual(
            self._periods(contract),
            self._days(("2027-01-01", "2027-04-30"), ("2027-05-01", "2027-12-31")),
        )
        note = self._credit_notes(contract)
        self.assertEqual(note.amount_total, 805.48)
        self._bill_until("2027-12-18")
        self.assertEqual(
            self._invoices(contract).mapped("amount_total"), [1200.0, 1341.79 + 1999.0]
        )

    def test_a_paid_invoice_leaves_a_credit_for_the_next_one(self):
        contract = self._billed()
        self._pay(self._invoices(contract))
        self._set_today("2027-05-01")
        contract._change({"plan_id": self.plus.id})
        self.assertEqual(self._credit_notes(contract).amount_residual, 805.48)
        self._bill_until("2027-12-18")
        self.assertEqual(self._credit_notes(contract).amount_residual, 0.0)
        self.assertEqual(self._invoices(contract)[-1].amount_residual, 3340.79 - 805.48)

    def _left_of_a_change(self, plan):
        """A paid membership that goes over to ``plan``, and what stands of it to the payer."""
        self._set_today("2027-01-01")
        contract = self._billed()
        self._pay(self._invoices(contract))
        self._set_today("2027-05-01")
        contract._change({"plan_id": plan.id})
        return contract, self._credit_notes(contract)

    def test_it_pays_the_next_one_where_money_is_not_used_by_itself(self):
        for vals in ({"mbn_use_standing": False}, {"mbn_use_standing_limit": 1.0}):
            with self.subTest(**vals):
                self.company.write({"mbn_use_standing": True, **vals})
                contract, note = self._left_of_a_change(self.plus)
                self._bill_until("2027-12-18")
                invoice = self._invoices(contract)[-1]
                self.assertEqual((note.amount_residual, invoice.amount_residual), (0.0, 2535.31))
                self.assertFalse(
                    self.env["billing.exception"]._open_rows(invoice, "standing_to_use")
                )

    def test_it_pays_an_offer_of_the_same_membership_and_no_gift(self):
        lapsing = self._plan("Lapsing", 1999.0, claim_kind="lapse", **MIDDLE)
        gift = self._plan("Gift", 300.0, claim_kind="donation")
        contract, note = self._left_of_a_change(lapsing)
        giver = self._contract("2027-05-01", gift, contract.member_id)
        self._bill_until("2027-05-01")
        self.assertEqual(self._invoices(giver).amount_residual, 300.0)
        self._bill_until("2027-12-18")
        self.assertEqual(note.amount_residual, 0.0)
        self.assertEqual(self._invoices(contract)[-1].amount_residual, 2535.31)

    def test_what_is_being_paid_back_pays_no_invoice(self):
        contract, note = self._left_of_a_change(self.plus)
        (credit,) = note.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        self.env["bank.refund"].sudo().create(
            {
                "company_id": self.company.id,
                "currency_id": note.currency_id.id,
                "partner_id": credit.partner_id.id,
                "amount": 805.48,
                "reference": "R1",
                "agreement_id": self.agreement.id,
                "route": "transfer",
                "proposed_by_id": self.env.uid,
                "line_ids": [Command.create({"move_line_id": credit.id, "amount": 805.48})],
            }
        )
        self._bill_until("2027-12-18")
        self.assertEqual(note.amount_residual, 805.48)
        self.assertEqual(self._invoices(contract)[-1].amount_residual, 3340.79)

    def test_nothing_is_owed_of_a_credit_note(self):
        _contract, note = self._left_of_a_change(self.plus)
        self.assertFalse(note._mbn_open_claims())

    def test_at_once_credit_and_invoice_are_made_in_the_same_breath(self):
        self.basic.change_settlement = "at_once"
        contract = self._billed()
        self._pay(self._invoices(contract))
        self._set_today("2027-05-01")
        contract._change({"plan_id": self.plus.id})
        invoice = self._invoices(contract)[-1]
        self.assertEqual((invoice.amount_total, invoice.amount_residual), (1341.79, 536.31))

    def test_a_month_that_was_invoiced_ahead_is_billed_anew_by_the_new_plan(self):
        month = {"term": "month"} | MIDDLE
        small, large = self._plan("Small", 310.0, **month), self._plan("Large", 620.0, **month)
        contract = self._billed(small)
        self._bill_until("2027-01-18")
        self.assertEqual(self._owed(contract), 620.0)
        self._set_today("2027-01-21")
        contract._change({"plan_id": large.id})
        self._bill_until("2027-02-01")
        # 20 of 31 days small, 11 large, and February large
        self.assertEqual(self._owed(contract), 200.0 + 220.0 + 620.0)

    def test_there_and_back_again_costs_nothing(self):
        contract = self._billed()
        self._set_today("2027-05-01")
        for plan in (self.plus, self.basic, self.plus, self.basic):
            contract._change({"plan_id": plan.id})
        live = contract.charge_ids.filtered(lambda charge: charge.state == "to_invoice")
        self.assertEqual(live.mapped("amount"), [805.48])
        self.assertEqual(self._owed(contract) + 805.48, 1200.0)

    def test_never_more_is_credited_than_was_charged(self):
        contract = self._billed()
        charge = contract.charge_ids
        charge._credit({charge: 900.0}, "Goodwill")
        self._set_today("2027-05-01")
        self.assertEqual(
            self._told(contract, {"plan_id": self.plus.id})[:1],
            [("charge", 1341.79, date(2027, 12, 18))],
        )
        contract._change({"plan_id": self.plus.id})
        self.assertEqual(sum(self._credit_notes(contract).mapped("amount_total")), 900.0)

    def test_several_changes_and_an_end_add_up_by_days(self):
        contract = self._billed()
        self._set_today("2027-05-01")
        contract._change({"plan_id": self.plus.id})
        self._set_today("2027-07-01")
        contract._change({"plan_id": self.basic.id})
        self._set_today("2027-09-01")
        contract._end(date(2027, 9, 30), credit=True)
        # an earlier end afterwards still counts by the days first charged
        contract._end_with(date(2027, 3, 31), "request", False, credit=True)
        self.assertFalse(contract._dues(date(2027, 12, 31)))
        self.assertEqual(self._owed(contract), 295.89)  # 90 of 365 days of 1200

    def test_by_months_begun_the_change_waits_for_the_month(self):
        monthly = dict(MIDDLE, first_period="month")
        old = self._plan("Old", 1200.0, **monthly)
        new = self._plan("New", 2400.0, **monthly)
        contract = self._billed(old)
        self._set_today("2027-05-05")
        contract._change({"plan_id": new.id})
        self.assertEqual(contract.next_plan_date, date(2027, 6, 1))
        self.assertEqual(self._credit_notes(contract).amount_total, 700.0)
        waiting = contract.charge_ids.filtered(lambda charge: charge.state == "to_invoice")
        self.assertEqual((waiting.amount, waiting.date_from), (1400.0, date(2027, 6, 1)))
        contract.action_undo_change()
        self._bill_until("2027-12-31")
        year = contract.period_ids.filtered(lambda one: one.date_from.year == 2027)
        live = year.filtered(lambda one: one.state != "void")
        self.assertEqual(
            sum(live.charge_ids.filtered(lambda one: one.state != "void").mapped("amount"))
            - sum(self._credit_notes(contract).mapped("amount_total")),
            1200.0,
        )

    def test_a_product_is_added_and_removed_in_mid_period(self):
        contract = self._billed()
        locker = self._product("Locker")
        line = {"product_id": locker.id, "name": "Locker", "quantity": 1.0, "price_unit": 365.0}
        self._set_today("2027-05-01")
        self.assertEqual(
            self._told(contract, {"new_lines": [line]})[0],
            ("charge", 245.0, date(2027, 12, 18)),
        )
        contract._change({"new_lines": [line]})
        self._bill_until("2027-12-18")
        self.assertEqual(self._invoices(contract)[-1].amount_total, 245.0 + 1200.0 + 365.0)
        contract._change({"end_line_ids": contract.line_ids.ids})
        # 14 days of this year, all of the next
        self.assertEqual(self._credit_notes(contract).amount_total, 14.0 + 365.0)

    def test_an_own_price_in_mid_period_and_from_then_on(self):
        contract = self._billed()
        self._set_today("2027-05-01")
        contract._change({"own_price": 365.0})
        self.assertEqual(self._credit_notes(contract).amount_total, 805.48)
        self._bill_until("2027-12-18")
        self.assertEqual(self._invoices(contract)[-1].amount_total, 245.0 + 365.0)

    def test_instalments_are_cut_where_they_wait(self):
        old = self._plan("Parts", 1200.0, frequency="month", **MIDDLE)
        contract = self._billed(old)
        self._bill_until("2027-04-20")  # January to May are invoiced
        self._set_today("2027-05-01")
        contract._change({"plan_id": self.plus.id})
        self.assertEqual(self._credit_notes(contract).amount_total, 105.48)
        waiting = contract.charge_ids.filtered(lambda charge: charge.state == "to_invoice")
        self.assertEqual(waiting.mapped("amount"), [1341.79])

    def test_where_the_rule_cannot_divide_it_is_refused_or_waits(self):
        with self.assertRaises(ValidationError):
            self._plan("Whole", 100.0, change_timing="middle")
        whole = self._plan("Whole", 100.0)
        contract = self._billed()
        self._set_today("2027-05-01")
        contract._change({"plan_id": whole.id})
        self.assertEqual(contract.next_plan_date, date(2028, 1, 1))
        self.assertFalse(self._credit_notes(contract))

    def test_the_dialog_shows_and_does_it(self):
        contract = self._billed()
        self._set_today("2027-05-01")
        form = self._dialog(contract.action_change(), self._clerk("front_desk"))
        form.plan_id = self.plus
        self.assertTrue(form.is_middle)
        self.assertIn("1,341.79", form.preview)
        form.save().action_apply()
        self.assertEqual(contract.plan_id, self.plus)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestFreeze(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gym = cls._plan(
            "Gym",
            1200.0,
            binding_months=12,
            freeze_extends_binding=True,
            freeze_notice_days=10,
            freeze_after_months=1,
            freeze_min_days=14,
            freeze_max_days=60,
            freeze_year_days=70,
            freeze_charge="month",
            freeze_fee=49.0,
            freeze_reason_ids=[Command.create({"reason": "health"})],
            **MIDDLE,
        )

    def setUp(self):
        super().setUp()
        self.contract = self._contract(plan=self.gym)
        self._bill_until("2027-01-01")
        self._set_today("2027-03-01")

    def _problems(self, first, resume, reason="health"):
        return self.contract._freeze_problems(
            date.fromisoformat(first), resume and date.fromisoformat(resume), reason
        )

    def test_each_rule_names_itself(self):
        self.assertEqual(
            [
                self._problems("2027-04-01", "2027-05-01", "moved"),
                self._problems("2027-03-10", "2027-04-10"),
                self._problems("2027-04-01", False),
                self._problems("2027-04-01", "2027-04-10"),
                self._problems("2027-04-01", "2027-06-01"),
                self._problems("2027-04-01", "2027-05-31"),
            ],
            [
                ["It can be frozen for these reasons only: Health."],
                ["It can be frozen from 03/11/2027 on at the earliest."],
                ["Enter the day on which it goes on."],
                ["A freeze is 14 days at least."],
                ["A freeze is 60 days at most."],
                [],
            ],
        )

    def test_at_most_so_many_days_a_year(self):
        self.contract._pause(date(2027, 4, 1), date(2027, 5, 1), "health")
        self._set_today("2027-05-01")
        self._a_day_passes()
        self.assertEqual(
            self._problems("2027-06-01", "2027-07-15"),
            ["It would be frozen 74 days in 2027, 70 are allowed."],
        )

    def test_the_time_is_given_back_the_freeze_charged_and_binding_extended(self):
        rows = self._rows(
            self.contract,
            "pause",
            "2027-04-01",
            {"resume_date": date(2027, 5, 11), "reason": "health"},
        )
        self.assertIn(("credit", 904.11, None), rows)  # 275 of 365 days
        self.assertIn(("freeze", 98.0, None), rows)
        self.contract._pause(date(2027, 4, 1), date(2027, 5, 11), "health")
        self.assertEqual(self._credit_notes(self.contract).amount_total, 904.11)
        self.assertEqual(self.contract._binding_end(date(2027, 4, 1)), date(2028, 2, 9))
        self._bill_until("2027-04-27")
        # goes on with the rest of the year: 235 of 365 days, and the two months' fee
        self.assertEqual(
            sum(self._invoices(self.contract)[1:].mapped("amount_total")), 772.6 + 98.0
        )

    def test_who_goes_on_earlier_pays_for_the_months_begun(self):
        self.contract._pause(date(2027, 4, 1), date(2027, 5, 11), "health")
        self._set_today("2027-04-15")
        self.contract._resume(date(2027, 4, 15))
        fee = self.contract.freeze_charge_id
        self.assertEqual((fee.amount, fee.cut_amount, fee.state), (49.0, 49.0, "to_invoice"))
        self.assertEqual(self.contract.next_period_start, date(2027, 4, 15))

    def test_only_a_billing_user_departs_from_the_rules(self):
        for group, done in (("front_desk", False), ("user", True)):
            with self.subTest(group=group):
                form = self._dialog(self.contract.action_pause(), self._clerk(group))
                self.assertEqual(form.date, date(2027, 3, 11))
                form.reason = "moved"
                form.resume_date = date(2027, 4, 11)
                self.assertTrue(form.is_against_rules)
                wizard = form.save()
                wizard.by_agreement = True
                if done:
                    wizard.action_apply()
                    self.assertEqual(self.contract.state, "paused")
                else:
                    with self.assertRaisesRegex(UserError, "for these reasons only"):
                        wizard.action_apply()

    def test_programs_are_held_to_the_same_rules(self):
        api = self.env["billing.api"].with_user(self._clerk("front_desk"))
        asked = {"contract_id": self.contract.id, "date": "2027-04-01", "reason": "health"}
        with self.assertRaisesRegex(UserError, "Enter the day on which it goes on"):
            api.pause_contract(**asked)
        done = api.pause_contract(**asked, resume_date="2027-05-01")
        self.assertEqual(done["contract"]["decision"], "paused")
