from odoo import api, fields, models


class DunningPaymentPlanInstalment(models.Model):
    """One instalment of a payment plan. What is paid fulfils them in turn."""

    _name = "dunning.payment.plan.instalment"
    _description = "Instalment of a Payment Plan"
    _order = "plan_id, due_date, id"
    _rec_name = "due_date"

    plan_id = fields.Many2one(
        "dunning.payment.plan", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    due_date = fields.Date(required=True, readonly=True)
    amount = fields.Monetary(readonly=True)
    amount_open = fields.Monetary(string="Open", compute="_compute_amount_open")

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "An instalment has to be above zero."
    )

    @api.depends("amount", "due_date", "plan_id.amount_paid", "plan_id.instalment_ids.amount")
    def _compute_amount_open(self):
        self.amount_open = 0.0
        for plan in self.plan_id:
            left = plan.amount_paid
            for instalment in plan.instalment_ids.sorted(lambda one: (one.due_date, one.id)):
                used = min(left, instalment.amount)
                left = plan.currency_id.round(left - used)
                instalment.amount_open = plan.currency_id.round(instalment.amount - used)
