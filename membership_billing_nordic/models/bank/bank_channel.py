import fnmatch
import os
import shutil
import time
from functools import partial
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

FOLDER_PARAMETER = "membership_billing_nordic.bank_folder"
_UNFINISHED = (".tmp", ".part", ".filepart", ".crdownload", ".swp", "~")


class BankChannel(models.Model):
    """How files travel between a bank and us: by hand, or through a folder of the server."""

    _name = "bank.channel"
    _description = "Bank Channel"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, help="What your colleagues call this way of delivery.")
    active = fields.Boolean(default=True, help="Files are fetched from active channels only.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company whose files come in here.",
    )
    kind = fields.Selection(
        [("manual", "By hand"), ("folder", "Folder of the server")],
        required=True,
        default="manual",
        help="By hand: somebody uploads the files. Folder: files that appear in a folder of the "
        "server are fetched by a scheduled action.",
    )
    folder = fields.Char(
        help="Folder to fetch from, below the folder that the administrator of the server "
        "allows (system parameter membership_billing_nordic.bank_folder).",
    )
    archive_folder = fields.Char(
        default="archive",
        help="Fetched files are moved here, below the folder. No file is ever deleted.",
    )
    file_pattern = fields.Char(
        default="*",
        help="Only files whose name fits are fetched, for example PAY* or *.txt.",
    )
    quiet_seconds = fields.Integer(
        string="Wait Until Unchanged For (Seconds)",
        default=30,
        help="A file that was changed more recently is left alone: it may still be written.",
    )
    last_fetched = fields.Datetime(readonly=True, copy=False, help="When files last came in.")
    last_error = fields.Char(
        readonly=True,
        copy=False,
        help="Why the last attempt to fetch failed; empty when it did not.",
    )

    @api.constrains("kind", "folder", "archive_folder")
    def _check_folder(self):
        for channel in self.filtered(lambda c: c.kind == "folder"):
            if not channel.folder or not channel.archive_folder:
                raise ValidationError(
                    self.env._(
                        "Channel %(name)s: name the folder to fetch from and the archive folder.",
                        name=channel.name,
                    )
                )
            try:
                if channel._folder_path() == channel._archive_path():
                    raise ValidationError(
                        self.env._("The archive folder must not be the folder that is fetched.")
                    )
            except UserError as error:
                raise ValidationError(str(error)) from error

    def action_fetch(self):
        """Fetch now, for the person who presses the button."""
        self.check_access("write")
        self.env["bank.file"]._check_may_process()
        files = self.env["bank.file"].union(*(channel.sudo()._fetch() for channel in self))
        if failed := self.filtered("last_error"):
            message = "\n".join(f"{channel.name}: {channel.last_error}" for channel in failed)
        else:
            message = self.env._("%(count)s files fetched", count=len(files))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": "warning" if failed else "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _cron_fetch(self):
        """Fetch from every folder; one that fails does not stop the others."""
        channels = self.search([("kind", "=", "folder")])
        self.env["ir.cron"]._commit_progress(remaining=len(channels))
        for channel in channels:
            channel._fetch()
            if not self.env["ir.cron"]._commit_progress(1):
                return

    def _fetch(self):
        """Store the files that lie in the folder and move them to the archive.

        :return: the files received; a failure is noted on the channel, never raised
        """
        self.ensure_one()
        files = self.env["bank.file"]
        if not self.try_lock_for_update():
            return files
        try:
            for path in self._waiting_paths():
                files |= self._fetch_path(path)
            self.last_error = False
        except (UserError, OSError) as error:
            self.last_error = error.strerror if isinstance(error, OSError) else str(error)
        if files:
            self.last_fetched = fields.Datetime.now()
        return files

    def _fetch_path(self, path):
        bank_files = self.env["bank.file"].with_company(self.company_id)
        try:
            bank_files._check_size(path.name, path.stat().st_size)
            content = path.read_bytes()
            file = bank_files._receive(path.name, content, company=self.company_id, channel=self)
        except UserError as error:
            file = bank_files._receive_unusable(path.name, str(error), self)
        # Only what is stored for good may leave the folder: killed before, it is fetched again.
        self.env.cr.postcommit.add(partial(_move_aside, path, self._archive_path()))
        return file

    def _waiting_paths(self):
        """Finished files of the folder, oldest first."""
        folder = self._folder_path()
        if not folder.is_dir():
            raise UserError(self.env._("The folder %(name)s does not exist.", name=self.folder))
        still_since = time.time() - max(self.quiet_seconds, 0)
        with os.scandir(folder) as entries:
            waiting = [
                (entry.stat(follow_symlinks=False).st_mtime, folder / entry.name)
                for entry in entries
                if entry.is_file(follow_symlinks=False) and self._wants(entry.name)
            ]
        return [path for changed, path in sorted(waiting) if changed <= still_since]

    def _wants(self, name):
        return (
            not name.startswith(".")
            and not name.lower().endswith(_UNFINISHED)
            and fnmatch.fnmatch(name, self.file_pattern or "*")
        )

    def _folder_path(self):
        return self._path_below(self._base_path(), self.folder)

    def _archive_path(self):
        return self._path_below(self._folder_path(), self.archive_folder)

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


def _move_aside(path, archive):
    """Move a file into the folder ``archive``. A name that is taken gets a number."""
    archive.mkdir(parents=True, exist_ok=True)
    target, number = archive / path.name, 1
    while target.exists():
        target, number = archive / f"{path.stem}.{number}{path.suffix}", number + 1
    shutil.move(path, target)
