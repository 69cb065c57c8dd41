from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.membership.membership_contract_change import REASONS
from ..models.membership.membership_contract_end import WITHOUT_NOTICE
from . import consequences

BILLING_USER = "membership_billing_nordic.group_billing_user"


class MembershipContractStop(models.TransientModel):
    """From when on memberships pause, or when they end."""

    _name = "membership.contract.stop"
    _description = "Pause or End Memberships"

    contract_ids = fields.Many2many("membership.contract", string="Contracts", required=True)
    operation = fields.Selection([("end", "End"), ("pause", "Pause")], required=True, default="end")
    date = fields.Date(
        required=True,
        compute="_compute_date",
        store=True,
        readonly=False,
        precompute=True,
        help="First day of the pause, or last day of membership.",
    )
    earliest = fields.Date(
        compute="_compute_earliest",
        help="The earliest last day by notice and binding.",
    )
    is_early = fields.Boolean(compute="_compute_earliest")
    by_agreement = fields.Boolean(
        help="The date was agreed on with the member, though notice or binding last longer, or the "
        "plan's rules of a freeze say otherwise.",
    )
    may_agree = fields.Boolean(compute="_compute_may_agree")
    resume_date = fields.Date(
        string="Goes On", help="The membership goes on by itself on this day. May stay empty."
    )
    is_against_rules = fields.Boolean(compute="_compute_is_against_rules")
    reason = fields.Selection(
        [reason for reason in REASONS if reason[0] not in ("joined", "term")],
        help="For the statistics of why members leave. A deceased member, or one registered "
        "twice, ends without notice.",
    )
    note = fields.Char(help="Anything to remember about it.")
    has_left = fields.Boolean(compute="_compute_left")
    settlement = fields.Selection(
        [
            ("credit", "Credit the part after the end"),
            ("leave", "Leave it as it is"),
        ],
        compute="_compute_settlement",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="What becomes of what is invoiced for the time after the end. Open invoices go down "
        "by it; what was paid stands to the payer's credit.",
    )
    left_amount = fields.Monetary(
        string="Left",
        compute="_compute_left",
        help="What is invoiced for the time after the end, and is not owed by the plan's rule.",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_left")
    money = fields.Selection(
        [
            ("next", "Use it on the next invoice"),
            ("open", "Use it on open invoices now"),
            ("refund", "Pay it back"),
        ],
        string="What Was Paid of It",
        required=True,
        default="next",
        help="What becomes of the part of the credit that is paid already.",
    )
    was_paid = fields.Boolean(compute="_compute_left")
    has_exit_fee = fields.Boolean(compute="_compute_left")
    charge_exit_fee = fields.Boolean(
        compute="_compute_charge_exit_fee",
        store=True,
        readonly=False,
        precompute=True,
        help="Charge what leaving within the binding period costs.",
    )
    preview = fields.Html(compute="_compute_preview", sanitize=False)

    @api.depends("operation", "contract_ids")
    def _compute_date(self):
        for stop in self:
            contracts = stop.contract_ids._origin.with_user(self.env.user)
            today = self.env.company._billing_today()
            if stop.operation == "end":
                paid = [day for day in contracts.mapped("paid_until") if day]
                earliest = [contract._earliest_end(today) for contract in contracts]
                stop.date = max([today, *paid, *earliest])
            else:
                earliest = [
                    contract._earliest_freeze(contract._plan_on(today)) for contract in contracts
                ]
                starts = contracts.mapped("date_start")
                stop.date = max([today, *starts, *filter(None, earliest)])

    @api.onchange("reason")
    def _onchange_reason(self):
        if self.operation == "end" and self.reason in WITHOUT_NOTICE:
            self.date = self.env.company._billing_today()

    @api.depends("contract_ids", "date", "operation", "reason")
    def _compute_earliest(self):
        for stop in self:
            today = self.env.company._billing_today()
            ending = stop.operation == "end" and stop.reason not in WITHOUT_NOTICE
            contracts = stop.contract_ids._origin if ending else stop.contract_ids.browse()
            days = [contract._earliest_end(today) for contract in contracts]
            stop.earliest = max(days, default=False)
            stop.is_early = bool(days and stop.date and stop.date < max(days))

    @api.depends("contract_ids", "date", "resume_date", "operation", "reason")
    def _compute_is_against_rules(self):
        for stop in self:
            pausing = stop.operation == "pause" and stop.date
            contracts = stop.contract_ids._origin if pausing else stop.contract_ids.browse()
            stop.is_against_rules = any(
                contract._freeze_problems(stop.date, stop.resume_date, stop.reason)
                for contract in contracts
            )

    def _compute_may_agree(self):
        self.may_agree = self.env.user.has_group(BILLING_USER)

    @api.depends("contract_ids", "date", "operation")
    def _compute_left(self):
        for stop in self:
            contracts = stop.contract_ids._origin
            ending = stop.operation == "end" and stop.date
            left = contracts.sudo()._left_after(stop.date) if ending else {}
            billed = {charge: left[charge] for charge in left if charge.state != "to_invoice"}
            stop.has_left = bool(billed)
            stop.currency_id = contracts.currency_id[:1]
            is_one = len(contracts.currency_id) == 1
            stop.left_amount = sum(billed.values()) if is_one else 0.0
            stop.was_paid = bool(contracts.sudo()._paid_of(billed))
            stop.has_exit_fee = ending and any(
                contract._exit_fee_on(stop.date) for contract in contracts
            )

    @api.depends("contract_ids")
    def _compute_settlement(self):
        for stop in self:
            stop.settlement = "credit" if stop.may_agree else "leave"

    @api.depends("reason")
    def _compute_charge_exit_fee(self):
        for stop in self:
            stop.charge_exit_fee = stop.reason not in WITHOUT_NOTICE

    @api.depends(
        "contract_ids",
        "operation",
        "date",
        "resume_date",
        "reason",
        "settlement",
        "charge_exit_fee",
        "money",
    )
    def _compute_preview(self):
        for stop in self:
            contracts = stop.contract_ids._origin
            vals = stop._decided() | {"money": stop.money}
            rows = contracts._consequences(stop.operation, stop.date, vals)
            stop.preview = consequences.table(contracts, rows) if stop.date else False

    def _decided(self):
        """What is to be done besides: only a billing user credits, or waives the exit fee."""
        if self.operation == "pause":
            return {"resume_date": self.resume_date, "reason": self.reason}
        return {
            "credit": self.may_agree and self.settlement == "credit",
            "exit_fee": self.has_exit_fee and (self.charge_exit_fee or not self.may_agree),
        }

    def action_apply(self):
        """Pause or end the contracts."""
        self.check_access("write")
        self.ensure_one()
        if not self.contract_ids:
            raise UserError(self.env._("Choose at least one contract."))
        by_agreement = self.by_agreement and self.may_agree
        if self.operation == "pause":
            self.contract_ids._check_freeze(
                self.date, self.resume_date, self.reason, by_agreement=by_agreement
            )
            self.contract_ids._pause(self.date, self.resume_date, self.reason, self.note)
        else:
            self.contract_ids._check_notice(
                self.date,
                self.env.company._billing_today(),
                self.reason,
                by_agreement=by_agreement,
            )
            notes = self.contract_ids._end(self.date, self.reason, self.note, **self._decided())
            return self._use_money(notes)
        return {"type": "ir.actions.act_window_close"}

    def _use_money(self, notes):
        """What becomes of what was paid of the credit notes, and what is shown next."""
        credits = notes.sudo().line_ids.filtered(
            lambda line: (
                line.account_type == "asset_receivable" and line.amount_residual_currency < 0
            )
        )
        if credits and self.may_agree and self.money == "open":
            credits._mbn_pay(credits._mbn_claims_of_payers())
        if credits and self.may_agree and self.money == "refund":
            return self._refund(credits)
        return {"type": "ir.actions.act_window_close"}

    def _refund(self, credits):
        """Propose refunds: of one payer in the dialog, of several at once."""
        refunds, action = self.env["bank.refund"], {"type": "ir.actions.act_window_close"}
        groups = credits.grouped(lambda line: (line.company_id, line.partner_id, line.currency_id))
        for (company, payer, currency), lines in groups.items():
            amount = -sum(lines.mapped("amount_residual_currency"))
            reason = lines.move_id[:1].ref
            if len(groups) == 1:
                return self.env["bank.refund.propose"]._open_for(
                    company, payer, currency, amount, reason, credits=lines
                )
            refunds._propose(company, payer, currency, amount, reason, credits=lines)
        return action
