"""Who is blocked is neither invoiced nor debited, until the block ends by day or by hand."""

from datetime import date

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .debit_common import DebitCommon
from .run_common import RunCommon

REASON = "Estate is being settled"


@tagged("post_install", "-at_install")
class TestBlockedBilling(RunCommon):
    def setUp(self):
        super().setUp()
        clock = freeze_time("2027-01-05 08:00:00")
        self.frozen = clock.start()
        self.addCleanup(clock.stop)
        self.blocked = self._contract()
        self.other = self._contract(member=self._payer("Kari Hansen"))

    def _block(self, **vals):
        return self.env["billing.block"].create({"reason": REASON, **vals})

    def _lines(self, run):
        return {line.contract_id: (line.state, line.problem_kind) for line in run.line_ids}

    def test_a_run_leaves_out_who_is_blocked_and_says_why(self):
        self._block(contract_id=self.blocked.id, date_to="2027-02-28")
        run = self._bill("2027-01-05")
        self.assertEqual(
            self._lines(run),
            {self.blocked: ("left_out", "blocked"), self.other: ("done", False)},
        )
        problem = run.line_ids.filtered(lambda line: line.contract_id == self.blocked).problem
        self.assertIn(REASON, problem)
        self.assertIn("02/28/2027", problem)
        desk = self.env["billing.exception"].search(
            [("kind", "=", "billing_run_failed"), ("state", "=", "open")]
        )
        self.assertFalse(desk, "what is blocked on purpose is nobody's task")

        self.frozen.move_to("2027-03-01 08:00:00")
        later = self._bill("2027-03-01")
        self.assertEqual(self._lines(later), {self.blocked: ("done", False)})

    def test_a_block_after_the_preview_counts_when_the_invoices_are_made(self):
        run = self._preview("2027-01-05")
        self._block(contract_id=self.blocked.id)
        run.action_confirm()
        self._work()
        self.assertEqual(
            self._lines(run),
            {self.blocked: ("failed", "blocked"), self.other: ("done", False)},
        )

    def test_a_blocked_person_is_billed_neither_as_member_nor_as_payer(self):
        child = self._contract(member=self._payer("Lille Ola"), payer_id=self.blocked.member_id.id)
        block = self._block(partner_id=self.blocked.member_id.id)
        self.assertEqual((self.blocked | child).billing_block_id, block)
        run = self._preview("2027-01-05")
        self.assertEqual(
            self._lines(run),
            {
                self.blocked: ("left_out", "blocked"),
                child: ("left_out", "blocked"),
                self.other: ("pending", False),
            },
        )
        block.action_lift()
        self.assertEqual((block.state, block.lifted_by_id), ("over", self.env.user))
        self.assertFalse((self.blocked | child).billing_block_id)
        run.action_preview()
        self.assertEqual(self._lines(run)[child], ("pending", False))

    def test_no_entry_suspends_what_is_paid_for_as_long_as_it_lasts(self):
        self._bill("2027-01-05")
        self._pay(self.blocked)
        self.assertEqual(self.blocked.member_status, "active")
        self._block(
            contract_id=self.blocked.id,
            no_entry=True,
            date_from="2027-01-10",
            date_to="2027-01-20",
        )
        self.assertEqual(self.blocked.member_status, "active")
        self._on("2027-01-10")
        self.assertEqual(
            (self.blocked.member_status, self.blocked.status_reason), ("suspended", "blocked")
        )
        self.assertIn(REASON, self.blocked.status_text)
        self._on("2027-01-21")
        self.assertEqual(self.blocked.member_status, "active")

    def _on(self, day):
        self.frozen.move_to(f"{day} 08:00:00")
        with self._commits():
            self.env["billing.block"]._cron_follow()

    def _pay(self, contract):
        invoice = contract.period_ids.charge_ids.invoice_id
        claim = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.env["billing.settlement.writer"]._book(
            self.agreement.booking_journal_id,
            date(2027, 1, 5),
            "Payment",
            self.agreement.clearing_account_id,
            [
                {
                    "partner": invoice.partner_id,
                    "account": claim.account_id,
                    "amount": invoice.amount_residual,
                    "currency": invoice.currency_id,
                    "label": "Payment",
                    "lines": claim,
                }
            ],
        )

    def test_the_desk_sees_a_block_and_a_billing_user_enters_it(self):
        desk = new_test_user(self.env, "desk", "membership_billing_nordic.group_billing_front_desk")
        block = self._block(contract_id=self.blocked.id)
        self.assertEqual(self.blocked.with_user(desk).billing_block_id.reason, REASON)
        with self.assertRaises(AccessError):
            block.with_user(desk).action_lift()
        with self.assertRaises(UserError):
            block.unlink()


@tagged("post_install", "-at_install")
class TestBlockedDebits(DebitCommon):
    def test_planned_debits_are_dropped_and_planned_anew_after_the_block(self):
        invoice = self._due(self.payer, 450, "2026-03-20")
        (order,) = invoice.mbn_order_ids
        block = self.env["billing.block"].create(
            {"partner_id": self.payer.id, "reason": REASON, "date_to": "2026-03-06"}
        )
        self.assertEqual((order.state, order.withdraw_reason), ("withdrawn", "blocked"))
        another = self._due(self.payer, 300, "2026-03-25")
        self.assertFalse(another.mbn_order_ids)
        self._at(2026, 3, 7, 8)
        self.env["billing.block"]._cron_follow()
        self.assertEqual(block.state, "over")
        live = (invoice | another).mbn_order_ids.filtered(lambda row: row.state == "planned")
        self.assertEqual(sorted(live.mapped("amount")), [300, 450])
