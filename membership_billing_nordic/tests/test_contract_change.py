from datetime import date

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .contract_common import ContractCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestPlanChange(ContractCommon):
    def setUp(self):
        super().setUp()
        self.plus = self._plan("Plus", 1800.0)

    def test_plan_changes_at_the_end_of_what_is_invoiced(self):
        contract = self._contract()
        self._bill_until("2027-01-01")
        self._set_today("2027-05-05")
        contract._change({"plan_id": self.plus.id}, note="Wants the sauna")
        self.assertRecordValues(
            contract,
            [
                {
                    "plan_id": self.plan.id,
                    "next_plan_id": self.plus.id,
                    "next_plan_date": date(2028, 1, 1),
                    "change_text": "Changes to Plus on 01/01/2028.",
                }
            ],
        )
        self._bill_until("2027-12-18")
        periods = contract.period_ids.sorted("date_from")
        self.assertEqual(periods.mapped("amount"), [1200.0, 1800.0])
        self.assertEqual(periods.plan_id, self.plan | self.plus)

    def test_the_daily_action_carries_the_change_out(self):
        contract = self._contract()
        self._bill_until("2027-01-01")
        contract._change({"plan_id": self.plus.id}, reason="price")
        self._set_today("2027-12-31")
        self._a_day_passes()
        self.assertEqual(contract.plan_id, self.plan)
        self._set_today("2028-01-01")
        self._a_day_passes()
        self.assertRecordValues(
            contract,
            [
                {
                    "plan_id": self.plus.id,
                    "plan_since": date(2028, 1, 1),
                    "next_plan_id": False,
                    "next_plan_date": False,
                }
            ],
        )
        rows = contract.change_ids.filtered(lambda change: change.kind == "plan").sorted("id")
        self.assertRecordValues(
            rows,
            [
                {"plan_id": self.plan.id, "date": date(2027, 1, 1), "reason": "joined"},
                {"plan_id": self.plus.id, "date": date(2028, 1, 1), "reason": "price"},
            ],
        )

    def test_where_nothing_is_invoiced_the_plan_changes_at_once(self):
        contract = self._contract()
        self._set_today("2027-02-01")
        contract._change({"plan_id": self.plus.id})
        self.assertRecordValues(
            contract,
            [{"plan_id": self.plus.id, "plan_since": date(2027, 1, 1), "next_plan_id": False}],
        )
        self._bill_until("2027-02-01")
        self.assertEqual(contract.period_ids.amount, 1800.0)

    def test_periods_of_the_new_plan_are_counted_from_the_change_also_once_it_is_over(self):
        campaign = self._plan(
            "Campaign",
            term="quarter",
            anchor="joining",
            lead_days=0,
            price_ids=[
                Command.create({"valid_from": "2020-01-01", "amount": 0.0, "period_to": 1}),
                Command.create({"valid_from": "2020-01-01", "amount": 312.5, "period_from": 2}),
            ],
        )
        month = self._plan("Monthly", 100.0, term="month", lead_days=0)
        contract = self._contract("2027-01-10", plan=month)
        self._bill_until("2027-01-15")
        contract._change({"plan_id": campaign.id})
        self._set_today("2027-02-01")
        self._a_day_passes()
        self.assertEqual(contract.plan_id, campaign)
        self._bill_until("2027-02-01")
        self.assertEqual(
            self._periods(contract),
            self._days(("2027-01-10", "2027-01-31"), ("2027-02-01", "2027-04-30")),
        )
        self.assertEqual(contract.period_ids.sorted("date_from").mapped("amount"), [100.0, 312.5])

    def test_missed_periods_are_billed_by_the_plan_of_their_time(self):
        month = self._plan("Monthly", 100.0, term="month")
        contract = self._contract(plan=month)
        self._bill_until("2027-01-01")
        contract._change({"plan_id": self.plus.id})
        self._set_today("2027-02-05")
        self._a_day_passes()
        self.assertEqual(contract._plan_on(date(2027, 1, 31)), month)
        self.assertEqual(contract._plan_on(date(2027, 2, 1)), self.plus)

    def test_a_planned_change_can_be_forgotten(self):
        contract = self._contract()
        self._bill_until("2027-01-01")
        contract._change({"plan_id": self.plus.id})
        contract.action_undo_change()
        self.assertFalse(contract.next_plan_id)
        self._set_today("2028-01-01")
        self._a_day_passes()
        self.assertEqual(contract.plan_id, self.plan)
        self.assertEqual(contract._facts_on(date(2028, 1, 1))[contract.id]["plan"], self.plan)

    def test_choosing_the_present_plan_forgets_the_change(self):
        contract = self._contract()
        self._bill_until("2027-01-01")
        contract._change({"plan_id": self.plus.id})
        contract._change({"plan_id": self.plan.id})
        self.assertFalse(contract.next_plan_id)

    def test_a_change_after_the_end_stops(self):
        contract = self._contract()
        self._bill_until("2027-01-01")
        contract._end(date(2027, 12, 31))
        with self.assertRaisesRegex(UserError, "Undo the end first"):
            contract._change({"plan_id": self.plus.id})

    def test_archived_plans_and_other_currencies_stop(self):
        contract = self._contract()
        self.plus.active = False
        with self.assertRaisesRegex(UserError, "archived"):
            contract._change({"plan_id": self.plus.id})
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("id", "!=", self.company.currency_id.id)], limit=1)
        )
        with self.assertRaisesRegex(UserError, "sign the member up anew"):
            contract._change({"plan_id": self._plan("Abroad", currency_id=currency.id).id})

    def test_only_running_memberships_change(self):
        contract = self._contract()
        contract._end(date(2027, 1, 1))
        self._set_today("2027-01-02")
        self._a_day_passes()
        with self.assertRaisesRegex(UserError, "Only a confirmed membership"):
            contract._change({"plan_id": self.plus.id})


