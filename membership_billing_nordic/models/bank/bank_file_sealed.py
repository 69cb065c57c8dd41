import io
import logging
from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .file_sealing import DamagedError, KeyMissingError, key_path, seal, unseal

_logger = logging.getLogger(__name__)
_GONE = ("sent", "confirmed", "rejected", "discarded")


class BankFile(models.Model):
    """Files to the bank hold personal data: encrypted while needed, then a redacted copy."""

    _inherit = "bank.file"

    sealed_with = fields.Char(
        string="Encrypted With", readonly=True, copy=False, help="Fingerprint of the key."
    )
    redacted_on = fields.Datetime(
        string="Names Taken Out On",
        readonly=True,
        copy=False,
        help="Since then its bytes are without names and texts. Size and fingerprint are those of "
        "the file as it was made.",
    )

    def _store_bytes(self, content):
        if self.direction == "out":
            content, self.sealed_with = seal(content)
        return super()._store_bytes(content)

    def _compute_content(self):  # pylint: disable=missing-return
        """Nothing where the key is missing: the form opens all the same, to tell of it."""
        for file in self:
            try:
                super(BankFile, file)._compute_content()
            except UserError:
                file.content = False

    def action_download(self):
        """Download it, or say that its key is missing."""
        action = super().action_download()
        with self.sudo()._open_bytes():
            return action

    @contextmanager
    def _open_bytes(self):
        """As it was sent, or what is left of it once it is redacted.

        :raises UserError: this server lacks the key
        """
        with super()._open_bytes() as stream:
            yield io.BytesIO(self._unsealed(stream.read())) if self.sealed_with else stream

    def _unsealed(self, sealed):
        try:
            return unseal(sealed, self.sealed_with)
        except KeyMissingError as error:
            raise UserError(
                self.env._(
                    "%(name)s is encrypted with key %(key)s, which this server does not have. An "
                    "administrator adds the line of that key to the file %(file)s.",
                    name=self.name,
                    key=self.sealed_with,
                    file=key_path().name,
                )
            ) from error
        except DamagedError as error:
            raise UserError(
                self.env._(
                    "The stored bytes of %(name)s are not those it was made of.", name=self.name
                )
            ) from error

    # ------------------------------------------------------------------ redacting

    @api.model
    def _cron_redact(self):
        """Take names and texts out of files that are done with."""
        files = self.search(
            [
                ("direction", "=", "out"),
                ("sealed_with", "!=", False),
                ("state", "in", _GONE),
            ],
            order="id",
        )
        left = len(files)
        self.env["ir.cron"]._commit_progress(remaining=left)
        for file in files:
            left -= 1
            if file._is_done_with():
                file._redact()
            if not self.env["ir.cron"]._commit_progress(1, remaining=left):
                return

    def _is_done_with(self):
        """Does nobody need its bytes any more?"""
        self.ensure_one()
        if self.state == "discarded" or (self.state == "rejected" and self.reviewed_on):
            return True
        if self.state == "confirmed" and self._is_answered():
            return True
        kept = timedelta(days=self.connection_id.redact_days)
        return self._last_day() + kept < self.company_id._billing_today()

    def _redact(self):
        """Keep a copy without names and texts instead of the bytes."""
        file = self.sudo()
        try:
            with file._open_bytes() as stream:
                copy = file.connection_id._redact(stream.read())
        except UserError:
            # Encrypted with a key that is not here, or damaged: nobody reads it.
            _logger.warning("bank.file %s cannot be read: it is not redacted", file.id)
            return
        file._attachment().write({"raw": copy, "mimetype": "application/x-bank-file"})
        file.write({"sealed_with": False, "redacted_on": fields.Datetime.now()})
        file.invalidate_recordset(["content"])


class BankConnection(models.Model):
    _inherit = "bank.connection"

    redact_days = fields.Integer(
        string="Names Kept (Days)",
        default=90,
        tracking=True,
        help="Files to the bank are kept encrypted. When the bank has confirmed a file and "
        "answered all of it, names and texts are taken out of the copy that is kept; at the "
        "latest so many days after its last due date.",
    )

    _redact_days_positive = models.Constraint(
        "CHECK(redact_days >= 0)", "Days cannot be below zero."
    )

    def _redact(self, content):
        """What is kept of a file to the bank: nothing that tells of a person.

        For the schemes, which know where names stand; without that only counts are kept.

        :param content: bytes
        :return: bytes
        """
        return b"%d lines, %d bytes\n" % (content.count(b"\n"), len(content))
