"""What came of letters, and of claims in runs, for the reports."""

from odoo import api, fields, models


class DunningLetterLine(models.Model):
    _inherit = "dunning.letter.line"

    outcome = fields.Selection(
        [
            ("open", "Waiting"),
            ("paid", "Paid"),
            ("credited", "Credited"),
            ("next", "Another letter followed"),
            ("replaced", "Replaced"),
        ],
        string="What Came of It",
        compute="_compute_outcome",
        store=True,
        index=True,
        help="Paid: the invoice was paid after this letter and before any other.",
    )

    @api.depends("is_replaced", "claim_id.state", "claim_id.letter_line_ids.is_replaced")
    def _compute_outcome(self):
        for line in self:
            if line.is_replaced:
                line.outcome = "replaced"
            elif any(line._is_before(other) for other in line.claim_id.letter_line_ids):
                line.outcome = "next"
            elif line.claim_id.state in ("paid", "closed"):
                line.outcome = "credited" if line.claim_id._is_credited() else "paid"
            else:
                line.outcome = "open"

    def _is_before(self, other):
        return not other.is_replaced and (other.sent_on, other.id) > (self.sent_on, self.id)


class DunningRunLine(models.Model):
    _inherit = "dunning.run.line"

    date = fields.Date(related="run_id.date", string="Day of the Run", store=True, index=True)
