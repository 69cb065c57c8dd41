from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

# Released at least in part: invoices were made, or are about to be.
RELEASED = ("confirmed", "partly", "held", "done", "undoing", "undone")
# What is still to be billed there is left to these runs by all others.
UNFINISHED = ("confirmed", "partly", "held")
WORKING = ("preparing", "confirmed", "undoing")

# What a run bills. Changing it makes a preview stale.
SCOPE = frozenset({"company_id", "date", "plan_ids", "association_ids", "contract_ids"})


class BillingRun(models.Model):
    """Bills every period that is due: preview, release, then worked off by a scheduled action."""

    _name = "billing.run"
    _inherit = ["mail.thread", "billing.preview.mixin", "billing.prepared.mixin"]
    _description = "Membership Billing Run"
    _order = "date desc, id desc"
    _check_company_auto = True

    _run_cron = "membership_billing_nordic.ir_cron_billing_work"
    _released_states = RELEASED

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
    contract_ids = fields.Many2many(
        "membership.contract",
        string="Memberships",
        check_company=True,
        help="Bill these memberships only. Empty: all.",
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
            ("partly", "Released in Part"),
            ("held", "On Hold"),
            ("done", "Done"),
            ("undoing", "Being Undone"),
            ("undone", "Undone"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        help="New: choose what to bill. Preview: nothing is invoiced yet. Working: invoices are "
        "being made. Released in Part: the rest waits to be released. Undone: the invoices were "
        "taken back or credited.",
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
    bill_count = fields.Integer(
        string="To Bill", compute="_compute_counts", help="Memberships to invoice."
    )
    billed_count = fields.Integer(
        string="Billed", compute="_compute_counts", help="Memberships that were invoiced."
    )
    waiting_count = fields.Integer(
        string="Wait for Release",
        compute="_compute_counts",
        help="Memberships to invoice that were not released yet.",
    )
    out_count = fields.Integer(
        string="Left Out", compute="_compute_counts", help="Memberships left out or failed."
    )
    invoice_count = fields.Integer(
        string="Invoices", compute="_compute_invoice_counts", help="Invoices made."
    )
    unsent_count = fields.Integer(
        string="Not Delivered", compute="_compute_invoice_counts", help="Invoices not delivered."
    )

    @api.depends("date", "is_daily")
    def _compute_name(self):
        for run in self:
            day = fields.Date.to_string(run.date)
            if run.is_daily:
                run.name = run.env._("Daily billing %(date)s", date=day)
            else:
                run.name = run.env._("Billing %(date)s", date=day)

    @api.depends("line_ids.state", "line_ids.released")
    def _compute_counts(self):
        counts = {run: {} for run in self}
        for run, state, released, count in self.env["billing.run.line"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "state", "released"], ["__count"]
        ):
            counts[run][state, bool(released)] = count
        for run in self:
            states = {}
            for (state, _released), count in counts[run].items():
                states[state] = states.get(state, 0) + count
            run.billed_count = states.get("done", 0) + states.get("kept", 0)
            run.bill_count = states.get("pending", 0) + run.billed_count
            run.waiting_count = counts[run].get(("pending", False), 0)
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

    # ------------------------------------------------------------------
    # What a person may write
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            for vals in vals_list:
                self._check_writable(vals)
            vals_list = [self._unreleased_vals() | vals for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._check_writable(vals)
        if not SCOPE & vals.keys():
            return super().write(vals)
        for run in self:
            if run.state not in ("draft", "preview"):
                raise UserError(
                    run.env._(
                        "What %(run)s bills cannot be changed any more. Make a new run.",
                        run=run.name,
                    )
                )
        result = super().write(vals)
        self.filtered(lambda run: run.state == "preview").sudo().state = "draft"
        return result

    @api.model
    def _check_writable(self, vals):
        """Only what a run bills is chosen by hand; the rest follows from its buttons.

        :raise AccessError: when something else is in ``vals``
        """
        own = {name for name in vals if name in self._fields and self._is_kept_by_code(name)}
        if own:
            raise AccessError(
                self.env._(
                    "A billing run keeps this by itself: %(fields)s. Use its buttons.",
                    fields=", ".join(sorted(own)),
                )
            )

    @api.model
    def _is_kept_by_code(self, name):
        field = self._fields[name]
        return field.comodel_name in ("billing.run.line", "billing.run.total") or (
            field.store and field.readonly and not name.startswith("message_")
        )

    @api.model
    def _unreleased_vals(self):
        """Not even by a default in the context is a run made as released."""
        return {"state": "draft", "is_daily": False, "prepared_by_id": False}

    @api.ondelete(at_uninstall=False)
    def _unlink_except_released(self):
        if any(run.state in RELEASED for run in self):
            raise UserError(self.env._("A billing run that was released cannot be deleted."))

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_preview(self):
        """Work out who is billed for what. Short ones at once, long ones in the background."""
        super().action_preview()
        self._trigger_work()
        return True

    def action_confirm(self):
        """Release everything that was not released yet: the scheduled action invoices it."""
        super().action_confirm()
        self._trigger_work()
        return True

    def action_hold(self):
        """Stop making invoices; those that were made stay. Continue goes on where it stopped."""
        self._check_manager()
        for run in self.sudo():
            if run.state != "confirmed":
                raise UserError(run.env._("%(run)s makes no invoices at present.", run=run.name))
            run._ask("hold")
        return True

    def action_continue(self):
        """Go on with a run on hold."""
        self._check_manager()
        for run in self.sudo():
            if run.state != "held":
                raise UserError(run.env._("%(run)s is not on hold.", run=run.name))
            run._in_company()._go_on_after_hold()
        self._trigger_work()
        return True

    def action_leave_rest(self):
        """Finish the run without what was not invoiced yet: the next run bills it."""
        self._check_manager()
        for run in self.sudo():
            if run.state not in ("partly", "held"):
                raise UserError(run.env._("Nothing waits in %(run)s.", run=run.name))
            run._in_company()._leave_rest()
        return True

    def action_view_lines(self):
        """Show the lines of the run, grouped."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_billing_run_line"
        )
        action["domain"] = [("run_id", "=", self.id)]
        return action

    def action_view_left_out(self):
        """Show who was left out, grouped by reason."""
        self.check_access("read")
        action = self.action_view_lines()
        action["domain"] = [("run_id", "=", self.id), ("state", "in", ("left_out", "failed"))]
        action["context"] = {"search_default_group_problem": 1}
        return action

    def action_view_invoices(self):
        """Show the invoices of the run."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["account.move"]._mbn_list_action(self.env["account.move"])
        action["domain"] = [("mbn_run_id", "=", self.id)]
        return action

    def action_view_unsent(self):
        """Show the invoices that were not delivered."""
        self.check_access("read")
        action = self.action_view_invoices()
        action["domain"] += [("mbn_send_state", "in", ("failed", "portal"))]
        return action

    def _check_manager(self):
        self._run_check_manager(self.env._("Only a billing manager can run the billing."))

    # ------------------------------------------------------------------
    # Work in the background, and what a person wants meanwhile
    # ------------------------------------------------------------------

    @api.model
    def _cron_work(self):
        """Go on with every run that is being prepared, worked off or undone."""
        runs = self.search([("state", "in", WORKING)], order="id")
        for run in runs:
            if not run._in_company()._go_on():
                return

    def _go_on(self):
        """One run's share of the work. False when the time of the scheduled action is over."""
        if self.state == "preparing" and not self._prepare():
            return False
        if self.exists() and self.state in ("confirmed", "undoing"):
            return self._run_work()
        return True

    def _cancel(self):
        self._ask("cancel")

    def _ask(self, wish):
        """Do as ``wish`` says: at once, or when the worker is through with its chunk."""
        self.ensure_one()
        if self._run_lock():
            self._heed(wish)
        else:
            self.env["billing.run.signal"].create({"run_id": self.id, "wish": wish})

    def _heed(self, wish):
        if wish == "cancel" and self.state not in RELEASED:
            self.state = "cancelled"
            self.env["billing.exception"]._close(self, "billing_run_waiting")
        if wish == "hold" and self.state == "confirmed":
            self.state = "held"

    def _run_stopped(self):
        """Do what was asked for since the last chunk; True when that ends the work."""
        before = self.state
        signals = self.env["billing.run.signal"].search([("run_id", "=", self.id)])
        for signal in signals:
            self._heed(signal.wish)
        signals.unlink()
        return self.state != before

    def _run_take(self, limit):
        """Lines by payer: all lines of one payer are taken together."""
        domain = Domain("run_id", "=", self.id) & self._work_domain()
        return self._run_take_by_payer(self.env["billing.run.line"], domain, "payer_id", limit)

    def _work_domain(self):
        if self.state == "undoing":
            return Domain("state", "=", "done")
        return Domain("state", "=", "pending") & Domain("released", "=", True)

    def _run_process(self, rows):
        return rows._take_back() if self.state == "undoing" else rows._bill()

    def _run_split(self, rows):
        """Payer by payer; the lines of one payer by invoice or, before there is one, singly."""
        by_payer = list(rows.grouped("payer_id").values())
        if len(by_payer) > 1 or len(rows) == 1:
            return by_payer
        if self.state != "undoing":
            return list(rows)
        return list(rows.grouped(lambda line: line.invoice_id or line).values())

    def _run_fail(self, rows, message):
        state = "kept" if self.state == "undoing" else "failed"
        rows.write({"state": state, "problem_kind": "error", "problem": message})

    def _run_finish(self):
        if self.state == "undoing":
            self._finish_undo()
        else:
            self._finish_release()
