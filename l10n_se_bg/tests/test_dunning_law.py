"""What Swedish law says of reminders, as it is shipped."""

from datetime import date
from decimal import Decimal

from odoo.addons.membership_billing_nordic.law.deadlines import minimum_deadline
from odoo.addons.membership_billing_nordic.law.errors import UnverifiedError
from odoo.addons.membership_billing_nordic.law.fees import ClaimFacts, FeeLetter, cap, fee
from odoo.addons.membership_billing_nordic.law.interest import interest, segments
from odoo.tests import TransactionCase, tagged

SENT = date(2026, 9, 14)


@tagged("post_install", "-at_install")
class TestSwedishDunningLaw(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.country = cls.env.ref("base.se")
        cls.law = cls.env["dunning.law"]
        cls.days = cls.law._banking_days(cls.country)

    def _rules(self, customer_type="consumer"):
        return self.law._fee_rules(self.country, customer_type, SENT)

    def _claim(self, agreed):
        arose = date(2026, 8, 1)
        return ClaimFacts(date(2026, 9, 1), self.days, arose=arose, clause_agreed=agreed)

    def test_how_many_fees_are_reasonable_waits_for_a_person(self):
        rules = self._rules()
        self.assertEqual(
            sorted(rules.refused),
            ["fee_compensation_offset", "notice_fee_count", "plan_fee_count", "reminder_fee_count"],
        )
        with self.assertRaises(UnverifiedError) as refusal:
            fee(rules, self._claim(date(2026, 8, 1)), [], SENT, Decimal(60))
        self.assertIn("Reminder: number of fees (1 from 2013-03-16)", refusal.exception.what)

    def test_confirmed_one_reminder_and_one_demand_may_cost_something(self):
        self.law.search([("country_id", "=", self.country.id)]).action_verify()
        rules, agreed = self._rules(), self._claim(date(2026, 8, 1))
        self.assertEqual((cap(rules, "reminder"), cap(rules, "notice")), (60, 180))
        self.assertEqual(fee(rules, agreed, [], SENT, Decimal(60)).amount, 60)
        never = fee(rules, self._claim(None), [], SENT, Decimal(60))
        self.assertEqual(never.reason, "no_clause")
        reminded = [FeeLetter(date(2026, 9, 4), Decimal(60), date(2026, 9, 13))]
        self.assertEqual(fee(rules, agreed, reminded, SENT, Decimal(60)).reason, "count")
        self.assertEqual(fee(rules, agreed, reminded, SENT, Decimal(180), "notice").amount, 180)

    def test_a_demand_leaves_eight_days_and_four_banking_days(self):
        rules = self._rules()
        sent = date(2026, 12, 23)
        deadline = minimum_deadline(rules, "notice", sent, 2, self.days)
        self.assertEqual(deadline, date(2027, 1, 7))

    def test_interest_by_the_confirmed_rates(self):
        rates = self.law._rates(self.country, date(2023, 7, 31))
        found = segments(Decimal(1000), [], date(2023, 6, 15), date(2023, 7, 31), rates)
        self.assertEqual(interest(found), Decimal("14.08"))
        unsure = self.env["dunning.interest.rate"].search(
            [("country_id", "=", self.country.id), ("verified", "=", False)]
        )
        self.assertEqual(
            sorted(map(str, unsure.mapped("valid_from"))),
            ["2025-01-01", "2025-07-01", "2026-01-01"],
        )
