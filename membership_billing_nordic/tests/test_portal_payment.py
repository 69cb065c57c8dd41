"""Paying online on the portal, on the core's own routes, beside debits."""

from types import SimpleNamespace
from unittest import SkipTest
from unittest.mock import patch
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg2
from odoo import Command
from odoo.addons.payment.utils import generate_access_token
from odoo.exceptions import UserError, ValidationError
from odoo.tests import HttpCase, JsonRpcException, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from ..models.debit.payment_transaction_asking import QUESTIONS
from .debit_common import DebitCommon, day
from .run_common import RunCommon


class CardCommon:
    """A provider that does as it is told, in the company of the test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.method = cls.env.ref("payment_demo.payment_method_demo", raise_if_not_found=False)
        if not cls.method:
            raise SkipTest("payment_demo is not installed")
        cls.method.sudo().active = True
        cls.provider = cls._provider()

    @classmethod
    def _provider(cls, name="Cards", **values):
        demo = cls.env.ref("payment.payment_provider_demo").sudo()
        return demo.copy(
            {
                "name": name,
                "company_id": cls.company.id,
                "state": "test",
                "is_published": True,
            }
            | values
        )

    def _begun(self, invoice, **values):
        """A transaction of ``invoice`` as the portal makes it."""
        values = {
            "provider_id": self.provider.id,
            "payment_method_id": self.method.id,
            "amount": invoice.amount_residual,
            "currency_id": invoice.currency_id.id,
            "partner_id": invoice.partner_id.id,
            "operation": "online_direct",
            "invoice_ids": [Command.set(invoice.ids)],
        } | values
        return self.env["payment.transaction"].sudo().create(values)

    def _paid(self, transaction):
        transaction._set_done()
        transaction._post_process()
        return transaction


@tagged("post_install", "-at_install", "post_install_l10n")
class TestPortalPayment(CardCommon, DebitCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = new_test_user(cls.env, "owner", "base.group_portal", name="Kari Eier")
        cls.mandate_of_owner = cls._mandate(cls.owner.partner_id)

    def setUp(self):
        super().setUp()
        self.invoice = self._due(self.owner.partner_id, 450, day(3, 20))

    # ------------------------------------------------------------------ what a browser does

    def _ask(self, invoice=None, route="", **wish):
        """Press the button of the payment form, with only the link of the invoice."""
        invoice = invoice or self.invoice
        values = {
            "access_token": invoice._portal_ensure_token(),
            "provider_id": self.provider.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "amount": 450.0,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/my/invoices/1",
        } | wish
        route = route or f"/invoice/transaction/{invoice.id}"
        if not values["access_token"]:
            del values["access_token"]
        return self.make_jsonrpc_request(route, values)

    def _refused(self, *args, **wish):
        before = self._transactions()
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException) as refusal:
            self._ask(*args, **wish)
        self.assertEqual(self._transactions(), before)
        return refusal.exception

    def _answers(self, answer, state):
        """The provider tells what became of a payment, and the browser comes back."""
        self.make_jsonrpc_request(
            "/payment/demo/simulate_payment",
            {
                "reference": answer["reference"],
                "payment_details": "1234",
                "simulated_state": state,
            },
        )
        return self.make_jsonrpc_request("/payment/status/poll", {})

    def _page(self, invoice=None, path=""):
        invoice = invoice or self.invoice
        answer = self.url_open(path or invoice.get_portal_url())
        self.assertEqual(answer.status_code, 200)
        return answer.text

    def _transactions(self, invoice=None):
        transactions = self.env["payment.transaction"].sudo()
        return transactions.search([("invoice_ids", "in", (invoice or self.invoice).ids)])

    def _card(self, partner, state="done"):
        return (
            self.env["payment.token"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.method.id,
                    "partner_id": partner.id,
                    "provider_ref": "card",
                    "payment_details": "4321",
                    "demo_simulated_state": state,
                }
            )
        )

    def _with_card(self, card, **wish):
        return {"flow": "token", "token_id": card.id, "payment_method_id": None} | wish

    # ------------------------------------------------------------------ P1 to P10

    def test_p1_the_amount_is_what_is_open_whatever_the_browser_says(self):
        self._pay(self.invoice, 50)
        for amount in (1.0, 5000.0, None, "x"):
            with self.subTest(amount=amount):
                answer = self._ask(amount=amount)
                self.assertEqual(answer["amount"], 400.0)
        self.assertEqual(self._transactions().mapped("amount"), [400.0])
        self.assertEqual(self._transactions().operation, "online_direct")

    def test_p1_a_check_of_a_card_is_no_way_to_another_amount(self):
        self._ask(is_validation=True, amount=1.0)
        transaction = self._transactions()
        self.assertEqual((transaction.operation, transaction.amount), ("online_direct", 450.0))

    def test_p2_a_saved_card_is_charged_for_its_logged_in_owner_only(self):
        card = self._card(self.owner.partner_id)
        self._refused(**self._with_card(card, amount=4321.0))
        new_test_user(self.env, "stranger", "base.group_portal")
        self.authenticate("stranger", "stranger")
        self._refused(**self._with_card(card))
        self.authenticate("owner", "owner")
        self.assertEqual(self._ask(**self._with_card(card, amount=4321.0))["state"], "done")
        self.assertEqual(self._transactions().mapped("amount"), [450.0])

    def test_p2_a_link_shows_no_saved_cards(self):
        self._card(self.owner.partner_id)
        self.assertNotIn("4321", self._page())
        link = self._payment_link(450.0)
        self.assertNotIn("4321", self._page(path=link))
        self.authenticate("owner", "owner")
        self.assertIn("4321", self._page())

    def test_p3_a_link_stores_no_card(self):
        answer = self._ask(tokenization_requested=True)
        self.assertFalse(answer["should_tokenize"])
        self.authenticate("owner", "owner")
        self.assertTrue(self._ask(tokenization_requested=True)["should_tokenize"])

    def test_p4_only_providers_and_methods_that_are_offered(self):
        hidden = self._provider("Hidden", is_published=False)
        self._refused(provider_id=hidden.id)
        other = self.env["payment.method"].sudo().search([("code", "=", "card")], limit=1)
        self._refused(payment_method_id=other.id)
        self._refused(flow="offline")
        self.provider.maximum_amount = 449.0
        self._refused()
        self.provider.maximum_amount = 450.0
        self.assertEqual(self._ask()["state"], "draft")

    def test_p5_the_way_back_is_ours(self):
        answer = self._ask(landing_route="https://evil.example/")
        result = self._answers(answer, "done")
        self.assertEqual(result["landing_route"], self.invoice.get_portal_url())
        self.assertEqual(result["state"], "done")

    def test_p7_the_same_payment_is_gone_on_with(self):
        first = self._ask()
        self.assertEqual(self._ask(), first)
        self.assertEqual(len(self._transactions()), 1)

    def test_p7_another_payment_gives_up_the_one_before(self):
        first, second = self._ask(), self._ask(provider_id=self._provider("Other").id)
        states = {one.reference: one.state for one in self._transactions()}
        self.assertEqual(states, {first["reference"]: "cancel", second["reference"]: "draft"})

    def test_p7_an_old_attempt_is_begun_anew(self):
        first = self._ask()
        self._at(2026, 3, 2, 8, 10)
        self.assertNotEqual(self._ask()["reference"], first["reference"])

    @mute_logger("odoo.sql_db")
    def test_p7_two_live_payments_of_one_invoice_are_impossible(self):
        self._begun(self.invoice, reference="one")
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self._begun(self.invoice, reference="two")

    def test_p7_a_surplus_is_put_on_the_desk_until_the_next_invoice_uses_it(self):
        first = self._ask()
        second = self._ask(provider_id=self._provider("Other").id)
        for answer in (second, first):
            transaction = self._transactions().filtered(
                lambda one, answer=answer: one.reference == answer["reference"]
            )
            self._paid(transaction)
        surplus = transaction.payment_id
        row = self._desk(surplus, "payment_surplus")
        self.assertIn(self.invoice.name, row.name)
        self.assertIn("450.00", row.name)
        other = self._due(self.owner.partner_id, 450, day(3, 25))
        self.assertEqual(other.amount_residual, 0.0)
        self.assertEqual(row.state, "done")

    def test_p8_money_of_a_payment_given_up_is_booked(self):
        answer = self._ask()
        self.assertEqual(self._answers(answer, "cancel")["state"], "cancel")
        self.assertTrue(self.invoice._has_to_be_paid())
        self.assertEqual(self._answers(answer, "done")["state"], "done")
        self.assertEqual(self.invoice.amount_residual, 0.0)
        self.assertEqual(self._transactions().payment_id.amount, 450.0)

    def test_p9_a_payment_that_failed_may_be_under_way_after_all(self):
        answer = self._ask()
        self._answers(answer, "error")
        self.assertTrue(self.invoice._has_to_be_paid())
        second = self._ask(provider_id=self._provider("Other").id)
        self._answers(answer, "pending")
        states = {one.reference: one.state for one in self._transactions()}
        self.assertEqual(states, {answer["reference"]: "pending", second["reference"]: "cancel"})
        self._refused()

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_p9_but_not_while_another_one_is(self):
        answer = self._ask()
        self._answers(answer, "error")
        second = self._ask(provider_id=self._provider("Other").id)
        self._answers(second, "pending")
        failed = self._transactions().filtered(lambda one: one.reference == answer["reference"])
        failed._set_pending()
        self.assertEqual(failed.state, "error")
        self.assertEqual(self._paid(failed).state, "done")

    def test_a_wrong_amount_is_never_booked_and_put_on_the_desk(self):
        begun = self._begun(self.invoice)
        kind = type(begun)
        says = {"amount": 4.5, "currency_code": self.invoice.currency_id.name}
        with patch.object(kind, "_extract_amount_data", lambda self, data: says):
            for _time in range(2):  # providers tell twice
                told = begun._process("demo", {"simulated_state": "done"})
                self.assertEqual((told, told.state), (begun, "error"))
        row = self._desk(begun, "payment_unclear")
        self.assertIn("names another amount", row.name)
        self.assertEqual(self.invoice.amount_residual, 450.0)

    def test_p10_the_link_of_an_invoice_is_told_nobody(self):
        self.authenticate("owner", "owner")
        signed = generate_access_token(
            self.owner.partner_id.id, 450.0, self.invoice.currency_id.id, env=self.env
        )
        pay = {"invoice_id": self.invoice.id, "amount": 450.0, "access_token": signed}
        for path in (
            self.invoice.get_portal_url(),
            self.invoice.get_portal_url(report_type="html"),
            "/my/invoices",
            "/my/invoices/overdue",
            f"/payment/pay?{urlencode(pay)}",
        ):
            with self.subTest(path=path.split("?")[0]):
                headers = self.url_open(path, allow_redirects=False).headers
                self.assertEqual(headers["Referrer-Policy"], "no-referrer")
                self.assertEqual(headers["Cache-Control"], "no-store")
                self.assertEqual(headers["X-Frame-Options"], "SAMEORIGIN")
                self.assertEqual(headers["Content-Security-Policy"], "frame-ancestors 'self'")
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")

    # ------------------------------------------------------------------ providers that are silent

    def _provider_says(self, state):
        """From now on the provider answers ``state`` when asked; an error when there is none."""
        kind = type(self.env["payment.transaction"])

        def ask(transaction):
            if not state:
                raise ValidationError("no answer")
            return {"reference": transaction.reference, "simulated_state": state}

        self.startPatcher(patch.object(kind, "_mbn_can_be_asked", lambda self: True))
        self.startPatcher(patch.object(kind, "_mbn_ask", ask))

    def _asked_about(self, begun):
        """Run the scheduled action; was the provider asked about ``begun``?"""
        before = begun.mbn_asked_on
        self.env["payment.transaction"]._cron_mbn_ask()
        return begun.mbn_asked_on != before

    def test_a_pending_payment_is_asked_about_until_it_is_paid(self):
        begun = self._begun(self.invoice)
        begun._set_pending()
        self._provider_says("done")
        self._at(2026, 3, 2, 8, 9)
        self.assertFalse(self._asked_about(begun))
        self._at(2026, 3, 2, 8, 10)
        self.assertTrue(self._asked_about(begun))
        self.assertEqual(begun.state, "done")

    def test_what_a_payer_left_is_asked_about_when_an_hour_is_over(self):
        answer = self._ask()
        begun = self._transactions()
        self._answers(answer, "cancel")
        self._provider_says("done")
        self._at(2026, 3, 2, 8, 59)
        self.assertFalse(self._asked_about(begun))
        self._at(2026, 3, 2, 9, 0)
        self.assertTrue(self._asked_about(begun))
        self.assertEqual(begun.state, "done")

    @mute_logger("odoo.addons.membership_billing_nordic.models.debit.payment_transaction_asking")
    def test_who_does_not_answer_is_asked_less_and_less(self):
        begun = self._begun(self.invoice)
        begun._set_pending()
        self._provider_says(None)
        asked = []
        for minute in range(0, 240, 10):
            self._at(2026, 3, 2, 8 + minute // 60, minute % 60)
            if self._asked_about(begun):
                asked.append(minute)
        self.assertEqual(asked, [10, 20, 30, 40, 60, 80, 110, 150, 200])
        self.assertEqual(begun.state, "pending")

    def test_a_payment_pending_for_a_day_is_a_persons(self):
        begun = self._begun(self.invoice)
        begun._set_pending()
        self._at(2026, 3, 3, 8, 0)
        self.env["payment.transaction"]._cron_mbn_ask()
        self.assertFalse(self._desk(begun, "payment_unclear"))
        self._at(2026, 3, 3, 8, 1)
        self.env["payment.transaction"]._cron_mbn_ask()
        row = self._desk(begun, "payment_unclear")
        self.assertIn(f"whether {self.invoice.name} is paid", row.name)
        with self.assertRaisesRegex(UserError, "cannot be asked from here"):
            row.action_ask_provider()
        row.action_payment_not_made()
        self.assertEqual((begun.state, row.state), ("cancel", "done"))
        self.assertTrue(self.invoice._has_to_be_paid())
        self._paid(begun)  # the money comes all the same
        self.assertEqual(self.invoice.amount_residual, 0.0)

    def test_a_person_asks_again(self):
        begun = self._begun(self.invoice)
        begun._set_pending()
        begun._mbn_put_on_desk("pending")
        row = self._desk(begun, "payment_unclear")
        self._provider_says("done")
        message = row.action_ask_provider()["params"]["message"]
        self.assertEqual(message, f"{begun.reference}: Confirmed")
        self.assertEqual(row.state, "done")

    def test_money_that_cannot_be_booked_is_a_persons(self):
        begun = self._begun(self.invoice)
        begun._set_done()
        self._at(2026, 3, 3, 8, 1)
        self.env["payment.transaction"]._cron_mbn_ask()
        row = self._desk(begun, "payment_unclear")
        self.assertIn("cannot be booked", row.name)
        with self.assertRaisesRegex(UserError, "is paid"):
            row.action_payment_not_made()
        row.action_ask_provider()
        self.assertEqual((row.state, self.invoice.amount_residual), ("done", 0.0))

    def test_providers_of_the_core_are_asked_with_their_own_reference(self):
        requests = []

        def send(method, path, **kwargs):
            requests.append((method, path, kwargs))
            return {"id": "x", "payment_method": "card"}

        begun = SimpleNamespace(provider_reference="tr_7", _send_api_request=send)
        self.assertEqual(QUESTIONS["mollie"](begun)["id"], "x")
        self.assertEqual(
            QUESTIONS["stripe"](begun),
            {"payment_intent": {"id": "x", "payment_method": "card"}, "payment_method": "card"},
        )
        expanded = {"data": {"expand[]": "payment_method"}}
        self.assertEqual(
            requests,
            [("GET", "/payments/tr_7", {}), ("GET", "payment_intents/tr_7", expanded)],
        )

    # ------------------------------------------------------------------ amounts to choose

    def _in_two_parts(self, payer):
        """An invoice of 40 due on 22 March and 60 due on 21 April."""
        parts = [
            Command.create({"value": "percent", "value_amount": share, "nb_days": days})
            for share, days in ((40, 20), (60, 50))
        ]
        terms = self.env["account.payment.term"].create({"name": "Two parts", "line_ids": parts})
        return self._invoice(payer, 100, invoice_date=day(3, 2), invoice_payment_term_id=terms.id)

    def test_an_instalment_may_be_chosen(self):
        invoice = self._in_two_parts(self.without)
        self.assertEqual(self._ask(invoice, amount=40.0)["amount"], 40.0)
        self.assertEqual(self._ask(invoice, amount=60.0)["amount"], 100.0)

    def _payment_link(self, amount):
        wizard = (
            self.env["payment.link.wizard"]
            .with_context(active_model="account.move", active_id=self.invoice.id)
            .create({"amount": amount, "res_model": "account.move", "res_id": self.invoice.id})
        )
        link = urlsplit(wizard.link)
        return f"/{link.path.lstrip('/')}?{link.query}"

    def test_the_amount_of_an_offices_link_is_kept(self):
        page = self._page(path=self._payment_link(120.0))
        route = page.split('data-transaction-route="')[1].split('"')[0].replace("&amp;", "&")
        self.assertEqual(parse_qs(urlsplit(route).query)["offer"], ["120.0"])
        self.assertEqual(self._ask(route=route, amount=120.0)["amount"], 120.0)
        self.assertEqual(self._ask(route=route.replace("120", "1"), amount=1.0)["amount"], 450.0)

    def test_the_cores_own_page_of_payments_obeys_too(self):
        self._card(self.owner.partner_id)
        signed = (self.owner.partner_id.id, 120.0, self.invoice.currency_id.id)
        path = "/payment/pay?" + urlencode(
            {
                "invoice_id": self.invoice.id,
                "amount": 120.0,
                "access_token": generate_access_token(*signed, env=self.env),
            }
        )
        page = self._page(path=path)
        self.assertIn(f"/invoice/transaction/{self.invoice.id}?offer=120.0", page)
        self.assertNotIn("4321", page)
        self._sent()
        self.assertNotIn("o_payment_radio", self._page(path=path))

    # ------------------------------------------------------------------ beside debits

    def test_while_the_debit_is_sent_its_date_is_shown_and_nobody_can_pay(self):
        self.assertIn("#pay_with", self._page())
        self.assertIn("If you do not pay before", self._page())
        self._sent()
        page = self._page()
        self.assertNotIn("#pay_with", page)
        self.assertRegex(page, r"collected from your account on\s+03/20/2026. You need not pay it.")
        self._refused()
        self.assertEqual(
            self.invoice._get_online_payment_error(),
            "This invoice is collected from your account on 03/20/2026.",
        )
        self.authenticate("owner", "owner")
        listed = self._page(path="/my/invoices")
        self.assertIn("Collected on", listed)
        self.assertNotIn("Pay Now</span>", listed)

    def test_a_failed_debit_opens_the_button_again(self):
        self._sent()
        self._order(self.invoice).sudo()._fail("X", "No cover")
        self.assertIn("#pay_with", self._page())

    def test_a_planned_debit_is_dropped_when_the_payer_pays(self):
        self._answers(self._ask(), "done")
        self.assertEqual(self.invoice.amount_residual, 0.0)
        self.assert_order(self.invoice, state="withdrawn", withdraw_reason="paid", file_id=False)
        self.assertNotIn("#pay_with", self._page())

    def test_a_pending_payment_holds_the_debit_out_of_the_file(self):
        self._answers(self._ask(), "pending")
        self._at(2026, 3, 17, 14, 0)
        self.assertFalse(self._make())
        order = self.assert_order(
            self.invoice, state="planned", left_out="Its invoice is being paid online."
        )
        self.assertNotIn("#pay_with", self._page())
        self._refused()
        self._transactions()._set_canceled()
        self.assertEqual(self._make().request_count, 1)
        self.assertEqual(order.state, "sent")

    def test_a_payment_begun_and_left_holds_the_debit_for_an_hour(self):
        self._at(2026, 3, 17, 14, 0)
        self._begun(self.invoice)
        self._at(2026, 3, 17, 14, 59)
        self.assertEqual(self.invoice._mbn_being_paid(), self.invoice)
        self._at(2026, 3, 17, 15, 0)
        self.assertFalse(self.invoice._mbn_being_paid())

    def test_money_here_and_not_booked_is_not_asked_for_twice(self):
        self._begun(self.invoice)._set_done()
        self.assertFalse(self.invoice._has_to_be_paid())
        self.assertEqual(self.invoice._mbn_being_paid(), self.invoice)

    def test_an_authorised_payment_takes_a_sent_debit_back(self):
        begun = self._begun(self.invoice)
        self._at(2026, 3, 2, 9, 0)
        self._sent()
        begun._set_authorized()
        order = self.assert_order(self.invoice, state="sent", withdraw_wanted=True)
        begun._set_canceled()
        self.assertRecordValues(order, [{"state": "sent", "withdraw_wanted": False}])

    def test_a_payment_of_one_instalment_takes_back_its_debit_only(self):
        invoice = self._in_two_parts(self.payer)
        begun = self._begun(invoice, amount=40.0)
        self._at(2026, 3, 2, 9, 0)
        self._sent()
        begun._set_authorized()
        wanted = {order.amount: order.withdraw_wanted for order in self._order(invoice)}
        self.assertEqual(wanted, {40.0: True, 60.0: False})

    def test_a_debit_withdrawn_for_a_payment_that_fails_is_collected_after_all(self):
        begun = self._begun(self.invoice)
        self._at(2026, 3, 2, 9, 0)
        self._sent()
        begun._set_authorized()
        self._sent()
        self.assert_order(self.invoice, state="withdrawn")
        begun._set_canceled()
        self.assertEqual(
            sorted(self._order(self.invoice).mapped("state")), ["planned", "withdrawn"]
        )

    def test_a_debit_that_cannot_be_stopped_any_more_is_put_on_the_desk(self):
        begun = self._begun(self.invoice)
        self._at(2026, 3, 2, 9, 0)
        self._sent()
        self._at(2026, 3, 19, 15, 0)
        self._paid(begun)
        row = self._desk(self._order(self.invoice), "debit_gone")
        self.assertIn("Meanwhile its invoice was paid", row.name)

    # ------------------------------------------------------------------ several, and others'

    def test_overdue_invoices_are_paid_in_one_go_without_those_being_collected(self):
        self._sent()
        second = self._due(self.owner.partner_id, 100, day(3, 21), mbn_collect=False)
        third = self._due(self.owner.partner_id, 70, day(3, 22), mbn_collect=False)
        self._pay(second, 30)
        self._at(2026, 3, 23, 9, 0)
        self.authenticate("owner", "owner")
        self.assertIn("140.00", self._page(path="/my/invoices/overdue"))
        answer = self._ask(
            route="/invoice/transaction/overdue", payment_reference="x", access_token=None
        )
        transaction = self._transactions(second)
        self.assertEqual(transaction.invoice_ids, second | third)
        self.assertEqual((answer["amount"], transaction.landing_route), (140.0, "/my/invoices"))

    def test_other_invoices_are_left_to_the_core(self):
        self.sale_journal.mbn_agreement_id = False
        invoice = self._invoice(self.without, 100)
        self.assertEqual(self._ask(invoice, amount=1.0)["amount"], 1.0)
        self.assertFalse(self._transactions(invoice).mbn_attempt_ids)

    def test_a_token_of_another_invoice_opens_nothing(self):
        other = self._due(self.without, 100, day(3, 20))
        self._refused(access_token=other._portal_ensure_token())


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestMembershipPaidOnline(CardCommon, RunCommon):
    def test_a_payment_online_pays_the_period(self):
        contract = self._contract()
        self.sale_journal.mbn_agreement_id = False
        invoice = self._bill("2027-01-15").line_ids.invoice_id
        self.assertTrue(invoice._mbn_guarded())
        self._paid(self._begun(invoice))
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(contract.period_ids.state, "paid")
