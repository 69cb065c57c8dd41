import fnmatch
import hashlib
import logging
import math
import posixpath
import time
from functools import partial
from pathlib import Path

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import NO_ACCESS, Domain

from .channel_ways import (
    ARCHIVE,
    DELETE,
    LEAVE,
    FolderWay,
    SftpWay,
    WayError,
    fingerprint,
    host_key,
    private_key,
)

_logger = logging.getLogger(__name__)

FOLDER_PARAMETER = "membership_billing_nordic.bank_folder"
_UNFINISHED = (".tmp", ".part", ".filepart", ".crdownload", ".swp", "~")
_FILES_AT_A_TIME = 50
_FAILURES_BEFORE_DESK = 3
# These are no passing trouble: a person has to look at once.
_AT_ONCE = frozenset({"other_host_key", "other_host_key_kind", "login", "bad_private_key"})
_MANAGER = "membership_billing_nordic.group_billing_manager"
# The folders that are fetched, and what names of files there have to fit.
_PATTERN_OF = {"folder": "file_pattern", "receipt_folder": "receipt_pattern"}


class BankChannel(models.Model):
    """How files travel between a bank and us: by hand, through a folder, or by SFTP."""

    _name = "bank.channel"
    _description = "Bank Channel"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, help="What your colleagues call this way of delivery.")
    active = fields.Boolean(default=True, help="Files travel through active channels only.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company whose files come in here.",
    )
    kind = fields.Selection(
        [("manual", "By hand"), ("folder", "Folder of the server"), ("sftp", "SFTP")],
        required=True,
        default="manual",
        help="By hand: somebody uploads and downloads the files. Folder: files are fetched from, "
        "and put into, folders of the server. SFTP: the same at the bank's own server.",
    )
    is_test = fields.Boolean(
        string="Test Channel",
        help="It leads to a test system. Test files leave by test channels only, and live files "
        "never do.",
    )
    folder = fields.Char(
        string="Incoming Folder",
        help="Folder to fetch from; empty when nothing is fetched. Of the server: below the folder "
        "that its administrator allows (system parameter membership_billing_nordic.bank_folder). "
        "SFTP: as the bank says.",
    )
    out_folder = fields.Char(
        string="Outgoing Folder",
        help="Folder that files to the bank are put into; empty when none are sent.",
    )
    receipt_folder = fields.Char(
        string="Receipts Folder",
        help="Where the bank puts its receipts, when that is not the incoming folder: often the "
        "one that files are put into. It is fetched like the incoming folder.",
    )
    receipt_pattern = fields.Char(
        string="Names of Receipts",
        default="*",
        help="Only files of the receipts folder whose name fits are fetched, for example OK*. Files "
        "that you have put there are left alone.",
    )
    after_fetch = fields.Selection(
        [
            (ARCHIVE, "Move to the archive"),
            (DELETE, "Delete"),
            (LEAVE, "Leave where they are"),
        ],
        string="Fetched Files",
        required=True,
        default=ARCHIVE,
        help="What happens over there to a file after it was stored here. Files that are left are "
        "remembered by name, size and time, so that they are fetched once.",
    )
    archive_folder = fields.Char(
        default="archive",
        help="Fetched files are moved here, below the folder they lay in.",
    )
    file_pattern = fields.Char(
        default="*",
        help="Only files whose name fits are fetched, for example PAY* or *.txt.",
    )
    quiet_seconds = fields.Integer(
        string="Wait Until Unchanged For (Seconds)",
        default=30,
        help="A file that was changed more recently is left alone: it may still be written. 0: "
        "whatever lies there is taken at once.",
    )
    host = fields.Char(string="Server", help="Name or address of the bank's SFTP server.")
    port = fields.Integer(default=22)
    user_name = fields.Char(string="User", help="The user name that the bank gave you.")
    password = fields.Char(
        compute="_compute_secrets",
        inverse="_inverse_password",
        groups=_MANAGER,
        help="It is stored and never shown again. Enter it anew to change it.",
    )
    private_key = fields.Text(
        compute="_compute_secrets",
        inverse="_inverse_private_key",
        groups=_MANAGER,
        help="The private key to log in with, as text. With a key the password is not used. It is "
        "stored and never shown again.",
    )
    passphrase = fields.Char(
        compute="_compute_secrets",
        inverse="_inverse_passphrase",
        groups=_MANAGER,
        help="Opens the private key, when it is locked with one.",
    )
    stored_password = fields.Char(groups=NO_ACCESS, copy=False)
    stored_private_key = fields.Text(groups=NO_ACCESS, copy=False)
    stored_passphrase = fields.Char(groups=NO_ACCESS, copy=False)
    has_password = fields.Boolean(compute="_compute_has_secrets", compute_sudo=True)
    has_private_key = fields.Boolean(compute="_compute_has_secrets", compute_sudo=True)
    host_key = fields.Text(
        copy=False,
        help="The server's key, in one line, as the bank tells it. A server that shows another "
        "key is refused. Without it nothing is sent or fetched.",
    )
    host_key_fingerprint = fields.Char(
        string="Fingerprint",
        compute="_compute_fingerprints",
        help="Compare it with what the bank has told you.",
    )
    offered_host_key = fields.Text(readonly=True, copy=False)
    offered_fingerprint = fields.Char(
        compute="_compute_fingerprints", help="Of the key that the server shows."
    )
    timeout_seconds = fields.Integer(
        string="Patience (Seconds)",
        default=30,
        help="How long the server may be silent before the connection is given up.",
    )
    last_fetched = fields.Datetime(readonly=True, copy=False, help="When files last came in.")
    last_error = fields.Char(
        readonly=True,
        copy=False,
        help="Why the last attempt to fetch or send failed; empty when it did not.",
    )
    failure_count = fields.Integer(
        string="Failures in a Row",
        readonly=True,
        copy=False,
        help="After three the channel is on the to-do desk.",
    )

    _port_lawful = models.Constraint(
        "CHECK(port BETWEEN 1 AND 65535)", "A port is a number from 1 to 65535."
    )
    _timeout_positive = models.Constraint(
        "CHECK(timeout_seconds > 0)", "The patience with a server is at least one second."
    )

    # ------------------------------------------------------------------ secrets

    def _compute_secrets(self):
        """Nobody reads a secret again."""
        for channel in self:
            channel.password = channel.private_key = channel.passphrase = False

    @api.depends("stored_password", "stored_private_key")
    def _compute_has_secrets(self):
        for channel in self:
            channel.has_password = bool(channel.stored_password)
            channel.has_private_key = bool(channel.stored_private_key)

    def _inverse_password(self):
        for channel in self:
            channel.sudo().stored_password = channel.password

    def _inverse_passphrase(self):
        for channel in self:
            channel.sudo().stored_passphrase = channel.passphrase

    def _inverse_private_key(self):
        for channel in self:
            text = (channel.private_key or "").strip()
            values = {"stored_private_key": f"{text}\n" if text else False}
            if channel.passphrase:
                values["stored_passphrase"] = channel.passphrase
            channel.sudo().write(values)

    @api.constrains("stored_private_key")
    def _check_private_key(self):
        for channel in self.sudo().filtered("stored_private_key"):
            try:
                private_key(channel.stored_private_key, channel.stored_passphrase)
            except ValueError:
                raise ValidationError(
                    channel.env._(
                        "The private key of channel %(name)s cannot be used: paste it whole, with "
                        "its first and last line, and enter its passphrase if it has one.",
                        name=channel.name,
                    )
                )

    # ------------------------------------------------------------------ host key

    @api.depends("host_key", "offered_host_key")
    def _compute_fingerprints(self):
        for channel in self:
            channel.host_key_fingerprint = fingerprint(channel.host_key)
            channel.offered_fingerprint = fingerprint(channel.offered_host_key)

    @api.constrains("host_key")
    def _check_host_key(self):
        for channel in self.filtered("host_key"):
            try:
                host_key(channel.host_key)
            except ValueError:
                raise ValidationError(
                    channel.env._(
                        "This is no host key. It is one line that begins with its kind, for "
                        "example ssh-ed25519."
                    )
                )

    def action_read_host_key(self):
        """Ask the server for its host key and show it. It is not trusted before a person says so."""
        self._check_may_set_up()
        self.ensure_one()
        try:
            self.offered_host_key = self._sftp_way().read_host_key()
        except WayError as error:
            raise UserError(self._sentence(error))

    def action_accept_host_key(self):
        """The person has compared the fingerprint with the bank's: pin the key that was shown."""
        self._check_may_set_up()
        self.ensure_one()
        if not self.offered_host_key:
            raise UserError(self.env._("Read the host key first."))
        self.write({"host_key": self.offered_host_key, "offered_host_key": False})

    def _check_may_set_up(self):
        self.check_access("write")

    # ------------------------------------------------------------------ constraints

    @api.constrains(
        "kind",
        "folder",
        "out_folder",
        "receipt_folder",
        "receipt_pattern",
        "archive_folder",
        "after_fetch",
    )
    def _check_folder(self):
        for channel in self.filtered(lambda c: c.kind != "manual"):
            if not channel._places() and not channel.out_folder:
                raise ValidationError(
                    channel.env._(
                        "Channel %(name)s: name the folder to fetch from, or the one to send to.",
                        name=channel.name,
                    )
                )
            archives = channel._places() and channel.after_fetch == ARCHIVE
            if archives and not channel.archive_folder:
                raise ValidationError(
                    channel.env._("Channel %(name)s: name the archive folder.", name=channel.name)
                )
            channel._check_receipt_folder()
        for channel in self.filtered(lambda c: c.kind == "folder"):
            channel._check_folders_of_server()

    def _check_receipt_folder(self):
        folder, out_folder, receipts = (
            posixpath.normpath(name) if name else ""
            for name in (self.folder, self.out_folder, self.receipt_folder)
        )
        if receipts and receipts == folder:
            raise ValidationError(
                self.env._(
                    "The incoming folder is fetched already: a receipts folder is another one."
                )
            )
        takes_all = (self.receipt_pattern or "*").strip() == "*"
        if receipts and receipts == out_folder and takes_all:
            raise ValidationError(
                self.env._(
                    "Your own files lie in the receipts folder too: say which names the bank's "
                    "receipts have, for example OK*."
                )
            )

    def _check_folders_of_server(self):
        try:
            ways = {place: self._folder_way(place) for place in (*self._places(), "folder")}
        except UserError as error:
            raise ValidationError(str(error)) from error
        if any(way.incoming and way.incoming == way.archive for way in ways.values()):
            raise ValidationError(
                self.env._("The archive folder must not be the folder that is fetched.")
            )
        way = ways["folder"]
        if way.incoming and way.incoming == way.outgoing:
            raise ValidationError(
                self.env._("Files must not be put into the folder that is fetched.")
            )

    @api.constrains("kind", "host", "user_name")
    def _check_server(self):
        for channel in self.filtered(lambda c: c.kind == "sftp"):
            if not channel.host or not channel.user_name:
                raise ValidationError(
                    channel.env._(
                        "Channel %(name)s: name the server and the user.", name=channel.name
                    )
                )

    @api.constrains("is_test", "kind")
    def _check_is_test(self):
        self.env["bank.connection"].search([("channel_id", "in", self.ids)])._check_test_channel()

    # ------------------------------------------------------------------ ways

    def _sends_itself(self):
        """Whether files leave through it without a person."""
        return self.kind in ("folder", "sftp") and bool(self.out_folder)

    def _places(self):
        """The fields that name the folders which are fetched."""
        return [place for place in _PATTERN_OF if self[place]]

    def _open_way(self, place="folder"):
        """What carries the bytes, as a context manager.

        :param place: the field that names the folder which is fetched
        :raises WayError: when it is opened or used and does not work
        """
        self.ensure_one()
        make = {"folder": self._folder_way, "sftp": self._sftp_way}
        try:
            return make[self.kind](place)
        except UserError as error:
            raise WayError("not_allowed", reason=str(error))

    def _sftp_way(self, place="folder"):
        channel = self.sudo()
        return SftpWay(
            host=channel.host or "",
            port=channel.port,
            user=channel.user_name or "",
            password=channel.stored_password or "",
            key=channel.stored_private_key or "",
            passphrase=channel.stored_passphrase or "",
            pinned=channel.host_key or "",
            incoming=channel[place] or "",
            outgoing=channel.out_folder or "",
            archive=channel.archive_folder or "",
            after_fetch=channel.after_fetch,
            timeout=channel.timeout_seconds,
        )

    def _folder_way(self, place="folder"):
        base = self._base_path()
        incoming = self[place] and self._path_below(base, self[place])
        return FolderWay(
            incoming=incoming or None,
            outgoing=(self.out_folder and self._path_below(base, self.out_folder)) or None,
            archive=(
                incoming
                and self.after_fetch == ARCHIVE
                and self._path_below(incoming, self.archive_folder)
            )
            or None,
            after_fetch=self.after_fetch,
        )

    def _base_path(self):
        base = self.env["ir.config_parameter"].sudo().get_param(FOLDER_PARAMETER)
        if not base:
            raise UserError(
                self.env._(
                    "No folder of the server is allowed for bank files. An administrator sets "
                    "one in the system parameter %(parameter)s.",
                    parameter=FOLDER_PARAMETER,
                )
            )
        return Path(base).resolve()

    def _path_below(self, base, relative):
        """``relative`` below ``base``; links and ``..`` cannot lead out of it."""
        path = (base / (relative or "").strip()).resolve()
        if not path.is_relative_to(base):
            raise UserError(
                self.env._("The folder %(name)s lies outside what is allowed.", name=relative)
            )
        return path

    # ------------------------------------------------------------------ what went wrong

    def _sentence(self, error):
        """What a person is told about a ``WayError``."""
        sentences = {
            "not_allowed": "%(reason)s",
            "no_folder": self.env._("The folder %(folder)s does not exist."),
            "denied": self.env._("Access to the folder %(folder)s is denied."),
            "no_space": self.env._("There is no space left in the folder %(folder)s."),
            "not_stored": self.env._(
                "The other side could not store the file in %(folder)s; its disk may be full."
            ),
            "failed": self.env._("The other side refused what was asked of it in %(folder)s."),
            "no_host_key": self.env._(
                "The server's host key is not known yet: read it, and compare it with the bank's."
            ),
            "other_host_key": self.env._(
                "The server shows another host key (%(shown)s) than the one you accepted "
                "(%(pinned)s). Nothing was sent to it. Ask the bank whether it has a new one."
            ),
            "other_host_key_kind": self.env._(
                "The server %(host)s has no host key of the kind you accepted. Nothing was sent to "
                "it. Ask the bank whether it has a new one."
            ),
            "unknown_host": self.env._("There is no server of the name %(host)s."),
            "refused": self.env._("The server %(host)s takes no connections on port %(port)s."),
            "unreachable": self.env._("The server %(host)s cannot be reached on port %(port)s."),
            "timeout": self.env._("The server %(host)s did not answer in time on port %(port)s."),
            "no_ssh": self.env._("The connection to %(host)s could not be secured by SSH."),
            "no_sftp": self.env._("The server %(host)s offers no SFTP to this user."),
            "login": self.env._(
                "The server %(host)s refuses user %(user)s with the password or key stored here."
            ),
            "bad_private_key": self.env._("The private key cannot be read: enter it again."),
            "lost": self.env._("The connection to %(host)s was lost."),
            "name_taken": self.env._("A file named %(name)s lies there already."),
            "bytes_changed": self.env._(
                "The stored bytes of %(name)s are not those it was made of."
            ),
            "unstored": "%(reason)s",
        }
        return sentences[error.code] % error.values

    def _note_failure(self, error):
        """Write down why it failed; after some failures in a row it is on the desk."""
        _logger.info("bank.channel %s: %s", self.id, error.code)
        self.sudo().write(
            {"last_error": self._sentence(error), "failure_count": self.failure_count + 1}
        )
        if self.failure_count >= _FAILURES_BEFORE_DESK or error.code in _AT_ONCE:
            self.env["billing.exception"]._open(
                self,
                "channel_failing",
                self.env._(
                    "Channel %(name)s fails: %(reason)s", name=self.name, reason=self.last_error
                ),
                self.env._("Correct it under Channels, or ask the bank; then test it."),
            )

    def _note_success(self):
        if self.last_error or self.failure_count:
            self.sudo().write({"last_error": False, "failure_count": 0})
            self.env["billing.exception"]._close(self, "channel_failing")

    # ------------------------------------------------------------------ buttons

    def action_fetch(self):
        """Fetch now, for the person who presses the button."""
        self.check_access("write")
        self.env["bank.file"]._check_may_process()
        files = self.env["bank.file"].union(*(channel.sudo()._fetch() for channel in self))
        if failed := self.filtered("last_error"):
            message = "\n".join(f"{channel.name}: {channel.last_error}" for channel in failed)
        else:
            message = self.env._("%(count)s files fetched", count=len(files))
        return self._told(message, "warning" if failed else "success")

    def action_test(self):
        """Connect, log in and look at the folders; nothing is sent or fetched."""
        self._check_may_set_up()
        self.ensure_one()
        if self.kind == "manual":
            raise UserError(self.env._("There is nothing to test: files travel by hand."))
        channel = self.sudo()
        waiting = 0
        try:
            for place in channel._places() or ["folder"]:
                with channel._open_way(place) as way:
                    way.check()
                    waiting += len(channel._wanted(way, place)) if channel[place] else 0
        except WayError as error:
            channel._note_failure(error)
            return self._told(channel._sentence(error), "danger")
        channel._note_success()
        return self._told(
            self.env._("The connection works. %(count)s files wait.", count=waiting), "success"
        )

    def _told(self, message, kind):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": kind,
                "sticky": kind == "danger",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # ------------------------------------------------------------------ fetching

    @api.model
    def _cron_fetch(self):
        """Fetch through every channel; one that fails does not stop the others."""
        fetched = Domain.OR(Domain(place, "!=", False) for place in _PATTERN_OF)
        channels = self.search(Domain("kind", "!=", "manual") & fetched)
        left = len(channels)
        self.env["ir.cron"]._commit_progress(remaining=left)
        for channel in channels:
            try:
                channel._fetch()
            except psycopg2.OperationalError:
                # Somebody else has just fetched through it.
                self.env.cr.rollback()
            left -= 1
            if not self.env["ir.cron"]._commit_progress(1, remaining=left):
                return

    def _fetch(self):
        """Store the files that wait; when they are stored for good, they are put aside.

        :return: the files received; a failure is noted on the channel, never raised
        """
        self.ensure_one()
        files = []
        if not self._places() or not self.try_lock_for_update(allow_referencing=True):
            return self.env["bank.file"]
        try:
            for place in self._places():
                self._fetch_from(place, files)
            self._note_success()
        except WayError as error:
            self._note_failure(error)
        if files:
            self.last_fetched = fields.Datetime.now()
        return self.env["bank.file"].union(*files)

    def _fetch_from(self, place, files):
        """Add to ``files`` what was received from one folder."""
        taken = []
        way = self._open_way(place)
        try:
            with way:
                for entry in self._wanted(way, place)[:_FILES_AT_A_TIME]:
                    found = self._fetch_entry(way, entry, place)
                    if found is not None:
                        taken.append(entry)
                        files += found
        finally:
            if taken and self.after_fetch != LEAVE:
                # Only what is stored for good may go over there: killed before, it is fetched
                # again.
                self.env.cr.postcommit.add(partial(_put_aside, self.id, way, taken))

    def _wanted(self, way, place="folder"):
        """Finished files that wait and are not known, oldest first.

        What was fetched and is left there is known by name, size and time; nothing else is
        remembered of files that are gone.
        """
        waiting = {(entry.name, entry.size, entry.stamp): entry for entry in way.waiting()}
        seen = self.env["bank.channel.seen"].search(
            [("channel_id", "=", self.id), ("place", "=", place)]
        )
        keys = {(row.name, row.size, row.stamp): row for row in seen}
        seen.browse(row.id for key, row in keys.items() if key not in waiting).unlink()
        # Without a quiet time the clock over there does not matter either.
        still_since = time.time() - self.quiet_seconds if self.quiet_seconds > 0 else math.inf
        ours = self._names_sent(waiting) if place == "receipt_folder" else ()
        wanted = [
            entry
            for key, entry in waiting.items()
            if self._wants(entry.name, place)
            and entry.name not in ours
            and entry.changed <= still_since
            and not (self.after_fetch == LEAVE and key in keys)
        ]
        return sorted(wanted, key=lambda entry: (entry.changed, entry.name))

    def _names_sent(self, waiting):
        """Which of the waiting files have names of files that were sent through this channel."""
        sent = self.env["bank.file"].search(
            [
                ("direction", "=", "out"),
                ("channel_id", "=", self.id),
                ("name", "in", [name for name, _size, _stamp in waiting]),
            ]
        )
        return set(sent.mapped("name"))

    def _wants(self, name, place):
        return (
            not name.startswith(".")
            and not name.lower().endswith(_UNFINISHED)
            and fnmatch.fnmatch(name, self[_PATTERN_OF[place]] or "*")
        )

    def _fetch_entry(self, way, entry, place):
        """Store one waiting file.

        :return: the new ``bank.file``; empty when it was stored before; None when it stays there
        """
        bank_files = self.env["bank.file"].with_company(self.company_id)
        try:
            bank_files._check_size(entry.name, entry.size)
        except UserError as error:
            unusable = partial(bank_files._receive_unusable, entry.name, str(error), self)
            return self._store_once(entry, place, "", unusable)
        content = way.read(entry)
        if len(content) != entry.size:
            return None
        receive = partial(
            bank_files._receive, entry.name, content, company=self.company_id, channel=self
        )
        try:
            digest = hashlib.sha256(content).hexdigest()
            return self._store_once(entry, place, digest, receive)
        except UserError as error:
            raise WayError("unstored", reason=str(error))

    def _store_once(self, entry, place, digest, store):
        """``store()``, unless just these bytes were fetched before and still lie there."""
        values = {
            "channel_id": self.id,
            "place": place,
            "name": entry.name,
            "size": entry.size,
            "stamp": entry.stamp,
        }
        seen = self.env["bank.channel.seen"].search(
            [(field, "=", value) for field, value in values.items()]
        )
        if seen and (seen.sha256 or "") == digest:
            return self.env["bank.file"]
        file = store()
        if seen:
            seen.sha256 = digest
        else:
            seen.create(values | {"sha256": digest})
        return file


def _put_aside(channel_id, way, entries):
    """After the commit: move or delete what was fetched. What fails is tried with the next fetch."""
    try:
        with way:
            for entry in entries:
                way.put_aside(entry)
    except WayError as error:
        _logger.warning("bank.channel %s: fetched files stay there: %s", channel_id, error.code)
