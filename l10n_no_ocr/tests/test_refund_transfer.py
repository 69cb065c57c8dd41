from contextlib import contextmanager
from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command
from odoo.addons.membership_billing_nordic.tests.iso_bank import IsoBank
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import OTHER_ACCOUNT, NorwayCommon

NOW = datetime(2026, 11, 20, 9, 0)
PAYEE, TOLD = "11110500019", "99991042764"
ROLE = "membership_billing_nordic.group_billing_"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestRefundTransfer(NorwayCommon):
    """Kari has paid 300 kroner too much, from an account that OCR giro names."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kid_agreement.transfer_out = True
        cls.company.mbn_refund_limit = 100
        cls.payer.write(
            {
                "email": "kari@example.com",
                "street": "Storgata 1",
                "zip": "0155",
                "city": "Oslo",
                "country_id": cls.env.ref("base.no").id,
            }
        )
        cls.user = new_test_user(cls.env, "refund clerk", f"{ROLE}user,base.group_user")
        cls.manager = new_test_user(cls.env, "refund boss", f"{ROLE}manager,base.group_user")

    def setUp(self):
        super().setUp()
        clock = freeze_time(NOW)
        self.frozen = clock.start()
        self.addCleanup(clock.stop)
        crons = type(self.env["ir.cron"])
        self.startPatcher(patch.object(crons, "_commit_progress", self._committed))
        self.bank = IsoBank(OTHER_ACCOUNT)
        self.credit = self._credit(self.payer, 300)

    def _committed(self, *args, **kwargs):
        """Stands in for the commit."""
        self.env.flush_all()
        return float("inf")

    def _credit(self, partner, amount):
        note = self._invoice(partner, amount, move_type="out_refund")
        return note.line_ids.filtered("date_maturity")

    def _paid_from(self, account, amount=300, partner=None):
        """The bank's record of an earlier payment of this payer."""
        file = self.env["bank.file"].sudo().create({"name": "ocr", "company_id": self.company.id})
        return (
            self.env["bank.payment"]
            .sudo()
            .create(
                {
                    "file_id": file.id,
                    "company_id": self.company.id,
                    "agreement_id": self.kid_agreement.id,
                    "currency_id": self.company.currency_id.id,
                    "key": f"K{file.id}",
                    "amount": amount,
                    "bank_date": date(2026, 11, 2),
                    "payer_account": account,
                    "method": "giro",
                    "partner_id": (partner or self.payer).id,
                    "state": "information",
                }
            )
        )

    def _propose(self, amount=300, partner=None, user=None, **typed):
        shown = (partner or self.payer).with_user(user or self.user).action_mbn_refund()
        wizard = self.env["bank.refund.propose"].with_user(user or self.user)
        wizard = wizard.browse(shown["res_id"])
        wizard.write({"amount": amount, **typed})
        return self.env["bank.refund"].browse(wizard.action_propose()["res_id"])

    def _sent(self, *refunds):
        """Approved, made, sent: the order as the bank has read it."""
        for refund in refunds:
            refund.with_user(self.manager).action_approve()
        self.env["bank.agreement"].sudo()._cron_make_transfer_files()
        file = refunds[0].sudo().file_id
        with file._open_bytes() as stream:
            order = self.bank.take(stream.read())
        file._mark_sent()
        return order

    def _receive(self, content, state="booked"):
        name = f"bank{self.env['bank.file'].search_count([])}.xml"
        file = self.env["bank.file"]._receive(name, content, self.company)
        self.assertTrue(file._process())
        self.assertEqual(file.state, state, file.issue_ids.mapped("expected"))
        return file

    def _on_desk(self, kind):
        return self.env["billing.exception"].search([("kind", "=", kind), ("state", "=", "open")])

    def _standing(self, partner=None):
        (partner or self.payer).invalidate_recordset()
        return (partner or self.payer).mbn_money_standing

    def _balance(self, account):
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return sum(lines.mapped("balance"))

    # ------------------------------------------------------------------ the round

    def test_it_goes_to_the_account_that_the_bank_named_and_is_booked(self):
        self._paid_from(PAYEE)
        before = self._balance(self.kid_agreement.liquidity_account_id)
        refund = self._propose()
        self.assertRecordValues(
            refund,
            [
                {
                    "state": "proposed",
                    "route": "transfer",
                    "account_kind": "bban",
                    "account_number": PAYEE,
                    "account_source": "payment",
                }
            ],
        )
        self.assertFalse(refund.partner_bank_id.allow_out_payment)
        order = self._sent(refund)
        self.assertTrue(refund.partner_bank_id.allow_out_payment)
        (transfer,) = order.transfers
        self.assertEqual(
            (transfer.end_to_end, str(transfer.amount), transfer.account, transfer.scheme),
            (refund.reference, "300.00", PAYEE, "BBAN"),
        )
        self.assertEqual((refund.state, refund.record, refund.batch), ("sent", 3, transfer.batch))
        self.assertEqual(refund.pay_date, date(2026, 11, 23))
        self._receive(self.bank.status(order))
        self.assertEqual((refund.state, refund.bank_status), ("sent", "accepted"))
        self.assertEqual(refund.file_id.state, "confirmed")
        self._receive(self.bank.pay(order, date(2026, 11, 23)))
        self.assertEqual((refund.state, self._standing()), ("paid", 0))
        self.assertTrue(self.credit.reconciled)
        self.assertEqual(self._balance(self.kid_agreement.clearing_account_id), 0)
        after = self._balance(self.kid_agreement.liquidity_account_id)
        self.assertEqual(after - before, -300)
        # The statement tells of the same money again, in another format.
        again = self._receive(
            self.bank.report(order, order.transfers, date(2026, 11, 23), kind="053")
        )
        self.assertEqual((again.known_count, len(again.payment_ids)), (1, 0))
        # Twice in the same format is money that has left twice.
        twice = self._receive(
            self.bank.report(order, order.transfers, date(2026, 11, 25)), state="booked"
        )
        self.assertRecordValues(
            twice.payment_ids, [{"state": "unmatched", "outcome": "no_refund", "amount": -300}]
        )

    def test_a_batch_is_one_entry_and_both_versions_are_read(self):
        self.kid_agreement.write({"transfer_version": "03", "transfer_batch_booking": True})
        ola = self._payer("Ola Nordmann", city="Bergen", country_id=self.payer.country_id.id)
        self._credit(ola, 80.5)
        first = self._propose(account_typed=PAYEE)
        second = self._propose(80.5, partner=ola, account_typed=f"NO93 {OTHER_ACCOUNT}")
        order = self._sent(first, second)
        self.assertEqual((order.version, order.is_batch_booked), ("03", True))
        self.assertEqual([each.scheme for each in order.transfers], ["BBAN", "IBAN"])
        self._receive(self.bank.pay(order, date(2026, 11, 23), kind="053", batch_only=True))
        self.assertEqual((first.state, second.state), ("paid", "paid"))
        self.assertEqual(self._balance(self.kid_agreement.clearing_account_id), 0)

    def test_a_file_that_the_bank_refuses_is_approved_anew(self):
        refund = self._propose(account_typed=PAYEE)
        order = self._sent(refund)
        file = refund.file_id
        self._receive(self.bank.status(order, group="DU01"))
        self.assertEqual((refund.state, file.state), ("proposed", "rejected"))
        self.assertIn("DU01", file.answer)
        self.assertEqual(self._standing(), 0)

    def test_a_part_that_the_bank_refuses_stands_again(self):
        ola = self._payer("Ola Nordmann", city="Bergen", country_id=self.payer.country_id.id)
        self._credit(ola, 80)
        good = self._propose(80, partner=ola, account_typed=TOLD)
        self._paid_from(PAYEE)
        bad = self._propose()
        self.bank.rejects = {PAYEE: "AC04"}
        order = self._sent(good, bad)
        self._receive(self.bank.status(order))
        self.assertRecordValues(
            good + bad,
            [
                {"state": "sent", "bank_status": "accepted", "bank_code": False},
                {"state": "refused", "bank_status": False, "bank_code": "AC04"},
            ],
        )
        self.assertEqual(bad.meaning, "The account is closed.")
        self.assertFalse(bad.partner_bank_id.allow_out_payment)
        self.assertEqual((self._standing(), len(self._on_desk("refund_refused"))), (300, 1))
        self.assertEqual(self._propose().state, "asked")

    def test_a_file_that_is_refused_for_its_only_transfer_refuses_the_refund(self):
        refund = self._propose(account_typed=PAYEE)
        self.bank.rejects = {PAYEE: "AC04"}
        order = self._sent(refund)
        self._receive(self.bank.status(order))
        self.assertRecordValues(refund, [{"state": "refused", "bank_code": "AC04"}])
        self.assertFalse(refund.partner_bank_id.allow_out_payment)

    def test_a_transfer_that_comes_back_stands_again(self):
        refund = self._propose(account_typed=PAYEE)
        order = self._sent(refund)
        self._receive(self.bank.pay(order, date(2026, 11, 23)))
        back = self.bank.give_back(order, order.transfers[0], date(2026, 11, 25))
        self._receive(back)
        self.assertEqual((refund.state, self._standing()), ("returned", 300))

    def test_it_stands_again_where_another_report_books_what_comes_in(self):
        agreement = self.kid_agreement
        agreement.report_ids = [Command.create({"format": "no.ocr_giro"})]
        refund = self._propose(account_typed=PAYEE)
        order = self._sent(refund)
        self._receive(self.bank.pay(order, date(2026, 11, 23)))
        back = self._receive(self.bank.give_back(order, order.transfers[0], date(2026, 11, 25)))
        self.assertEqual((refund.state, self._standing()), ("returned", 300))
        self.assertEqual(back.deposit_ids.state, "booked")
        self.assertEqual(self._balance(agreement.clearing_account_id), 0)
        # The statement tells of the return once more.
        again = self.bank.give_back(order, order.transfers[0], date(2026, 11, 25), kind="053")
        self.assertEqual(self._receive(again).known_count, 1)
        self.assertEqual(self._balance(agreement.clearing_account_id), 0)

    # ------------------------------------------------------------------ asking

    def test_the_payer_enters_the_account_by_a_link_that_works_once(self):
        refund = self._propose()
        self.assertEqual((refund.state, refund.link_email), ("asked", "kari@example.com"))
        self.assertEqual(self._standing(), 0)
        refunds = self.env["bank.refund"]
        token = refund._account_link().rpartition("/")[2]
        self.assertEqual(refunds._of_link(token), refund)
        self.assertFalse(refunds._of_link(token[:-3] + "abc"))
        self.assertIn("no valid account", refund._enter_account("bban", "11110500018"))
        self.assertEqual(refund._enter_account("bban", "1111 05 00019"), "")
        self.assertRecordValues(
            refund, [{"state": "proposed", "account_number": PAYEE, "account_source": "link"}]
        )
        with self.assertRaises(UserError):
            refund._enter_account("bban", TOLD)
        self.assertEqual(len(self._on_desk("refund_to_approve")), 1)

    def test_a_link_dies_by_time_by_another_one_and_by_guessing(self):
        refund = self._propose()
        refunds = self.env["bank.refund"]
        first = refund._account_link().rpartition("/")[2]
        refund.with_user(self.user).action_ask_again()
        self.assertFalse(refunds._of_link(first))
        second = refund._account_link().rpartition("/")[2]
        for _try in range(10):
            refund._enter_account("bban", "1")
        self.assertFalse(refunds._of_link(second))
        self.assertEqual(len(self._on_desk("refund_asked")), 1)
        refund.with_user(self.user).action_ask_again()
        third = refund._account_link().rpartition("/")[2]
        self.frozen.move_to(datetime(2026, 12, 5, 9, 0))
        self.assertFalse(refunds._of_link(third))
        self.env["bank.agreement"].sudo()._cron_make_transfer_files()
        self.assertIn("expired", self._on_desk("refund_asked").name)

    # ------------------------------------------------------------------ bad input

    @contextmanager
    def _stops(self, reason):
        """As a request does: what was begun is rolled back."""
        with self.assertRaisesRegex(UserError, reason), self.env.cr.savepoint():
            yield

    def test_each_fault_stops_with_its_reason_and_leaves_nothing(self):
        count = self.env["bank.refund"].search_count([])
        self.payer.city = False
        with self._stops("address of Kari"):
            self._propose(account_typed=PAYEE)
        self.payer.write({"city": "Oslo", "email": False})
        with self._stops("no e-mail address"):
            self._propose()
        with self._stops("no valid account"):
            self._propose(account_typed="11110500018")
        with self._stops("Only"):
            self._propose(300.01, account_typed=PAYEE)
        self.kid_agreement.transfer_out = False
        with self._stops("refunds in NOK"):
            self._propose(account_typed=PAYEE)
        self.assertEqual(self.env["bank.refund"].search_count([]), count)

    def test_an_account_that_is_closed_or_changed_after_the_approval_is_not_paid_to(self):
        refund = self._propose(account_typed=PAYEE)
        refund.with_user(self.manager).action_approve()
        refund.partner_bank_id.active = False
        self.env["bank.agreement"].sudo()._cron_make_transfer_files()
        self.assertEqual(refund.state, "approved")
        self.assertIn("closed", self._on_desk("refund_left_out").name)
        refund.partner_bank_id.active = True
        self.env["bank.agreement"].sudo()._cron_make_transfer_files()
        self.assertEqual((refund.state, bool(refund.left_out)), ("sent", False))

    def test_a_file_that_its_schema_refuses_does_not_leave(self):
        refund = self._propose(account_typed=PAYEE)
        refund.with_user(self.manager).action_approve()
        encoder = type(self.kid_agreement._transfer_encoder())
        with patch.object(encoder, "_bank", lambda *args: (("Wrong", "1"),)):
            self.env["bank.agreement"].sudo()._cron_make_transfer_files()
        self.assertEqual((refund.state, refund.file_id.id), ("approved", False))
        self.assertIn("XML schema", self._on_desk("refund_left_out").name)
