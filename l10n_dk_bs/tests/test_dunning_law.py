"""What Danish law says of reminders, as it is shipped."""

from datetime import date
from decimal import Decimal

from odoo.addons.membership_billing_nordic.law.errors import RatesOutdatedError
from odoo.addons.membership_billing_nordic.law.fees import ClaimFacts, FeeLetter, compensation, fee
from odoo.addons.membership_billing_nordic.law.interest import interest, segments
from odoo.tests import TransactionCase, tagged

SENT = date(2026, 9, 12)


@tagged("post_install", "-at_install")
class TestDanishDunningLaw(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.country = cls.env.ref("base.dk")
        cls.law = cls.env["dunning.law"]
        cls.days = cls.law._banking_days(cls.country)

    def _rules(self, customer_type="consumer"):
        return self.law._fee_rules(self.country, customer_type, SENT)

    def test_what_letters_may_cost_is_confirmed_as_shipped(self):
        rules = self._rules()
        self.assertFalse(rules.refused)
        self.assertEqual(rules.get("reminder_fee_cap"), 100)
        self.assertEqual(rules.number("reminder_fee_count"), 3)
        self.assertEqual(rules.number("notice_deadline_days"), 10)
        claim = ClaimFacts(date(2026, 9, 1), self.days)
        first = [FeeLetter(date(2026, 9, 2), Decimal(100), date(2026, 9, 12))]
        self.assertEqual(fee(rules, claim, first, SENT, Decimal(101)).amount, 100)
        self.assertEqual(fee(rules, claim, first, date(2026, 9, 11), Decimal(1)).reason, "spacing")

    def test_a_compensation_comes_on_top_for_companies_and_never_for_persons(self):
        claim = ClaimFacts(date(2026, 9, 1), self.days)
        self.assertEqual(compensation(self._rules("business"), claim, [], SENT).amount, 310)
        self.assertEqual(compensation(self._rules(), claim, [], SENT).reason, "consumer")

    def test_interest_counts_months_of_30_days_by_confirmed_rates(self):
        rates = self.law._rates(self.country, date(2024, 3, 15))
        found = segments(Decimal(600), [], date(2024, 1, 31), date(2024, 3, 15), rates)
        self.assertEqual([part.days for part in found], [45])
        self.assertEqual(interest(found), Decimal("8.81"))

    def test_rates_from_memory_wait_for_a_person(self):
        rates = self.law._rates(self.country, SENT)
        with self.assertRaises(RatesOutdatedError) as refusal:
            segments(Decimal(600), [], date(2026, 6, 1), SENT, rates)
        self.assertEqual(refusal.exception.day, date(2026, 6, 2))
        unsure = self.env["dunning.interest.rate"].search(
            [("country_id", "=", self.country.id), ("valid_from", ">=", "2024-07-01")]
        )
        self.assertEqual(unsure.mapped("verified"), [False] * 4)
        self.assertEqual(max(unsure.mapped("valid_from")), date(2026, 1, 1))

    def test_banks_are_closed_on_the_day_after_ascension(self):
        self.assertFalse(self.days.is_open(date(2026, 5, 15)))

    def test_what_people_changed_survives_an_update(self):
        row = self.env.ref("l10n_dk_bs.rate_2025_01")
        row.write({"rate": 10.5, "reference_rate": 2.5})
        row.action_verify()
        self.env["dunning.interest.rate"]._load_pack("l10n_dk_bs")
        self.assertEqual((row.rate, row.verified), (10.5, True))
