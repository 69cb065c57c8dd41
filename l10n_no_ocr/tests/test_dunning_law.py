"""What Norwegian law says of reminders, as it is shipped."""

from datetime import date
from decimal import Decimal

from odoo.addons.membership_billing_nordic.law.errors import UnverifiedError
from odoo.addons.membership_billing_nordic.law.fees import (
    ClaimFacts,
    FeeLetter,
    cap,
    compensation,
    fee,
)
from odoo.addons.membership_billing_nordic.law.interest import interest, segments
from odoo.tests import TransactionCase, tagged

SENT = date(2026, 9, 30)


@tagged("post_install", "-at_install")
class TestNorwegianDunningLaw(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.country = cls.env.ref("base.no")
        cls.law = cls.env["dunning.law"]
        cls.claim = ClaimFacts(date(2026, 9, 1), cls.law._banking_days(cls.country))

    def _rules(self, customer_type="consumer", on=SENT):
        return self.law._fee_rules(self.country, customer_type, on)

    def _confirm(self):
        for model in ("dunning.law", "dunning.interest.rate"):
            rows = self.env[model].search([("country_id", "=", self.country.id)])
            rows.filtered("valid_from").action_verify()

    def test_fees_follow_the_base_of_the_sending_day(self):
        kinds = ("reminder", "notice", "demand")
        self.assertEqual([cap(self._rules(), kind) for kind in kinds], [38, 38, 113])
        before = self._rules(on=date(2025, 12, 30))
        self.assertEqual([cap(before, kind) for kind in kinds], [35, 35, 105])
        with self.assertRaises(UnverifiedError) as refusal:
            cap(self._rules(on=date(2027, 1, 1)), "reminder")
        self.assertEqual(refusal.exception.reason, "outdated")

    def test_the_first_fee_needs_nobody_the_second_what_is_not_read_in_the_law_itself(self):
        first = [FeeLetter(date(2026, 9, 15), Decimal(38), date(2026, 9, 29))]
        early = fee(self._rules(), self.claim, [], date(2026, 9, 14), Decimal(38))
        self.assertEqual(early.reason, "too_early")
        self.assertEqual(fee(self._rules(), self.claim, [], SENT, Decimal(38)).amount, 38)
        with self.assertRaises(UnverifiedError):
            fee(self._rules(), self.claim, first, SENT, Decimal(38))
        self._confirm()
        self.assertEqual(fee(self._rules(), self.claim, first, SENT, Decimal(38)).amount, 38)

    def test_a_compensation_takes_the_place_of_fees(self):
        self._confirm()
        business = self._rules("business")
        self.assertEqual(compensation(business, self.claim, [], SENT).amount, 430)
        claimed = ClaimFacts(self.claim.due, self.claim.days, compensation=Decimal(430))
        self.assertEqual(fee(business, claimed, [], SENT, Decimal(38)).reason, "compensation")

    def test_the_new_act_has_no_date_and_stops_letters_when_it_gets_one(self):
        self.assertEqual(self._rules().regime, "NO-1988")
        coming = self.env.ref("l10n_no_ocr.law_regime_2026")
        self.assertFalse(coming.valid_from or coming.verified)
        coming.valid_from = "2027-01-01"
        self.assertEqual(self._rules().regime, "NO-1988")
        with self.assertRaises(UnverifiedError) as refusal:
            self._rules(on=date(2027, 1, 1))
        self.assertEqual(refusal.exception.reason, "regime_unreviewed")

    def test_interest_by_the_rates_once_they_are_confirmed(self):
        due, through = date(2026, 6, 20), date(2026, 7, 20)
        self._confirm()
        found = segments(Decimal(500), [], due, through, self.law._rates(self.country, through))
        self.assertEqual([part.days for part in found], [10, 20])
        self.assertEqual(interest(found), Decimal("5.00"))
