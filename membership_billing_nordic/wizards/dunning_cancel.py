from odoo import fields, models
from odoo.exceptions import UserError

from ..models.dunning.dunning_letter_line import PARTS


class DunningCancel(models.TransientModel):
    """Give up what a letter claims beyond the invoices, and say why."""

    _name = "dunning.cancel"
    _description = "Cancel Fee or Interest"

    letter_id = fields.Many2one("dunning.letter", required=True, readonly=True)
    currency_id = fields.Many2one(related="letter_id.currency_id")
    fee_total = fields.Monetary(related="letter_id.fee_total")
    interest_total = fields.Monetary(related="letter_id.interest_total")
    compensation_total = fields.Monetary(related="letter_id.compensation_total")
    fee = fields.Boolean(string="Cancel the Fee", default=True)
    interest = fields.Boolean(string="Cancel the Interest")
    compensation = fields.Boolean(string="Cancel the Compensation")
    reason = fields.Char(string="Why", required=True)

    def action_cancel(self):
        """Cancel what is chosen. What was paid of it becomes money of the payer again.

        :raise UserError: nothing is chosen
        """
        self.check_access("write")
        self.ensure_one()
        self.letter_id._check_user()
        parts = [part for part in PARTS if self[part] and self[f"{part}_total"]]
        if not parts:
            raise UserError(self.env._("Choose what is to be cancelled."))
        for part in parts:
            lines = self.letter_id.sudo().line_ids
            lines.filtered(lambda line, part=part: line[part] > line[f"{part}_cancelled"])._cancel(
                [part], self.reason
            )
        return {"type": "ir.actions.act_window_close"}
