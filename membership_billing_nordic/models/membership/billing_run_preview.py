import psycopg2
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from .billing_blocks import Blocks
from .billing_run import UNFINISHED

PREPARE_CHUNK = 4000  # contracts looked at in one go
FIRST_CHUNK = 500  # the same while somebody waits for the button
PREPARE_SECONDS = 0.001  # that one of them takes
ODDEST = 10


class BillingRun(models.Model):
    """Who would be invoiced for what, what that comes to, and what is strange about it."""

    _inherit = "billing.run"

    prepared_until = fields.Integer(
        readonly=True, copy=False, help="The last contract the preview has looked at."
    )
    amount_total = fields.Monetary(
        string="Total",
        readonly=True,
        copy=False,
        help="What all payers together pay, tax included, in the company's currency.",
    )
    previous_run_id = fields.Many2one(
        "billing.run",
        string="Last Run",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The finished run of the same kind before this one; the totals are compared with it.",
    )
    elsewhere_count = fields.Integer(
        string="Wait in Other Runs",
        readonly=True,
        copy=False,
        help="Memberships that wait in a run that is not finished; they are left to it.",
    )
    total_ids = fields.One2many("billing.run.total", "run_id", string="Totals")
    plan_total_ids = fields.One2many(
        "billing.run.total",
        "run_id",
        string="By Plan",
        domain=[("kind", "=", "plan")],
        help="What each plan comes to, and the difference to the last run.",
    )
    association_total_ids = fields.One2many(
        "billing.run.total", "run_id", string="By Association", domain=[("kind", "=", "club")]
    )
    sales_total_ids = fields.One2many(
        "billing.run.total", "run_id", string="By Sales Channel", domain=[("kind", "=", "sales")]
    )
    delivery_total_ids = fields.One2many(
        "billing.run.total", "run_id", string="By Delivery", domain=[("kind", "=", "delivery")]
    )
    means_total_ids = fields.One2many(
        "billing.run.total", "run_id", string="By Means of Payment", domain=[("kind", "=", "means")]
    )
    problem_total_ids = fields.One2many(
        "billing.run.total", "run_id", string="Reasons", domain=[("kind", "=", "problem")]
    )
    odd_line_ids = fields.One2many(
        "billing.run.line",
        "run_id",
        string="Oddest Amounts",
        domain=[("odd_rank", ">", 0)],
        help="Amounts furthest from what the membership was invoiced last time or, without one, "
        "from what is usual for its plan.",
    )

    # ------------------------------------------------------------------
    # Looking at the contracts
    # ------------------------------------------------------------------

    def _start_preview(self):
        """Begin the preview anew, with the first chunk of contracts."""
        self._check_not_locked(self.company_id._mbn_sale_journal())
        self.line_ids.unlink()
        self.total_ids.unlink()
        self.write(
            {
                "state": "preparing",
                "prepared_by_id": self.env.uid,
                "prepared_until": 0,
                "amount_total": 0.0,
                "elsewhere_count": 0,
                "previous_run_id": self._find_previous().id,
            }
        )
        self._prepare_chunk(FIRST_CHUNK)

    def _prepare(self):
        """Go on with the preview. False when the time of the scheduled action is over."""
        if not self._run_lock():
            return True
        while not self._run_stopped() and (count := self._prepare_chunk()):
            if not self.env["ir.cron"]._commit_progress(count, remaining=count):
                return False
            self.env.invalidate_all()
            if not self._run_lock() or self.state != "preparing":
                return True
        if self.is_daily and self.state == "preview":
            self._try_release_daily()
        self.env["ir.cron"]._commit_progress(remaining=0)
        return True

    def _due_domain(self):
        """The contracts for which this run has something, wherever else they wait."""
        domain = (
            Domain("company_id", "=", self.company_id.id)
            & Domain("state", "!=", "draft")
            & Domain("next_invoice_date", "<=", self.date)
        )
        if self.plan_ids:
            domain &= Domain("plan_id", "in", self.plan_ids.ids)
        if self.association_ids:
            domain &= Domain("association_id", "child_of", self.association_ids.ids)
        if self.contract_ids:
            domain &= Domain("id", "in", self.contract_ids.ids)
        return domain

    def _waiting_elsewhere(self):
        """Query of the contracts that wait in another run that is not finished."""
        lines = self.env["billing.run.line"]
        return lines._search(
            [
                ("state", "=", "pending"),
                ("run_id", "!=", self.id),
                ("run_id", "any", [("state", "in", UNFINISHED)]),
                ("company_id", "=", self.company_id.id),
            ]
        ).subselect("contract_id")

    def _contract_domain(self):
        elsewhere = Domain("id", "not in", self._waiting_elsewhere())
        return self._due_domain() & elsewhere & Domain("id", ">", self.prepared_until)

    def _prepare_chunk(self, limit=None):
        """Look at the next contracts. Returns how many, 0 when the preview is complete."""
        limit = min(limit or PREPARE_CHUNK, PREPARE_CHUNK)
        contracts = self.env["membership.contract"].search(
            self._contract_domain(), order="id", limit=limit
        )
        if contracts:
            lines = self.env["billing.run.line"]
            blocks = Blocks(self.company_id, self.date)
            blocked = contracts.filtered(blocks.of) if blocks else contracts.browse()
            apart = blocked | lines._prepare_alike(self, contracts - blocked)
            if apart:
                lines._insert(self._prepare_line_vals(apart))
            self.prepared_until = contracts[-1].id
            self.env.invalidate_all()
        if len(contracts) < limit:
            self._finish_preview()
            return 0
        return len(contracts)

    def _prepare_line_vals(self, contracts):
        """Values of the preview lines of those ``contracts`` for which something is due."""
        lines = self.env["billing.run.line"]
        try:
            with self.env.cr.savepoint():
                return lines._prepare_lines(self, contracts)
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if len(contracts) == 1:
                return [lines._prepare_out_vals(self, contracts, "error", self._run_text(error))]
        return [vals for one in contracts for vals in self._prepare_line_vals(one)]

    # ------------------------------------------------------------------
    # What it comes to
    # ------------------------------------------------------------------

    def _finish_preview(self):
        self.env["billing.run.line"]._add_fees(self)
        totals = self.env["billing.run.total"]._make(self)
        plans = totals.filtered(lambda total: total.kind == "plan")
        due_elsewhere = self._due_domain() & Domain("id", "in", self._waiting_elsewhere())
        self._run_begin(
            sum(plans.mapped("contract_count")),
            state="preview",
            amount_total=sum(
                self._in_company_currency(total.amount, total.currency_id) for total in plans
            ),
            elsewhere_count=self.env["membership.contract"].search_count(due_elsewhere),
        )
        self._rank_oddest()

    def _in_company_currency(self, amount, currency):
        return currency._convert(amount, self.currency_id, self.company_id, self.date)

    def _find_previous(self):
        """The last finished run of the same kind: daily ones are compared with daily ones."""
        if self.contract_ids:
            return self.browse()
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("id", "!=", self.id),
                ("state", "=", "done"),
                ("is_daily", "=", self.is_daily),
                ("contract_ids", "=", False),
                ("run_done", ">", 0),
                ("date", "<=", self.date),
            ],
            order="date desc, id desc",
            limit=1,
        )

    def _rank_oddest(self):
        """Mark the amounts furthest from what was invoiced last time, or is usual in the plan."""
        self.env["billing.run.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                WITH line AS (
                    SELECT id, plan_id, currency_id, amount, NULLIF(amount_before, 0) AS before
                      FROM billing_run_line
                     WHERE run_id = %(run)s AND state = 'pending'
                ), usual AS MATERIALIZED (
                    SELECT plan_id, currency_id,
                           percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) AS amount
                      FROM line
                     GROUP BY plan_id, currency_id
                )
                SELECT line.id, COALESCE(line.before, usual.amount)
                  FROM line JOIN usual USING (plan_id, currency_id)
                 WHERE line.amount != COALESCE(line.before, usual.amount)
                 ORDER BY abs(line.amount - COALESCE(line.before, usual.amount)) DESC, line.id
                 LIMIT %(count)s
                """,
                run=self.id,
                count=ODDEST,
            )
        )
        for rank, (line_id, usual) in enumerate(rows, start=1):
            line = self.env["billing.run.line"].browse(line_id)
            line.write({"odd_rank": rank, "amount_usual": usual})

    def _run_left(self):
        if self.state != "preparing":
            return super()._run_left()
        return self.env["membership.contract"].search_count(self._contract_domain())

    def _run_seconds_each(self):
        if self.state == "preparing":
            return PREPARE_SECONDS
        return super()._run_seconds_each()

    def action_view_elsewhere(self):
        """Show the runs in which memberships wait that this one leaves to them."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_billing_run"
        )
        action["domain"] = [
            ("company_id", "=", self.company_id.id),
            ("state", "in", UNFINISHED),
            ("id", "!=", self.id),
        ]
        return action

    # ------------------------------------------------------------------
    # Stopped before it starts
    # ------------------------------------------------------------------

    def _check_not_locked(self, journal, day=None):
        """:raise UserError: when the books are closed on ``day``, the run's date when None"""
        day = day or self.date
        if locks := self._locks_on(journal, day):
            raise UserError(
                self.env._(
                    "The books are closed on the invoice date %(date)s: %(locks)s. Choose a later "
                    "invoice date, or open the period first.",
                    date=format_date(self.env, day),
                    locks=locks,
                )
            )

    def _locks_on(self, journal, day):
        """The lock dates that close the books of ``journal`` on ``day``, as a text."""
        locks = self.company_id._get_violated_lock_dates(day, True, journal)
        return locks and self.company_id._format_lock_dates(locks)


class BillingRunLine(models.Model):
    _inherit = "billing.run.line"

    odd_rank = fields.Integer(
        string="Oddest", readonly=True, help="Place among the oddest amounts of the run."
    )
    amount_usual = fields.Monetary(
        string="Usual",
        readonly=True,
        help="What the membership was invoiced last time or, without one, the middle amount of "
        "its plan in this run.",
    )
    amount_change = fields.Monetary(
        string="Difference", compute="_compute_amount_change", help="Amount less the usual one."
    )

    @api.depends("amount", "amount_usual")
    def _compute_amount_change(self):
        for line in self:
            line.amount_change = line.amount - line.amount_usual
