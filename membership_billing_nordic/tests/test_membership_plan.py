from datetime import date

import psycopg2.errors
from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.membership.billing_pricing import Pricing
from .membership_common import MembershipCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestMembershipPlan(MembershipCommon):
    def _price(self, plan, first, last=False, **vals):
        price = self.env["membership.plan.price"].create(
            {"plan_id": plan.id, "valid_from": first, "valid_to": last, "amount": 50} | vals
        )
        price.flush_recordset()
        return price

    def test_prices_of_a_plan_cannot_overlap(self):
        plan = self._plan(price=None)
        self._price(plan, "2026-01-01", "2026-12-31")
        self._price(plan, "2027-01-01")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.ExclusionViolation),
            self.env.cr.savepoint(),
        ):
            self._price(plan, "2027-06-01", "2027-06-30")

    def test_prices_of_two_plans_or_age_bands_may_overlap(self):
        plan = self._plan(price=None)
        self._price(plan, "2026-01-01", age_to=17)
        self._price(plan, "2026-01-01", age_from=18)
        self._price(self._plan(price=None), "2026-01-01")

    def test_price_cannot_end_before_it_begins(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.CheckViolation),
            self.env.cr.savepoint(),
        ):
            self._price(self._plan(price=None), "2026-01-01", "2025-12-31")

    def test_price_gap_is_found_on_its_first_day(self):
        plan = self._plan(price=None, name="Senior")
        self._price(plan, "2026-01-01", "2026-03-31")
        self._price(plan, "2026-05-01")
        self.assertFalse(plan._first_day_without_price(date(2026, 1, 1), date(2026, 3, 31)))
        gap = plan._first_day_without_price(date(2026, 1, 1), date(2026, 12, 31))
        self.assertEqual(gap, date(2026, 4, 1))

    def test_plan_without_price_warns(self):
        self.assertTrue(self._plan(price=None).price_warning)
        self.assertFalse(self._plan().price_warning)

    def test_price_is_the_one_valid_when_the_period_begins(self):
        plan = self._plan(price=None)
        self._price(plan, "2025-01-01", "2026-01-31", amount=100)
        self._price(plan, "2026-02-01", amount=120)
        contract = self._contract(plan)
        self.assertEqual(contract._price_on(date(2026, 1, 31)).amount, 100)
        self.assertEqual(contract._price_on(date(2026, 2, 1)).amount, 120)
        self.assertFalse(contract._price_on(date(2024, 12, 31)))

    def test_age_band_is_chosen_by_the_age_when_the_period_begins(self):
        plan = self._plan(price=None)
        child = self._price(plan, "2020-01-01", age_to=17)
        adult = self._price(plan, "2020-01-01", age_from=18)
        contract = self._contract(plan, member=self._member(mbn_birth_date="2008-02-15"))
        self.assertEqual(contract._price_on(date(2026, 2, 14)), child)
        self.assertEqual(contract._price_on(date(2026, 2, 15)), adult)
        self.assertFalse(self._contract(plan)._price_on(date(2026, 2, 15)))

    def test_campaign_price_holds_for_the_first_periods(self):
        plan = self._plan(price=None)
        campaign = self._price(plan, "2020-01-01", period_to=2)
        usual = self._price(plan, "2020-01-01", period_from=3)
        contract = self._contract(plan)
        pricing = Pricing(self.company)
        periods = contract._periods_due(date(2026, 3, 1))[contract.id]
        self.assertEqual(
            [pricing.price(contract, period) for period in periods], [campaign, campaign, usual]
        )

    def test_plan_that_is_sold_is_archived_not_deleted(self):
        plan = self._plan()
        self._contract(plan, confirm=False)
        with self.assertRaisesRegex(UserError, "Archive"):
            plan.unlink()

    def test_archived_plan_takes_nobody_new(self):
        plan = self._plan(active=False)
        with self.assertRaisesRegex(ValidationError, "archived"):
            self._contract(plan)

    def test_payment_frequency_must_divide_the_period(self):
        self.assertEqual(self._plan(term="season", frequency="month").frequency, "month")
        self.assertEqual(self._plan(term="year").frequency, "year")
        for term, frequency in (("month", "year"), ("quarter", "half_year"), ("month", "quarter")):
            with self.assertRaisesRegex(ValidationError, "divides the period"):
                self._plan(term=term, frequency=frequency)

    def test_entry_fee_needs_a_product(self):
        with self.assertRaisesRegex(ValidationError, "product of the entry fee"):
            self._plan(entry_fee=200.0)

    def test_price_gap_of_an_age_band_is_told_with_the_ages(self):
        plan = self._plan(price=None)
        self._price(plan, "2020-01-01", age_to=17)
        self._price(plan, "2020-01-01", "2026-01-31", age_from=18, age_to=66)
        self._price(plan, "2020-01-01", age_from=67)
        self.assertEqual(
            plan._first_gap(date(2026, 1, 1), date(2026, 3, 1)),
            (date(2026, 2, 1), (18, 66), (1, 9999)),
        )
        self.assertIn("members of 18 to 66 years", plan.price_warning)

    def test_price_gap_after_a_campaign_is_told_with_the_periods(self):
        plan = self._plan(price=None)
        self._price(plan, "2020-01-01", period_to=3)
        self.assertEqual(
            plan._first_gap(date(2026, 1, 1), date(2026, 3, 1)),
            (date(2026, 1, 1), (0, 999), (4, 9999)),
        )
        self.assertIn("period number 4 and later", plan.price_warning)

    def test_overlapping_prices_are_told_before_they_are_saved(self):
        plan = self._plan(price=None)
        self._price(plan, "2026-01-01", amount=100)
        with Form(plan) as form:
            with form.price_ids.new() as price:
                price.valid_from = "2026-06-01"
                price.amount = 120
            self.assertIn("hold for the same members", form.price_warning)
            with form.price_ids.edit(0) as price:
                price.valid_to = "2026-05-31"
            self.assertFalse(form.price_warning)

    def test_columns_for_ages_and_phases_are_shown_when_wanted_or_used(self):
        plan = self._plan()
        self.assertFalse(plan.has_age_prices or plan.has_phase_prices)
        with Form(plan) as form:
            form.has_age_prices = True
            with form.price_ids.new() as price:
                price.valid_from = "2019-01-01"
                price.valid_to = "2019-12-31"
                price.amount = 80
            self.assertTrue(form.has_age_prices)
            with form.price_ids.edit(0) as price:
                price.age_to = 17
        self.assertTrue(plan.has_age_prices)
        self._price(plan, "2020-01-01", age_from=18, period_to=3)
        self.assertTrue(plan.has_phase_prices)

    def test_a_table_without_dates_or_without_effect_warns(self):
        plan = self._plan(first_period="table")
        self.assertIn("no joining dates", plan.setup_warning)
        plan.joining_ids = [Command.create({"month": "10", "day": 1, "with_next": True})]
        self.assertFalse(plan.setup_warning)
        plan.anchor = "joining"
        self.assertIn("no effect", plan.setup_warning)

    def test_product_must_be_for_sale(self):
        self.product.sale_ok = False
        with self.assertRaisesRegex(ValidationError, "not for sale"):
            self._plan()
