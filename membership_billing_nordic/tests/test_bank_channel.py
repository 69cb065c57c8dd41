import errno
import os
import re
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..formats import messages
from ..models.bank import channel_ways
from ..models.bank.bank_channel import FOLDER_PARAMETER
from ..models.bank.channel_ways import _OF_ERRNO, FolderWay, SftpWay, WayError
from .bank_file_common import BankFileCommon
from .bank_out_common import HOST_KEY


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

    def test_receipts_are_fetched_from_the_folder_files_are_put_into(self):
        sent = self.base / "outgoing"
        sent.mkdir()
        self.channel.write(
            {"out_folder": "outgoing", "receipt_folder": "outgoing", "receipt_pattern": "OK*"}
        )
        same = self._content(self._payment(1))
        self._drop("both.txt", same)
        for name in ("OK.1.txt", "OK.ours.txt", "claims.txt"):
            (sent / name).write_bytes(self._content(self._payment(2)))
            os.utime(sent / name, (1, 1))
        self.env["bank.file"].sudo().create(
            {
                "direction": "out",
                "state": "sent",
                "name": "OK.ours.txt",
                "company_id": self.company.id,
                "connection_id": self.connection.id,
                "channel_id": self.channel.id,
                "transmission_number": "1",
            }
        )
        self.assertEqual(self._fetch().mapped("name"), ["both.txt", "OK.1.txt"])
        self.assertEqual(
            sorted(path.name for path in sent.iterdir()), ["OK.ours.txt", "archive", "claims.txt"]
        )
        self.assertEqual([path.name for path in (sent / "archive").iterdir()], ["OK.1.txt"])
        self.assertFalse(self._fetch())

    def test_receipts_alone_are_fetched_and_what_is_left_there_once(self):
        channel = self._channel(False, receipt_folder="incoming", after_fetch="leave")
        self.channel.active = False
        self._drop("OK.1.txt", self._content(self._payment(1)))
        self.env["bank.channel"]._cron_fetch()
        files = self.env["bank.file"].search([("channel_id", "=", channel.id)])
        self.assertEqual(files.mapped("name"), ["OK.1.txt"])
        self.assertFalse(channel._fetch())

    def test_a_receipts_folder_is_another_one_or_tells_receipts_by_their_names(self):
        with self.assertRaisesRegex(ValidationError, "fetched already"):
            self.channel.receipt_folder = "incoming/"
        with self.assertRaisesRegex(ValidationError, "say which names"):
            self.channel.write({"out_folder": "out", "receipt_folder": "out"})

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

    def test_without_a_quiet_time_a_clock_that_is_ahead_does_not_matter(self):
        self._drop("ocr.txt", self._content(self._payment(450)), age=-3600)
        self.assertFalse(self._fetch())
        self.channel.quiet_seconds = 0
        self.assertEqual(len(self._fetch()), 1)

    def test_files_that_are_left_are_fetched_once(self):
        self.channel.after_fetch = "leave"
        path = self._drop("ocr.txt", self._content(self._payment(450)))
        self.assertEqual(self._fetch().mapped("name"), ["ocr.txt"])
        self.assertTrue(path.exists())
        self.assertFalse(self._fetch())
        self._drop("ocr.txt", self._content(self._payment(451)), age=40)
        self.assertEqual(self._fetch().mapped("name"), ["ocr.txt"])

    def test_fetched_files_are_deleted_when_set_so(self):
        self.channel.after_fetch = "delete"
        path = self._drop("ocr.txt", self._content(self._payment(450)))
        self._fetch()
        self.assertFalse(path.exists() or (self.folder / "archive").exists())

    def test_what_could_not_be_put_aside_is_stored_once_and_put_aside_later(self):
        content = self._content(self._payment(450))
        path = self._drop("ocr.txt", content)
        first = self.channel._fetch()
        self.env.cr.postcommit.clear()
        self.assertEqual((len(first), path.exists()), (1, True))
        self.assertFalse(self._fetch())
        self.assertFalse(path.exists())
        self.assertEqual(self.env["bank.file"].search_count([("name", "=", "ocr.txt")]), 1)

    def test_other_bytes_of_the_same_name_size_and_time_are_not_lost(self):
        self._drop("ocr.txt", b"rubbish one")
        self.channel._fetch()
        self.env.cr.postcommit.clear()
        path = self.folder / "ocr.txt"
        then = path.stat().st_mtime_ns
        path.write_bytes(b"rubbish two")
        os.utime(path, ns=(then, then))
        self.assertEqual(len(self._fetch()), 1)

    def test_a_file_that_grows_while_it_is_read_waits(self):
        self._drop("ocr.txt", b"half")
        with patch.object(FolderWay, "read", lambda _way, _entry: b"half and more"):
            self.assertFalse(self._fetch())
        self.assertEqual(len(self._fetch()), 1)

    def test_a_file_is_sent_into_the_folder_whole(self):
        (self.base / "outgoing").mkdir()
        self.channel.out_folder = "outgoing"
        self.connection.channel_id = self.channel
        encoded = messages.EncodedFile(
            content=b"claims", records={}, totals=(), count=1, amount=Decimal(10)
        )
        files = self.env["bank.file"]
        file = files._create_outgoing(self.connection, "a.txt", encoded, 1, False)
        files._cron_send()
        self.assertEqual(file.state, "sent")
        found = [(path.name, path.read_bytes()) for path in (self.base / "outgoing").iterdir()]
        self.assertEqual(found, [("a.txt", b"claims")])

    def test_a_file_that_cannot_be_written_leaves_nothing_behind(self):
        (self.base / "outgoing").mkdir()
        self.channel.out_folder = "outgoing"
        with (
            patch.object(Path, "rename", side_effect=OSError(errno.ENOSPC, "")),
            self.channel._open_way() as way,
            self.assertRaises(WayError) as caught,
        ):
            way.send("a.txt", b"claims")
        self.assertEqual(caught.exception.code, "no_space")
        self.assertEqual(list((self.base / "outgoing").iterdir()), [])

    def test_three_failures_in_a_row_are_on_the_desk_until_it_works(self):
        desk = self.env["billing.exception"]
        failing = [("kind", "=", "channel_failing"), ("state", "=", "open")]
        gone = self._channel("gone")
        for _time in range(2):
            gone._fetch()
        self.assertFalse(desk.search(failing))
        gone._fetch()
        self.assertEqual((gone.failure_count, len(desk.search(failing))), (3, 1))
        (self.base / "gone").mkdir()
        desk.search(failing).action_test_channel()
        self.assertRecordValues(gone, [{"failure_count": 0, "last_error": False}])
        self.assertFalse(desk.search(failing))

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


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSftpChannel(BankFileCommon):
    """The settings of an SFTP channel. What it does: tests/system, with a real server."""

    def _channel(self, **vals):
        return self.env["bank.channel"].create(
            {
                "name": "Bank's server",
                "kind": "sftp",
                "host": "sftp.example.com",
                "user_name": "club",
                "folder": "Outbound",
                "out_folder": "Inbound",
            }
            | vals
        )

    def test_a_password_is_stored_and_never_shown_again(self):
        channel = self._channel(password="very-secret")
        self.env.invalidate_all()
        self.assertEqual((channel.password, channel.has_password), (False, True))
        self.assertEqual(channel.sudo().stored_password, "very-secret")
        with self.assertRaises(AccessError):
            channel.read(["stored_password"])
        self.assertNotIn("very-secret", str(channel.export_data(["password"])))
        self.assertNotIn("very-secret", repr(channel._sftp_way()))
        clerk = new_test_user(self.env, "clerk", "membership_billing_nordic.group_billing_user")
        with self.assertRaises(AccessError):
            channel.with_user(clerk).read(["password"])
        channel.write({"name": "Other name"})
        self.assertEqual(channel.sudo().stored_password, "very-secret")
        self.assertFalse(channel.copy().has_password)

    def test_an_unusable_private_key_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "cannot be used"):
            self._channel(private_key="-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END")

    def test_a_host_key_has_to_be_one(self):
        channel = self._channel(host_key=HOST_KEY)
        self.assertEqual(
            channel.host_key_fingerprint, "SHA256:cUK1zDiOxORluJ5MCINakRCN4wX1iv0tFA6VANJb+PE"
        )
        for wrong in ("rubbish", "ssh-rsa " + HOST_KEY.split()[1], "ssh-ed25519 ????"):
            with self.assertRaisesRegex(ValidationError, "no host key"):
                channel.host_key = wrong

    def test_a_host_key_is_pinned_by_a_person_only(self):
        channel = self._channel()
        with patch.object(SftpWay, "read_host_key", lambda _way: HOST_KEY):
            channel.action_read_host_key()
        self.assertFalse(channel.host_key)
        self.assertEqual(
            channel.offered_fingerprint, "SHA256:cUK1zDiOxORluJ5MCINakRCN4wX1iv0tFA6VANJb+PE"
        )
        channel.action_accept_host_key()
        self.assertRecordValues(channel, [{"host_key": HOST_KEY, "offered_host_key": False}])
        with self.assertRaisesRegex(UserError, "Read the host key first"):
            channel.action_accept_host_key()

    def test_without_a_pinned_host_key_nothing_is_said_to_the_server(self):
        channel = self._channel()
        with patch("socket.create_connection") as connect:
            channel._fetch()
        connect.assert_not_called()
        self.assertIn("host key is not known yet", channel.last_error)

    def test_what_is_missing_is_refused(self):
        for missing in ({"host": False}, {"user_name": False}):
            with self.assertRaisesRegex(ValidationError, "server and the user"):
                self._channel(**missing)
        with self.assertRaisesRegex(ValidationError, "name the folder"):
            self._channel(folder=False, out_folder=False)

    def test_every_reason_has_a_sentence(self):
        values = dict.fromkeys(
            ("folder", "host", "port", "user", "name", "shown", "pinned", "reason"), "x"
        )
        source = Path(channel_ways.__file__).read_text()
        codes = set(re.findall(r'WayError\(\s*"(\w+)"', source)) | set(_OF_ERRNO.values())
        self.assertGreater(len(codes), 12)
        for code in codes | {"failed", "not_stored", "other_host_key_kind"}:
            sentence = self._channel()._sentence(WayError(code, **values))
            self.assertNotIn("%(", sentence)
