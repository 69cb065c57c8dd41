import base64
import csv
import io
from datetime import date, datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .debit_common import DebitCommon, day
from .membership_common import MembershipCommon

MODULE = "membership_billing_nordic"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDebitCallList(DebitCommon, MembershipCommon):
    """Whom to call about failed debits, what becomes of it, and call agencies.

    It is Wednesday, 11 March 2026, nine o'clock, when the debit of 10 March has failed.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calls = cls.env["direct.debit.call"]
        cls.payer.write({"phone": "+47 22 00 00 01", "email": "kari@example.com"})
        cls.desk_user = cls._desk_user("desk", f"{MODULE}.group_billing_front_desk")

    @classmethod
    def _desk_user(cls, login, group):
        return new_test_user(
            cls.env,
            login=f"calls {login}",
            name=f"calls {login}",
            groups=group,
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )

    def _at(self, *moment):
        self._set_today(date(*moment[:3]))
        return super()._at(*moment)

    def _failed(self, payer=None, amount=350.0, due=None):
        """An invoice whose debit failed on 11 March, and its payer's row."""
        self._at(2026, 3, 2, 8)
        invoice = self._due(payer or self.payer, amount, due or day(3, 10))
        self._sent()
        self._at(2026, 3, 11, 8)
        order = self._order(invoice)
        order.sudo()._fail("5", "Not enough money on the account")
        return invoice, self.calls._list(orders=order, reason="First failure")

    def _save(self, call, outcome, user=None, **values):
        form = Form(
            self.env["direct.debit.call.outcome"]
            .with_user(user or self.env.user)
            .with_context(default_call_ids=call.ids, default_outcome=outcome)
        )
        for name, value in values.items():
            form[name] = value
        return form.save().action_save()

    def _history(self, call):
        return call.contact_ids.sorted("id").mapped("outcome")

    # ------------------------------------------------------------------ listing

    def test_a_failed_debit_is_listed_once_with_what_a_caller_needs(self):
        invoice, call = self._failed()
        self.assertRecordValues(
            call,
            [
                {
                    "partner_id": self.payer.id,
                    "agreement_id": self.agreement.id,
                    "mandate_id": self.mandate.id,
                    "phone": "+47 22 00 00 01",
                    "email": "kari@example.com",
                    "amount": 350.0,
                    "invoice_names": invoice.name,
                    "failure_count": 1,
                    "failed_on": date(2026, 3, 11),
                    "meaning": "Not enough money on the account",
                    "reason": "First failure",
                    "next_contact": date(2026, 3, 11),
                    "state": "to_call",
                    "user_id": False,
                }
            ],
        )
        self.assertEqual(
            self.calls._list(orders=self._order(invoice), reason="First failure"), call
        )
        self.assertEqual(self._history(call), ["listed"])
        self._order(invoice).sudo().write({"failed_on": date(2026, 3, 12), "meaning": "Taken back"})
        self.calls._list(orders=self._order(invoice), reason="Second failure")
        self.assertRecordValues(call, [{"meaning": "Taken back", "reason": "Second failure"}])

    def test_a_second_failure_joins_the_open_row_and_wakes_it(self):
        _invoice, call = self._failed()
        call.action_no_answer()
        self.assertEqual(call.state, "waiting")
        second, same = self._failed(amount=100.0, due=day(3, 9))
        self.assertEqual(same, call)
        self.assertRecordValues(
            call, [{"amount": 450.0, "state": "to_call", "failure_count": 2, "order_count": 2}]
        )
        self.assertIn(second.name, call.invoice_names)

    def test_what_is_paid_already_is_not_listed(self):
        invoice = self._due(self.payer, 350.0, day(3, 10))
        self._sent()
        self._order(invoice).sudo()._fail("5", "Not enough money on the account")
        self._pay(invoice, 350.0)
        self.assertFalse(self.calls._list(orders=self._order(invoice), reason="x"))

    def test_a_refused_mandate_is_listed_with_what_is_open(self):
        invoice = self._due(self.without, 200.0, day(3, 10))
        mandate = self.env["direct.debit.mandate"].create(
            {"agreement_id": self.agreement.id, "partner_id": self.without.id}
        )
        mandate._end("rejected", "Account is closed")
        call = self.calls._list(mandates=mandate, reason="Mandate refused")
        self.assertEqual(call, self.calls._list(mandates=mandate, reason="Mandate refused"))
        self.assertRecordValues(
            call,
            [{"amount": 200.0, "meaning": "Account is closed", "invoice_names": invoice.name}],
        )

    def test_a_new_mandate_ends_the_row_of_a_payer_who_owes_nothing(self):
        mandate = self.env["direct.debit.mandate"].create(
            {"agreement_id": self.agreement.id, "partner_id": self.without.id}
        )
        mandate._end("rejected", "Account is closed")
        call = self.calls._list(mandates=mandate, reason="Mandate refused")
        self.assertEqual(call.state, "to_call")
        again = mandate.copy({"payer_number": mandate.payer_number})
        again.action_activate()
        self.assertRecordValues(call, [{"state": "done", "outcome": "mandate"}])

    def test_rows_of_merged_payers_become_one(self):
        _invoice, call = self._failed()
        _other, others = self._failed(self.other, amount=50.0)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.payer | self.other).ids, self.payer)
        (call | others).invalidate_recordset()
        self.assertRecordValues(
            call | others,
            [
                {"partner_id": self.payer.id, "state": "to_call", "amount": 400.0},
                {"partner_id": self.payer.id, "state": "done", "amount": 50.0},
            ],
        )

    # ------------------------------------------------------------------ closing by itself

    def test_paid_by_whatever_way_closes_and_taken_back_opens_again(self):
        invoice, call = self._failed()
        self._pay(invoice, 100.0)
        self.assertRecordValues(call, [{"amount": 250.0, "state": "to_call"}])
        payment = self._pay(invoice, 250.0)
        self.assertRecordValues(
            call,
            [
                {
                    "amount": 0.0,
                    "state": "done",
                    "outcome": "paid",
                    "closed_on": date(2026, 3, 11),
                }
            ],
        )
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertRecordValues(
            call,
            [{"amount": 250.0, "state": "to_call", "outcome": False, "closed_on": False}],
        )
        self.assertEqual(self._history(call), ["listed", "paid", "reopened"])

    def test_a_payment_of_the_bank_closes_the_row(self):
        invoice, call = self._failed()
        self._book(self._payment("350.00", invoice.payment_reference))
        self.assertRecordValues(call, [{"amount": 0.0, "state": "done", "outcome": "paid"}])

    def test_credited_or_cancelled_closes_the_row(self):
        invoice, call = self._failed()
        other, others = self._failed(self.other)
        self._credit_note(invoice)
        other.button_draft()
        other.button_cancel()
        self.assertEqual((call | others).mapped("outcome"), ["paid", "paid"])

    def test_a_payer_done_before_gets_a_row_of_their_own_and_taken_back_money_joins_it(self):
        invoice, done = self._failed()
        payment = self._pay(invoice, 350.0)
        _second, call = self._failed(amount=100.0, due=day(3, 9))
        self.assertNotEqual(call, done)
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertRecordValues(
            done | call,
            [{"state": "done", "amount": 0.0}, {"state": "to_call", "amount": 450.0}],
        )

    # ------------------------------------------------------------------ outcomes

    def test_a_new_date_plans_the_debit_anew(self):
        invoice, call = self._failed()
        self._save(call, "new_date", user=self.desk_user, day=day(3, 20), note="After payday")
        order = self._order(invoice).filtered(lambda one: one.state == "planned")
        self.assertRecordValues(order, [{"due_date": date(2026, 3, 20), "amount": 350.0}])
        self.assert_due(invoice, day(3, 20))
        # Three banking days of silence after the debit, and one more.
        self.assertRecordValues(
            call,
            [
                {
                    "state": "waiting",
                    "outcome": "new_date",
                    "next_contact": date(2026, 3, 26),
                    "promised_on": False,
                }
            ],
        )
        self.assertRecordValues(
            call.contact_ids[0],
            [
                {
                    "outcome": "new_date",
                    "note": "After payday",
                    "result": "Will be debited on 03/20/2026",
                    "user_id": self.desk_user.id,
                }
            ],
        )
        self._sent()
        with self.assertRaisesRegex(UserError, "debits the payer on 03/20/2026 already"):
            self._save(call, "new_date", day=day(3, 27))

    def test_a_new_date_without_a_mandate_is_a_promise(self):
        invoice, call = self._failed()
        self.mandate.action_cancel()
        self._save(call, "new_date", day=day(3, 20))
        self.assertEqual(self._order(invoice).mapped("state"), ["failed"])
        self.assert_due(invoice, day(3, 10))
        self.assertRecordValues(
            call, [{"promised_on": date(2026, 3, 20), "next_contact": date(2026, 3, 23)}]
        )
        self.assertIn("Will be paid by the payer until 03/20/2026", invoice.message_ids[0].body)
        with self.assertRaisesRegex(UserError, "Choose a day that is to come"):
            self._save(call, "new_date", day=day(3, 10))

    def test_the_first_day_in_reach_is_offered(self):
        _invoice, call = self._failed()
        form = Form(
            self.env["direct.debit.call.outcome"].with_context(
                default_call_ids=call.ids, default_outcome="new_date"
            )
        )
        self.assertEqual(str(form.day), "2026-03-13")
        self.assertEqual(form.consequence, "The payer's account is debited on 03/13/2026.")

    def test_no_answer_counts_and_waits_two_banking_days(self):
        _invoice, call = self._failed()
        call.with_user(self.desk_user).action_no_answer()
        self.assertRecordValues(
            call, [{"attempts": 1, "next_contact": date(2026, 3, 13), "state": "waiting"}]
        )
        self._at(2026, 3, 13, 8)
        self.calls.sudo()._cron_due()
        self.assertEqual(call.state, "to_call")
        self.agreement.call_again_days = 0
        call.action_no_answer()
        self.assertRecordValues(
            call, [{"attempts": 2, "next_contact": date(2026, 3, 13), "state": "to_call"}]
        )

    def test_the_link_goes_by_mail_or_sms(self):
        invoice, call = self._failed()
        self._save(call, "link_sent", user=self.desk_user)
        delivery = invoice.mbn_delivery_ids[0]
        self.assertRecordValues(
            delivery,
            [{"channel": "email", "document": "link", "address": "kari@example.com"}],
        )
        self.assertIn(invoice.access_token, delivery.message_id.body)
        self.assertEqual(delivery.message_id.notified_partner_ids, self.payer)
        self.assertEqual(call.contact_ids[0].result, "Link sent to kari@example.com")
        self._save(call, "link_sent", way="sms", user=self.desk_user)
        self.assertEqual(invoice.mbn_delivery_ids[0].channel, "sms")
        self.payer.email = False
        with self.assertRaisesRegex(UserError, "no usable address"):
            self._save(call, "link_sent", way="email")

    def test_closed_by_hand_is_called_after_all(self):
        _invoice, call = self._failed()
        call.with_user(self.desk_user).action_close()
        self.assertRecordValues(call, [{"state": "done", "outcome": "closed"}])
        with self.assertRaisesRegex(UserError, "closed or being worked on"):
            call.action_no_answer()
        call.with_user(self.desk_user).action_reopen()
        self.assertEqual(call.state, "to_call")

    def test_a_failed_debit_is_listed_by_its_button(self):
        invoice = self._due(self.payer, 350.0, day(3, 10))
        self._sent()
        order = self._order(invoice)
        with self.assertRaisesRegex(UserError, "nobody is to be called"):
            order.with_user(self.desk_user).action_call()
        order.sudo()._fail("5", "Not enough money on the account")
        action = order.with_user(self.desk_user).action_call()
        self.assertEqual(self.calls.browse(action["res_id"]).reason, "Listed by calls desk")
        self.assertEqual(self.mandate.action_call()["res_id"], action["res_id"])

    # ------------------------------------------------------------------ rights

    def test_the_desk_changes_owner_and_day_only_and_nobody_the_history(self):
        _invoice, call = self._failed()
        desk = call.with_user(self.desk_user)
        desk.action_take()
        desk.next_contact = date(2026, 3, 16)
        self.assertRecordValues(call, [{"user_id": self.desk_user.id, "state": "waiting"}])
        with self.assertRaisesRegex(AccessError, "Record an outcome"):
            desk.write({"state": "done"})
        with self.assertRaises(AccessError):
            desk.read(["claim_ids"])
        with self.assertRaisesRegex(UserError, "not changed"):
            call.contact_ids.note = "x"
        with self.assertRaisesRegex(UserError, "not deleted"):
            call.contact_ids.sudo().unlink()
        auditor = self._desk_user("auditor", f"{MODULE}.group_billing_auditor")
        self.assertEqual(call.with_user(auditor).amount, 350.0)
        with self.assertRaises(AccessError):
            call.with_user(auditor).action_no_answer()

    def test_the_head_of_the_desk_counts_who_is_to_be_called(self):
        self._failed()
        _invoice, other = self._failed(self.other, amount=50.0)
        self.env.flush_all()
        desk = self.env["billing.desk"]
        self.assertEqual(
            desk._to_call(),
            [("text-danger", "2 to call, $\N{NO-BREAK SPACE}400.00", "Without owner")],
        )
        other.user_id = self.desk_user
        self.assertIn(("", "1 to call, $\N{NO-BREAK SPACE}50.00", "calls desk"), desk._to_call())

    # ------------------------------------------------------------------ call agencies

    def _export(self, calls, **values):
        wizard = (
            self.env["direct.debit.call.export"]
            .with_context(active_ids=calls.ids)
            .create({"agency": "Ring AS"} | values)
        )
        wizard.action_export()
        return wizard

    def _rows(self, wizard):
        text = base64.b64decode(wizard.content).decode("utf-8")
        self.assertTrue(text.startswith("\ufeffrow;name;phone;"))
        return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))

    def _import(self, *rows, head="row;outcome;next_contact;note"):
        text = "\n".join([head, *rows])
        wizard = self.env["direct.debit.call.import"].create(
            {"content": base64.b64encode(text.encode())}
        )
        wizard.action_preview()
        return wizard

    def _errors(self, wizard):
        return [(line.row, line.column, line.error) for line in wizard.line_ids.sorted("row")]

    def test_the_list_tells_the_agency_what_it_needs_and_no_more(self):
        invoice, call = self._failed()
        _other, others = self._failed(self.other, amount=50.0)
        self.other.name = "=cmd|evil"
        wizard = self._export(call | others)
        kari, ola = self._rows(wizard)
        self.assertEqual(
            {name: value for name, value in kari.items() if name != "link"},
            {
                "row": call.number,
                "name": "Kari Nordmann",
                "phone": "+47 22 00 00 01",
                "email": "kari@example.com",
                "amount": "350.00",
                "currency": "USD",
                "invoices": invoice.name,
                "failed_on": "2026-03-11",
                "why": "Not enough money on the account",
                "failures": "1",
                "outcome": "",
                "next_contact": "",
                "note": "",
            },
        )
        self.assertIn(f"/my/invoices/{invoice.id}?access_token=", kari["link"])
        self.assertEqual(ola["name"], "'=cmd|evil")
        self.assertEqual(wizard.file_name, "failed_debits_Ring_AS_2026-03-11.csv")
        self.assertRecordValues(
            call,
            [
                {
                    "handed_out_on": datetime(2026, 3, 11, 8),
                    "handed_out_by_id": self.env.uid,
                    "next_contact": date(2026, 3, 18),
                    "state": "waiting",
                }
            ],
        )
        self.assertEqual(self._history(call), ["listed", "handed_out"])

    def test_answers_are_shown_first_and_count_once(self):
        invoice, call = self._failed()
        _other, others = self._failed(self.other, amount=50.0)
        self._export(call | others)
        rows = (
            f"{call.number};new_date;2026-03-20;After payday",
            f"{others.number};No answer;;",
        )
        wizard = self._import(*rows)
        self.assertEqual(
            [(line.who, line.outcome, line.result) for line in wizard.line_ids],
            [
                ("Kari Nordmann", "new_date", "Will be debited on 03/20/2026"),
                ("Ola Nordmann", "no_answer", False),
            ],
        )
        self.assertEqual(self._history(call), ["listed", "handed_out"])
        wizard.action_import()
        self.assertEqual(self._order(invoice).sorted("id").mapped("state"), ["failed", "planned"])
        self.assertEqual(others.attempts, 1)
        self.assertTrue(others.contact_ids[0].by_agency)
        again = self._import(*rows)
        self.assertEqual(again.line_ids.mapped("result"), ["Imported before"] * 2)
        again.action_import()
        self.assertEqual(others.attempts, 1)
        self.assertEqual(self._history(call), ["listed", "handed_out", "new_date"])

    def test_what_only_the_office_can_do_is_to_call_at_once(self):
        _invoice, call = self._failed()
        self._export(call)
        self._import(f"{call.number};leave;;Moved abroad").action_import()
        self.assertRecordValues(call, [{"state": "to_call", "outcome": "leave"}])
        self.assertRecordValues(
            call.contact_ids[0], [{"result": "To be done by the office", "note": "Moved abroad"}]
        )

    def test_bad_rows_name_line_and_field_and_hinder_no_others(self):
        invoice, paid = self._failed()
        _other, call = self._failed(self.other, amount=50.0)
        _third, kept = self._failed(self._with_mandate("Anne Berg"), amount=60.0)
        self._export(paid | call)
        self._pay(invoice, 350.0)
        wrong_digit = call.number[:-1] + str((int(call.number[-1]) + 1) % 10)
        wizard = self._import(
            f"{paid.number};no_answer;;",
            f"{wrong_digit};no_answer;;",
            f"{kept.number};no_answer;;",
            f"{call.number};perhaps;;",
            f"{call.number};new_date;;",
            f"{call.number};new_date;31.02.2026;",
            f"{call.number};no_answer;2026-03-01;",
            f"{call.number};no_answer;20.03.2026;on holiday",
        )
        known = "new_date, link_sent, lower_amount, leave, no_answer"
        self.assertEqual(
            self._errors(wizard),
            [
                (2, "row", "Closed on 03/11/2026 meanwhile: Paid or credited"),
                (3, "row", f"“{wrong_digit}” is no row that was handed out to an agency."),
                (4, "row", f"“{kept.number}” is no row that was handed out to an agency."),
                (5, "outcome", f"“perhaps” is no outcome. Known are: {known}."),
                (6, "next_contact", "A new date needs the date."),
                (7, "next_contact", "“31.02.2026” is no day: write it as 2027-01-31."),
                (8, "next_contact", "This day has passed."),
                (9, False, False),
            ],
        )
        wizard.action_import()
        self.assertRecordValues(
            call, [{"attempts": 1, "next_contact": date(2026, 3, 20), "state": "waiting"}]
        )
        with self.assertRaisesRegex(UserError, "has a column wish"):
            self._import("1;2", head="row;wish")

    def test_a_row_stands_in_a_list_once(self):
        _invoice, call = self._failed()
        self._export(call)
        wizard = self._import(f"{call.number};no_answer;;", f"{call.number};leave;;")
        self.assertEqual(self._errors(wizard)[1], (3, "row", "It is in line 2 already."))

    def _with_mandate(self, name):
        payer = self._payer(name)
        self._mandate(payer)
        return payer

    # ------------------------------------------------------------------ memberships

    def test_lower_amount_and_leaving_open_the_membership_that_is_owed(self):
        self._at(2026, 3, 2, 8)
        plan = self._plan(name="Adult", price=100.0, code="ADULT")
        contract = self._contract(plan, member=self.payer, start="2026-03-01")
        self.env["billing.run"]._bill_now(contract)
        self._sent()
        order = self.env["direct.debit.order"].search([("partner_id", "=", self.payer.id)])
        order.sudo()._fail("5", "Not enough money on the account")
        call = self.calls._list(orders=order, reason="x").with_user(self.desk_user)
        action = call.action_lower_amount()
        self.assertEqual(action["res_model"], "membership.contract.alter")
        self.assertEqual(action["context"], {"default_contract_ids": contract.ids})
        action = call.action_leave()
        self.assertEqual(action["res_model"], "membership.contract.stop")
        self.assertEqual(self._history(call), ["listed", "lower_amount", "leave"])
        card = self.payer.with_user(self.desk_user)
        self.assertEqual(card.action_mbn_calls()["res_id"], call.id)
        self.assertEqual(call.action_mbn_open_payer()["res_id"], self.payer.id)
        none = self._failed(self.other)[1].with_user(self.desk_user)
        self.assertEqual(none.action_leave()["tag"], "display_notification")
