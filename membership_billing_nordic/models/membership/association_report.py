"""What was collected for associations, by month, association and plan."""

from odoo import fields, models
from odoo.tools import SQL


class MembershipAssociationReport(models.Model):
    """Fees of an association's members, and what is whose of them; one row for each fact."""

    _name = "membership.association.report"
    _description = "Associations' Money"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "association_id"
    _depends = {
        "account.move": ["invoice_date", "state", "move_type"],
        "account.move.line": ["mbn_charge_id", "mbn_credited_charge_id", "price_subtotal"],
        "membership.charge": ["association_id", "contract_id", "invoice_line_id", "period_id"],
        "membership.payout": ["state", "pay_state"],
        "membership.period": ["plan_id"],
        "membership.share": ["amount", "association_id", "charge_id", "date", "payout_id"],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date(readonly=True, help="Of the invoice, or when the share was booked.")
    kind = fields.Selection(
        [("income", "Fees of its members"), ("share", "Its share")], string="What", readonly=True
    )
    association_id = fields.Many2one(
        "membership.association",
        readonly=True,
        help="Fees: the member's association. Shares: the one whose share it is.",
    )
    home_id = fields.Many2one(
        "membership.association", string="Member's Association", readonly=True
    )
    plan_id = fields.Many2one("membership.plan", readonly=True)
    contract_id = fields.Many2one("membership.contract", readonly=True)
    income = fields.Monetary(
        string="Invoiced", readonly=True, help="Fees without tax, less what was credited."
    )
    share = fields.Monetary(string="Shares", readonly=True, help="Less what was taken back.")
    paid_out = fields.Monetary(readonly=True, help="Shares in pay-outs that are paid or set off.")
    under_way = fields.Monetary(
        string="Being Paid",
        readonly=True,
        help="Shares in pay-outs that wait for approval or the bank.",
    )
    open_share = fields.Monetary(
        string="Open", readonly=True, help="Shares that are in no pay-out yet."
    )

    @property
    def _table_query(self):
        return SQL(
            """SELECT 2 * line.id AS id, line.company_id, line.currency_id, move.invoice_date AS date,
                      'income' AS kind, charge.association_id, charge.association_id AS home_id,
                      COALESCE(period.plan_id, contract.plan_id) AS plan_id, charge.contract_id,
                      CASE move.move_type WHEN 'out_refund' THEN -line.price_subtotal
                                          ELSE line.price_subtotal END AS income,
                      0.0 AS share, 0.0 AS paid_out, 0.0 AS under_way, 0.0 AS open_share
                 FROM account_move_line line
                 JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
                 JOIN membership_charge charge
                   ON charge.id = COALESCE(line.mbn_charge_id, line.mbn_credited_charge_id)
                 JOIN membership_contract contract ON contract.id = charge.contract_id
            LEFT JOIN membership_period period ON period.id = charge.period_id
                WHERE charge.association_id IS NOT NULL
            UNION ALL
               SELECT 2 * share.id + 1, share.company_id, share.currency_id, share.date,
                      'share', share.association_id, share.home_id, share.plan_id,
                      share.contract_id, 0.0, share.amount,
                      CASE WHEN payout.pay_state = 'paid' THEN share.amount ELSE 0.0 END,
                      CASE WHEN payout.pay_state != 'paid' THEN share.amount ELSE 0.0 END,
                      CASE WHEN payout.id IS NULL THEN share.amount ELSE 0.0 END
                 FROM membership_share share
            LEFT JOIN membership_payout payout ON payout.id = share.payout_id"""
        )
