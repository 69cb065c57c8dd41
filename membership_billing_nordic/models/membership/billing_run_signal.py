from odoo import fields, models


class BillingRunSignal(models.Model):
    """What somebody wants of a run while a worker holds it: read between two chunks.

    Writing it on the run would make the worker lose its chunk, or the person wait for ever.
    """

    _name = "billing.run.signal"
    _description = "Billing Run Signal"

    run_id = fields.Many2one(
        "billing.run", required=True, index=True, ondelete="cascade", help="The billing run."
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    wish = fields.Selection(
        [("hold", "Hold"), ("cancel", "Cancel")], required=True, help="What the run is to do."
    )
