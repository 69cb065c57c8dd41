"""Which claims may be handed over to a collection agency, and what is owed on that day."""

from ...law import deadlines
from .dunning_judge import ClaimJudge
from .dunning_reasons import REASONS

HAND_OVER_REASONS = [
    *REASONS,
    ("no_notice", "The law demands a last notice first"),
    ("payer_small", "The payer owes less than the agency takes"),
    ("few_letters", "The agency wants more letters before"),
]


class HandOverJudge(ClaimJudge):
    """Judges claims whose last letter was sent and whose deadline is over.

    Guards, law and rates are those of letters. The interest of a verdict is what came up since the
    last letter.
    """

    def _not_wanted(self, claim):
        if claim.state not in ("reminded", "noticed"):
            return "paid", ""
        if claim.next_level_id or claim.claim_kind != "fee":
            return "step", ""
        if claim.deadline >= self.day:
            return "not_due", self._text(claim.deadline)
        if claim.letter_count < claim.policy_id.agency_id.least_letters:
            return "few_letters", ""
        return "", ""

    def _reckon(self, verdict):
        claim = verdict.claim
        rules = self.book.rules(self.company, claim.customer_type, self.day)
        due = claim.move_line_id.date_maturity
        first = deadlines.earliest_hand_over(rules, due, self._letters(claim), self.days)
        if first is None:
            verdict.reason = "no_notice"
        elif self.day < first:
            verdict.reason, verdict.detail = "law_early", self._text(first)
        elif any(claim.policy_id.level_ids.mapped("claims_interest")):
            self._reckon_interest(verdict)


def leave_out_small(verdicts, agency, day):
    """Give the verdicts of payers who owe the agency too little a reason."""
    payers = {}
    for verdict in verdicts:
        if not verdict.reason:
            claim = verdict.claim
            payers.setdefault((claim.partner_id, claim.currency_id), []).append(verdict)
    company = agency.company_id
    for (_payer, currency), group in payers.items():
        smallest = company.currency_id._convert(agency.minimum, currency, company, day)
        owed = sum(verdict.claim.amount_open for verdict in group)
        if currency.compare_amounts(owed, smallest) < 0:
            for verdict in group:
                verdict.reason = "payer_small"
