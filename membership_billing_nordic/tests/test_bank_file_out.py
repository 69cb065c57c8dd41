import base64
from datetime import datetime
from unittest.mock import patch

import psycopg2
from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import file_open, mute_logger

from ..formats import messages
from ..models.bank.channel_ways import WayError
from .bank_out_common import BankOutCommon

MANAGER = "membership_billing_nordic.group_billing_manager"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankFileOut(BankOutCommon):
    """Files to the bank: making, approving, sending, and what the bank answers."""

    # ------------------------------------------------------------------ making

    def test_numbers_go_on_and_are_never_given_out_again(self):
        self.connection.next_transmission_number = 41
        taken = [self.connection._take_transmission_number() for _time in range(3)]
        self.assertEqual(taken, [41, 42, 43])
        self.assertEqual(self.connection.next_transmission_number, 44)
        file = self._make()
        self.assertEqual(file.transmission_number, "44")
        file.action_discard()
        self.assertEqual(self._make().transmission_number, "45")
        with self.assertRaisesRegex(ValidationError, "Number 45"):
            self.connection.next_transmission_number = 45

    def test_a_number_twice_is_refused_by_the_database(self):
        file = self._make()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation):
            self.env["bank.file"]._create_outgoing(
                self.connection, "other.txt", self._encoded(), file.transmission_number, False
            )
            self.env.flush_all()

    def test_bytes_counts_and_fingerprint_are_kept(self):
        file = self._make(b"the bytes", "1234.50")
        self.assertRecordValues(
            file,
            [
                {
                    "direction": "out",
                    "state": "queued",
                    "size": 9,
                    "sha256": "ed589341c9fd5da96aaff4c5efa008226282a716186608d5a032ac75895a9c2f",
                    "request_count": 3,
                    "requests_sum": 1234.5,
                    "transmission_number": "1",
                    "sender": "00123456",
                }
            ],
        )
        self.assertEqual(base64.b64decode(file.content), b"the bytes")

    def test_a_file_to_the_bank_is_frozen_and_kept(self):
        file = self._make()
        for change in ({"content": b"eA=="}, {"transmission_number": "7"}, {"name": "x.txt"}):
            with self.assertRaisesRegex(UserError, "never changed"):
                file.sudo().write(change)
        with self.assertRaisesRegex(UserError, "are kept"):
            file.sudo().unlink()

    @freeze_time("2026-12-31 13:25:01")
    def test_names_follow_the_pattern_in_local_time(self):
        self.company.partner_id.tz = "Europe/Oslo"
        for pattern, name in (
            ("DIRREM.F{number:7}.D{date:6}.T{time:4}.txt", "DIRREM.F0000012.D261231.T1425.txt"),
            ("{date}-{time}", "20261231-142501"),
            ("{number}", "12"),
        ):
            self.connection.out_name_pattern = pattern
            self.assertEqual(self.connection._out_name(12), name)

    def test_names_that_repeat_or_leave_the_folder_are_refused(self):
        for pattern in ("payments.txt", "{date}.txt", "../{number}", "a/{number}", ".{number}"):
            with self.assertRaises(ValidationError):
                self.connection.out_name_pattern = pattern

    # ------------------------------------------------------------------ approval

    def test_a_file_that_waits_for_approval_is_not_sent(self):
        self.connection.out_mode = "approval"
        file = self._make()
        self._send_all()
        self.assertEqual((file.state, self.way.sent), ("draft", []))
        self.assertEqual(self._desk(file), ["bank_file_approval"])
        file.action_approve()
        self.assertRecordValues(file, [{"state": "queued", "approved_by_id": self.env.user.id}])
        self._send_all()
        self.assertEqual((file.state, self._desk(file)), ("sent", []))

    def test_only_files_from_the_limit_on_wait(self):
        self.connection.write({"out_mode": "limit", "out_limit": 1000})
        self.assertEqual(self._make(amount="999.99").state, "queued")
        self.assertEqual(self._make(amount="1000.00").state, "draft")

    def test_a_second_person_has_to_approve(self):
        self.connection.write({"out_mode": "approval", "out_second_person": True})
        file = self._make()
        self.assertEqual(file.made_by_id, self.env.user)
        with self.assertRaisesRegex(UserError, "second person"):
            file.action_approve()
        other = new_test_user(self.env, "other", MANAGER, company_id=self.company.id)
        file.with_user(other).action_approve()
        self.assertRecordValues(file, [{"state": "queued", "approved_by_id": other.id}])

    def test_a_file_made_by_itself_needs_two_persons(self):
        self.connection.write({"out_mode": "approval", "out_second_person": True})
        files = self.env["bank.file"].with_user(SUPERUSER_ID)
        number = self.connection._take_transmission_number()
        made = files._create_outgoing(self.connection, "a.txt", self._encoded(), number, False)
        file = self.env["bank.file"].browse(made.id)
        self.assertFalse(file.made_by_id)
        file.action_approve()
        self.assertEqual(file.state, "draft")
        with self.assertRaisesRegex(UserError, "second person"):
            file.action_approve()
        other = new_test_user(self.env, "other", MANAGER, company_id=self.company.id)
        file.with_user(other).action_approve()
        self.assertEqual(file.state, "queued")

    def test_discarding_tells_whose_records_it_holds(self):
        file = self._make()
        with patch.object(type(file), "_on_discarded") as told:
            file.action_discard()
        told.assert_called_once_with()
        self.assertEqual(file.state, "discarded")
        with self.assertRaisesRegex(UserError, "not where it was"):
            file.action_approve()
        self._send_all()
        self.assertEqual(self.way.sent, [])

    def test_only_managers_handle_files_to_the_bank(self):
        file = self._make()
        clerk = new_test_user(
            self.env,
            "clerk",
            "membership_billing_nordic.group_billing_user",
            company_id=self.company.id,
        )
        for button in ("action_approve", "action_discard", "action_download", "action_arrived"):
            with self.assertRaises(AccessError):
                getattr(file.with_user(clerk), button)()

    # ------------------------------------------------------------------ sending

    def test_being_sent_is_committed_before_the_first_byte(self):
        file = self._make(b"bytes", name="a.txt")
        committed = []
        stand_in = self._committed
        with patch.object(
            type(self.env["ir.cron"]),
            "_commit_progress",
            lambda *args, **options: committed.append(file.state) or stand_in(*args, **options),
        ):
            self.way.before_sending = lambda: self.assertEqual(committed[-1], "sending")
            self._send_all()
        self.assertEqual((self.way.there, file.state), ({"a.txt": b"bytes"}, "sent"))
        self.assertTrue(file.sent_on)
        self.assertIn("sending", committed)

    def test_a_server_that_cannot_be_reached_is_tried_again(self):
        file = self._make()
        self.way.connect_error = WayError("refused", host="sftp.example.com", port=22)
        for _run in range(2):
            self._send_all()
        self.assertEqual((file.state, self._desk(file)), ("queued", []))
        self._send_all()
        self.assertIn("takes no connections on port 22", file.send_problem)
        self.assertEqual(self._desk(file), ["bank_file_held"])
        self.way.connect_error = None
        self._send_all()
        self.assertRecordValues(file, [{"state": "sent", "send_problem": False}])
        self.assertEqual((self._desk(file), len(self.way.sent)), ([], 1))

    def test_a_channel_that_is_down_does_not_stop_others(self):
        self._make()
        other = self.env["bank.connection"].create(
            {"name": "Other", "customer_number": "2", "channel_id": self.channel.copy().id}
        )
        file = self._make(connection=other)
        ways = {self.channel.id: self.way}
        broken = self.way.__class__()
        broken.connect_error = WayError("timeout", host="a", port=22)
        ways[self.channel.id] = broken
        self.patch(type(self.channel), "_open_way", lambda channel: ways.get(channel.id, self.way))
        self._send_all()
        self.assertEqual(file.state, "sent")

    def test_a_refusal_before_the_name_was_given_is_no_unknown_fate(self):
        file = self._make()
        self.way.send_error = WayError("not_stored", folder="Inbound")
        self._send_all()
        self.assertEqual(file.state, "queued")
        self.assertIn("disk may be full", file.send_problem)

    def test_lost_after_it_arrived_is_found_and_not_sent_again(self):
        file = self._make()
        self._lose(arrives=True)
        self._send_all()
        self.assertRecordValues(file, [{"state": "sending", "is_fate_unknown": False}])
        self._send_all()
        self.assertRecordValues(file, [{"state": "sent", "is_fate_unknown": False}])
        self.assertEqual((len(self.way.sent), self._desk(file)), (1, []))

    def test_lost_and_not_found_is_asked_and_never_sent_by_itself(self):
        file = self._make()
        self._lose(arrives=False)
        for _run in range(4):
            self._send_all()
        self.assertRecordValues(file, [{"state": "sending", "is_fate_unknown": True}])
        self.assertEqual(len(self.way.sent), 1)
        self.assertEqual(self._desk(file), ["bank_file_unknown"])
        return file

    def test_a_person_says_it_arrived(self):
        file = self.test_lost_and_not_found_is_asked_and_never_sent_by_itself()
        row = self.env["billing.exception"].search([("kind", "=", "bank_file_unknown")])
        row.action_file_arrived()
        self.assertEqual((file.state, row.state, len(self.way.sent)), ("sent", "done", 1))

    def test_a_person_says_it_did_not_arrive_and_the_same_bytes_go_again(self):
        file = self.test_lost_and_not_found_is_asked_and_never_sent_by_itself()
        before = (file.name, file.sha256)
        row = self.env["billing.exception"].search([("kind", "=", "bank_file_unknown")])
        row.action_file_not_arrived()
        self.assertEqual((file.state, row.state), ("queued", "done"))
        self.way.send_error = None
        self._send_all()
        self.assertEqual((file.state, (file.name, file.sha256)), ("sent", before))
        self.assertEqual(len(self.way.sent), 2)

    def test_nobody_decides_about_a_file_that_is_under_way(self):
        file = self._make()
        file.state = "sending"
        for button in (file.action_arrived, file.action_not_arrived, file.action_discard):
            with self.assertRaisesRegex(UserError, "not where it was"):
                button()

    def test_unknown_fate_when_the_server_cannot_be_asked(self):
        file = self._make()
        file.state = "sending"
        self.way.connect_error = WayError("timeout", host="sftp.example.com", port=22)
        self._send_all()
        self.assertEqual(self._desk(file), ["bank_file_unknown"])
        self.way.connect_error = None
        self.way.there[file.name] = b"x" * file.size
        self._send_all()
        self.assertEqual((file.state, self._desk(file), self.way.sent), ("sent", [], []))

    def test_a_file_of_that_name_over_there_is_never_overwritten(self):
        file = self._make()
        self.way.there[file.name] = b"another"
        self._send_all()
        self.assertEqual((file.state, self.way.sent), ("queued", []))
        self.assertIn("lies there already", file.send_problem)

    def test_changed_bytes_are_not_sent(self):
        file = self._make(b"the bytes")
        attachment = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "bank.file"),
                ("res_field", "=", "content"),
                ("res_id", "=", file.id),
            ]
        )
        attachment.sudo().raw = b"the other"
        self._send_all()
        self.assertEqual((file.state, self.way.sent), ("queued", []))
        self.assertIn("not those it was made of", file.send_problem)

    def test_what_fails_after_sending_leaves_the_file_sent(self):
        file = self._make()
        secret = str(1019912345).zfill(11)
        with (
            patch.object(type(file), "_on_sent", side_effect=ValueError(secret)),
            self.assertLogs("odoo.addons.membership_billing_nordic", "ERROR") as logs,
        ):
            self._send_all()
        self.assertEqual(file.state, "sent")
        self.assertNotIn(secret, "".join(logs.output))
        self.assertEqual(len(file.issue_ids), 1)

    def test_it_is_not_sent_before_its_time(self):
        with freeze_time("2026-03-02 08:00:00"):
            file = self._make(send_after=datetime(2026, 3, 2, 9, 0))
            self._send_all()
            self.assertEqual(file.state, "queued")
        with freeze_time("2026-03-02 09:00:01"):
            self._send_all()
        self.assertEqual(file.state, "sent")

    # ------------------------------------------------------------------ deadlines

    def test_a_file_whose_deadline_passed_is_not_sent(self):
        with freeze_time("2026-03-02 13:00:01"):
            file = self._make(deadline=datetime(2026, 3, 2, 13, 0))
            self._send_all()
            self.assertEqual((file.state, self.way.sent), ("queued", []))
            self.assertEqual(self._desk(file), ["bank_file_held"])
            self.assertTrue(file.is_late)
            file.action_send_late()
            self._send_all()
        self.assertEqual((file.state, file.late_allowed_by_id), ("sent", self.env.user))
        self.assertEqual(self._desk(file), [])

    def test_an_approval_that_comes_too_late_does_not_send(self):
        self.connection.out_mode = "approval"
        with freeze_time("2026-03-02 12:00:00"):
            file = self._make(deadline=datetime(2026, 3, 2, 13, 0))
        with freeze_time("2026-03-02 13:30:00"):
            self._send_all()
            self.assertEqual(self._desk(file), ["bank_file_held"])
            file.action_approve()
            self._send_all()
            self.assertEqual((file.state, self.way.sent), ("queued", []))
            self.env["billing.exception"].search(
                [("kind", "=", "bank_file_held")]
            ).action_discard_file()
        self.assertEqual((file.state, self._desk(file)), ("discarded", []))

    # ------------------------------------------------------------------ test mode

    def test_a_test_connection_takes_no_live_channel(self):
        with self.assertRaisesRegex(ValidationError, "may not travel"):
            self.connection.is_test = True
        self.channel.is_test = True
        self.connection.is_test = True
        with self.assertRaisesRegex(ValidationError, "may not travel"):
            self.channel.is_test = False

    def test_a_test_file_leaves_by_test_channels_only(self):
        self.channel.is_test = True
        live = self._make()
        self._send_all()
        self.assertEqual((live.state, self.way.sent), ("queued", []))
        live.action_discard()
        self.connection.is_test = True
        test = self._make()
        self.assertTrue(test.is_test)
        self._send_all()
        self.assertEqual((test.state, self.way.sent), ("sent", [test.name]))

    def test_a_live_file_of_a_copied_database_stays(self):
        file = self._make()
        self.env.cr.execute(_neutralize())
        self.env.invalidate_all()
        self._send_all()
        self.assertEqual((file.state, self.way.sent), ("queued", []))
        with self.assertRaisesRegex(UserError, "switched to or from test"):
            file.action_download()
        self.assertFalse(self.channel._sends_itself())

    # ------------------------------------------------------------------ by hand

    def test_by_hand_it_is_sent_when_the_person_says_so(self):
        self.connection.channel_id = False
        file = self._make()
        self._send_all()
        self.assertEqual((file.state, self._desk(file)), ("queued", ["bank_file_deliver"]))
        with self.assertRaisesRegex(UserError, "Download"):
            file.action_delivered()
        action = file.action_download()
        self.assertIn(f"/web/content/bank.file/{file.id}/content/", action["url"])
        self.assertEqual(file.state, "queued")
        file.action_delivered()
        self.assertRecordValues(file, [{"state": "sent", "downloaded_by_id": self.env.user.id}])
        self.assertEqual(self._desk(file), [])

    def test_what_a_channel_sends_is_not_delivered_by_hand_too(self):
        file = self._make()
        with self.assertRaisesRegex(UserError, "twice"):
            file.action_download()

    # ------------------------------------------------------------------ receipts

    def _answer(self, *receipts, name="receipt.txt"):
        file = self._receive(self._content(extra=receipts, deposits=()), name)
        file._process()
        return file

    def _receipt(self, number, event="accepted", meaning=""):
        return messages.FileReceipt(
            record=0, event=event, transmission_number=number, meaning=meaning
        )

    def _sent(self):
        file = self._make()
        self._send_all()
        self.assertEqual(file.state, "sent")
        return file

    def test_a_file_of_receipts_only_is_booked_and_confirms(self):
        file = self._sent()
        with patch.object(type(file), "_on_confirmed") as told:
            answer = self._answer(self._receipt("0000001"))
        told.assert_called_once_with()
        self.assertRecordValues(file, [{"state": "confirmed", "answer_file_id": answer.id}])
        self.assertEqual((answer.state, answer.connection_id), ("booked", self.connection))
        self.assertFalse(answer.payment_ids)

    def test_a_rejection_is_on_the_desk_with_its_meaning(self):
        file = self._sent()
        with patch.object(type(file), "_on_rejected") as told:
            self._answer(self._receipt("1", "rejected", "sender unknown"))
        told.assert_called_once_with("sender unknown")
        self.assertRecordValues(file, [{"state": "rejected", "answer": "sender unknown"}])
        self.assertEqual(self._desk(file), ["bank_file_rejected"])
        file.action_rejection_read()
        self.assertEqual((file.state, self._desk(file)), ("rejected", []))

    def test_a_confirmed_file_can_be_rejected_but_not_the_other_way_round(self):
        file = self._sent()
        self._answer(self._receipt("1"))
        self._answer(self._receipt("1", "rejected", "wrong sum"))
        self.assertEqual(file.state, "rejected")
        answer = self._answer(self._receipt("1", meaning="again"))
        self.assertEqual((file.state, answer.state), ("rejected", "needs_review"))

    def test_the_same_answer_twice_changes_nothing(self):
        file = self._sent()
        first = self._answer(self._receipt("1"))
        again = self._answer(self._receipt("1", meaning="second copy"))
        self.assertEqual((again.state, file.answer_file_id), ("booked", first))

    def test_a_receipt_for_no_file_of_ours_needs_a_look(self):
        answer = self._answer(self._receipt("99"))
        self.assertEqual(answer.state, "needs_review")
        self.assertEqual(answer.issue_ids.found, "99: 0")

    def test_a_receipt_tells_the_fate_of_a_file(self):
        file = self._make()
        self._lose(arrives=False)
        self._send_all()
        self._send_all()
        with patch.object(type(file), "_on_sent") as told:
            self._answer(self._receipt("1"))
        told.assert_called_once_with()
        self.assertRecordValues(file, [{"state": "confirmed", "is_fate_unknown": False}])
        self.assertEqual(self._desk(file), [])

    def test_a_discarded_file_is_meant_by_no_receipt(self):
        file = self._make()
        file.action_discard()
        self.assertEqual(self._answer(self._receipt("1")).state, "needs_review")
        self.assertEqual(file.state, "discarded")

    def test_the_recipient_of_a_receipt_tells_between_connections(self):
        other = self.env["bank.connection"].create(
            {"name": "Other", "customer_number": "777", "channel_id": self.channel.id}
        )
        file, twin = self._make(), self._make(connection=other)
        self._send_all()
        to_other = messages.Transmission(record=0, sender="8080", recipient="777", number="5")
        self._answer(to_other, self._receipt("1"))
        self.assertEqual((file.state, twin.state), ("sent", "confirmed"))

    def test_a_receipt_known_by_its_name_is_read_whatever_is_in_it(self):
        files = type(self.env["bank.file"])

        def by_name(_self, name):
            if name.startswith("OK."):
                return self._receipt(name.split(".")[1])
            return None

        self.patch(files, "_receipt_of_name", by_name)
        first, second, third = self._sent(), self._sent(), self._sent()
        for name, content in (("OK.01.html", b"<p>ok"), ("OK.02.html", b"<p>ok"), ("OK.3", b"")):
            answer = self._receive(content, name)
            answer._process()
            self.assertEqual((answer.state, answer.format_label), ("booked", "Receipt"))
        states = (first | second | third).mapped("state")
        self.assertEqual(states, ["confirmed", "confirmed", "confirmed"])
        again = self._receive(b"<p>ok", "OK.01.html")
        self.assertTrue(again.duplicate_of_id)

    def test_a_receipt_that_does_not_come_is_on_the_desk(self):
        self.connection.receipt_hours = 4
        with freeze_time("2026-03-02 08:00:00"):
            file = self._sent()
        with freeze_time("2026-03-02 11:59:00"):
            self._send_all()
            self.assertEqual(self._desk(file), [])
        with freeze_time("2026-03-02 12:01:00"):
            self._send_all()
            self.assertEqual(self._desk(file), ["bank_file_unanswered"])
            self._answer(self._receipt("1"))
        self.assertEqual(self._desk(file), [])

    def test_our_own_bytes_coming_back_are_not_read(self):
        content = self._content(self._payment(10))
        file = self._make(content)
        answer = self._receive(content)
        self.assertEqual((answer.state, answer.duplicate_of_id), ("refused", file))

    def test_each_direction_opens_in_its_own_form(self):
        file, answer = self._make(), self._receive(self._content(self._payment(10)))
        form = self.env.ref("membership_billing_nordic.bank_file_out_view_form")
        self.assertEqual(file.get_formview_id(), form.id)
        self.assertNotEqual(answer.get_formview_id(), form.id)


def _neutralize():
    with file_open("membership_billing_nordic/data/neutralize.sql") as stream:
        return stream.read()
