from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.tools import SQL, format_date

from . import schedule
from .membership_contract_change import CONTRACT_STATES

# States of the periods that stand, and of those for which nothing is owed.
TAKEN = ("open", "paid", "credited")
SETTLED = ("paid", "credited")

STATUS_CHUNK = 500

# Field of the contract -> kind of change and the field of the change that keeps the value.
FACTS = {
    "state": ("status", "state"),
    "plan_id": ("plan", "plan_id"),
    "association_id": ("association", "association_id"),
    "member_id": ("member", "partner_id"),
    "payer_id": ("payer", "partner_id"),
    "date_start": ("start", "date_value"),
    "date_end": ("end", "date_value"),
    "billed_from": ("billed_from", "date_value"),
}

MEMBER_STATUSES = [
    ("active", "Active"),
    ("waiting", "Waiting for payment"),
    ("paused", "Paused"),
    ("suspended", "Suspended"),
    ("ended", "Ended"),
]
STATUS_REASONS = [
    ("draft", "Not confirmed yet"),
    ("not_started", "Not started yet"),
    ("paid", "Paid"),
    ("not_invoiced", "Not invoiced yet"),
    ("not_due", "Invoice not due yet"),
    ("first_payment", "First payment awaited"),
    ("grace", "Overdue, in the days of grace"),
    ("unpaid", "Not paid"),
    ("paused", "Paused"),
    ("ended", "Ended"),
]


