import base64
import hashlib
import io
import logging
import traceback
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ... import formats
from ...formats import registry
from .file_reading import FileVerdict, RowWriter

_logger = logging.getLogger(__name__)

SIZE_PARAMETER = "membership_billing_nordic.bank_file_max_mb"
_DEFAULT_MAX_MB = 200
_ROWS_PER_CHUNK = 500
_CHUNK = 200
_RETRY = timedelta(minutes=1)
_RAW_RECORD_LIMIT = 1000
_LONGEST_LINE = 1 << 16


class BankFile(models.Model):
    """One file from a bank: its bytes, what they say, and what became of it.

    It is stored at once and handled by a scheduled action in two passes. The first
    validates and counts and writes nothing but the verdict. The second, of accepted files
    only, writes deposits and payments, books the deposits and then places the payments.
    """

    _name = "bank.file"
    _description = "Bank File"
    _inherit = ["mail.thread", "billing.run.mixin"]
    _order = "id desc"
    _check_company_auto = True

    _run_chunk_size = _CHUNK

    name = fields.Char(string="File Name", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    direction = fields.Selection(
        [("in", "From the bank")], required=True, default="in", readonly=True, index=True
    )
    channel_id = fields.Many2one(
        "bank.channel",
        index="btree_not_null",
        check_company=True,
        readonly=True,
        help="Where it came from; empty when somebody uploaded it.",
    )
    connection_id = fields.Many2one(
        "bank.connection",
        index=True,
        readonly=True,
        ondelete="restrict",
        help="Whose file it is; of a file from the bank, found by the accounts in it.",
    )
    state = fields.Selection(
        [
            ("received", "Received"),
            ("accepted", "Accepted"),
            ("booked", "Booked"),
            ("needs_review", "Needs Review"),
            ("refused", "Refused"),
        ],
        required=True,
        default="received",
        readonly=True,
        index=True,
        tracking=True,
        help="Received: stored, not read yet. Accepted: read and lawful, being booked. Booked: "
        "done. Needs review: booked as far as possible, a person must look. Refused: nothing "
        "of it is used.",
    )
    content = fields.Binary(compute="_compute_content", help="The bytes as sent.")
    sha256 = fields.Char(
        string="SHA-256", copy=False, readonly=True, help="Fingerprint of the bytes."
    )
    size = fields.Integer(string="Size (Bytes)", readonly=True)
    duplicate_of_id = fields.Many2one(
        "bank.file",
        index="btree_not_null",
        readonly=True,
        help="The file that came first with the same bytes.",
    )
    format = fields.Char(string="Format Code", readonly=True, index=True)
    format_label = fields.Char(readonly=True)
    format_name = fields.Char(string="Format", compute="_compute_format_name")
    transmission_number = fields.Char(
        string="Transmission", readonly=True, help="The number the sender gave the file."
    )
    sender = fields.Char(readonly=True, help="The sender's number, as the file says.")
    recipient = fields.Char(readonly=True, help="The recipient's number, as the file says.")
    created_on = fields.Date(string="Made On", readonly=True, help="The file's own date.")
    currency_id = fields.Many2one("res.currency", readonly=True)

    payment_count = fields.Integer(
        string="Payments Read", readonly=True, help="Payments and reversals the file holds."
    )
    payments_sum = fields.Monetary(
        string="Sum of Payments", readonly=True, help="Net sum of payments and reversals read."
    )
    deposit_count = fields.Integer(
        string="Deposits Read", readonly=True, help="Sums the bank put on the account."
    )
    deposits_sum = fields.Monetary(string="Sum of Deposits", readonly=True)
    mandate_count = fields.Integer(string="Mandate Messages", readonly=True)
    request_count = fields.Integer(
        string="Answers to Requests",
        readonly=True,
        help="The bank's answers to files and records of ours; of a file to the bank, how many "
        "requests it holds.",
    )
    notice_count = fields.Integer(
        string="Notices Read",
        readonly=True,
        help="What the bank tells people in this file. Nothing is booked from it.",
    )
    warning_count = fields.Integer(string="Warnings", readonly=True)
    error_count = fields.Integer(string="Errors", readonly=True)
    known_count = fields.Integer(
        string="Known Already",
        readonly=True,
        help="Payments that another file had delivered before. They were skipped.",
    )
    placed_count = fields.Integer(string="Placed", compute="_compute_placed")
    to_place_count = fields.Integer(string="To Place", compute="_compute_placed")
    to_place_sum = fields.Monetary(string="Sum to Place", compute="_compute_placed")
    held_count = fields.Integer(
        string="Held",
        compute="_compute_placed",
        help="Payments that are not booked before a person has decided.",
    )
    information_count = fields.Integer(
        string="Information Only",
        compute="_compute_placed",
        help="The bank only tells of these payments: their money comes another way, so they are "
        "in no deposit and never booked.",
    )
    reported_count = fields.Integer(
        string="Reported, Not Booked",
        compute="_compute_placed",
        help="Another report of the bank books these payments, as the agreement says.",
    )
    entry_count = fields.Integer(string="Journal Entries", compute="_compute_entry_count")
    read_position = fields.Integer(readonly=True, help="Messages of the file stored so far.")
    rows_read = fields.Boolean(readonly=True, help="All messages of the file are stored.")
    reviewed_by_id = fields.Many2one("res.users", readonly=True)
    reviewed_on = fields.Datetime(readonly=True)

    issue_ids = fields.One2many("bank.file.issue", "file_id", string="Issues", readonly=True)
    notice_ids = fields.One2many("bank.notice", "file_id", string="Notices", readonly=True)
    total_ids = fields.One2many("bank.file.total", "file_id", string="Totals", readonly=True)
    deposit_ids = fields.One2many("bank.deposit", "file_id", string="Deposits", readonly=True)
    payment_ids = fields.One2many("bank.payment", "file_id", string="Payments", readonly=True)
    mandate_event_ids = fields.One2many(
        "bank.mandate.event", "file_id", string="Mandate Events", readonly=True
    )

    _bytes_once = models.UniqueIndex(
        "(company_id, sha256) WHERE direction = 'in' AND state != 'refused'",
        "This file was received before.",
    )

    # ------------------------------------------------------------------ computes

    @api.depends("payment_ids.state", "payment_ids.amount_open")
    def _compute_placed(self):
        groups = self.env["bank.payment"]._read_group(
            [("file_id", "in", self.ids)],
            ["file_id", "state"],
            ["__count", "amount_open:sum"],
        )
        found = {(file.id, state): (count, total) for file, state, count, total in groups}
        for file in self:

            def figure(states, place, file=file):
                return sum(found.get((file.id, state), (0, 0))[place] for state in states)

            file.placed_count = figure(("matched", "returned"), 0)
            file.to_place_count = figure(("unmatched", "partial"), 0)
            file.to_place_sum = figure(("unmatched", "partial"), 1)
            file.held_count = figure(("held",), 0)
            file.information_count = figure(("information",), 0)
            file.reported_count = figure(("reported",), 0)

    @api.depends("deposit_ids.move_id", "payment_ids.allocation_ids")
    def _compute_entry_count(self):
        for file in self:
            file.entry_count = len(file._entries()) if file.rows_read else 0

    def _entries(self):
        """All journal entries this file caused: deposits, placements and what undid them."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT move_id FROM bank_deposit
                    WHERE file_id = ANY(%(files)s) AND move_id IS NOT NULL
                    UNION
                   SELECT unnest(ARRAY[line.move_id, used.undone_move_id])
                     FROM bank_payment payment
                     JOIN bank_payment_allocation used ON used.payment_id = payment.id
                     JOIN account_move_line line ON line.id = used.entry_line_id
                    WHERE payment.file_id = ANY(%(files)s)""",
                files=self.ids,
            )
        )
        return self.env["account.move"].browse(row for (row,) in rows if row)

    # ------------------------------------------------------------------ receiving

    @api.model
    def _receive(self, name, content, company=None, channel=None):
        """Store a file and wake the scheduled action. Nothing is decoded here.

        :param name: the file's name, for people
        :param content: its bytes
        :param company: whose file it is; the current company when empty
        :param channel: the ``bank.channel`` that fetched it, if one did
        :return: the new file; in state refused, with ``duplicate_of_id``, when the same bytes
            were received before
        :raises UserError: empty or too large
        """
        receipt = self._receipt_of_name(name)
        self._check_size(name, len(content))
        company = company or self.env.company
        values = {
            "name": name,
            "company_id": company.id,
            "channel_id": channel.id if channel else False,
            "size": len(content),
            # Of a receipt the name is what counts: its bytes may be those of any other.
            "sha256": hashlib.sha256((name.encode() if receipt else b"") + content).hexdigest(),
        }
        first = self._received_before(company, values["sha256"])
        if first:
            return self._store_duplicate(values, first)
        try:
            with self.env.cr.savepoint():
                file = self.sudo().create(values)
                file._store_bytes(content)
        except psycopg2.errors.UniqueViolation as error:
            raise UserError(
                self.env._("%(name)s is just being received from elsewhere.", name=name)
            ) from error
        self._wake_cron()
        return file

    @api.model
    def _wake_cron(self, after=timedelta()):
        cron = self.env.ref("membership_billing_nordic.ir_cron_bank_file_process").sudo()
        cron._trigger(at=fields.Datetime.now() + after)

    def _store_bytes(self, content):
        """Keep the bytes as the attachment behind ``content``.

        Its own MIME type keeps them out of the search index of attachments, where the names
        and numbers in them would be copied.
        """
        self.env["ir.attachment"].create(
            {
                "name": self.name,
                "raw": content,
                "mimetype": "application/x-bank-file",
                "res_model": self._name,
                "res_field": "content",
                "res_id": self.id,
            }
        )
        self.invalidate_recordset(["content"])

    @api.model
    def _received_before(self, company, sha256):
        return self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("sha256", "=", sha256),
                ("state", "!=", "refused"),
            ],
            limit=1,
        )

    @api.model
    def _store_duplicate(self, values, first):
        file = self.sudo().create(
            values | {"state": "refused", "duplicate_of_id": first.id, "error_count": 1}
        )
        file._add_issue(
            severity="refusal",
            expected=self.env._("a file that was not received before"),
            found=self.env._(
                "the same bytes as %(name)s, received %(date)s",
                name=first.name,
                date=first.create_date.date(),
            ),
            action=self.env._("Nothing was read: see the first file."),
        )
        return file

    @api.model
    def _receive_unusable(self, name, reason, channel):
        """Note a file of a folder that cannot even be stored (empty, too large)."""
        file = self.sudo().create(
            {
                "name": name,
                "company_id": channel.company_id.id,
                "channel_id": channel.id,
                "state": "refused",
                "error_count": 1,
            }
        )
        file._add_issue(severity="refusal", found=reason, action=self.env._("Nothing was read."))
        file._refresh_desk()
        return file

    @api.model
    def _check_size(self, name, size):
        if not size and not self._receipt_of_name(name):
            raise UserError(self.env._("%(name)s is empty.", name=name))
        parameter = self.env["ir.config_parameter"].sudo().get_param(SIZE_PARAMETER)
        limit = int(parameter) if (parameter or "").isdigit() else _DEFAULT_MAX_MB
        if size > limit * 1024 * 1024:
            raise UserError(
                self.env._(
                    "%(name)s has %(size)s MB; at most %(limit)s MB are allowed. Ask the bank for "
                    "smaller files, or an administrator to raise %(parameter)s.",
                    name=name,
                    size=size // (1024 * 1024),
                    limit=limit,
                    parameter=SIZE_PARAMETER,
                )
            )

    # ------------------------------------------------------------------ bytes and formats

    @api.model
    def _format_names(self):
        """What formats are called, by their code. Country add-ons name theirs."""
        return {
            "receipt.name": self.env._("Receipt"),
            "iso.camt_054": self.env._("Notification of payments (camt.054)"),
            "iso.camt_053": self.env._("Account statement (camt.053)"),
        }

    @api.depends("format", "format_label")
    @api.depends_context("lang")
    def _compute_format_name(self):
        names = self._format_names()
        for file in self:
            file.format_name = names.get(file.format) or file.format_label

    @api.model
    def _bank_decoders(self):
        """The decoders this database knows. Country add-ons append theirs."""
        return list(formats.DECODERS)

    def _decoder(self):
        """The decoder that accepted this file; empty when its add-on is gone."""
        decoders = (*self._bank_decoders(), self._named_decoder())
        return next((d for d in decoders if d and self.format == d.FORMAT), None)

    def _compute_content(self):
        for file in self:
            with file._open_bytes() as stream:
                file.content = base64.b64encode(stream.read()) or False

    def _attachment(self):
        """What holds the bytes."""
        attachments = self.env["ir.attachment"].sudo()
        return attachments.search(
            [
                ("res_model", "=", self._name),
                ("res_field", "=", "content"),
                ("res_id", "=", self.id),
            ],
            limit=1,
        )

    @contextmanager
    def _open_bytes(self):
        """The bytes of the file as a binary stream, without loading it whole."""
        self.ensure_one()
        attachment = self._attachment()
        if attachment.store_fname:
            with Path(attachment._full_path(attachment.store_fname)).open("rb") as stream:
                yield stream
        else:
            yield io.BytesIO(attachment.raw or b"")

    def _raw_records(self, numbers):
        """The records of the file with these numbers, as text: ``{number: text}``.

        A record is a line, blank ones at the start not counted, unless the decoder knows
        better. Of a file that is not made of lines there is nothing to show.
        """
        self.ensure_one()
        wanted = {number for number in numbers if number > 0}
        found, number = {}, 0
        if not wanted or not self.size:
            return found
        decoder = self._decoder()
        if hasattr(decoder, "raw_records"):
            with self._open_bytes() as stream:
                return decoder.raw_records(stream, wanted, _RAW_RECORD_LIMIT)
        with self._open_bytes() as stream:
            while number < max(wanted) and (line := stream.readline(_LONGEST_LINE)):
                if len(line) == _LONGEST_LINE:
                    break
                number += bool(number or line.strip())
                if number in wanted:
                    found[number] = _as_text(line[:_RAW_RECORD_LIMIT])
        return found

    def _add_issue(self, severity, record=0, field="", expected="", found="", action=""):
        return (
            self.env["bank.file.issue"]
            .sudo()
            .create(
                {
                    "file_id": self.id,
                    "company_id": self.company_id.id,
                    "severity": severity,
                    "record": record,
                    "field": field,
                    "expected": expected,
                    "found": found,
                    "action": action,
                }
            )
        )

    # ------------------------------------------------------------------ processing

    @api.model
    def _cron_process(self):
        """Read and book what was received, oldest first, until the time is over."""
        files = self.search(
            [("direction", "=", "in"), ("state", "in", ("received", "accepted"))], order="id"
        )
        left = len(files)
        self.env["ir.cron"]._commit_progress(remaining=left)
        for file in files:
            done = file._process()
            left -= done
            # Said again after each file: a file reports its own rows while it is worked on.
            if not self.env["ir.cron"]._commit_progress(remaining=left) or not done:
                return

    def _process(self):
        """Do what is left to do for one file.

        :return: True when it is done, False when the time of this scheduled run is over
        """
        self.ensure_one()
        file = self.sudo().with_company(self.sudo().company_id)
        file = file.with_context(**file.company_id._billing_context())
        try:
            if not file.try_lock_for_update():
                return True
            file.invalidate_recordset()
            return file._process_passes()
        except (psycopg2.OperationalError, psycopg2.errors.UniqueViolation):
            # Somebody else works on the same rows: again later, with fresh eyes.
            self.env.cr.rollback()
            self._wake_cron(after=_RETRY)
            return True

    def _process_passes(self):
        if self.state == "received":
            self._guarded(self._validate)
            if not self.env["ir.cron"]._commit_progress():
                return False
        unread = self.state == "accepted" and not self.rows_read
        if unread and not self._guarded(self._read_rows):
            return False
        if self.state == "accepted":
            return self._run_work()
        return True

    def _guarded(self, work):
        """Do ``work``, whose writes are in savepoints of its own.

        A fault of the program stops this file, not the scheduled action.

        The log gets the place of the fault only: its text may hold personal data.
        """
        try:
            return work()
        except (psycopg2.OperationalError, psycopg2.errors.UniqueViolation):
            raise
        except Exception as error:
            place = "".join(traceback.format_tb(error.__traceback__))
            _logger.error("bank.file %s: %s\n%s", self.id, type(error).__name__, place)
        self.env.invalidate_all(flush=False)
        self._add_issue(
            severity="error",
            found=self.env._("The program failed while reading; its log says where."),
            action=self.env._("What was stored before stays. Try again after an update."),
        )
        self.error_count += 1
        self.state = "needs_review" if self.state == "accepted" else "refused"
        self._refresh_desk()
        return True

    def _validate(self):
        """First pass: validate and count. Writes the verdict and nothing else."""
        with self._open_bytes() as stream:
            decoder = registry.recognise(stream, self._bank_decoders()) or self._named_decoder()
            verdict = FileVerdict(self, decoder)
            if decoder:
                verdict.read(decoder.decode(stream))
        with self.env.cr.savepoint():
            verdict.write()
            self._refresh_desk()

    def _read_rows(self):
        """Second pass: store the messages, in chunks; a chunk that is stored is not read again.

        :return: False when the time is over
        """
        decoder = self._decoder()
        if not decoder:
            raise UserError(self.env._("The add-on that reads this format is not installed."))
        writer = RowWriter(self)
        with self._open_bytes() as stream:
            messages = islice(decoder.decode(stream), self.read_position, None)
            while chunk := list(islice(messages, _ROWS_PER_CHUNK)):
                with self.env.cr.savepoint():
                    writer.write(chunk)
                    self.read_position += len(chunk)
                if not self._commit_and_relock(len(chunk)):
                    return False
        with self.env.cr.savepoint():
            self._link_deposits()
            self.rows_read = True
            self._count_pending()
        return self._commit_and_relock()

    def _commit_and_relock(self, done=0):
        """Commit; False when the time is over or somebody else took the file on."""
        position = self.read_position
        if not self.env["ir.cron"]._commit_progress(done):
            return False
        if not self.try_lock_for_update():
            return False
        self.invalidate_recordset(["read_position", "state"])
        return self.read_position == position

    def _link_deposits(self):
        """Give each payment its deposit, and check that the deposits add up."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE bank_payment payment SET deposit_id = deposit.id
                     FROM bank_deposit deposit
                    WHERE payment.file_id = %(file)s
                      AND payment.state = 'new'
                      AND payment.deposit_id IS NULL
                      AND deposit.file_id = payment.file_id
                      AND deposit.state = 'new'
                      AND deposit.agreement_id = payment.agreement_id
                      AND deposit.deposit_key = payment.deposit_key""",
                file=self.id,
            )
        )
        self.env["bank.payment"].invalidate_model(["deposit_id"])
        self.env["bank.deposit"].invalidate_model(["payment_ids"])
        self.env["bank.deposit"]._hold_payments_without_deposit(self)
        self.deposit_ids.filtered(lambda row: row.state == "new")._set_apart_reported(self)
        self.deposit_ids.filtered(lambda deposit: deposit.state == "new")._check_sums()
        self.deposit_ids.filtered(lambda deposit: deposit.state == "new")._hold_doubles(self)

    def _count_pending(self):
        pending = self.env["bank.payment"].search_count(
            [("file_id", "=", self.id), ("state", "=", "new")]
        ) + self.env["bank.deposit"].search_count(
            [("file_id", "=", self.id), ("state", "=", "new")]
        )
        self.run_total = self.run_done + self.run_failed + pending

    def _run_take(self, limit):
        """Deposits first; then payments of one agreement and bank date, so of one entry."""
        domain = [("file_id", "=", self.id), ("state", "=", "new")]
        order = "agreement_id, bank_date, id"
        deposits = self.env["bank.deposit"].search(domain, order=order, limit=limit)
        if deposits:
            return deposits.filtered(lambda d: d.agreement_id == deposits[0].agreement_id)
        payments = self.env["bank.payment"].search(domain, order=order, limit=limit)
        return payments.filtered(
            lambda p: (
                (p.agreement_id, p.bank_date) == (payments[0].agreement_id, payments[0].bank_date)
            )
        )

    def _run_process(self, rows):
        rows._run_in_file()

    def _run_fail(self, row, message):
        row._fail_in_file(message)

    def _run_finish(self):
        held = bool(self.deposit_ids.filtered(lambda deposit: deposit.state == "held"))
        wrong = self.warning_count or self.error_count or self.run_failed
        self.state = "needs_review" if held or (wrong and not self.reviewed_on) else "booked"
        self._refresh_desk()
        self.message_post(body=self._summary())

    def _summary(self):
        self.invalidate_recordset(["placed_count", "to_place_count", "held_count"])
        return self.env._(
            "%(placed)s payments placed, %(open)s to place, %(held)s held, %(known)s known already.",
            placed=self.placed_count,
            open=self.to_place_count,
            held=self.held_count,
            known=self.known_count,
        )

    # ------------------------------------------------------------------ the desk

    def _refresh_desk(self):
        """Put these files on the to-do desk, or take them off, as their state says.

        Payments to place make one row per file, not one each: a file without references
        would bury everything else, and the work is done on the list behind the row.
        """
        self.invalidate_recordset(["to_place_count", "to_place_sum"])
        for file in self:
            file._set_on_desk(
                "bank_file_refused",
                file.state == "refused" and not file.duplicate_of_id and not file.reviewed_on,
                self.env._("Bank file %(name)s was refused", name=file.name),
                self.env._(
                    "Read the issues. Ask the bank for a correct file, or set up its account."
                ),
            )
            file._set_on_desk(
                "bank_file_review",
                file.state == "needs_review",
                self.env._("Bank file %(name)s needs review", name=file.name),
                self.env._(
                    "Read the issues. Correct the set-up and process again, or let it stand."
                ),
            )
            file._set_on_desk(
                "payment_unmatched",
                bool(file.to_place_count),
                self.env._(
                    "Payments of %(name)s to place: %(count)s",
                    count=file.to_place_count,
                    name=file.name,
                ),
                self.env._("Accept the proposals under Bank, To Place, or pick the member."),
            )

    def _set_on_desk(self, kind, is_open, name, next_action):
        desk = self.env["billing.exception"]
        if is_open:
            desk._open(self, kind, name, next_action)
        else:
            desk._close(self, kind)

    # ------------------------------------------------------------------ buttons

    def _check_may_process(self):
        if not self.env.user.has_group("membership_billing_nordic.group_billing_user"):
            raise AccessError(self.env._("Only billing users may handle bank files."))
        if self:
            self.check_access("read")

    def action_process_again(self):
        """Read the file again after the set-up was corrected; only what is missing is booked."""
        self._check_may_process()
        for file in self.sudo():
            if not file.try_lock_for_update() or file.state not in ("needs_review", "refused"):
                raise UserError(
                    file.env._("%(name)s is being worked on. Wait for its result.", name=file.name)
                )
            if not file._attachment():
                raise UserError(
                    file.env._(
                        "The bytes of %(name)s are not stored: it was never accepted.",
                        name=file.name,
                    )
                )
            first = file._received_before(file.company_id, file.sha256) - file
            if first:
                raise UserError(
                    file.env._("The same bytes were received as %(name)s.", name=first.name)
                )
            file._reset()
        self._wake_cron()

    def _reset(self):
        """Back to "received". Rows that are stored stay: reading again skips them.

        What could not be booked is tried again.
        """
        self.deposit_ids._release_to_retry()
        self.payment_ids.filtered(lambda p: p.outcome == "error" and p.state == "unmatched").write(
            {"state": "new", "outcome": False, "note": False}
        )
        self.issue_ids.unlink()
        self.notice_ids.unlink()
        self.total_ids.unlink()
        self.write(
            {
                "state": "received",
                "read_position": 0,
                "rows_read": False,
                "known_count": 0,
                "run_failed": 0,
                "reviewed_by_id": False,
                "reviewed_on": False,
            }
        )
        self._refresh_desk()

    def _resume(self):
        """Work on a file that was done, because a person released rows of it."""
        for file in self:
            if file.state in ("booked", "needs_review"):
                file._count_pending()
                file.write({"state": "accepted", "run_finished": False})
        self._wake_cron()

    def action_reviewed(self):
        """A person has looked at what was wrong and lets it stand."""
        self._check_may_process()
        for file in self.sudo().filtered(lambda f: f.state in ("needs_review", "refused")):
            if held := file.deposit_ids.filtered(lambda deposit: deposit.state == "held"):
                raise UserError(
                    file.env._(
                        "%(count)s deposits of %(name)s are held. Book or discard them first.",
                        count=len(held),
                        name=file.name,
                    )
                )
            values = {"reviewed_by_id": self.env.uid, "reviewed_on": fields.Datetime.now()}
            if file.state == "needs_review":
                values["state"] = "booked"
            file.write(values)
            file._refresh_desk()

    def action_show_payments(self):
        """The payments of this file."""
        self.check_access("read")
        return self._show("action_bank_payment", {"search_default_group_state": 1})

    def action_show_to_place(self):
        """The payments of this file that a person has to place."""
        self.check_access("read")
        return self._show("action_bank_payment_to_place", {})

    def action_show_deposits(self):
        """The deposits of this file."""
        self.check_access("read")
        return self._show("action_bank_deposit", {})

    def action_show_held(self):
        """The deposits of this file that wait for a decision."""
        self.check_access("read")
        return self._show("action_bank_deposit", {"search_default_held": 1})

    def action_show_mandate_events(self):
        """The mandate messages of this file."""
        self.check_access("read")
        return self._show("action_bank_mandate_event", {})

    def _show(self, xml_id, context):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"membership_billing_nordic.{xml_id}"
        )
        domain = [("file_id", "=", self.id)]
        if xml_id == "action_bank_payment_to_place":
            domain.append(("state", "in", ("unmatched", "partial")))
        return action | {"domain": domain, "context": context | {"create": False}}

    def action_show_entries(self):
        """The journal entries this file caused."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Entries"),
            "res_model": "account.move",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self._entries().ids)],
            "context": {"create": False},
        }

    def action_show_first(self):
        """The file that came first with the same bytes."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.duplicate_of_id.id,
            "views": [(False, "form")],
        }


def _as_text(record):
    """Bytes for a person's eyes: as UTF-8 where that is what they are, else Latin-1."""
    try:
        text = record.decode()
    except UnicodeDecodeError:
        text = record.decode("latin-1")
    # PostgreSQL and XML take no control characters.
    return "".join(c if c.isprintable() else "·" for c in text.rstrip("\r\n"))
