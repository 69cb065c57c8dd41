from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .run_common import RunCommon


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestBillingPayment(RunCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls._contract()

    def setUp(self):
        super().setUp()
        self.invoice = self._bill("2027-01-15").line_ids.invoice_id
        self.period = self.contract.period_ids
        self.charge = self.period.charge_ids

    def test_an_open_invoice_leaves_the_period_open(self):
        self.assertEqual((self.period.state, self.charge.state), ("open", "invoiced"))
        self.assertFalse(self.contract.paid_until)

    def test_payment_pays_period_and_moves_paid_until(self):
        self._pay(self.invoice)
        self.assertEqual((self.period.state, self.charge.state), ("paid", "paid"))
        self.assertEqual(self.contract.paid_until, date(2027, 12, 31))
        self.assertEqual(self.contract.member_status, "active")

    def test_part_payment_leaves_the_period_open(self):
        self._pay(self.invoice, 500.0)
        self.assertEqual(self.period.state, "open")
        self._pay(self.invoice)
        self.assertEqual(self.period.state, "paid")

    def test_payment_taken_back_opens_the_period_again(self):
        line = self._pay(self.invoice)
        line.remove_move_reconcile()
        self.assertEqual((self.period.state, self.charge.state), ("open", "invoiced"))
        self.assertFalse(self.contract.paid_until)

    def test_odoos_own_register_payment_pays_the_period(self):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        ).create({})._create_payments()
        self.assertEqual(self.period.state, "paid")

    def test_credit_note_credits_the_period_and_it_is_not_billed_again(self):
        self._credit(self.invoice)
        self.assertEqual((self.period.state, self.charge.state), ("credited", "void"))
        self.assertFalse(self._preview("2027-01-15").run_total)

    def test_credit_note_from_the_wizard_credits_the_period(self):
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=self.invoice.ids)
            .create({"journal_id": self.invoice.journal_id.id})
        )
        action = wizard.reverse_moves()
        note = self.env["account.move"].browse(action["res_id"])
        self.assertEqual(self.period.state, "open")
        note.action_post()
        self.assertEqual(self.period.state, "credited")

    def test_credit_note_of_a_paid_invoice_credits_the_period(self):
        self._pay(self.invoice)
        note = self.invoice._reverse_moves()
        note.action_post()
        self.assertEqual(self.period.state, "credited")

    def test_a_credit_note_for_something_else_pays_the_period(self):
        self._goodwill(self.invoice)
        self.assertEqual((self.period.state, self.charge.state), ("paid", "paid"))
        self.assertEqual(self.contract.paid_until, date(2027, 12, 31))
        self.assertFalse(self._preview("2027-01-15").run_total)

    def test_a_credit_note_of_which_the_invoice_is_the_source_credits_the_period(self):
        self._goodwill(self.invoice, invoice_origin=f"S00012, {self.invoice.name}")
        self.assertEqual((self.period.state, self.charge.state), ("credited", "void"))

    def test_partial_credit_leaves_the_period_to_be_paid(self):
        note = self.invoice._reverse_moves()
        with Form(note) as form, form.invoice_line_ids.edit(0) as line:
            line.price_unit = 200.0
        note.action_post()
        receivable = (self.invoice | note).line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        receivable.reconcile()
        self.assertEqual(self.period.state, "open")
        # core calls an invoice reversed that was credited in part and paid by an entry
        self._pay(self.invoice)
        self.assertEqual(self.period.state, "paid")

    def test_credit_note_taken_back_opens_the_period_again(self):
        note = self._credit(self.invoice)
        note.button_draft()
        # core leaves a draft reconciled: nothing is owed yet
        self.assertEqual(self.period.state, "credited")
        note.button_cancel()
        self.assertEqual((self.period.state, self.charge.state), ("open", "invoiced"))

    def test_cancelled_invoice_counts_as_credited(self):
        self.invoice.button_draft()
        self.assertEqual(self.period.state, "open")
        self.invoice.button_cancel()
        self.assertEqual(self.period.state, "credited")
        self.invoice.button_draft()
        self.assertEqual(self.period.state, "open")

    def test_bill_again_lets_the_next_run_bill_the_days(self):
        self._credit(self.invoice)
        self.period.action_bill_again()
        self.assertEqual(self.period.state, "void")
        again = self._bill("2027-01-15").line_ids.invoice_id
        self.assertEqual(again.amount_total, 1200.0)
        self.assertEqual(self.contract.period_ids.mapped("state").count("open"), 1)

    def test_void_period_stays_void_when_its_credit_note_is_taken_back(self):
        note = self._credit(self.invoice)
        self.period.action_bill_again()
        self._bill("2027-01-15")
        note.button_draft()
        note.button_cancel()
        self.assertEqual(self.period.state, "void")
        self.assertEqual(self.charge.state, "void")

    def test_only_a_credited_period_can_be_billed_again(self):
        with self.assertRaisesRegex(UserError, "Credit its invoice"):
            self.period.action_bill_again()
        self._credit(self.invoice)
        clerk = new_test_user(
            self.env,
            "front_desk",
            groups="membership_billing_nordic.group_billing_front_desk",
            company_id=self.company.id,
        )
        with self.assertRaises(AccessError):
            self.period.with_user(clerk).action_bill_again()

    def test_deleted_line_of_a_draft_can_be_billed_again(self):
        self.invoice.button_draft()
        self.invoice.invoice_line_ids.unlink()
        self.assertEqual((self.period.state, self.charge.state), ("void", "void"))
        self.assertEqual(self._preview("2027-01-15").run_total, 1)

    def test_an_invoiced_period_or_charge_cannot_be_deleted(self):
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            self.charge.sudo().unlink()
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            self.period.sudo().unlink()

    def test_copy_of_an_invoice_charges_nobody(self):
        copy = self.invoice.copy()
        self.assertFalse(copy.invoice_line_ids.mbn_charge_id)
        self.assertFalse(copy.mbn_run_id)

    def test_an_accountant_without_membership_rights_works_with_the_invoice(self):
        accountant = new_test_user(
            self.env,
            "accountant",
            groups="account.group_account_manager,account.group_account_invoice",
            company_id=self.company.id,
        )
        invoice = self.invoice.with_user(accountant)
        with Form(invoice) as form:
            self.assertEqual(form.name, self.invoice.name)
        self.env["account.payment.register"].with_user(accountant).with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertEqual(self.period.state, "paid")

    def test_following_payments_costs_the_same_for_many_invoices(self):
        def queries(count):
            for _number in range(count):
                self._contract()
            invoices = self._bill("2027-01-15").line_ids.invoice_id
            self.env.flush_all()
            self.env.invalidate_all()
            invoices = invoices.browse(invoices.ids)
            start = self.env.cr.sql_log_count
            invoices._mbn_follow()
            self.env.flush_all()
            return self.env.cr.sql_log_count - start

        queries(2)
        self.assertLessEqual(queries(40), queries(20) + 2)

    def test_other_invoices_cost_one_query(self):
        invoice = self._invoice(self.payer, 100.0)
        self.env.flush_all()
        invoice.is_sale_document(include_receipts=True)
        invoice.reversed_entry_id.ids  # noqa: B018
        with self.assertQueryCount(1):
            invoice._mbn_follow()
