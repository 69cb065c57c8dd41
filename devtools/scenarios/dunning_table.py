"""What became of a club's reminders: who did what, where each amount went, and what the ledger says.

The program's figures come from letters, cases and allocated payments, what was paid from the payers
and the agency themselves; the ledger's are sums of journal items alone. A line that differs says so,
and the demo ends with an error.
"""

from devtools.ledger import Comparison, heading, parts_line, ruler

PARTS = ("principal", "fee", "interest", "compensation")
COLUMNS = ["Invoices", "Fees", "Interest", "Compensation"]


def of(story) -> str:
    """The table of one club."""
    story.env.invalidate_all()
    accounts = Accounts(story)
    outcomes = accounts.outcomes()
    claimed = accounts.claimed()
    left = [sum(row[number] for row in outcomes.values()) for number in range(len(PARTS))]
    sums = Comparison()
    for number, column in enumerate(COLUMNS):
        sums.add(f"{column}: claimed, and what became of it", claimed[number], left[number])
    books = accounts.books()
    return "\n".join(
        [
            "",
            f"{story.company.name}: reminders and collection, {story.company.currency_id.name}",
            ruler(len(COLUMNS)),
            *(_person(part) for part in story.parts),
            ruler(len(COLUMNS)),
            heading(f"{len(accounts.letters)} letters", COLUMNS),
            parts_line("Claimed by letters", claimed),
            *(parts_line(f"  {what}", row) for what, row in outcomes.items()),
            ruler(len(COLUMNS)),
            heading("", ["Records", "Ledger"]),
            *sums.lines(),
            *books.lines(),
            "",
        ]
    )


def _person(part):
    """Who it is, what the story says, and how it stands."""
    claim = part.claim
    contract = part.invoice.mbn_charge_ids.contract_id
    status = dict(contract._fields["member_status"].selection)[contract.member_status]
    state = dict(claim._fields["state"]._description_selection(claim.env))[claim.state]
    letters = f"{len(part.letters)} letter{'s' if len(part.letters) != 1 else ''}"
    who = f"{part.payer.name}, who {part.role.says}"
    return f"{who:<64}{letters:<11}{state.lower()}; {status.lower()}"


