import os
import tempfile
import time
from pathlib import Path

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..models.bank.bank_channel import FOLDER_PARAMETER
from .bank_file_common import BankFileCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankChannel(BankFileCommon):
    """Files that are fetched from a folder of the server."""

    def setUp(self):
        super().setUp()
        self.base = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.folder = self.base / "incoming"
        self.folder.mkdir()
        self.env["ir.config_parameter"].set_param(FOLDER_PARAMETER, str(self.base))
        self.channel = self._channel("incoming")

    def _channel(self, folder, **vals):
        return self.env["bank.channel"].create(
            {"name": "Folder", "kind": "folder", "folder": folder} | vals
        )

    def _drop(self, name, content, age=60):
        path = self.folder / name
        path.write_bytes(content)
        then = time.time() - age
        os.utime(path, (then, then))
        return path

    def _fetch(self):
        """Fetch, and let happen what waits for the commit."""
        files = self.channel._fetch()
        self.env.cr.postcommit.run()
        return files

    def test_file_is_stored_then_moved_to_the_archive(self):
        content = self._content(self._payment(450))
        path = self._drop("ocr.txt", content)
        files = self.channel._fetch()
        self.assertTrue(path.exists(), "it must not move before the commit")
        self.env.cr.postcommit.run()
        self.assertFalse(path.exists())
        self.assertEqual((self.folder / "archive" / "ocr.txt").read_bytes(), content)
        self.assertRecordValues(
            files, [{"name": "ocr.txt", "state": "received", "channel_id": self.channel.id}]
        )
        files._process()
        self.assertEqual(files.state, "booked")

    def test_name_taken_in_the_archive_gets_a_number(self):
        for amount in (1, 2):
            self._drop("same.txt", self._content(self._payment(amount)))
            self._fetch()
        self.assertEqual(
            sorted(path.name for path in (self.folder / "archive").iterdir()),
            ["same.1.txt", "same.txt"],
        )

    def test_files_still_being_written_are_left_alone(self):
        self._drop("new.txt", b"half", age=1)
        self._drop("upload.part", b"half")
        self._drop(".hidden", b"half")
        self.assertFalse(self._fetch())

    def test_only_names_that_fit_are_fetched(self):
        self.channel.file_pattern = "OCR*"
        self._drop("OCR.1", b"rubbish")
        self._drop("receipt.html", b"rubbish")
        self.assertEqual(self._fetch().mapped("name"), ["OCR.1"])

    def test_empty_file_is_noted_and_archived(self):
        self._drop("empty.txt", b"")
        file = self._fetch()
        self.assertEqual(file.state, "refused")
        self.assertIn("is empty", file.issue_ids.found)
        self.assertFalse(self._fetch())

    def test_file_fetched_twice_is_a_duplicate(self):
        content = self._content(self._payment(450))
        self._drop("a.txt", content)
        first = self._fetch()
        self._drop("a.txt", content)
        self.assertEqual(self._fetch().duplicate_of_id, first)

    def test_links_are_not_followed(self):
        secret = self.base / "secret.txt"
        secret.write_bytes(b"secret")
        (self.folder / "link.txt").symlink_to(secret)
        self.assertFalse(self._fetch())

    def test_folder_outside_what_is_allowed_is_refused(self):
        for folder in ("/etc", "../..", "incoming/../../.."):
            with self.assertRaisesRegex(ValidationError, "outside"):
                self._channel(folder)
        (self.base / "way_out").symlink_to("/etc")
        with self.assertRaisesRegex(ValidationError, "outside"):
            self._channel("way_out")

    def test_no_folder_at_all_without_the_parameter(self):
        self.env["ir.config_parameter"].set_param(FOLDER_PARAMETER, False)
        with self.assertRaisesRegex(ValidationError, "administrator"):
            self._channel("incoming")

    def test_failing_channel_says_why_and_stops_no_other(self):
        gone = self._channel("gone")
        self._drop("ocr.txt", self._content(self._payment(450)))
        self.env["bank.channel"]._cron_fetch()
        self.assertIn("does not exist", gone.last_error)
        self.assertFalse(self.channel.last_error)
        self.assertTrue(self.channel.last_fetched)
