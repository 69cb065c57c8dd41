"""Starts a pay-out run to associations, and writes its statements as lists."""

from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from .csv_list import write_rows

COLUMNS = ("date", "member", "plan", "from", "to", "what", "amount", "currency")


class MembershipPayoutStart(models.TransientModel):
    _name = "membership.payout.start"
    _description = "Pay Out Shares"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date_to = fields.Date(
        string="Shares Until",
        required=True,
        default=lambda self: self.env.company._billing_today().replace(day=1) - timedelta(days=1),
        help="Shares that were booked up to this day; by default those of the last month.",
    )
    association_ids = fields.Many2many(
        "membership.association",
        string="Associations",
        check_company=True,
        help="Pay these only. Empty: all to whom something is owed.",
    )
    method = fields.Selection(
        [("transfer", "Payment file"), ("manual", "By hand")],
        string="Paid By",
        default="transfer",
        required=True,
    )

    def action_start(self):
        """Propose a pay-out for each association, and show them.

        :raises UserError: nothing is owed
        """
        self.check_access("write")
        self.ensure_one()
        payouts = self.env["membership.payout"]._propose(
            self.company_id, self.date_to, self.association_ids, self.method
        )
        if not payouts:
            raise UserError(
                self.env._(
                    "Nothing is to be paid out: no association has shares above zero up to that "
                    "day that are not in a pay-out."
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_membership_payout"
        )
        return action | {"domain": [("id", "in", payouts.ids)], "context": {}}


class MembershipPayout(models.Model):
    _inherit = "membership.payout"

    def action_csv(self):
        """The statement as a list for spreadsheets."""
        self.check_access("read")
        self.ensure_one()
        payout = self.sudo()
        opening = {"what": self.env._("Opening balance"), "amount": payout.amount_opening}
        closing = {"what": self.env._("To pay"), "amount": payout.amount_to_pay}
        rows = [opening, *payout._statement_rows(), closing]
        attachment = payout.env["ir.attachment"].create(
            {
                "name": f"{payout.name}.csv",
                "datas": write_rows(COLUMNS, [payout._written(row) for row in rows]),
                "mimetype": "text/csv",
                "res_model": self._name,
                "res_id": payout.id,
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "download",
        }

    def _written(self, row):
        cells = {name: str(row.get(name) or "") for name in COLUMNS}
        return cells | {"amount": f"{row['amount']:.2f}", "currency": self.currency_id.name}
