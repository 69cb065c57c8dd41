import hashlib
import logging
import traceback
from datetime import timedelta

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_amount, format_datetime

from .channel_ways import FateUnknown, WayError

_logger = logging.getLogger(__name__)

_FROZEN = frozenset(
    {
        "name",
        "direction",
        "connection_id",
        "content",
        "sha256",
        "size",
        "transmission_number",
        "request_count",
        "requests_sum",
        "is_test",
    }
)
_UNSENT = ("draft", "queued")
_LOOK_AGAIN = timedelta(minutes=1)
_TRIES_BEFORE_DESK = 3


class BankFile(models.Model):
    """Files to the bank: numbered and stored once, sent at most once, answered by the bank.

    That a file is being sent is committed before its first byte leaves. Found so afterwards,
    nobody knows whether it arrived: the channel looks for it, else a person is asked. It is
    never sent again by itself.
    """

    _inherit = "bank.file"

    direction = fields.Selection(
        selection_add=[("out", "To the bank")], ondelete={"out": "set default"}
    )
    state = fields.Selection(
        selection_add=[
            ("draft", "To Approve"),
            ("queued", "To Send"),
            ("sending", "Being Sent"),
            ("sent", "Sent"),
            ("confirmed", "Confirmed"),
            ("rejected", "Rejected"),
            ("discarded", "Discarded"),
        ],
        ondelete={
            "draft": "set default",
            "queued": "set default",
            "sending": "set default",
            "sent": "set default",
            "confirmed": "set default",
            "rejected": "set default",
            "discarded": "set default",
        },
        help="From the bank. Received: stored, not read yet. Accepted: read and lawful, being "
        "booked. Booked: done. Needs review: booked as far as possible, a person must look. "
        "Refused: nothing of it is used.\n"
        "To the bank. To approve: a person has to release it. To send: waits for its turn. Being "
        "sent: under way, or its fate is unknown. Sent: the bank has it. Confirmed, rejected: what "
        "the bank answered. Discarded: taken back before it was sent.",
    )
    requests_sum = fields.Monetary(
        string="Sum of Requests", readonly=True, help="What the file asks the bank to collect."
    )
    is_test = fields.Boolean(
        string="Test File", readonly=True, help="It moves no money, and leaves by test channels."
    )
    send_after = fields.Datetime(readonly=True, help="It is not sent before.")
    deadline = fields.Datetime(
        readonly=True, index="btree_not_null", help="By then it must be at the bank."
    )
    late_allowed_by_id = fields.Many2one("res.users", string="Sent Late By", readonly=True)
    made_by_id = fields.Many2one(
        "res.users", readonly=True, help="Empty when it was made automatically."
    )
    first_approved_by_id = fields.Many2one("res.users", string="First Approval", readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True)
    approved_on = fields.Datetime(readonly=True)
    downloaded_by_id = fields.Many2one("res.users", readonly=True)
    downloaded_on = fields.Datetime(readonly=True)
    sending_since = fields.Datetime(readonly=True, help="When its first byte left.")
    sent_on = fields.Datetime(readonly=True, index="btree_not_null")
    is_fate_unknown = fields.Boolean(
        string="Fate Unknown",
        readonly=True,
        help="The connection was lost while it was sent. A person has to ask the bank.",
    )
    send_problem = fields.Text(
        string="Why It Was Not Sent", readonly=True, help="Empty when nothing is in the way."
    )
    send_tries = fields.Integer(
        string="Failed Tries", readonly=True, help="How often its channel has failed since."
    )
    answered_on = fields.Datetime(readonly=True)
    answer = fields.Text(string="The Bank's Answer", readonly=True)
    answer_file_id = fields.Many2one(
        "bank.file",
        string="Answered In",
        index="btree_not_null",
        readonly=True,
        help="The file from the bank that holds the answer.",
    )
    is_by_hand = fields.Boolean(compute="_compute_is_by_hand")
    is_late = fields.Boolean(compute="_compute_is_late", help="Its deadline passed unsent.")

    _number_once = models.UniqueIndex(
        "(connection_id, direction, transmission_number) WHERE direction = 'out'",
        "Another file to the bank has this number.",
    )

    @api.depends(
        "state",
        "channel_id.kind",
        "channel_id.out_folder",
        "connection_id.channel_id.kind",
        "connection_id.channel_id.out_folder",
    )
    def _compute_is_by_hand(self):
        for file in self:
            file.is_by_hand = file.direction == "out" and not file._route()._sends_itself()

    @api.depends("state", "deadline", "late_allowed_by_id")
    def _compute_is_late(self):
        now = fields.Datetime.now()
        for file in self:
            file.is_late = file.state in _UNSENT and file._is_late(now)

    def write(self, vals):
        frozen = _FROZEN & vals.keys()
        if frozen and "out" in self.mapped("direction"):
            raise UserError(
                self.env._(
                    "A file to the bank is never changed (%(fields)s): discard it and make "
                    "another.",
                    fields=", ".join(sorted(frozen)),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_outgoing(self):
        if "out" in self.mapped("direction"):
            raise UserError(self.env._("Files to the bank are kept: discard those not wanted."))

    @api.model
    def get_formview_id(self, access_uid=None):
        """The form of files to the bank is another than that of files from it."""
        if len(self) == 1 and self.sudo().direction == "out":
            return self.env.ref("membership_billing_nordic.bank_file_out_view_form").id
        return super().get_formview_id(access_uid=access_uid)

    # ------------------------------------------------------------------ making

    @api.model
    def _create_outgoing(
        self,
        connection,
        name,
        encoded,
        transmission_number,
        deadline,
        *,
        encoder=None,
        currency=None,
        send_after=False,
    ):
        """Store a file to the bank and, unless it has to be approved, let it be sent.

        :param connection: the ``bank.connection`` it is for
        :param name: its name at the bank; by the connection's pattern when empty
        :param encoded: ``EncodedFile``
        :param transmission_number: as taken from the connection's counter
        :param deadline: naive UTC datetime by which it must be at the bank, or False
        :param encoder: what wrote it, for the name of the format
        :param currency: of its sum; the company's when empty
        :param send_after: naive UTC datetime before which it must not be sent
        :return: the file, in state draft or queued
        """
        connection = connection.sudo()
        number = str(transmission_number).strip().lstrip("0")
        person = self.env.user if self.env.uid != api.SUPERUSER_ID else self.env["res.users"]
        waits = connection._waits_for_approval(float(encoded.amount))
        file = self.sudo().create(
            {
                "direction": "out",
                "state": "draft" if waits else "queued",
                "name": name or connection._out_name(number),
                "company_id": connection.company_id.id,
                "connection_id": connection.id,
                "channel_id": connection.channel_id.id,
                "is_test": connection.is_test,
                "transmission_number": number,
                "sender": connection.customer_number,
                "created_on": connection.company_id._billing_today(),
                "format": encoder.FORMAT if encoder else False,
                "format_label": encoder.LABEL if encoder else False,
                "size": len(encoded.content),
                "sha256": hashlib.sha256(encoded.content).hexdigest(),
                "request_count": encoded.count,
                "requests_sum": float(encoded.amount),
                "currency_id": (currency or connection.company_id.currency_id).id,
                "deadline": deadline,
                "send_after": send_after,
                "made_by_id": person.id,
                "total_ids": [
                    (
                        0,
                        0,
                        {
                            "company_id": connection.company_id.id,
                            "scope": total.scope,
                            "quantity": total.quantity,
                            "declared": float(total.declared),
                            "counted": float(total.counted),
                            "agrees": total.agrees,
                        },
                    )
                    for total in encoded.totals
                ],
            }
        )
        file._store_bytes(encoded.content)
        file._refresh_desk()
        file._wake_sender()
        return file

    @api.model
    def _wake_sender(self, after=timedelta()):
        cron = self.env.ref("membership_billing_nordic.ir_cron_bank_file_send").sudo()
        cron._trigger(at=fields.Datetime.now() + after)

    # Other rooms say what these moments mean to them.

    def _on_sent(self):
        """The bank has the file."""

    def _on_confirmed(self):
        """The bank has accepted the file."""

    def _on_rejected(self, meaning):
        """The bank has refused the whole file; ``meaning`` is what it said."""

    def _on_discarded(self):
        """A person has taken the file back before it was sent."""

    def _is_answered(self):
        """Is nothing of what it asks for open at the bank? Other rooms know what it asks for."""
        return True

    def _last_day(self):
        """The last day the bank has to do with it."""
        return (self.sent_on or self.create_date).date()

    # ------------------------------------------------------------------ sending

    def _route(self):
        """The channel it leaves by: that of its connection, until it has left."""
        self.ensure_one()
        return self.connection_id.channel_id if self.state in _UNSENT else self.channel_id

    @api.model
    def _cron_send(self):
        """Send what is due; find out what became of files that were being sent."""
        now = fields.Datetime.now()
        files = self.search(
            [("direction", "=", "out"), ("state", "in", (*_UNSENT, "sending"))], order="id"
        )
        unanswered = self._unanswered(now)
        files._refresh_desk()
        unanswered._refresh_desk()
        left = len(files)
        self.env["ir.cron"]._commit_progress(remaining=left)
        down = self.env["bank.channel"]
        for file in files:
            left -= 1
            if file._route() not in down and not file._send():
                down |= file._route()
            if not self.env["ir.cron"]._commit_progress(1, remaining=left):
                return

    def _send(self):
        """Do the next step of sending one file.

        :return: False when its channel cannot be reached
        """
        self.ensure_one()
        file = self.sudo().with_company(self.sudo().company_id)
        file = file.with_context(**file.company_id._billing_context())
        steps = {"queued": file._start_sending, "sending": file._find_out}
        try:
            if not file._lock():
                return True
            step = steps.get(file.state)
            return step() if step else True
        except psycopg2.OperationalError:
            # Somebody else works on it: again later, with fresh eyes.
            self.env.cr.rollback()
            return True

    def _lock(self):
        """Lock the row and read it anew; empty when somebody else has it."""
        locked = self.try_lock_for_update(allow_referencing=True)
        locked.invalidate_recordset()
        return locked

    def _start_sending(self):
        now = fields.Datetime.now()
        channel = self._route()
        if not channel._sends_itself() or (self.send_after and self.send_after > now):
            return True
        if problem := self._obstacle(now):
            self._hold_back(problem)
            return True
        try:
            with channel._open_way() as way:
                return self._send_through(way, channel)
        except FateUnknown as error:
            channel._note_failure(error)
            self.send_problem = channel._sentence(error)
            self._wake_sender(after=_LOOK_AGAIN)
        except WayError as error:
            # Nothing has left under its name: it may be tried again.
            channel._note_failure(error)
            self.write(
                {
                    "state": "queued",
                    "send_problem": channel._sentence(error),
                    "send_tries": self.send_tries + 1,
                }
            )
        self._refresh_desk()
        return False

    def _send_through(self, way, channel):
        content = self._checked_bytes()
        if way.find(self.name) is not None:
            raise WayError("name_taken", name=self.name)
        self.write(
            {
                "state": "sending",
                "channel_id": channel.id,
                "sending_since": fields.Datetime.now(),
                "is_fate_unknown": False,
                "send_problem": False,
            }
        )
        # Nothing may leave before this stands; then the row is ours again or we stop.
        self.env["ir.cron"]._commit_progress()
        if not self._lock() or self.state != "sending" or self.is_fate_unknown:
            return True
        way.send(self.name, content)
        self._mark_sent()
        channel._note_success()
        return True

    def _checked_bytes(self):
        try:
            with self._open_bytes() as stream:
                content = stream.read()
        except UserError as error:
            raise WayError("unstored", reason=str(error))
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise WayError("bytes_changed", name=self.name)
        return content

    def _obstacle(self, now):
        """What keeps the file from leaving through its channel now; empty when nothing does."""
        connection, channel = self.connection_id, self._route()
        obstacles = (
            (
                self.is_test != connection.is_test,
                self.env._("It was made before its connection was switched to or from test."),
            ),
            (
                self.is_test != channel.is_test,
                self.env._("A test file leaves by test channels only, a live one by live ones."),
            ),
            (not connection.active, self.env._("Its connection is archived.")),
            (not channel.active, self.env._("Its channel is archived.")),
            (self._is_late(now), self.env._("Its deadline has passed.")),
        )
        return next((text for applies, text in obstacles if applies), "")

    def _is_late(self, now):
        return bool(self.deadline and self.deadline < now and not self.late_allowed_by_id)

    def _hold_back(self, problem):
        self.write({"send_problem": problem, "send_tries": 0})
        self._refresh_desk()

    def _mark_sent(self, note=""):
        """The bank has the file. That is kept even if what follows from it fails."""
        values = {
            "state": "sent",
            "sent_on": fields.Datetime.now(),
            "is_fate_unknown": False,
            "send_problem": False,
            "send_tries": 0,
        }
        self._settle(values, self._on_sent)
        if note:
            self.message_post(body=note)

    def _settle(self, values, hook):
        """Write ``values`` and call ``hook``; a fault of the hook undoes the hook only."""
        self.write(values)
        try:
            with self.env.cr.savepoint():
                hook()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            # The text of the error may hold personal data: the log gets its place only.
            place = "".join(traceback.format_tb(error.__traceback__))
            _logger.error("bank.file %s: %s\n%s", self.id, type(error).__name__, place)
            self.env.invalidate_all(flush=False)
            self._add_issue(
                severity="error",
                found=self.env._("The program failed after the file was %(state)s.", **values),
                action=self.env._("The file itself is as it should be; the log says what failed."),
            )
        self._refresh_desk()

    def _find_out(self):
        """A file that was being sent: look for it on the other side, else ask a person."""
        channel = self.channel_id
        try:
            if channel._sends_itself():
                with channel._open_way() as way:
                    size = way.find(self.name)
                channel._note_success()
            else:
                size = None
        except WayError as error:
            channel._note_failure(error)
            self._ask_person(channel._sentence(error))
            return False
        if size == self.size:
            self._mark_sent(self.env._("Found at the bank under its name: it was sent."))
        else:
            self._ask_person(self.env._("It does not lie at the bank under its name."))
        return True

    def _ask_person(self, reason):
        self.write({"is_fate_unknown": True, "send_problem": reason})
        self._refresh_desk()

    @api.model
    def _unanswered(self, now):
        """Sent files whose receipt is late."""
        rows = self.env.execute_query(
            SQL(
                """SELECT file.id FROM bank_file file
                     JOIN bank_connection connection ON connection.id = file.connection_id
                    WHERE file.direction = 'out' AND file.state = 'sent'
                      AND connection.receipt_hours > 0
                      AND file.sent_on + connection.receipt_hours * interval '1 hour' < %s""",
                now,
            )
        )
        return self.browse(file_id for (file_id,) in rows)

    # ------------------------------------------------------------------ answers

    def _confirm(self, by=None, meaning=""):
        """The bank accepted the file; ``by`` is the file from the bank that says so."""
        self._answered("confirmed", by, meaning, self._on_confirmed)

    def _reject(self, by=None, meaning=""):
        """The bank refused the whole file."""
        self._answered("rejected", by, meaning, lambda: self._on_rejected(meaning))

    def _answered(self, state, by, meaning, hook):
        self.ensure_one()
        if self.state in ("queued", "sending"):
            self._mark_sent(self.env._("The bank has answered it: it was sent."))
        values = {
            "state": state,
            "answered_on": fields.Datetime.now(),
            "answer": meaning,
            "answer_file_id": by.id if by else False,
        }
        self._settle(values, hook)

    # ------------------------------------------------------------------ the desk

    def _run_finish(self):
        result = super()._run_finish()
        self.env["bank.file.expectation"].search(
            [("connection_id", "=", self.connection_id.id)]
        )._check_all()
        return result

    def _refresh_desk(self):
        outgoing = self.filtered(lambda file: file.direction == "out")
        result = super(BankFile, self - outgoing)._refresh_desk()
        now = fields.Datetime.now()
        for file in outgoing:
            file = file.with_context(**file.company_id._billing_context())
            for kind, (is_open, name, next_action) in file._desk_rows(now).items():
                file._set_on_desk(kind, is_open, name, next_action)
        return result

    def _desk_rows(self, now):
        """``{kind: (open, what is wrong, next step)}`` for one file to the bank."""
        name = {"name": self.name}
        when = self._deadline_text()
        late = self.state in _UNSENT and self._is_late(now)
        # A channel that fails once or twice is no matter for a person yet.
        stuck = self.send_problem and self.send_tries not in range(1, _TRIES_BEFORE_DESK)
        queued, sending = self.state == "queued", self.state == "sending"
        rejected = self.state == "rejected"
        return {
            "bank_file_approval": (
                self.state == "draft" and not late,
                self.env._("%(name)s waits for approval%(when)s", when=when, **name),
                self.env._("Look at the file and approve it, or discard it."),
            ),
            "bank_file_deliver": (
                queued and self.is_by_hand and not late,
                self.env._("%(name)s is to be delivered by hand%(when)s", when=when, **name),
                self.env._("Download it, deliver it to the bank, then say so."),
            ),
            "bank_file_held": (
                late or (queued and bool(stuck)),
                self.env._(
                    "%(name)s was not sent: %(reason)s",
                    reason=self.env._("Its deadline has passed.") if late else self.send_problem,
                    **name,
                ),
                self.env._(
                    "Discard it, and what it asks for is planned anew, or send it all the same."
                )
                if late
                else self.env._("Remove what is in the way: it is tried again by itself."),
            ),
            "bank_file_unknown": (
                sending and self.is_fate_unknown,
                self.env._(
                    "Nobody knows whether %(name)s arrived: %(reason)s",
                    reason=self.send_problem,
                    **name,
                ),
                self.env._("Ask the bank whether it has the file. It is not sent again by itself."),
            ),
            "bank_file_rejected": (
                rejected and not self.reviewed_on,
                self.env._("The bank rejected %(name)s: %(why)s", why=self.answer or "-", **name),
                self.env._("Correct what the bank objects to; then a new file is made."),
            ),
            "bank_file_unanswered": (
                self.state == "sent" and self in self._unanswered(now),
                self.env._("The bank has not confirmed %(name)s", **name),
                self.env._("Ask the bank whether it has taken the file."),
            ),
        }

    def _deadline_text(self):
        if not self.deadline:
            return ""
        tz = str(self.company_id._billing_tz())
        return self.env._(
            ", at the bank by %(time)s (%(amount)s)",
            time=format_datetime(self.env, self.deadline, tz=tz, dt_format="short"),
            amount=format_amount(self.env, self.requests_sum, self.currency_id),
        )

    # ------------------------------------------------------------------ buttons

    def _check_may_send(self):
        if not self.env.user.has_group("membership_billing_nordic.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers may handle files to the bank."))
        self.check_access("read")

    def _taken(self, states, is_fate_unknown=False):
        """These files, locked, for somebody who decides about them in one of ``states``."""
        self._check_may_send()
        files = self.sudo()
        locked = files._lock()
        for file in files:
            if (
                file not in locked
                or file.direction != "out"
                or file.state not in states
                or file.is_fate_unknown != is_fate_unknown
            ):
                raise UserError(
                    file.env._(
                        "%(name)s is not where it was: somebody else, or its channel, has worked "
                        "on it. Look at it again.",
                        name=file.name,
                    )
                )
        return files

    def action_approve(self):
        """Release files that wait for approval."""
        for file in self._taken(("draft",)):
            file._approve(self.env.user)
        self._wake_sender()

    def _approve(self, user):
        if self.connection_id.out_second_person:
            if user in (self.made_by_id, self.first_approved_by_id):
                raise UserError(
                    self.env._("%(name)s needs a second person to approve it.", name=self.name)
                )
            if not self.made_by_id and not self.first_approved_by_id:
                self.first_approved_by_id = user
                self.message_post(body=self.env._("First approval; a second person is needed."))
                return
        self.write(
            {"state": "queued", "approved_by_id": user.id, "approved_on": fields.Datetime.now()}
        )
        self._refresh_desk()

    def action_discard(self):
        """Take files back that were not sent."""
        for file in self._taken(_UNSENT):
            file._on_discarded()
            file.state = "discarded"
            file._refresh_desk()

    def action_download(self):
        """Download a file that is delivered by hand."""
        file = self._taken(("queued", "sent", "confirmed", "rejected"))
        file.ensure_one()
        if file.state == "queued":
            if not file.is_by_hand:
                raise UserError(
                    file.env._(
                        "%(name)s is sent by channel %(channel)s: delivered by hand too, it would "
                        "reach the bank twice.",
                        name=file.name,
                        channel=file._route().name,
                    )
                )
            if problem := file._obstacle_by_hand():
                raise UserError(problem)
            file.write({"downloaded_by_id": self.env.uid, "downloaded_on": fields.Datetime.now()})
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/bank.file/{file.id}/content/{file.name}?download=true",
            "target": "download",
        }

    def _obstacle_by_hand(self):
        if self.is_test != self.connection_id.is_test:
            return self.env._("It was made before its connection was switched to or from test.")
        if self._is_late(fields.Datetime.now()):
            return self.env._(
                "The deadline of %(name)s has passed: discard it, or choose to send it all the "
                "same.",
                name=self.name,
            )
        return ""

    def action_delivered(self):
        """The person has delivered downloaded files to the bank."""
        for file in self._taken(("queued",)):
            if not file.downloaded_on or not file.is_by_hand:
                raise UserError(file.env._("Download %(name)s first.", name=file.name))
            file.channel_id = file._route()
            file._mark_sent(file.env._("Delivered by hand."))

    def action_send_late(self):
        """Send files all the same although their deadline has passed."""
        for file in self._taken(_UNSENT):
            file.write({"late_allowed_by_id": self.env.uid, "send_problem": False})
            file._refresh_desk()
        self._wake_sender()

    def action_arrived(self):
        """The bank says that it has files of unknown fate."""
        for file in self._taken(("sending",), is_fate_unknown=True):
            file._mark_sent(file.env._("The bank has it, somebody asked."))

    def action_not_arrived(self):
        """The bank says that it does not have files of unknown fate: send the same bytes again."""
        for file in self._taken(("sending",), is_fate_unknown=True):
            file.write({"state": "queued", "is_fate_unknown": False, "send_problem": False})
            file.message_post(body=file.env._("The bank does not have it: it is sent again."))
            file._refresh_desk()
        self._wake_sender()

    def action_rejection_read(self):
        """A person has dealt with the bank's rejection."""
        for file in self._taken(("rejected",)):
            file.write({"reviewed_by_id": self.env.uid, "reviewed_on": fields.Datetime.now()})
            file._refresh_desk()
