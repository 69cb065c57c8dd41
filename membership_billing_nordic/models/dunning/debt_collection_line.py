from odoo import api, fields, models

AMOUNTS = ("principal", "fee", "interest", "compensation")


class DebtCollectionLine(models.Model):
    """One claim in a case: what was owed when it was handed over, in four amounts."""

    _name = "debt.collection.line"
    _description = "Claim in a Collection Case"
    _order = "case_id, due_date, id"
    _rec_name = "invoice_id"

    case_id = fields.Many2one(
        "debt.collection.case", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="case_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="case_id.currency_id")
    claim_id = fields.Many2one(
        "dunning.claim", required=True, readonly=True, index=True, ondelete="restrict"
    )
    invoice_id = fields.Many2one(related="claim_id.invoice_id", store=True, index=True)
    due_date = fields.Date(related="claim_id.due_date", store=True)
    principal = fields.Monetary(readonly=True, help="What was open of the invoice.")
    fee = fields.Monetary(readonly=True)
    interest = fields.Monetary(readonly=True, help="Up to the day of the file.")
    interest_rate = fields.Float(digits=(6, 2), readonly=True)
    interest_from = fields.Date(
        readonly=True, help="The first day whose interest is not in the amount."
    )
    compensation = fields.Monetary(readonly=True)
    amount_open = fields.Monetary(related="claim_id.amount_open", string="Open Now")
    is_open = fields.Boolean(
        compute="_compute_is_open",
        store=True,
        help="The claim is in this case, or proposed for it.",
    )
    is_handed = fields.Boolean(compute="_compute_is_open", store=True)
    told = fields.Json(readonly=True, help="What of it is paid and credited, as the agency knows.")
    told_disputed = fields.Boolean(readonly=True)

    _one_open_case = models.UniqueIndex(
        "(claim_id) WHERE is_open", "This claim is in an open collection case already."
    )

    @api.depends("case_id.is_open", "case_id.state")
    def _compute_is_open(self):
        for line in self:
            line.is_open = line.case_id.is_open
            line.is_handed = line.case_id.is_open and line.case_id.state != "proposed"

    # ------------------------------------------------------------------ what was settled

    def _settled(self):
        """What is paid to us, and what is given up, of this claim so far.

        Money that came from the agency is left out: it knows.

        :return: ``{"payment" or "credit": {amount: number}}``
        """
        self.ensure_one()
        claim, currency = self.claim_id, self.currency_id
        settled = {kind: dict.fromkeys(AMOUNTS, 0.0) for kind in ("payment", "credit")}
        partials = claim.move_line_id.matched_credit_ids
        from_agency = self.case_id._from_agency(partials.credit_move_id)
        for partial in partials:
            credit = partial.credit_move_id
            if credit not in from_agency:
                kind = "credit" if credit.move_id.move_type == "out_refund" else "payment"
                settled[kind]["principal"] += partial.debit_amount_currency
        by_agency = self._charges_by_agency()
        for part in AMOUNTS[1:]:
            lines = claim.letter_line_ids
            cancelled = sum(lines.mapped(f"{part}_cancelled"))
            left = sum(lines.mapped(f"{part}_open"))
            settled["credit"][part] = cancelled
            settled["payment"][part] = sum(lines.mapped(part)) - cancelled - left - by_agency[part]
        return {
            kind: {name: currency.round(amount) for name, amount in amounts.items()}
            for kind, amounts in settled.items()
        }

    def _charges_by_agency(self):
        """What the agency's money paid of fee, interest and compensation."""
        paid = dict.fromkeys(AMOUNTS[1:], 0.0)
        for payment in self.claim_id.letter_line_ids.payment_ids:
            credit = payment._owed_line().matched_credit_ids.credit_move_id
            if not payment.undone_move_id and self.case_id._from_agency(credit):
                for part in paid:
                    paid[part] += payment[part]
        for posting in self.claim_id.letter_line_ids.posting_ids:
            partials = posting.move_line_id.matched_credit_ids
            from_agency = self.case_id._from_agency(partials.credit_move_id)
            paid[posting.part] += sum(
                partial.debit_amount_currency
                for partial in partials
                if partial.credit_move_id in from_agency
            )
        return paid

    def _received(self):
        """What the agency's money paid of the invoice."""
        self.ensure_one()
        partials = self.claim_id.move_line_id.matched_credit_ids
        from_agency = self.case_id._from_agency(partials.credit_move_id)
        return sum(
            partial.debit_amount_currency
            for partial in partials
            if partial.credit_move_id in from_agency
        )

    def _tell_changes(self):
        """Make the corrections that the agency does not know of yet."""
        events = self.env["debt.collection.event"]
        for line in self:
            settled = line._settled()
            for kind, amounts in settled.items():
                known = (line.told or {}).get(kind, {})
                change = {
                    name: line.currency_id.round(amount - known.get(name, 0.0))
                    for name, amount in amounts.items()
                }
                if any(change.values()):
                    events._tell(line.case_id, kind, line=line, **change)
            if line.told != settled:
                line.told = settled
            if line.told_disputed != line.claim_id.is_disputed:
                line.told_disputed = line.claim_id.is_disputed
                events._tell(
                    line.case_id,
                    "dispute" if line.told_disputed else "dispute_over",
                    line=line,
                    text=line.claim_id.hold_reason or "",
                )
