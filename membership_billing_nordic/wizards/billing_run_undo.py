from odoo import api, fields, models

from ..models.membership.billing_run_undo import DELIVERED


class BillingRunUndo(models.TransientModel):
    """What undoing a billing run will do, before it is done."""

    _name = "billing.run.undo"
    _description = "Undo a Billing Run"

    run_id = fields.Many2one("billing.run", required=True, ondelete="cascade")
    quiet_count = fields.Integer(
        string="Taken Back Quietly",
        compute="_compute_counts",
        help="Invoices that reached nobody. A credit note is booked that nobody gets.",
    )
    credit_count = fields.Integer(
        string="Credited", compute="_compute_counts", help="Invoices that reached their payers."
    )
    kept_count = fields.Integer(
        string="Kept", compute="_compute_counts", help="Invoices paid in full or in part."
    )

    @api.depends("run_id")
    def _compute_counts(self):
        moves = self.env["account.move"].sudo()
        for wizard in self:
            posted = [("mbn_run_id", "=", wizard.run_id.id), ("state", "=", "posted")]
            settled = moves.search([*posted, ("payment_state", "=", "reversed")])
            kept = settled - settled._mbn_credited()
            counts = {"quiet": 0, "credit": 0, "kept": len(kept)}
            for is_sent, sending, payment, count in moves._read_group(
                posted,
                ["is_move_sent", "mbn_send_state", "payment_state"],
                ["__count"],
            ):
                if payment == "reversed":
                    continue
                if payment != "not_paid":
                    counts["kept"] += count
                elif is_sent or sending in DELIVERED:
                    counts["credit"] += count
                else:
                    counts["quiet"] += count
            wizard.quiet_count = counts["quiet"]
            wizard.credit_count = counts["credit"]
            wizard.kept_count = counts["kept"]

    def action_undo(self):
        """Undo the run; the scheduled action does the work."""
        self.check_access("write")
        self.ensure_one()
        self.run_id.action_undo()
        return {"type": "ir.actions.act_window_close"}
