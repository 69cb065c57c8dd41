from odoo import fields, models
from odoo.exceptions import UserError


class BillingRunStart(models.TransientModel):
    """Previews for several companies at once: one run for each."""

    _name = "billing.run.start"
    _description = "Start Billing Runs"

    date = fields.Date(
        string="Invoice Date",
        required=True,
        default=lambda self: self.env.company._billing_today(),
        help="The date of the invoices.",
    )
    company_ids = fields.Many2many(
        "res.company",
        string="Companies",
        required=True,
        default=lambda self: self.env.companies,
        domain="[('id', 'in', allowed_company_ids)]",
        help="Each gets a run of its own.",
    )

    def action_start(self):
        """Make a run for each company and prepare its preview."""
        self.check_access("write")
        self.ensure_one()
        runs = self.env["billing.run"]
        runs._check_manager()
        if self.company_ids - self.env.companies:
            raise UserError(
                self.env._("Choose companies only that are ticked in the menu of companies.")
            )
        runs = runs.create(
            [{"date": self.date, "company_id": company.id} for company in self.company_ids]
        )
        runs.action_preview()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_billing_run"
        )
        return action | {"domain": [("id", "in", runs.ids)], "context": {}}
