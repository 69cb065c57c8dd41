import base64
import stat
import tempfile
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from ..models.bank import file_sealing
from .bank_out_common import BankOutCommon

BYTES = b"Kari Nordmann owes 450\n"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankFileSealed(BankOutCommon):
    """Files to the bank are encrypted where they lie, and lose their names when done with."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.key = Path(folder.name) / "key"
        self.patch(file_sealing, "key_path", lambda: self.key)

    def _kept(self, file):
        """What lies in the database or its folder of files."""
        return file.sudo()._attachment().raw

    def _redact_all(self):
        self.env["bank.file"].sudo()._cron_redact()

    # ------------------------------------------------------------------ encrypted

    def test_bytes_are_encrypted_where_they_lie_and_sent_as_they_were(self):
        file = self._make(BYTES)
        self.assertNotIn(b"Kari", self._kept(file))
        self.assertEqual(base64.b64decode(file.content), BYTES)
        self._send_all()
        self.assertEqual(self.way.there[file.name], BYTES)

    def test_the_key_is_made_once_and_for_its_owner_only(self):
        self._make()
        first = self.key.read_bytes()
        self.assertEqual(stat.S_IMODE(self.key.stat().st_mode), 0o600)
        self._make()
        self.assertEqual(self.key.read_bytes(), first)
        self.assertEqual([path.name for path in self.key.parent.iterdir()], ["key"])

    def test_another_key_in_front_leaves_older_files_readable(self):
        file = self._make(BYTES)
        self.key.write_bytes(file_sealing.Fernet.generate_key() + b"\n" + self.key.read_bytes())
        newer = self._make(b"newer")
        self.assertEqual(base64.b64decode(file.content), BYTES)
        self.assertEqual(base64.b64decode(newer.content), b"newer")
        self.assertNotEqual(file.sealed_with, newer.sealed_with)

    def test_without_the_key_nothing_leaves_and_a_person_is_told_which_it_is(self):
        file = self._make(BYTES)
        found = self.key.read_bytes()
        self.key.unlink()
        problem = f"key {file.sealed_with}, which this server does"
        with self.assertRaisesRegex(UserError, problem), file._open_bytes():
            self.fail("it was read")
        self.assertFalse(file.content, "its form opens all the same")
        for _time in range(3):
            self._send_all()
        self.assertEqual((file.state, self.way.sent), ("queued", []))
        self.assertIn("does not have", file.send_problem)
        self.assertEqual(self._desk(file), ["bank_file_held"])
        self.key.write_bytes(found)
        self._send_all()
        self.assertEqual((file.state, self.way.there[file.name]), ("sent", BYTES))

    def test_the_same_bytes_go_again_when_the_first_did_not_arrive(self):
        file = self._make(BYTES)
        self._lose(arrives=False)
        self._send_all()
        self.way.send_error = None
        self._send_all()
        self.assertTrue(file.is_fate_unknown)
        self._redact_all()
        file.action_not_arrived()
        self._send_all()
        self.assertEqual((file.state, self.way.there[file.name]), ("sent", BYTES))

    # ------------------------------------------------------------------ redacted

    def test_a_confirmed_and_answered_file_is_redacted_and_keeps_its_hash(self):
        file = self._make(BYTES)
        digest = file.sha256
        self._send_all()
        self._redact_all()
        self.assertEqual(base64.b64decode(file.content), BYTES)
        file.sudo()._confirm()
        with patch.object(type(file), "_is_answered", return_value=False):
            self._redact_all()
        self.assertFalse(file.redacted_on)
        self._redact_all()
        self.assertEqual(base64.b64decode(file.content), b"1 lines, 23 bytes\n")
        self.assertEqual((file.sha256, file.size), (digest, 23))
        self.assertEqual(self._kept(file), b"1 lines, 23 bytes\n")

    def test_what_nobody_answers_is_redacted_after_the_days_of_the_connection(self):
        self.connection.redact_days = 10
        with freeze_time(datetime(2026, 3, 2, 8, 0)):
            file = self._make(BYTES)
            self._send_all()
        with freeze_time(datetime(2026, 3, 12, 8, 0)):
            self._redact_all()
            self.assertFalse(file.redacted_on)
        with freeze_time(datetime(2026, 3, 13, 8, 0)):
            self._redact_all()
            self.assertTrue(file.redacted_on)

    def test_a_rejected_file_is_kept_until_somebody_has_dealt_with_it(self):
        file = self._make(BYTES)
        self._send_all()
        file.sudo()._reject(meaning="Record 1")
        self._redact_all()
        self.assertFalse(file.redacted_on)
        file.action_rejection_read()
        self._redact_all()
        self.assertTrue(file.redacted_on)

    def test_a_file_without_its_key_is_left_as_it_is(self):
        file = self._make(BYTES)
        file.action_discard()
        kept = self._kept(file)
        self.key.unlink()
        with mute_logger("odoo.addons.membership_billing_nordic.models.bank.bank_file_sealed"):
            self._redact_all()
        self.assertEqual((self._kept(file), file.redacted_on), (kept, False))
