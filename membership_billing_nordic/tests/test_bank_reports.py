from datetime import date
from types import SimpleNamespace
from unittest.mock import patch

from freezegun import freeze_time
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from . import fake_bank
from .bank_file_common import BankFileCommon

OLD, NEW = "test.json", "test.new"
SWITCH = date(2026, 2, 10)
# The successor of the test format says the same in capital keywords.
SUCCESSOR = SimpleNamespace(
    FORMAT=NEW,
    LABEL="Successor of the test bank",
    recognises=lambda head: head.startswith(b"#new\n"),
    decode=lambda stream: fake_bank.decode(stream.readlines()[1:]),
)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestReportsThatBook(BankFileCommon):
    """The bank changes from one report to another, and for some days sends both."""

    def setUp(self):
        super().setUp()
        files, agreements = type(self.env["bank.file"]), type(self.env["bank.agreement"])
        for target, name, value in (
            (files, "_bank_decoders", lambda self: [fake_bank, SUCCESSOR]),
            (agreements, "_known_report_formats", lambda self: [OLD, NEW]),
            (agreements, "_report_formats", lambda self: [OLD, NEW]),
        ):
            self.startPatcher(patch.object(target, name, value))
        self.agreement.report_ids = [
            (0, 0, {"format": OLD}),
            (0, 0, {"format": NEW, "books_from": SWITCH}),
        ]
        self.invoice = self._invoice(self.payer, 450)

    def _reported_in(self, file_format, day, key, invoice=None):
        """The payment of an invoice on ``day`` in a file of ``file_format``."""
        reference = (invoice or self.invoice).payment_reference
        message = self._payment(450, reference, bank_date=day, deposit_key=key)
        head = b"#new\n" if file_format == NEW else b""
        file = self._receive(head + self._content(message), f"{key}.txt")
        self.assertTrue(file._process())
        self.assertEqual((file.format, file.state), (file_format, "booked"))
        return self._stored(message)

    def _told(self):
        self.env["bank.deposit"]._cron_reported()
        return self.env["billing.exception"].search(
            [("kind", "=", "payment_reported"), ("state", "=", "open")]
        )

    def test_each_day_is_booked_from_one_report_whatever_comes_first(self):
        last, first = date(2026, 2, 9), SWITCH
        another = self._invoice(self._payer("Ola Nordmann"), 450)
        new_too_early = self._reported_in(NEW, last, "N1", another)
        old = self._reported_in(OLD, last, "O1", another)
        old_too_late = self._reported_in(OLD, first, "O2")
        new = self._reported_in(NEW, first, "N2")
        self.assertEqual((new_too_early + old_too_late).mapped("state"), ["reported"] * 2)
        self.assertEqual((old + new).mapped("state"), ["matched"] * 2)
        self.assertFalse((new_too_early + old_too_late).deposit_id.move_id)
        self.assertEqual(old_too_late.file_id.reported_count, 1)
        with freeze_time("2026-03-01"):
            self.assertFalse(self._told())

    def test_what_no_report_brought_to_be_booked_is_told_after_some_days(self):
        reported = self._reported_in(OLD, SWITCH, "O1")
        with freeze_time("2026-02-14"):
            self.assertFalse(self._told())
        with freeze_time("2026-02-15"):
            self.assertIn("1 payments", self._told().name)
            reported.deposit_id.action_book()
            reported.file_id._process()
            self.assertEqual(self.invoice.amount_residual, 0)
            self.assertFalse(self._told())

    def test_what_was_booked_is_not_booked_again_by_a_button(self):
        reported = self._reported_in(OLD, SWITCH, "O1")
        self._reported_in(NEW, SWITCH, "N1")
        reported.deposit_id.action_book()
        self.assertEqual((reported.state, reported.deposit_id.hold_reason), ("held", "double"))
        self.assertFalse(reported.deposit_id.move_id)

    def test_of_two_alike_one_that_was_booked_is_not_enough(self):
        for key in ("O1", "O2"):
            self._reported_in(OLD, SWITCH, key)
        self._reported_in(NEW, SWITCH, "N1")
        with freeze_time("2026-03-01"):
            self.assertEqual(len(self._told()), 1)

    def test_another_setting_books_what_was_reported_once(self):
        reported = self._reported_in(OLD, SWITCH, "O1")
        successor = self.agreement.report_ids.filtered("books_from")
        self.agreement.report_ids = [(1, successor.id, {"books_from": "2026-03-01"})]
        self.assertTrue(reported.file_id._process())
        self.assertEqual(reported.state, "matched")
        self.assertEqual(self.invoice.amount_residual, 0)
        self.assertEqual(self._reported_in(NEW, SWITCH, "N1").state, "reported")

    def test_a_released_payment_that_came_twice_is_held(self):
        reported = self._reported_in(OLD, SWITCH, "O1")
        self._reported_in(NEW, SWITCH, "N1")
        self.agreement.write({"report_ids": [(5, 0, 0)]})
        self.assertEqual((reported.state, reported.deposit_id.hold_reason), ("held", "double"))

    def test_only_managers_say_what_books_and_only_reports_that_exist(self):
        user = new_test_user(
            self.env, "reports clerk", "membership_billing_nordic.group_billing_user"
        )
        with self.assertRaises(AccessError):
            self.agreement.with_user(user).report_ids[0].format = NEW
        agreements = type(self.env["bank.agreement"])
        with (
            patch.object(agreements, "_report_formats", lambda self: [OLD]),
            self.assertRaises(ValidationError),
        ):
            self.agreement.report_ids = [(0, 0, {"format": NEW, "books_from": "2026-04-01"})]
