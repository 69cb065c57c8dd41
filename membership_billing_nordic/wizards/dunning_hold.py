from odoo import fields, models
from odoo.exceptions import UserError


class DunningHold(models.TransientModel):
    """Keep reminders back: disputed, or paused until a day."""

    _name = "dunning.hold"
    _description = "Hold Reminders"

    claim_ids = fields.Many2many("dunning.claim", string="Claims", required=True)
    kind = fields.Selection(
        [("dispute", "The payer disputes it"), ("pause", "Pause until a day")],
        required=True,
        default="dispute",
    )
    until = fields.Date(help="No letter goes out up to and with this day.")
    reason = fields.Char(string="Why", required=True)

    def action_hold(self):
        """Hold the claims; a letter that is being prepared leaves them out.

        :raise UserError: the day is missing or over
        """
        self.check_access("write")
        self.ensure_one()
        self.claim_ids._check_may_hold()
        vals = {"hold_reason": self.reason}
        if self.kind == "dispute":
            vals["is_disputed"] = True
        elif not self.until or self.until < min(
            company._billing_today() for company in self.claim_ids.company_id
        ):
            raise UserError(self.env._("Choose a day that is to come."))
        else:
            vals["paused_until"] = self.until
        self.claim_ids.sudo().write(vals)
        return {"type": "ir.actions.act_window_close"}
