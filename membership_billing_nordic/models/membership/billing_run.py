from datetime import timedelta

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount, format_date

from .billing_pricing import Pricing

PREPARE_CHUNK = 500  # contracts looked at in one go
BILL_CHUNK = 250  # invoices made and posted between two commits: a few seconds


class BillingRun(models.Model):
    """Bills every period that is due: preview, release, then worked off by a scheduled action."""

    _name = "billing.run"
    _inherit = ["mail.thread", "billing.run.mixin"]
    _description = "Membership Billing Run"
    _order = "date desc, id desc"
    _check_company_auto = True

    _run_chunk_size = BILL_CHUNK

    name = fields.Char(compute="_compute_name", store=True, help="What the run is called.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company that bills.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        string="Invoice Date",
        required=True,
        index=True,
        default=lambda self: self.env.company._billing_today(),
        help="The date of the invoices. What is to be invoiced up to this day is billed, missed "
        "periods included.",
    )
    plan_ids = fields.Many2many(
        "membership.plan",
        string="Plans",
        check_company=True,
        help="Bill these plans only. Empty: all plans.",
    )
    association_ids = fields.Many2many(
        "membership.association",
        string="Associations",
        check_company=True,
        help="Bill members of these associations only. Empty: all members.",
    )
    is_daily = fields.Boolean(
        string="Made by the Daily Action", readonly=True, copy=False, help="Not made by a person."
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("preparing", "Being Prepared"),
            ("preview", "Preview"),
            ("confirmed", "Working"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        help="New: choose what to bill. Preview: nothing is invoiced yet. Working: invoices are "
        "being made.",
    )
    prepared_until = fields.Integer(
        readonly=True, copy=False, help="The last contract the preview has looked at."
    )
    line_ids = fields.One2many("billing.run.line", "run_id", help="One line per membership.")
    bill_line_ids = fields.One2many(
        "billing.run.line",
        "run_id",
        string="Who Is Billed",
        domain=[("state", "in", ("pending", "done"))],
        help="Who is invoiced.",
    )
    out_line_ids = fields.One2many(
        "billing.run.line",
        "run_id",
        string="Who Is Left Out",
        domain=[("state", "in", ("left_out", "failed"))],
        help="Who is not invoiced, and why.",
    )
    total_ids = fields.One2many(
        "billing.run.total", "run_id", string="Totals", help="What each plan comes to."
    )
    bill_count = fields.Integer(
        string="Memberships", compute="_compute_counts", help="Memberships to invoice."
    )
    out_count = fields.Integer(
        string="Left Out", compute="_compute_counts", help="Memberships left out or failed."
    )
    amount_total = fields.Monetary(
        string="Total",
        readonly=True,
        copy=False,
        help="What all payers together pay, tax included, in the company's currency.",
    )
    invoice_count = fields.Integer(
        string="Invoices", compute="_compute_invoice_counts", help="Invoices made."
    )
    unsent_count = fields.Integer(
        string="Not E-mailed", compute="_compute_invoice_counts", help="Invoices not e-mailed."
    )

    @api.depends("date", "is_daily")
    def _compute_name(self):
        for run in self:
            day = fields.Date.to_string(run.date)
            if run.is_daily:
                run.name = run.env._("Daily billing %(date)s", date=day)
            else:
                run.name = run.env._("Billing %(date)s", date=day)

    @api.depends("line_ids.state")
    def _compute_counts(self):
        counts = {run: {} for run in self}
        for run, state, count in self.env["billing.run.line"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "state"], ["__count"]
        ):
            counts[run][state] = count
        for run in self:
            states = counts[run]
            run.bill_count = states.get("pending", 0) + states.get("done", 0)
            run.out_count = states.get("left_out", 0) + states.get("failed", 0)

    def _compute_invoice_counts(self):
        counts = {run: {} for run in self}
        for run, state, count in self.env["account.move"]._read_group(
            [("mbn_run_id", "in", self.ids)], ["mbn_run_id", "mbn_send_state"], ["__count"]
        ):
            counts[run][state] = count
        for run in self:
            states = counts[run]
            run.invoice_count = sum(states.values())
            run.unsent_count = states.get("failed", 0) + states.get("portal", 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_released(self):
        if any(run.state in ("confirmed", "done") for run in self):
            raise UserError(self.env._("A billing run that was released cannot be deleted."))

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_preview(self):
        """Work out who is billed for what. Short ones at once, long ones in the background."""
        self._check_manager()
        for run in self.sudo():
            if run.state not in ("draft", "preview"):
                raise UserError(run.env._("%(run)s was released already.", run=run.name))
            run._in_company()._start_preview()
        self._trigger_work()
        return True

    def action_confirm(self):
        """Release the preview: the scheduled action makes the invoices."""
        self._check_manager()
        for run in self.sudo():
            if run.state != "preview":
                raise UserError(
                    run.env._("Only a preview can be released. Refresh %(run)s.", run=run.name)
                )
            run._in_company()._release()
        self._trigger_work()
        return True

    def action_cancel(self):
        """Give up a preview; nothing was invoiced."""
        self._check_manager()
        if any(run.state in ("confirmed", "done") for run in self):
            raise UserError(self.env._("A billing run that was released cannot be cancelled."))
        self.sudo().write({"state": "cancelled"})
        self.env["billing.exception"]._close(self, "billing_run_waiting")
        return True

    def action_refresh(self):
        """Read the form again, to see how far the work is."""
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_view_lines(self):
        """Show the lines of the run, grouped."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_billing_run_line"
        )
        action["domain"] = [("run_id", "=", self.id)]
        return action

    def action_view_left_out(self):
        """Show who was left out, grouped by reason."""
        action = self.action_view_lines()
        action["domain"] = [("run_id", "=", self.id), ("state", "in", ("left_out", "failed"))]
        action["context"] = {"search_default_group_problem": 1}
        return action

    def action_view_invoices(self):
        """Show the invoices of the run."""
        self.ensure_one()
        action = self.env["account.move"]._mbn_list_action(self.env["account.move"])
        action["domain"] = [("mbn_run_id", "=", self.id)]
        return action

    def action_view_unsent(self):
        """Show the invoices that were not e-mailed."""
        action = self.action_view_invoices()
        action["domain"] += [("mbn_send_state", "in", ("failed", "portal"))]
        return action

    def _check_manager(self):
        self.check_access("write")
        if not (
            self.env.su
            or self.env.user.has_group("membership_billing_nordic.group_billing_manager")
        ):
            raise AccessError(self.env._("Only a billing manager can run the billing."))

    def _in_company(self):
        company = self.company_id
        return self.sudo().with_company(company).with_context(**company._billing_context())

    @api.model
    def _trigger_work(self):
        self.env.ref("membership_billing_nordic.ir_cron_billing_work").sudo()._trigger()

    # ------------------------------------------------------------------
    # Preview
    # ------------------------------------------------------------------

    def _start_preview(self):
        """Begin the preview anew, with the first chunk of contracts."""
        self._check_not_locked(self.company_id._mbn_sale_journal())
        self.line_ids.unlink()
        self.total_ids.unlink()
        self.write({"state": "preparing", "prepared_until": 0, "amount_total": 0.0})
        self._prepare_chunk()

    def _contract_domain(self):
        plans = self.env["membership.plan"].with_context(active_test=False)
        lead_days = plans._read_group([], [], ["lead_days:max"])[0][0]
        domain = [
            ("company_id", "=", self.company_id.id),
            ("state", "!=", "draft"),
            ("next_period_start", "<=", self.date + timedelta(days=lead_days or 0)),
            ("id", ">", self.prepared_until),
        ]
        if self.plan_ids:
            domain.append(("plan_id", "in", self.plan_ids.ids))
        if self.association_ids:
            domain.append(("association_id", "child_of", self.association_ids.ids))
        return domain

    def _prepare_chunk(self):
        """Look at the next contracts. Returns how many, 0 when the preview is complete."""
        contracts = self.env["membership.contract"].search(
            self._contract_domain(), order="id", limit=PREPARE_CHUNK
        )
        if contracts:
            self.env["billing.run.line"].create(self._prepare_line_vals(contracts))
            self.prepared_until = contracts[-1].id
        if len(contracts) < PREPARE_CHUNK:
            self._finish_preview()
            return 0
        return len(contracts)

    def _prepare_line_vals(self, contracts):
        """Values of the preview lines of those ``contracts`` for which something is due."""
        lines = self.env["billing.run.line"]
        try:
            with self.env.cr.savepoint():
                dues = contracts._periods_due(self.date)
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if len(contracts) == 1:
                return [lines._prepare_out_vals(self, contracts, "error", self._run_text(error))]
            return [vals for one in contracts for vals in self._prepare_line_vals(one)]
        pricing = Pricing(self.company_id)
        return [
            lines._prepare_vals(self, contract, dues[contract.id], pricing)
            for contract in contracts
            if dues.get(contract.id)
        ]

    def _finish_preview(self):
        totals = self.env["billing.run.line"]._read_group(
            [("run_id", "=", self.id), ("state", "=", "pending")],
            ["plan_id", "currency_id"],
            ["__count", "period_count:sum", "amount:sum"],
        )
        self.env["billing.run.total"].create(
            [
                {
                    "run_id": self.id,
                    "plan_id": plan.id,
                    "currency_id": currency.id,
                    "contract_count": count,
                    "period_count": periods,
                    "amount": amount,
                }
                for plan, currency, count, periods, amount in totals
            ]
        )
        self.write(
            {
                "state": "preview",
                "run_total": sum(count for _plan, _currency, count, _periods, _amount in totals),
                "amount_total": sum(
                    self._in_company_currency(amount, currency)
                    for _plan, currency, _count, _periods, amount in totals
                ),
            }
        )

    def _in_company_currency(self, amount, currency):
        return currency._convert(amount, self.currency_id, self.company_id, self.date)

    # ------------------------------------------------------------------
    # Release
    # ------------------------------------------------------------------

    def _release(self):
        """Start the invoicing, after a look at what would stop it.

        :raise UserError: what is wrong with journals, agreements or lock dates, and what to do
        """
        if not self.run_total:
            raise UserError(self.env._("There is nothing to bill in %(run)s.", run=self.name))
        journals = self.env["account.journal"].browse(
            [
                journal.id
                for (journal,) in self.env["billing.run.line"]._read_group(
                    [("run_id", "=", self.id), ("state", "=", "pending")], ["journal_id"]
                )
            ]
        )
        for journal in journals:
            self._check_not_locked(journal)
        for agreement in self._agreements() | journals.mbn_agreement_id:
            agreement._check_ready()
        self._check_income_accounts(journals)
        self.write({"state": "confirmed", "run_done": 0, "run_failed": 0})
        self.env["billing.exception"]._close(self, "billing_run_waiting")

    def _check_income_accounts(self, journals):
        if all(journal.default_account_id for journal in journals):
            return
        for product in self.total_ids.plan_id.product_id.with_company(self.company_id):
            if not product._get_product_accounts()["income"]:
                raise UserError(
                    self.env._(
                        "%(product)s has no income account. Set one on the product or its "
                        "category.",
                        product=product.display_name,
                    )
                )

    def _agreements(self):
        groups = self.env["billing.run.line"]._read_group(
            [("run_id", "=", self.id), ("agreement_id", "!=", False)], ["agreement_id"]
        )
        return self.env["bank.agreement"].browse([agreement.id for (agreement,) in groups])

    def _check_not_locked(self, journal):
        locks = self.company_id._get_violated_lock_dates(self.date, True, journal)
        if locks:
            raise UserError(
                self.env._(
                    "The books are closed on the invoice date %(date)s: %(locks)s. Choose a later "
                    "invoice date, or open the period first.",
                    date=format_date(self.env, self.date),
                    locks=self.company_id._format_lock_dates(locks),
                )
            )

    # ------------------------------------------------------------------
    # Work
    # ------------------------------------------------------------------

    def _run_take(self, limit):
        return self.env["billing.run.line"].search(
            [("run_id", "=", self.id), ("state", "=", "pending")], order="id", limit=limit
        )

    def _run_process(self, rows):
        return rows._bill()

    def _run_fail(self, row, message):
        row.write({"state": "failed", "problem_kind": "error", "problem": message})

    def _run_finish(self):
        self.state = "done"
        self.message_post(body=self._summary())
        self._report_failures()
        if self.company_id.mbn_send_invoices:
            self.env.ref("membership_billing_nordic.ir_cron_billing_send")._trigger()

    def _summary(self):
        groups = self.env["account.move"]._read_group(
            [("mbn_run_id", "=", self.id)], ["currency_id"], ["__count", "amount_total:sum"]
        )
        return self.env._(
            "%(done)s memberships billed: %(count)s invoices, %(amounts)s. Left out or failed: "
            "%(out)s.",
            done=self.run_done,
            out=self.out_count,
            count=sum(count for _currency, count, _amount in groups),
            amounts=", ".join(
                format_amount(self.env, amount, currency) for currency, _count, amount in groups
            )
            or format_amount(self.env, 0.0, self.currency_id),
        )

    def _report_failures(self):
        """One to-do per company: the last run that left somebody out or failed on somebody."""
        desk = self.env["billing.exception"]
        earlier = self.search(
            [("company_id", "=", self.company_id.id), ("id", "!=", self.id), ("state", "=", "done")]
        )
        if self.is_daily:
            desk._close(earlier.filtered("is_daily"), "billing_run_failed")
        if not self.out_count:
            desk._close(self, "billing_run_failed")
            return
        desk._open(
            self,
            "billing_run_failed",
            self.env._(
                "%(count)s memberships were not billed by %(run)s",
                count=self.out_count,
                run=self.name,
            ),
            self.env._("Open the run, correct what each line says; the next run bills them."),
        )

    # ------------------------------------------------------------------
    # Scheduled actions
    # ------------------------------------------------------------------

    @api.model
    def _cron_work(self):
        """Go on with every run that is being prepared or worked off."""
        runs = self.search([("state", "in", ("preparing", "confirmed"))], order="id")
        for run in runs:
            if not run._in_company()._go_on():
                return

    def _go_on(self):
        """One run's share of the work. False when the time of the scheduled action is over."""
        if self.state == "preparing" and not self._prepare():
            return False
        if self.exists() and self.state == "confirmed":
            return self._run_work()
        return True

    def _prepare(self):
        if not self.try_lock_for_update():
            return True
        while count := self._prepare_chunk():
            if not self.env["ir.cron"]._commit_progress(count, remaining=count):
                return False
            self.env.invalidate_all()
            if not self.try_lock_for_update() or self.state != "preparing":
                return True
        if self.is_daily:
            self._try_release_daily()
        self.env["ir.cron"]._commit_progress(remaining=0)
        return True

    @api.model
    def _cron_daily(self):
        """Make today's run of every company that has members, and release it as it wants."""
        groups = self.env["membership.contract"]._read_group(
            [("state", "!=", "draft"), ("next_period_start", "!=", False)], ["company_id"]
        )
        for (company,) in groups:
            self._make_daily(company)
            self.env["ir.cron"]._commit_progress(1)
        self._trigger_work()

    def _make_daily(self, company):
        """The company's run of today. One that still waits for approval is made anew."""
        today = company._billing_today()
        mine = [("company_id", "=", company.id), ("is_daily", "=", True)]
        if self.search_count(
            [*mine, ("date", "=", today), ("state", "in", ("preparing", "confirmed", "done"))]
        ):
            return
        run = self.search([*mine, ("state", "in", ("draft", "preview"))], limit=1)
        run = run or self.create({"company_id": company.id, "is_daily": True, "date": today})
        run = run._in_company()
        run.date = today
        try:
            with self.env.cr.savepoint():
                run._start_preview()
        except UserError as error:
            run._report_stop(str(error))
            return
        if run.state == "preview":
            run._try_release_daily()

    def _try_release_daily(self):
        try:
            with self.env.cr.savepoint():
                self._release_daily()
        except UserError as error:
            self._report_stop(str(error))

    def _release_daily(self):
        """Release, or let wait for approval, as the company's mode says."""
        self.env["billing.exception"]._close(self, "billing_run_stopped")
        if not self.run_total:
            self._finish_empty()
        elif self._may_release():
            self._release()
        else:
            self.env["billing.exception"]._open(
                self,
                "billing_run_waiting",
                self.env._(
                    "%(count)s memberships wait to be billed, %(amount)s",
                    count=self.run_total,
                    amount=format_amount(self.env, self.amount_total, self.currency_id),
                ),
                self.env._("Look through the preview and release it."),
            )

    def _finish_empty(self):
        if self.out_count:
            self.state = "done"
            self._report_failures()
        else:
            self.env["billing.exception"]._close(self, "billing_run_waiting")
            self.unlink()

    def _may_release(self):
        company = self.company_id
        if company.mbn_billing_mode == "limit":
            return self.amount_total <= company.mbn_billing_limit
        return company.mbn_billing_mode == "automatic"

    def _report_stop(self, message):
        self.env["billing.exception"]._open(
            self,
            "billing_run_stopped",
            self.env._("%(run)s could not go on", run=self.name),
            message,
        )
