"""What the countries' tests of refunds by bank transfer have in common."""

from odoo.tests import new_test_user

from .iso_bank import IsoBank

ROLE = "membership_billing_nordic.group_billing_"


class TransferRounds:
    """Mixed into a country's tests: proposed, approved, sent, answered, booked."""

    def _begin_transfers(self, agreement, *own_accounts):
        self.paying = agreement
        agreement.transfer_out = True
        self.bank = IsoBank(*own_accounts)
        self.clerk = new_test_user(self.env, "refund clerk", f"{ROLE}user,base.group_user")
        self.boss = new_test_user(self.env, "refund boss", f"{ROLE}manager,base.group_user")

    def _refund(self, partner, amount, **typed):
        """A credit note of ``amount``, paid back to an account that the payer has told."""
        self._invoice(partner, amount, move_type="out_refund")
        shown = partner.with_user(self.clerk).action_mbn_refund()
        wizard = self.env["bank.refund.propose"].with_user(self.clerk).browse(shown["res_id"])
        wizard.write({"amount": amount, **typed})
        return self.env["bank.refund"].browse(wizard.action_propose()["res_id"])

    def _order(self, refunds):
        """Approved, made and sent: the order as the bank has read it."""
        refunds.with_user(self.boss).action_approve()
        self.env["bank.agreement"].sudo()._cron_make_transfer_files()
        file = refunds.sudo().file_id
        with file._open_bytes() as stream:
            order = self.bank.take(stream.read())
        file._mark_sent()
        return order

    def _take(self, content):
        name = f"iso{self.env['bank.file'].search_count([])}.xml"
        file = self.env["bank.file"]._receive(name, content, self.company)
        self.assertTrue(file._process())
        self.assertEqual(file.state, "booked", file.issue_ids.mapped("expected"))
        return file

    def _booked(self, account):
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return round(sum(lines.mapped("balance")), 2)

    def assert_round(self, refunds, day, total):
        """The whole way of ``refunds``: the bank's statement and the ledger agree."""
        before = self._booked(self.paying.liquidity_account_id)
        order = self._order(refunds)
        self._take(self.bank.status(order))
        file = refunds.sudo().file_id
        self.assertFalse(file._is_answered(), "its names are needed until it is paid")
        self.assertGreaterEqual(file._last_day(), max(refunds.mapped("pay_date")))
        self._take(self.bank.pay(order, day))
        self.assertTrue(file._is_answered())
        self.assertEqual(set(refunds.mapped("state")), {"paid"})
        self.assertEqual(set(refunds.line_ids.move_line_id.mapped("reconciled")), {True})
        after = self._booked(self.paying.liquidity_account_id)
        self.assertEqual(round(after - before, 2), -total)
        self.assertEqual(self._booked(self.paying.clearing_account_id), 0)
        return order
