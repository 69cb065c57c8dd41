from datetime import date, datetime

from odoo.tests import tagged

from .debit_common import DebitCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDebitDesk(DebitCommon):
    """The head of the desk tells of debits that go out within a day, in a file or not yet."""

    def _going_out(self):
        rows = self.env["billing.desk"]._outgoing()
        return [(deadline, count, amount) for deadline, _bank, _currency, count, amount in rows]

    def test_planned_debits_are_told_by_deadline_until_their_file_is(self):
        # Due on Friday: at the bank by Wednesday two o'clock, which is one o'clock in UTC.
        self._due(self.payer, 450, date(2026, 3, 6))
        self._due(self.other, 100, date(2026, 3, 6))
        deadline = self.env["direct.debit.order"].search([]).mapped("deadline")[0]
        self.assertEqual(deadline.hour, 13)
        self.assertEqual(self._going_out(), [])
        self._at(deadline.year, deadline.month, deadline.day, 8, 0)
        self.assertEqual(self._going_out(), [(deadline, 2, 550.0)])
        file = self._make()
        self.assertEqual(self._going_out(), [(deadline, 2, 550.0)])
        file.sudo()._mark_sent()
        self.assertEqual(self._going_out(), [])

    def test_what_missed_its_deadline_does_not_go_out(self):
        self._due(self.payer, 450, date(2026, 3, 6))
        deadline = datetime(2026, 3, 5, 12, 0)
        self._at(deadline.year, deadline.month, deadline.day, 13, 30)
        self.assertEqual(self._going_out(), [])
