from odoo import api, fields, models
from odoo.exceptions import UserError


class BillingRun(models.Model):
    _inherit = "billing.run"

    letter_count = fields.Integer(
        string="Letters to Print",
        compute="_compute_letter_count",
        help="Invoices of this run that go by letter and are not posted yet.",
    )
    bundle_ids = fields.One2many(
        "billing.delivery.bundle",
        "run_id",
        string="Print Bundles",
        help="The files of letters for the printer.",
    )

    @api.depends("bundle_ids.state")
    def _compute_letter_count(self):
        groups = self.env["account.move"]._read_group(
            [("mbn_run_id", "in", self.ids), ("mbn_send_state", "=", "print")],
            ["mbn_run_id"],
            ["__count"],
        )
        counts = dict(groups)
        for run in self:
            run.letter_count = counts.get(run, 0)

    def action_print_letters(self):
        """Make the file of all letters of this run that are not posted yet, and download it.

        :raise UserError: there is no letter to print
        """
        self.env["billing.delivery.bundle"].check_access("write")
        self.check_access("read")
        self.ensure_one()
        letters = (
            self.env["billing.delivery"]
            .sudo()
            .search(
                [("run_id", "=", self.id), ("channel", "=", "letter"), ("state", "=", "waiting")]
            )
        )
        if not letters:
            raise UserError(self.env._("%(run)s has no letters to print.", run=self.name))
        return letters._print()

    def action_view_letters(self):
        """Show the files of letters of this run."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_billing_delivery_bundle"
        )
        return action | {"domain": [("run_id", "=", self.id)], "context": {}}

    def action_mark_letters_posted(self):
        """Note that the printed letters of this run are posted.

        :raise UserError: they were not printed yet
        """
        self.env["billing.delivery.bundle"].check_access("write")
        self.check_access("read")
        self.ensure_one()
        ready = self.bundle_ids.filtered(lambda bundle: bundle.state != "posted")
        if not ready:
            raise UserError(self.env._("Print the letters first."))
        ready.action_mark_posted()
