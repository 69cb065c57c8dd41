import re
from datetime import date, datetime
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import CREDITOR, GROUP, SUPPLIER, DenmarkCommon

FIRST = date(2026, 11, 2)
NOW_MAKING = datetime(2026, 10, 22, 9, 1)


def _plain(text):
    """Blanks of all kinds as one."""
    return "".join(" " if each.isspace() else each for each in text)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBetalingsservice(DenmarkCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mandate = cls._mandate(cls.partner)

    def _order(self, payer=None, amount=350, due=FIRST, **values):
        return self._due(payer, amount, due, **values).mbn_order_line_ids.order_id

    def _make(self, at=NOW_MAKING):
        self.frozen.move_to(at)
        return self.connection._make_debit_file()

    def _sent(self, *orders):
        file = self._make()
        file._mark_sent()
        for order in orders:
            self.assertEqual(order.state, "sent")
        return file

    # What a collection says

    def test_a_file_is_made_before_the_deadline_and_holds_what_the_bank_needs(self):
        order = self._order(amount=350.50)
        invoice = order.line_ids.invoice_id
        self.assertEqual(order.deadline, datetime(2026, 10, 23, 9, 0))
        self.assertFalse(self._make(datetime(2026, 10, 22, 8, 59)))
        file = self._make(datetime(2026, 10, 22, 9, 1))
        self.assertEqual((file.format, file.request_count), ("dk.bs_0601", 1))
        self.assertEqual(file.name, "BS.D261022.0000001.txt")
        self.assertEqual(file.deadline, datetime(2026, 10, 23, 9, 0))
        lines = self._lines(file)
        self.assertEqual(lines[0], f"BS002{SUPPLIER}BS106010000000001{'':19}221026")
        self.assertEqual(lines[1][:27], f"BS012{CREDITOR}0112     {GROUP}")
        customer = self.mandate.payer_number.zfill(15)
        self.assertEqual(
            lines[2],
            f"BS042{CREDITOR}028000000{GROUP}{customer}00000001902112026"
            f"10000000035050{invoice.payment_reference:<30}00{invoice.payment_reference}",
        )
        self.assertEqual(
            [line[52:] for line in lines[3:5]],
            [f"Invoice {invoice.name}", f"{'Fee':<54}350,50"],
        )
        self.assertEqual([line[2:5] for line in lines[5:]], ["092", "992"])
        self.assertEqual(order.record, 3)

    def test_a_test_connection_sends_and_takes_tests_only(self):
        self.connection.is_test = True
        self._order()
        lines = self._lines(self._make())
        self.assertEqual(lines[0][13:16], "KR9")
        self.assertEqual(lines[-1][13:16], "KR9")
        notice = self._notice("0231", "4711", "000000021")
        self._receive("0603", ("0212", [notice], 0), subsystem="KR9")
        self.connection.is_test = False
        self._receive("0603", ("0212", [notice], 0), subsystem="KR9", state="refused")

    def test_the_total_solution_sends_addresses_and_zeros(self):
        self.bs.l10n_dk_kind = "total"
        self.bs.l10n_dk_main_text = "Kontingent Demoklubben"
        self._order()
        lines = self._lines(self._make())
        self.assertEqual(lines[1][68:], "Kontingent Demoklubben")
        self.assertEqual(
            [line[51:].strip() for line in lines if line[2:5] == "022"],
            ["Åse Sørensen", "Prøvevej 1, 2. th.", "8000DK"],
        )
        (collection,) = [line for line in lines if line[2:5] == "042"]
        self.assertEqual(collection[42:51], "000000000")

    def test_the_number_of_the_mandate_can_be_sent_in_the_total_solution(self):
        self.bs.write({"l10n_dk_kind": "total", "l10n_dk_mandate_number": "number"})
        self._order()
        (collection,) = [line for line in self._lines(self._make()) if line[2:5] == "042"]
        self.assertEqual(collection[42:51], "000000019")

    def test_what_lacks_an_address_stays_out_and_the_others_go(self):
        self.bs.l10n_dk_kind = "total"
        other = self._payer("Bo Øst")
        self._mandate(other, "000000027")
        lacking, right = self._order(other), self._order()
        self._make()
        self.assertEqual((lacking.state, right.state), ("planned", "sent"))
        self.assertIn("postcode", lacking.left_out)

    def test_a_payer_with_a_mandate_never_gets_a_slip(self):
        """Not even when the mandate arrives between the invoice and the file."""
        self.bs.write({"l10n_dk_kind": "total", "debit_new_mandate": "open"})
        other = self._payer("Bo Øst", street="Vej 1", zip="2100")
        invoice = self._due(other)
        self.assertFalse(invoice.mbn_order_line_ids)
        number = self.bs._payer_numbers(other)[other.id]
        self._receive("0603", ("0212", [self._notice("0231", number, "000000035")], 0))
        self.assertEqual(invoice.mbn_order_line_ids.order_id.state, "planned")
        file = self._make()
        sections = [line[13:17] for line in self._lines(file) if line[2:5] == "012"]
        self.assertEqual(sections, ["0112"])
        codes = {line[13:17] for line in self._lines(file) if line[2:5] == "042"}
        self.assertEqual(codes, {"0280"})
        self.assertEqual(invoice._l10n_dk_fi_line(), "")

    # One collection per payer and day

    def test_orders_of_a_payer_and_day_become_one_and_the_money_is_split(self):
        first, second = self._order(amount=100), self._order(amount=250)
        self.assertNotEqual(first, second)
        elsewhere = self._order(amount=70, due=date(2026, 11, 16))
        file = self._sent(first)
        self.assertRecordValues(second, [{"state": "withdrawn", "withdraw_reason": "merged"}])
        self.assertEqual(first.amount, 350)
        self.assertEqual(elsewhere.state, "sent")
        amounts = [int(line[60:73]) for line in self._lines(file) if line[2:5] == "042"]
        self.assertEqual(sorted(amounts), [7000, 35000])
        texts = [line[52:] for line in self._lines(file) if line[2:5] == "052"]
        self.assertIn(f"{'Fee':<54}100,00", texts)
        self.assertIn(f"{'Fee':<54}250,00", texts)
        invoices = first.line_ids.invoice_id
        self.assertEqual(len(invoices), 2)
        self._answered(self._result("0236", first, FIRST))
        self.assertEqual(first.state, "collected")
        self.assertEqual(invoices.mapped("amount_residual"), [0, 0])
        payment = first.payment_id
        self.assertEqual((payment.outcome, payment.amount_open), ("exact", 0))
        self.assertEqual(payment.deposit_id.amount, 350)
        self._answered(self._result("0239", first, date(2026, 11, 4)))
        self.assertEqual(first.state, "reversed")
        self.assertEqual(sorted(invoices.mapped("amount_residual")), [100, 250])

    def test_a_merged_collection_that_fails_opens_all_its_invoices(self):
        first, second = self._order(amount=100), self._order(amount=250)
        invoices = (first | second).line_ids.invoice_id
        self._sent(first)
        self._answered(self._result("0237", first))
        self.assertEqual(first.state, "failed")
        self.assertEqual(first.meaning, "Refused by the payer")
        self.assertEqual(sorted(invoices.mapped("amount_residual")), [100, 250])
        self.assertFalse(first.line_ids.filtered("is_live"))

    def test_a_day_on_which_the_payer_has_a_collection_is_not_used_again(self):
        first = self._order(amount=100)
        self._sent(first)
        second = self._order(amount=250)
        self.assertEqual(second.due_date, FIRST)
        self._make(datetime(2026, 10, 22, 10, 0))
        self.assertRecordValues(second, [{"state": "sent", "due_date": date(2026, 11, 3)}])

    def test_an_invoice_of_two_that_is_paid_meanwhile_stays_out(self):
        first, second = self._order(amount=100), self._order(amount=250)
        self._pay(first.line_ids.invoice_id, 100)
        file = self._sent(second)
        self.assertRecordValues(first, [{"state": "withdrawn", "withdraw_reason": "paid"}])
        self.assertEqual(file.request_count, 1)

    def _pay(self, invoice, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": amount})._create_payments()

    # Deadlines

    def test_what_misses_the_deadline_goes_a_month_later_and_says_so(self):
        self.frozen.move_to(datetime(2026, 10, 23, 9, 30))
        order = self._order()
        self.assertEqual(order.due_date, date(2026, 12, 1))
        self.assertEqual(order.deadline, datetime(2026, 11, 23, 10, 0))
        self.assertEqual(order.line_ids.move_line_id.date_maturity, date(2026, 12, 1))
        self.assertIn("stopped until", order._card_text())

    def test_screens_say_what_a_change_still_reaches(self):
        order = self._order()
        self.assertIn(
            "from 11/02/2026 on, which close on 10/23/2026 11:00", _plain(self.mandate.reach)
        )
        self.assertIn("stopped until 10/23/2026 11:00", _plain(order.reach))
        self.assertFalse(order.payer_refund_until)
        self.frozen.move_to(NOW_MAKING)
        self.connection._make_debit_file()
        self.frozen.move_to(datetime(2026, 10, 23, 9, 1))
        self.env.invalidate_all()
        self.assertIn(
            "from 12/01/2026 on, which close on 11/23/2026 11:00", _plain(self.mandate.reach)
        )
        self.assertIn(
            "gives it back no more. What is changed now counts for debits due from 12/01",
            order.reach,
        )
        late = self._order(self._late_payer())
        self.assertIn("due on 11/02/2026 was closed already: it is collected on 12/01", late.reach)
        self.assertRecordValues(
            order,
            [
                {
                    "payer_refund_until": date(2026, 11, 9),
                    "bank_refund_until": date(2026, 11, 4),
                    "claim_refund_until": date(2027, 12, 2),
                }
            ],
        )

    def _late_payer(self):
        payer = self._payer("Bo Øst")
        self._mandate(payer, "000000027")
        return payer

    def test_the_months_ahead_say_when_they_close_and_what_is_in_them(self):
        self._order()
        self._order(self._late_payer(), amount=150, due=date(2026, 12, 1))
        rows = _plain(self.bs.l10n_dk_months).split("<tr>")[2:]
        texts = [re.sub("<[^>]*>", "|", row).replace("||", "|").strip("|") for row in rows]
        self.assertEqual(
            texts[:3],
            [
                "November 2026|10/23/2026 11:00|11/02/2026|1|kr 350.00",
                "December 2026|11/23/2026 11:00|12/01/2026|1|kr 150.00",
                "January 2027|12/21/2026 11:00|01/04/2027|0|kr 0.00",
            ],
        )
        self.assertEqual(len(texts), 6)

    def test_what_is_sent_is_not_taken_back(self):
        order = self._order()
        self.assertEqual(order.withdrawal_deadline, order.deadline)
        self._sent(order)
        self.assertFalse(order.withdrawal_deadline)
        with self.assertRaisesRegex(UserError, "takes no withdrawal"):
            order.action_stop()

    def test_more_than_ninety_days_ahead_waits(self):
        order = self._order(due=date(2027, 2, 1))
        self.frozen.move_to(datetime(2026, 11, 2, 8, 0))
        self.assertFalse(self.connection._make_debit_file(everything=True))
        self.frozen.move_to(datetime(2026, 11, 3, 8, 0))
        self.assertTrue(self.connection._make_debit_file(everything=True))
        self.assertEqual(order.state, "sent")

    # Results

    def test_rejections_and_cancellations_fail_with_a_meaning(self):
        for code, meaning in (("0237", "Refused"), ("0238", "mandate ended")):
            payer = self._payer(f"Payer {code}")
            self._mandate(payer, f"00000{code}")
            order = self._order(payer)
            self._make(datetime(2026, 10, 22, 10, 0))._mark_sent()
            self._answered(self._result(code, order))
            self.assertRecordValues(order, [{"state": "failed", "bank_code": code}])
            self.assertIn(meaning, order.meaning)
            self.assertEqual(order.line_ids.invoice_id.amount_residual, 350)

    def test_a_refusal_after_payment_takes_the_money_back(self):
        order = self._order()
        self._sent(order)
        self._answered(self._result("0236", order, FIRST))
        self.assertEqual(order.state, "collected")
        self._answered(self._result("0237", order, date(2026, 11, 9)))
        self.assertEqual(order.state, "reversed")
        self.assertEqual(order.line_ids.invoice_id.amount_residual, 350)
        self.assertEqual(self._clearing(), 0)

    def test_the_same_results_twice_are_booked_once(self):
        order = self._order()
        self._sent(order)
        first = self._answered(self._result("0236", order, FIRST))
        with first._open_bytes() as stream:
            again = self.env["bank.file"]._receive("again.BS1", stream.read(), self.company)
        self.assertEqual((again.state, again.duplicate_of_id), ("refused", first))
        # The same result in a delivery of its own: its money is not booked by itself.
        records = [self._result("0236", order, FIRST)]
        other = self._receive("0602", ("0211", records, 35000), state="needs_review")
        self.assertEqual((other.known_count, other.payment_ids.ids), (1, []))
        self.assertEqual(other.deposit_ids.mapped("state"), ["held"])
        self.assertEqual((order.state, self._clearing()), ("collected", 0))

    def test_results_one_ore_off_or_of_another_creditor_change_nothing(self):
        order = self._order()
        self._sent(order)
        records = [self._result("0236", order, FIRST)]
        file = self._receive("0602", ("0211", records, 35001), state="refused")
        self.assertIn("350.01", file.issue_ids[0].expected)
        with patch("odoo.addons.l10n_dk_bs.tests.common.CREDITOR", "07654321"):
            records = [self._result("0236", order, FIRST)]
            file = self._receive("0602", ("0211", records, 35000), state="refused")
        self.assertIn("07654321-00001", "".join(file.issue_ids.mapped("found")))
        self.assertFalse(self.env["bank.payment"].search([("agreement_id", "=", self.bs.id)]))
        self.assertEqual(order.state, "sent")

    def test_a_charge_back_that_comes_first_finds_its_payment_later(self):
        order = self._order()
        self._sent(order)
        self._answered(self._result("0239", order, date(2026, 11, 4)))
        back = self.env["bank.payment"].search([("bank_code", "=", "0239")])
        self.assertEqual((back.state, back.outcome), ("unmatched", "no_original"))
        self._answered(self._result("0236", order, FIRST))
        self.assertEqual((back.state, back.outcome), ("matched", "reversal"))
        self.assertEqual(order.state, "reversed")
        self.assertEqual(order.line_ids.invoice_id.amount_residual, 350)
        self.assertEqual(self._clearing(), 0)

    def _clearing(self):
        lines = self.env["account.move.line"].search(
            [("account_id", "=", self.bs.clearing_account_id.id), ("parent_state", "=", "posted")]
        )
        return round(sum(lines.mapped("balance")), 2)

    def test_one_deposit_for_each_day(self):
        orders = self.env["direct.debit.order"]
        for number in range(3):
            payer = self._payer(f"Payer {number}")
            self._mandate(payer, f"00000010{number}")
            orders |= self._order(payer, amount=100 + number)
        self._sent(*orders)
        days = (FIRST, FIRST, date(2026, 11, 3))
        file = self._answered(
            *(self._result("0236", order, day) for order, day in zip(orders, days, strict=True))
        )
        deposits = self.env["bank.deposit"].search([("file_id", "=", file.id)], order="bank_date")
        self.assertRecordValues(
            deposits,
            [
                {"bank_date": FIRST, "amount": 201, "count": 2},
                {"bank_date": date(2026, 11, 3), "amount": 102, "count": 1},
            ],
        )
        self.assertEqual(orders.mapped("state"), ["collected"] * 3)

    def test_results_are_expected_on_days_of_payment_only(self):
        expected = self.env["bank.file.expectation"].search(
            [("connection_id", "=", self.connection.id)]
        )
        self.assertRecordValues(expected, [{"format": "dk.bs_0602", "on_due_dates": True}])
        expected.write({"settled_until": date(2026, 10, 15), "last_file_id": False})
        order = self._order()
        self._sent(order)
        self.frozen.move_to(datetime(2026, 11, 2, 18, 30))
        expected._check_all()
        self.assertEqual((expected.late_day, expected.today), (FIRST, "late"))
        # The file of a Monday may come on the Friday before.
        self.frozen.move_to(datetime(2026, 10, 30, 18, 0))
        self._answered(self._result("0236", order, FIRST))
        expected._check_all()
        self.assertEqual((expected.late_day, expected.settled_until), (False, FIRST))
        self.frozen.move_to(datetime(2026, 11, 3, 18, 30))
        expected._check_all()
        self.assertEqual(expected.today, "none")

    def test_the_answer_is_found_without_a_reference_too(self):
        order = self._order()
        self._sent(order)
        record = self._result("0237", order).replace(order.reference, " " * len(order.reference))
        self._answered(record)
        self.assertEqual(order.state, "failed")

    def test_a_slip_is_booked_by_its_payment_id(self):
        payer = self._payer("Bo Øst")
        invoice = self._due(payer, 500)
        file = self._receive(
            "0602",
            ("0215", [self._slip(invoice.payment_reference, "INV000108", 500)], 50000),
        )
        self.assertEqual(invoice.amount_residual, 0)
        payment = file.payment_ids
        self.assertEqual((payment.state, payment.amount), ("matched", 500))

    def _slip(self, field, reference, amount):
        ore = round(100 * amount)
        return (
            f"BS042{CREDITOR}0297000{GROUP}0000{field:>15}71000000021126"
            f"1{ore:013d}{reference:<9}{'9999202611050000000001':<22}051126061126{ore:013d}"
        )

    # Mandates

    def test_a_mandate_is_registered_cancelled_and_comes_again(self):
        payer = self._payer("Bo Øst")
        number = self.bs._payer_numbers(payer)[payer.id]
        self._receive("0603", ("0212", [self._notice("0231", number, "000000035")], 0))
        mandate = self._mandates(payer)
        self.assertRecordValues(
            mandate,
            [{"state": "active", "number": "000000035", "valid_from": date(2026, 10, 30)}],
        )
        end = self._notice("0232", number, "000000035", last="301026")
        self.frozen.move_to(datetime(2026, 10, 30, 8, 0))
        self._receive("0603", ("0212", [end], 0))
        self.assertRecordValues(
            mandate,
            [
                {
                    "state": "cancelled",
                    "valid_to": date(2026, 10, 30),
                    "ended_meaning": "Ended by the payer or the payer's bank",
                }
            ],
        )
        self._receive("0603", ("0212", [self._notice("0231", number, "000000043")], 0))
        again = self._mandates(payer) - mandate
        self.assertRecordValues(again, [{"state": "active", "number": "000000043"}])
        # What is said of the former mandate does not end the new one.
        self._receive("0603", ("0212", [end], 0))
        self.assertEqual(again.state, "active")

    def _mandates(self, payer):
        return self.env["direct.debit.mandate"].search(
            [("partner_id", "=", payer.id), ("agreement_id", "=", self.bs.id)]
        )

    def test_a_mandate_that_ends_later_is_used_until_then(self):
        soon, later = self._order(), self._order(due=date(2026, 12, 1))
        end = self._notice("0232", self.mandate.payer_number, self.mandate.number, last="301126")
        self._receive("0603", ("0212", [end], 0))
        self.assertRecordValues(self.mandate, [{"state": "active", "valid_to": date(2026, 11, 30)}])
        self.assertEqual((soon.state, later.state), ("planned", "withdrawn"))
        cron = self.env["direct.debit.mandate"]
        self.frozen.move_to(datetime(2026, 11, 30, 8, 0))
        cron._cron_end_mandates()
        self.assertEqual(self.mandate.state, "active")
        self.frozen.move_to(datetime(2026, 12, 1, 8, 0))
        cron._cron_end_mandates()
        self.assertEqual(self.mandate.state, "cancelled")

    def test_a_customer_number_that_is_changed_is_followed(self):
        former = self.mandate.payer_number
        notice = self._notice("0231", "NYT77", self.mandate.number)
        self._receive("0603", ("0212", [notice], 0))
        self.assertEqual(self.mandate.payer_number, "NYT77")
        found = self.bs._payers_by_number([former, "0000NYT77"])
        self.assertEqual(set(found.values()), {self.partner})
        order = self._order()
        lines = self._lines(self._sent(order))
        (collection,) = [line for line in lines if line[2:5] == "042"]
        self.assertEqual(collection[27:42], "NYT77".zfill(15))
        # Answers may still name the former one.
        record = self._result("0237", order, customer=former)
        self._answered(record.replace(order.reference, " " * len(order.reference)))
        self.assertEqual(order.state, "failed")

    def test_a_full_list_is_compared_not_applied(self):
        payer = self._payer("Bo Øst")
        number = self.bs._payer_numbers(payer)[payer.id]
        file = self._receive("0603", ("0210", [self._notice("0230", number, "000000035")], 0))
        differences = self.env["direct.debit.register.difference"].search(
            [("file_id", "=", file.id)]
        )
        self.assertEqual(sorted(differences.mapped("kind")), ["only_bank", "only_ours"])
        differences.filtered(lambda row: row.kind == "only_bank").action_take_over()
        self.assertRecordValues(self._mandates(payer), [{"state": "active", "number": "000000035"}])

    # Requests

    def test_payers_are_told_how_to_sign_up(self):
        self.bs.next_payer_number = 4711
        self.assertEqual(
            self._draft().l10n_dk_sign_up,
            "PBS no. 01234567, debtor group 00001, customer no. 4711",
        )

    def _draft(self, **values):
        payer = self._payer("Bo Øst")
        return self.env["direct.debit.mandate"].create(
            {"agreement_id": self.bs.id, "partner_id": payer.id} | values
        )

    def test_a_mandate_is_requested_with_identity_and_account_which_are_then_forgotten(self):
        draft = self._draft()
        with self.assertRaisesRegex(UserError, "CPR"):
            draft.action_request()
        draft.write({"l10n_dk_identity": "010180-0000", "l10n_dk_account": "9999 1234567"})
        draft.action_request()
        self.frozen.move_to(datetime(2026, 10, 16, 12, 0))
        file = self.connection._make_mandate_file()
        file._mark_sent()
        self.assertEqual(file.format, "dk.bs_0605")
        lines = self._lines(file)
        self.assertEqual(lines[0][16:20], "0605")
        self.assertEqual(lines[1][:17], f"BS012{CREDITOR}0120")
        customer = draft.payer_number.zfill(15)
        self.assertEqual(
            lines[2][:99],
            f"BS042{CREDITOR}0200000{GROUP}{customer}000000000000000000000"
            f"0101800000{'':10}9999{'':4}0001234567",
        )
        self.assertEqual(draft.l10n_dk_identity, "0101800000")
        answer = self._notice("0231", draft.payer_number, "000000051")
        self._receive("0603", ("0212", [answer], 0))
        self.assertRecordValues(
            draft,
            [
                {
                    "state": "active",
                    "number": "000000051",
                    "l10n_dk_identity": False,
                    "l10n_dk_account": False,
                }
            ],
        )
        logged = draft.message_ids.mapped("body") + draft.message_ids.mapped("preview")
        self.assertNotIn("0101800000", "".join(str(text) for text in logged))

    def test_personal_numbers_go_when_the_request_is_given_up(self):
        draft = self._draft(l10n_dk_identity="0101800000", l10n_dk_account="99991234567")
        draft.action_cancel()
        self.assertFalse(draft.l10n_dk_identity or draft.l10n_dk_account)

    def test_personal_numbers_are_checked_and_not_quoted(self):
        draft = self._draft()
        for values in ({"l10n_dk_identity": "01018000"}, {"l10n_dk_account": "99A91234567"}):
            with self.assertRaises(ValidationError) as caught, self.cr.savepoint():
                draft.write(values)
            self.assertNotIn(next(iter(values.values())), str(caught.exception))

    def test_requests_can_be_switched_off(self):
        self.bs.l10n_dk_requests = False
        draft = self._draft(l10n_dk_identity="0101800000", l10n_dk_account="99991234567")
        with self.assertRaisesRegex(UserError, "signs up"):
            draft.action_request()

    # The advice

    def test_the_advice_is_in_the_payers_language(self):
        order = self._order(amount=1250)
        request = self.bs._collection_request(order)
        self.assertEqual(request.amount, Decimal("1250.00"))
        name = order.line_ids.invoice_id.name
        self.assertEqual(request.lines, (f"Invoice {name}", f"{'Fee':<52}1.250,00"))
        self.partner.lang = "da_DK"
        lines = type(self.env["direct.debit.order.line"])
        with patch.object(lines, "_dk_advice", lambda line: [line.env.lang]):
            self.assertEqual(self.bs._collection_request(order).lines, ("da_DK",))

    def test_the_advice_says_what_of_an_invoice_is_collected(self):
        order = self._order(amount=350)
        self._pay(order.line_ids.invoice_id, 100)
        self.assertEqual(order.amount, 250)
        lines = self.bs._collection_request(order).lines
        self.assertEqual(lines[-1], f"{'Collected of it now':<54}250,00")
