import logging

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .dunning_judge import ClaimJudge
from .dunning_letter_making import LetterMaker, letter_groups

_logger = logging.getLogger(__name__)

_BATCH = 10_000  # claims judged in one go
_AT_ONCE = 500  # the same while somebody waits for the button
WORKING = ("preparing", "confirmed")
RELEASED = ("confirmed", "done")


class DunningRun(models.Model):
    """The reminders of a day: preview, release, then worked off by a scheduled action."""

    _name = "dunning.run"
    _inherit = ["mail.thread", "billing.preview.mixin"]
    _description = "Reminder Run"
    _order = "date desc, id desc"

    _run_chunk_size = 10  # a letter's PDF takes a second or two
    _run_cron = "membership_billing_nordic.ir_cron_dunning_work"
    _released_states = RELEASED

    name = fields.Char(compute="_compute_name", store=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        required=True,
        readonly=True,
        copy=False,
        index=True,
        default=lambda self: self.env.company._billing_today(),
        help="The day the preview is of. Fees and interest of a letter are those of the day it "
        "is sent.",
    )
    is_daily = fields.Boolean(string="Made by the Daily Action", readonly=True, copy=False)
    state = fields.Selection(
        [
            ("draft", "New"),
            ("preparing", "Being Prepared"),
            ("preview", "Preview"),
            ("confirmed", "Working"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        copy=False,
        default="draft",
        index=True,
        tracking=True,
        help="Preview: nothing is sent yet. Working: letters are being made and sent.",
    )
    line_ids = fields.One2many("dunning.run.line", "run_id", string="Claims", readonly=True)
    send_line_ids = fields.One2many(
        "dunning.run.line",
        "run_id",
        string="Who Gets a Letter",
        domain=[("state", "in", ("pending", "done"))],
        readonly=True,
    )
    out_line_ids = fields.One2many(
        "dunning.run.line",
        "run_id",
        string="Left Out",
        domain=[("state", "in", ("skipped", "failed"))],
        readonly=True,
    )
    send_count = fields.Integer(string="Claims in Letters", compute="_compute_counts")
    payer_count = fields.Integer(string="Payers", compute="_compute_counts")
    out_count = fields.Integer(string="Claims Left Out", compute="_compute_counts")
    principal_total = fields.Monetary(string="Open Invoices", compute="_compute_counts")
    fee_total = fields.Monetary(string="Fees", compute="_compute_counts")
    interest_total = fields.Monetary(string="Interest", compute="_compute_counts")
    letter_count = fields.Integer(string="Letters", compute="_compute_letter_count")
    print_count = fields.Integer(string="Letters to Print", compute="_compute_letter_count")

    @api.depends("date", "is_daily")
    def _compute_name(self):
        for run in self:
            day = fields.Date.to_string(run.date)
            if run.is_daily:
                run.name = run.env._("Daily reminders %(date)s", date=day)
            else:
                run.name = run.env._("Reminders %(date)s", date=day)

    @api.depends("line_ids.state", "line_ids.fee", "line_ids.interest")
    def _compute_counts(self):
        sums = {}
        for run, state, *values in self.env["dunning.run.line"]._read_group(
            [("run_id", "in", self.ids)],
            ["run_id", "state"],
            ["__count", "principal:sum", "fee:sum", "interest:sum", "partner_id:count_distinct"],
        ):
            sums[run.id, state] = values
        nothing = [0] * 5
        for run in self:
            waiting, done = (sums.get((run.id, state), nothing) for state in ("pending", "done"))
            both = [one + other for one, other in zip(waiting, done, strict=True)]
            run.send_count, run.principal_total, run.fee_total, run.interest_total = both[:4]
            run.payer_count = both[4]
            run.out_count = sum(
                sums.get((run.id, state), nothing)[0] for state in ("skipped", "failed")
            )

    def _compute_letter_count(self):
        letters = self.env["dunning.letter"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "state"], ["__count"]
        )
        for run in self:
            counts = {state: count for owner, state, count in letters if owner == run}
            run.letter_count = sum(counts.values())
            run.print_count = counts.get("print", 0)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            given = ("company_id",)
            vals_list = [{name: vals[name] for name in given if name in vals} for vals in vals_list]
            new = {"default_state": "draft", "default_is_daily": False}
            return super(DunningRun, self.with_context(**new)).create(vals_list).with_env(self.env)
        return super().create(vals_list)

    def write(self, vals):
        own = [name for name in vals if self._is_kept_by_code(name)]
        if own and not self.env.su:
            raise AccessError(
                self.env._(
                    "A reminder run keeps this by itself: %(fields)s. Use its buttons.",
                    fields=", ".join(sorted(own)),
                )
            )
        return super().write(vals)

    @api.model
    def _is_kept_by_code(self, name):
        field = self._fields.get(name)
        is_mail = name.startswith(("message_", "activity_"))
        return bool(field and field.store and field.readonly and not is_mail)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_released(self):
        if any(run.state in RELEASED for run in self):
            raise UserError(self.env._("A reminder run that was released cannot be deleted."))

    # ------------------------------------------------------------------ the preview

    prepared_until = fields.Integer(
        readonly=True, copy=False, help="The last payer whose claims the preview has looked at."
    )

    def _start_preview(self):
        """Begin anew with what is due today. Short ones at once, long ones in the background."""
        self.ensure_one()
        today = self.company_id._billing_today()
        self.env["dunning.run.line"]._delete_of(self)
        self.write({"state": "preparing", "date": today, "run_total": 0, "prepared_until": 0})
        claims = self.env["dunning.claim"]
        claims._refresh(self.company_id, today)
        self.env["dunning.payment.plan"]._follow(self.company_id)
        if len(self._due_claims(_AT_ONCE + 1)) <= _AT_ONCE:
            self._prepare()
        else:
            self._trigger_work()

    def _due_claims(self, limit):
        """The next claims with a letter due by the day of the run, all of each payer's.

        About ``limit`` of them, by payer.
        """
        claims = self.env["dunning.claim"]
        claims.flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT claim.id, claim.partner_id
                     FROM dunning_claim claim
                    WHERE claim.company_id = %(company)s
                      AND claim.state IN ('overdue', 'reminded', 'noticed')
                      AND claim.next_date <= %(day)s
                      AND claim.next_level_id IS NOT NULL
                      AND claim.partner_id > %(after)s
                    ORDER BY claim.partner_id
                    FETCH FIRST %(limit)s ROWS WITH TIES""",
                company=self.company_id.id,
                day=self.date,
                after=self.prepared_until,
                limit=limit,
            )
        )
        return claims.browse([claim_id for claim_id, _payer_id in sorted(rows, key=_by_payer)])

    def _prepare(self):
        """Judge what is due, in batches. False when the time of the scheduled action is over."""
        judge = ClaimJudge(self.company_id, self.date)
        while self._run_lock() and self.state == "preparing":
            claims = self._due_claims(_BATCH)
            if not claims:
                self._finish_preview()
                break
            self._prepare_lines(judge, claims)
            if not self.env["ir.cron"]._commit_progress(len(claims)):
                return False
            self.env.invalidate_all()
        return True

    def _prepare_lines(self, judge, claims):
        verdicts = self._verdicts(judge, claims)
        letter_groups(verdict for verdict in verdicts if not verdict.reason)
        self.env["dunning.run.line"]._insert(self, verdicts)
        claims._note_skips(
            [(one.fact.id, one.reason, one.detail) for one in verdicts if one.reason], self.date
        )
        self.prepared_until = verdicts[-1].fact.partner

    def _verdicts(self, judge, claims):
        """Verdicts of ``claims``. One that cannot be judged is left out, the others go on."""
        try:
            with self.env.cr.savepoint():
                return judge.verdicts(claims)
        except psycopg2.Error:
            raise
        except Exception as error:
            if len(claims) == 1:
                _logger.exception("%s: claim %s cannot be judged", self.name, claims.id)
                return [judge.left_out(claims, "error", self._run_text(error))]
        return [verdict for claim in claims for verdict in self._verdicts(judge, claim)]

    def _finish_preview(self):
        pending = self.env["dunning.run.line"].search_count(
            [("run_id", "=", self.id), ("state", "=", "pending")]
        )
        self._run_begin(pending, state="preview")

    # ------------------------------------------------------------------ sending

    def _release(self):
        """Let the scheduled action make the letters of this preview.

        :raise UserError: there is nothing to send, or fees could not be booked
        """
        self.ensure_one()
        if self.state != "preview":
            raise UserError(self.env._("%(run)s has no preview to release.", run=self.name))
        if not self.run_total:
            raise UserError(self.env._("Nobody gets a letter in this run."))
        if (self.fee_total or self.interest_total) and not self._accounts_set():
            raise UserError(
                self.env._(
                    "These letters claim fees or interest. Choose the accounts for them in the "
                    "settings first."
                )
            )
        self.state = "confirmed"
        self.env["billing.exception"]._close(self, "dunning_waiting")
        self._trigger_work()

    def _accounts_set(self):
        return self.company_id._mbn_dunning_accounts_set()

    def _run_take(self, limit):
        """Lines by payer: all lines of one payer are taken together."""
        pending = [("run_id", "=", self.id), ("state", "=", "pending")]
        return self._run_take_by_payer(self.env["dunning.run.line"], pending, "partner_id", limit)

    def _run_split(self, rows):
        return list(rows.grouped("partner_id").values())

    def _run_process(self, rows):
        """Judge the claims anew, today, and send what is still right."""
        company = self.company_id
        today = company._billing_today()
        verdicts = ClaimJudge(company, today).judge(rows.claim_id)
        of_claim = {row.claim_id: row for row in rows}
        for claim, verdict in verdicts.items():
            if not verdict.reason and verdict.level != of_claim[claim].level_id:
                verdict.reason = "step"
        maker = LetterMaker(company, today, self)
        letters = maker.make([verdict for verdict in verdicts.values() if not verdict.reason])
        sent = {line.claim_id: line.letter_id for line in letters.line_ids}
        for claim, verdict in verdicts.items():
            if refusal := maker.refused.get(claim):
                verdict.reason, verdict.detail = refusal
            of_claim[claim]._finish(verdict, sent.get(claim), today)
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _run_fail(self, rows, message):
        rows.write({"state": "failed", "reason": "error", "detail": message})
        rows.claim_id._note_skip("error", message, self.company_id._billing_today())

    def _run_finish(self):
        self.state = "done"
        self.message_post(
            body=self.env._(
                "%(letters)s letters, %(out)s claims left out.",
                letters=self.letter_count,
                out=self.out_count,
            )
        )
        self._tell_failures()

    def _tell_failures(self):
        reasons = ("address", "content", "law_unverified", "rates_outdated", "untold")
        stuck = self.env["dunning.run.line"].search_count(
            [("run_id", "=", self.id), "|", ("state", "=", "failed"), ("reason", "in", reasons)]
        )
        if stuck:
            self.env["billing.exception"]._open(
                self,
                "dunning_stuck",
                self.env._(
                    "%(run)s: %(count)s reminders could not go out",
                    run=self.name,
                    count=stuck,
                ),
                self.env._("Open the run: each line that was left out says what is missing."),
            )

    # ------------------------------------------------------------------ buttons

    def action_show_lines(self):
        """Show all claims of the run."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_dunning_run_line"
        )
        return action | {"domain": [("run_id", "in", self.ids)]}

    def action_show_out(self):
        """Show the claims that were left out, by reason."""
        self.check_access("read")
        action = self.action_show_lines()
        action["domain"] += [("state", "in", ("skipped", "failed"))]
        return action | {"context": {"search_default_group_reason": 1}}

    def action_show_letters(self):
        """Show the letters that were made."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_dunning_letter"
        )
        return action | {"domain": [("run_id", "in", self.ids)], "context": {}}

    def _cancel(self):
        self.state = "cancelled"
        self.env["billing.exception"]._close(self, "dunning_waiting")

    def _check_manager(self):
        self._run_check_manager(self.env._("Only a billing manager can send reminders."))

    # ------------------------------------------------------------------ scheduled actions

    @api.model
    def _cron_work(self):
        """Use money for fees, follow letters that came back, go on with runs."""
        self.env["dunning.letter"]._take_back_returned()
        for company in self._companies():
            office = self.with_company(company).with_context(**company._billing_context())
            office.env["dunning.payment"]._use_money(company)
            office.env["dunning.claim"]._give_up_remainders(company)
            office.env["dunning.effect"]._follow_all(company)
            office.env["dunning.payment.plan"]._follow(company)
            self.env["ir.cron"]._commit_progress(1)
        for run in self.search([("state", "in", WORKING)], order="id"):
            if not run._in_company()._go_on():
                return

    def _go_on(self):
        if self.state == "preparing":
            return self._prepare() and self._after_preparing()
        return self._run_work()

    def _after_preparing(self):
        if self.is_daily and self.state == "preview":
            self._release_daily()
        return True

    @api.model
    def _companies(self):
        """The companies that have a reminder policy."""
        groups = self.env["dunning.policy"]._read_group([], ["company_id"])
        return self.env["res.company"].union(*(company for (company,) in groups))

    @api.model
    def _cron_daily(self):
        """Make today's run of every company with a policy, and release it as it wants.

        What nobody has to pay is closed when its days are over.
        """
        for company in self._companies():
            self._make_daily(company)
            office = self.with_company(company).with_context(**company._billing_context())
            office.env["dunning.claim"].sudo()._let_lapse(company)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _make_daily(self, company):
        """The company's run of today. One that still waits for approval is made anew."""
        today = company._billing_today()
        mine = [("company_id", "=", company.id), ("is_daily", "=", True)]
        made = [("date", "=", today), ("state", "in", ("preparing", "confirmed", "done"))]
        if self.search_count([*mine, *made]):
            return
        run = self.search([*mine, ("state", "in", ("draft", "preview"))], limit=1)
        run = run or self.sudo().create({"company_id": company.id, "is_daily": True, "date": today})
        run = run._in_company()
        run._start_preview()
        if run.state == "preview":
            run._release_daily()

    def _release_daily(self):
        """Release, or let wait for approval, as the company's mode says."""
        desk = self.env["billing.exception"]
        if not self.run_total:
            desk._close(self, "dunning_waiting")
            if self.out_count:
                self.state = "done"
                self._tell_failures()
            else:
                self.unlink()
            return
        if self.company_id.mbn_dunning_mode == "automatic":
            try:
                with self.env.cr.savepoint():
                    self._release()
                return
            except UserError as error:
                problem = str(error)
        else:
            problem = self.env._("Look through it and send the letters.")
        desk._open(
            self,
            "dunning_waiting",
            self.env._("%(count)s overdue claims wait to be reminded of", count=self.run_total),
            problem,
        )


def _by_payer(row):
    claim_id, payer_id = row
    return payer_id, claim_id
