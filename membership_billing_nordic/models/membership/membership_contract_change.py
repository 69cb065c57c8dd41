from odoo import api, fields, models
from odoo.tools import format_date, formatLang

REASONS = [
    ("joined", "Joined"),
    ("request", "Member's wish"),
    ("moved", "Moved"),
    ("price", "Price"),
    ("unpaid", "Not paid"),
    ("health", "Health"),
    ("deceased", "Deceased"),
    ("duplicate", "Registered twice"),
    ("term", "Time was over"),
    ("correction", "Correction"),
    ("other", "Other"),
]
CONTRACT_STATES = [
    ("draft", "Draft"),
    ("confirmed", "Confirmed"),
    ("paused", "Paused"),
    ("ended", "Ended"),
]


class MembershipContractChange(models.Model):
    """One dated fact of a contract. Written by the contract, never changed afterwards.

    Each row carries the new value of one fact (``kind``) from ``date`` on, so that the
    state of a contract on any past day is the latest row of every kind.
    """

    _name = "membership.contract.change"
    _description = "Membership Contract Change"
    _order = "date desc, id desc"
    _rec_name = "kind"
    _check_company_auto = True

    contract_id = fields.Many2one(
        "membership.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="contract_id.currency_id")
    date = fields.Date(string="From", required=True, index=True, help="When it takes effect.")
    kind = fields.Selection(
        [
            ("status", "Status"),
            ("plan", "Plan"),
            ("price", "Price"),
            ("discount", "Discount"),
            ("association", "Association"),
            ("member", "Member"),
            ("payer", "Payer"),
            ("means", "Means of payment"),
            ("start", "Start"),
            ("end", "End"),
            ("billed_from", "Billed from"),
        ],
        required=True,
        index=True,
        help="Which fact of the contract changed.",
    )
    reason = fields.Selection(REASONS, help="Why.")
    note = fields.Char(help="Anything to remember about it.")
    state = fields.Selection(CONTRACT_STATES)
    plan_id = fields.Many2one("membership.plan", ondelete="restrict")
    association_id = fields.Many2one("membership.association", ondelete="restrict")
    partner_id = fields.Many2one("res.partner", string="Member or Payer", ondelete="restrict")
    agreement_id = fields.Many2one("bank.agreement", ondelete="restrict")
    date_value = fields.Date(string="Date")
    amount = fields.Monetary()
    value = fields.Char(
        string="New Value", compute="_compute_value", help="The fact from that day on."
    )

    _paused = models.Index("(contract_id) WHERE state = 'paused'")

    @api.depends(
        "kind",
        "state",
        "plan_id",
        "association_id",
        "partner_id",
        "agreement_id",
        "date_value",
        "amount",
    )
    def _compute_value(self):
        states = dict(self._fields["state"]._description_selection(self.env))
        for change in self:
            record = change.plan_id or change.association_id or change.partner_id
            if change.kind == "means":
                record = change.sudo().agreement_id
            if change.state:
                change.value = states[change.state]
            elif change.date_value:
                change.value = format_date(self.env, change.date_value)
            elif change.kind in ("price", "discount"):
                change.value = formatLang(self.env, change.amount, currency_obj=change.currency_id)
            else:
                change.value = record.display_name
