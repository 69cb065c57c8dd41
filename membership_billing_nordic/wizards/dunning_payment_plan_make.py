from dateutil.relativedelta import relativedelta
from odoo import Command, api, fields, models
from odoo.exceptions import UserError

_MOST = 60
_EVERY = {
    "week": relativedelta(weeks=1),
    "fortnight": relativedelta(weeks=2),
    "month": relativedelta(months=1),
}


class DunningPaymentPlanMake(models.TransientModel):
    """Agree with a payer on instalments: they are proposed, can be changed, and are then sent."""

    _name = "dunning.payment.plan.make"
    _description = "Make a Payment Plan"

    claim_ids = fields.Many2many("dunning.claim", string="Claims", required=True)
    partner_id = fields.Many2one(related="claim_ids.partner_id", string="Payer")
    currency_id = fields.Many2one(related="claim_ids.currency_id")
    amount_owed = fields.Monetary(
        string="Owed",
        compute="_compute_amount_owed",
        help="The open invoices, with fees and interest that letters claim.",
    )
    fee = fields.Monetary(
        string="Fee of the Plan",
        compute="_compute_fee",
        store=True,
        readonly=False,
        help="Proposed is the highest fee that the law allows. Where it knows none, there is none.",
    )
    fee_note = fields.Char(compute="_compute_fee_note", help="Why no fee can be claimed.")
    amount_total = fields.Monetary(string="To Pay in All", compute="_compute_amount_total")
    count = fields.Integer(string="Number of Instalments", default=3, required=True)
    every = fields.Selection(
        [("week", "Week"), ("fortnight", "Two weeks"), ("month", "Month")],
        required=True,
        default="month",
    )
    first_date = fields.Date(
        string="First One On",
        required=True,
        default=lambda self: self.env.company._billing_today() + relativedelta(days=14),
    )
    line_ids = fields.One2many(
        "dunning.payment.plan.make.line",
        "make_id",
        string="Instalments",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    amount_planned = fields.Monetary(string="In Instalments", compute="_compute_amount_planned")
    amount_left = fields.Monetary(string="Not in Any Instalment", compute="_compute_amount_planned")

    @api.depends("claim_ids")
    def _compute_amount_owed(self):
        for wizard in self:
            wizard.amount_owed = wizard.claim_ids._owed()

    @api.depends("claim_ids")
    def _compute_fee(self):
        for wizard in self:
            wizard.fee = wizard._highest_fee()[0]

    @api.depends("claim_ids")
    def _compute_fee_note(self):
        for wizard in self:
            wizard.fee_note = wizard._highest_fee()[1]

    def _highest_fee(self):
        claims = self.claim_ids._origin
        return self.env["dunning.payment.plan"]._highest_fee(claims) if claims else (0.0, "")

    @api.depends("amount_owed", "fee")
    def _compute_amount_total(self):
        for wizard in self:
            wizard.amount_total = wizard.amount_owed + wizard.fee

    @api.depends("count", "every", "first_date", "amount_total")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [
                Command.clear(),
                *(
                    Command.create({"due_date": day, "amount": amount})
                    for day, amount in wizard._proposed()
                ),
            ]

    @api.depends("line_ids.amount", "amount_total")
    def _compute_amount_planned(self):
        for wizard in self:
            wizard.amount_planned = sum(wizard.line_ids.mapped("amount"))
            left = wizard.amount_total - wizard.amount_planned
            wizard.amount_left = wizard.currency_id.round(left) if wizard.currency_id else left

    def _proposed(self):
        """(due date, amount) of equal instalments; the last one takes what does not divide."""
        currency, count = self.currency_id, min(self.count, _MOST)
        if count < 1 or not self.first_date or not currency:
            return []
        each = currency.round(self.amount_total / count)
        last = currency.round(self.amount_total - each * (count - 1))
        step = _EVERY[self.every or "month"]
        days = [self.first_date + step * number for number in range(count)]
        return list(zip(days, [each] * (count - 1) + [last], strict=True))

    def action_agree(self):
        """Make the plan, and send it to the payer in writing.

        :raise UserError: the instalments do not come to what is owed, or there can be no plan
        """
        self.check_access("write")
        self.ensure_one()
        claims = self.claim_ids
        claims._check_may_hold()
        if len(claims.company_id) != 1:
            raise UserError(self.env._("Choose claims of one company."))
        company = claims.company_id
        office = claims.sudo().with_company(company).with_context(**company._billing_context())
        plan = office.env["dunning.payment.plan"]._agree(
            office, [(line.due_date, line.amount) for line in self.line_ids], self.fee
        )
        return plan.with_env(self.env).get_formview_action()


class DunningPaymentPlanMakeLine(models.TransientModel):
    """A proposed instalment."""

    _name = "dunning.payment.plan.make.line"
    _description = "Proposed Instalment"
    _order = "due_date, id"

    make_id = fields.Many2one("dunning.payment.plan.make", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="make_id.currency_id")
    due_date = fields.Date(required=True)
    amount = fields.Monetary()