class MembershipContract(models.Model):
    """One member's membership: who is a member, who pays, of what, since when."""

    _name = "membership.contract"
    _inherit = ["mail.thread", "analytic.mixin"]
    _description = "Membership Contract"
    _order = "date_start desc, id desc"
    _check_company_auto = True
    _mail_post_access = "read"

    name = fields.Char(
        string="Number", required=True, readonly=True, copy=False, index=True, default="/"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company that invoices.",
    )
    member_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="Who is a member.",
    )
    member_number = fields.Char(related="member_id.mbn_member_number")
    payer_id = fields.Many2one(
        "res.partner",
        compute="_compute_payer_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="Who gets the invoices: the member, a parent, an employer. From the next "
        "invoice on when changed.",
    )
    plan_id = fields.Many2one(
        "membership.plan",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="What the member has: period, terms and price.",
    )
    claim_kind = fields.Selection(related="plan_id.claim_kind", store=True)
    currency_id = fields.Many2one(related="plan_id.currency_id", store=True, index=True)
    association_id = fields.Many2one(
        "membership.association",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The local association, department or centre the member belongs to.",
    )
    agreement_id = fields.Many2one(
        "bank.agreement",
        string="Bank Agreement",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Where this contract is paid to, when it is not the journal's usual agreement.",
    )
    date_start = fields.Date(
        string="Start",
        required=True,
        index=True,
        default=fields.Date.context_today,
        help="First day of membership.",
    )
    date_end = fields.Date(
        string="End",
        index="btree_not_null",
        copy=False,
        help="Last day of membership. Nothing is invoiced for the time after it.",
    )
    billed_from = fields.Date(
        compute="_compute_billed_from",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        copy=False,
        help="Nothing before this day is ever invoiced here; everything from it on is. "
        "Set it later than the start when the time before was invoiced elsewhere.",
    )
    state = fields.Selection(
        CONTRACT_STATES,
        string="Decision",
        required=True,
        readonly=True,
        copy=False,
        default="draft",
        index=True,
        help="What was decided. Whether the member has paid is told by the status.",
    )
    paused_from = fields.Date(
        readonly=True, copy=False, help="First day of the pause. No period begins in it."
    )
    resume_date = fields.Date(
        string="Paused Until",
        copy=False,
        help="The membership goes on by itself on this day.",
    )
    end_reason = fields.Selection(
        selection="_selection_end_reason", readonly=True, copy=False, help="Why it ends."
    )
    sales_channel = fields.Char(index="btree_not_null", help="How the member was won.")
    campaign = fields.Char(help="The campaign through which the member was won.")
    external_id = fields.Char(
        string="External ID",
        copy=False,
        index="btree_not_null",
        help="The contract's identifier in another system; unique per company.",
    )
    line_ids = fields.One2many(
        "membership.contract.line",
        "contract_id",
        string="Further Products",
        copy=True,
        help="Charged together with every period.",
    )
    change_ids = fields.One2many(
        "membership.contract.change", "contract_id", string="History", readonly=True
    )
    period_ids = fields.One2many(
        "membership.period", "contract_id", string="Periods", readonly=True
    )

    # -- what follows from periods, dates and decisions ------------------------------
    paid_until = fields.Date(
        compute="_compute_coverage",
        store=True,
        index=True,
        help="Last day up to which everything is paid.",
    )
    next_period_start = fields.Date(
        string="Next Period",
        compute="_compute_coverage",
        store=True,
        index=True,
        help="First day that is not invoiced yet.",
    )
    member_status = fields.Selection(
        MEMBER_STATUSES,
        string="Status",
        compute="_compute_member_status",
        store=True,
        index=True,
        help="Whether the member may use the membership today.",
    )
    status_reason = fields.Selection(
        STATUS_REASONS,
        compute="_compute_member_status",
        store=True,
        help="Why the member has this status.",
    )
    status_check_date = fields.Date(
        compute="_compute_member_status",
        store=True,
        index=True,
        help="The day on which the status may change by itself.",
    )
    status_text = fields.Char(
        string="What Happens Next",
        compute="_compute_status_text",
        help="The reason of the status and what happens next.",
    )
    # -- what the form says ----------------------------------------------------------
    payer_employer_id = fields.Many2one(
        "res.partner",
        compute="_compute_payer_employer_id",
        help="The company whose contact the payer is, and who would get the invoices.",
    )
    twin_id = fields.Many2one(
        "membership.contract",
        compute="_compute_twin_id",
        help="Another contract of the same member and plan over the same time.",
    )
    price_warning = fields.Char(
        compute="_compute_price_warning", help="Why the member cannot be invoiced."
    )
    period_count = fields.Integer(compute="_compute_counts", help="Periods that stand.")
    invoice_count = fields.Integer(compute="_compute_counts", help="Invoices made.")

    _dates = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A contract cannot end before it starts.",
    )
    _billed_after_start = models.Constraint(
        "CHECK (billed_from >= date_start)",
        "A contract cannot be billed from a day before it starts.",
    )
    _external_unique = models.UniqueIndex(
        "(company_id, external_id) WHERE external_id IS NOT NULL",
        "Another contract of this company has this external ID.",
    )
    _number_unique = models.UniqueIndex(
        "(company_id, name) WHERE name != '/'",
        "Another contract of this company has this number.",
    )

    # -- computed fields -------------------------------------------------------------

    @api.depends("name", "member_id.name")
    def _compute_display_name(self):
        for contract in self:
            names = [contract.name if contract.name != "/" else "", contract.member_id.name]
            contract.display_name = " ".join(name for name in names if name)

    @api.model
    def _selection_end_reason(self):
        return (
            self.env["membership.contract.change"]
            ._fields["reason"]
            ._description_selection(self.env)
        )

    @api.depends("member_id")
    def _compute_payer_id(self):
        for contract in self:
            if not contract.payer_id or contract.payer_id == contract._origin.member_id:
                contract.payer_id = contract.member_id

    @api.depends("date_start")
    def _compute_billed_from(self):
        for contract in self:
            start = contract.date_start
            if not start:
                continue
            if contract.state == "draft" or (contract.billed_from or start) < start:
                contract.billed_from = start
            else:
                contract.billed_from = contract.billed_from or start

    @api.depends(
        "period_ids.state",
        "period_ids.date_from",
        "period_ids.date_to",
        "change_ids.state",
        "change_ids.date",
        "state",
        "billed_from",
        "date_start",
        "date_end",
        "resume_date",
        "plan_id",
    )
    def _compute_coverage(self):
        contracts = self._origin
        taken = contracts._covered_spans(TAKEN)
        settled = contracts._covered_spans(SETTLED)
        pauses = contracts._pauses()
        for contract in self:
            key, first = contract._origin.id, contract.billed_from
            if not first:
                contract.paid_until = contract.next_period_start = False
                continue
            contract.next_period_start = schedule.first_open_day(
                first, contract._last_day(), taken.get(key, ()), pauses.get(key, ())
            )
            until = schedule.settled_until(first, settled.get(key, ()), pauses.get(key, ()))
            if not until and contract.date_start < first:
                until = first - timedelta(days=1)
            contract.paid_until = until

    @api.depends(
        "state",
        "date_start",
        "date_end",
        "paid_until",
        "paused_from",
        "resume_date",
        "plan_id.grace_days",
        "plan_id.activation",
        "period_ids.charge_ids.date_due",
        "period_ids.charge_ids.state",
    )
    def _compute_member_status(self):
        dues = self._origin._oldest_dues()
        today = {company: company._billing_today() for company in self.company_id}
        for contract in self:
            status, reason, check_date = contract._status_on(
                today.get(contract.company_id) or fields.Date.context_today(contract),
                dues.get(contract._origin.id),
            )
            contract.member_status = status
            contract.status_reason = reason
            contract.status_check_date = check_date

    @api.depends("member_status", "status_reason", "next_period_start")
    def _compute_status_text(self):
        dues = self._origin._oldest_dues()
        for contract in self:
            contract.status_text = contract._describe_status(dues.get(contract._origin.id))

    @api.depends("payer_id.commercial_partner_id")
    def _compute_payer_employer_id(self):
        for contract in self:
            commercial = contract.payer_id.commercial_partner_id
            contract.payer_employer_id = commercial if commercial != contract.payer_id else False

    @api.depends("member_id", "plan_id", "date_start", "date_end", "state")
    def _compute_twin_id(self):
        others = self.search(
            [
                ("member_id", "in", self.member_id.ids),
                ("plan_id", "in", self.plan_id.ids),
                ("state", "!=", "ended"),
            ]
        )
        for contract in self:
            contract.twin_id = others.filtered(contract._is_twin)[:1]

    @api.depends("plan_id", "next_period_start", "member_id", "state")
    def _compute_price_warning(self):
        for contract in self:
            day = contract.next_period_start or contract.billed_from
            missing = contract.plan_id and day and not contract._price_on(day)
            contract.price_warning = missing and self.env._(
                "%(plan)s has no price on %(day)s. Until it has one, this member cannot be "
                "invoiced.",
                plan=contract.plan_id.name,
                day=format_date(self.env, day),
            )

    @api.depends("period_ids.state")
    def _compute_counts(self):
        periods = self.env["membership.period"]._read_group(
            [("contract_id", "in", self.ids), ("state", "!=", "void")],
            ["contract_id"],
            ["__count"],
        )
        invoices = self.env["membership.charge"]._read_group(
            [("contract_id", "in", self.ids), ("invoice_id", "!=", False)],
            ["contract_id"],
            ["invoice_id:count_distinct"],
        )
        period_counts, invoice_counts = dict(periods), dict(invoices)
        for contract in self:
            contract.period_count = period_counts.get(contract._origin, 0)
            contract.invoice_count = invoice_counts.get(contract._origin, 0)

    # -- constraints -----------------------------------------------------------------

    @api.constrains("payer_id")
    def _check_payer_id(self):
        self.payer_id._mbn_check_own_payer()

    @api.constrains("association_id")
    def _check_association_id(self):
        for contract in self.filtered("association_id"):
            association = contract.association_id
            day = max(contract.date_start, contract.company_id._billing_today())
            if not association._is_valid_on(day):
                raise ValidationError(
                    self.env._(
                        "%(association)s takes no members on %(day)s. Choose another association "
                        "or change its dates.",
                        association=association.display_name,
                        day=format_date(self.env, day),
                    )
                )

    @api.constrains("plan_id", "company_id")
    def _check_plan_is_offered(self):
        for contract in self:
            if contract.state == "draft" and not contract.plan_id.active:
                raise ValidationError(
                    self.env._(
                        "The plan %(plan)s is archived: nobody can join it.",
                        plan=contract.plan_id.name,
                    )
                )

    # -- create, change, delete ------------------------------------------------------

    def web_save(self, vals, specification, next_id=None):
        """Where a person saves, a payer who is a contact can be detached by a button."""
        payer = self.env["res.partner"].browse(vals.get("payer_id") or ())
        if payer.commercial_partner_id != payer:
            raise RedirectWarning(
                payer._mbn_not_own_payer_text(),
                self.env.ref("membership_billing_nordic.action_partner_detach").id,
                self.env._("Detach contact"),
                {"active_model": "res.partner", "active_ids": payer.ids, "active_id": payer.id},
            )
        return super().web_save(vals, specification, next_id=next_id)

    @api.model_create_multi
    def create(self, vals_list):
        unnamed = [vals for vals in vals_list if vals.get("name", "/") == "/"]
        for vals, name in zip(unnamed, self._take_numbers(len(unnamed)), strict=True):
            vals["name"] = name
        contracts = super().create(vals_list)
        contracts.filtered(lambda contract: contract.state != "draft")._note_facts()
        return contracts

    def write(self, vals):
        watched = [name for name in FACTS if name in vals]
        before = {
            contract: {name: contract[name] for name in watched}
            for contract in self
            if watched and contract.state != "draft"
        }
        self_paying = self.filtered(lambda contract: contract.payer_id == contract.member_id)
        result = super().write(vals)
        if "member_id" in vals and "payer_id" not in vals:
            self_paying.write({"payer_id": vals["member_id"]})
        for contract, facts in before.items():
            before[contract] = [name for name in facts if contract[name] != facts[name]]
        self._note_changes(before)
        if "state" in watched:
            (self - self.browse().union(*before)).filtered(
                lambda contract: contract.state != "draft"
            )._note_facts()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_confirmed(self):
        if any(contract.state != "draft" for contract in self):
            raise UserError(self.env._("Only a draft can be deleted. End the membership instead."))

    @api.model
    def _take_numbers(self, count):
        sequence = self.env.ref("membership_billing_nordic.seq_membership_contract").sudo()
        return [sequence.get_next_char(number) for number in sequence._mbn_take(count)]

    def _note_changes(self, changed):
        """Keep what was changed as dated facts.

        :param changed: contract to the names of its changed fields
        """
        note = self.env.context.get("mbn_change", {})
        rows = []
        for contract, names in changed.items():
            today = contract.company_id._billing_today()
            for name in names:
                rows.append(contract._fact_vals(name, note.get("date") or today) | note)
        self.env["membership.contract.change"].sudo().create(rows)

    def _note_facts(self):
        """The contract is agreed on: all its facts hold from its first day on."""
        note = {"reason": "joined"} | self.env.context.get("mbn_change", {})
        self.env["membership.contract.change"].sudo().create(
            [
                contract._fact_vals(name, contract.date_start) | note
                for contract in self
                for name in FACTS
                if contract[name]
            ]
        )

    def _fact_vals(self, name, day):
        self.ensure_one()
        kind, column = FACTS[name]
        value = self[name]
        return {
            "contract_id": self.id,
            "date": day,
            "kind": kind,
            column: value.id if isinstance(value, models.BaseModel) else value,
        }

    def _facts_on(self, day):
        """What was so on ``day``, replayed from the history.

        :return: dict of contract id to dict of kind to value (the change row's own field);
            a contract without a row by that day is missing
        """
        rows = self.env["membership.contract.change"].search(
            [("contract_id", "in", self.ids), ("date", "<=", day)], order="date, id"
        )
        columns = dict(FACTS.values())
        facts = defaultdict(dict)
        for row in rows:
            facts[row.contract_id.id][row.kind] = row[columns[row.kind]]
        return dict(facts)

    # -- buttons ---------------------------------------------------------------------

    def action_confirm(self):
        """Agree on the contracts: from now on they are invoiced."""
        drafts = self.filtered(lambda contract: contract.state == "draft")
        drafts.payer_id._mbn_check_own_payer()
        drafts.member_id._mbn_give_member_numbers()
        drafts.write({"state": "confirmed"})
        drafts._refresh_status()

    def action_pause(self):
        """Ask from when on the contracts pause."""
        return self._ask("pause", self.env._("Pause"))

    def action_end(self):
        """Ask when the contracts end."""
        return self._ask("end", self.env._("End"))

    def action_resume(self):
        """Let paused contracts go on from today."""
        self._resume(self.env.company._billing_today())

    def action_undo_end(self):
        """Let contracts that end or have ended go on, as if they had not been ended."""
        for contract in self.filtered("date_end"):
            last, ended = contract.date_end, contract.state == "ended"
            vals = {"date_end": False, "end_reason": False}
            day = contract.company_id._billing_today()
            if ended:
                vals["state"] = "confirmed"
                day = last + timedelta(days=1)
            contract._write_dated(vals, day, "correction")
        self._refresh_status()

    def action_detach_payer(self):
        """Make the payers independent of the companies whose contacts they are."""
        self.payer_id.action_mbn_detach()

    def action_view_twin(self):
        """Show the other contract of the same member and plan."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.twin_id.id,
            "views": [(False, "form")],
        }

    def action_view_periods(self):
        """Show the periods of the contracts."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Periods"),
            "res_model": "membership.period",
            "views": [(False, "list"), (False, "form")],
            "domain": [("contract_id", "in", self.ids)],
        }

    def action_view_invoices(self):
        """Show the invoices of the contracts."""
        return self.env["account.move"]._mbn_list_action(self.period_ids.invoice_ids)

    @api.model
    def _list_action(self, name, domain):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "views": [(False, "list"), (False, "form")],
            "domain": domain,
        }

    def _ask(self, operation, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "membership.contract.stop",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_operation": operation,
                "default_contract_ids": self.ids,
            },
        }

    # -- decisions -------------------------------------------------------------------

    def _pause(self, day, resume_date=False, reason=False, note=False):
        """Pause from ``day`` on: no period begins until ``resume_date`` or :meth:`_resume`.

        :raises UserError: a contract that is not confirmed cannot pause
        """
        if any(contract.state != "confirmed" for contract in self):
            raise UserError(self.env._("Only a confirmed membership can be paused."))
        if any(day < contract.date_start for contract in self):
            raise UserError(self.env._("A membership cannot be paused before it starts."))
        if resume_date and resume_date <= day:
            raise UserError(self.env._("A pause cannot end before it begins."))
        vals = {"state": "paused", "paused_from": day, "resume_date": resume_date}
        self._write_dated(vals, day, reason, note)
        self._refresh_status()

    def _resume(self, day):
        """Let paused contracts go on: periods begin again from ``day`` on."""
        for contract in self.filtered(lambda contract: contract.state == "paused"):
            contract._write_dated(
                {"state": "confirmed", "paused_from": False, "resume_date": False},
                max(day, contract.paused_from),
                "request",
            )
        self._refresh_status()

    def _end(self, day, reason=False, note=False):
        """Let the contracts end with ``day`` as their last day."""
        if any(contract.state not in ("confirmed", "paused") for contract in self):
            raise UserError(self.env._("Only a confirmed membership can be ended."))
        for contract in self:
            if day < contract.date_start:
                raise UserError(
                    self.env._(
                        "%(contract)s starts on %(day)s: it cannot end before.",
                        contract=contract.display_name,
                        day=format_date(self.env, contract.date_start),
                    )
                )
            today = contract.company_id._billing_today()
            contract._write_dated({"date_end": day, "end_reason": reason}, today, reason, note)
        self._refresh_status()

    def _write_dated(self, vals, day, reason=False, note=False):
        change = {"date": day, "reason": reason, "note": note}
        self.with_context(mbn_change=change).write(vals)

    # -- status ----------------------------------------------------------------------

    def _refresh_status(self):
        """Bring decisions that have come due and the status up to date.

        To be called for contracts whose payments or dates changed; the status follows
        changed periods and charges by itself.
        """
        contracts = self.sudo()
        today = {company: company._billing_today() for company in contracts.company_id}
        for contract in contracts:
            now = today[contract.company_id]
            if contract.state not in ("confirmed", "paused"):
                continue
            if contract.date_end and contract.date_end < now:
                contract._write_dated(
                    {"state": "ended", "paused_from": False, "resume_date": False},
                    contract.date_end + timedelta(days=1),
                    contract.end_reason,
                )
            elif contract.resume_date and contract.resume_date <= now:
                contract._write_dated(
                    {"state": "confirmed", "paused_from": False, "resume_date": False},
                    contract.resume_date,
                )
        for name in ("member_status", "status_reason", "status_check_date"):
            self.env.add_to_compute(self._fields[name], contracts)
        contracts._recompute_recordset()

    @api.model
    def _cron_refresh_status(self):
        """Daily: contracts whose status may have changed by the passing of time."""
        due = [("status_check_date", "<=", fields.Date.today() + timedelta(days=1))]
        contracts = self.search(due, order="status_check_date, id")
        while contracts:
            chunk, contracts = contracts[:STATUS_CHUNK], contracts[STATUS_CHUNK:]
            chunk._refresh_status()
            if not self.env["ir.cron"]._commit_progress(len(chunk), remaining=len(contracts)):
                break

    def _status_on(self, today, due):
        """The status on ``today``.

        :param due: due date of the oldest unpaid invoice, or None
        :return: status (False: no member), its reason, and the day it may change by itself
        """
        self.ensure_one()
        if self.state == "draft":
            return False, "draft", False
        if self.state == "ended" or (self.date_end and self.date_end < today):
            return "ended", "ended", False if self.state == "ended" else today
        if today < self.date_start:
            return False, "not_started", self.date_start
        changes = [self.date_end and self.date_end + timedelta(days=1), self.resume_date]
        if self.state == "paused" and self.paused_from <= today:
            status, reason = "paused", "paused"
        else:
            status, reason, change = self._payment_status_on(today, due)
            changes += [change, self.paused_from]
        return status, reason, min(filter(None, changes), default=False)

    def _payment_status_on(self, today, due):
        if self.paid_until and self.paid_until >= today:
            return "active", "paid", self.paid_until + timedelta(days=1)
        first_awaited = self.plan_id.activation == "first_payment" and not self.paid_until
        if not due or today <= due:
            change = due and due + timedelta(days=1)
            if first_awaited:
                return "waiting", "first_payment", change
            return "active", "not_due" if due else "not_invoiced", change
        suspended_on = due + timedelta(days=self.plan_id.grace_days + 1)
        if today < suspended_on:
            return "waiting", "grace", suspended_on
        return "suspended", "unpaid", None

    def _oldest_dues(self):
        """Contract id to the due date of its oldest unpaid invoice."""
        groups = (
            self.env["membership.charge"]
            .sudo()
            ._read_group(
                [
                    ("contract_id", "in", self.ids),
                    ("state", "=", "invoiced"),
                    ("period_id", "!=", False),
                ],
                ["contract_id"],
                ["date_due:min"],
            )
        )
        return {contract.id: due for contract, due in groups}

    def _describe_status(self, due):
        """The reason of the status and what happens next, in words."""
        self.ensure_one()
        if not self.status_reason:
            return False
        sentence = getattr(self, f"_describe_{self.status_reason}")(due)
        if self.date_end and self.status_reason != "ended":
            sentence += " " + self.env._("Ends on %(day)s.", day=self._day(self.date_end))
        return sentence

    def _describe_draft(self, due):
        return self.env._("Not confirmed yet. Confirm it, so that it is invoiced.")

    def _describe_not_started(self, due):
        return self.env._("Starts on %(day)s.", day=self._day(self.date_start))

    def _describe_paid(self, due):
        paid = self.env._("Paid until %(day)s.", day=self._day(self.paid_until))
        return f"{paid} {self._describe_next_invoice()}".strip()

    def _describe_not_invoiced(self, due):
        return self._describe_next_invoice() or self.env._("Nothing is left to invoice.")

    def _describe_not_due(self, due):
        return self.env._("The invoice is due on %(day)s.", day=self._day(due))

    def _describe_first_payment(self, due):
        return self.env._("Becomes active when the first invoice is paid.")

    def _describe_grace(self, due):
        return self.env._(
            "Payment was due on %(due)s. Suspended on %(day)s if it has not come by then.",
            due=self._day(due),
            day=self._day(self.status_check_date),
        )

    def _describe_unpaid(self, due):
        return self.env._(
            "Payment was due on %(due)s. Active again as soon as it is paid.", due=self._day(due)
        )

    def _describe_paused(self, due):
        since = self.env._("Paused since %(day)s.", day=self._day(self.paused_from))
        if not self.resume_date:
            return since + " " + self.env._("Nothing is invoiced until it goes on.")
        return since + " " + self.env._("Goes on on %(day)s.", day=self._day(self.resume_date))

    def _describe_ended(self, due):
        return self.env._("Ended on %(day)s.", day=self._day(self.date_end))

    def _describe_next_invoice(self):
        if not self.next_period_start:
            return ""
        day = self.next_period_start - timedelta(days=self.plan_id.lead_days)
        if day <= self.company_id._billing_today():
            return self.env._("The next billing run makes the invoice.")
        return self.env._("The next invoice is made on %(day)s.", day=self._day(day))

    def _day(self, day):
        return format_date(self.env, day)

    # -- periods and prices ----------------------------------------------------------

    def _periods_due(self, until):
        """The periods that are to be invoiced by ``until`` and do not exist yet.

        A period is invoiced the plan's lead days before it begins. Days before "billed
        from", after the end and in a pause are never in a period.

        :return: dict of contract id to a list of PeriodPlan; without those that owe nothing
        """
        due = self.filtered(
            lambda contract: (
                contract.state != "draft"
                and contract.next_period_start
                and contract.next_period_start <= contract._latest_start(until)
            )
        )
        taken, pauses = due._covered_spans(TAKEN), due._pauses()
        periods = {}
        for contract in due:
            plan = contract.plan_id
            periods[contract.id] = list(
                schedule.open_periods(
                    plan._grid(contract.date_start),
                    contract.date_start,
                    contract.billed_from,
                    contract._latest_start(until),
                    contract._last_day(),
                    plan.first_period,
                    taken.get(contract.id, ()),
                    pauses.get(contract.id, ()),
                )
            )
        return {key: plans for key, plans in periods.items() if plans}

    def _latest_start(self, until):
        return until + timedelta(days=self.plan_id.lead_days)

    def _last_day(self):
        """The last day that can be invoiced; None when there is no end."""
        self.ensure_one()
        if self.plan_id.renewal != "none" or not self.date_start:
            return self.date_end or None
        grid = self.plan_id._grid(self.date_start)
        only = grid.start(grid.index_of(self.date_start) + 1) - timedelta(days=1)
        return min(only, self.date_end) if self.date_end else only

    def _covered_spans(self, states):
        """Contract id to the stretches that its periods in ``states`` cover, joined and in order.

        Periods of a contract never overlap, so a stretch without a gap is one in which the
        first day less the number of days before it is always the same.
        """
        if not self.ids:
            return {}
        self.env["membership.period"].flush_model(["contract_id", "date_from", "date_to", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT contract_id, min(date_from), max(date_to)
                  FROM (SELECT contract_id, date_from, date_to,
                               date_to - sum(date_to - date_from + 1) OVER (
                                   PARTITION BY contract_id ORDER BY date_from
                               )::integer AS stretch
                          FROM membership_period
                         WHERE contract_id = ANY(%(contracts)s) AND state = ANY(%(states)s)
                       ) period
                 GROUP BY contract_id, stretch
                 ORDER BY contract_id, min(date_from)
                """,
                contracts=self.ids,
                states=list(states),
            )
        )
        spans = defaultdict(list)
        for contract_id, first, last in rows:
            spans[contract_id].append((first, last))
        return spans

    def _pauses(self):
        """Contract id to its pauses (first day, last day or None while it lasts), in order."""
        changes = self.env["membership.contract.change"].sudo()
        paused = changes._read_group(
            [("contract_id", "in", self.ids), ("state", "=", "paused")], ["contract_id"]
        )
        rows = changes.search(
            [
                ("contract_id", "in", [contract.id for (contract,) in paused]),
                ("kind", "=", "status"),
            ],
            order="date, id",
        )
        pauses = defaultdict(list)
        since = {}
        for row in rows:
            contract = row.contract_id
            if row.state == "paused":
                since.setdefault(contract, row.date)
            elif begin := since.pop(contract, None):
                pauses[contract.id].append((begin, row.date - timedelta(days=1)))
        for contract, begin in since.items():
            end = contract.resume_date and contract.resume_date - timedelta(days=1)
            pauses[contract.id].append((begin, end or None))
        return {
            key: [span for span in spans if span[1] is None or span[0] <= span[1]]
            for key, spans in pauses.items()
        }

    def _price_on(self, day, number=1):
        """The plan's price of a period that begins on ``day``; empty when there is none.

        :param number: the how-manieth period of the contract it is
        """
        self.ensure_one()
        age = self._member_age_on(day)
        return self.plan_id.price_ids.filtered(lambda price: price._fits(day, age, number))[:1]

    def _prices_for(self, periods):
        """The prices of many contracts' periods.

        :param periods: dict of contract id to a list of PeriodPlan, as from
            :meth:`_periods_due`
        :return: dict of (contract id, first day of the period) to a ``membership.plan.price``,
            which is empty when the plan has no price then
        """
        contracts = self.filtered(lambda contract: contract.id in periods)
        return {
            (contract.id, period.date_from): contract._price_on(period.date_from, period.number)
            for contract in contracts
            for period in periods[contract.id]
        }

    def _member_age_on(self, day):
        born = self.sudo().member_id.mbn_birth_date
        return relativedelta(day, born).years if born else None

    def _is_twin(self, other):
        """Is ``other`` a live contract of the same member and plan over the same time?"""
        return (
            other != self._origin
            and other.member_id == self.member_id
            and other.plan_id == self.plan_id
            and self.state != "ended"
            and (not other.date_end or not self.date_start or self.date_start <= other.date_end)
            and (not self.date_end or other.date_start <= self.date_end)
        )
