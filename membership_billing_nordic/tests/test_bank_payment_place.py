from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..formats.messages import PaymentReversed, ReferenceAmount
from ..models.bank.payment_proposals import near_references
from .bank_file_common import BankFileCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankPaymentPlace(BankFileCommon):
    """A person places what the program could not, and takes it back."""

    def _unmatched(self, amount, reference="", **values):
        message = self._payment(amount, reference, **values)
        self._book(message)
        payment = self._stored(message)
        self.assertEqual(payment.state, "unmatched")
        return payment

    def _mistyped(self, reference, place=3):
        digit = str((int(reference[place]) + 3) % 10)
        return reference[:place] + digit + reference[place + 1 :]

    def _wizard(self, payment, **values):
        return self.env["bank.payment.place"].create({"payment_id": payment.id} | values)

    # ------------------------------------------------------------------ proposals

    def test_mistyped_reference_is_proposed_and_accepted_with_one_key(self):
        invoice = self._invoice(self.payer, 450)
        payment = self._unmatched(450, self._mistyped(invoice.payment_reference, -4))
        self.assertTrue(payment.has_best_proposal)
        self.assertIn(invoice.name, payment.proposal_text)
        self.assertIn("mistyped", payment.proposal_reason)
        payment.action_accept_best()
        self.assertEqual((payment.state, payment.outcome), ("matched", "person"))
        self.assert_open(invoice, 0)

    def test_exchanged_neighbours_are_one_mistake(self):
        self.assertIn("1324", near_references("1234"))
        self.assertIn("124", near_references("1234"))
        self.assertIn("12534", near_references("1234"))
        self.assertNotIn("1234", near_references("1234"))
        self.assertNotIn("4321", near_references("1234"))

    # ------------------------------------------------------------------ what a message names

    def _reference_in(self, message, *invoices):
        return message.format(*(invoice.payment_reference for invoice in invoices))

    def test_a_reference_in_the_message_is_placed_when_it_is_just_what_is_open(self):
        invoice = self._invoice(self.payer, 450)
        own = invoice.payment_reference
        parted = f"Member fee, no. {own[:4]} {own[4:]}, thanks"
        message = self._payment(450, text=parted)
        self._book(message)
        self.assertRecordValues(self._stored(message), [{"state": "matched", "outcome": "exact"}])
        self.assert_open(invoice, 0)

    def test_a_reference_in_the_message_is_proposed_when_the_amount_differs(self):
        invoice = self._invoice(self.payer, 450)
        payment = self._unmatched(400, text=self._reference_in("fee {}", invoice))
        self.assertIn(invoice.name, payment.proposal_text)
        self.assertIn(f"in the message: {invoice.payment_reference}", payment.proposal_reason)
        self.assertTrue(payment.has_best_proposal)

    def test_a_reference_mistyped_in_the_message_is_proposed_with_both(self):
        invoice = self._invoice(self.payer, 450)
        typed = self._mistyped(invoice.payment_reference, -4)
        payment = self._unmatched(450, text=f"ref {typed}")
        self.assertIn(invoice.name, payment.proposal_text)
        self.assertIn(
            f"{invoice.payment_reference} for {typed.lstrip('0')}", payment.proposal_reason
        )
        self.assertIn("same amount", payment.proposal_reason)

    def test_the_number_of_an_invoice_in_the_message_is_proposed(self):
        invoice = self._invoice(self.payer, 450)
        payment = self._unmatched(100, text=f"Invoice {invoice.name}.")
        self.assertIn(invoice.name, payment.proposal_text)
        self.assertIn("invoice number", payment.proposal_reason)

    def _listed(self, *invoices):
        return tuple(ReferenceAmount(invoice.payment_reference, None) for invoice in invoices)

    def test_several_references_without_amounts_are_placed_when_they_add_up(self):
        invoices = [self._invoice(self._payer("Ola Hansen"), 100), self._invoice(self.payer, 450)]
        message = self._payment(550, references=self._listed(*invoices))
        self._book(message)
        self.assertRecordValues(self._stored(message), [{"state": "matched", "outcome": "exact"}])
        self.assert_open(invoices[0], 0)
        self.assert_open(invoices[1], 0)

    def test_several_references_of_several_payers_are_not_guessed(self):
        invoices = [self._invoice(self._payer("Ola Hansen"), 100), self._invoice(self.payer, 450)]
        payment = self._unmatched(500, references=self._listed(*invoices))
        self.assertEqual(payment.outcome, "several")
        self.assertIn("one of its references", payment.proposal_reason)
        self.assertFalse(payment.has_best_proposal)

    def test_several_references_of_one_payer_are_paid_in_turn(self):
        invoices = [self._invoice(self.payer, 100), self._invoice(self.payer, 450)]
        message = self._payment(500, references=self._listed(*invoices))
        self._book(message)
        self.assertRecordValues(self._stored(message), [{"state": "matched", "outcome": "part"}])
        self.assert_open(invoices[0], 0)
        self.assert_open(invoices[1], 50)

    def test_known_account_proposes_its_owner(self):
        invoice = self._invoice(self.payer, 450)
        self.env["res.partner.bank"].create(
            {"partner_id": self.payer.id, "acc_number": "9999 05 12341"}
        )
        payment = self._unmatched(450, payer_account="99990512341")
        self.assertIn("known account", payment.proposal_reason)
        self.assertIn(invoice.name, payment.proposal_text)

    def test_name_the_bank_writes_the_other_way_round(self):
        invoice = self._invoice(self.payer, 450)
        self._invoice(self._payer("Ola Hansen"), 450)
        payment = self._unmatched(450, payer_name="NORDMANN KARI")
        self.assertIn(invoice.name, payment.proposal_text)
        self.assertTrue(payment.has_best_proposal)

    def test_former_payer_number_in_the_reference_proposes_the_payer(self):
        self._invoice(self.payer, 450)
        shape = self.agreement.layout_ids._shape()
        reference = shape.build(self.payer.mbn_payer_number_ids.number, 999999)
        payment = self._unmatched(450, reference)
        self.assertIn("payer number", payment.proposal_reason)
        self.assertFalse(payment.wrong_check_digit)

    def test_reference_of_another_agreement_was_paid_to_the_wrong_account(self):
        invoice = self._invoice(self.payer, 450)
        self._agreement("12345678903", number=False)
        payment = self._unmatched(
            450, invoice.payment_reference, account="12345678903", agreement_number=""
        )
        self.assertIn(invoice.name, payment.proposal_text)
        payment.action_accept_best()
        self.assert_open(invoice, 0)

    def test_equally_good_proposals_are_not_accepted_blindly(self):
        for _number in range(2):
            self._invoice(self._payer("Ola Hansen"), 450)
        payment = self._unmatched(450, payer_name="Ola Hansen")
        self.assertTrue(payment.proposal_text)
        self.assertFalse(payment.has_best_proposal)
        with self.assertRaisesRegex(UserError, "no clear best"):
            payment.action_accept_best()

    def test_nobody_fits(self):
        payment = self._unmatched(123.45, "55")
        self.assertFalse(payment.proposal_text)

    def test_many_payments_cost_few_queries(self):
        partners = [self._payer(f"Person Number{number}") for number in range(20)]
        invoices = [self._invoice(partner, 100) for partner in partners]
        file = self._book(
            *[
                self._payment(100, self._mistyped(invoice.payment_reference, -4))
                for invoice in invoices
            ]
        )
        self.env.invalidate_all()
        payments = self.env["bank.payment"].search([("file_id", "=", file.id)])
        with self.assertQueryCount(25):
            proposals = payments.mapped("proposal_text")
        self.assertEqual(len(proposals), 20)

    # ------------------------------------------------------------------ by hand

    def test_wizard_places_on_an_invoice(self):
        invoice = self._invoice(self.payer, 450)
        payment = self._unmatched(500)
        form = Form(self.env["bank.payment.place"].with_context(default_payment_id=payment.id))
        with form.line_ids.new() as line:
            line.invoice_id = invoice
            self.assertEqual(line.amount, 450)
            self.assertEqual(line.partner_id, self.payer)
        wizard = form.save()
        self.assertEqual(wizard.amount_left, 50)
        wizard.action_place()
        self.assertEqual((payment.state, payment.amount_open), ("partial", 50))
        self.assert_open(invoice, 0)

    def test_member_without_a_claim_gets_a_credit(self):
        payment = self._unmatched(80)
        self._wizard(
            payment, line_ids=[Command.create({"partner_id": self.payer.id, "amount": 80})]
        ).action_place()
        self.assertEqual(payment.state, "matched")
        self.assertEqual(self._credit(self.payer), 80)

    def test_split_over_many_members_from_a_pasted_list(self):
        partners = [self._payer(f"Member {n}", ref=f"M-{n}") for n in range(3)]
        invoices = [self._invoice(partner, 100) for partner in partners]
        payment = self._unmatched(300)
        wizard = self._wizard(
            payment,
            pasted_list=f"M-0;100\n{invoices[1].payment_reference};100,00\n\n"
            f"{invoices[2].name}\t1 00.00\n",
        )
        wizard.action_read_list()
        wizard.action_place()
        self.assertEqual(payment.state, "matched")
        self.assertEqual([invoice.amount_residual for invoice in invoices], [0, 0, 0])
        self.assertEqual(
            payment.allocation_ids.invoice_id, self.env["account.move"].union(*invoices)
        )

    def test_wrong_lines_of_a_pasted_list_are_named(self):
        payment = self._unmatched(300)
        wizard = self._wizard(payment, pasted_list="M-0;100\nnonsense\n17;12,3,4\n")
        with self.assertRaises(UserError) as error:
            wizard.action_read_list()
        text = str(error.exception)
        self.assertIn("Line 1: M-0 is not known", text)
        self.assertIn("Line 2: expected number;amount", text)
        self.assertIn("Line 3", text)
        self.assertFalse(wizard.line_ids)

    def test_number_of_several_members_is_not_guessed(self):
        for _number in range(2):
            self._payer("Twin", ref="T-1")
        payment = self._unmatched(300)
        wizard = self._wizard(payment, pasted_list="T-1;100")
        with self.assertRaisesRegex(UserError, "fits several members"):
            wizard.action_read_list()

    def test_no_more_than_the_payment_is_placed(self):
        payment = self._unmatched(100)
        with self.assertRaisesRegex(UserError, "only 100.00 is left"):
            self._wizard(
                payment, line_ids=[Command.create({"partner_id": self.payer.id, "amount": 101})]
            ).action_place()
        with self.assertRaisesRegex(UserError, "sign of the payment"):
            self._wizard(
                payment, line_ids=[Command.create({"partner_id": self.payer.id, "amount": -1})]
            ).action_place()

    def test_draft_and_foreign_currency_invoices_are_not_paid(self):
        payment = self._unmatched(100)
        draft = self._invoice(self.payer, 100, post=False)
        with self.assertRaisesRegex(UserError, "not a posted invoice"):
            payment._place([{"partner": self.payer, "invoice": draft, "amount": 100}])

    def test_reversal_without_original_becomes_a_debt_of_the_member(self):
        payment = self._unmatched(100, kind=PaymentReversed)
        payment._place(
            [{"partner": self.payer, "invoice": self.env["account.move"], "amount": -100}]
        )
        self.assertEqual(payment.state, "matched")
        self.assertEqual(self._credit(self.payer), 0)

    def test_second_person_gets_a_clear_message(self):
        payment = self._unmatched(100)
        target = [{"partner": self.payer, "invoice": self.env["account.move"], "amount": 100}]
        payment._place(target)
        with self.assertRaisesRegex(UserError, "somebody else was here"):
            payment._place(target)
        locked = patch.object(
            type(payment), "try_lock_for_update", lambda self, **kwargs: self.browse()
        )
        payment.action_undo()
        with locked, self.assertRaisesRegex(UserError, "right now"):
            payment._place(target)

    def test_remembered_account_is_proposed_the_next_time(self):
        payment = self._unmatched(100, payer_account="99990512341")
        self._wizard(
            payment,
            remember_account=True,
            line_ids=[Command.create({"partner_id": self.payer.id, "amount": 100})],
        ).action_place()
        self.assertEqual(self.payer.bank_ids.sanitized_acc_number, "99990512341")
        following = self._unmatched(70, payer_account="99990512341", deposit_key="D2")
        self.assertIn("known account", following.proposal_reason)
        following.action_accept_best()
        self.assertEqual(following.partner_id, self.payer)

    def test_account_is_not_remembered_for_several_members(self):
        payment = self._unmatched(100, payer_account="99990512341")
        lines = [
            Command.create({"partner_id": partner.id, "amount": 50})
            for partner in (self.payer, self._payer("Ola"))
        ]
        with self.assertRaisesRegex(UserError, "one member only"):
            self._wizard(payment, remember_account=True, line_ids=lines).action_place()

    def test_proposal_of_the_wizard_is_taken(self):
        invoice = self._invoice(self.payer, 450)
        payment = self._unmatched(450, self._mistyped(invoice.payment_reference, -4))
        wizard = Form(
            self.env["bank.payment.place"].with_context(default_payment_id=payment.id)
        ).save()
        wizard.proposal_ids[0].action_take()
        self.assert_open(invoice, 0)

    # ------------------------------------------------------------------ undo

    def test_undo_opens_the_claim_again_by_a_reversing_entry(self):
        invoice = self._invoice(self.payer, 450)
        other = self._invoice(self.payer, 100)
        wrong = self._payment(450, invoice.payment_reference)
        right = self._payment(100, other.payment_reference)
        self._book(wrong, right)
        payment = self._stored(wrong)
        booked = payment.allocation_ids.move_id
        payment.action_undo()
        self.assert_payment(wrong, "unmatched", "undone", 450)
        self.assert_open(invoice, 450)
        self.assert_open(other, 0)
        used = payment.allocation_ids
        self.assertEqual(used.move_id, booked)
        self.assertEqual(booked.state, "posted")
        self.assertTrue(used.undone_move_id)
        self.assertTrue(used.entry_line_id.reconciled)
        self.assertEqual(payment.file_id.to_place_count, 1)

    def test_undo_and_place_again(self):
        first, second = self._invoice(self.payer, 450), self._invoice(self._payer("Ola"), 450)
        message = self._payment(450, first.payment_reference)
        self._book(message)
        payment = self._stored(message)
        payment.action_undo()
        payment._place([{"partner": second.partner_id, "invoice": second, "amount": 450}])
        self.assert_open(first, 450)
        self.assert_open(second, 0)
        self.assertEqual(payment.state, "matched")

    def test_undo_of_one_of_two_payments_of_an_invoice(self):
        invoice = self._invoice(self.payer, 450)
        first = self._payment(200, invoice.payment_reference)
        second = self._payment(250, invoice.payment_reference)
        self._book(first, second)
        self._stored(first).action_undo()
        self.assert_open(invoice, 200)

    def test_undo_of_an_overpayment_takes_the_credit_too(self):
        invoice = self._invoice(self.payer, 450)
        message = self._payment(500, invoice.payment_reference)
        self._book(message)
        self._stored(message).action_undo()
        self.assertEqual(self._credit(self.payer), 0)
        self.assert_open(invoice, 450)

    def test_form_goes_on_to_the_next_payment(self):
        invoice = self._invoice(self.payer, 450)
        first = self._unmatched(450, self._mistyped(invoice.payment_reference, -4))
        second = self._unmatched(20, deposit_key="D2")
        action = first.with_context(mbn_show_next=True).action_accept_best()
        self.assertEqual(action["res_id"], second.id)

    def test_entries_of_payments_are_undone_not_reset(self):
        invoice = self._invoice(self.payer, 450)
        message = self._payment(450, invoice.payment_reference)
        file = self._book(message)
        for entry in file._entries():
            with self.assertRaisesRegex(UserError, "Undo the placement"):
                entry.button_draft()

    # ------------------------------------------------------------------ links

    def test_invoice_and_payer_lead_to_their_payments(self):
        invoice = self._invoice(self.payer, 450)
        first = self._payment(200, invoice.payment_reference)
        second = self._payment(250, invoice.payment_reference)
        self._book(first, second)
        self.assertEqual((invoice.mbn_payment_count, self.payer.mbn_payment_count), (2, 2))
        for record in (invoice, self.payer):
            action = record.action_mbn_payments()
            found = self.env["bank.payment"].search(action["domain"])
            self.assertEqual(found, self._stored(first) | self._stored(second))
        self._stored(first).action_undo()
        invoice.invalidate_recordset(["mbn_payment_count"])
        self.assertEqual(invoice.mbn_payment_count, 1)
