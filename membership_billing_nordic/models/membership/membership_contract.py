from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, RedirectWarning, UserError, ValidationError
from odoo.tools import format_date

from .membership_contract_change import CONTRACT_STATES

# Field of the contract -> kind of change and the field of the change that keeps the value.
FACTS = {
    "state": ("status", "state"),
    "plan_id": ("plan", "plan_id"),
    "association_id": ("association", "association_id"),
    "agreement_id": ("means", "agreement_id"),
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
    plan_since = fields.Date(
        readonly=True,
        copy=False,
        help="First day of the present plan, when the contract had another one before.",
    )
    next_plan_id = fields.Many2one(
        "membership.plan",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The plan the member changes to.",
    )
    next_plan_date = fields.Date(
        string="Next Plan From",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="First day of the next plan: periods that begin from then on are billed by it.",
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
    outside_partner_id = fields.Many2one(
        "res.users",
        index="btree_not_null",
        help="A user outside the office who looks after this member, and sees no other.",
    )
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
    payer_warning = fields.Char(
        compute="_compute_payer_warning", help="Why the payer cannot pay, and what to do."
    )
    twin_id = fields.Many2one(
        "membership.contract",
        compute="_compute_twin_id",
        help="Another contract of the same member and plan over the same time.",
    )
    price_warning = fields.Char(
        compute="_compute_price_warning", help="Why the member cannot be invoiced."
    )
    is_due = fields.Boolean(compute="_compute_is_due", help="There is something to invoice today.")
    period_count = fields.Integer(compute="_compute_counts", help="Periods that stand.")
    invoice_count = fields.Integer(compute="_compute_counts", help="Invoices made.")

    _dates = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A contract cannot end before it starts.",
    )
    _next_plan_has_a_date = models.Constraint(
        "CHECK ((next_plan_id IS NULL) = (next_plan_date IS NULL))",
        "A planned change of plan needs a day.",
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

    @api.depends("payer_id.commercial_partner_id")
    def _compute_payer_warning(self):
        for contract in self:
            payer = contract.payer_id._origin
            wrong = payer.commercial_partner_id != payer
            contract.payer_warning = wrong and payer._mbn_not_own_payer_text()

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
                "No price of the plan %(plan)s is valid on %(day)s. Add one to the plan, or this "
                "member cannot be invoiced.",
                plan=contract.plan_id.name,
                day=format_date(self.env, day),
            )

    @api.depends("next_invoice_date")
    def _compute_is_due(self):
        for contract in self:
            day, company = contract.next_invoice_date, contract.company_id
            contract.is_due = bool(day and company and day <= company._billing_today())

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
            day = max(contract.date_start, contract.company_id._billing_today())
            contract._check_takes_members(contract.association_id, day)

    def _check_takes_members(self, association, day):
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
        self._note_plan_since(before)
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

    def _note_plan_since(self, changed):
        day = self.env.context.get("mbn_change", {}).get("date")
        for contract, names in changed.items():
            if "plan_id" in names:
                contract.plan_since = day or contract.company_id._billing_today()

    def _note_changes(self, changed):
        """Keep what was changed as dated facts.

        :param changed: contract to the names of its changed fields
        """
        note = self.env.context.get("mbn_change", {})
        if note.get("noted"):
            return
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

    def _plan_on(self, day):
        """The plan by which a period that begins on ``day`` is billed."""
        self.ensure_one()
        if self.next_plan_date and day >= self.next_plan_date:
            return self.next_plan_id
        if not self.plan_since or day >= self.plan_since:
            return self.plan_id
        return self._plan_row_on(day).plan_id or self.plan_id

    def _plan_start_on(self, day):
        """Since when the member has the plan by which a period that begins on ``day`` is billed."""
        self.ensure_one()
        if self.next_plan_date and day >= self.next_plan_date:
            return self.next_plan_date
        if not self.plan_since:
            return self.date_start
        if day >= self.plan_since:
            return self.plan_since
        return self._plan_row_on(day).date or self.date_start

    def _plan_row_on(self, day):
        return self.env["membership.contract.change"].search(
            [("contract_id", "=", self._origin.id), ("kind", "=", "plan"), ("date", "<=", day)],
            order="date desc, id desc",
            limit=1,
        )

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
        self.check_access("write")
        drafts = self.filtered(lambda contract: contract.state == "draft")
        drafts.payer_id._mbn_check_own_payer()
        drafts.member_id._mbn_give_member_numbers()
        drafts.write({"state": "confirmed"})
        drafts._refresh_status()

    def action_stop(self):
        """Ask whether and when the contracts pause or end."""
        self.check_access("write")
        return self._ask("end", self.env._("Pause or End Membership"))

    def action_pause(self):
        """Ask from when on the contracts pause."""
        self.check_access("write")
        return self._ask("pause", self.env._("Pause Membership"))

    def action_end(self):
        """Ask when the contracts end."""
        self.check_access("write")
        return self._ask("end", self.env._("End Membership"))

    def action_bill_now(self):
        """Invoice what is due for the contracts, and show the invoices."""
        self._check_billing_user()
        run = self.env["billing.run"]._bill_now(self)
        if not run:
            raise UserError(self.env._("Nothing is to be invoiced today."))
        return self.env["account.move"]._mbn_list_action(run.line_ids.invoice_id)

    def _check_billing_user(self):
        if not self.env.user.has_group("membership_billing_nordic.group_billing_user"):
            raise AccessError(self.env._("Only a billing user can make invoices."))

    def action_charge(self):
        """Ask what is to be charged once."""
        self.env["membership.contract.charge"].check_access("create")
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Charge Something Once"),
            "res_model": "membership.contract.charge",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_contract_id": self.id},
        }

    def action_resume(self):
        """Let paused contracts go on from today."""
        self.check_access("write")
        self._resume(self.env.company._billing_today())

    def action_detach_payer(self):
        """Make the payers independent of the companies whose contacts they are."""
        self.check_access("write")
        self.payer_id.action_mbn_detach()

    def action_view_twin(self):
        """Show the other contract of the same member and plan."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.twin_id.id,
            "views": [(False, "form")],
        }

    def action_view_periods(self):
        """Show the periods of the contracts."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Periods"),
            "res_model": "membership.period",
            "views": [(False, "list"), (False, "form")],
            "domain": [("contract_id", "in", self.ids)],
        }

    def action_view_invoices(self):
        """Show the invoices of the contracts."""
        self.check_access("read")
        return self.env["account.move"]._mbn_list_action(self.period_ids.invoice_ids)

    @api.model
    def _list_action(self, domain, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "views": [(False, "list"), (False, "form")],
            "domain": domain,
        }

    def _ask(self, operation, title):
        self.env["membership.contract.stop"].check_access("create")
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
        self._check_pause(day, resume_date)
        at_once = self._settled_at_once()
        for contract in self:
            contract._freeze(day, resume_date)
        vals = {"state": "paused", "paused_from": day, "resume_date": resume_date}
        self._write_dated(vals, day, reason, note)
        self._refresh_status()
        at_once._bill_switches()

    def _check_pause(self, day, resume_date=False):
        if any(contract.state != "confirmed" for contract in self):
            raise UserError(self.env._("Only a confirmed membership can be paused."))
        if any(day < contract.date_start for contract in self):
            raise UserError(self.env._("A membership cannot be paused before it starts."))
        if resume_date and resume_date <= day:
            raise UserError(self.env._("A pause cannot end before it begins."))

    def _resume(self, day):
        """Let paused contracts go on: periods begin again from ``day`` on."""
        for contract in self.filtered(lambda contract: contract.state == "paused"):
            contract._unfreeze(day)
            contract._write_dated(
                {"state": "confirmed", "paused_from": False, "resume_date": False},
                max(day, contract.paused_from),
                "request",
            )
        self._refresh_status()

    def _write_dated(self, vals, day, reason=False, note=False):
        change = {"date": day, "reason": reason, "note": note}
        self.with_context(mbn_change=change).write(vals)

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
