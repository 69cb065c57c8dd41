from datetime import date, datetime

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import CREDITOR, GROUP, DenmarkCommon

ROLE = "membership_billing_nordic.group_billing_"
PAID_ON = date(2026, 11, 2)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDisbursements(DenmarkCommon):
    """Åse has 300 kroner standing; she gets them back by Betalingsservice, sign 2."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bs.write({"refund_out": True, "l10n_dk_kind": "automatic"})
        cls.mandate = cls._mandate(cls.partner)
        cls.user = new_test_user(cls.env, "refund clerk", f"{ROLE}user,base.group_user")
        cls.manager = new_test_user(cls.env, "refund boss", f"{ROLE}manager,base.group_user")

    def setUp(self):
        super().setUp()
        note = self._invoice(self.partner, 300, move_type="out_refund")
        self.credit = note.line_ids.filtered("date_maturity")

    def _propose(self, amount=300):
        shown = self.partner.with_user(self.user).action_mbn_refund()
        wizard = self.env["bank.refund.propose"].with_user(self.user).browse(shown["res_id"])
        wizard.amount = amount
        return self.env["bank.refund"].browse(wizard.action_propose()["res_id"])

    def _make(self):
        file = self.connection.sudo()._make_debit_file(everything=True)
        file._mark_sent()
        return self._lines(file)

    def _sent(self, amount=300):
        refund = self._propose(amount)
        refund.with_user(self.manager).action_approve()
        return refund, self._make()

    def _told(self, code, refund, paid_on=PAID_ON):
        """A file of section 0211 with what became of a disbursement."""
        ore = round(refund.amount * 100)
        day = f"{paid_on:%d%m%y}" if paid_on else "000000"
        record = (
            f"BS042{CREDITOR}{code}000{GROUP}{self.mandate.payer_number:0>15}"
            f"{self.mandate.number}{refund.pay_date:%d%m%y}2{ore:013d}{refund.reference:<30}    "
            f"{day}{day}{ore if paid_on else 0:013d}"
        )
        return self._answered(record)

    def _standing(self):
        self.partner.invalidate_recordset()
        return self.partner.mbn_money_standing

    def _balance(self, account):
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return sum(lines.mapped("balance"))

    def _on_desk(self, kind):
        return self.env["billing.exception"].search([("kind", "=", kind), ("state", "=", "open")])

    def test_it_goes_with_sign_2_and_is_booked_when_it_was_carried_out(self):
        before = self._balance(self.bs.liquidity_account_id)
        refund, lines = self._sent()
        self.assertRecordValues(
            refund, [{"state": "sent", "route": "mandate", "pay_date": PAID_ON, "record": 3}]
        )
        number = self.mandate.payer_number
        self.assertEqual(
            lines[2][:73],
            f"BS042{CREDITOR}028000000{GROUP}{number:0>15}0000000190211202620000000030000",
        )
        self.assertEqual(lines[2][73:103].rstrip(), refund.reference)
        self.assertIn(refund.reference, lines[3])
        self.assertEqual(lines[4][42:57], "000000000030000")
        self._told("0236", refund)
        self.assertEqual((refund.state, refund.payment_id.outcome), ("paid", "refund"))
        self.assertTrue(self.credit.reconciled)
        self.assertEqual(self._standing(), 0)
        self.assertEqual(self._balance(self.bs.clearing_account_id), 0)
        self.assertEqual(self._balance(self.bs.liquidity_account_id) - before, -300)

    def test_what_is_refused_or_finds_no_mandate_stands_again(self):
        for code, meaning in (("0237", "was refused"), ("0238", "no mandate")):
            refund, _lines = self._sent()
            self._told(code, refund, paid_on=None)
            self.assertRecordValues(refund, [{"state": "refused", "bank_code": code}])
            self.assertIn(meaning, refund.meaning)
            self.assertEqual(self._standing(), 300)
        self.assertEqual(len(self._on_desk("refund_refused")), 2)

    def test_what_is_taken_back_later_stands_again(self):
        refund, _lines = self._sent()
        self._told("0236", refund)
        self._told("0239", refund, paid_on=date(2026, 11, 4))
        self.assertEqual((refund.state, self._standing()), ("returned", 300))
        self.assertFalse(self.credit.reconciled)
        self.assertEqual(len(self._on_desk("refund_refused")), 1)

    def test_a_payer_has_one_record_a_day(self):
        self.company.mbn_use_standing = False
        self.credit.move_id.mbn_collect = False
        order = self._due(amount=500).mbn_order_ids
        self.assertEqual(order.due_date, PAID_ON)
        refund = self._propose(100)
        refund.with_user(self.manager).action_approve()
        lines = self._make()
        self.assertEqual((order.state, refund.state), ("sent", "sent"))
        self.assertEqual((order.due_date, refund.pay_date), (PAID_ON, date(2026, 11, 3)))
        records = [line for line in lines if line.startswith("BS042")]
        self.assertEqual([line[51:60] for line in records], ["021120261", "031120262"])
        (end,) = (line for line in lines if line.startswith("BS092"))
        self.assertEqual(end[42:57], f"{50000 - 10000:015d}")
        later = self._due(amount=70, due=date(2026, 11, 3)).mbn_order_ids
        self._make()
        self.assertEqual((later.state, later.due_date), ("sent", date(2026, 11, 4)))

    def test_silence_is_put_before_a_person(self):
        refund, _lines = self._sent()
        self.frozen.move_to(datetime(2026, 11, 5, 9, 0))
        self.env["bank.refund"]._tell_silent(self.bs)
        self.assertIn(refund.reference, self._on_desk("refund_silent").name)

    def test_the_bank_must_allow_it_and_the_payer_have_a_mandate(self):
        self.mandate.state = "cancelled"
        with self.assertRaisesRegex(UserError, "no way to pay"):
            self._propose()
        self.mandate.state = "active"
        self.bs.refund_out = False
        with self.assertRaisesRegex(UserError, "no way to pay"):
            self._propose()

    def test_the_total_solution_needs_an_address(self):
        self.bs.l10n_dk_kind = "total"
        refund = self._propose()
        street, self.partner.street = self.partner.street, False
        with self.assertRaisesRegex(UserError, "address of"):
            refund.with_user(self.manager).action_approve()
        self.partner.street = street
        refund.with_user(self.manager).action_approve()
        lines = self._make()
        (record,) = (line for line in lines if line.startswith("BS042"))
        self.assertEqual(record[42:51], "000000000")
        self.assertTrue(lines[2].startswith(f"BS022{CREDITOR}024000001"))
