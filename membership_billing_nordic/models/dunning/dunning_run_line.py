from io import StringIO

from odoo import api, fields, models
from odoo.tools import SQL

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


# What a line has of its own, in the order in which :func:`_copied` writes it.
_NOTHING = r"\N"
_COPIED = (
    "claim_id", "partner_id", "level_id", "principal", "fee", "interest",
    "compensation", "deadline", "fee_reason", "state", "reason", "detail",
)  # fmt: skip
_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class DunningRunLine(models.Model):
    """One claim in a reminder run: the letter it gets, or why it gets none."""

    _name = "dunning.run.line"
    _description = "Claim in a Reminder Run"
    _order = "run_id, partner_id, id"
    _rec_name = "claim_id"
    _log_access = False  # the run tells who made it when; each column costs a preview time

    run_id = fields.Many2one("dunning.run", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="run_id.company_id")
    claim_id = fields.Many2one("dunning.claim", required=True, index=True, ondelete="cascade")
    invoice_id = fields.Many2one(related="claim_id.invoice_id")
    due_date = fields.Date(related="claim_id.due_date")
    partner_id = fields.Many2one("res.partner", string="Payer", required=True, index=True)
    currency_id = fields.Many2one(related="claim_id.currency_id")
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
    )
    reason = fields.Selection(REASONS, string="Why")
    detail = fields.Char(string="Details")
    letter_id = fields.Many2one(
        "dunning.letter", string="Sent Letter", index="btree_not_null", ondelete="set null"
    )

    _claim_once = models.Constraint("UNIQUE (run_id, claim_id)", "A claim is in a run once.")
    _pending = models.Index("(run_id, partner_id, id) WHERE state = 'pending'")

    # ------------------------------------------------------------------ many at once

    @api.model
    def _delete_of(self, run):
        """Delete the lines of a run, however many they are."""
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM dunning_run_line WHERE run_id = %s", run.id))
        self.env.invalidate_all()

    @api.model
    def _insert(self, run, verdicts):
        """Create the lines of ``verdicts`` in one statement; nothing of them is computed.

        The values follow from the claims, so that it need not be checked that they fit.
        """
        start = f"{run.id}\t{run.date}"
        rows = StringIO("".join(f"{start}\t{_copied(verdict)}\n" for verdict in verdicts))
        columns = ", ".join(("run_id", "date", *_COPIED))
        self.env.cr.copy_expert(f"COPY {self._table} ({columns}) FROM STDIN", rows)
        self.env.invalidate_all()

    # ------------------------------------------------------------------ what became of it

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


def _copied(verdict):
    """A line as PostgreSQL's COPY reads it: tabs between the columns, ``\\N`` for nothing."""
    fact, terms = verdict.fact, verdict.terms
    detail = verdict.detail.translate(_ESCAPED) if verdict.detail else _NOTHING
    return (
        f"{fact.id}\t{fact.partner}\t{fact.next_level or _NOTHING}\t"
        f"{fact.amount_open:.2f}\t{verdict.fee}\t{verdict.interest}\t{verdict.compensation}\t"
        f"{verdict.deadline or _NOTHING}\t{terms.fee_reason or _NOTHING}\t"
        f"{'skipped' if verdict.reason else 'pending'}\t{verdict.reason or _NOTHING}\t{detail}"
    )
