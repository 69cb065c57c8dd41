"""Blocks: a person or a contract of which nothing new is invoiced or debited for a time.

What was invoiced before stays owed and is reminded of as ever: hold that on the claim.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .billing_blocks import Blocks
from .member_card import CardRow


class BillingBlock(models.Model):
    """Why and how long somebody is not billed; with *No Entry* the membership is suspended, too."""

    _name = "billing.block"
    _description = "Billing Block"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _rec_name = "reason"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="A person is blocked in this company only.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Person",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="All memberships of this person, and all that this person pays for.",
    )
    contract_id = fields.Many2one(
        "membership.contract",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="This membership only.",
    )
    reason = fields.Char(required=True, tracking=True, help="Shown to whoever asks why.")
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: self.env.company._billing_today(),
        help="The first day on which nothing is invoiced or debited.",
    )
    date_to = fields.Date(
        string="Until",
        tracking=True,
        help="The last day. Empty: until somebody lifts it. What was not invoiced meanwhile is "
        "invoiced by the next run.",
    )
    no_entry = fields.Boolean(
        tracking=True, help="The membership is suspended for as long, even where it is paid."
    )
    lifted_on = fields.Date(readonly=True, copy=False)
    lifted_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    state = fields.Selection(
        [("planned", "To Come"), ("on", "Blocked"), ("over", "Over")],
        required=True,
        readonly=True,
        default="planned",
        copy=False,
        index=True,
        tracking=True,
        help="Follows the days by itself.",
    )

    _one_target = models.Constraint(
        "CHECK ((partner_id IS NULL) <> (contract_id IS NULL))",
        "Choose either a person or a contract.",
    )
    _days_in_order = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "The last day is before the first."
    )

    @api.depends("reason", "date_to")
    def _compute_display_name(self):
        for block in self:
            block.display_name = block._text() if block.reason else False

    @api.model_create_multi
    def create(self, vals_list):
        blocks = super().create(vals_list)
        blocks._follow()
        return blocks

    def write(self, vals):
        result = super().write(vals)
        if {"date_from", "date_to", "no_entry", "lifted_on"} & set(vals):
            self._follow()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A block stays as history. Lift it instead."))

    def action_lift(self):
        """End these blocks today: what was not invoiced meanwhile is invoiced by the next run."""
        self.check_access("write")
        live = self.filtered(lambda block: block.state != "over")
        for company, blocks in live.grouped("company_id").items():
            blocks.write({"lifted_on": company._billing_today(), "lifted_by_id": self.env.uid})

    @api.model
    def _enter_action(self, defaults):
        """The dialog that enters a block."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Block"),
            "res_model": self._name,
            "views": [
                (self.env.ref("membership_billing_nordic.billing_block_view_form_enter").id, "form")
            ],
            "target": "new",
            "context": defaults,
        }

    def _text(self):
        """Why, and until when, in words."""
        self.ensure_one()
        if not self.date_to:
            return self.env._("Blocked until it is lifted: %(reason)s", reason=self.reason)
        return self.env._(
            "Blocked until %(day)s: %(reason)s",
            day=format_date(self.env, self.date_to),
            reason=self.reason,
        )

    # ------------------------------------------------------------------ beginning and end

    def _state_on(self, today):
        if self.lifted_on or (self.date_to and self.date_to < today):
            return "over"
        return "on" if self.date_from <= today else "planned"

    def _follow(self):
        """Let these blocks begin and end as their days say."""
        for block in self.sudo():
            state = block._state_on(block.company_id._billing_today())
            changed = state != block.state
            if changed:
                block.state = state
            if changed and state == "on":
                block._planned_debits()._drop("blocked")
            elif changed and state == "over":
                block._mandates()._collect_open_invoices()
            contracts = block._contracts()
            contracts.invalidate_recordset(["billing_block_id"])
            contracts._refresh_status()

    @api.model
    def _cron_follow(self):
        """Daily: blocks whose first day has come or whose last day is over."""
        for company in self.search([("state", "!=", "over")]).company_id:
            today = company._billing_today()
            self.search(
                [
                    ("company_id", "=", company.id),
                    "|",
                    "&",
                    ("state", "=", "planned"),
                    ("date_from", "<=", today),
                    "&",
                    ("state", "=", "on"),
                    ("date_to", "<", today),
                ]
            )._follow()
            self.env["ir.cron"]._commit_progress()

    def _contracts(self):
        contracts = self.env["membership.contract"]
        persons = self.partner_id
        return self.contract_id | contracts.search(
            [
                ("company_id", "=", self.company_id.id),
                "|",
                ("member_id", "in", persons.ids),
                ("payer_id", "in", persons.ids),
            ]
        )

    def _payers(self):
        return self.partner_id | self.contract_id.payer_id

    def _mandates(self):
        return self.env["direct.debit.mandate"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("partner_id", "in", self._payers().ids),
                ("state", "=", "active"),
            ]
        )

    def _planned_debits(self):
        """The debits that no bank knows of, of what is blocked."""
        orders = self.env["direct.debit.order"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("partner_id", "in", self._payers().ids),
                ("state", "=", "planned"),
            ]
        )
        blocks = Blocks(self.company_id, self.company_id._billing_today())
        return orders.filtered(lambda order: blocks.hold_back(order.line_ids.move_line_id.move_id))


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _debit_invoices(self, invoices):
        wanted = super()._debit_invoices(invoices)
        blocks = Blocks(self.company_id, self.company_id._billing_today())
        return wanted - blocks.hold_back(wanted) if blocks else wanted


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    withdraw_reason = fields.Selection(selection_add=[("blocked", "Blocked")])


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    status_reason = fields.Selection(selection_add=[("blocked", "Blocked")])
    billing_block_ids = fields.One2many("billing.block", "contract_id", string="Blocks")
    billing_block_id = fields.Many2one(
        "billing.block",
        string="Blocked",
        compute="_compute_billing_block_id",
        compute_sudo=True,
        help="Nothing new is invoiced or debited while it is in force.",
    )

    @api.depends("billing_block_ids.state", "member_id", "payer_id")
    def _compute_billing_block_id(self):
        self.billing_block_id = False
        for company, contracts in self.grouped("company_id").items():
            blocks = Blocks(company, company._billing_today())
            for contract in contracts:
                contract.billing_block_id = blocks.of(contract._origin)

    def action_block(self):
        """Enter a block of this membership."""
        self.env["billing.block"].check_access("create")
        self.check_access("read")
        self.ensure_one()
        return self.env["billing.block"]._enter_action({"default_contract_id": self.id})

    def _payment_status_on(self, today, due):
        block = self.billing_block_id
        if block.no_entry:
            return "suspended", "blocked", block.date_to and block.date_to + timedelta(days=1)
        return super()._payment_status_on(today, due)

    def _describe_blocked(self, due):
        return self.billing_block_id._text()


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_mbn_block(self):
        """Enter a block of this person."""
        self.env["billing.block"].check_access("create")
        self.check_access("read")
        self.ensure_one()
        return self.env["billing.block"]._enter_action({"default_partner_id": self.id})

    def _mbn_card_standing(self):
        rows = super()._mbn_card_standing()
        if not self.env["billing.block"].has_access("read"):
            return rows
        blocks = self.mbn_card_contract_ids.billing_block_id | self.env["billing.block"].search(
            [("partner_id", "=", self.id), ("state", "=", "on")]
        )
        label = self.env._("Billing")
        return [*rows, *(CardRow(label, block._text(), "danger") for block in blocks)]
