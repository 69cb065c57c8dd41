from odoo import fields, models


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[
            ("dunning_waiting", "Reminders wait for approval"),
            ("dunning_stuck", "Reminders could not go out"),
            ("dunning_untold", "Reminder did not reach the payer"),
            ("dunning_accounts", "Paid fees cannot be booked"),
            ("dunning_lapse_stuck", "Invoice could not close by itself"),
            ("dunning_plan_broken", "Payment plan is broken"),
            ("dunning_books_stuck", "What reminders claim could not be settled"),
        ],
        ondelete={
            "dunning_waiting": "cascade",
            "dunning_stuck": "cascade",
            "dunning_untold": "cascade",
            "dunning_accounts": "cascade",
            "dunning_lapse_stuck": "cascade",
            "dunning_plan_broken": "cascade",
            "dunning_books_stuck": "cascade",
        },
    )
