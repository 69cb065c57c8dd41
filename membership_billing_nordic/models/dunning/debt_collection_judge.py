"""Which claims may be handed over to a collection agency, and what is owed on that day."""

from ...law import deadlines
from .dunning_judge import ClaimJudge, fee_letters
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

    def _not_wanted(self, fact):
        if fact.state not in ("reminded", "noticed"):
            return "paid", ""
        if fact.next_level or fact.claim_kind != "fee":
            return "step", ""
        if fact.deadline >= self.day:
            return "not_due", self._from(fact.deadline)
        least, _claims_interest = self._policy(fact.policy)
        return ("few_letters", "") if fact.letter_count < least else ("", "")

    def _reckon(self, verdict, letter):
        fact = verdict.fact
        rules = self.book.rules(self.company, fact.customer_type, self.day)
        first = self._earliest(rules, fact)
        _least, claims_interest = self._policy(fact.policy)
        if first is None:
            verdict.reason = "no_notice"
        elif self.day < first:
            verdict.reason, verdict.detail = "law_early", self._from(first)
        elif claims_interest:
            self._reckon_interest(verdict)

    def _earliest(self, rules, fact):
        letters = self.facts.letters(fact)
        key = ("hand over", fact.customer_type, fact.due, letters)
        return self._remember(
            key, deadlines.earliest_hand_over, rules, fact.due, fee_letters(letters), self.days
        )

    def _policy(self, policy_id):
        """The fewest letters that the agency takes a claim after; is interest claimed at all?"""
        return self._remember(("policy", policy_id), self._read_policy, policy_id)

    def _read_policy(self, policy_id):
        policy = self.env["dunning.policy"].browse(policy_id)
        return policy.agency_id.least_letters, any(policy.level_ids.mapped("claims_interest"))


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
