from datetime import date, datetime

from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .bank_out_common import BankOutCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankFileExpectation(BankOutCommon):
    """Files that should come: settled by those that do, told when they do not."""

    def setUp(self):
        super().setUp()
        self.company.partner_id.tz = "Europe/Oslo"
        groups = "membership_billing_nordic.group_billing_user"
        self.chief = new_test_user(self.env, "chief", groups, email="chief@example.com")
        self.deputy = new_test_user(self.env, "deputy", groups, email="deputy@example.com")
        # 2 March 2026 is a Monday.
        with freeze_time("2026-03-01 12:00:00"):
            self.expected = self.env["bank.file.expectation"].create(
                {
                    "name": "Payments of the day",
                    "connection_id": self.connection.id,
                    "by_time": 18.0,
                    "user_id": self.chief.id,
                    "deputy_id": self.deputy.id,
                }
            )

    def _check(self):
        self.env["bank.file.expectation"]._cron_check()

    def _come(self, *, amount=10):
        file = self._receive(self._content(self._payment(amount, deposit_key=f"D{amount}")))
        file._process()
        return file

    def _mails(self):
        mails = self.env["mail.mail"].search([("subject", "=", "Late: Payments of the day")])
        return sorted(mails.recipient_ids.mapped("email"))

    def test_a_late_file_is_on_the_desk_and_mailed_once(self):
        with freeze_time("2026-03-02 16:59:00"):
            self._check()
            self.assertEqual((self.expected.today, self._desk(self.expected)), ("expected", []))
        for moment in ("2026-03-02 17:01:00", "2026-03-02 17:11:00"):
            with freeze_time(moment):
                self._check()
                self.expected.invalidate_recordset()
                self.assertEqual(self.expected.today, "late")
        self.assertEqual(self._desk(self.expected), ["bank_file_missing"])
        row = self.env["billing.exception"].search([("kind", "=", "bank_file_missing")])
        self.assertEqual(row.user_id, self.chief)
        self.assertEqual(self._mails(), ["chief@example.com", "deputy@example.com"])

    def test_it_closes_by_itself_when_the_file_comes(self):
        with freeze_time("2026-03-02 17:01:00"):
            self._check()
        with freeze_time("2026-03-02 19:00:00"):
            file = self._come()
            self.assertEqual(self.expected.today, "come")
        self.assertEqual(self._desk(self.expected), [])
        self.assertRecordValues(
            self.expected,
            [{"settled_until": date(2026, 3, 2), "last_file_id": file.id, "late_day": False}],
        )

    def test_a_late_file_is_not_taken_for_the_next_one(self):
        with freeze_time("2026-03-02 17:01:00"):
            self._check()
        with freeze_time("2026-03-03 08:00:00"):
            self._come(amount=1)
            self.assertEqual(self._desk(self.expected), [])
        with freeze_time("2026-03-03 17:01:00"):
            self._check()
            self.assertEqual(self.expected.late_day, date(2026, 3, 3))
            self._come(amount=2)
        self.assertEqual(self._desk(self.expected), [])

    def test_several_files_of_a_day_settle_that_day_only(self):
        with freeze_time("2026-03-02 10:00:00"):
            for amount in (1, 2, 3):
                self._come(amount=amount)
        self.assertEqual(self.expected.settled_until, date(2026, 3, 2))

    def test_nothing_is_expected_when_the_bank_is_closed(self):
        with freeze_time("2026-03-06 10:00:00"):
            self.expected.settled_until = date(2026, 3, 6)
            self.expected.write({"saturday": True, "sunday": True})
        with freeze_time("2026-03-08 20:00:00"):
            self._check()
            self.assertEqual((self.expected.today, self._desk(self.expected)), ("none", []))
            self.expected.on_closed_days = True
            self._check()
        self.assertEqual(self.expected.late_day, date(2026, 3, 7))

    def test_a_refused_file_and_one_in_another_format_do_not_count(self):
        self.env["bank.file"]._bank_decoders()
        with freeze_time("2026-03-02 10:00:00"):
            self._receive(b"rubbish")._process()
            self._check()
            self.assertEqual(self.expected.today, "expected")
            self.expected.format = "test.json"
            self._come()
            self.assertEqual(self.expected.today, "come")

    def test_a_person_says_that_nothing_comes(self):
        with freeze_time("2026-03-03 18:00:00"):
            self._check()
            self.assertEqual(self.expected.late_day, date(2026, 3, 2))
            row = self.env["billing.exception"].search([("kind", "=", "bank_file_missing")])
            row.with_user(self.chief).action_nothing_comes()
            self.assertEqual(self.expected.late_day, date(2026, 3, 3))
            row.with_user(self.chief).action_nothing_comes()
        self.assertEqual((row.state, self._desk(self.expected)), ("done", []))

    def test_the_time_is_local_on_both_sides_of_summer_time(self):
        self.assertEqual(
            [self.expected._by(day) for day in (date(2026, 3, 27), date(2026, 3, 30))],
            [datetime(2026, 3, 27, 17, 0), datetime(2026, 3, 30, 16, 0)],
        )

    def test_a_day_has_to_be_chosen(self):
        with self.assertRaisesRegex(ValidationError, "at least one weekday"):
            self.expected.write(
                dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), False)
            )

    def test_the_head_of_the_desk_tells_what_comes_and_goes(self):
        with freeze_time("2026-03-02 08:00:00"):
            file = self._make(amount="45000.00", deadline=datetime(2026, 3, 2, 13, 0))
            head = self.env["billing.desk"].create({}).head
            for text in ("Payments of the day", "18:00 · Expected", "3 requests", "45,000.00"):
                self.assertIn(text, head)
            self.assertIn("2:00", head)
        with freeze_time("2026-03-02 17:30:00"):
            self.env.invalidate_all()
            desk = self.env["billing.desk"]
            self.assertEqual(
                [line[1] for line in desk._late()[:2]], [self.expected.name, file.name]
            )
            self.assertEqual(desk._going_out(), [])
