import base64
import hashlib
import logging

import psycopg2
from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import NO_ACCESS
from odoo.tools import split_every

from ...formats import collection_exchange as exchange
from ...formats.messages import FormatError
from ..bank.channel_ways import FateUnknown, WayError
from ..bank.file_sealing import DamagedError, KeyMissingError, seal, unseal
from .debt_collection_claim import READY
from .debt_collection_writing import case_record, correction_record

_logger = logging.getLogger(__name__)
_CHUNK = 200
WAITING = "debt_collection_waiting"
DELIVER = "debt_collection_deliver"
TROUBLE = "debt_collection_trouble"
SILENT = "debt_collection_silent"


class DebtCollectionFile(models.Model):
    """A file to an agency, new cases or corrections, or one with its answers.

    Its bytes are kept encrypted: they may name personal identity numbers, which stand nowhere else.
    """

    _name = "debt.collection.file"
    _inherit = ["mail.thread"]
    _description = "Collection File"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    agency_id = fields.Many2one(
        "debt.collection.agency", required=True, readonly=True, index=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        [("cases", "New cases"), ("corrections", "Corrections"), ("answers", "Answers")],
        required=True,
        readonly=True,
        index=True,
    )
    state = fields.Selection(
        [
            ("preview", "Preview"),
            ("making", "Documents Being Gathered"),
            ("queued", "To Be Sent"),
            ("sending", "Being Sent"),
            ("sent", "Sent"),
            ("discarded", "Discarded"),
            ("received", "Read"),
            ("refused", "Not Usable"),
        ],
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        help="Preview: nobody was handed over yet. Documents being gathered: approved; the PDFs "
        "are put beside it. Being sent: it is under way; whether it has arrived is found out by "
        "itself.",
    )
    date = fields.Date(required=True, readonly=True, help="The day it was made or read.")
    sent_on = fields.Datetime(readonly=True)
    downloaded_on = fields.Datetime(readonly=True)
    receipt_on = fields.Date(
        string="Received There On", readonly=True, help="When the agency says that it has the file."
    )
    approved_by_id = fields.Many2one("res.users", string="Released By", readonly=True)
    case_ids = fields.One2many("debt.collection.case", "file_id", readonly=True)
    event_ids = fields.One2many(
        "debt.collection.event", "file_id", string="Agency Messages", readonly=True
    )
    left_out_ids = fields.Many2many("dunning.claim", compute="_compute_left_out_ids")
    case_count = fields.Integer(string="Cases", compute="_compute_counts")
    principal = fields.Monetary(string="Invoices", compute="_compute_counts")
    fee = fields.Monetary(string="Fees", compute="_compute_counts")
    is_by_hand = fields.Boolean(compute="_compute_is_by_hand")
    problem = fields.Text(readonly=True, help="What could not be used of it, or why it waits.")
    sha256 = fields.Char(string="SHA-256", readonly=True, help="Fingerprint of the bytes.")
    size = fields.Integer(readonly=True)
    sealed = fields.Binary(attachment=True, groups=NO_ACCESS, copy=False)
    sealed_with = fields.Char(groups=NO_ACCESS, copy=False)
    content = fields.Binary(
        string="File",
        compute="_compute_content",
        groups="membership_billing_nordic.group_billing_manager",
    )

    _once = models.UniqueIndex(
        "(agency_id, sha256) WHERE kind = 'answers'", "This file was read already."
    )
    _name_unique = models.Constraint(
        "UNIQUE (agency_id, kind, name)", "There is a file of this name already."
    )

    @api.depends("case_ids.principal", "case_ids.fee")
    def _compute_counts(self):
        for file in self:
            file.case_count = len(file.case_ids)
            file.principal = sum(file.case_ids.mapped("principal"))
            file.fee = sum(file.case_ids.mapped("fee"))

    @api.depends("state")
    def _compute_left_out_ids(self):
        claims = self.env["dunning.claim"]
        for file in self:
            if file.kind != "cases" or file.state != "preview":
                file.left_out_ids = claims
                continue
            file.left_out_ids = claims.search(
                [
                    ("policy_id.agency_id", "=", file.agency_id.id),
                    ("state", "in", ("reminded", "noticed")),
                    ("is_ready", "=", False),
                    ("not_ready_reason", "!=", False),
                ]
            )

    @api.depends("agency_id.channel_id.kind", "agency_id.channel_id.out_folder")
    def _compute_is_by_hand(self):
        for file in self:
            channel = file.agency_id.channel_id
            file.is_by_hand = not channel.active or not channel._sends_itself()

    def _compute_content(self):
        for file in self:
            content = file.sudo()._bytes()
            file.content = content and base64.b64encode(content)

    # ------------------------------------------------------------------ bytes

    def _store(self, content):
        self._seal(content)
        self.sudo().write({"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)})

    def _seal(self, content):
        sealed, key = seal(content)
        self.sudo().write({"sealed": base64.b64encode(sealed), "sealed_with": key})

    def _bytes(self):
        """The bytes as they were made; empty when there are none, or not the key to them."""
        if not self.sealed_with:
            return b""
        try:
            return unseal(
                base64.b64decode(self.with_context(bin_size=False).sealed), self.sealed_with
            )
        except (KeyMissingError, DamagedError):
            return b""

    # ------------------------------------------------------------------ new cases

    @api.model
    def _make(self, agency, kind, state="preview", name=""):
        sequence = self.env["ir.sequence"].sudo().with_company(agency.company_id)
        today = agency.company_id._billing_today()
        number = sequence.next_by_code("debt.collection.file", sequence_date=today)
        suffix = agency._suffix()
        return self.sudo().create(
            {
                "name": name or f"{kind}-{agency.id}-{number}.{suffix}",
                "company_id": agency.company_id.id,
                "agency_id": agency.id,
                "kind": kind,
                "state": state,
                "date": today,
            }
        )

    def _fill(self):
        """Propose a case for each payer with claims that are ready today."""
        self.ensure_one()
        self.case_ids.unlink()
        agency = self.agency_id
        taken = self.env["debt.collection.line"].search(
            [("company_id", "=", self.company_id.id), ("is_open", "=", True)]
        )
        claims = self.env["dunning.claim"]._candidates(agency) - taken.claim_id
        verdicts = claims._judge_hand_over(agency)
        fresh = {row.claim.id: float(row.interest) for row in verdicts if not row.reason}
        self.date = self.company_id._billing_today()
        self.env["debt.collection.case"].create(
            [
                self._case_vals(group, fresh)
                for group in claims.browse(fresh)
                .grouped(lambda claim: (claim.partner_id, claim.currency_id, claim.agreement_id))
                .values()
            ]
        )
        self.env["billing.exception"]._close(agency, READY)
        self._refresh_desk()

    def _case_vals(self, claims, fresh):
        """A case of these claims of one payer.

        :param fresh: ``{id of claim: interest since its last letter}``
        """
        first = claims[0]
        sequence = self.env["ir.sequence"].sudo().with_company(self.company_id)
        return {
            "name": sequence.next_by_code("debt.collection.case", sequence_date=self.date),
            "company_id": self.company_id.id,
            "agency_id": self.agency_id.id,
            "file_id": self.id,
            "partner_id": first.partner_id.id,
            "agreement_id": first.agreement_id.id,
            "currency_id": first.currency_id.id,
            "line_ids": [
                Command.create(
                    {
                        "claim_id": claim.id,
                        "principal": claim.amount_open,
                        "fee": claim.fee_open,
                        "interest": claim.interest_open + fresh[claim.id],
                        "compensation": claim.compensation_open,
                    }
                )
                for claim in claims
            ],
        }

    def _approve(self, user):
        """Judge all claims anew, today; what is still right is handed over.

        :raises UserError: nothing is, or the file cannot be written
        """
        self.ensure_one()
        agency, today = self.agency_id, self.company_id._billing_today()
        claims = self.case_ids.line_ids.claim_id
        verdicts = {row.claim: row for row in claims._judge_hand_over(agency)}
        gone = self.case_ids.line_ids.filtered(lambda line: verdicts[line.claim_id].reason)
        left_out = len(gone)
        gone.unlink()
        self.case_ids.filtered(lambda case: not case.line_ids).unlink()
        if not self.case_ids:
            raise UserError(self.env._("Nothing is left to hand over: propose anew."))
        self.case_ids._approve(verdicts, today)
        self.date = today
        with_documents = agency.sends_documents
        self.name = f"{self.name.rpartition('.')[0]}.{agency._suffix(with_documents)}"
        self._store(self._bytes_of([case_record(case) for case in self.case_ids.sorted("id")]))
        self.write({"state": "making" if with_documents else "queued", "approved_by_id": user.id})
        self.message_post(
            body=self.env._(
                "%(cases)s cases approved, %(out)s claims left out since the preview.",
                cases=len(self.case_ids),
                out=left_out,
            )
        )
        self._wake()

    def _bytes_of(self, records):
        """The bytes of these records, as the agency reads them.

        :raises UserError: a record cannot be written
        """
        company = self.company_id
        sheet = exchange.Sheet(
            file_id=self.name,
            creditor_org_no=company.company_registry or company.vat or "",
            creditor_agency_id=self.agency_id.creditor_number or "",
            created_on=self.date,
            records=tuple(records),
        )
        write = {"json": exchange.write_json, "csv": exchange.write_csv}[self.agency_id.layout]
        try:
            return write(sheet)
        except FormatError as error:
            raise UserError(
                self.env._(
                    "%(file)s cannot be written: %(field)s has to be %(expected)s (%(record)s).",
                    file=self.name,
                    field=error.field,
                    expected=error.expected,
                    record=error.key,
                )
            ) from error

    # ------------------------------------------------------------------ corrections

    @api.model
    def _make_corrections(self, agency):
        """One file of what the agency does not know of yet; empty when it knows all."""
        cases = self.env["debt.collection.case"].search(
            [("agency_id", "=", agency.id), ("state", "in", ("handed_over", "at_agency"))]
        )
        if cases.try_lock_for_update(allow_referencing=True) != cases:
            return self.browse()  # a person is just working on one of them: in an hour
        for ids in split_every(_CHUNK, cases.ids):
            cases.browse(ids)._tell_changes()
        events = self.env["debt.collection.event"].search(
            [
                ("agency_id", "=", agency.id),
                ("direction", "=", "out"),
                ("file_id", "=", False),
            ],
            order="id",
        )
        if not events:
            return self.browse()
        file = self._make(agency, "corrections", "queued")
        file._store(file._bytes_of([correction_record(event) for event in events]))
        events.file_id = file
        return file

    # ------------------------------------------------------------------ sending

    def _wake(self):
        self._refresh_desk()
        self.env.ref("membership_billing_nordic.ir_cron_debt_collection_work").sudo()._trigger()

    def _send(self):
        """Send one file through the agency's channel. Sent twice it has the same name and ids."""
        channel = self.agency_id.channel_id
        content = self._bytes()
        if not content:
            self.problem = self.env._("Its bytes cannot be read on this server.")
            return
        try:
            with channel._open_way() as way:
                if self.state != "sending" or way.find(self.name) != len(content):
                    self.state = "sending"
                    self.env["ir.cron"]._commit_progress(0)
                    way.send(self.name, content)
            channel._note_success()
        except WayError as error:
            if not isinstance(error, FateUnknown):
                self.state = "queued"
            self.problem = channel._sentence(error)
            channel._note_failure(error)
            return
        self._mark_sent()

    def _mark_sent(self):
        self.write({"state": "sent", "sent_on": fields.Datetime.now(), "problem": False})
        self.case_ids._handed_over()
        self._refresh_desk()

    def _refresh_desk(self):
        desk = self.env["billing.exception"]
        for file in self:
            for kind, (is_open, name, next_action) in file._desk_rows().items():
                if is_open:
                    desk._open(file, kind, name, next_action)
                else:
                    desk._close(file, kind)

    def _desk_rows(self):
        """``{kind: (open, what is wrong, next step)}``."""
        words = {"file": self.name, "agency": self.agency_id.name, "count": self.case_count}
        return {
            WAITING: (
                self.state == "preview" and bool(self.case_ids),
                self.env._("%(count)s cases for %(agency)s wait for approval", **words),
                self.env._("Look through them, and approve or discard them."),
            ),
            SILENT: (
                self._is_unanswered(),
                self.env._("%(agency)s has not answered %(file)s", **words),
                self.env._("Ask the agency whether it has the file, and type its numbers."),
            ),
            DELIVER: (
                self.state == "queued" and self.is_by_hand,
                self.env._("%(file)s is to be delivered to %(agency)s by hand", **words),
                self.env._("Download it, deliver it, then say so."),
            ),
        }

    def _is_unanswered(self):
        """Has the agency said nothing of the new cases that it was sent?"""
        days = self.agency_id.answer_days
        if self.kind != "cases" or self.state != "sent" or not days or self.receipt_on:
            return False
        since = fields.Date.add(self.company_id._billing_today(), days=-days)
        return self.sent_on.date() < since and "handed_over" in self.case_ids.mapped("state")

    @api.model
    def _agencies(self, domain):
        """Agencies, each in the language and time zone of its company."""
        for agency in self.env["debt.collection.agency"].search(domain):
            yield agency._in_company()

    @api.model
    def _cron_daily(self):
        """Find out what is ready for the agencies, and what they have not answered."""
        for agency in self._agencies([("active", "=", True)]):
            with agency._isolated():
                agency.env["dunning.claim"]._note_ready(agency)
            self.env["ir.cron"]._commit_progress(1)
        sent = self.search([("kind", "=", "cases"), ("state", "=", "sent")])
        for file in sent.filtered(lambda file: any(file.case_ids.mapped("is_open"))):
            file._in_company()._refresh_desk()
        self._redact_done()

    @api.model
    def _cron_work(self):
        """Make corrections, and send what is approved."""
        for agency in self._agencies([("active", "in", (True, False))]):
            with agency._isolated():
                agency._book_waiting()
                agency.env["debt.collection.file"]._make_corrections(agency)._refresh_desk()
            self.env["ir.cron"]._commit_progress(1)
        self.env["debt.collection.case"]._tidy_desk()
        self._make_documents()
        for file in self.search([("state", "in", ("queued", "sending"))], order="id"):
            file = file._in_company()
            if not file.is_by_hand:
                file._send()
            elif file.state == "sending":
                file.state = "queued"
                file._refresh_desk()
            self.env["ir.cron"]._commit_progress(1)

    # ------------------------------------------------------------------ answers

    @api.model
    def _receive(self, agency, name, content):
        """Store and read a file of the agency; one that was read before is left alone.

        :return: the new file, or the one that was read before
        """
        self.env["bank.file"]._check_size(name, len(content))
        digest = hashlib.sha256(content).hexdigest()
        known = [("agency_id", "=", agency.id), ("kind", "=", "answers")]
        if before := self.search([*known, ("sha256", "=", digest)], limit=1):
            return before
        if self.search_count([*known, ("name", "=", name)], limit=1):
            name = f"{digest[:8]}-{name}"
        file = self._make(agency, "answers", "received", name)
        file._store(content)
        file._read_answers(content)
        return file

    def _read_answers(self, content):
        sheet, faults = exchange.read(content)
        records = {
            number: record
            for number, record in zip(sheet.numbers, sheet.records, strict=True)
            if isinstance(record, exchange.Answer | exchange.Receipt)
        }
        problems = [
            self.env._(
                "Record %(record)s, %(field)s: expected %(expected)s.",
                record=fault.record,
                field=fault.field,
                expected=fault.expected,
            )
            for fault in faults
        ]
        self.state = "received" if records else "refused"
        if not records:
            problems = problems or [self.env._("There is no answer in it.")]
        known = self._known_by(records.values())
        for number, record in records.items():
            if problem := self._apply(number, record, known):
                problems.append(problem)
        self.agency_id._place_waiting()
        self._note_problems(problems)

    def _known_by(self, records):
        """The cases, and the files of ours, that these records are about, by their names."""
        names = [getattr(row, "our_case_ref", None) or row.our_file_id for row in records]
        mine = [("agency_id", "=", self.agency_id.id), ("name", "in", names)]
        cases = self.env["debt.collection.case"].search(
            [*mine, ("state", "not in", ("proposed", "cancelled"))]
        )
        files = self.search(
            [*mine, ("kind", "!=", "answers"), ("state", "in", ("queued", "sending", "sent"))]
        )
        return {row.name: row for row in [*cases, *files]}

    def _apply(self, number, record, known):
        """Do what a record says.

        :param number: where it stands in the file
        :return: why it could not be used, if so
        """
        words = {"record": number, "message": record.message_id}
        is_receipt = isinstance(record, exchange.Receipt)
        about = known.get(record.our_file_id if is_receipt else record.our_case_ref)
        if not about and is_receipt:
            return self.env._(
                "Record %(record)s (%(message)s), our_file_id: expected a file that was sent to "
                "this agency.",
                **words,
            )
        if not about:
            return self.env._(
                "Record %(record)s (%(message)s), our_case_ref: expected a case that was handed "
                "over to this agency.",
                **words,
            )
        try:
            with self.env.cr.savepoint():
                if is_receipt:
                    about._in_company()._note_receipt(record)
                    return ""
                self.env["debt.collection.event"]._hear(about, record, self)
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            # The text of the error may hold personal data.
            _logger.error(
                "debt.collection.file %s, record %s: %s", self.id, number, type(error).__name__
            )
            self.env.invalidate_all(flush=False)
            return self.env._("Record %(record)s (%(message)s) could not be used.", **words)
        if record.kind == "payment" and record.net < 0:
            return self.env._(
                "Record %(record)s (%(message)s): a payment is taken back. Nothing was booked: see "
                "to the case.",
                **words,
            )
        return ""

    def _note_receipt(self, receipt):
        """The agency has the file, or cannot use it: then its cases are ours again."""
        if self.state != "sent":
            self._mark_sent()
        self.receipt_on = receipt.date or self.company_id._billing_today()
        waiting = self.case_ids.filtered(lambda case: case.state == "handed_over")
        why = " ".join(filter(None, (receipt.code, receipt.text)))
        if receipt.state == "refused":
            for case in waiting:
                case._reject(why)
        sent = self.case_count or len(self.event_ids)
        if receipt.state == "refused":
            self._note_problems([self.env._("The agency cannot use it: %(why)s", why=why)])
        elif receipt.record_count not in (0, sent):
            self._note_problems(
                [
                    self.env._(
                        "The agency has %(count)s records of it, %(sent)s were sent.",
                        count=receipt.record_count,
                        sent=sent,
                    )
                ]
            )
        self._refresh_desk()

    def _note_problems(self, problems):
        if not problems:
            self.problem = False
            self.env["billing.exception"]._close(self, TROUBLE)
            return
        self.problem = "\n".join(problems[:50])
        self.env["billing.exception"]._open(
            self,
            TROUBLE,
            self.env._(
                "%(count)s problems in %(file)s of %(agency)s",
                count=len(problems),
                file=self.name,
                agency=self.agency_id.name,
            ),
            self.env._("Read what is wrong on the file, and ask the agency."),
        )

    # ------------------------------------------------------------------ buttons

    def action_propose(self):
        """Gather what is ready for each agency, for a manager to look through."""
        agencies = self.env["debt.collection.agency"]
        agencies._check_manager()
        agencies = agencies.search([("company_id", "in", self.env.companies.ids)])
        if not agencies:
            raise UserError(
                self.env._("Enter a collection agency first, and choose it on a reminder policy.")
            )
        files = self.browse().union(*(agency.sudo()._propose() for agency in agencies))
        if len(files) == 1:
            return files.with_env(self.env).get_formview_action()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_debt_collection_file"
        )
        return action | {"domain": [("id", "in", files.ids)]}

    def action_refresh_preview(self):
        """Propose anew what is ready today."""
        for file in self._taken(("preview",)):
            file._in_company()._fill()
        return True

    def action_approve(self):
        """Hand the cases of the preview over."""
        for file in self._taken(("preview",)):
            file._in_company()._approve(self.env.user)
        return True

    def action_discard(self):
        """Take a file back that was not sent; its claims are free again."""
        for file in self._taken(("preview", "making", "queued")):
            if file.kind == "corrections":
                raise UserError(
                    file.env._("The agency has to know of corrections: they cannot be taken back.")
                )
            file.case_ids._cancel()
            file.state = "discarded"
            file._refresh_desk()
        return True

    def action_download(self):
        """Download the file."""
        file = self._taken(("queued", "sent", "received", "refused"))
        file.ensure_one()
        if not file._bytes():
            raise UserError(file.env._("The bytes of %(file)s cannot be read.", file=file.name))
        file.downloaded_on = fields.Datetime.now()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/debt.collection.file/{file.id}/content/{file.name}?download=true",
            "target": "download",
        }

    def action_delivered(self):
        """The person has delivered downloaded files to the agency."""
        for file in self._taken(("queued",)):
            if not file.downloaded_on:
                raise UserError(file.env._("Download %(file)s first.", file=file.name))
            file._mark_sent()
        return True

    def action_problem_read(self):
        """A person has dealt with what was wrong in a file of the agency."""
        files = self._taken(("received", "refused", "sent"))
        files.problem = False
        self.env["billing.exception"]._close(files, TROUBLE)
        return True

    def action_read_again(self):
        """Read a file of the agency once more, when what was wrong here is put right.

        What was used before changes nothing.
        """
        for file in self._taken(("received", "refused")):
            content = file._bytes()
            if not content:
                raise UserError(file.env._("The bytes of %(file)s cannot be read.", file=file.name))
            file._in_company()._read_answers(content)
        return True

    def _taken(self, states):
        self.check_access("read")
        if not (
            self.env.su
            or self.env.user.has_group("membership_billing_nordic.group_billing_manager")
        ):
            raise AccessError(self.env._("Only billing managers may handle collection files."))
        files = self.sudo()
        if files != files.try_lock_for_update(allow_referencing=True) or any(
            file.state not in states for file in files
        ):
            raise UserError(self.env._("Somebody else has worked on it. Look at it again."))
        return files

    def _in_company(self):
        company = self.company_id
        return self.with_company(company).with_context(**company._billing_context())
