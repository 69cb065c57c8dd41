"""What follows when a debit fails or a mandate is refused. It is Friday, 20 March 2026."""

from datetime import date
from unittest.mock import patch

import psycopg2
from lxml import html
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .debit_common import DebitCommon, day
from .membership_common import MembershipCommon
from .test_portal_payment import CardCommon


class FailureCommon(DebitCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer.email = "kari@example.com"
        cls.policy = cls.env.ref("membership_billing_nordic.failure_policy_default")
        cls.failures = cls.env["direct.debit.failure"]

    def _fail(self, orders, code="07", meaning="Not enough money on the account", **values):
        """The bank says that these orders brought nothing; their failures."""
        orders.sudo()._fail(code, meaning, **values)
        return self.failures.search([("order_id", "in", orders.ids)])

    def _follow_up(self):
        self.failures.sudo()._cron_debit_failures()
        self.env.flush_all()

    def _body(self, failure):
        """The words of the message, and its links."""
        tree = html.fromstring(failure.message_id.body)
        return " ".join(tree.text_content().split()), tree.xpath("//a/@href")

    def _step(self, number=1, **values):
        """The step that holds for the ``number``-th failure, changed to this."""
        step = self.policy._step("failed", number)
        step.write(values)
        return step

    def _listed(self):
        return self.env["direct.debit.call"].search([("state", "!=", "done")])


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDebitFailurePolicy(FailureCommon):
    def setUp(self):
        super().setUp()
        self.invoice = self._due(self.payer, 450, day(3, 20))
        self.order = self._order(self.invoice)
        self._sent()
        self._at(2026, 3, 20, 15, 0)

    # ------------------------------------------------------------------ messages

    def test_the_first_failure_is_told_with_reason_invoice_and_link(self):
        failure = self._fail(self.order)
        self.assertRecordValues(failure, [{"state": "waiting", "number": 1, "event": "failed"}])
        self._follow_up()
        self.assertRecordValues(
            failure, [{"state": "sent", "channel": "email", "address": "kari@example.com"}]
        )
        text, links = self._body(failure)
        self.assertIn("by direct debit on 03/20/2026, but it did not work", text)
        self.assertIn("Not enough money on the account", text)
        self.assertIn(f"Invoice {self.invoice.name}, $ 450.00, due on 03/20/2026", text)
        self.assertIn("Pay this once", text)
        self.assertIn("sign up for direct debit again", text)
        self.assertIn("by other means from now on", text)
        self.assertNotIn("amount too much", text)
        self.assertNotIn("We try again", text)
        self.assertTrue(all(f"access_token={self.invoice.access_token}" in to for to in links))
        self.assertEqual(failure.message_id.notified_partner_ids, self.payer)
        self.assertIn(failure.message_id, self.invoice.message_ids)
        self.assertIn("was told by E-mail", self.mandate.message_ids[0].body)
        self.assertFalse(self._listed())

    def test_the_third_in_a_row_tells_why_it_matters_and_is_listed(self):
        self.mandate.failure_count = 2
        failure = self._fail(self.order)
        self._follow_up()
        self.assertEqual(failure.number, 3)
        text, _links = self._body(failure)
        self.assertIn("did not work 3 times in a row", text)
        self.assertIn("amount too much", text)
        self.assertRecordValues(
            self._listed(), [{"partner_id": self.payer.id, "reason": "3 debits failed in a row."}]
        )

    def test_steps_of_a_policy_hold_for_later_failures_until_the_next_one(self):
        first, third = self._step(1), self._step(3)
        found = [self.policy._step("failed", number) for number in (1, 2, 3, 4)]
        self.assertEqual(found, [first, first, third, third])
        (first | third).and_later = False
        found = [self.policy._step("failed", number) for number in (1, 2, 3, 4)]
        self.assertEqual(found, [first, first.browse(), third, first.browse()])

    def test_debits_that_fail_together_are_counted_one_by_one(self):
        second = self._order(self._due(self.payer, 100, day(3, 25)))
        self._sent()
        failures = self._fail(self.order | second)
        numbers = {failure.order_id: failure.number for failure in failures}
        self.assertEqual(numbers, {self.order: 1, second: 2})

    def test_a_debit_is_noted_once_whatever_is_read_again(self):
        self._fail(self.order)
        self.order.sudo()._after_failure()
        self.assertEqual(len(self.order.failure_ids), 1)
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"):
            self.order.failure_ids.sudo().copy()
            self.env.flush_all()

    def test_money_that_is_paid_back_is_another_event(self):
        failure = self._fail(self.order)
        self._follow_up()
        payment = self._payment(
            450, self.invoice.payment_reference, method="direct_debit", bank_date=day(3, 20)
        )
        self._book(payment)
        self.assertEqual(failure.settled_on, day(3, 20))
        self.order.sudo().write({"state": "reversed", "failed_on": day(3, 20)})
        self.order.sudo()._after_failure()
        self.assertEqual(self.order.failure_ids.mapped("event"), ["reversed", "failed"])

    def test_silence_of_the_bank_is_told_in_plain_words(self):
        failure = self._fail(
            self.order, "", "No money and no answer from the bank.", kind="silence"
        )
        self.assertEqual(failure.payer_reason, "the bank did not carry it out")

    def test_a_debit_that_we_gave_up_ourselves_is_no_failure(self):
        self.order.sudo().write({"withdraw_wanted": True, "withdraw_reason": "person"})
        self.assertFalse(self._fail(self.order))
        self.assertEqual(self.order.state, "failed")

    def test_the_front_desk_sees_what_was_told(self):
        desk = new_test_user(
            self.env,
            "desk",
            "membership_billing_nordic.group_billing_front_desk",
            company_id=self.company.id,
        )
        failure = self._fail(self.order)
        self._follow_up()
        for record in (failure, self.order, self.mandate):
            record = record.with_user(desk)
            view = record.get_view(view_type="form")
            names = set(view["models"][record._name]) & set(record.fields_get())
            self.env.invalidate_all()
            read = record.web_read({name: {"fields": {}} for name in names})
            self.assertEqual(read[0]["id"], record.id)
        self.assertEqual(failure.with_user(desk).invoice_names, self.invoice.name)
        with self.assertRaises(AccessError):
            failure.with_user(desk).action_send_again()

    def test_without_a_step_nothing_is_sent(self):
        self.policy.step_ids.unlink()
        failure = self._fail(self.order)
        self._follow_up()
        self.assertEqual(failure.state, "none")

    def test_the_company_chooses_another_policy_than_the_first(self):
        other = self.policy.copy({"name": "Strict", "sequence": 99})
        self.assertEqual(len(other.step_ids), 3)
        failure = self._fail(self.order)
        self.assertEqual(failure._policy(), self.policy)
        self.company.mbn_failure_policy_id = other
        self.assertEqual(failure._policy(), other)
        other.active = False
        self.assertEqual(failure._policy(), self.policy)

    # ------------------------------------------------------------------ reaching the payer

    def test_who_cannot_be_reached_is_on_the_desk(self):
        self.payer.email = False
        failure = self._fail(self.order)
        self._follow_up()
        self.assertRecordValues(
            failure, [{"state": "failed", "reason": "There is no usable address."}]
        )
        self.assertIn("Kari Nordmann could not be told", self._desk(failure, "debit_untold").name)
        self.payer.email = "kari@example.com"
        failure.action_send_again()
        self._follow_up()
        self.assertEqual(failure.state, "sent")
        self.assertFalse(self._desk(failure, "debit_untold"))

    def test_what_comes_back_goes_by_the_next_channel(self):
        self.payer.phone = "+47 400 00 000"
        self.env["billing.delivery.step"].create(
            [
                {"company_id": self.company.id, "sequence": 1, "channel": "email"},
                {"company_id": self.company.id, "sequence": 2, "channel": "sms"},
            ]
        )
        failure = self._fail(self.order)
        self._follow_up()
        failure.message_id.sudo().notification_ids.notification_status = "bounce"
        self._follow_up()
        self.assertRecordValues(failure, [{"state": "sent", "channel": "sms", "tried": "email"}])
        self.assertIn(
            "your direct debit of $ 450.00 failed (Not enough money on the account). "
            "Pay or see more: " + self.invoice.mbn_short_url,
            html.fromstring(failure.message_id.body).text_content().replace("\xa0", " "),
        )
        self.assertIn("/mi/", self.invoice.mbn_short_url)
        self.assertRecordValues(
            self.invoice.mbn_delivery_ids.sorted("id"),
            [
                {"document": "debit", "channel": "email"},
                {"document": "debit", "channel": "sms"},
            ],
        )

    def test_who_gets_letters_gets_the_invoice_once_more(self):
        self.payer.write({"street": "Storgata 1", "zip": "0155", "city": "Oslo", "email": False})
        self.payer.with_company(self.company).invoice_sending_method = "letter"
        failure = self._fail(self.order)
        self._follow_up()
        self.assertRecordValues(failure, [{"state": "sent", "channel": "letter"}])
        self.assertEqual(self.invoice.mbn_send_state, "print")

    def test_one_message_that_cannot_be_made_stops_no_other(self):
        second = self._order(self._due(self.other, 100, day(3, 25)))
        self.other.email = "ola@example.com"
        self._sent()
        bad, good = self._fail(self.order), self._fail(second)
        send = type(self.failures)._send_email

        def sometimes(failure):
            if failure.partner_id == self.payer:
                raise ValueError("broken template")
            return send(failure)

        with (
            patch.object(type(self.failures), "_send_email", sometimes),
            mute_logger("odoo.addons.membership_billing_nordic.models.debit.direct_debit_failure"),
        ):
            self._follow_up()
        self.assertEqual((bad.state, good.state), ("failed", "sent"))
        self.assertIn("ValueError", bad.reason)

    # ------------------------------------------------------------------ refused mandates

    def test_a_refused_mandate_is_told_with_the_cause_and_how_to_try_again(self):
        self.mandate.sudo()._end("rejected", "Account is closed")
        failure = self.mandate.failure_ids
        self._follow_up()
        text, _links = self._body(failure)
        self.assertIn("The reason: Account is closed.", text)
        self.assertIn("Check the account number, and sign up once more", text)
        self.assertIn(f"Invoice {self.invoice.name}, $ 450.00", text)
        self.assertRecordValues(failure, [{"event": "setup", "state": "sent"}])

    def test_a_new_mandate_settles_the_refusal(self):
        self.mandate.sudo()._end("rejected", "Account is closed")
        self.env.flush_all()
        failure = self.mandate.failure_ids
        new = self.env["direct.debit.mandate"].create(
            {"agreement_id": self.agreement.id, "partner_id": self.payer.id}
        )
        new.action_activate()
        self.assertRecordValues(failure, [{"state": "dropped", "settled_on": day(3, 20)}])

    def test_a_mandate_that_its_payer_ended_is_no_refusal(self):
        self.mandate.sudo()._end("cancelled", "Ended by the payer")
        self.assertFalse(self.mandate.failure_ids)

    # ------------------------------------------------------------------ hard and soft

    def test_a_hard_failure_ends_the_mandate(self):
        self.agreement.debit_retries = 2
        planned = self._order(self._due(self.payer, 100, day(4, 20)))
        hard = patch.object(
            type(self.agreement), "_hard_failure_codes", lambda self: frozenset(["04"])
        )
        with hard:
            failure = self._fail(self.order, "04", "The account is closed")
        self.assertRecordValues(
            self.mandate, [{"state": "cancelled", "ended_meaning": "The account is closed"}]
        )
        self.assertEqual(planned.state, "withdrawn")
        self._follow_up()
        self.assertFalse(failure.retry_order_id)
        self.assertIn("Your direct debit has ended with this.", self._body(failure)[0])

    def test_silence_is_never_hard(self):
        self.assertFalse(self.agreement._failure_is_hard(""))
        self.assertFalse(self.agreement._failure_is_hard("04"))

    def test_a_soft_failure_is_tried_again_and_told(self):
        self.agreement.write({"debit_retries": 1, "debit_retry_days": 8})
        self._step(1, is_listed=True)
        failure = self._fail(self.order)
        self._follow_up()
        retry = failure.retry_order_id
        # Saturday, 28 March, is no banking day, and Monday begins Easter week
        self.assertRecordValues(
            retry,
            [
                {
                    "state": "planned",
                    "due_date": day(3, 30),
                    "original_due_date": day(3, 20),
                    "amount": 450.0,
                    "retry_of_id": self.order.id,
                    "retry_number": 1,
                }
            ],
        )
        self.assert_due(self.invoice, day(3, 20))
        self.assertIn("We try again on 03/30/2026.", self._body(failure)[0])
        self.assertFalse(self._listed())
        self._sent()
        self._at(2026, 3, 30, 15, 0)
        last = self._fail(retry)
        self._follow_up()
        self.assertFalse(last.retry_order_id)
        self.assertRecordValues(self._listed(), [{"partner_id": self.payer.id}])
        self.assertFalse(self.invoice.mbn_debit_date)

    def test_the_policy_may_list_although_it_is_tried_again(self):
        self.agreement.debit_retries = 1
        self._step(1, is_listed=True, despite_retry=True)
        self._fail(self.order)
        self._follow_up()
        self.assertRecordValues(self._listed(), [{"partner_id": self.payer.id}])

    def test_a_retry_is_due_when_the_bank_can_reach_it(self):
        self.agreement.write({"debit_retries": 1, "debit_retry_days": 0, "debit_late": "invoice"})
        failure = self._fail(self.order)
        self._follow_up()
        # Friday after two o'clock counts as Monday, and two banking days are needed
        self.assertEqual(failure.retry_on, day(3, 25))

    def test_the_message_is_the_notice_of_the_retry(self):
        self.agreement.write({"debit_retries": 1, "debit_notice_by": "us", "debit_notice_days": 14})
        failure = self._fail(self.order)
        self._follow_up()
        self.assertRecordValues(
            failure.retry_order_id, [{"due_date": day(4, 7), "notified_on": day(3, 20)}]
        )

    def test_what_was_paid_back_is_not_tried_again(self):
        self.agreement.debit_retries = 1
        self.order.sudo().write({"state": "reversed", "failed_on": day(3, 20)})
        self.order.sudo()._after_failure()
        self._follow_up()
        self.assertFalse(self.order.failure_ids.retry_order_id)

    # ------------------------------------------------------------------ paid after all

    def test_who_pays_before_the_message_gets_none(self):
        failure = self._fail(self.order)
        self._pay(self.invoice, 450)
        self.assertRecordValues(failure, [{"state": "dropped", "settled_on": day(3, 20)}])
        self._follow_up()
        self.assertEqual(failure.state, "dropped")
        self.assertFalse(failure.message_id)

    def test_paid_in_whatever_way_the_count_begins_anew(self):
        self.mandate.failure_count = 2
        failure = self._fail(self.order)
        self._follow_up()
        self.assertTrue(self._listed())
        self._book(self._payment(200, self.invoice.payment_reference, method="giro"))
        self.assertEqual((self.mandate.failure_count, failure.settled_on), (3, False))
        rest = self._payment(250, self.invoice.payment_reference, method="giro", deposit_key="D2")
        self._book(rest)
        self.assert_open(self.invoice, 0)
        self.assertEqual((self.mandate.failure_count, failure.settled_on), (0, day(3, 20)))
        self.assertFalse(self._listed())

    def test_the_count_goes_on_while_another_failed_debit_is_open(self):
        second = self._due(self.payer, 100, day(3, 25))
        self._sent()
        self._fail(self.order | self._order(second))
        self._pay(second, 100)
        self.assertEqual(self.mandate.failure_count, 2)
        self._credit_note(self.invoice)
        self.assertEqual(self.mandate.failure_count, 0)

    def test_a_payment_that_is_undone_opens_it_again(self):
        failure = self._fail(self.order)
        self._follow_up()
        payment = self._pay(self.invoice, 450)
        self.assertTrue(failure.settled_on)
        payment.move_id.line_ids.remove_move_reconcile()
        self.assert_open(self.invoice, 450)
        self.assertFalse(failure.settled_on)
        self.assertEqual(failure.state, "sent")

    def test_an_invoice_that_is_taken_back_settles_it(self):
        failure = self._fail(self.order)
        self.invoice.button_draft()
        self.assertEqual(failure.state, "dropped")


@tagged("post_install", "-at_install", "post_install_l10n")
class TestMembershipOfFailedDebit(FailureCommon, MembershipCommon):
    """What failed debits mean to memberships."""

    def setUp(self):
        super().setUp()
        self._set_today(date(2026, 3, 2))
        self.plan = self._plan(name="Adult", price=100.0)
        self.contract = self._contract(self.plan, member=self.payer, start="2026-03-01")
        self.env["billing.run"]._bill_now(self.contract)
        self.order = self.env["direct.debit.order"].search([("partner_id", "=", self.payer.id)])
        self.invoice = self.order.line_ids.invoice_id
        self._sent()
        self._at(2026, 3, 17, 15, 0)
        self._set_today(date(2026, 3, 17))

    def _status(self):
        return self.contract.member_status, self.contract.status_reason

    def test_the_plan_chooses_the_policy(self):
        other = self.policy.copy({"name": "Of the plan", "sequence": 99})
        failure = self._fail(self.order)
        self.assertEqual(failure._policy(), self.policy)
        self.plan.failure_policy_id = other
        self.assertEqual(failure._policy(), other)

    def test_suspended_until_it_is_paid(self):
        self._step(1, membership="suspend")
        self._fail(self.order)
        self._follow_up()
        self.assertEqual(self._status(), ("suspended", "debit_failed"))
        self.assertEqual(
            self.contract.status_text,
            "Suspended: the debit failed. Active again as soon as it is paid.",
        )
        self.assertIn(f"Failed debit {self.invoice.name} by Email", self.payer.mbn_card_events)
        self.assertIn("was told by E-mail of the failed direct", self.contract.message_ids[0].body)
        payment = self._pay(self.invoice, 100)
        self.assertEqual(self._status(), ("active", "paid"))
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertEqual(self._status(), ("suspended", "debit_failed"))

    def test_a_retry_keeps_the_membership_going(self):
        self._step(1, membership="suspend")
        self.agreement.write({"debit_retries": 1, "debit_retry_days": 20})
        self.plan.grace_days = 0
        failure = self._fail(self.order)
        self._follow_up()
        self.assertEqual(self._status(), ("waiting", "debit_again"))
        self.assertEqual(
            self.contract.status_text,
            "Payment was due on 03/16/2026. It is collected on 04/07/2026.",
        )
        self.assertFalse(failure.contract_ids)
        self._sent()
        self._at(2026, 4, 7, 15, 0)
        self._set_today(date(2026, 4, 7))
        self._fail(failure.retry_order_id)
        self._follow_up()
        self.assertEqual(self._status(), ("suspended", "debit_failed"))
        self.assertIn("the debit failed 2 times in a row", self.contract.status_text)

    def test_what_is_paid_for_is_not_suspended(self):
        self._step(1, membership="suspend")
        self._fail(self.order)
        self._follow_up()
        self.contract.period_ids.sudo().state = "paid"
        self.contract._refresh_status()
        self.assertEqual(self._status(), ("active", "paid"))

    def test_lapse_ends_the_membership_and_credits_what_is_open(self):
        self._step(1, membership="lapse")
        self._fail(self.order)
        self._follow_up()
        self.assertRecordValues(
            self.contract,
            [{"state": "ended", "end_reason": "unpaid", "date_end": date(2026, 3, 1)}],
        )
        self.assert_open(self.invoice, 0)
        self.assertFalse(self.payer.mbn_card_contract_ids.filtered(lambda c: c.state != "ended"))

    def test_what_was_paid_in_part_does_not_lapse(self):
        self._step(1, membership="lapse")
        self._pay(self.invoice, 40)
        self._fail(self.order)
        self._follow_up()
        self.assertEqual(self.contract.state, "confirmed")
        self.assertIn("not paid in full", self._desk(self.contract, "membership_lapse_stuck").name)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestLinkOfFailedDebit(CardCommon, FailureCommon, HttpCase):
    def test_the_link_of_the_message_opens_the_invoice_with_its_pay_button(self):
        invoice = self._due(self.payer, 450, day(3, 20))
        self._sent()
        self._at(2026, 3, 20, 15, 0)
        url = invoice.get_portal_url()
        self.assertNotIn("Pay Now", self.url_open(url).text)
        failure = self._fail(self._order(invoice))
        self._follow_up()
        _text, links = self._body(failure)
        base = invoice.get_base_url()
        self.assertTrue(links[0].startswith(base))
        page = self.url_open(links[0][len(base) :])
        self.assertEqual(page.status_code, 200)
        self.assertIn(invoice.name, page.text)
        self.assertIn("Pay Now", page.text)
        self.assertIn(f"/invoice/transaction/{invoice.id}", page.text)
