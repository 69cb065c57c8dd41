from datetime import date
from decimal import Decimal

from odoo.tests import tagged

from ..formats import messages
from . import fake_bank
from .bank_file_common import BankFileCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankBooking(BankFileCommon):
    """What becomes of the payments of a file."""

    def test_exact_reference_pays_the_invoice(self):
        invoice = self._invoice(self.payer, 450)
        message = self._payment(450, invoice.payment_reference)
        file = self._book(message)
        payment = self.assert_payment(message, "matched", "exact")
        self.assert_open(invoice, 0)
        self.assertEqual(payment.partner_id, self.payer)
        self.assertEqual(payment.allocation_ids.invoice_id, invoice)
        self.assertEqual(file.state, "booked")

    def test_reference_is_found_with_blanks_and_leading_zeros(self):
        invoice = self._invoice(self.payer, 450)
        spaced = "000" + " ".join(invoice.payment_reference)
        message = self._payment(450, spaced)
        self._book(message)
        self.assert_payment(message, "matched", "exact")
        self.assertEqual(self._stored(message).reference, spaced)

    def test_deposit_is_booked_on_the_bank_date(self):
        message = self._payment(450, bank_date=date(2026, 2, 3))
        file = self._book(message)
        entry = file.deposit_ids.move_id
        self.assertEqual(entry.date, date(2026, 2, 3))
        self.assertRecordValues(
            entry.line_ids.sorted("balance"),
            [
                {"account_id": self.agreement.clearing_account_id.id, "balance": -450},
                {"account_id": self.agreement.liquidity_account_id.id, "balance": 450},
            ],
        )

    def test_charges_have_a_line_of_their_own(self):
        account = self.company_data["default_account_expense"]
        self.company.mbn_bank_charge_account_id = account
        message = self._payment(450)
        deposit = self._deposit([message], amount=Decimal(440), charges=Decimal(10))
        file = self._book(message, deposits=[deposit])
        charges = file.deposit_ids.move_id.line_ids.filtered(
            lambda line: line.account_id == account
        )
        self.assertEqual(charges.balance, 10)
        self.assert_payment(message, "unmatched", "no_reference", 450)

    def test_charges_without_an_account_hold_the_deposit(self):
        message = self._payment(450)
        deposit = self._deposit([message], amount=Decimal(440), charges=Decimal(10))
        file = self._book(message, deposits=[deposit])
        self.assertRecordValues(file.deposit_ids, [{"state": "held", "hold_reason": "error"}])
        self.assertEqual(file.state, "needs_review")
        self.company.mbn_bank_charge_account_id = self.company_data["default_account_expense"]
        file.deposit_ids.action_book()
        file._process()
        self.assert_payment(message, "unmatched", "no_reference", 450)

    def test_partial_payment_leaves_the_rest_open_on_the_invoice(self):
        invoice = self._invoice(self.payer, 450)
        message = self._payment(200, invoice.payment_reference)
        self._book(message)
        self.assert_payment(message, "matched", "part")
        self.assert_open(invoice, 250)

    def test_overpayment_stays_open_on_the_payer(self):
        invoice = self._invoice(self.payer, 450)
        message = self._payment(500, invoice.payment_reference)
        self._book(message)
        self.assert_payment(message, "matched", "over")
        self.assert_open(invoice, 0)
        self.assertEqual(self._credit(self.payer), 50)

    def test_second_payment_of_an_invoice_becomes_a_credit(self):
        invoice = self._invoice(self.payer, 450)
        first = self._payment(450, invoice.payment_reference)
        second = self._payment(450, invoice.payment_reference)
        self._book(first, second)
        self.assert_payment(first, "matched", "exact")
        self.assert_payment(second, "matched", "double")
        self.assertEqual(self._credit(self.payer), 450)

    def test_two_parts_of_one_invoice_in_one_chunk(self):
        invoice = self._invoice(self.payer, 450)
        first = self._payment(200, invoice.payment_reference)
        second = self._payment(250, invoice.payment_reference)
        self._book(first, second)
        self.assert_payment(first, "matched", "part")
        self.assert_payment(second, "matched", "exact")
        self.assert_open(invoice, 0)

    def test_unknown_reference_stays_on_the_clearing_account(self):
        message = self._payment(450, "1234567890")
        file = self._book(message)
        payment = self.assert_payment(message, "unmatched", "unknown_reference", 450)
        self.assertTrue(payment.wrong_check_digit)
        self.assertEqual((file.state, file.to_place_count), ("booked", 1))

    def test_wrong_check_digit_of_a_known_reference_is_no_obstacle(self):
        invoice = self._invoice(self.payer, 450, payment_reference="FOREIGN-17")
        message = self._payment(450, "foreign-17")
        self._book(message)
        self.assert_payment(message, "matched", "exact")
        self.assert_open(invoice, 0)

    def test_payer_reference_pays_the_oldest_due_first(self):
        older = self._invoice(self.payer, 300, invoice_date="2026-01-01")
        newer = self._invoice(self.payer, 300, invoice_date="2026-01-20")
        self.env["billing.reference"]._insert(
            self.agreement, "payer", [(None, self.payer.id, "777")]
        )
        message = self._payment(400, "777")
        self._book(message)
        self.assert_payment(message, "matched", "payer")
        self.assert_open(older, 0)
        self.assert_open(newer, 200)
        self.assertEqual(len(self._stored(message).allocation_ids), 2)

    def test_payer_number_of_the_bank_pays_the_oldest_due_first(self):
        invoice = self._invoice(self.payer, 300)
        number = self.payer.mbn_payer_number_ids.number
        message = self._payment(300, payer_number=number.zfill(9))
        self._book(message)
        self.assert_payment(message, "matched", "payer")
        self.assert_open(invoice, 0)

    def test_several_references_of_one_payment_are_paid_each(self):
        first, second = self._invoice(self.payer, 100), self._invoice(self._payer("Ola"), 250)
        message = self._payment(
            350,
            references=tuple(
                messages.ReferenceAmount(invoice.payment_reference, Decimal(amount))
                for invoice, amount in ((first, 100), (second, 250))
            ),
        )
        self._book(message)
        self.assert_payment(message, "matched", "exact")
        self.assert_open(first, 0)
        self.assert_open(second, 0)

    def test_instalments_are_paid_in_the_order_they_are_due(self):
        term = self.env.ref("account.account_payment_term_advance_60days")
        invoice = self._invoice(self.payer, 1000, invoice_payment_term_id=term.id)
        message = self._payment(500, invoice.payment_reference)
        self._book(message)
        self.assert_payment(message, "matched", "part")
        self.assert_open(invoice, 500)

    def test_negative_payment_takes_the_credit_note(self):
        invoice = self._invoice(self.payer, 450)
        self._book(self._payment(450, invoice.payment_reference))
        credit_note = invoice._reverse_moves([{"invoice_date": date(2026, 1, 20)}])
        credit_note.action_post()
        self.assert_open(credit_note, 450)
        deducted = self._payment(-450, invoice.payment_reference, deposit_key="D2")
        self._book(deducted, self._payment(900, deposit_key="D2"))
        self.assert_payment(deducted, "matched", "exact")
        self.assert_open(credit_note, 0)

    def test_negative_payment_without_a_credit_waits_for_a_person(self):
        invoice = self._invoice(self.payer, 450)
        message = self._payment(-50, invoice.payment_reference)
        self._book(message)
        self.assert_payment(message, "unmatched", "nothing_to_take", -50)

    def test_reversal_opens_the_invoice_again(self):
        invoice = self._invoice(self.payer, 450)
        paid = self._payment(450, invoice.payment_reference)
        self._book(paid)
        back = self._payment(
            450,
            invoice.payment_reference,
            kind=messages.PaymentReversed,
            deposit_key="D2",
            bank_date=date(2026, 2, 20),
            reason="disputed",
        )
        self._book(back)
        self.assert_open(invoice, 450)
        self.assertEqual(self._stored(paid).state, "returned")
        reversal = self.assert_payment(back, "matched", "reversal")
        self.assertEqual(reversal.reverses_id, self._stored(paid))
        self.assertEqual(self._credit(self.payer), 0)

    def test_reversal_in_the_chunk_of_its_payment(self):
        invoice = self._invoice(self.payer, 450)
        paid = self._payment(450, invoice.payment_reference)
        other = self._payment(100)
        back = self._payment(450, invoice.payment_reference, kind=messages.PaymentReversed)
        self._book(paid, back, other)
        self.assert_payment(back, "matched", "reversal")
        self.assert_open(invoice, 450)

    def test_reversal_of_an_unknown_payment_waits_for_a_person(self):
        back = self._payment(450, "99", kind=messages.PaymentReversed)
        self._book(back)
        self.assert_payment(back, "unmatched", "no_original", -450)

    def test_undone_reversal_pays_the_invoice_again(self):
        invoice = self._invoice(self.payer, 450)
        paid = self._payment(450, invoice.payment_reference)
        self._book(paid)
        back = self._payment(
            450, invoice.payment_reference, kind=messages.PaymentReversed, deposit_key="D2"
        )
        self._book(back)
        self._stored(back).action_undo()
        self.assert_open(invoice, 0)
        self.assertEqual(self._stored(paid).state, "matched")
        self.assert_payment(back, "unmatched", "undone", -450)

    def test_information_is_stored_but_never_booked(self):
        message = self._payment(300, is_information=True, deposit_key="")
        file = self._book(message)
        self.assert_payment(message, "information", False)
        self.assertFalse(file.deposit_ids)
        self.assertFalse(file._entries())

    def test_deposit_may_come_before_its_payments(self):
        invoice = self._invoice(self.payer, 450)
        message = self._payment(450, invoice.payment_reference)
        content = fake_bank.write(self._deposit([message]), message)
        self._receive(content)._process()
        self.assert_payment(message, "matched", "exact")

    def test_cancelled_invoice_waits_for_a_person(self):
        invoice = self._invoice(self.payer, 450)
        reference = invoice.payment_reference
        invoice.button_draft()
        invoice.button_cancel()
        message = self._payment(450, reference)
        self._book(message)
        self.assert_payment(message, "unmatched", "not_posted", 450)

    def test_remembered_account_pays_when_the_company_wants_it(self):
        invoice = self._invoice(self.payer, 450)
        self.env["res.partner.bank"].create(
            {"partner_id": self.payer.id, "acc_number": "9999.05.12341"}
        )
        first = self._payment(100, payer_account="99990512341")
        self._book(first)
        self.assert_payment(first, "unmatched", "no_reference", 100)
        self.company.mbn_place_by_account = True
        second = self._payment(450, payer_account="99990512341", deposit_key="D2")
        self._book(second)
        self.assert_payment(second, "matched", "account")
        self.assert_open(invoice, 0)

    def test_entries_in_a_locked_period_move_but_the_deposit_keeps_the_banks_date(self):
        invoice = self._invoice(self.payer, 450)
        self.company.fiscalyear_lock_date = date(2026, 2, 28)
        message = self._payment(450, invoice.payment_reference, bank_date=date(2026, 2, 10))
        file = self._book(message)
        self.assertEqual(file.deposit_ids.bank_date, date(2026, 2, 10))
        self.assertGreater(file.deposit_ids.move_id.date, date(2026, 2, 28))
        self.assert_payment(message, "matched", "exact")
