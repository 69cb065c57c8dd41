"""Letters: one for a payer, how it reaches them, what is paid of it and what is given up."""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .bank_file_common import BankFileCommon
from .dunning_common import DunningCommon


@tagged("post_install", "-at_install")
class TestDunningLetter(DunningCommon):
    def _letters(self):
        return self.env["dunning.letter"].search([("company_id", "=", self.company.id)], order="id")

    def test_a_payer_gets_one_letter_with_one_fee_and_one_reference(self):
        invoices = self._due(600.0) | self._due(400.0, due="2026-08-30")
        self._send()
        letter = self._letters()
        self.assertRecordValues(
            letter, [{"principal_total": 1000.0, "fee_total": 38.0, "total": 1038.0}]
        )
        self.assertEqual(letter.line_ids.sorted("due_date").mapped("fee"), [38.0, 0.0])
        reference = self.env["billing.reference"].search([("letter_id", "=", letter.id)])
        self.assertRecordValues(
            reference, [{"kind": "letter", "printed": letter.reference, "move_id": False}]
        )
        self.assertNotIn(letter.reference, invoices.mapped("payment_reference"))
        self.assertEqual(
            reference._named_claims().mapped("date_maturity"),
            [date(2026, 8, 30), date(2026, 9, 1)],
        )

    def test_money_beyond_the_invoice_pays_fee_then_interest(self):
        invoice = self._due()
        self._send()
        self._at(2026, 9, 30)
        self._send()
        claim = self._claim(invoice)
        self._at(2026, 10, 5)
        credit = self._pay(invoice, 1080.0)
        self._work()
        self.assertRecordValues(claim, [{"state": "paid", "fee_open": 0.0, "interest_open": 5.73}])
        self.assertAlmostEqual(self._balance(self.fees), -76.0)
        self.assertAlmostEqual(self._balance(self.late), -4.0)
        self.assertTrue(credit.reconciled)
        entries = claim.letter_line_ids.payment_ids.move_id
        self.assertEqual(set(entries.mapped("date")), {date(2026, 10, 5)})
        self.assertFalse(entries.line_ids.tax_ids)
        self._work()
        self.assertAlmostEqual(self._balance(self.fees), -76.0, msg="money is used once")

        self.company.mbn_dunning_waive_limit = 6.0
        self._work()
        self.assertRecordValues(claim, [{"state": "closed", "interest_open": 0.0}])

        credit.remove_move_reconcile()
        self.assertRecordValues(claim, [{"state": "noticed", "fee_open": 76.0}])
        self.assertAlmostEqual(self._balance(self.fees), 0.0)
        self.assertAlmostEqual(self._balance(self.late), 0.0)

    def test_a_paid_fee_that_is_cancelled_is_the_payers_money_again(self):
        invoice = self._due()
        self._send()
        self._pay(invoice, 1038.0)
        self._work()
        claim, letter = self._claim(invoice), self._letters()
        self.assertEqual(claim.state, "closed")
        self._cancel(letter, "Our mistake")
        self.assertRecordValues(
            letter.line_ids, [{"fee_cancelled": 38.0, "cancelled_reason": "Our mistake"}]
        )
        self.assertAlmostEqual(self._balance(self.fees), 0.0)
        self.assertEqual((claim.state, invoice.amount_residual), ("closed", 0.0))
        self.assertAlmostEqual(self.payer.credit, -38.0)
        self._work()
        self.assertAlmostEqual(self.payer.credit, -38.0, msg="it is not used for it again")

    def _cancel(self, letter, reason):
        action = letter.action_cancel_charges()
        wizard = self.env["dunning.cancel"].with_context(**action["context"])
        wizard.create({"reason": reason}).action_cancel()

    def test_money_from_before_the_letter_is_no_fee(self):
        invoice = self._due()
        other = self._due(due="2026-09-30", amount=50.0)
        self._send()
        self._at(2026, 9, 14)
        self._pay(other, 60.0)
        self._at(2026, 9, 16)
        self._pay(invoice)
        self._work()
        self.assertRecordValues(self._claim(invoice), [{"state": "paid", "fee_open": 38.0}])

    def test_a_credited_invoice_costs_no_fee(self):
        invoice = self._due()
        self._send()
        invoice._reverse_moves([{"invoice_date": date(2026, 9, 15)}], cancel=True)
        self.assertRecordValues(self._claim(invoice), [{"state": "paid", "fee_open": 38.0}])
        self._work()
        self.assertRecordValues(self._claim(invoice), [{"state": "closed", "fee_open": 0.0}])

    def test_an_email_that_came_back_is_printed(self):
        self.payer.write({"street": "Storgata 1", "zip": "0155", "city": "Oslo"})
        self._due()
        self._send()
        letter = self._letters()
        self.assertEqual((letter.state, letter.channel), ("sent", "email"))
        letter.message_id.sudo().notification_ids.notification_status = "bounce"
        self._work()
        self.assertRecordValues(letter, [{"state": "print", "channel": "letter", "tried": "email"}])
        letter.action_mark_posted()
        self.assertRecordValues(letter, [{"state": "sent", "posted_on": date(2026, 9, 15)}])
        self._at(2026, 9, 30)
        self._send()
        self.assertRecordValues(self._letters() - letter, [{"state": "print"}])

    def test_a_letter_that_is_posted_too_late_does_not_count(self):
        self.payer.write({"street": "Storgata 1", "zip": "0155", "city": "Oslo", "email": False})
        invoice = self._due()
        self._send()
        reminder, claim = self._letters(), self._claim(invoice)
        self._at(2026, 9, 30)
        run = self._preview()
        self.assert_skipped(run, invoice, "untold")
        self.assertEqual(run.line_ids.detail, reminder.name)
        reminder.sudo().write({"state": "sent", "posted_on": date(2026, 9, 15)})
        self._send()
        notice = self._letters() - reminder
        self.assertEqual((notice.state, notice.deadline), ("print", date(2026, 10, 14)))

        self._at(2026, 10, 2)
        notice.action_mark_posted()
        self.assertEqual((notice.state, notice.posted_on), ("failed", False))
        desk = self.env["billing.exception"]
        self.assertIn("Send a New One", desk._open_rows(notice, "dunning_untold").next_action)
        new = self.env["dunning.letter"].browse(notice.action_reissue()["res_id"])
        self.assertFalse(desk._open_rows(notice, "dunning_untold"))
        new.action_mark_posted()
        self.assertRecordValues(
            new,
            [{"state": "sent", "posted_on": date(2026, 10, 2), "deadline": date(2026, 10, 16)}],
        )
        self.assertEqual(claim.fee_open, 76.0, "the fee of the late one was given up")

    def test_the_second_fee_needs_a_first_letter_that_left_in_time(self):
        self.payer.write({"street": "Storgata 1", "zip": "0155", "city": "Oslo", "email": False})
        self._due()
        self._send()
        self._at(2026, 9, 17)
        self._letters().action_mark_posted()
        self._at(2026, 9, 30)
        self.assertRecordValues(
            self._preview().line_ids,
            [{"state": "pending", "fee": 0.0, "fee_reason": "deadline_too_short"}],
        )

    def test_one_fee_that_cannot_be_booked_stops_no_other(self):
        bad, good = self._due(), self._due(payer=self._payer("Ola", email="o@example.com"))
        self._send()
        self._pay(bad, 1038.0)
        self._pay(good, 1038.0)
        payments = type(self.env["dunning.payment"])
        book = payments._book

        def stumble(model, credit, line, amounts):
            if line.invoice_id == bad:
                raise UserError("No journal")
            return book(model, credit, line, amounts)

        with patch.object(payments, "_book", stumble):
            self._work()
        claims = [self._claim(invoice) for invoice in (bad, good)]
        self.assertEqual([claim.state for claim in claims], ["paid", "closed"])
        desk = self.env["billing.exception"]._open_rows(claims[0], "dunning_books_stuck")
        self.assertEqual(desk.name, "No journal")
        self._work()
        self.assertEqual((claims[0].state, desk.state), ("closed", "done"))

    def test_a_letter_that_lacks_something_is_not_sent(self):
        self.company.write({"email": False, "phone": False})
        invoice = self._due()
        run = self._send()
        self.assert_skipped(run, invoice, "content")
        self.assertIn("reach the creditor", run.line_ids.detail)
        self.assertFalse(self._letters())

    def test_the_print_says_all_that_it_must(self):
        self._due()
        self._send()
        self._at(2026, 9, 30)
        self._send()
        letter = self._letters()[-1]
        html = self.env["ir.actions.report"]._render_qweb_html(
            "membership_billing_nordic.report_dunning_letter", letter.ids
        )[0]
        text = html.decode()
        for part in ("Last notice", "1,000.00", "38.00", "9.73", "12.25", "10/14/2026"):
            self.assertIn(part, text)
        for part in ("A collection agency gets it.", "Write to us.", letter.reference):
            self.assertIn(part, text)


