from datetime import timedelta

from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import format_amount, format_datetime

AHEAD = timedelta(hours=24)
_CARD = Markup(
    '<div class="col-12 col-md-6 col-xl"><div class="card h-100"><div class="card-body">'
    '<h5 class="card-title">%s</h5>%s</div></div></div>'
)
_LINE = Markup(
    '<div class="d-flex gap-2 py-1"><span class="%s flex-grow-1">%s</span><span>%s</span></div>'
)
_NOTHING = Markup('<div class="text-muted">%s</div>')


class BillingDesk(models.TransientModel):
    """The desk's head: what comes from the bank today, what is late, what goes out and when."""

    _name = "billing.desk"
    _description = "Today"

    name = fields.Char(compute="_compute_name")
    head = fields.Html(compute="_compute_head", sanitize=False)
    row_ids = fields.Many2many("billing.exception", string="To Do", compute="_compute_rows")
    row_count = fields.Integer(compute="_compute_rows")

    def _compute_name(self):
        self.name = self.env._("Today")

    def _compute_rows(self):
        domain = [("state", "=", "open"), ("company_id", "in", self.env.companies.ids)]
        rows = self.env["billing.exception"].search(domain, limit=80)
        for desk in self:
            desk.row_ids = rows
            desk.row_count = self.env["billing.exception"].search_count(domain)

    def _compute_head(self):
        nothing = _NOTHING % self.env._("Nothing")
        body = Markup().join(
            _CARD % (title, Markup().join(_LINE % line for line in lines) or nothing)
            for title, lines in self._cards()
        )
        self.head = Markup('<div class="row g-3">%s</div>') % body

    def _cards(self):
        """What the head tells, each with a title; other rooms add theirs."""
        return [
            (self.env._("From the bank today"), self._expected()),
            (self.env._("Late"), self._late()),
            (self.env._("To the bank within a day"), self._going_out()),
        ]

    # Each gives lines of (style, what, when or how much).

    @api.model
    def _expected(self):
        styles = {"come": "text-success", "expected": "", "late": "text-danger"}
        states = dict(self._expectations()._fields["today"]._description_selection(self.env))
        return [
            (styles[row.today], row.name, f"{row._time_text()} · {states[row.today]}")
            for row in self._expectations()
            if row.today in styles
        ]

    @api.model
    def _late(self):
        lines = [
            ("text-danger", row.name, row._day_text(row._oldest_late(fields.Datetime.now())))
            for row in self._expectations()
            if row.today == "late"
        ]
        files = self._unsent().filtered("is_late")
        lines += [("text-danger", file.name, self._moment(file.deadline)) for file in files]
        # Told at sight too: a scheduler that stands still cannot put itself on the desk.
        crons = self.env["ir.cron"]._mbn_crons()
        now = fields.Datetime.now()
        problems = (cron._mbn_problem(now) for cron in crons)
        return lines + [("text-danger", problem, "") for problem in problems if problem]

    @api.model
    def _going_out(self):
        return [
            (
                "",
                self.env._(
                    "%(count)s requests, %(amount)s, to %(bank)s",
                    count=count,
                    amount=format_amount(self.env, amount, currency),
                    bank=connection.name,
                ),
                self._moment(deadline) if deadline else "",
            )
            for deadline, connection, currency, count, amount in self._outgoing()
        ]

    @api.model
    def _outgoing(self):
        """What leaves soon: rows of (deadline or False, connection, currency, count, sum).

        Other rooms add what is planned but in no file yet.
        """
        return [
            (
                file.deadline,
                file.connection_id,
                file.currency_id,
                file.request_count,
                file.requests_sum,
            )
            for file in self._unsent()
            if not file.is_late
            and (not file.deadline or file.deadline < fields.Datetime.now() + AHEAD)
        ]

    def _expectations(self):
        own = [("company_id", "in", self.env.companies.ids)]
        return self.env["bank.file.expectation"].sudo().search(own)

    def _unsent(self):
        domain = [
            ("direction", "=", "out"),
            ("state", "in", ("draft", "queued", "sending")),
            ("company_id", "in", self.env.companies.ids),
        ]
        return self.env["bank.file"].sudo().search(domain, order="deadline, id")

    def _moment(self, moment):
        tz = str(self.env.company._billing_tz())
        return format_datetime(self.env, moment, tz=tz, dt_format="short")

    def action_open(self):
        """Show the head as it is now."""
        self.env["billing.exception"].check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Today"),
            "res_model": self._name,
            "res_id": self.create({}).id,
            "views": [(False, "form")],
            "target": "main",
        }

    def action_show_rows(self):
        """All rows of the desk, to search and group."""
        self.env["billing.exception"].check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_billing_exception"
        )
