from datetime import datetime
from types import SimpleNamespace
from unittest.mock import patch

import psycopg2
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..formats import messages
from . import fake_debits
from .bank_file_common import ACCOUNT
from .debit_common import DebitCommon, day

# The same lines in a format of its own: for schemes that take mandates in files of their own.
ALONE = SimpleNamespace(
    FORMAT="test.mandates",
    LABEL="Test bank mandates",
    faults=fake_debits.faults,
    encode=fake_debits.encode,
)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDebitMandateFiles(DebitCommon):
    """It is Monday 2 March, nine o'clock; mandates go at noon."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank_account = cls.env["res.partner.bank"].create(
            {"partner_id": cls.without.id, "acc_number": "99993000015"}
        )
        cls.asked = cls._draft(cls.without, partner_bank_id=cls.bank_account.id)

    def setUp(self):
        super().setUp()
        agreements, connections = (type(self.env[f"bank.{n}"]) for n in ("agreement", "connection"))
        self.startPatcher(patch.object(agreements, "_can_request_mandates", lambda self: True))
        self.startPatcher(patch.object(agreements, "_can_cancel_mandates", lambda self: True))
        self.startPatcher(patch.object(connections, "_mandate_encoder", lambda self: fake_debits))

    @classmethod
    def _draft(cls, payer, **values):
        return cls.env["direct.debit.mandate"].create(
            {"agreement_id": cls.agreement.id, "partner_id": payer.id} | values
        )

    def _alone(self):
        """Let the bank take mandates in files of their own only."""
        connections = type(self.env["bank.connection"])
        self.startPatcher(patch.object(connections, "_mandate_encoder", lambda self: ALONE))

    def _make_and_send(self):
        file = self._make()
        file.sudo()._mark_sent()
        return file

    def _at_noon(self):
        self._at(2026, 3, 2, 11, 0)

    def _answered(self, event, mandate):
        """The bank answers to a record of ours on this mandate."""
        answer = messages.RequestEvent(
            record=0,
            event=event,
            account=ACCOUNT,
            payer_number=mandate.payer_number,
            bank_code=str(next(self._keys)),
            meaning="As agreed" if event == "accepted" else "Wrong account",
        )
        return self._book(extra=[answer])

    def _kinds(self, file):
        return [row["type"] for row in self._lines(file)]

    # ------------------------------------------------------------------ making

    def test_a_request_leaves_once_at_the_time_of_day(self):
        self.asked.action_request()
        self.assertTrue(self.asked.waits_for_file)
        self._at(2026, 3, 2, 10, 59)
        self.assertFalse(self._make())
        self._at_noon()
        file = self._make()
        self.assertRecordValues(
            file, [{"state": "queued", "request_count": 1, "requests_sum": 0, "deadline": False}]
        )
        self.assertRecordValues(
            self.asked,
            [{"request_file_id": file.id, "request_record": 3, "waits_for_file": False}],
        )
        self.assertEqual(
            self._lines(file),
            [
                {
                    "type": "MandateRequest",
                    "key": f"request-{self.asked.id}",
                    "account": ACCOUNT,
                    "agreement_number": "001234567",
                    "payer_number": self.asked.payer_number,
                    "payer_name": "Per Uten Avtale",
                    "payer_account": "99993000015",
                }
            ],
        )
        self._at(2026, 3, 3, 11, 0)
        self.assertFalse(self._make())

    def test_what_comes_after_the_time_of_day_waits_for_the_next_banking_day(self):
        self._at(2026, 3, 6, 11, 1)  # Friday
        self.asked.action_request()
        self._at(2026, 3, 8, 12, 0)
        self.assertFalse(self._make())
        self._at(2026, 3, 9, 11, 0)
        self.assertTrue(self._make())

    def test_a_file_of_debits_takes_mandates_along_before_its_own(self):
        self.mandate.number = "77"
        self.mandate.action_cancel()
        self.asked.action_request()
        self._due(self.other, 450, day(3, 20))
        self._at(2026, 3, 17, 13, 0)
        file = self._make()
        self.assertEqual(
            self._kinds(file), ["MandateCancellation", "MandateRequest", "CollectionRequest"]
        )
        ended = self._lines(file)[0]
        self.assertEqual((ended["mandate_number"], ended["effective_date"]), ("77", "2026-03-02"))
        self.assertEqual((file.request_count, file.requests_sum), (3, 450.0))
        self.assertRecordValues(
            self.mandate, [{"cancel_file_id": file.id, "cancel_record": 3, "waits_for_file": False}]
        )

    def test_a_bank_that_wants_mandates_alone_gets_a_file_of_them(self):
        self._alone()
        self.asked.action_request()
        self._due(self.other, 450, day(3, 4))
        self._at_noon()
        mandates, debits = self._make().sorted("id")
        self.assertEqual(
            [mandates.format, self._kinds(mandates)], ["test.mandates", ["MandateRequest"]]
        )
        self.assertEqual(
            [debits.format, self._kinds(debits)], ["test.debits", ["CollectionRequest"]]
        )
        self.assertEqual(mandates.mandate_request_ids, self.asked)

    def test_two_agreements_have_an_assignment_each(self):
        second = self._agreement("99991042772", number="001234568", debit_out=True)
        other = self._draft(
            self.without, agreement_id=second.id, partner_bank_id=self.bank_account.id
        )
        (self.asked | other).action_request()
        self._at_noon()
        file = self._make()
        self.assertEqual(
            [row["account"] for row in self._lines(file)], ["99991042764", "99991042772"]
        )
        self.assertEqual((self.agreement | second).mapped("next_assignment_number"), [2, 2])

    def test_only_what_the_bank_knows_is_ended_there(self):
        self.asked.action_request()
        self.asked.action_cancel()
        self.mandate._end("cancelled", "The payer's bank closed the account")
        self._at_noon()
        self.assertFalse(self._make())
        self.assertFalse((self.asked | self.mandate).filtered("cancel_wanted"))

    def test_a_faulty_request_is_left_out_and_named_the_others_go(self):
        faulty = self._draft(self._payer("Uten Konto"))
        (self.asked | faulty).action_request()
        self._at_noon()
        self.assertEqual(self._make().mandate_request_ids, self.asked)
        self.assertEqual(faulty.left_out, "payer's account: expected one")
        row = self._desk(faulty, "mandate_left_out")
        self.assertEqual(
            row.name,
            "The bank cannot be told of the mandate of Uten Konto. payer's account: expected one",
        )
        faulty.partner_bank_id = self.env["res.partner.bank"].create(
            {"partner_id": faulty.partner_id.id, "acc_number": "99993000023"}
        )
        self.assertEqual(self._make().mandate_request_ids, faulty)
        self.assertFalse(faulty.left_out)
        self.assertFalse(self._desk(faulty, "mandate_left_out"))

    def test_a_fault_of_the_program_leaves_out_one_mandate_only(self):
        self.mandate.action_cancel()
        self.asked.action_request()
        agreements = type(self.env["bank.agreement"])
        self._at_noon()
        with (
            patch.object(agreements, "_mandate_request", side_effect=KeyError("x")),
            mute_logger("odoo.addons.membership_billing_nordic.models.debit.mandate_making"),
        ):
            file = self._make()
        self.assertEqual(self._kinds(file), ["MandateCancellation"])
        self.assertEqual(self.asked.left_out, "The program failed on it.")

    def test_a_run_that_is_killed_leaves_nothing_behind(self):
        self._alone()
        self.asked.action_request()
        self._at_noon()
        files = type(self.env["bank.file"])
        with (
            patch.object(files, "_store_bytes", side_effect=RuntimeError),
            mute_logger("odoo.addons.membership_billing_nordic.models.debit.bank_connection"),
        ):
            self.assertFalse(self._make())
        self.assertTrue(self._desk(self.connection, "mandate_file"))
        self.assertFalse(self.asked.request_file_id)
        file = self._make()
        self.assertEqual((file.transmission_number, file.mandate_request_ids), ("1", self.asked))
        self.assertFalse(self._desk(self.connection, "mandate_file"))

    def test_a_record_of_a_file_is_one_mandates(self):
        self.asked.action_request()
        self._at_noon()
        file = self._make()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation):
            self.mandate.write({"request_file_id": file.id, "request_record": 3})
            self.env.flush_all()

    def test_the_preview_counts_mandates_and_changes_nothing(self):
        self._alone()
        faulty = self._draft(self._payer("Uten Konto"))
        (self.asked | faulty).action_request()
        self.mandate.action_cancel()
        self._due(self.other, 450, day(3, 20))
        wizard = self.env["direct.debit.make"].browse(
            self.connection.action_make_debit_file()["res_id"]
        )
        self.assertRecordValues(
            wizard,
            [
                {
                    "claim_count": 1,
                    "mandate_request_count": 1,
                    "mandate_cancel_count": 1,
                    "left_out_count": 1,
                    "leaves": True,
                }
            ],
        )
        self.assertEqual(wizard.line_ids.mandate_id, faulty)
        self.assertFalse(self.asked.request_file_id)
        domain = wizard.action_make()["domain"]
        files = self.env["bank.file"].search(domain)
        self.assertEqual(sorted(files.mapped("request_count")), [1, 2])

    # ------------------------------------------------------------------ files that come back

    def test_a_discarded_file_gives_its_mandates_back_and_holds_them(self):
        self.mandate.action_cancel()
        self.asked.action_request()
        self._at_noon()
        file = self._make()
        file.action_discard()
        both = self.mandate | self.asked
        self.assertEqual(both.mapped("hold"), ["discarded", "discarded"])
        self.assertFalse(both.request_file_id | both.cancel_file_id)
        row = self._desk(file, "mandate_returned")
        self.assertIn("with another file: 2", row.name)
        self._at(2026, 3, 3, 12, 0)
        self.assertFalse(self._make())
        row.with_env(self.env).action_release_mandates()
        self.assertFalse(self._desk(file, "mandate_returned"))
        again = self._make()
        self.assertEqual(
            (again.mandate_request_ids, again.mandate_cancel_ids), (self.asked, self.mandate)
        )

    def test_a_rejected_file_holds_its_mandates_until_the_rejection_is_read(self):
        self.asked.action_request()
        self._at_noon()
        file = self._make_and_send()
        file.sudo()._reject(meaning="Unknown sender")
        self.assertTrue(self._desk(file, "bank_file_rejected"))
        self.assertRecordValues(
            self.asked, [{"state": "requested", "hold": "rejected", "left_out": "Unknown sender"}]
        )
        self.assertFalse(self._make())
        file.action_rejection_read()
        self.assertEqual(self._make().mandate_request_ids, self.asked)

    def test_a_request_that_never_left_needs_no_end(self):
        self.asked.action_request()
        self._at_noon()
        file = self._make()
        self.asked.action_cancel()
        self._at(2026, 3, 3, 12, 0)
        self.assertFalse(self._make(), "the bank is told when it has the request")
        file.action_discard()
        self.assertRecordValues(
            self.asked, [{"state": "cancelled", "cancel_wanted": False, "hold": False}]
        )
        self.assertFalse(self._desk(file, "mandate_returned"))

    # ------------------------------------------------------------------ answers

    def test_what_the_bank_accepts_is_active_what_it_rejects_is_not(self):
        refused = self._draft(self._payer("Uten Dekning"), partner_bank_id=self.bank_account.id)
        (self.asked | refused).action_request()
        self._at_noon()
        self._make_and_send()
        accepted = self._answered("accepted", self.asked)
        self._answered("rejected", refused)
        self.assertEqual(self.asked.state, "active")
        self.assertEqual(self.asked.event_ids.file_id, accepted)
        self.assertEqual((refused.state, refused.ended_meaning), ("rejected", "Wrong account"))

    def test_the_answer_to_an_end_leaves_the_mandate_that_replaces_it_alone(self):
        self.mandate.action_cancel()
        self.env.flush_all()
        new = self._draft(self.payer, partner_bank_id=self.bank_account.id)
        new.action_request()
        self._at_noon()
        file = self._make()
        self.assertEqual(self._kinds(file), ["MandateCancellation", "MandateRequest"])
        file.sudo()._mark_sent()
        self._answered("accepted", new)
        self.assertEqual((self.mandate.cancel_answered, new.state), (True, "requested"))
        self._answered("accepted", new)
        self.assertEqual(new.state, "active")

    def test_a_mandate_ended_before_the_bank_confirms_it_stays_ended(self):
        self.asked.action_request()
        self._at_noon()
        self._make_and_send()
        self.asked.action_cancel()
        event = messages.MandateEvent(
            record=0, event="registered", account=ACCOUNT, payer_number=self.asked.payer_number
        )
        self._book(extra=[event])
        self.assertEqual(
            self.env["direct.debit.mandate"].search([("partner_id", "=", self.without.id)]),
            self.asked,
        )
        self.assertEqual(self.asked.state, "cancelled")
        self._at(2026, 3, 3, 11, 0)
        file = self._make()
        self.assertEqual(self._kinds(file), ["MandateCancellation"])
        file.sudo()._mark_sent()
        self._book(
            extra=[
                messages.MandateEvent(
                    record=0,
                    event="cancelled",
                    account=ACCOUNT,
                    payer_number=self.asked.payer_number,
                )
            ]
        )
        self.assertTrue(self.asked.cancel_answered)

    def test_a_refused_end_is_a_row_on_the_desk(self):
        self.mandate.action_cancel()
        self._at_noon()
        self._make_and_send()
        self._answered("rejected", self.mandate)
        self.assertEqual((self.mandate.state, self.mandate.cancel_answered), ("cancelled", True))
        self.assertIn("Wrong account", self._desk(self.mandate, "mandate_refused").name)

    def test_requests_wait_only_where_the_bank_can_be_asked(self):
        agreements = type(self.env["bank.agreement"])
        with patch.object(agreements, "_can_request_mandates", lambda self: False):
            with self.assertRaisesRegex(UserError, "signs up with the bank"):
                self.asked.action_request()
            self.asked.state = "requested"
            self.assertFalse(self.asked.waits_for_file)
            self._at_noon()
            self.assertFalse(self._make())
        self.assertEqual(self.asked.waits_since, datetime(2026, 3, 2, 8, 0))
