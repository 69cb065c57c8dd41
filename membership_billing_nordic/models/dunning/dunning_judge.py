"""What a letter may claim of each claim on a day, or why none goes out. Nothing here writes.

The preview of a run and its dispatch both ask here, so that what is sent is judged on the day it
is sent.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from ...law import deadlines, fees, interest
from ...law.errors import LawError, RatesOutdatedError, UnverifiedError
from ...law.rules import PLAN
from .dunning_guards import Guards
from .dunning_law_book import LawBook

_NOTHING = Decimal(0)
# The letter waits when the fee it wants is only allowed later; else it goes without it.
_WAITS = {"too_early", "spacing", "deadline_not_missed"}


@dataclass
class Verdict:
    """What is right for one claim: a reason not to send, or what the letter may claim."""

    claim: object
    level: object
    reason: str = ""
    detail: str = ""
    principal: Decimal = _NOTHING
    fee: Decimal = _NOTHING
    fee_cap: Decimal = _NOTHING
    fee_reason: str = ""
    fee_number: int = 0
    fee_count: int = 0
    fee_spacing: int = 0
    lawful_from: date | None = None
    lawful_deadline: date | None = None
    interest: Decimal = _NOTHING
    compensation: Decimal = _NOTHING
    deadline: date | None = None
    segments: list = field(default_factory=list)


class ClaimJudge:
    """Judges claims of one company for letters that are sent on ``day``."""

    def __init__(self, company, day):
        self.env = company.env(su=True)
        self.company = company.with_env(self.env)
        self.day = day
        self.book = LawBook(self.env)
        self.days = self.book.calendar(self.company)

    def judge(self, claims):
        """``{claim: verdict}`` for open claims of the company."""
        claims = claims.with_env(self.env)
        self.guards = Guards(self.company, claims, self.day, self.book)
        return {claim: self._judge(claim) for claim in claims}

    def _judge(self, claim):
        verdict = Verdict(claim, claim.next_level_id)
        verdict.reason, verdict.detail = self._not_wanted(claim)
        if not verdict.reason:
            verdict.reason, verdict.detail = self.guards.reason(claim)
        if not verdict.reason:
            try:
                self._reckon(verdict)
            except RatesOutdatedError as error:
                verdict.reason = "rates_outdated"
                verdict.detail = self.book.missing_rate(self.company, error)
            except UnverifiedError as error:
                verdict.reason, verdict.detail = "law_unverified", str(error.what)
            except LawError as error:
                verdict.reason, verdict.detail = "law_unverified", str(error)
        return verdict

    def _not_wanted(self, claim):
        currency = claim.currency_id
        if claim.state in ("paid", "closed"):
            return "paid", ""
        if claim.closes_on and claim.closes_on <= self.day:
            return "lapse", ""
        if not claim.next_level_id:
            return "step", ""
        if not claim.next_date or claim.next_date > self.day:
            return "not_due", self._text(claim.next_date)
        smallest = self.company.currency_id._convert(
            claim.policy_id.minimum, currency, self.company, self.day
        )
        if currency.compare_amounts(claim.amount_open, smallest) < 0:
            return "small", ""
        return "", ""

    # ------------------------------------------------------------------ what it may claim

    def _reckon(self, verdict):
        claim, level = verdict.claim, verdict.level
        letters = self._letters(claim)
        rules = self._rules(claim, level)
        verdict.principal = _decimal(claim.amount_open)
        verdict.deadline = self.day + timedelta(days=level.deadline_days)
        if rules and not self._waits(verdict, rules, letters):
            self._reckon_charges(verdict, rules, letters)
            self._reckon_deadline(verdict, rules)
        if level.claims_interest and claim.claim_kind == "fee" and not verdict.reason:
            self._reckon_interest(verdict)
        verdict.deadline = self.days.next_open(verdict.deadline)

    def _rules(self, claim, level):
        """The law; None where none is recorded and the letter claims nothing but what is owed."""
        try:
            return self.book.rules(self.company, claim.customer_type, self.day)
        except UnverifiedError as error:
            claims_more = level.fee or level.claims_interest or level.claims_compensation
            if error.reason != "no_law" or claims_more or level.kind != "reminder":
                raise
            return None

    def _letters(self, claim):
        """What was sent; the last instalment of a payment plan is no deadline of a letter."""
        return [
            fees.FeeLetter(
                line.sent_on,
                _decimal(line.letter_id.fee_total),
                None if line.letter_id.kind == PLAN else line.deadline,
                line.letter_id.kind,
            )
            for line in self._lines(claim)
        ]

    def _lines(self, claim):
        """The claim in letters that count: one that was replaced never reached the payer."""
        lines = claim.letter_line_ids.filtered(lambda line: not line.is_replaced)
        return lines.sorted(lambda line: (line.sent_on, line.id))

    def _facts(self, claim):
        claimed = sum(self._lines(claim).mapped("compensation"))
        return fees.ClaimFacts(
            due=claim.move_line_id.date_maturity,
            days=self.days,
            arose=claim.invoice_id.invoice_date,
            clause_agreed=claim.invoice_id._mbn_fee_clause_agreed(),
            compensation=_decimal(claimed),
            enforceable=claim.claim_kind == "fee",
            read_through=self.guards.known_until(claim),
        )

    def _waits(self, verdict, rules, letters):
        """Is the letter, with the fee it wants, only allowed later?"""
        level, due = verdict.level, verdict.claim.move_line_id.date_maturity
        first = deadlines.earliest_letter(
            rules, due, letters, level.kind, self.days, with_fee=False
        )
        if level.fee:
            allowed = fees.fee_days(rules, due, letters, level.kind, self.days)
            waiting = [day for day, reason in allowed if reason in _WAITS and day]
            first = max([first, *waiting])
        verdict.lawful_from = first
        if self.day < first:
            verdict.reason, verdict.detail = "law_early", self._text(first)
        return bool(verdict.reason)

    def _reckon_charges(self, verdict, rules, letters):
        level, facts = verdict.level, self._facts(verdict.claim)
        if verdict.claim.currency_id != self.company.currency_id:
            return  # the law's amounts are in the country's own currency
        if level.claims_compensation:
            due = fees.compensation(rules, facts, letters, self.day)
            verdict.compensation = due.amount
        if not level.fee:
            return
        facts = replace(facts, compensation=facts.compensation + verdict.compensation)
        wanted = _decimal(level.fee)
        allowed = fees.fee(rules, facts, letters, self.day, wanted, level.kind)
        self._note_fee(verdict, rules, letters, allowed, level.kind)

    def _note_fee(self, verdict, rules, letters, allowed, kind):
        verdict.fee, verdict.fee_reason = allowed.amount, allowed.reason
        verdict.fee_cap = fees.cap(rules, kind) or _NOTHING
        if verdict.fee:
            counted, highest = fees.fee_count(rules, letters, kind, self.day)
            verdict.fee_number, verdict.fee_count = len(counted) + 1, highest or 0
            verdict.fee_spacing = rules.number("fee_spacing_days")

    # ------------------------------------------------------------------ payment plans

    def plan(self, claims, wanted):
        """``[verdict]`` of claims that a payment plan is made of; the oldest one carries its fee.

        :param wanted: the fee; None: the highest there may be
        :raises UnverifiedError: a fee is wanted, and the law's figures for it are not confirmed
        """
        claims = claims.with_env(self.env).sorted(lambda claim: (claim.due_date, claim.id))
        self.guards = Guards(self.company, claims, self.day, self.book)
        verdicts = [
            Verdict(claim, claim.level_id[:0], principal=_decimal(claim.amount_open))
            for claim in claims
        ]
        if wanted != 0:
            self._plan_fee(verdicts[0], wanted)
        return verdicts

    def _plan_fee(self, verdict, wanted):
        claim = verdict.claim
        rules = self.book.rules(self.company, claim.customer_type, self.day)
        if claim.currency_id != self.company.currency_id:
            return  # the law's amounts are in the country's own currency
        wanted = (fees.cap(rules, PLAN) or _NOTHING) if wanted is None else _decimal(wanted)
        letters = self._letters(claim)
        # It is made with the payer, who need not have missed a deadline.
        facts = replace(self._facts(claim), read_through=None)
        allowed = fees.fee(rules, facts, letters, self.day, wanted, PLAN)
        self._note_fee(verdict, rules, letters, allowed, PLAN)

    def _reckon_deadline(self, verdict, rules):
        shortest = deadlines.minimum_deadline(
            rules, verdict.level.kind, self.day, self.company.mbn_dunning_post_days, self.days
        )
        verdict.lawful_deadline = shortest
        verdict.deadline = max(verdict.deadline, shortest)

    def _reckon_interest(self, verdict):
        """The interest up to today, less what earlier letters claimed and was not cancelled."""
        claim, line = verdict.claim, verdict.claim.move_line_id
        principal, movements = self._movements(line)
        due = deadlines.interest_due(line.date_maturity, self.days)
        rates = self.book.rates(self.company, self.day)
        verdict.segments = interest.segments(principal, movements, due, self.day, rates)
        claimed = sum(
            (_decimal(row._interest_claimed()) for row in claim.letter_line_ids),
            _NOTHING,
        )
        verdict.interest = max(interest.interest(verdict.segments) - claimed, _NOTHING)

    def _movements(self, line):
        """What was owed, and what was paid of it when. What was credited was never owed."""
        principal = _decimal(line.amount_currency)
        movements = []
        for partial in line.matched_credit_ids:
            paid = partial.credit_move_id
            amount = _decimal(partial.debit_amount_currency)
            if paid.move_id.move_type == "out_refund":
                principal -= amount
            else:
                movements.append(interest.Movement(paid.date, amount))
        return principal, movements

    def _text(self, day):
        return self.env["ir.qweb.field.date"].value_to_html(day, {}) if day else ""


def _decimal(amount):
    """An amount of the ledger in decimals: floats are exact to the cent only when written out."""
    return Decimal(f"{amount:.2f}")
