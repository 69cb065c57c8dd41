from odoo import fields, models

from .dunning_reasons import REASONS

FEE_REASONS = [
    ("no_rule", "The law knows no such fee"),
    ("no_clause", "No fee was agreed before the debt arose"),
    ("not_enforceable", "Only what is owed can carry a fee"),
    ("disputed", "Disputed"),
    ("too_early", "Too early for a fee"),
    ("spacing", "Too soon after the letter before"),
    ("count", "No more fees are allowed"),
    ("deadline_not_missed", "The last deadline is not over"),
    ("deadline_too_short", "The last deadline was too short"),
    ("bank_files", "Bank files are missing"),
    ("compensation", "Part of the compensation"),
    ("cap", "Higher than the law allows"),
]


class DunningRunLine(models.Model):
    """One claim in a reminder run: the letter it gets, or why it gets none."""

    _name = "dunning.run.line"
    _description = "Claim in a Reminder Run"
    _order = "run_id, partner_id, id"
    _rec_name = "claim_id"

    run_id = fields.Many2one("dunning.run", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    claim_id = fields.Many2one("dunning.claim", required=True, index=True, ondelete="cascade")
    invoice_id = fields.Many2one(related="claim_id.invoice_id")
    due_date = fields.Date(related="claim_id.due_date")
    partner_id = fields.Many2one("res.partner", string="Payer", required=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True)
    level_id = fields.Many2one("dunning.policy.level", string="Letter", ondelete="cascade")
    principal = fields.Monetary(string="Open", help="What is open of the invoice.")
    fee = fields.Monetary(help="The fee if the letter is sent on the day of the preview.")
    fee_reason = fields.Selection(FEE_REASONS, string="Less Fee Because")
    interest = fields.Monetary(help="Interest since the letter before.")
    compensation = fields.Monetary()
    deadline = fields.Date(string="To Pay By")
    state = fields.Selection(
        [
            ("pending", "Gets a Letter"),
            ("done", "Sent"),
            ("skipped", "Left Out"),
            ("failed", "Failed"),
        ],
        required=True,
        default="pending",
        index=True,
    )
    reason = fields.Selection(REASONS, string="Why")
    detail = fields.Char(string="Details")
    letter_id = fields.Many2one(
        "dunning.letter", string="Sent Letter", index="btree_not_null", ondelete="set null"
    )

    _claim_once = models.Constraint("UNIQUE (run_id, claim_id)", "A claim is in a run once.")

    def _finish(self, verdict, letter, day):
        """Note what became of the line when it was its turn."""
        if letter:
            line = letter.line_ids.filtered(lambda line: line.claim_id == self.claim_id)
            self.write(
                {
                    "state": "done",
                    "letter_id": letter.id,
                    "principal": line.principal,
                    "fee": line.fee,
                    "interest": line.interest,
                    "compensation": line.compensation,
                    "deadline": letter.deadline,
                    "reason": False,
                    "detail": False,
                }
            )
            self.claim_id._note_skip(False, False, False)
        else:
            self.write(
                {
                    "state": "skipped",
                    "reason": verdict.reason,
                    "detail": verdict.detail or False,
                    "fee": 0.0,
                    "interest": 0.0,
                    "compensation": 0.0,
                }
            )
            self.claim_id._note_skip(verdict.reason, verdict.detail or False, day)

    def action_show_claim(self):
        """Show the claim: its letters, its hold, its invoice."""
        self.check_access("read")
        self.ensure_one()
        return self.claim_id.get_formview_action()
