from odoo import api, fields, models

AMOUNTS = ("principal", "fee", "interest", "compensation")
# Measures of a line, and what they are in :meth:`DebtCollectionLine._paid_from`.
_MEASURES = {
    "received": "agency",
    "kept": "kept",
    "paid_to_us": "payment",
    "credited": "credit",
}
_FREEZE_KINDS = {True: "freeze", False: "freeze_over"}
_DISPUTE_KINDS = {True: "dispute", False: "dispute_over"}


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
    currency_id = fields.Many2one(related="case_id.currency_id", store=True)
    agency_id = fields.Many2one(related="case_id.agency_id", store=True, index=True)
    partner_id = fields.Many2one(related="case_id.partner_id", store=True, string="Payer")
    case_state = fields.Selection(related="case_id.state", store=True, string="State")
    close_code = fields.Selection(related="case_id.close_code", store=True, string="Closed Because")
    handed_over_on = fields.Date(related="case_id.handed_over_on", store=True)
    claim_id = fields.Many2one(
        "dunning.claim", required=True, readonly=True, index=True, ondelete="restrict"
    )
    invoice_id = fields.Many2one(related="claim_id.invoice_id", store=True, index=True)
    due_date = fields.Date(related="claim_id.due_date", store=True)
    principal = fields.Monetary(
        string="Handed Over", readonly=True, help="What was open of the invoice."
    )
    fee = fields.Monetary(readonly=True)
    interest = fields.Monetary(readonly=True, help="Up to the day of the file.")
    interest_rate = fields.Float(digits=(6, 2), readonly=True, aggregator="avg")
    interest_from = fields.Date(
        readonly=True, help="The first day whose interest is not in the amount."
    )
    compensation = fields.Monetary(readonly=True)
    amount_open = fields.Monetary(
        related="claim_id.amount_open", string="Open Now", store=True, aggregator="sum"
    )
    received = fields.Monetary(
        string="From the Agency",
        compute="_compute_settled",
        store=True,
        help="What the agency's money paid of the invoice since it was handed over.",
    )
    kept = fields.Monetary(
        string="Kept by the Agency",
        compute="_compute_settled",
        store=True,
        help="What the agency kept of the payer's money: paid by the payer, a cost to us.",
    )
    paid_to_us = fields.Monetary(
        string="Paid to Us",
        compute="_compute_settled",
        store=True,
        help="What the payer paid to us all the same since it was handed over.",
    )
    credited = fields.Monetary(
        compute="_compute_settled",
        store=True,
        help="What was credited of the invoice since it was handed over.",
    )
    is_open = fields.Boolean(
        compute="_compute_is_open",
        store=True,
        help="The claim is in this case, or proposed for it.",
    )
    is_handed = fields.Boolean(compute="_compute_is_open", store=True)
    settled_before = fields.Json(
        readonly=True, help="What was paid and credited of the invoice before."
    )
    told = fields.Json(readonly=True, help="What of it is paid and credited, as the agency knows.")
    told_disputed = fields.Boolean(readonly=True)
    told_frozen = fields.Char(
        readonly=True, help="Until when the agency was asked to wait, as it knows."
    )

    _one_open_case = models.UniqueIndex(
        "(claim_id) WHERE is_open", "This claim is in an open collection case already."
    )

    @api.depends("case_id.is_open", "case_id.state")
    def _compute_is_open(self):
        for line in self:
            line.is_open = line.case_id.is_open
            line.is_handed = line.case_id.is_open and line.case_id.state != "proposed"

    @api.depends("claim_id.amount_open", "settled_before")
    def _compute_settled(self):
        """What settled the invoice meanwhile. Once handed over again it counts for that case."""
        paid = self._paid_from()
        for line in self:
            again = line.claim_id.case_line_ids.filtered(
                lambda other, line=line: other.settled_before and other.id > line._origin.id
            )
            before = line.settled_before
            for name, source in _MEASURES.items():
                if again:
                    line[name] = line[name]
                elif not before:
                    line[name] = 0.0
                else:
                    line[name] = line.currency_id.round(paid[line][source] - before[source])

    # ------------------------------------------------------------------ what was settled

    def _paid_from(self):
        """What settled the invoices of these lines, by where it came from.

        :return: ``{line: {"agency", "kept", "payment" or "credit": amount}}``
        """
        partials = self.claim_id.move_line_id.matched_credit_ids
        agency, kept = self.case_id._split_credits(partials.credit_move_id)
        found = {}
        for line in self:
            sums = dict.fromkeys(_MEASURES.values(), 0.0)
            for partial in line.claim_id.move_line_id.matched_credit_ids:
                credit = partial.credit_move_id
                if credit in agency:
                    source = "agency"
                elif credit in kept:
                    source = "kept"
                else:
                    refunds = credit.move_id.move_type == "out_refund"
                    source = "credit" if refunds else "payment"
                sums[source] += partial.debit_amount_currency
            round_ = line.currency_id.round
            found[line] = {source: round_(amount) for source, amount in sums.items()}
        return found

    def _settled(self):
        """What is paid to us, and what is given up, of these claims so far.

        What came from the agency, or was kept by it, is left out: it knows.

        :return: ``{line: {"payment" or "credit": {amount: number}}}``
        """
        principal = self._paid_from()
        by_agency = self._charges_by_agency()
        return {line: line._settled_of(principal[line], by_agency[line]) for line in self}

    def _settled_of(self, principal, by_agency):
        claim, round_ = self.claim_id, self.currency_id.round
        settled = {kind: {"principal": principal[kind]} for kind in ("payment", "credit")}
        if not claim.move_line_id:  # its invoice is being changed: nothing is known of it
            for kind, amounts in settled.items():
                amounts["principal"] = (self.told or {}).get(kind, {}).get("principal", 0.0)
        for part in AMOUNTS[1:]:
            lines = claim.letter_line_ids
            cancelled = sum(lines.mapped(f"{part}_cancelled"))
            left = sum(lines.mapped(f"{part}_open"))
            paid = sum(lines.mapped(part)) - cancelled - left - by_agency[part]
            settled["credit"][part] = round_(cancelled)
            settled["payment"][part] = round_(paid)
        return settled

    def _charges_by_agency(self):
        """What the agency's money paid of fee, interest and compensation of letters.

        :return: ``{line: {part: amount}}``
        """
        letter_lines = self.claim_id.letter_line_ids
        payments = letter_lines.payment_ids.filtered(lambda row: not row.undone_move_id)
        postings = letter_lines.posting_ids
        credits = payments._owed_line().matched_credit_ids.credit_move_id
        credits |= postings.move_line_id.matched_credit_ids.credit_move_id
        ours = self.case_id._from_agency(credits)
        found = {line: dict.fromkeys(AMOUNTS[1:], 0.0) for line in self}
        for line in self if ours else ():
            of_claim = line.claim_id.letter_line_ids
            for payment in payments.filtered(lambda row: row.letter_line_id in of_claim):  # noqa: B023
                if payment._owed_line().matched_credit_ids.credit_move_id & ours:
                    for part in AMOUNTS[1:]:
                        found[line][part] += payment[part]
            for posting in of_claim.posting_ids:
                found[line][posting.part] += sum(
                    partial.debit_amount_currency
                    for partial in posting.move_line_id.matched_credit_ids
                    if partial.credit_move_id in ours
                )
        return found

    # ------------------------------------------------------------------ telling the agency

    def _tell_changes(self):
        """Make the corrections that the agency does not know of yet."""
        for line, settled in self._settled().items():
            for kind, amounts in settled.items():
                line._tell_amounts(kind, amounts)
            if line.told != settled:
                line.told = settled
            line._tell_dispute()
            line._tell_freeze()

    def _tell_amounts(self, kind, amounts):
        known = (self.told or {}).get(kind, {})
        change = {
            name: self.currency_id.round(amount - known.get(name, 0.0))
            for name, amount in amounts.items()
        }
        if any(change.values()):
            self.env["debt.collection.event"]._tell(self.case_id, kind, line=self, **change)

    def _tell_dispute(self):
        claim = self.claim_id
        if self.told_disputed != claim.is_disputed:
            self.told_disputed = claim.is_disputed
            self.env["debt.collection.event"]._tell(
                self.case_id,
                _DISPUTE_KINDS[claim.is_disputed],
                line=self,
                text=claim.hold_reason or "",
            )

    def _tell_freeze(self):
        """The agency waits while reminders of the claim, or of the payer, would."""
        until, why = self._frozen()
        if (self.told_frozen or "") != until:
            self.told_frozen = until
            self.env["debt.collection.event"]._tell(
                self.case_id,
                _FREEZE_KINDS[bool(until)],
                line=self,
                text=why,
                until=until if until != "open" else False,
            )

    def _frozen(self):
        """(until when as text, why) the claim is on hold: empty: it is not, ``open``: no end."""
        claim, payer = self.claim_id, self.claim_id.partner_id
        if payer.mbn_dunning_hold:
            return "open", payer.mbn_dunning_why or ""
        if claim.paused_until and claim.paused_until >= self.company_id._billing_today():
            return fields.Date.to_string(claim.paused_until), claim.hold_reason or ""
        return "", ""
