from odoo import api, fields, models
from odoo.exceptions import UserError


class BankMandatePlace(models.TransientModel):
    """Says whose mandate it is that the bank reports without a payer we know."""

    _name = "bank.mandate.place"
    _description = "Choose the Payer of a Mandate"

    event_ids = fields.Many2many(
        "bank.mandate.event",
        string="Messages",
        default=lambda self: self._default_event_ids(),
        help="What the bank says; all of it is applied to the same payer.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        domain=[("parent_id", "=", False)],
        help="Whose account is debited. Search by name, member number or any reference.",
    )

    @api.model
    def _default_event_ids(self):
        """The messages that were selected, or those behind the selected differences."""
        ids = self.env.context.get("active_ids", [])
        if self.env.context.get("active_model") == "direct.debit.register.difference":
            return self.env["direct.debit.register.difference"].browse(ids).event_id
        return self.env["bank.mandate.event"].browse(ids)

    def action_place(self):
        """Apply the messages to the chosen payer."""
        self.check_access("write")
        self.ensure_one()
        self.env["bank.file"]._check_may_process()
        self.event_ids.check_access("read")
        if not self.partner_id:
            raise UserError(self.env._("Choose the payer."))
        self.event_ids.sudo()._place(self.partner_id.commercial_partner_id)
        differences = self.env["direct.debit.register.difference"].sudo()
        differences._take_over_placed(self.event_ids)
        return {"type": "ir.actions.act_window_close"}
