from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.membership.membership_contract_change import REASONS
from ..models.membership.membership_contract_schedule import TAKEN


class MembershipContractStop(models.TransientModel):
    """From when on memberships pause, or when they end."""

    _name = "membership.contract.stop"
    _description = "Pause or End Memberships"

    contract_ids = fields.Many2many("membership.contract", string="Contracts", required=True)
    operation = fields.Selection([("pause", "Pause"), ("end", "End")], required=True, default="end")
    date = fields.Date(
        required=True,
        compute="_compute_date",
        store=True,
        readonly=False,
        precompute=True,
        help="First day of the pause, or last day of membership.",
    )
    resume_date = fields.Date(
        string="Goes On", help="The membership goes on by itself on this day. May stay empty."
    )
    reason = fields.Selection(
        [reason for reason in REASONS if reason[0] != "joined"],
        help="For the statistics of why members leave.",
    )
    note = fields.Char(help="Anything to remember about it.")
    invoiced_until = fields.Date(
        compute="_compute_invoiced_until", help="Last day that is already invoiced."
    )

    @api.depends("operation", "contract_ids")
    def _compute_date(self):
        for stop in self:
            today = self.env.company._billing_today()
            paid = [day for day in stop.contract_ids.mapped("paid_until") if day]
            stop.date = max([today, *paid]) if stop.operation == "end" else today

    @api.depends("contract_ids")
    def _compute_invoiced_until(self):
        for stop in self:
            stretches = stop.contract_ids._origin._covered_spans(TAKEN).values()
            stop.invoiced_until = max((spans[-1][1] for spans in stretches), default=False)

    def action_apply(self):
        """Pause or end the contracts."""
        self.ensure_one()
        if not self.contract_ids:
            raise UserError(self.env._("Choose at least one contract."))
        if self.operation == "pause":
            self.contract_ids._pause(self.date, self.resume_date, self.reason, self.note)
        else:
            self.contract_ids._end(self.date, self.reason, self.note)
        return {"type": "ir.actions.act_window_close"}
