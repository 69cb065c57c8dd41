from odoo import api, fields, models
from odoo.exceptions import UserError


class BillingRunRelease(models.TransientModel):
    """Which part of a previewed run is invoiced now; the rest waits."""

    _name = "billing.run.release"
    _description = "Release a Part of a Billing Run"

    run_id = fields.Many2one("billing.run", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="run_id.company_id")
    mode = fields.Selection(
        [
            ("sample", "A sample, spread over the plans"),
            ("wave", "The next ones"),
            ("chosen", "Chosen plans or associations"),
        ],
        string="Release",
        default="sample",
        required=True,
        help="What is invoiced now. The rest of the run waits to be released.",
    )
    number = fields.Integer(
        string="How Many",
        default=10,
        help="Memberships to release. All memberships of one payer go together.",
    )
    plan_ids = fields.Many2many("membership.plan", string="Plans", check_company=True)
    association_ids = fields.Many2many(
        "membership.association", string="Associations", check_company=True
    )
    waiting_count = fields.Integer(related="run_id.waiting_count")
    chosen_count = fields.Integer(
        string="Released Now", compute="_compute_chosen", help="Memberships that are invoiced now."
    )
    chosen_amount = fields.Monetary(
        string="Amount", compute="_compute_chosen", help="What their payers pay, tax included."
    )
    currency_id = fields.Many2one(related="run_id.currency_id")

    @api.depends("run_id", "mode", "number", "plan_ids", "association_ids")
    def _compute_chosen(self):
        for wizard in self:
            lines = wizard._lines()
            wizard.chosen_count = len(lines)
            run = wizard.run_id.sudo()
            wizard.chosen_amount = sum(
                run._in_company_currency(line.amount, line.currency_id) for line in lines
            )

    def _lines(self):
        run = self.run_id.sudo()._origin
        if self.mode == "chosen":
            if not self.plan_ids and not self.association_ids:
                return run.line_ids.browse()
            return run._chosen(self.plan_ids._origin, self.association_ids._origin)
        if self.number <= 0:
            return run.line_ids.browse()
        return {"sample": run._sample, "wave": run._next_wave}[self.mode](self.number)

    def action_release(self):
        """Release what was chosen: the scheduled action invoices it."""
        self.check_access("write")
        self.ensure_one()
        self.run_id._check_manager()
        lines = self._lines()
        if not lines:
            raise UserError(
                self.env._("Nothing is chosen. Say how many, or choose plans or associations.")
            )
        run = self.run_id.sudo()._in_company()
        run._release_by_person(lines.with_env(run.env))
        run._trigger_work()
        return {"type": "ir.actions.act_window_close"}