@tagged("post_install", "-at_install", "post_install_l10n")
class TestOtherChanges(ContractCommon):
    def _association(self, name, **vals):
        return self.env["membership.association"].create(
            {"partner_id": self._payer(name).id} | vals
        )

    def test_open_invoices_stay_with_the_old_payer(self):
        contract = self._contract()
        self._bill_until("2027-01-01")
        parent = self._payer("Parent")
        contract._change({"payer_id": parent.id})
        contract._charge_once(self.product, "Key", 1.0, 75.0)
        self.assertEqual(self._invoices(contract).partner_id, contract.member_id)
        self._bill_until("2027-12-18")
        self.assertRecordValues(
            self._invoices(contract)[1], [{"partner_id": parent.id, "amount_total": 1275.0}]
        )

    def test_waiting_instalments_go_to_the_new_payer(self):
        contract = self._contract(plan=self._plan("Quarterly", frequency="quarter"))
        self._bill_until("2027-01-01")
        parent = self._payer("Parent")
        contract._change({"payer_id": parent.id})
        self._bill_until("2027-03-18")
        self.assertEqual(self._invoices(contract).mapped("partner_id"), contract.member_id | parent)

    def test_a_contact_of_a_company_cannot_pay(self):
        employer = self.env["res.partner"].create({"name": "Employer AS", "is_company": True})
        contact = self._payer("Employee", parent_id=employer.id)
        contract = self._contract()
        with self.assertRaisesRegex(ValidationError, "Employee is a contact of Employer AS"):
            contract._change({"payer_id": contact.id})

    def test_means_are_kept_in_the_history(self):
        contract = self._contract()
        other = self._agreement("99991042772")
        self._set_today("2027-02-01")
        contract._change({"agreement_id": other.id})
        self.assertEqual(contract.agreement_id, other)
        self.assertEqual(contract._facts_on(date(2027, 2, 1))[contract.id]["means"], other)
        row = contract.change_ids.filtered(lambda change: change.kind == "means")
        self.assertEqual(row.value, other.display_name)

    def test_moving_to_another_association_on_a_past_day(self):
        north, south = self._association("North"), self._association("South")
        contract = self._contract(association_id=north.id)
        self._set_today("2027-03-10")
        contract._change({"association_id": south.id}, date(2027, 2, 1), "moved")
        self.assertEqual(contract.association_id, south)
        on = {
            day: contract._facts_on(date.fromisoformat(day))[contract.id]["association"]
            for day in ("2027-01-31", "2027-02-01")
        }
        self.assertEqual(on, {"2027-01-31": north, "2027-02-01": south})

    def test_moving_on_a_day_to_come(self):
        north, south = self._association("North"), self._association("South")
        contract = self._contract(association_id=north.id)
        contract._change({"association_id": south.id}, date(2027, 7, 1))
        self.assertRecordValues(
            contract, [{"association_id": north.id, "next_association_id": south.id}]
        )
        self._set_today("2027-07-01")
        self._a_day_passes()
        self.assertRecordValues(
            contract, [{"association_id": south.id, "next_association_id": False}]
        )
        rows = contract.change_ids.filtered(lambda change: change.kind == "association")
        self.assertEqual(len(rows), 2)

    def test_an_association_that_takes_nobody_then_stops(self):
        closed = self._association("Closed", valid_to="2027-06-30")
        contract = self._contract()
        with self.assertRaisesRegex(ValidationError, "takes no members on 07/01/2027"):
            contract._change({"association_id": closed.id}, date(2027, 7, 1))

    def test_one_wrong_change_changes_nothing(self):
        contract = self._contract()
        employer = self.env["res.partner"].create({"name": "Employer AS", "is_company": True})
        contact = self._payer("Employee", parent_id=employer.id)
        plus = self._plan("Plus", 1800.0)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            contract._change({"plan_id": plus.id, "payer_id": contact.id})
        self.assertEqual(contract.plan_id, self.plan)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestChangeDialog(ContractCommon):
    def test_changing_the_payer_takes_the_dialog_and_one_choice(self):
        contract = self._contract()
        parent = self._payer("Parent")
        with self._dialog(contract.action_change()) as dialog:
            self.assertEqual(dialog.payer_id, contract.member_id)
            self.assertFalse(dialog.preview)
            dialog.payer_id = parent
            self.assertIn("Parent", dialog.preview)
        dialog.record.action_apply()
        self.assertEqual(contract.payer_id, parent)
        self.assertEqual(contract.plan_id, self.plan)

    def test_nothing_chosen_is_told(self):
        contract = self._contract()
        with self._dialog(contract.action_change()) as dialog:
            pass
        with self.assertRaisesRegex(UserError, "Choose what is to change"):
            dialog.record.action_apply()

    def test_preview_of_another_plan(self):
        plus = self._plan("Plus", 1800.0, lead_days=30)
        contract = self._contract()
        self._bill_until("2027-01-01")
        contract._charge_once(self.product, "Key", 1.0, 75.0, date(2027, 12, 24))
        self._set_today("2027-03-01")
        self.assertEqual(
            self._rows(contract, "change", None, {"plan_id": plus.id}),
            [
                ("change", None, date(2028, 1, 1)),
                ("before", 1200.0, date(2027, 12, 18)),
                ("after", 1800.0, date(2027, 12, 2)),
                ("open_invoice", 1200.0, date(2027, 1, 15)),
                ("waiting", 75.0, date(2027, 12, 24)),
            ],
        )
        self.assertFalse(contract.next_plan_id)
        self.assertEqual(contract.next_invoice_date, date(2027, 12, 18))

    def test_preview_tells_that_a_payer_abroad_pays_no_tax(self):
        self.product.taxes_id = self.vat
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        self.vat.fiscal_position_ids = position
        position.tax_ids = [Command.clear()]
        abroad = self._payer("Abroad", property_account_position_id=position.id)
        contract = self._contract()
        rows = self._rows(contract, "change", None, {"payer_id": abroad.id})
        amounts = {kind: amount for kind, amount, _day in rows}
        self.assertEqual(amounts["before"], 1380.0)
        self.assertNotEqual(amounts["after"], None)

    def test_preview_says_that_no_price_is_valid(self):
        contract = self._contract()
        bare = self._plan("Bare", valid_from="2040-01-01")
        rows = contract._consequences("change", None, {"plan_id": bare.id})
        after = next(row for row in rows if row["kind"] == "after")
        self.assertIn("no price is valid", after["text"])
        self.assertIsNone(after["amount"])

    def test_preview_says_what_makes_it_impossible(self):
        contract = self._contract()
        employer = self.env["res.partner"].create({"name": "Employer AS", "is_company": True})
        contact = self._payer("Employee", parent_id=employer.id)
        rows = contract._consequences("change", None, {"payer_id": contact.id})
        self.assertEqual([row["kind"] for row in rows], ["problem"])
        self.assertIn("Employer AS", rows[0]["text"])

    def test_a_contact_is_detached_from_the_dialog(self):
        employer = self.env["res.partner"].create({"name": "Employer AS", "is_company": True})
        contact = self._payer("Employee", parent_id=employer.id)
        contract = self._contract()
        with self._dialog(contract.action_change()) as dialog:
            dialog.payer_id = contact
            self.assertIn("Employer AS", dialog.payer_warning)
        action = dialog.record.action_detach_payer()
        self.assertEqual(action["res_id"], dialog.record.id)
        self.assertFalse(contact.parent_id)
        dialog.record.action_apply()
        self.assertEqual(contract.payer_id, contact)

    def test_all_contracts_of_a_member_get_another_payer_at_once(self):
        member, parent = self._payer("Kid"), self._payer("Parent")
        one = self._contract(member=member)
        other = self._contract(member=member, plan=self._plan("Other"))
        with self._dialog((one | other).action_change()) as dialog:
            self.assertFalse(dialog.plan_id)
            dialog.payer_id = parent
        dialog.record.action_apply()
        self.assertEqual((one | other).payer_id, parent)
        self.assertEqual(one.plan_id, self.plan)

    def test_the_desk_changes_payers_but_sees_no_agreement(self):
        contract = self._contract()
        contract.agreement_id = self.agreement
        desk, parent = self._clerk("front_desk"), self._payer("Parent")
        with self._dialog(contract.with_user(desk).action_change(), desk) as dialog:
            dialog.payer_id = parent
            self.assertIn("Parent", dialog.preview)
        dialog.record.action_apply()
        self.assertRecordValues(
            contract, [{"payer_id": parent.id, "agreement_id": self.agreement.id}]
        )
