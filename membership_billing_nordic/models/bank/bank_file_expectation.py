from datetime import datetime, time, timedelta, timezone

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = 24
_LOOK_BACK_DAYS = 60


class BankFileExpectation(models.Model):
    """A file that the bank should send on certain days by a certain time.

    ``settled_until`` is the last day that is settled: its file came, or a person said that there
    was none. A file settles the oldest day that waits for one, so that a late file is not taken
    for the next one.
    """

    _name = "bank.file.expectation"
    _description = "Expected Bank File"
    _order = "company_id, by_time, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, help="What should come, in your own words.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    connection_id = fields.Many2one(
        "bank.connection",
        required=True,
        index=True,
        check_company=True,
        ondelete="cascade",
        help="The bank or clearing house that sends the file.",
    )
    agreement_id = fields.Many2one(
        "bank.agreement",
        check_company=True,
        ondelete="cascade",
        domain="[('connection_id', '=', connection_id)]",
        help="Only files with payments or mandate messages of this agreement count; empty is any "
        "file of the connection.",
    )
    format = fields.Selection(
        selection="_selection_format",
        help="Only files in this format count; empty is any format.",
    )
    monday = fields.Boolean(default=True)
    tuesday = fields.Boolean(default=True)
    wednesday = fields.Boolean(default=True)
    thursday = fields.Boolean(default=True)
    friday = fields.Boolean(default=True)
    saturday = fields.Boolean()
    sunday = fields.Boolean()
    on_closed_days = fields.Boolean(
        string="Also on Bank Holidays",
        help="The file comes even when the bank is closed. Otherwise such days are left out.",
    )
    by_time = fields.Float(
        string="By",
        required=True,
        default=18.0,
        help="Local time by which the file has come. Later it is late.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        help="Gets a mail when the file is late, and the row on the to-do desk.",
    )
    deputy_id = fields.Many2one("res.users", help="Gets the same mail.")
    settled_until = fields.Date(
        required=True,
        copy=False,
        default=lambda self: self.env.company._billing_today(),
        help="Files of later days are still waited for.",
    )
    last_file_id = fields.Many2one(
        "bank.file",
        readonly=True,
        copy=False,
        default=lambda self: (
            self.env["bank.file"].sudo().search([("direction", "=", "in")], limit=1)
        ),
        help="Files up to this one were looked at.",
    )
    late_day = fields.Date(
        string="Late Since", readonly=True, copy=False, help="The oldest day without its file."
    )
    today = fields.Selection(
        [
            ("none", "Nothing expected"),
            ("expected", "Expected"),
            ("come", "Has come"),
            ("late", "Late"),
        ],
        compute="_compute_today",
    )

    _time_lawful = models.Constraint(
        "CHECK(by_time >= 0 AND by_time < 24)", "The time is one of the day: 00:00 to 23:59."
    )

    @api.model
    def _selection_format(self):
        files = self.env["bank.file"]
        names = files._format_names()
        return [(one.FORMAT, names.get(one.FORMAT, one.LABEL)) for one in files._bank_decoders()]

    @api.constrains(*_WEEKDAYS)
    def _check_weekdays(self):
        for expectation in self:
            if not any(expectation[day] for day in _WEEKDAYS):
                raise ValidationError(
                    expectation.env._(
                        "Choose at least one weekday for %(name)s.", name=expectation.name
                    )
                )

    @api.depends("settled_until", "late_day", "by_time", *_WEEKDAYS)
    def _compute_today(self):
        for expectation in self:
            today = expectation.company_id._billing_today()
            if expectation._oldest_late(fields.Datetime.now()):
                expectation.today = "late"
            elif not expectation._is_expected(today):
                expectation.today = "none"
            else:
                settled = expectation.settled_until and expectation.settled_until >= today
                expectation.today = "come" if settled else "expected"

    # ------------------------------------------------------------------ days

    def _is_expected(self, day):
        """Whether a file should come on ``day``."""
        return self[_WEEKDAYS[day.weekday()]] and (
            self.on_closed_days or self.connection_id._is_bank_open(day)
        )

    def _by(self, day):
        """The naive UTC moment by which the file of ``day`` has come."""
        minutes = round(self.by_time * 60)
        local = datetime.combine(
            day, time(minutes // 60 % _HOURS, minutes % 60), self.company_id._billing_tz()
        )
        return local.astimezone(timezone.utc).replace(tzinfo=None)

    def _days_waiting(self, until):
        """Days up to and with ``until`` whose file is waited for, oldest first."""
        first = max(
            (self.settled_until or until) + timedelta(days=1),
            until - timedelta(days=_LOOK_BACK_DAYS),
        )
        days = (first + timedelta(days=number) for number in range((until - first).days + 1))
        return [day for day in days if self._is_expected(day)]

    def _oldest_late(self, now):
        """The oldest day whose file should have come by ``now``; False when none is late."""
        waiting = self._days_waiting(self.company_id._billing_today())
        return next((day for day in waiting if self._by(day) < now), False)

    # ------------------------------------------------------------------ what came

    @api.model
    def _cron_check(self):
        """Settle what came and tell what is late."""
        expectations = self.search([("connection_id.active", "=", True)])
        self.env["ir.cron"]._commit_progress(remaining=len(expectations))
        for expectation in expectations:
            expectation._check_all()
            if not self.env["ir.cron"]._commit_progress(1):
                return

    def _check_all(self):
        for expectation in self.sudo():
            expectation.with_context(**expectation.company_id._billing_context())._check()

    def _check(self):
        """Settle the days whose files came; open or close the row on the desk."""
        self.ensure_one()
        if not self.try_lock_for_update(allow_referencing=True):
            return
        self.invalidate_recordset()
        for file in self._new_files():
            self.last_file_id = file
            waiting = self._days_waiting(self.company_id._billing_day(file.received_on))
            if waiting:
                self.settled_until = waiting[0]
        self._tell(self._oldest_late(fields.Datetime.now()))

    def _new_files(self):
        domain = Domain(
            [
                ("direction", "=", "in"),
                ("connection_id", "=", self.connection_id.id),
                ("state", "not in", ("received", "refused")),
                ("id", ">", self.last_file_id.id or 0),
            ]
        )
        if self.format:
            domain &= Domain("format", "=", self.format)
        if self.agreement_id:
            of_agreement = Domain("agreement_id", "=", self.agreement_id.id)
            domain &= Domain("payment_ids", "any", of_agreement) | Domain(
                "mandate_event_ids", "any", of_agreement
            )
        return self.env["bank.file"].search(domain, order="id")

    def _tell(self, late_day):
        is_new = bool(late_day) and late_day != self.late_day
        self.late_day = late_day
        desk = self.env["billing.exception"]
        if not late_day:
            desk._close(self, "bank_file_missing")
            return
        row = desk._open(
            self,
            "bank_file_missing",
            self.env._(
                "%(name)s of %(day)s has not come", name=self.name, day=self._day_text(late_day)
            ),
            self.env._("Look whether the channel works; ask the bank. Or say that there is none."),
            user=self.user_id,
        )
        if is_new:
            self._mail(row)

    def _day_text(self, day):
        return self.env["ir.qweb.field.date"].value_to_html(day, {})

    def _mail(self, row):
        """Mail the responsible person and the deputy, each in their own language."""
        for user in self.user_id | self.deputy_id:
            own = self.with_context(lang=user.lang or self.env.lang)
            url = f"{self.get_base_url()}/odoo/action-membership_billing_nordic.action_billing_exception"
            body = Markup("<p>%s</p><p>%s</p><p><a href='%s'>%s</a></p>") % (
                own.env._(
                    "%(name)s should have come on %(day)s by %(time)s from %(bank)s.",
                    name=self.name,
                    day=own._day_text(self.late_day),
                    time=self._time_text(),
                    bank=self.connection_id.name,
                ),
                own.env._("Look whether the channel works, or ask the bank."),
                url,
                own.env._("Open the to-do desk"),
            )
            self.env["mail.mail"].sudo().create(
                {
                    "subject": own.env._("Late: %(name)s", name=self.name),
                    "body_html": body,
                    "recipient_ids": [(4, user.partner_id.id)],
                    "auto_delete": False,
                }
            )

    def _time_text(self):
        minutes = round(self.by_time * 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"

    # ------------------------------------------------------------------ buttons

    def action_nothing_comes(self):
        """A person says that the late file will not come: its day is settled."""
        self.env["bank.file"]._check_may_process()
        self.check_access("read")
        for expectation in self.sudo():
            if day := expectation._oldest_late(fields.Datetime.now()):
                expectation.settled_until = day
        self._check_all()

    def action_fetch(self):
        """Fetch through the channel of the connection now."""
        self.check_access("read")
        return self.connection_id.channel_id.action_fetch()
