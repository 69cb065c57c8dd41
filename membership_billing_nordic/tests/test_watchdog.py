from datetime import datetime, timedelta

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, freeze_time, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestWatchdog(TransactionCase):
    """Scheduled actions that stand still are on the desk, and leave it by themselves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.crons = cls.env["ir.cron"]._mbn_crons()
        cls.crons.write(
            {"active": True, "failure_count": 0, "nextcall": datetime(2026, 3, 2, 9, 0)}
        )
        cls.cron = cls.env.ref("membership_billing_nordic.ir_cron_bank_file_process")
        cls.manager = new_test_user(
            cls.env, "chief", "membership_billing_nordic.group_billing_manager"
        )

    def _watch(self, now="2026-03-02 08:00:00"):
        with freeze_time(now):
            self.env["ir.cron"]._mbn_watch()
        return self.env["billing.exception"].search(
            [("kind", "=", "cron_problem"), ("state", "=", "open")]
        )

    def test_all_of_ours_are_watched_and_no_others(self):
        self.assertIn(self.env.ref("membership_billing_nordic.ir_cron_bank_file_send"), self.crons)
        self.assertNotIn(self.env.ref("base.autovacuum_job"), self.crons)

    def test_nothing_is_told_while_all_is_well(self):
        self.assertFalse(self._watch())

    def test_what_is_switched_off_is_told_until_it_is_on_again(self):
        self.cron.active = False
        row = self._watch()
        self.assertEqual((row.res_id, row.res_model), (self.cron.id, "ir.cron"))
        self.assertIn("is switched off", row.name)
        self.cron.active = True
        self.assertFalse(self._watch())
        self.assertEqual(row.state, "done")

    def test_one_failure_is_nothing_two_are(self):
        self.cron.failure_count = 1
        self.assertFalse(self._watch())
        self.cron.failure_count = 2
        self.assertIn("failed 2 times", self._watch().name)

    def test_late_is_what_missed_its_time_by_its_own_interval(self):
        self.cron.write({"interval_number": 3, "interval_type": "hours"})
        others = self.crons - self.cron
        others.write({"nextcall": datetime(2026, 3, 2, 9, 0) + timedelta(days=9)})
        self.assertFalse(self._watch("2026-03-02 11:59:00"))
        self.assertEqual(self._watch("2026-03-02 12:01:00").res_id, self.cron.id)

    def test_a_manager_starts_it_again_from_the_desk(self):
        self.cron.write({"active": False, "failure_count": 5})
        row = self._watch()
        clerk = new_test_user(self.env, "clerk", "membership_billing_nordic.group_billing_user")
        with self.assertRaises(AccessError):
            row.with_user(clerk).action_start_cron()
        row.with_user(self.manager).action_start_cron()
        self.assertRecordValues(self.cron, [{"active": True, "failure_count": 0}])
        self.assertEqual(row.state, "done")

    def test_no_other_action_is_started_that_way(self):
        foreign = self.env.ref("base.autovacuum_job")
        foreign.active = False
        foreign.with_user(self.manager)._mbn_start_again()
        self.assertFalse(foreign.active)

    def test_what_is_off_on_purpose_can_be_put_away(self):
        self.cron.active = False
        row = self._watch()
        self.cron.flush_recordset()
        self.env.cr.execute(
            "UPDATE ir_cron SET write_date = '2026-01-01' WHERE id = %s", [self.cron.id]
        )
        self.cron.invalidate_recordset()
        row.action_close()
        self.assertFalse(self._watch())

    def test_the_desk_shows_such_a_row_to_who_may_not_read_actions(self):
        self.cron.active = False
        row = self._watch()
        self.assertFalse(row.with_user(self.manager).record_name)
