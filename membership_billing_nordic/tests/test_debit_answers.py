from decimal import Decimal

from odoo.tests import tagged

from ..formats import messages
from .bank_file_common import ACCOUNT
from .debit_common import DebitCommon, day


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDebitAnswers(DebitCommon):
    def setUp(self):
        super().setUp()
        self.invoice = self._due(self.payer, 450, day(3, 20))
        self.file = self._sent()
        self._at(2026, 3, 20, 15, 0)

    def _about(self, invoice, **values):
        """What an answer of the bank says of the debit of ``invoice``."""
        return {
            "record": 0,
            "account": ACCOUNT,
            "reference": invoice.payment_reference,
            "due_date": day(3, 20),
            "bank_code": "07",
            "meaning": "No cover",
        } | values

    def _failed(self, invoice, **values):
        facts = {"amount": Decimal("450.00"), "currency": self.agreement.currency_id.name}
        return messages.PaymentFailed(**self._about(invoice, **(facts | values)))

    def _answer(self, event, invoice, **values):
        return messages.RequestEvent(event=event, **self._about(invoice, **values))

    def _debited(self, invoice, amount=450, **values):
        """Money that came by the debit of ``invoice``."""
        return self._payment(
            amount,
            invoice.payment_reference,
            **({"method": "direct_debit", "bank_date": day(3, 20)} | values),
        )

    # ------------------------------------------------------------------ money

    def test_money_collects_the_debit_and_pays_the_invoice(self):
        self.mandate.failure_count = 2
        payment = self._debited(self.invoice)
        file = self._book(payment)
        order = self.assert_order(
            self.invoice,
            state="collected",
            payment_id=self._stored(payment).id,
            withdraw_wanted=False,
        )
        self.assert_open(self.invoice, 0)
        self.assertEqual(self.mandate.failure_count, 0)
        self.assertRecordValues(
            order.event_ids, [{"kind": "collected", "file_id": file.id, "record": 1}]
        )
        self.assertFalse(self.invoice.mbn_debit_date)

    def test_other_money_for_the_invoice_is_no_answer(self):
        second = self._due(self.other, 100, day(4, 20))
        self._sent()
        self._book(self._payment(100, second.payment_reference, method="giro"))
        self.assert_order(second, state="sent", withdraw_wanted=True, withdraw_reason="paid")
        self.assert_order(self.invoice, state="sent", withdraw_wanted=False)

    def test_other_money_drops_a_planned_debit(self):
        planned = self._due(self.other, 100, day(4, 20))
        self._book(self._payment(100, planned.payment_reference, method="giro"))
        self.assert_order(planned, state="withdrawn", withdraw_reason="paid", file_id=False)

    def test_money_that_comes_though_it_was_paid_before_still_answers(self):
        self._pay(self.invoice, 450)
        self._book(self._debited(self.invoice))
        self.assert_order(self.invoice, state="collected", withdraw_wanted=False)
        self.assertAlmostEqual(self._credit(self.payer), 450, 2)

    def test_money_after_silence_collects_after_all(self):
        self._at(2026, 3, 26, 8, 0)
        self.env["direct.debit.order"].sudo()._cron_debit_silence()
        self.assert_order(self.invoice, state="failed")
        self.assertEqual(self.mandate.failure_count, 1)
        self._book(self._debited(self.invoice, bank_date=day(3, 26)))
        self.assert_order(self.invoice, state="collected")
        self.assertEqual(self.mandate.failure_count, 0)

    def test_each_instalment_is_answered_by_its_own_money(self):
        self._due(self.other, 100, day(4, 20))
        orders = self._order(self.invoice)
        later = orders.sudo().copy(
            {"file_id": False, "due_date": day(4, 20), "state": "planned", "amount": 99}
        )
        later.write({"file_id": self.file.id, "state": "sent"})
        self._book(self._debited(self.invoice, bank_date=day(3, 23)))
        self.assertEqual((orders.state, later.state), ("collected", "sent"))

    # ------------------------------------------------------------------ money that goes back

    def test_reversal_opens_the_invoice_again(self):
        self._book(self._debited(self.invoice))
        back = self._debited(
            self.invoice,
            kind=messages.PaymentReversed,
            bank_date=day(3, 25),
            deposit_key="D2",
            reason="Payer objected",
        )
        self._at(2026, 3, 25, 15, 0)
        file = self._book(back)
        order = self.assert_order(
            self.invoice, state="reversed", meaning="Payer objected", failed_on=day(3, 25)
        )
        self.assert_open(self.invoice, 450)
        self.assertEqual(self.mandate.failure_count, 1)
        self.assertEqual(order.event_ids[0].kind, "reversed")
        self.assertEqual(order.event_ids[0].file_id, file)
        self.assertFalse(self.invoice._mbn_live_orders())

    # ------------------------------------------------------------------ failed

    def test_failed_debit_leaves_an_ordinary_open_invoice(self):
        file = self._book(extra=[self._failed(self.invoice)])
        order = self.assert_order(
            self.invoice, state="failed", bank_code="07", meaning="No cover", failed_on=day(3, 20)
        )
        self.assertRecordValues(
            order.event_ids,
            [{"kind": "failed", "bank_code": "07", "file_id": file.id, "record": 1}],
        )
        self.assertEqual(self.mandate.failure_count, 1)
        self.assert_open(self.invoice, 450)
        self.assertFalse(self.invoice.mbn_debit_date)
        self.invoice.button_draft()  # nothing of it is at the bank any more

    def test_failures_in_a_row_are_counted(self):
        second = self._due(self.payer, 100, day(3, 25))
        self._sent()
        self._book(extra=[self._failed(self.invoice)])
        self._book(extra=[self._failed(second, due_date=day(3, 25))])
        self.assertEqual(self.mandate.failure_count, 2)

    def test_while_the_bank_tries_again_nothing_has_failed(self):
        self._book(extra=[self._failed(self.invoice, will_retry=True)])
        self.assert_order(self.invoice, state="waiting", bank_code="07")
        self.assertEqual(self.mandate.failure_count, 0)
        self.assertEqual(self.invoice.mbn_debit_date, day(3, 20))
        self._book(extra=[self._failed(self.invoice)])
        self.assert_order(self.invoice, state="failed")

    def test_the_payer_number_and_date_tell_too(self):
        number = "0000" + self.mandate.payer_number
        self._book(extra=[self._failed(self.invoice, reference="", payer_number=number)])
        self.assert_order(self.invoice, state="failed")

    def test_an_answer_that_means_no_debit_is_an_issue(self):
        file = self._book(extra=[self._failed(self.invoice, reference="12345674")])
        self.assert_order(self.invoice, state="sent")
        self.assertEqual((file.state, file.warning_count), ("needs_review", 1))
        self.assertIn("debit that was sent", file.issue_ids.expected)

    def test_reading_a_file_again_counts_nothing_twice(self):
        file = self._book(extra=[self._failed(self.invoice)])
        file.state = "needs_review"
        file.action_process_again()
        self.assertTrue(file._process())
        self.assertEqual(self.mandate.failure_count, 1)
        self.assertEqual(len(self._order(self.invoice).event_ids), 1)

    # ------------------------------------------------------------------ silence

    def test_silence_fails_after_the_banking_days_of_the_setting(self):
        cron = self.env["direct.debit.order"].sudo()
        self._at(2026, 3, 25, 15, 0)  # Wednesday, the third banking day after Friday
        cron._cron_debit_silence()
        self.assert_order(self.invoice, state="sent")
        self._at(2026, 3, 26, 4, 0)
        cron._cron_debit_silence()
        order = self.assert_order(self.invoice, state="failed", failed_on=day(3, 26))
        self.assertEqual(order.event_ids.mapped("kind"), ["silence"])

    def test_silence_says_nothing_while_a_file_of_the_bank_is_late(self):
        expectation = self.env["bank.file.expectation"].create(
            {
                "name": "Payments",
                "connection_id": self.connection.id,
                "settled_until": day(3, 24),
                "by_time": 18.0,
            }
        )
        self._at(2026, 3, 26, 4, 0)  # yesterday's has not come
        cron = self.env["direct.debit.order"].sudo()
        cron._cron_debit_silence()
        self.assert_order(self.invoice, state="sent")
        expectation.action_nothing_comes()
        cron._cron_debit_silence()
        self.assert_order(self.invoice, state="failed")

    def test_silence_says_nothing_while_files_are_unread_or_the_channel_is_dead(self):
        self._at(2026, 3, 26, 4, 0)
        cron = self.env["direct.debit.order"].sudo()
        file = self._receive(self._content(self._payment(5)))
        cron._cron_debit_silence()
        self.assert_order(self.invoice, state="sent")
        file._process()
        channel = self.env["bank.channel"].create({"name": "By hand"})
        self.connection.channel_id = channel
        channel.last_error = "The server does not answer."
        cron._cron_debit_silence()
        self.assert_order(self.invoice, state="sent")
        channel.last_error = False
        cron._cron_debit_silence()
        self.assert_order(self.invoice, state="failed")

    def test_silence_is_no_answer_where_the_bank_reports_what_fails(self):
        self.agreement.debit_silence_days = 0
        self._at(2026, 4, 26, 4, 0)
        self.env["direct.debit.order"].sudo()._cron_debit_silence()
        self.assert_order(self.invoice, state="sent")

    def test_a_file_that_never_left_is_no_silence(self):
        other = self._due(self.other, 100, day(3, 24))
        self.connection.sudo()._make_debit_file(everything=True)
        self._at(2026, 4, 26, 4, 0)
        self.env["direct.debit.order"].sudo()._cron_debit_silence()
        self.assert_order(other, state="sent")

    # ------------------------------------------------------------------ requests

    def test_accepted_is_noted_only(self):
        self._book(extra=[self._answer("accepted", self.invoice)])
        order = self.assert_order(self.invoice, state="sent")
        self.assertEqual(order.event_ids.mapped("kind"), ["accepted"])

    def test_rejected_request_has_failed(self):
        self._book(extra=[self._answer("rejected", self.invoice, meaning="No mandate")])
        self.assert_order(self.invoice, state="failed", meaning="No mandate")
        self.assertEqual(self.mandate.failure_count, 1)

    def test_withdrawn_by_the_payer_has_failed(self):
        self._book(extra=[self._answer("withdrawn", self.invoice, meaning="Stopped by payer")])
        self.assert_order(self.invoice, state="failed", meaning="Stopped by payer")

    def _withdraw(self, invoice):
        self._order(invoice).action_stop()
        file = self.connection.sudo()._make_debit_file(everything=True)
        file._mark_sent()
        return file

    def test_confirmed_withdrawal(self):
        other = self._due(self.other, 100, day(4, 20))
        self._sent()
        self._withdraw(other)
        self._book(extra=[self._answer("withdrawn", other, due_date=day(4, 20))])
        order = self.assert_order(other, state="withdrawn", withdraw_reason="person")
        self.assertEqual(order.event_ids.mapped("kind"), ["withdrawn"])
        self.assertEqual(self.other_mandate.failure_count, 0)

    def test_refused_withdrawal_is_a_row_on_the_desk(self):
        other = self._due(self.other, 100, day(4, 20))
        self._sent()
        self._withdraw(other)
        self._book(extra=[self._answer("rejected", other, due_date=day(4, 20), meaning="Unknown")])
        order = self._order(other)
        self.assertIn("refused its withdrawal: Unknown", self._desk(order, "debit_gone").name)

    def test_money_of_a_withdrawn_debit_collects_it(self):
        other = self._due(self.other, 100, day(4, 20))
        self._sent()
        self._withdraw(other)
        self._book(self._debited(other, 100, bank_date=day(4, 20)))
        self.assert_order(other, state="collected")
