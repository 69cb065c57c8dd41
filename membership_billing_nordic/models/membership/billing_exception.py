from odoo import fields, models


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[
            ("billing_run_waiting", "Billing waits for approval"),
            ("billing_run_failed", "Memberships not billed"),
            ("billing_run_stopped", "Billing could not start"),
            ("billing_run_kept", "Undo left invoices"),
            ("billing_invoice_unsent", "Invoices not sent"),
            ("billing_letters_waiting", "Letters to print"),
            ("membership_offer_stuck", "Offer could not lapse"),
            ("membership_lapse_stuck", "Membership could not lapse"),
        ],
        ondelete={
            "billing_run_waiting": "cascade",
            "billing_run_failed": "cascade",
            "billing_run_stopped": "cascade",
            "billing_run_kept": "cascade",
            "billing_invoice_unsent": "cascade",
            "billing_letters_waiting": "cascade",
            "membership_offer_stuck": "cascade",
            "membership_lapse_stuck": "cascade",
        },
    )
