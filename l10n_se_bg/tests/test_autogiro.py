from datetime import date, datetime
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools.misc import file_open

from .autogiro_common import ACCOUNT, DUE, MADE, PAYEE, PERSON, AutogiroCommon
from .common import SwedenCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAutogiro(AutogiroCommon):
    # Deadlines

    def test_a_debit_is_there_the_banking_day_before(self):
        deadline = self.bankgiro._debit_deadline
        self.assertEqual(deadline(DUE), datetime(2026, 9, 25, 17, 0))
        # 24 to 26 and 31 December are closed, and so are 1 January and the weekend.
        self.assertEqual(deadline(date(2027, 1, 4)), datetime(2026, 12, 30, 18, 0))

    def test_a_due_date_without_banks_is_moved_to_the_next_banking_day(self):
        self._mandate()
        self.assertEqual(self._order(due=date(2026, 9, 26)).due_date, DUE)

    def test_payers_are_told_by_us_unless_it_is_set_otherwise(self):
        other = self._agreement("8327-9, 123 456 789-7", number="5050-1055", debit_out=True)
        self.assertEqual((other.debit_notice_by, other.debit_notice_days), ("us", 12))

    def test_references_must_fit_into_orders(self):
        with self.assertRaisesRegex(ValidationError, "16 digits"):
            self.bankgiro.layout_ids.serial_digits = 9

    # Mandates

    def test_a_mandate_is_requested_accepted_and_its_number_forgotten(self):
        mandate = self._asked()
        self.assertEqual(mandate.l10n_se_identity, PERSON)
        mandate.action_request()
        self.assertEqual(
            self._make(),
            [
                f"0120260901AUTOGIRO{'':44}{PAYEE}",
                f"040009912346{self.number:0>16}{ACCOUNT}{PERSON}",
            ],
        )
        self._advice("0432")
        self.assertEqual(mandate.state, "active")
        self.assertFalse(mandate.l10n_se_identity)

    def test_a_mandate_the_payers_bank_refuses_is_rejected(self):
        mandate = self._asked()
        mandate.action_request()
        self._make()
        self._advice("4205")
        self.assertEqual(mandate.state, "rejected")

    def test_a_request_without_account_or_number_says_what_is_missing(self):
        with self.assertRaisesRegex(UserError, "payer number"):
            self._mandate("draft").action_request()

    def test_personal_numbers_are_checked_and_not_quoted(self):
        with self.assertRaises(ValidationError) as caught:
            self._mandate("draft", l10n_se_identity="19121212-1213")
        self.assertNotIn("1213", str(caught.exception))

    def test_a_bank_outside_autogiro_is_named(self):
        mandate = self._asked()
        mandate.partner_bank_id.acc_number = "9550-1234567"
        with self.assertRaisesRegex(UserError, "Avanza|no Swedish account"):
            mandate.action_request()

    def test_a_mandate_ended_by_the_payer_takes_its_orders_along(self):
        """Cancelling a mandate also drops queued orders: the invoice falls back to be paid."""
        mandate = self._mandate()
        order = self._order()
        self._make()
        self.frozen.move_to(datetime(2026, 9, 2, 7, 0))
        self._advice("4602")
        self._receive(
            f"01{'AUTOGIRO':<22}{MADE:<20}{'MAKULERING/ÄNDRING':<20}{PAYEE}",
            f"0320260928{self.number:0>16}82{30050:012d}REFERENS00000000{order.reference:<16}12",
            f"09{MADE}9900{'':14}{0:012d}{0:06d}{1:06d}0000{30050:012d}{0:012d}",
        )
        self.assertEqual(mandate.state, "cancelled")
        self.assertIn(order.state, ("failed", "withdrawn"))
        self.assertFalse(order.line_ids.filtered("is_live"))

    # Mandates that payers ask for

    def test_a_sign_up_waits_for_a_person_who_accepts(self):
        self._sign_up()
        wish = self._wish()
        self.assertRecordValues(wish, [{"state": "draft", "wish": "open"}])
        self.assertEqual(wish.partner_bank_id.acc_number, ACCOUNT)
        self.assertEqual(len(self._on_desk()), 1)
        wish.action_accept_wish()
        self.assertFalse(self._on_desk())
        self.assertEqual(self._make()[1], f"040009912346{self.number:0>16}")
        self._advice("0432")
        self.assertEqual(wish.state, "active")

    def test_a_sign_up_can_be_refused(self):
        self._sign_up()
        wish = self._wish()
        wish.action_refuse_wish()
        self.assertEqual(wish.state, "cancelled")
        self.assertEqual(self._make()[1], f"040009912346{self.number:0>16}{'':48}AV")
        self.assertFalse(self._on_desk())

    def test_a_reminder_asks_for_nothing_new(self):
        self._sign_up()
        self._sign_up(message="1")
        self.assertEqual(len(self._wish()), 1)

    def test_a_sign_up_is_accepted_at_once_if_so_set(self):
        self.bankgiro.mandate_wishes = "accept"
        self._sign_up()
        self.assertEqual(self._wish().state, "requested")
        self.assertFalse(self._on_desk())

    def test_a_payer_number_nobody_has_is_placed_by_a_person(self):
        file = self._sign_up("4711")
        self.assertFalse(self._wish())
        self.assertEqual(file.mandate_event_ids.state, "to_place")

    # Debits

    def test_a_debit_is_sent_and_paid(self):
        self._mandate()
        order = self._order()
        self.assertEqual(
            self._make()[1],
            f"82202609280    {self.number:0>16}0000000300500009912346{order.reference}",
        )
        self._specification("0", order)
        self.assertEqual(order.state, "collected")
        self.assertEqual(order.line_ids.invoice_id.amount_residual, 0)

    def test_no_failure_while_the_bank_tries_again(self):
        """Status 9 is not a failure."""
        self._mandate()
        order = self._order()
        self._make()
        self._specification("9", order)
        self.assertEqual(order.state, "waiting")
        self._specification("1", order, "20260929")
        self.assertEqual(order.state, "failed")

    def test_a_retry_that_brings_the_money(self):
        self._mandate()
        order = self._order()
        self._make()
        self._specification("9", order)
        self._specification("0", order, "20260930")
        self.assertEqual(order.state, "collected")

    def test_a_refund_takes_the_payment_back(self):
        self._mandate()
        order = self._order()
        self._make()
        self._specification("0", order)
        self._receive(
            f"01{'AUTOGIRO':<22}20261005060000000000BET. SPEC & STOPP TK{PAYEE}",
            f"17{ACCOUNT:0>35}20261005{42:05d}{30050:018d}   {1:08d}",
            f"77202609280    {self.number:0>16}{30050:012d}0009912346{order.reference:<16}2026100502",
            f"09202610059900{0:06d}{0:012d}{0:06d}{0:012d}{1:06d}{1:012d}",
        )
        self.assertEqual(order.state, "reversed")
        self.assertEqual(order.line_ids.invoice_id.amount_residual, 300.5)

    def test_a_rejected_order_says_why(self):
        self._mandate()
        order = self._order()
        self._make()
        self._receive(
            f"01{'AUTOGIRO':<22}{MADE:<20}{'AVVISADE BET UPPDR':<20}{PAYEE}",
            f"82202609280   {self.number:0>16}{30050:012d}{order.reference:<16}01",
            f"09{MADE}9900{0:06d}{0:012d}{1:06d}{30050:012d}",
        )
        self.assertRecordValues(order, [{"state": "failed", "bank_code": "01"}])

    def test_a_withdrawal_names_the_debit(self):
        self._mandate()
        order = self._order()
        self._make()
        self.frozen.move_to(datetime(2026, 9, 3, 7, 0))
        order.action_stop()
        self.assertEqual(
            self._make()[1],
            f"250009912346{self.number:0>16}20260928{30050:012d}82{'':8}{order.reference}",
        )

    def _changed(self, order, code, kind="25", new_date="00000000"):
        is_done = code == "18"
        return self._receive(
            f"01{'AUTOGIRO':<22}{MADE:<20}{'MAKULERING/ÄNDRING':<20}{PAYEE}",
            f"{kind}20260928{self.number:0>16}82{30050:012d}REFERENS{new_date}"
            f"{order.reference:<16}{code}",
            f"09{MADE}9900{'':14}{0:012d}{0:06d}{is_done:06d}0000{30050 * is_done:012d}{0:012d}",
        )

    def test_a_withdrawal_that_is_refused_is_on_the_desk(self):
        self._mandate()
        order = self._order()
        self._make()
        self.frozen.move_to(datetime(2026, 9, 3, 7, 0))
        order.action_stop()
        self._make()
        self._changed(order, "13")
        self.assertEqual(order.event_ids.mapped("kind"), ["unchanged"])
        gone = [("kind", "=", "debit_gone"), ("state", "=", "open")]
        self.assertEqual(self.env["billing.exception"].search_count(gone), 1)

    def _moved_to_wednesday(self):
        """A debit of 28 September that the bank is asked to move to the 30th."""
        self._mandate()
        order = self._order()
        self._make()
        wizard = self.env["direct.debit.move"].create(
            {"order_ids": order.ids, "new_date": "2026-09-30"}
        )
        wizard.action_move()
        # Not on the day on which the debit was handed in.
        self.assertFalse(self.connection.sudo()._make_debit_file(everything=True))
        self.frozen.move_to(datetime(2026, 9, 3, 7, 0))
        return order, self._make()

    def test_a_debit_at_the_bank_is_moved_when_the_bank_says_so(self):
        order, lines = self._moved_to_wednesday()
        self.assertEqual(
            lines[1],
            f"290009912346{self.number:0>16}20260928{30050:012d}8220260930{order.reference}",
        )
        self.assertEqual(order.due_date, DUE)
        self._changed(order, "18", kind="29", new_date="20260930")
        self.assertRecordValues(order, [{"due_date": date(2026, 9, 30), "move_to": False}])
        self.assertEqual(order.line_ids.invoice_id.invoice_date_due, date(2026, 9, 30))
        self._specification("0", order, "20260930")
        self.assertEqual(order.state, "collected")

    def test_a_move_that_the_bank_refuses_is_on_the_desk(self):
        order, _lines = self._moved_to_wednesday()
        self._changed(order, "13", kind="29", new_date="20260930")
        self.assertRecordValues(order, [{"due_date": DUE, "move_to": False, "state": "sent"}])
        kept = [("kind", "=", "debit_not_moved"), ("state", "=", "open")]
        self.assertEqual(self.env["billing.exception"].search_count(kept), 1)
        with self.assertRaisesRegex(UserError, "on which banks are open"):
            order._ask_to_move(date(2026, 10, 3))

    # The seal

    def test_files_are_sealed_with_the_key_which_nobody_reads(self):
        self.connection.l10n_se_seal_key = "1234567890abcdef 1234567890ABCDEF"
        self.assertEqual(self.connection.l10n_se_seal_check, "FF365893D899291C3BF505FB3175E880")
        self.connection.invalidate_recordset()
        self.assertFalse(self.connection.l10n_se_seal_key)
        self._mandate()
        self._order()
        lines = self._make()
        self.assertEqual(lines[0], "00260901HMAC")
        self.assertTrue(lines[-1].startswith("99260901FF365893D899291C3BF505FB3175E880"))

    def _seal(self):
        self.connection.l10n_se_seal_key = "1234567890ABCDEF1234567890ABCDEF"
        self.env.flush_all()

    def test_the_key_lies_encrypted(self):
        self._seal()
        self.env.cr.execute(
            "SELECT l10n_se_sealed_key FROM bank_connection WHERE id = %s", [self.connection.id]
        )
        [(stored,)] = self.env.cr.fetchall()
        self.assertNotIn("1234567890ABCDEF", stored)
        with self.assertRaises(AccessError):
            self.connection.read(["l10n_se_sealed_key"])

    def test_without_the_servers_key_no_file_is_made_unsealed(self):
        self._seal()
        self._mandate()
        self._order()
        sealing = "odoo.addons.membership_billing_nordic.models.bank.file_sealing.key_path"
        with patch(sealing, return_value=Path("/no/such/key")):
            self.connection.invalidate_recordset()
            self.assertFalse(self.connection.l10n_se_seal_check)
            self.assertIn("Enter the seal key again", str(self.bankgiro.missing_settings))
            with self.assertRaisesRegex(UserError, "Enter the seal key again"):
                self.connection.sudo()._make_debit_file(everything=True)

    def test_a_copied_database_has_no_seal_key(self):
        self._seal()
        with file_open("l10n_se_bg/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertFalse(self.connection.l10n_se_seal_check)

    def test_a_key_of_another_length_is_refused_and_not_quoted(self):
        with self.assertRaises(ValidationError) as caught:
            self.connection.l10n_se_seal_key = "1234567890"
        self.assertNotIn("1234567890", str(caught.exception))


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBgMax(SwedenCommon):
    def test_a_deposit_is_booked_and_its_payments_placed(self):
        invoice = self._invoice(self.payer, 300)
        reference = invoice.payment_reference
        lines = (
            f"01{'BGMAX':<20}0120260928173035010331P",
            "050009912346          SEK",
            f"200000000000{reference:>25}{30000:018d}21{213149848010:012d}0",
            f"200000000000{'':25}{5000:018d}03{41:012d}1",
            f"15{ACCOUNT:0>35}20260928{56:05d}{35000:018d}SEK{2:08d}",
            f"70{2:08d}{0:08d}{0:08d}{1:08d}",
        )
        file = self._receive(*lines)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(
            file.payment_ids.sorted("record").mapped("state"), ["matched", "unmatched"]
        )
        self.assertEqual(file.deposit_ids.amount, 350)
