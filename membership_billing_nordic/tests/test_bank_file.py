import base64
from datetime import date
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..formats import messages
from . import fake_bank
from .bank_file_common import BankFileCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankFile(BankFileCommon):
    """Receiving, judging and reading files."""

    # ------------------------------------------------------------------ receiving

    def test_upload_stores_and_wakes_the_cron_only(self):
        cron = self.env.ref("membership_billing_nordic.ir_cron_bank_file_process")
        triggers = self.env["ir.cron.trigger"].sudo().search_count([("cron_id", "=", cron.id)])
        file = self._receive(self._content(self._payment(450)))
        self.assertEqual(file.state, "received")
        self.assertFalse(file.payment_ids)
        self.assertGreater(
            self.env["ir.cron.trigger"].sudo().search_count([("cron_id", "=", cron.id)]), triggers
        )

    def test_upload_wizard_takes_several_files(self):
        attachments = self.env["ir.attachment"].create(
            [
                {"name": "a.txt", "raw": self._content(self._payment(450))},
                {"name": "b.txt", "raw": self._content(self._payment(100))},
                {"name": "empty.txt", "raw": b""},
            ]
        )
        wizard = self.env["bank.file.upload"].create({"attachment_ids": attachments.ids})
        action = wizard.action_upload()
        self.assertIn("empty.txt", action["params"]["message"])
        self.assertEqual(
            self.env["bank.file"].search([("name", "in", ["a.txt", "b.txt"])]).mapped("state"),
            ["received", "received"],
        )

    def test_empty_and_too_large_files_are_refused_in_words(self):
        with self.assertRaisesRegex(UserError, "is empty"):
            self._receive(b"")
        self.env["ir.config_parameter"].set_param("membership_billing_nordic.bank_file_max_mb", "1")
        with self.assertRaisesRegex(UserError, "at most 1 MB"):
            self._receive(b"x" * (1024 * 1024 + 1))

    def test_same_bytes_point_to_the_first_file(self):
        content = self._content(self._payment(450))
        first = self._receive(content, "first.txt")
        second = self._receive(content, "second.txt")
        self.assertEqual((second.state, second.duplicate_of_id), ("refused", first))
        self.assertIn("first.txt", second.issue_ids.found)
        self.assertFalse(second.content)
        first._process()
        second._process()
        self.assertEqual(len(first.payment_ids), 1)
        self.assertFalse(second.payment_ids)

    def test_same_bytes_are_taken_again_when_the_first_was_refused(self):
        content = b"no bank file at all"
        first = self._receive(content)
        first._process()
        self.assertEqual(first.state, "refused")
        second = self._receive(content)
        self.assertEqual(second.state, "received")

    def test_bytes_are_guarded_like_the_file(self):
        file = self._receive(self._content(self._payment(450)))
        attachment = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "bank.file"),
                ("res_field", "=", "content"),
                ("res_id", "=", file.id),
            ]
        )
        self.assertTrue(attachment)
        self.assertFalse(attachment.index_content)
        self.assertEqual(base64.b64decode(file.content), attachment.raw)
        clerk = new_test_user(
            self.env, "desk", "membership_billing_nordic.group_billing_front_desk"
        )
        with self.assertRaises(AccessError):
            attachment.with_user(clerk).read(["raw"])

    # ------------------------------------------------------------------ the verdict

    def test_unknown_bytes_are_refused(self):
        for content in (b"hello", b"\x00\xff\xfe" * 1000, b"<html>"):
            file = self._receive(content)
            file._process()
            self.assertEqual(file.state, "refused")
            self.assertIn("no format knows", file.issue_ids.found)

    def test_refused_file_leaves_nothing_behind(self):
        payment = self._payment(450)
        refusal = messages.FormatIssue(
            record=0, severity=messages.REFUSAL, field="count", expected="2", found="1"
        )
        file = self._book(payment, extra=[refusal])
        self.assertEqual(file.state, "refused")
        self.assertFalse(file.payment_ids | file.deposit_ids.payment_ids)
        corrected = self._book(payment)
        self.assertEqual(corrected.state, "booked")

    def test_counts_sums_and_control_totals_are_shown(self):
        total = messages.ControlTotal(
            record=0,
            scope="file",
            quantity="amount",
            declared=Decimal("150"),
            counted=Decimal("150"),
        )
        sent = messages.Transmission(record=0, sender="8080", recipient="123", number="7")
        file = self._book(self._payment(100), self._payment(50), extra=[total, sent])
        self.assertRecordValues(
            file,
            [
                {
                    "payment_count": 2,
                    "payments_sum": 150,
                    "deposit_count": 1,
                    "deposits_sum": 150,
                    "transmission_number": "7",
                    "format": "test.json",
                    "connection_id": self.connection.id,
                }
            ],
        )
        self.assertRecordValues(file.total_ids, [{"part": "File", "agrees": True}])
        codes = ("assignment 2", "statement 1 closing balance", "deposits", "pile 3")
        totals = self.env["bank.file.total"].concat(
            *(file.total_ids.new({"scope": code}) for code in codes)
        )
        self.assertEqual(
            totals.mapped("part"),
            ["Assignment 2", "Statement 1, closing balance", "Deposits", "pile 3"],
        )

    def test_file_for_nobody_of_us_is_refused(self):
        file = self._book(self._payment(450, account="11112233334", agreement_number=""))
        self.assertEqual(file.state, "refused")
        self.assertIn("none of them", file.issue_ids.mapped("found"))

    def test_unknown_account_beside_ours_is_booked_after_set_up(self):
        ours = self._payment(450)
        other = self._payment(100, account="12345678903", agreement_number="", deposit_key="X")
        file = self._book(ours, other)
        self.assertEqual(file.state, "needs_review")
        issue = file.issue_ids
        self.assertEqual((issue.severity, issue.field, issue.record), ("error", "account", 2))
        self.assertIn("8903", issue.found)
        self.assertNotIn("12345678903", issue.found)
        self.assertFalse(self._stored(other))
        self._agreement("12345678903", number=False)
        file.action_process_again()
        file._process()
        self.assertEqual((file.state, file.known_count), ("booked", 0))
        self.assert_payment(other, "unmatched", "no_reference", 100)
        self.assertEqual(len(file.payment_ids), 2)

    def test_agreement_that_is_not_ready_says_what_is_missing(self):
        self.connection.active = False
        file = self._book(self._payment(450))
        self.assertEqual(file.state, "needs_review")
        self.assertIn("archived", file.issue_ids.expected)
        self.assertFalse(file.payment_ids)

    def test_agreement_without_payments_in_takes_none(self):
        self.agreement.payments_in = False
        file = self._book(self._payment(450))
        self.assertEqual(file.state, "needs_review")
        self.assertIn("takes no payments", file.issue_ids.expected)

    def test_other_currency_is_not_booked(self):
        file = self._book(self._payment(450, currency="EUR"), self._payment(10, deposit_key="D2"))
        self.assertEqual(file.state, "needs_review")
        self.assertEqual(len(file.payment_ids), 1)

    def test_test_file_never_books_on_a_real_connection(self):
        sent = messages.Transmission(record=0, is_test=True)
        file = self._book(self._payment(450), extra=[sent])
        self.assertEqual(file.state, "refused")

    def test_bad_record_is_an_issue_and_the_rest_is_read(self):
        content = self._content(self._payment(450)) + b"not json\n"
        file = self._receive(content)
        file._process()
        self.assertEqual((file.state, file.error_count), ("needs_review", 1))
        self.assertEqual(file.issue_ids.raw_record, "not json")
        file.action_reviewed()
        self.assertEqual((file.state, file.reviewed_by_id), ("booked", self.env.user))

    def test_thousands_of_issues_stay_a_short_list(self):
        file = self._receive(self._content(self._payment(450)) + b"x\n" * 2000)
        file._process()
        self.assertEqual(file.error_count, 2000)
        self.assertEqual(len(file.issue_ids), 501)

    def test_fault_of_a_decoder_stops_its_file_only(self):
        broken = self._receive(self._content(self._payment(450)), "broken.txt")
        sound = self._receive(self._content(self._payment(10, deposit_key="D2")), "sound.txt")
        decode = fake_bank.decode
        secret = str(1019912345).zfill(11)

        def fail_once(stream, calls=[]):  # noqa: B006
            if not calls:
                calls.append(1)
                raise ValueError(secret)
            return decode(stream)

        with (
            patch.object(fake_bank, "decode", fail_once),
            self.assertLogs("odoo.addons.membership_billing_nordic", "ERROR") as logs,
        ):
            self.env["bank.file"]._cron_process()
        self.assertEqual((broken.state, sound.state), ("refused", "booked"))
        self.assertNotIn(secret, "".join(logs.output))
        broken.action_process_again()
        broken._process()
        self.assertEqual(broken.state, "booked")

    # ------------------------------------------------------------------ exactly once

    def test_payments_in_other_bytes_are_skipped_and_said_so(self):
        first, second = self._payment(450), self._payment(100, deposit_key="D2")
        self._book(first)
        again = self._book(first, second)
        self.assertEqual((again.known_count, again.state), (1, "booked"))
        self.assertEqual(len(again.payment_ids), 1)
        self.assertEqual(len(again.deposit_ids), 1)

    def test_known_key_with_another_amount_is_an_error(self):
        first = self._payment(450)
        self._book(first)
        other = self._payment(500, key=first.key)
        file = self._book(other)
        self.assertEqual((file.state, file.known_count), ("needs_review", 0))
        self.assertIn("another amount", file.issue_ids.found)

    def test_new_payments_of_a_booked_deposit_are_a_possible_double(self):
        first, second = self._payment(450), self._payment(100)
        self._book(first)
        file = self._book(first, second)
        deposit = self._stored(second).deposit_id
        self.assertRecordValues(
            deposit, [{"state": "held", "hold_reason": "double", "amount": 100}]
        )
        self.assertEqual(self._stored(second).state, "held")
        self.assertEqual(file.state, "needs_review")
        self.assertTrue(self._on_desk(deposit, "possible_double"))
        return file, deposit, second

    def test_possible_double_is_booked_when_a_manager_says_so(self):
        file, deposit, second = self.test_new_payments_of_a_booked_deposit_are_a_possible_double()
        deposit.action_book()
        file._process()
        self.assert_payment(second, "unmatched", "no_reference", 100)
        self.assertEqual(file.state, "booked")
        self.assertFalse(self._on_desk(deposit, "possible_double"))
        with self.assertRaisesRegex(UserError, "Somebody else has decided"):
            deposit.action_book()

    def test_possible_double_is_discarded_when_a_manager_says_so(self):
        file, deposit, second = self.test_new_payments_of_a_booked_deposit_are_a_possible_double()
        deposit.action_discard()
        file._process()
        self.assertEqual(self._stored(second).state, "discarded")
        self.assertFalse(deposit.move_id)
        self.assertEqual(file.state, "booked")

    def test_deposit_that_does_not_add_up_is_held(self):
        message = self._payment(450)
        deposit = self._deposit([message], amount=Decimal(500))
        file = self._book(message, deposits=[deposit])
        self.assertRecordValues(
            file.deposit_ids, [{"state": "held", "hold_reason": "sum", "difference": 50}]
        )
        self.assertFalse(file._entries())
        file.deposit_ids.action_book()
        file._process()
        self.assert_payment(message, "unmatched", "no_reference", 450)

    def test_processing_again_books_what_could_not_be_booked(self):
        message = self._payment(450)
        deposit = self._deposit([message], amount=Decimal(440), charges=Decimal(10))
        file = self._book(message, deposits=[deposit])
        self.assertEqual(file.deposit_ids.hold_reason, "error")
        self.assertTrue(self._on_desk(file.deposit_ids, "deposit_held"))
        self.company.mbn_bank_charge_account_id = self.company_data["default_account_expense"]
        file.action_process_again()
        file._process()
        self.assertEqual((file.state, file.deposit_ids.state), ("booked", "booked"))
        self.assertFalse(self._on_desk(file.deposit_ids, "deposit_held"))

    def test_payments_without_a_deposit_are_held(self):
        message = self._payment(450)
        file = self._book(message, deposits=())
        self.assertRecordValues(
            file.deposit_ids, [{"state": "held", "hold_reason": "no_deposit", "amount": 450}]
        )

    def test_key_twice_in_one_file_is_booked_once(self):
        message = self._payment(450)
        file = self._book(message, message, deposits=[self._deposit([message])])
        self.assertEqual((len(file.payment_ids), file.warning_count), (1, 1))
        self.assertEqual(file.deposit_ids.state, "booked")

    def test_stopped_anywhere_and_run_again_gives_the_same(self):
        def result(file):
            return [
                (p.amount, p.state, p.outcome, p.amount_open, len(p.allocation_ids))
                for p in file.payment_ids.sorted("record")
            ] + [(file.state, file.known_count, len(file._entries()))]

        def payments(prefix):
            partner = self._payer(prefix)
            invoices = [self._invoice(partner, 100) for _number in range(4)]
            return [
                self._payment(
                    100 + place,
                    invoice.payment_reference,
                    deposit_key=f"{prefix}{place % 2}",
                    bank_date=date(2026, 2, 1 + place),
                )
                for place, invoice in enumerate(invoices)
            ] + [self._payment(5, deposit_key=f"{prefix}0")]

        with (
            patch("odoo.addons.membership_billing_nordic.models.bank.bank_file._ROWS_PER_CHUNK", 2),
            patch.object(type(self.env["bank.file"]), "_run_chunk_size", 2),
        ):
            undisturbed = self._book(*payments("A"))
            stopped = self._receive(self._content(*payments("B")))
            runs = 0
            while stopped.state in ("received", "accepted"):
                self.seconds_left = 1 + runs % 2
                stopped._process()
                stopped.invalidate_recordset()
                runs += 1
                self.assertLess(runs, 50)
        self.assertGreater(runs, 5)
        self.assertEqual(result(stopped), result(undisturbed))

    def test_killed_after_a_chunk_of_rows_repeats_none(self):
        messages_ = [self._payment(10) for _number in range(5)]
        with patch(
            "odoo.addons.membership_billing_nordic.models.bank.bank_file._ROWS_PER_CHUNK", 2
        ):
            file = self._receive(self._content(*messages_))
            self.seconds_left = 2
            self.assertFalse(file._process())
            self.assertEqual(len(file.payment_ids), 2)
            self.seconds_left = None
            # As after a kill between the rows and the note of the position.
            file.read_position = 0
            file._process()
        self.assertEqual((len(file.payment_ids), file.known_count), (5, 0))
        self.assertEqual(file.deposit_ids.state, "booked")

    def test_cron_takes_all_files_and_stays_alive(self):
        first = self._receive(self._content(self._payment(10)), "first")
        second = self._receive(b"rubbish", "second")
        third = self._receive(self._content(self._payment(20, deposit_key="D2")), "third")
        self.env["bank.file"]._cron_process()
        self.assertEqual((first | second | third).mapped("state"), ["booked", "refused", "booked"])

    # ------------------------------------------------------------------ mandates

    def test_mandate_messages_are_stored_with_their_payer(self):
        invoice = self._invoice(self.payer, 450)
        layout = self.agreement.layout_ids._shape()
        number = self.payer.mbn_payer_number_ids.number
        unknown = layout.build(number, 99999)
        events = [
            messages.MandateEvent(
                record=0,
                event=event,
                account="99991042764",
                reference=reference,
                written_notice=notice,
            )
            for event, reference, notice in (
                ("registered", invoice.payment_reference, True),
                ("cancelled", unknown, False),
                ("listed", "4711", None),
            )
        ]
        file = self._book(extra=events)
        self.assertEqual((file.state, file.mandate_count), ("booked", 3))
        self.assertRecordValues(
            file.mandate_event_ids,
            [
                {"event": "registered", "partner_id": self.payer.id, "written_notice": "yes"},
                {"event": "cancelled", "partner_id": self.payer.id, "written_notice": "no"},
                {"event": "listed", "partner_id": False, "written_notice": False},
            ],
        )

    # ------------------------------------------------------------------ desk and rights

    def _on_desk(self, record, kind):
        return self.env["billing.exception"].search(
            [
                ("res_model", "=", record._name),
                ("res_id", "=", record.id),
                ("kind", "=", kind),
                ("state", "=", "open"),
            ]
        )

    def test_desk_has_one_row_per_file_with_the_count(self):
        file = self._book(self._payment(10), self._payment(20))
        row = self._on_desk(file, "payment_unmatched")
        self.assertEqual(len(row), 1)
        self.assertIn("to place: 2", row.name)
        for payment in file.payment_ids:
            payment._place(
                [
                    {
                        "partner": self.payer,
                        "invoice": self.env["account.move"],
                        "amount": payment.amount,
                    }
                ]
            )
        self.assertFalse(self._on_desk(file, "payment_unmatched"))

    def test_desk_forgets_a_refused_file_that_was_looked_at(self):
        file = self._receive(b"rubbish")
        file._process()
        self.assertTrue(self._on_desk(file, "bank_file_refused"))
        file.action_reviewed()
        self.assertEqual(file.state, "refused")
        self.assertFalse(self._on_desk(file, "bank_file_refused"))

    def test_front_desk_sees_no_bank_things(self):
        file = self._book(self._payment(10))
        clerk = new_test_user(
            self.env, "clerk", "membership_billing_nordic.group_billing_front_desk"
        )
        for record in (file, file.payment_ids, file.deposit_ids):
            with self.assertRaises(AccessError):
                record.with_user(clerk).read(["display_name"])
        with self.assertRaises(AccessError):
            file.payment_ids.with_user(clerk).action_accept_best()
        with self.assertRaises(AccessError):
            file.with_user(clerk).action_process_again()

    def test_auditor_reads_and_changes_nothing(self):
        file = self._book(self._payment(10))
        auditor = new_test_user(
            self.env, "auditor", "membership_billing_nordic.group_billing_auditor"
        )
        self.assertEqual(file.payment_ids.with_user(auditor).amount, 10)
        for action in ("action_process_again", "action_reviewed"):
            with self.assertRaises(AccessError):
                getattr(file.with_user(auditor), action)()
        with self.assertRaises(AccessError):
            file.payment_ids.with_user(auditor).action_undo()
        with self.assertRaises(AccessError):
            file.deposit_ids.with_user(auditor).action_book()

    def test_user_places_but_does_not_write_rows(self):
        self._invoice(self.payer, 10)
        file = self._book(self._payment(10))
        user = new_test_user(self.env, "user", "membership_billing_nordic.group_billing_user")
        payment = file.payment_ids.with_user(user)
        with self.assertRaises(AccessError):
            payment.write({"state": "matched"})
        payment._place([{"partner": self.payer, "invoice": self.env["account.move"], "amount": 10}])
        self.assertEqual(payment.state, "matched")
        with self.assertRaises(AccessError):
            file.deposit_ids.with_user(user).action_book()

    def test_other_company_sees_nothing(self):
        file = self._book(self._payment(10))
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "membership_billing_nordic.group_billing_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for model in ("bank.file", "bank.payment", "bank.deposit", "bank.file.issue"):
            self.assertFalse(self.env[model].with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            file.payment_ids.with_user(stranger).action_undo()
