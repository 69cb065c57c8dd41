"""What claims are judged by, read for many of them in a few queries. Nothing here writes."""

from collections import namedtuple
from decimal import Decimal
from functools import cached_property, lru_cache

from odoo.tools import SQL

from ...law.interest import Movement

# A claim's facts, and where they come from. Records are ids, days and texts may be None.
_CLAIM = {
    "id": "claim.id",
    "partner": "claim.partner_id",
    "agreement": "claim.agreement_id",
    "currency": "claim.currency_id",
    "invoice": "claim.invoice_id",
    "move_line": "claim.move_line_id",
    "policy": "claim.policy_id",
    "next_level": "claim.next_level_id",
    "state": "claim.state",
    "claim_kind": "claim.claim_kind",
    "customer_type": "claim.customer_type",
    "due_date": "claim.due_date",
    "next_date": "claim.next_date",
    "closes_on": "claim.closes_on",
    "deadline": "claim.deadline",
    "letter_count": "claim.letter_count",
    "amount_open": "COALESCE(claim.amount_open, 0)",
    "is_disputed": "claim.is_disputed",
    "paused_until": "claim.paused_until",
    "hold_reason": "claim.hold_reason",
    "payer_hold": "payer.mbn_dunning_hold",
    "payer_why": "payer.mbn_dunning_why",
    "due": "owed.date_maturity",  # as agreed, on a banking day or not
    "invoiced": "COALESCE(owed.amount_currency, 0)",
    "arose": "invoice.invoice_date",
}
ClaimFact = namedtuple("ClaimFact", _CLAIM)
_CLAIM_COLUMNS = SQL(", ").join(SQL(source) for source in _CLAIM.values())

# One of the letters that a claim was in, as far as it counts for the next one.
_LETTER = {
    "sent": "COALESCE(letter.posted_on, line.sent_on)",
    "deadline": "line.deadline",
    "kind": "line.kind",
    "fee": "letter.fee_total",
    "compensation": "line.compensation",
}
LetterFact = namedtuple("LetterFact", _LETTER)
_LETTER_COLUMNS = SQL(", ").join(SQL(source) for source in _LETTER.values())


class Facts:
    """The facts of ``claims``, as they are when this is made."""

    def __init__(self, claims):
        self.env = claims.env
        self.env.flush_all()
        self.claims = {fact.id: fact for fact in self._read_claims(claims.ids)}

    def __iter__(self):
        return iter(self.claims.values())

    def __getitem__(self, claim_id):
        return self.claims[claim_id]

    def ids(self, name):
        """The ids of the records that a fact names, each once."""
        return list({getattr(fact, name) for fact in self} - {None})

    def _read_claims(self, claim_ids):
        rows = self.env.execute_query(
            SQL(
                """SELECT %s
                     FROM dunning_claim claim
                     JOIN res_partner payer ON payer.id = claim.partner_id
                     JOIN account_move invoice ON invoice.id = claim.invoice_id
                     LEFT JOIN account_move_line owed ON owed.id = claim.move_line_id
                    WHERE claim.id = ANY(%s)""",
                _CLAIM_COLUMNS,
                id_array(claim_ids),
            )
        )
        return map(ClaimFact._make, rows)

    def letters(self, fact):
        """The letters that count, in the order they were sent.

        One that was replaced never reached the payer.
        """
        return self._letters.get(fact.id, ())

    @cached_property
    def _letters(self):
        rows = self.env.execute_query(
            SQL(
                """SELECT line.claim_id, %s
                     FROM dunning_letter_line line
                     JOIN dunning_letter letter ON letter.id = line.letter_id
                    WHERE line.claim_id = ANY(%s) AND line.is_replaced IS NOT TRUE
                    ORDER BY line.claim_id, line.sent_on, line.id""",
                _LETTER_COLUMNS,
                id_array(self.claims),
            )
        )
        letters = {}
        for claim_id, *values in rows:
            letters[claim_id] = (*letters.get(claim_id, ()), LetterFact(*values))
        return letters

    def interest_claimed(self, fact):
        """The interest that earlier letters claimed and that need not be claimed again.

        What was settled in the previous system was paid there or given up for good.
        """
        return decimal(self._interest_claimed.get(fact.id, 0.0))

    @cached_property
    def _interest_claimed(self):
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT line.claim_id,
                              SUM(CASE WHEN letter.is_imported THEN line.interest
                                  ELSE line.interest - COALESCE(line.interest_cancelled, 0) END)
                         FROM dunning_letter_line line
                         JOIN dunning_letter letter ON letter.id = line.letter_id
                        WHERE line.claim_id = ANY(%s) AND line.interest > 0
                        GROUP BY line.claim_id""",
                    id_array(self.claims),
                )
            )
        )

    @cached_property
    def _settled(self):
        """``{receivable id: [(day, amount, kind of entry)]}`` of what is not open any more."""
        touched = [fact.move_line for fact in self if fact.invoiced != fact.amount_open]
        rows = self.env.execute_query(
            SQL(
                """SELECT partial.debit_move_id, paid.date, partial.debit_amount_currency,
                          entry.move_type
                     FROM account_partial_reconcile partial
                     JOIN account_move_line paid ON paid.id = partial.credit_move_id
                     JOIN account_move entry ON entry.id = paid.move_id
                    WHERE partial.debit_move_id = ANY(%s)
                    ORDER BY partial.id""",
                id_array(line_id for line_id in touched if line_id),
            )
        )
        settled = {}
        for line_id, *values in rows:
            settled.setdefault(line_id, []).append(values)
        return settled

    def movements(self, fact):
        """What was owed, and what was paid of it when. What was credited was never owed."""
        principal = decimal(fact.invoiced)
        movements = []
        for day, paid, entry in self._settled.get(fact.move_line, ()):
            amount = decimal(paid)
            if entry == "out_refund":
                principal -= amount
            else:
                movements.append(Movement(day, amount))
        return principal, movements

    @cached_property
    def clauses(self):
        """``{invoice id: since when its payer has agreed to fees for reminders, or None}``"""
        return self.env["account.move"].browse(self.ids("invoice"))._mbn_fee_clauses_agreed()


def id_array(ids):
    """Ids for ``ANY`` in a query; a long list of single values would be slow to read."""
    return SQL("%s::int[]", "{" + ",".join(map(str, ids)) + "}")


@lru_cache(maxsize=4096)
def decimal(amount):
    """An amount of the ledger in decimals: floats are exact to the cent only when written out."""
    return Decimal(f"{amount:.2f}")