class Accounts:
    """The sums of one story, in hundredths of its currency."""

    def __init__(self, story):
        self.story, self.env, self.company = story, story.env, story.company
        mine = [("company_id", "=", self.company.id)]
        self.letters = self.env["dunning.letter"].search(mine)
        self.lines = self.letters.line_ids
        self.claims = self.lines.claim_id
        self.cases = self.env["debt.collection.case"].search(mine)
        self.payers = self.claims.partner_id

    # ------------------------------------------------------------------ records

    def claimed(self):
        """Invoices as the first letter of each names them, and what letters add to them."""
        return [
            _cents(sum(self._first(claim).principal for claim in self.claims)),
            *(_cents(sum(self.lines.mapped(part))) for part in PARTS[1:]),
        ]

    def _first(self, claim):
        return claim.letter_line_ids.sorted("id")[:1]

    def outcomes(self):
        """``{what became of it: amounts}``, each looked up by itself."""
        agency = self._by_agency()
        return {
            "paid to us": [
                self._paid_to_us(),
                *(
                    self._paid(part) - share
                    for part, share in zip(PARTS[1:], agency[1:], strict=True)
                ),
            ],
            "paid to the agency": agency,
            "given up": [
                0,
                *(_cents(sum(self.lines.mapped(f"{part}_cancelled"))) for part in PARTS[1:]),
            ],
            "lapsed: not owed": [self._lapsed(), 0, 0, 0],
            "open, at the agency": self._open(lambda claim: claim.case_id),
            "open, disputed": self._open(lambda claim: claim.is_disputed),
            "open, invoice paid": self._open(lambda claim: claim.state == "paid"),
            "open, others": self._open(
                lambda claim: not claim.case_id and not claim.is_disputed and claim.state != "paid"
            ),
        }

    def _open(self, is_meant):
        claims = self.claims.filtered(is_meant)
        return [
            _cents(sum(claims.mapped(name)))
            for name in ("amount_open", "fee_open", "interest_open", "compensation_open")
        ]

    def _by_agency(self):
        """What the agency's payments and what it kept were used for."""
        lines = self.cases.line_ids
        charges = lines._charges_by_agency()
        by_part = dict.fromkeys(PARTS[1:], 0)
        for row in charges.values():
            for part in by_part:
                by_part[part] += _cents(row[part])
        principal = sum(_cents(line.received + line.kept) for line in lines)
        return [principal, *by_part.values()]

    def _paid_to_us(self):
        """Of payments that the bank reported and did not take back, what was used for these."""
        used = self.env["bank.payment.allocation"].search(
            [
                ("invoice_id", "in", self.claims.invoice_id.ids),
                ("payment_id.state", "!=", "returned"),
            ]
        )
        agency = {case.reference for case in self.cases}
        return _cents(sum(row.amount for row in used if row.payment_id.reference not in agency))

    def _paid(self, part):
        """Of a part of the letters, what money was used for."""
        payments = self.lines.payment_ids.filtered(lambda row: not row.undone_move_id)
        booked = self.lines.posting_ids.filtered(lambda row: row.part == part)
        settled = sum(
            row.letter_line_id[part] - row.letter_line_id[f"{part}_cancelled"] - row.amount_open
            for row in booked
        )
        return _cents(sum(payments.mapped(part)) + settled)

    def _lapsed(self):
        closed = self.claims.filtered(
            lambda claim: claim.claim_kind == "donation" and claim.state == "closed"
        )
        return _cents(sum(self._first(claim).principal for claim in closed))

    # ------------------------------------------------------------------ ledger

    def books(self):
        """The same from two sides: the records' figures, and sums of journal items."""
        company, comparison = self.company, Comparison()
        receivable = [
            ("account_id.account_type", "=", "asset_receivable"),
            ("partner_id", "in", self.payers.ids),
        ]
        fee, late = company.mbn_dunning_fee_account_id, company.mbn_dunning_interest_account_id
        earned = {part: self._earned(part) for part in PARTS[1:]}
        surplus = {part: self._surplus(part) for part in ("fee", "interest")}
        comparison.add(
            "Income: fees and compensation",
            earned["fee"] + earned["compensation"] + surplus["fee"],
            -self._sum([("account_id", "=", fee.id)]),
        )
        comparison.add(
            "Income: interest",
            earned["interest"] + surplus["interest"],
            -self._sum([("account_id", "=", late.id)]),
        )
        comparison.add(
            "Lapsed: credit notes",
            self._lapsed(),
            -self._sum([*receivable, ("move_id.move_type", "=", "out_refund")]),
        )
        comparison.add("Receivables of these payers", self._owed(), self._sum(receivable))
        at_agency = self.claims.filtered("case_id")
        comparison.add(
            "  of those at the agency",
            self._owed(at_agency.partner_id),
            self._sum([*receivable, ("partner_id", "in", at_agency.partner_id.ids)]),
        )
        kept = company.mbn_collection_cost_account_id
        comparison.add(
            "Kept by the agency",
            _cents(sum(self.cases.mapped("costs"))),
            self._sum([("account_id", "=", kept.id)]),
        )
        sent = [
            (reference, amount) for _day, reference, amount, _who in self.story.agency.transfers
        ]
        for what, payments in (("Sent by the agency", sent), ("Paid to us", self.story.given)):
            references = {reference for reference, _amount in payments}
            given = sum(amount for _reference, amount in payments)
            comparison.add(what, given, self._came_by(references))
        return comparison

    def _earned(self, part):
        """Income: what was paid, or what was claimed and not given up, as the company books."""
        if self.company.mbn_dunning_posting == "paid":
            return self._paid(part)
        return _cents(sum(line[part] - line[f"{part}_cancelled"] for line in self.lines))

    def _surplus(self, part):
        """What the agency collected beyond what letters claimed: interest of its own time."""
        events = self.cases.event_ids.filtered("surplus_move_id")
        return _cents(sum(events.mapped(f"surplus_{part}")))

    def _owed(self, payers=None):
        """What these payers owe by our records, less what stands to them."""
        payers = self.payers if payers is None else payers
        claims = self.env["dunning.claim"].search(
            [("company_id", "=", self.company.id), ("partner_id", "in", payers.ids)]
        )
        booked = claims.letter_line_ids.posting_ids
        standing = sum(payer.mbn_money_standing for payer in payers)
        return _cents(
            sum(claims.mapped("amount_open")) + sum(booked.mapped("amount_open")) - standing
        )

    def _came_by(self, references):
        """Of the bank's payments by these references, what their entries credit to payers."""
        payments = self.env["bank.payment"].search(
            [
                ("company_id", "=", self.company.id),
                ("reference", "in", list(references)),
                ("deposit_id.state", "=", "booked"),
            ]
        )
        lines = payments.allocation_ids.entry_line_id
        return -_cents(sum(lines.mapped("balance")))

    def _sum(self, domain):
        lines = self.env["account.move.line"].search(
            [("company_id", "=", self.company.id), ("parent_state", "=", "posted"), *domain]
        )
        return _cents(sum(lines.mapped("balance")))


def _cents(amount):
    return round(100 * amount)
