from odoo import fields, models


class BillingRunTotal(models.Model):
    """What one plan comes to in a billing run, as it was previewed."""

    _name = "billing.run.total"
    _description = "Billing Run Total"
    _order = "amount desc, id"

    run_id = fields.Many2one(
        "billing.run", required=True, index=True, ondelete="cascade", help="The billing run."
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    plan_id = fields.Many2one(
        "membership.plan", required=True, ondelete="restrict", help="The plan."
    )
    currency_id = fields.Many2one("res.currency", required=True, help="Currency of the amount.")
    contract_count = fields.Integer(string="Memberships", help="Memberships to invoice.")
    period_count = fields.Integer(
        string="Periods", help="Periods to invoice; more than one where periods were missed."
    )
    amount = fields.Monetary(string="To Invoice", help="What payers pay, tax included.")
