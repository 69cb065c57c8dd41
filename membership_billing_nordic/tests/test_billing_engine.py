"""What is invoiced when, and how much: literal dates and amounts for every rule of a plan."""

from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .run_common import RunCommon


class EngineCommon(RunCommon):
    def _charged(self, records):
        """The charges of periods or contracts: (day to invoice, amount, state), in order."""
        charges = records.charge_ids.sorted(lambda charge: (charge.date_invoice, charge.id))
        return [(str(charge.date_invoice), charge.amount, charge.state) for charge in charges]

    def _invoice_of(self, run):
        invoice = run.line_ids.invoice_id
        self.assertEqual(len(invoice), 1)
        return invoice

    def _lines(self, invoice):
        return [(line.name, line.price_total) for line in invoice.invoice_line_ids]

    def _young(self, born, **vals):
        return self._payer("Kari Nordmann", mbn_birth_date=born, **vals)


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-01")
class TestInstalments(EngineCommon):
    def test_a_years_fee_in_twelve_payments_sums_to_the_oere(self):
        plan = self._plan("Debits", 1000.0, frequency="month", lead_days=14)
        contract = self._contract("2027-01-01", plan)
        run = self._bill("2027-01-01")
        period = contract.period_ids
        self.assertEqual(self._periods(contract), self._days(("2027-01-01", "2027-12-31")))
        self.assertEqual(period.amount, 1000.0)
        amounts = [charge.amount for charge in period.charge_ids.sorted("instalment")]
        self.assertEqual(amounts, [83.33] * 11 + [83.37])
        self.assertEqual(
            self._charged(period)[:3],
            [
                ("2026-12-18", 83.33, "invoiced"),
                ("2027-01-18", 83.33, "to_invoice"),
                ("2027-02-15", 83.33, "to_invoice"),
            ],
        )
        self.assertEqual(self._invoice_of(run).amount_total, 83.33)
        self.assertEqual(contract.next_invoice_date, date(2027, 1, 18))

    def test_every_instalment_has_an_invoice_and_a_due_date_of_its_own(self):
        plan = self._plan("Quarters", 1200.0, frequency="quarter", payment_term_days=20)
        contract = self._contract("2027-01-01", plan)
        self._bill("2027-01-01")
        self.assertFalse(self._preview("2027-03-17").run_total)
        invoice = self._invoice_of(self._bill("2027-03-18"))
        self.assertEqual(invoice.invoice_date_due, date(2027, 4, 7))
        self.assertEqual(self._lines(invoice), [("Quarters, 04/01/2027 - 06/30/2027", 300.0)])
        second = contract.charge_ids.filtered(lambda charge: charge.instalment == 2)
        self.assertEqual(
            (second.state, second.date_due, second.invoice_id),
            ("invoiced", date(2027, 4, 7), invoice),
        )
        self.assertEqual(contract.next_invoice_date, date(2027, 6, 17))

    def test_running_twice_bills_no_instalment_twice(self):
        contract = self._contract("2027-01-01", self._plan("Debits", 1200.0, frequency="month"))
        one, other = self._preview("2027-02-01"), self._preview("2027-02-01")
        for run in (one, other):
            run.action_confirm()
            self._work()
        self.assertFalse(self._preview("2027-02-01").run_total)
        self.assertEqual(
            [state for _day, _amount, state in self._charged(contract)].count("invoiced"), 2
        )
        self.assertEqual(sum(contract.charge_ids.invoice_id.mapped("amount_total")), 200.0)

    def test_instalments_that_were_missed_are_caught_up_on_one_invoice(self):
        contract = self._contract("2027-01-01", self._plan("Debits", 1200.0, frequency="month"))
        invoice = self._invoice_of(self._bill("2027-05-20"))
        self.assertEqual(invoice.amount_total, 600.0)
        self.assertEqual(len(invoice.invoice_line_ids), 6)
        self.assertEqual(contract.next_invoice_date, date(2027, 6, 17))

    def test_somebody_who_joins_in_march_pays_in_ten_parts(self):
        plan = self._plan("Debits", 1200.0, frequency="month", first_period="month")
        contract = self._contract("2027-03-15", plan)
        self._bill("2027-03-15")
        self.assertEqual(contract.period_ids.amount, 1000.0)
        self.assertEqual(len(contract.charge_ids), 10)
        self.assertEqual(set(contract.charge_ids.mapped("amount")), {100.0})

    def test_instalments_with_tax_on_top_sum_to_the_fee(self):
        self.product.taxes_id = self.vat
        rate = self.vat.amount
        plan = self._plan("Taxed", 999.99, frequency="month")
        contract = self._contract("2027-01-01", plan)
        for month in range(1, 13):
            self._bill(f"2027-{month:02}-01")
        invoices = contract.charge_ids.invoice_id
        self.assertEqual(len(invoices), 12)
        whole = round(999.99 * (1 + rate / 100), 2)
        self.assertEqual(contract.period_ids.amount, whole)
        self.assertAlmostEqual(sum(invoices.mapped("amount_total")), whole, 2)
        self.assertEqual(
            sorted(invoices.mapped("amount_total")), sorted(contract.charge_ids.mapped("amount"))
        )

    def test_what_cannot_be_had_with_tax_on_top_is_shifted_between_parts(self):
        self.vat.amount = 25.0
        self.product.taxes_id = self.vat
        for price in (8.0, 8.01, 8.02, 8.03, 8.04, 100.01, 0.97):
            plan = self._plan("Taxed", price, frequency="month")
            contract = self._contract("2027-01-01", plan)
            self._bill("2027-12-01")
            invoiced = sum(contract.charge_ids.mapped("amount"))
            self.assertAlmostEqual(invoiced, contract.period_ids.amount, 2)
            self.assertAlmostEqual(contract.charge_ids.invoice_id.amount_total, invoiced, 2)

    def test_a_part_that_cannot_be_had_with_tax_on_top_is_what_is_invoiced(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        self.vat.amount = 12.0
        self.product.taxes_id = self.vat
        contract = self._contract("2027-07-01", self._plan("Half", 50.25, first_period="month"))
        run = self._bill("2027-07-01")
        # half of 56.28 is 28.14, but 25.125 and 3.015 are 25.13 and 3.02
        self.assertEqual(self._invoice_of(run).amount_total, 28.15)
        self.assertEqual(contract.charge_ids.amount, 28.15)
        self.assertEqual(run.line_ids.amount, 28.15)

    def test_further_products_are_paid_in_instalments_too(self):
        plan = self._plan("Debits", 1200.0, frequency="quarter")
        contract = self._contract("2027-01-01", plan)
        contract.line_ids = [
            Command.create({"product_id": self._product("Locker").id, "price_unit": 400.0})
        ]
        self.assertEqual(self._invoice_of(self._bill("2027-01-01")).amount_total, 400.0)
        self.assertEqual(self._invoice_of(self._bill("2027-04-01")).amount_total, 400.0)
        self.assertEqual(contract.period_ids.amount, 1200.0)

    def test_paid_instalments_move_paid_until(self):
        plan = self._plan("Debits", 1200.0, frequency="month", activation="first_payment")
        contract = self._contract("2027-01-01", plan)
        invoice = self._invoice_of(self._bill("2027-01-01"))
        self.assertEqual(contract.member_status, "waiting")
        self._pay(invoice)
        self.assertEqual(contract.paid_until, date(2027, 1, 31))
        self.assertEqual((contract.member_status, contract.status_reason), ("active", "paid"))
        self.assertEqual(contract.period_ids.state, "open")
        for month in range(2, 13):
            self._pay(self._invoice_of(self._bill(f"2027-{month:02}-01")))
        self.assertEqual(contract.paid_until, date(2027, 12, 31))
        self.assertEqual(contract.period_ids.state, "paid")

    def test_a_waiting_instalment_goes_to_who_pays_then(self):
        contract = self._contract("2027-01-01", self._plan("Debits", 1200.0, frequency="month"))
        first = self._invoice_of(self._bill("2027-01-01"))
        parent = self._payer("Anne Nordmann")
        contract.payer_id = parent
        second = self._invoice_of(self._bill("2027-02-01"))
        self.assertEqual((first.partner_id, second.partner_id), (contract.member_id, parent))
        self.assertEqual(second.invoice_line_ids.mbn_charge_id.payer_id, parent)

    def test_a_pause_does_not_stop_the_instalments_of_the_period_under_way(self):
        contract = self._contract("2027-01-01", self._plan("Debits", 1200.0, frequency="month"))
        self._bill("2027-01-01")
        contract._pause(date(2027, 1, 10))
        self.assertEqual(self._invoice_of(self._bill("2027-02-01")).amount_total, 100.0)


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-01")
class TestFirstPeriod(EngineCommon):
    def _table_plan(self, *rows, **vals):
        return self._plan(
            "Club",
            1000.0,
            "2020-01-01",
            first_period="table",
            joining_ids=[
                Command.create({"month": month, "day": day, "share": share, "with_next": with_next})
                for month, day, share, with_next in rows
            ],
            **vals,
        )

    def test_after_the_first_of_october_next_year_is_paid_and_this_one_free(self):
        plan = self._table_plan(("7", 1, 50.0, False), ("10", 1, 100.0, True))
        plan.price_ids.valid_to = "2027-12-31"
        plan.price_ids = [Command.create({"valid_from": "2028-01-01", "amount": 1100.0})]
        starts = ("2027-06-30", "2027-07-01", "2027-09-30", "2027-10-01", "2027-12-31")
        contracts = [self._contract(start, plan) for start in starts]
        self._bill("2027-12-31")
        firsts = [contract.period_ids.sorted("date_from")[0] for contract in contracts]
        self.assertEqual(
            [(str(period.date_to), period.amount) for period in firsts],
            [
                ("2027-12-31", 1000.0),
                ("2027-12-31", 500.0),
                ("2027-12-31", 500.0),
                ("2028-12-31", 1100.0),
                ("2028-12-31", 1100.0),
            ],
        )

    def test_the_period_after_a_long_first_one_is_billed_when_it_begins(self):
        plan = self._table_plan(("10", 1, 100.0, True), lead_days=10)
        contract = self._contract("2027-11-05", plan)
        self._bill("2027-11-05")
        self.assertEqual(contract.next_invoice_date, date(2028, 12, 22))
        self._bill("2028-12-22")
        self.assertEqual(
            self._periods(contract),
            self._days(("2027-11-05", "2028-12-31"), ("2029-01-01", "2029-12-31")),
        )

    def test_a_first_period_that_is_free_makes_no_invoice(self):
        plan = self._table_plan(("11", 1, 0.0, False))
        contract = self._contract("2027-11-15", plan)
        run = self._bill("2027-11-15")
        self.assertFalse(run.line_ids.invoice_id)
        self.assertEqual((contract.period_ids.state, contract.period_ids.amount), ("paid", 0.0))
        self.assertEqual(contract.paid_until, date(2027, 12, 31))

    def test_age_and_price_of_the_next_period_hold_when_it_is_paid(self):
        plan = self._table_plan(("10", 1, 100.0, True))
        plan.price_ids = [
            Command.clear(),
            Command.create({"valid_from": "2020-01-01", "amount": 300.0, "age_to": 17}),
            Command.create({"valid_from": "2020-01-01", "amount": 900.0, "age_from": 18}),
        ]
        contract = self._contract("2027-10-20", plan, self._young("2009-12-01"))
        self._bill("2027-10-20")
        self.assertEqual(contract.period_ids.amount, 900.0)

    def test_in_full_by_day_and_by_month(self):
        amounts = {}
        for rule in ("full", "day", "month"):
            contract = self._contract("2027-10-12", self._plan(rule, 1200.0, first_period=rule))
            self._bill("2027-10-12")
            amounts[rule] = contract.period_ids.amount
        self.assertEqual(amounts, {"full": 1200.0, "day": 266.3, "month": 300.0})

    def test_the_table_is_not_used_for_somebody_who_comes_back_late(self):
        plan = self._table_plan(("10", 1, 100.0, True))
        contract = self._contract("2026-01-01", plan, billed_from="2027-10-15")
        self._bill("2027-10-15")
        self.assertEqual(self._periods(contract), self._days(("2027-10-15", "2027-12-31")))


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-01")
class TestTermsOfPlan(EngineCommon):
    def test_renewals_are_offers_where_the_plan_says_so(self):
        contract = self._contract("2027-01-01", self._plan("Offer", 500.0, renewal="offer"))
        self._bill("2027-01-01")
        self._bill("2028-01-01")
        self.assertEqual(contract.period_ids.sorted("date_from").mapped("is_offer"), [False, True])
        automatic = self._contract("2027-01-01")
        self._bill("2028-01-01")
        self.assertEqual(automatic.period_ids.mapped("is_offer"), [False, False])

    def test_a_plan_without_renewal_has_one_period(self):
        contract = self._contract("2027-03-01", self._plan("Trial", 50.0, renewal="none"))
        self._bill("2027-03-01")
        self.assertFalse(self._preview("2030-01-01").run_total)
        self.assertEqual(self._periods(contract), self._days(("2027-03-01", "2027-12-31")))
        self.assertFalse(contract.next_invoice_date)

    def test_campaign_phases_follow_one_another(self):
        plan = self._plan(
            "Campaign",
            term="month",
            lead_days=0,
            price_ids=[
                Command.create(
                    {"valid_from": "2020-01-01", "amount": 0.0, "period_from": 1, "period_to": 1}
                ),
                Command.create(
                    {"valid_from": "2020-01-01", "amount": 99.0, "period_from": 2, "period_to": 3}
                ),
                Command.create({"valid_from": "2020-01-01", "amount": 249.0, "period_from": 4}),
            ],
        )
        contract = self._contract("2027-01-01", plan)
        self._bill("2027-05-01")
        periods = contract.period_ids.sorted("date_from")
        self.assertEqual(periods.mapped("amount"), [0.0, 99.0, 99.0, 249.0, 249.0])
        self.assertEqual(periods.mapped("state"), ["paid", "open", "open", "open", "open"])
        self.assertEqual(contract.charge_ids.invoice_id.amount_total, 696.0)

    def test_age_bands_go_by_the_age_on_the_first_day(self):
        plan = self._plan(
            "Family",
            term="quarter",
            lead_days=0,
            price_ids=[
                Command.create({"valid_from": "2020-01-01", "amount": 100.0, "age_to": 17}),
                Command.create({"valid_from": "2020-01-01", "amount": 200.0, "age_from": 18}),
            ],
        )
        contract = self._contract("2027-01-01", plan, self._young("2009-04-01"))
        self._bill("2027-04-01")
        self.assertEqual(contract.period_ids.sorted("date_from").mapped("amount"), [100.0, 200.0])

    def test_a_missing_birth_date_is_told_with_what_to_do(self):
        plan = self._plan(
            "Youth",
            price_ids=[Command.create({"valid_from": "2020-01-01", "amount": 100.0, "age_to": 17})],
        )
        self._contract("2027-01-01", plan)
        old = self._contract("2027-01-01", plan, self._young("1990-01-01"))
        run = self._preview("2027-01-01")
        kinds = {line.contract_id: line.problem_kind for line in run.line_ids}
        self.assertEqual(sorted(kinds.values()), ["no_birth_date", "no_price"])
        problem = run.line_ids.filtered(lambda line: line.contract_id == old).problem
        self.assertIn("37 years old", problem)
        missing = run.line_ids.filtered(lambda line: line.contract_id != old)
        self.assertIn("Enter it", missing.problem)
        self.assertEqual(missing.action_fix()["res_id"], missing.member_id.id)

    def test_the_entry_fee_is_asked_for_once(self):
        plan = self._plan(
            "Gym", 300.0, term="month", lead_days=0, entry_fee=250.0,
            entry_product_id=self._product("Welcome pack").id,
        )  # fmt: skip
        contract = self._contract("2027-01-01", plan)
        invoice = self._invoice_of(self._bill("2027-01-01"))
        self.assertEqual(
            self._lines(invoice),
            [("Gym, 01/01/2027 - 01/31/2027", 300.0), ("Welcome pack", 250.0)],
        )
        entry = contract.charge_ids.filtered(lambda charge: charge.kind == "entry")
        self.assertEqual(
            (entry.amount, entry.state, entry.period_id.id), (250.0, "invoiced", False)
        )
        self.assertEqual(self._invoice_of(self._bill("2027-02-01")).amount_total, 300.0)

    def test_who_was_invoiced_elsewhere_before_pays_no_entry_fee(self):
        plan = self._plan(
            "Gym", 300.0, entry_fee=250.0, entry_product_id=self._product("Welcome pack").id
        )
        self._contract("2025-01-01", plan, billed_from="2027-01-01")
        self.assertEqual(self._invoice_of(self._bill("2027-01-01")).amount_total, 300.0)

    def test_an_entry_fee_is_invoiced_when_the_first_period_is_free(self):
        plan = self._plan(
            "Free", 0.0, entry_fee=250.0, entry_product_id=self._product("Welcome pack").id
        )
        contract = self._contract("2027-01-01", plan)
        self.assertEqual(self._invoice_of(self._bill("2027-01-01")).amount_total, 250.0)
        self.assertEqual(contract.period_ids.state, "paid")

    def test_who_pauses_first_pays_the_entry_fee_with_the_first_period(self):
        plan = self._plan(
            "Gym", 300.0, term="month", lead_days=0, entry_fee=250.0,
            entry_product_id=self._product("Welcome pack").id,
        )  # fmt: skip
        contract = self._contract("2027-01-01", plan)
        contract._pause(date(2027, 1, 1), date(2027, 2, 1))
        contract._resume(date(2027, 2, 1))
        self.assertEqual(self._invoice_of(self._bill("2027-02-01")).amount_total, 550.0)
        self.assertEqual(self._invoice_of(self._bill("2027-03-01")).amount_total, 300.0)

    def test_a_plan_changed_to_asks_no_entry_fee(self):
        club = self._plan(
            "Club", 400.0, term="month", lead_days=0, entry_fee=250.0,
            entry_product_id=self._product("Welcome pack").id,
        )  # fmt: skip
        contract = self._contract("2027-01-01", self._plan("Gym", 300.0, term="month", lead_days=0))
        self._bill("2027-01-01")
        contract.write({"next_plan_id": club.id, "next_plan_date": "2027-02-01"})
        self.assertEqual(self._invoice_of(self._bill("2027-02-01")).amount_total, 400.0)

    def test_nothing_before_billed_from_is_billed_and_all_after_it_is(self):
        plan = self._plan("Monthly", 100.0, term="month", lead_days=0)
        contract = self._contract("2026-01-01", plan, billed_from="2026-11-01")
        invoice = self._invoice_of(self._bill("2027-01-01"))
        self.assertEqual(invoice.amount_total, 300.0)
        self.assertEqual(
            self._periods(contract),
            self._days(
                ("2026-11-01", "2026-11-30"),
                ("2026-12-01", "2026-12-31"),
                ("2027-01-01", "2027-01-31"),
            ),
        )

    def test_the_next_plan_holds_from_its_day(self):
        plan = self._plan("Monthly", 100.0, term="month", lead_days=0)
        other = self._plan("Quarterly", 250.0, term="quarter", lead_days=0)
        contract = self._contract("2027-01-01", plan)
        self._bill("2027-01-01")
        contract.write({"next_plan_id": other.id, "next_plan_date": "2027-04-01"})
        self._bill("2027-04-01")
        self.assertEqual(
            [
                (str(period.date_from), str(period.date_to), period.plan_id, period.amount)
                for period in contract.period_ids.sorted("date_from")
            ],
            [
                ("2027-01-01", "2027-01-31", plan, 100.0),
                ("2027-02-01", "2027-02-28", plan, 100.0),
                ("2027-03-01", "2027-03-31", plan, 100.0),
                ("2027-04-01", "2027-06-30", other, 250.0),
            ],
        )

    def test_a_trial_goes_on_with_the_next_plan(self):
        trial = self._plan("Trial", 10.0, term="month", renewal="none", anchor="joining")
        usual = self._plan("Monthly", 100.0, term="month", anchor="joining", lead_days=0)
        contract = self._contract("2027-01-15", trial)
        self._bill("2027-01-15")
        self.assertFalse(contract.next_invoice_date)
        contract.write({"next_plan_id": usual.id, "next_plan_date": "2027-02-15"})
        self.assertEqual(contract.next_invoice_date, date(2027, 2, 15))
        self._bill("2027-02-15")
        self.assertEqual(
            self._periods(contract),
            self._days(("2027-01-15", "2027-02-14"), ("2027-02-15", "2027-03-14")),
        )

    def test_missed_periods_of_an_earlier_plan_are_billed_by_it(self):
        plan = self._plan("Monthly", 100.0, term="month", lead_days=0)
        other = self._plan("Monthly plus", 150.0, term="month", lead_days=0)
        contract = self._contract("2027-01-01", plan)
        contract.with_context(mbn_change={"date": date(2027, 3, 1)}).write({"plan_id": other.id})
        self._bill("2027-04-01")
        self.assertEqual(
            contract.period_ids.sorted("date_from").mapped("amount"), [100.0, 100.0, 150.0, 150.0]
        )

    def test_kinds_of_claim_never_share_an_invoice(self):
        fee = self._plan("Fee", 100.0, term="month", lead_days=0)
        gift = self._plan("Gift", 70.0, term="month", lead_days=0, claim_kind="donation")
        contract = self._contract("2027-01-01", fee)
        contract.write({"next_plan_id": gift.id, "next_plan_date": "2027-02-01"})
        first = self._invoice_of(self._bill("2027-02-01"))
        second = self._invoice_of(self._bill("2027-02-01"))
        self.assertEqual((first.amount_total, second.amount_total), (100.0, 70.0))

    def test_dues_cost_as_many_queries_for_many_contracts_as_for_few(self):
        plan = self._plan(
            "Debits", 1200.0, frequency="month", entry_fee=10.0,
            entry_product_id=self._product("Welcome pack").id,
        )  # fmt: skip
        contracts = self.env["membership.contract"]
        for _number in range(40):
            contracts |= self._contract("2027-01-01", plan)
        self._bill("2027-01-01")
        contracts[0]._charge_once(self.product, "Towel", 1.0, 50.0, date(2027, 1, 1))

        def queries(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(some._dues(date(2028, 2, 1))), len(some))
            return self.env.cr.sql_log_count - before

        queries(contracts)
        few, many = queries(contracts[:5]), queries(contracts)
        self.assertEqual(few, many)
        self.assertLess(many, 16)


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-01")
class TestSingleCharges(EngineCommon):
    def setUp(self):
        super().setUp()
        self.contract = self._contract(
            "2027-01-01", self._plan("Monthly", 100.0, term="month", lead_days=0)
        )
        self._bill("2027-01-01")

    def test_a_single_charge_waits_for_the_next_invoice(self):
        charge = self.contract._charge_once(self.product, "Towel", 2.0, 45.0)
        self.assertEqual((charge.amount, charge.state), (90.0, "to_invoice"))
        self.assertEqual(charge.date_invoice, date(2027, 2, 1))
        self.assertFalse(self._preview("2027-01-31").run_total)
        invoice = self._invoice_of(self._bill("2027-02-01"))
        self.assertEqual(
            self._lines(invoice), [("Monthly, 02/01/2027 - 02/28/2027", 100.0), ("Towel", 90.0)]
        )
        towel = invoice.invoice_line_ids.filtered(lambda line: line.name == "Towel")
        self.assertEqual((towel.quantity, towel.price_unit), (2.0, 45.0))
        self.assertEqual((charge.state, charge.invoice_line_id), ("invoiced", towel))

    def test_a_single_charge_with_a_date_is_billed_then(self):
        self.contract._charge_once(self.product, "Towel", 1.0, 45.0, date(2027, 1, 10))
        self.assertEqual(self.contract.next_invoice_date, date(2027, 1, 10))
        invoice = self._invoice_of(self._bill("2027-01-10"))
        self.assertEqual(self._lines(invoice), [("Towel", 45.0)])

    def test_it_is_due_by_the_plan_of_the_day_on_which_it_is_invoiced(self):
        later = self._plan("Later", 100.0, term="month", lead_days=0, payment_term_days=30)
        self.contract.write({"next_plan_id": later.id, "next_plan_date": "2027-02-01"})
        self.contract._pause(date(2027, 2, 1))
        self.contract._charge_once(self.product, "Towel", 1.0, 45.0, date(2027, 2, 10))
        invoice = self._invoice_of(self._bill("2027-02-10"))
        self.assertEqual(invoice.invoice_date_due, date(2027, 3, 12))

    def test_of_an_ended_contract_it_is_billed_at_once(self):
        self.contract._end(date(2027, 1, 31))
        self.assertFalse(self.contract.next_invoice_date)
        charge = self.contract._charge_once(self.product, "Key not returned", 1.0, 45.0)
        self.assertEqual(charge.date_invoice, date(2027, 1, 1))
        self.assertEqual(self._invoice_of(self._bill("2027-02-02")).amount_total, 45.0)

    def test_a_charge_must_come_to_something(self):
        for price in (0.0, -10.0):
            with self.assertRaisesRegex(UserError, "credit an invoice"):
                self.contract._charge_once(self.product, "Nothing", 1.0, price)

    def test_an_unpaid_single_charge_suspends_nobody(self):
        self._pay(self.contract.charge_ids.invoice_id)
        self.contract._charge_once(self.product, "Towel", 1.0, 45.0, date(2027, 1, 1))
        self._bill("2027-01-01")
        self.assertEqual(
            (self.contract.member_status, self.contract.status_reason), ("active", "paid")
        )

    def test_a_recurring_product_line_is_charged_from_its_day(self):
        self.contract.line_ids = [
            Command.create(
                {"product_id": self.product.id, "name": "Locker", "price_unit": 30.0,
                 "date_start": "2027-03-01"}
            )
        ]  # fmt: skip
        self.assertEqual(self._invoice_of(self._bill("2027-02-01")).amount_total, 100.0)
        self.assertEqual(self._invoice_of(self._bill("2027-03-01")).amount_total, 130.0)


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-01")
class TestCommonInvoice(EngineCommon):
    def setUp(self):
        super().setUp()
        self.company.mbn_common_invoice = True
        self.parent = self._payer("Anne Nordmann")

    def _child(self, name, plan=None, **vals):
        return self._contract(
            "2027-01-01", plan, self._payer(name), payer_id=self.parent.id, **vals
        )

    def test_a_payer_of_several_contracts_gets_one_invoice(self):
        self._child("Ola"), self._child("Kari")
        run = self._bill("2027-01-01")
        invoice = self._invoice_of(run)
        self.assertEqual(len(run.line_ids), 2)
        self.assertEqual(
            self._lines(invoice),
            [
                ("Yearly, 01/01/2027 - 12/31/2027, Ola", 1200.0),
                ("Yearly, 01/01/2027 - 12/31/2027, Kari", 1200.0),
            ],
        )
        self.assertEqual(
            invoice.invoice_origin, ", ".join(run.line_ids.contract_id.sorted("id").mapped("name"))
        )

    def test_the_payer_may_want_it_otherwise(self):
        self._child("Ola"), self._child("Kari")
        self.parent.mbn_common_invoice = "apart"
        self.assertEqual(len(self._bill("2027-01-01").line_ids.invoice_id), 2)
        self.company.mbn_common_invoice = False
        self.parent.mbn_common_invoice = "together"
        self.assertEqual(len(self._bill("2028-01-01").line_ids.invoice_id), 1)

    def test_kinds_of_claim_and_due_dates_are_kept_apart(self):
        self._child("Ola")
        self._child("Kari", self._plan("Donation", 300.0, claim_kind="donation"))
        self._child("Per", self._plan("Later", 500.0, payment_term_days=30))
        invoices = self._bill("2027-01-01").line_ids.invoice_id
        self.assertEqual(sorted(invoices.mapped("amount_total")), [300.0, 500.0, 1200.0])

    def test_charges_come_to_the_invoice_where_its_tax_is_rounded_as_a_whole(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        self.vat.amount = 25.0
        self.product.taxes_id = self.vat
        plan = self._plan("Taxed", 33.33)
        contracts = self._child("Ola", plan) | self._child("Kari", plan)
        run = self._bill("2027-01-01")
        invoice = self._invoice_of(run)
        # alone, each of them is 33.33 and 8.33
        self.assertEqual(invoice.amount_total, 83.33)
        self.assertEqual(contracts.charge_ids.sorted("id").mapped("amount"), [41.67, 41.66])
        self.assertEqual(run.line_ids.sorted("id").mapped("amount"), [41.67, 41.66])
        notes = self.env["membership.charge"]._credit(
            {charge: charge.amount for charge in contracts.charge_ids}, "Closed"
        )
        self.assertEqual(notes.amount_total, 83.33)
        self.assertEqual(invoice.amount_residual, 0.0)
        credited = contracts.charge_ids._credited_amounts()
        self.assertEqual(sorted(credited.values()), [41.66, 41.67])

    def test_the_payment_pays_all_memberships(self):
        contracts = self._child("Ola") | self._child("Kari")
        self._pay(self._invoice_of(self._bill("2027-01-01")))
        self.assertEqual(contracts.mapped("paid_until"), [date(2027, 12, 31)] * 2)


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-01")
class TestTakeBack(EngineCommon):
    def test_a_period_of_which_nothing_else_was_invoiced_is_billed_anew(self):
        contract = self._contract("2027-01-01", self._plan("Debits", 1200.0, frequency="month"))
        invoice = self._invoice_of(self._bill("2027-01-01"))
        self._credit(invoice)
        invoice.invoice_line_ids.mbn_charge_id._take_back()
        self.assertEqual(contract.period_ids.state, "void")
        self.assertEqual(set(contract.charge_ids.mapped("state")), {"void"})
        self._bill("2027-01-01")
        standing = contract.period_ids.filtered(lambda period: period.state != "void")
        self.assertEqual(standing.amount, 1200.0)
        states = [state for _day, _amount, state in self._charged(standing)]
        self.assertEqual(states, ["invoiced"] + ["to_invoice"] * 11)

    def test_a_later_instalment_waits_again(self):
        contract = self._contract("2027-01-01", self._plan("Debits", 1200.0, frequency="month"))
        self._bill("2027-01-01")
        invoice = self._invoice_of(self._bill("2027-02-01"))
        charge = invoice.invoice_line_ids.mbn_charge_id
        self._credit(invoice)
        twin = charge._take_back()
        self.assertEqual((charge.state, contract.period_ids.state), ("void", "open"))
        self.assertEqual(
            (twin.state, twin.instalment, twin.date_invoice, twin.amount),
            ("to_invoice", 2, date(2027, 1, 18), 100.0),
        )
        self.assertFalse(charge._take_back())
        self.assertEqual(self._invoice_of(self._bill("2027-02-01")).amount_total, 100.0)
        self.assertEqual(twin.state, "invoiced")

    def test_a_charge_without_period_waits_again(self):
        plan = self._plan(
            "Gym", 300.0, entry_fee=250.0, entry_product_id=self._product("Welcome pack").id
        )
        contract = self._contract("2027-01-01", plan)
        invoice = self._invoice_of(self._bill("2027-01-01"))
        self._credit(invoice)
        contract.charge_ids._take_back()
        self.assertEqual(self._invoice_of(self._bill("2027-01-01")).amount_total, 550.0)
        entries = contract.charge_ids.filtered(lambda charge: charge.kind == "entry")
        self.assertEqual(sorted(entries.mapped("state")), ["invoiced", "void"])

    def test_what_was_credited_for_good_is_not_billed_again(self):
        contract = self._contract("2027-01-01", self._plan("Debits", 1200.0, frequency="month"))
        first = self._invoice_of(self._bill("2027-01-01"))
        self._credit(first)
        self.assertEqual(contract.period_ids.state, "open")
        second = self._invoice_of(self._bill("2027-02-01"))
        self._credit(second)
        second.invoice_line_ids.mbn_charge_id._take_back()
        self.assertEqual(contract.period_ids.state, "open")
        self.assertEqual(self._invoice_of(self._bill("2027-02-01")).amount_total, 100.0)

    def test_a_taken_back_charge_stays_void_when_its_credit_note_is_cancelled(self):
        self._contract("2027-01-01", self._plan("Debits", 1200.0, frequency="month"))
        self._bill("2027-01-01")
        invoice = self._invoice_of(self._bill("2027-02-01"))
        charge = invoice.invoice_line_ids.mbn_charge_id
        note = self._credit(invoice)
        charge._take_back()
        note.button_draft()
        note.button_cancel()
        self.assertEqual(charge.state, "void")

    def test_a_credited_instalment_can_be_billed_again_by_a_billing_user(self):
        contract = self._contract("2027-01-01", self._plan("Debits", 1200.0, frequency="month"))
        self._bill("2027-01-01")
        invoice = self._invoice_of(self._bill("2027-02-01"))
        charge = invoice.invoice_line_ids.mbn_charge_id
        with self.assertRaisesRegex(UserError, "Credit its invoice"):
            charge.action_bill_again()
        self._credit(invoice)
        clerk = new_test_user(
            self.env, "desk", groups="membership_billing_nordic.group_billing_front_desk",
            company_id=self.company.id,
        )  # fmt: skip
        with self.assertRaises(AccessError):
            charge.with_user(clerk).action_bill_again()
        charge.action_bill_again()
        self.assertEqual(len(contract.charge_ids.filtered(lambda one: one.instalment == 2)), 2)

    def test_an_instalment_removed_from_a_draft_waits_again(self):
        contract = self._contract("2027-01-01", self._plan("Debits", 1200.0, frequency="month"))
        self._bill("2027-01-01")
        invoice = self._invoice_of(self._bill("2027-02-01"))
        invoice.button_draft()
        invoice.invoice_line_ids.unlink()
        self.assertEqual(contract.period_ids.state, "open")
        waiting = contract.charge_ids.filtered(lambda charge: charge.state == "to_invoice")
        self.assertEqual(sorted(waiting.mapped("instalment")), list(range(2, 13)))