@tagged("post_install", "-at_install")
class TestDunningMoney(BankFileCommon, DunningCommon):
    def test_a_letter_is_paid_by_its_reference(self):
        self.agreement.payments_in = True
        self.env["bank.file.expectation"].create(
            {
                "name": "Payments",
                "connection_id": self.connection.id,
                "settled_until": date(2026, 9, 15),
            }
        )
        first, second = self._due(600.0), self._due(400.0, due="2026-08-30")
        self._send()
        letter = self.env["dunning.letter"].search([("company_id", "=", self.company.id)])
        later = self._due(70.0, due="2026-09-10")
        self._at(2026, 9, 20)
        self._preview()
        self.assertEqual(self._claim(later).state, "overdue")
        self._book(self._payment(1038.0, letter.reference, bank_date=date(2026, 9, 18)))
        self.assertEqual((first.amount_residual, second.amount_residual), (0.0, 0.0))
        self._work()
        self.assertAlmostEqual(self._balance(self.fees), -38.0)
        claims = self._claim(first) | self._claim(second)
        self.assertEqual(set(claims.mapped("state")), {"closed"})
        self.assertEqual(later.amount_residual, 70.0, "the payment named other invoices")

        payment = self.env["bank.payment"].search([("agreement_id", "=", self.agreement.id)])
        payment.action_undo()
        self.assertEqual(set(claims.mapped("state")), {"reminded"})
        self.assertAlmostEqual(self._balance(self.fees), 0.0)
        self.assertEqual(payment.amount_open, 1038.0)
