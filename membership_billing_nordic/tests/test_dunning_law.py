"""The rows of a country's law: who may change them, what is refused, and what letters get."""

from datetime import date
from decimal import Decimal

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger
from psycopg2 import IntegrityError

from ..law.errors import RatesOutdatedError, UnverifiedError
from ..law.interest import RatePeriod, segments
from .dunning_common import DunningCommon

GROUP = "membership_billing_nordic.group_billing_"
DAY = date(2026, 9, 15)


@tagged("post_install", "-at_install")
class TestDunningLaw(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.country = cls.env["res.country"].create(
            {"name": "Utopia", "code": "ZZ", "currency_id": cls.env.ref("base.EUR").id}
        )
        cls.manager = new_test_user(cls.env, "law_manager", groups=f"{GROUP}manager")
        cls.clerk = new_test_user(cls.env, "law_clerk", groups=f"{GROUP}user")
        cls.law = cls.env["dunning.law"]
        cls.rates = cls.env["dunning.interest.rate"]

    @classmethod
    def _law(cls, code, value, valid_from="2020-01-01", verified=True, **vals):
        return cls.law.create(
            {
                "country_id": cls.country.id,
                "code": code,
                "value": value,
                "valid_from": valid_from,
                "verified": verified,
            }
            | vals
        )

    @classmethod
    def _rate(cls, valid_from, rate, verified=True, **vals):
        return cls.rates.create(
            {
                "country_id": cls.country.id,
                "valid_from": valid_from,
                "rate": rate,
                "verified": verified,
            }
            | vals
        )

    def _rules(self, customer_type="consumer", on=DAY):
        return self.law._fee_rules(self.country, customer_type, on)

    def _refusal(self, rules, code):
        with self.assertRaises(UnverifiedError) as refusal:
            rules.get(code)
        return refusal.exception

    # ------------------------------------------------------------------ what letters get

    def test_the_row_that_began_last_holds_on_the_day_the_letter_is_sent(self):
        self._law("fee_base", 700, "2017-01-01", valid_to="2025-12-31")
        self._law("fee_base", 750, "2026-01-01")
        self.assertEqual(self._rules(on=date(2025, 12, 30)).get("fee_base"), Decimal(700))
        self.assertEqual(self._rules(on=date(2026, 1, 2)).get("fee_base"), Decimal(750))

    def test_a_row_for_companies_holds_before_the_one_for_everybody(self):
        self._law("reminder_fee_cap", 60)
        self._law("reminder_fee_cap", 90.5, customer_type="business")
        self.assertEqual(self._rules("consumer").get("reminder_fee_cap"), Decimal(60))
        self.assertEqual(self._rules("business").get("reminder_fee_cap"), Decimal("90.5"))

    def test_what_nobody_confirmed_is_refused_and_says_what_to_confirm(self):
        self._law("reminder_fee_cap", 60)
        self._law("fee_spacing_days", 10, verified=False)
        rules = self._rules()
        self.assertEqual(rules.get("reminder_fee_cap"), Decimal(60))
        refusal = self._refusal(rules, "fee_spacing_days")
        self.assertEqual(refusal.reason, "unverified")
        self.assertEqual(
            refusal.what,
            "Confirm Utopia: Fee: days after the previous letter (10 days from 2020-01-01).",
        )

    def test_a_later_row_that_nobody_confirmed_does_not_leave_the_old_one_in_force(self):
        self._law("reminder_fee_cap", 60)
        self._law("reminder_fee_cap", 70, "2026-09-01", verified=False)
        self.assertEqual(self._refusal(self._rules(), "reminder_fee_cap").reason, "unverified")
        self.assertEqual(self._rules(on=date(2026, 8, 31)).get("reminder_fee_cap"), Decimal(60))

    def test_a_row_that_ended_is_never_used_on(self):
        self._law("fee_base", 750, "2026-01-01", valid_to="2026-09-14")
        self.assertEqual(self._refusal(self._rules(), "fee_base").reason, "outdated")

    def test_a_country_without_rows_has_no_rules(self):
        with self.assertRaises(UnverifiedError) as refusal:
            self._rules()
        self.assertEqual(refusal.exception.reason, "no_law")

    def test_after_a_new_act_letters_wait_for_its_reviewed_rules(self):
        self._law("regime", 1988, "2009-01-01")
        self._law("reminder_fee_cap", 60)
        coming = self._law("regime", 2026, False, verified=False)
        self.assertEqual(self._rules().regime, "ZZ-1988")
        coming.valid_from = "2026-09-01"
        with self.assertRaises(UnverifiedError) as refusal:
            self._rules()
        self.assertEqual(refusal.exception.reason, "regime_unreviewed")
        coming.verified = True
        rules = self._rules()
        self.assertEqual(rules.regime, "ZZ-2026")
        self.assertEqual(self._refusal(rules, "reminder_fee_cap").reason, "regime_unreviewed")
        self._law("reminder_fee_cap", 50, "2026-09-01")
        self.assertEqual(self._rules().get("reminder_fee_cap"), Decimal(50))

    def test_a_compensation_of_the_half_year_is_for_companies_only(self):
        self._law("fee_first_days", 14)
        self._rate("2026-01-01", 12, compensation=460)
        self._rate("2026-07-01", 12.25, compensation=430)
        self.assertEqual(self._rules("business").get("compensation"), Decimal(430))
        self.assertIsNone(self._rules("consumer").get("compensation"))
        late = self._rules("business", date(2027, 1, 1))
        self.assertEqual(self._refusal(late, "compensation").reason, "outdated")

    def test_rates_that_nobody_confirmed_are_no_rates(self):
        self._rate("2026-01-01", 12, basis="30e360")
        self._rate("2026-07-01", 12.25, verified=False)
        found = self.law._rates(self.country, DAY)
        self.assertEqual(found, [RatePeriod(date(2026, 1, 1), Decimal(12), "30e360")])
        with self.assertRaises(RatesOutdatedError) as refusal:
            segments(Decimal(100), [], date(2026, 6, 20), DAY, found)
        self.assertEqual(
            self.rates._missing_text(self.country, refusal.exception),
            "Confirm the rate of late interest: Utopia: 12.25 % from 2026-07-01.",
        )
        self.assertEqual(
            self.rates._missing_text(self.country, RatesOutdatedError(date(2027, 3, 1))),
            "Enter the rate of late interest of Utopia from 2027-01-01.",
        )

    # ------------------------------------------------------------------ who confirms

    def test_confirming_keeps_who_and_when_and_a_change_takes_it_back(self):
        row = self._law("reminder_fee_cap", 60, verified=False).with_user(self.manager)
        with freeze_time("2026-09-15 10:00:00"):
            row.action_verify()
        self.assertTrue(row.verified)
        self.assertEqual(row.verified_by_id, self.manager)
        self.assertEqual(str(row.verified_on), "2026-09-15 10:00:00")
        row.note = "Seen in the gazette"
        self.assertTrue(row.verified)
        row.value = 65
        self.assertFalse(row.verified or row.verified_by_id or row.verified_on)

    def test_nobody_confirms_without_the_button(self):
        row = self._law("reminder_fee_cap", 60, verified=False)
        with self.assertRaises(AccessError):
            row.with_user(self.manager).verified = True
        with self.assertRaises(AccessError):
            self._rate("2026-07-01", 12, verified=False).with_user(self.clerk).action_verify()
        with self.assertRaises(AccessError):
            row.with_user(self.clerk).value = 100

    def test_an_act_without_a_date_cannot_be_confirmed(self):
        row = self._law("regime", 2026, False, verified=False)
        with self.assertRaises(UserError):
            row.with_user(self.manager).action_verify()

    def test_the_list_says_what_ends_soon(self):
        first = self._rate("2026-01-01", 12)
        with freeze_time("2026-05-10"):
            self.assertEqual(first.status, "in_force")
        with freeze_time("2026-06-01"):
            first.invalidate_recordset(["status"])
            self.assertEqual(first.status, "ends")
        second = self._rate("2026-07-01", 12.25)
        with freeze_time("2026-06-01"):
            (first | second).invalidate_recordset(["status"])
            self.assertEqual((first | second).mapped("status"), ["in_force", "coming"])
        with freeze_time("2026-07-01"):
            (first | second).invalidate_recordset(["status"])
            self.assertEqual((first | second).mapped("status"), ["ended", "in_force"])

    # ------------------------------------------------------------------ the database's limits

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_what_no_law_can_say(self):
        self._law("reminder_fee_cap", 60)
        impossible = (
            lambda: self._law("reminder_fee_cap", 70),
            lambda: self._law("compensation", 310),
            lambda: self._law("compensation", 310, customer_type="consumer"),
            lambda: self._law("fee_spacing_days", -1),
            lambda: self._law("reminder_fee_fraction", 1.5),
            lambda: self._law("hand_over_needs_notice", 0.5),
            lambda: self._law("fee_spacing_days", 10, False),
            lambda: self._law("fee_spacing_days", 10, valid_to="2019-12-31"),
            lambda: self._rate("2026-02-01", 12),
            lambda: self._rate("2026-07-01", -1),
            lambda: self._rate("2026-07-01", 10, reference_rate=1.75, margin=8),
        )
        for number, attempt in enumerate(impossible):
            with (
                self.subTest(number=number),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                attempt()
        self.assertTrue(self._rate("2026-07-01", 9.75, reference_rate=1.75, margin=8))

    # ------------------------------------------------------------------ the to-do desk

    def test_the_desk_says_14_days_ahead_what_is_missing(self):
        company = self.env["res.company"].create(
            {"name": "Utopian Club", "country_id": self.country.id}
        )
        self.env["dunning.policy"].create({"name": "All", "company_id": company.id})
        self._law("reminder_fee_cap", 60)
        self._rate("2026-01-01", 12)
        with freeze_time("2026-06-16 12:00:00"):
            self.law._cron_check()
        self.assertEqual(self._told(company), [])
        spacing = self._law("fee_spacing_days", 10, "2026-07-01", verified=False)
        with freeze_time("2026-06-17 12:00:00"):
            self.law._cron_check()
            rule, rate = self._told(company)
            self.assertEqual(
                rule.name,
                "Confirm Utopia: Fee: days after the previous letter (10 days from 2026-07-01).",
            )
            self.assertEqual(
                rate.name, "Enter the rate of late interest of Utopia from 2026-07-01."
            )
            self.assertEqual(rate.action_open_record()["res_model"], "dunning.interest.rate")
            following = self._rate("2026-07-01", 12.25, verified=False)
            (spacing.with_user(self.manager)).action_verify()
            self.assertEqual(self._told(company), [rate])
            following.with_user(self.manager).action_verify()
        self.assertEqual(self._told(company), [])

    def _told(self, company):
        rows = self.env["billing.exception"].search(
            [
                ("company_id", "=", company.id),
                ("kind", "in", ("dunning_law", "dunning_rate")),
                ("state", "=", "open"),
            ]
        )
        return list(rows.sorted("kind"))


@tagged("post_install", "-at_install")
class TestLawOfLetters(DunningCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._law(cls.land, {"fee_spacing_days": 10})

    def _lines(self):
        """The lines of a reminder and of a notice of one claim, each with a fee."""
        invoice = self._due()
        self._send()
        self._at(2026, 9, 30)
        self._send()
        return self._claim(invoice).letter_line_ids.sorted("id")

    @mute_logger("odoo.sql_db")
    def test_the_database_keeps_a_letter_within_the_law_of_its_day(self):
        reminder, notice = self._lines()
        self.assertEqual(
            [(line.fee, line.fee_number, line.fee_count) for line in (reminder, notice)],
            [(38, 1, 2), (38, 2, 2)],
        )
        self.assertEqual(reminder.lawful_from, date(2026, 9, 15))
        self.assertEqual(notice.lawful_from, date(2026, 9, 30))
        self.assertEqual(notice.lawful_deadline, date(2026, 10, 14))
        beyond = (
            "fee = 39",
            "fee_number = 3",
            "sent_on = '2026-09-29'",
            "deadline = '2026-10-13'",
            "compensation = 430",
            "fee_spacing = 16",
        )
        for number, change in enumerate(beyond):
            rows = reminder | notice if number == 5 else notice
            query = SQL("UPDATE dunning_letter_line SET %s WHERE id IN %s", SQL(change), rows._ids)
            with (
                self.subTest(number=number),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query)
