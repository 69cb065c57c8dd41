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
        help="The date was agreed on with the member, though notice or binding last longer.",
    )
    may_agree = fields.Boolean(compute="_compute_may_agree")
    resume_date = fields.Date(
        string="Goes On", help="The membership goes on by itself on this day. May stay empty."
    )
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
                stop.date = max([today, *contracts.mapped("date_start")])

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

    def _compute_may_agree(self):
        self.may_agree = self.env.user.has_group(BILLING_USER)

    @api.depends("contract_ids", "date", "operation")
    def _compute_left(self):
        for stop in self:
            contracts = stop.contract_ids._origin
            ending = stop.operation == "end" and stop.date
            left = contracts.sudo()._left_after(stop.date) if ending else {}
            stop.has_left = any(charge.state != "to_invoice" for charge in left)
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
        "contract_ids", "operation", "date", "resume_date", "settlement", "charge_exit_fee"
    )
    def _compute_preview(self):
        for stop in self:
            contracts = stop.contract_ids._origin
            rows = contracts._consequences(stop.operation, stop.date, stop._decided())
            stop.preview = consequences.table(contracts, rows) if stop.date else False

    def _decided(self):
        """What is to be done besides: only a billing user credits, or waives the exit fee."""
        if self.operation == "pause":
            return {"resume_date": self.resume_date}
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
        if self.operation == "pause":
            self.contract_ids._pause(self.date, self.resume_date, self.reason, self.note)
        else:
            self.contract_ids._check_notice(
                self.date,
                self.env.company._billing_today(),
                self.reason,
                by_agreement=self.by_agreement and self.may_agree,
            )
            self.contract_ids._end(self.date, self.reason, self.note, **self._decided())
        return {"type": "ir.actions.act_window_close"}
