from odoo import fields, models
from odoo.exceptions import UserError


class MembershipPayoutUndo(models.TransientModel):
    """Why an approved pay-out is undone."""

    _name = "membership.payout.undo"
    _description = "Undo a Pay-out"

    payout_id = fields.Many2one(
        "membership.payout", string="Pay-out", required=True, readonly=True, ondelete="cascade"
    )
    reason = fields.Char(required=True, help="It stays on the record of the pay-out.")

    def action_undo(self):
        """Reverse the pay-out and cancel its transfer.

        :raises UserError: no reason is given, or the money is on its way
        """
        self.check_access("write")
        self.ensure_one()
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why the pay-out is undone."))
        self.payout_id._undo(self.reason.strip())
        return {"type": "ir.actions.act_window_close"}
