from odoo import api, fields, models
from odoo.exceptions import UserError

PARTS = ("fee", "interest", "compensation")
_CHANGING = {f"{part}_cancelled" for part in PARTS} | {
    "is_replaced",
    "cancelled_reason",
    "cancelled_on",
    "cancelled_by_id",
}


class DunningLetterLine(models.Model):
    """One claim in a letter: four amounts that are never added to each other."""

    _name = "dunning.letter.line"
    _description = "Claim in a Reminder Letter"
    _order = "letter_id desc, due_date, id"
    _rec_name = "letter_id"

    letter_id = fields.Many2one(
        "dunning.letter", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="letter_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="letter_id.currency_id")
    sent_on = fields.Date(related="letter_id.sent_on", store=True)
    deadline = fields.Date(related="letter_id.deadline", store=True)
    claim_id = fields.Many2one(
        "dunning.claim", required=True, readonly=True, index=True, ondelete="restrict"
    )
    level_id = fields.Many2one(
        "dunning.policy.level",
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The letter of the policy. Empty for payment plans, and for letters of a previous "
        "system that the policy has none for.",
    )
    kind = fields.Selection(related="letter_id.kind", store=True)
    is_replaced = fields.Boolean(
        string="Replaced",
        readonly=True,
        help="The letter did not reach the payer; another one was sent in its place.",
    )
    invoice_id = fields.Many2one(related="claim_id.invoice_id")
    customer_type = fields.Selection(related="claim_id.customer_type", store=True)
    # What the letter says, as it was when it was sent.
    invoice_name = fields.Char(string="Invoice Number", required=True, readonly=True)
    invoice_date = fields.Date(readonly=True)
    due_date = fields.Date(required=True, readonly=True)
    about = fields.Char(string="For", readonly=True, help="What the invoice is for.")
    reference = fields.Char(readonly=True, help="The payment reference of the invoice itself.")
    amount_original = fields.Monetary(string="Invoiced", readonly=True)
    principal = fields.Monetary(readonly=True, help="What was open of the invoice.")
    fee = fields.Monetary(readonly=True, help="The fee of this letter.")
    fee_cap = fields.Monetary(
        string="Highest Fee", readonly=True, help="What the law allowed for the fee on that day."
    )
    fee_number = fields.Integer(
        readonly=True, help="Which of the fees it is that the law counts together."
    )
    fee_count = fields.Integer(
        string="Highest Number of Fees",
        readonly=True,
        help="How many the law allowed on that day; 0: it names no number.",
    )
    fee_spacing = fields.Integer(
        string="Days to the Next Fee",
        readonly=True,
        help="So many days have to pass before another letter may have a fee.",
    )
    lawful_from = fields.Date(
        string="Allowed From",
        readonly=True,
        help="The first day on which the law allowed this letter with its fee.",
    )
    lawful_deadline = fields.Date(
        string="Shortest Deadline",
        readonly=True,
        help="The first day that the law allowed as the last one to pay.",
    )
    interest = fields.Monetary(
        readonly=True, help="Interest up to the day of the letter, less what was claimed before."
    )
    interest_through = fields.Date(string="Interest Up To", readonly=True)
    compensation = fields.Monetary(readonly=True)
    fee_before = fields.Monetary(
        string="Earlier Fees", readonly=True, help="Fees of earlier letters that were open."
    )
    interest_before = fields.Monetary(
        string="Earlier Interest", readonly=True, help="Interest of earlier letters that was open."
    )
    compensation_before = fields.Monetary(string="Earlier Compensation", readonly=True)
    segments = fields.Json(
        readonly=True, help="The days, rates and amounts that the interest is reckoned from."
    )
    # What became of it.
    payment_ids = fields.One2many("dunning.payment", "letter_line_id", readonly=True)
    fee_cancelled = fields.Monetary(readonly=True)
    interest_cancelled = fields.Monetary(readonly=True)
    compensation_cancelled = fields.Monetary(readonly=True)
    cancelled_reason = fields.Char(string="Cancelled Because", readonly=True)
    cancelled_on = fields.Date(readonly=True)
    cancelled_by_id = fields.Many2one("res.users", readonly=True)
    fee_open = fields.Monetary(compute="_compute_open", store=True)
    interest_open = fields.Monetary(compute="_compute_open", store=True)
    compensation_open = fields.Monetary(compute="_compute_open", store=True)

    _once_live = models.UniqueIndex(
        "(claim_id, level_id) WHERE level_id IS NOT NULL AND is_replaced IS NOT TRUE",
        "This letter was sent for this claim already.",
    )
    _fee_lawful = models.Constraint(
        "CHECK (fee >= 0 AND fee <= COALESCE(fee_cap, 0))",
        "The fee is higher than the law allows.",
    )
    _fees_lawful = models.Constraint(
        "CHECK (COALESCE(fee, 0) = 0 OR COALESCE(fee_count, 0) = 0 OR fee_number <= fee_count)",
        "The law does not allow so many fees.",
    )
    _spacing_lawful = models.Constraint(
        "EXCLUDE USING gist (int4range(claim_id, claim_id, '[]') WITH &&, "
        "daterange(sent_on, sent_on + fee_spacing) WITH &&) "
        "WHERE (fee > 0 AND fee_spacing > 0 AND sent_on IS NOT NULL AND is_replaced IS NOT TRUE)",
        "The law demands more days between two letters with a fee.",
    )
    _day_lawful = models.Constraint(
        "CHECK (lawful_from IS NULL OR sent_on >= lawful_from)",
        "The law does not allow the letter that early.",
    )
    _deadline_lawful = models.Constraint(
        "CHECK (lawful_deadline IS NULL OR deadline >= lawful_deadline)",
        "The law demands more time to pay.",
    )
    _compensation_lawful = models.Constraint(
        "CHECK (compensation >= 0 AND (customer_type <> 'consumer' OR compensation = 0))",
        "Compensation for late payment is only for companies.",
    )
    _amounts_positive = models.Constraint(
        "CHECK (principal >= 0 AND interest >= 0)", "Amounts of a letter cannot be below zero."
    )
    _cancelled_at_most = models.Constraint(
        "CHECK (COALESCE(fee_cancelled, 0) <= fee AND COALESCE(interest_cancelled, 0) <= interest "
        "AND COALESCE(compensation_cancelled, 0) <= compensation)",
        "No more can be cancelled than was claimed.",
    )

    @api.depends(
        *PARTS,
        *(f"{part}_cancelled" for part in PARTS),
        *(f"payment_ids.{part}" for part in PARTS),
        "payment_ids.undone_move_id",
    )
    def _compute_open(self):
        for line in self:
            live = line.payment_ids.filtered(lambda payment: not payment.undone_move_id)
            for part in PARTS:
                paid = sum(live.mapped(part))
                left = line[part] - line[f"{part}_cancelled"] - paid
                line[f"{part}_open"] = line.currency_id.round(left)

    def _segment_rows(self):
        """What the interest is reckoned from, for print."""
        self.ensure_one()
        return [
            part
            | {
                "from": fields.Date.from_string(part["from"]),
                "to": fields.Date.from_string(part["to"]),
                "base": float(part["base"]),
                "rate": float(part["rate"]),
                "amount": float(part["amount"]),
            }
            for part in self.segments or []
        ]

    def _interest_before(self):
        """What letters before this one claimed of the interest that is reckoned in it."""
        self.ensure_one()
        reckoned = sum(float(part["amount"]) for part in self.segments or [])
        before = self.currency_id.round(reckoned) - self.interest
        return self.currency_id.round(before)

    def _is_paid_in_part(self):
        """Was something paid of what this line claims besides the invoice?"""
        self.ensure_one()
        left = sum(self[part] - self[f"{part}_cancelled"] - self[f"{part}_open"] for part in PARTS)
        return self.currency_id.compare_amounts(left, 0.0) > 0

    def write(self, vals):
        stored = {name for name in vals if not self._fields[name].compute}
        if stored - _CHANGING:
            raise UserError(
                self.env._("A letter that was sent stays as it is. Cancel a fee instead.")
            )
        return super().write(vals)

    def _cancel(self, parts, reason):
        """Give up what is claimed. What was paid of it becomes the payer's money again.

        :param parts: some of ``fee``, ``interest``, ``compensation``
        """
        for line in self:
            paid = line.payment_ids.filtered(lambda row: not row.undone_move_id and row._has(parts))
            paid._undo()
            line._note_cancelled({part: line[part] for part in parts}, reason)

    def _cancel_open(self, reason):
        """Give up what is not paid of what is claimed."""
        for line in self:
            left = {part: line[f"{part}_open"] for part in PARTS if line[f"{part}_open"]}
            if left:
                line._note_cancelled(
                    {part: line[f"{part}_cancelled"] + amount for part, amount in left.items()},
                    reason,
                )

    def _note_cancelled(self, amounts, reason):
        self.write(
            {f"{part}_cancelled": amount for part, amount in amounts.items()}
            | {
                "cancelled_reason": reason,
                "cancelled_on": self.company_id._billing_today(),
                "cancelled_by_id": self.env.uid,
            }
        )
        self.claim_id._message_log(
            body=self.env._(
                "%(letter)s: what it claims beyond the invoice was cancelled. %(why)s",
                letter=self.letter_id.name,
                why=reason,
            )
        )
