from datetime import date, datetime
from types import SimpleNamespace

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from .common import SwedenCommon

PAYEE = "4711170009912346"
ACCOUNT = "5000000001111116"
MADE, PAY_DATE = "20260903", "20260902"
ROLE = "membership_billing_nordic.group_billing_"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestRefunds(SwedenCommon):
    """Åsa has paid 300 kronor too much; she gets them back by Autogiro, TK32."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bankgiro.write({"debit_out": True, "debit_notice_by": "bank", "refund_out": True})
        cls.company.mbn_refund_limit = 100
        cls.partner = cls._payer("Åsa Öberg")
        cls.number = cls.bankgiro._payer_numbers(cls.partner)[cls.partner.id]
        cls.mandate = cls.env["direct.debit.mandate"].create(
            {"agreement_id": cls.bankgiro.id, "partner_id": cls.partner.id}
        )
        cls.mandate.state = "active"
        cls.user = new_test_user(cls.env, "refund clerk", f"{ROLE}user,base.group_user")
        cls.manager = new_test_user(cls.env, "refund boss", f"{ROLE}manager,base.group_user")

    def setUp(self):
        super().setUp()
        invoice = self._invoice(self.partner, 200, mbn_collect=False)
        self.payment = self._paid_in(500, invoice.payment_reference, 56)

    # ------------------------------------------------------------------ the bank

    def _paid_in(self, amount, reference, serial):
        """A payment that comes by bankgiro, of a payer that the bank does not name."""
        ore = round(amount * 100)
        file = self._receive(
            f"01{'BGMAX':<20}012026090117303501{serial:04d}P",
            "050009912346          SEK",
            f"200000000000{reference:>25}{ore:018d}21{serial:012d}0",
            f"15{ACCOUNT:0>35}20260901{serial:05d}{ore:018d}SEK{1:08d}",
            f"70{1:08d}{0:08d}{0:08d}{1:08d}",
        )
        return file.payment_ids

    def _specification(self, refund, status="0"):
        """What the bank says on the day of payment; serial numbers of payouts are their own."""
        paid, ore = status == "0", round(refund.amount * 100)
        return self._receive(
            f"01{'AUTOGIRO':<22}{PAY_DATE}060000000000BET. SPEC & STOPP TK{PAYEE}",
            f"16{ACCOUNT:0>35}{PAY_DATE}{7 * paid:05d}{ore * paid:018d}   {paid:08d}",
            f"32{PAY_DATE}0    {self.number:0>16}{ore:012d}0009912346{refund.reference:<26}{status}",
            f"09{PAY_DATE}9900{0:06d}{0:012d}{paid:06d}{paid:012d}{0:06d}{0:012d}",
        )

    def _make(self):
        file = self.connection.sudo()._make_debit_file(everything=True)
        with file._open_bytes() as stream:
            lines = stream.read().decode("latin-1").split("\r\n")[:-1]
        file._mark_sent()
        return [line.rstrip() for line in lines]

    # ------------------------------------------------------------------ the office

    def _propose(self, amount=300, user=None, record=None):
        """Proposed with the button on the payer, or on a payment that is to be placed."""
        action = "action_refund" if record else "action_mbn_refund"
        shown = getattr((record or self.partner).with_user(user or self.user), action)()
        wizard = self.env["bank.refund.propose"].with_user(user or self.user)
        wizard = wizard.browse(shown["res_id"])
        if record:
            wizard.partner_id = self.partner
        wizard.amount = amount
        found = wizard.action_propose()
        return self.env["bank.refund"].browse(found["res_id"])

    def _sent(self, amount=300):
        refund = self._propose(amount)
        refund.with_user(self.manager).action_approve()
        return refund, self._make()

    def _on_desk(self, kind):
        return self.env["billing.exception"].search([("kind", "=", kind), ("state", "=", "open")])

    def _standing(self):
        self.partner.invalidate_recordset()
        return self.partner.mbn_money_standing

    def _clearing(self):
        return sum(
            self.env["account.move.line"]
            .search(
                [
                    ("account_id", "=", self.bankgiro.clearing_account_id.id),
                    ("parent_state", "=", "posted"),
                ]
            )
            .mapped("balance")
        )

    # ------------------------------------------------------------------ the round

    def test_a_refund_is_proposed_approved_sent_and_paid(self):
        self.assertEqual(self._standing(), 300)
        refund = self._propose()
        self.assertEqual((refund.state, self._standing()), ("proposed", 0))
        self.assertEqual(len(self._on_desk("refund_to_approve")), 1)
        refund.with_user(self.manager).action_approve()
        self.assertFalse(self._on_desk("refund_to_approve"))
        self.assertEqual(
            self._make(),
            [
                f"0120260901AUTOGIRO{'':44}{PAYEE}",
                f"32202609020    {self.number:0>16}{30000:012d}0009912346{refund.reference}",
            ],
        )
        self.assertEqual((refund.state, refund.record), ("sent", 2))
        self._specification(refund)
        self.assertEqual(refund.state, "paid")
        self.assertEqual(refund.payment_id.outcome, "refund")
        self.assertEqual((self._standing(), self._clearing()), (0, 0))
        self.assertTrue(refund.line_ids.move_line_id.reconciled)

    def test_it_leaves_at_the_time_of_day_when_mandates_do(self):
        self._propose().with_user(self.manager).action_approve()
        self.env["bank.connection"]._cron_make_debit_files()
        self.assertFalse(self.env["bank.file"].search([("direction", "=", "out")]))
        self.frozen.move_to(datetime(2026, 9, 1, 10, 5))
        self.env["bank.connection"]._cron_make_debit_files()
        self.assertEqual(self.env["bank.refund"].search([]).pay_date, date(2026, 9, 2))

    def test_money_of_an_unplaced_payment_goes_back_without_paying_claims(self):
        self.company.mbn_use_standing = False
        payment = self._paid_in(75, "", 57)
        self._invoice(self.partner, 90, mbn_collect=False)
        refund = self._propose(75, record=payment)
        self.assertEqual((payment.state, payment.outcome), ("matched", "on_account"))
        self.assertIn("Not paid", self._on_desk("refund_to_approve").name)
        with self.assertRaisesRegex(UserError, "Cancel the refund first"):
            payment.action_undo()
        refund.with_user(self.user).action_cancel()
        payment.action_undo()
        self.assertEqual(payment.state, "unmatched")

    # ------------------------------------------------------------------ the bank refuses

    def test_what_the_bank_stops_stands_again_and_is_on_the_desk(self):
        refund, _lines = self._sent()
        self._specification(refund, status="2")
        self.assertRecordValues(refund, [{"state": "refused", "bank_code": "2"}])
        self.assertEqual(len(self._on_desk("refund_refused")), 1)
        self.assertEqual(self._standing(), 300)
        self.assertEqual(self._propose().state, "proposed")

    def test_what_the_bank_does_not_take_says_why(self):
        refund, _lines = self._sent()
        self._receive(
            f"01{'AUTOGIRO':<22}{PAY_DATE:<20}{'AVVISADE BET UPPDR':<20}{PAYEE}",
            f"32{PAY_DATE}0   {self.number:0>16}{30000:012d}{refund.reference:<16}09",
            f"09{PAY_DATE}9900{1:06d}{30000:012d}{0:06d}{0:012d}",
        )
        self.assertRecordValues(refund, [{"state": "refused", "bank_code": "09"}])
        self.assertEqual(self._standing(), 300)

    def test_a_payout_that_nobody_ordered_is_put_before_a_person(self):
        refund, _lines = self._sent()
        self._specification(refund)
        again = self._receive(
            f"01{'AUTOGIRO':<22}{MADE}060000000000BET. SPEC & STOPP TK{PAYEE}",
            f"16{ACCOUNT:0>35}{MADE}{8:05d}{30000:018d}   {1:08d}",
            f"32{MADE}0    {self.number:0>16}{30000:012d}0009912346{refund.reference:<26}0",
            f"09{MADE}9900{0:06d}{0:012d}{1:06d}{1:012d}{0:06d}{0:012d}",
        )
        self.assertRecordValues(
            again.payment_ids, [{"state": "unmatched", "outcome": "no_refund", "amount": -300}]
        )

    def test_a_payout_under_another_reference_is_placed_by_a_person(self):
        refund, _lines = self._sent()
        told = SimpleNamespace(reference="SOMETHING", amount=refund.amount)
        payment = self._specification(told).payment_ids
        self.assertEqual((payment.outcome, refund.state), ("no_refund", "sent"))
        nothing = self.env["account.move"]
        payment._place([{"partner": self.partner, "invoice": nothing, "amount": -300}])
        self.assertRecordValues(refund, [{"state": "paid", "payment_id": payment.id}])
        self.assertEqual((self._standing(), self._clearing()), (0, 0))

    def test_a_refund_that_comes_back_stands_again(self):
        refund, _lines = self._sent()
        self._specification(refund)
        self._paid_in(300, refund.reference, 58)
        self.assertEqual((refund.state, self._standing()), ("returned", 300))
        self.assertEqual(len(self._on_desk("refund_refused")), 1)

    def test_a_file_that_was_taken_back_needs_a_new_approval(self):
        refund = self._propose()
        refund.with_user(self.manager).action_approve()
        file = self.connection.sudo()._make_debit_file(everything=True)
        file.action_discard()
        self.assertRecordValues(refund, [{"state": "proposed", "file_id": False}])
        self.assertEqual(len(self._on_desk("refund_to_approve")), 1)

    # ------------------------------------------------------------------ never twice, never more

    def test_what_is_used_meanwhile_is_not_sent(self):
        refund = self._propose()
        refund.with_user(self.manager).action_approve()
        invoice = self._invoice(self.partner, 120, mbn_collect=False)
        (refund.line_ids.move_line_id + invoice.line_ids.filtered("date_maturity")).reconcile()
        self.assertFalse(self.connection.sudo()._make_debit_file(everything=True))
        self.assertIn("does not stand", self._on_desk("refund_left_out").name)
        refund.with_user(self.user).action_cancel()
        self.assertFalse(self._on_desk("refund_left_out"))

    def test_never_more_than_stands_and_never_twice(self):
        with self.assertRaisesRegex(UserError, "Only"):
            self._propose(300.01)
        refund = self._propose(200)
        with self.assertRaisesRegex(UserError, "Only"):
            self._propose(1)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            refund.line_ids.sudo().copy({"refund_id": refund.id, "amount": 1})

    def test_without_a_mandate_or_its_bank_there_is_no_way(self):
        self.mandate.state = "cancelled"
        with self.assertRaisesRegex(UserError, "no way to pay Åsa Öberg back"):
            self._propose()

    # ------------------------------------------------------------------ rights

    def test_above_the_limit_a_second_person_approves(self):
        large, small = self._propose(300, self.manager), None
        with self.assertRaises(AccessError):
            large.with_user(self.user).action_approve()
        with self.assertRaisesRegex(UserError, "another person"):
            large.with_user(self.manager).action_approve()
        large.with_user(self.user).action_cancel()
        small = self._propose(100, self.manager)
        small.with_user(self.manager).action_approve()
        self.assertEqual(small.state, "approved")
