"""What a letter may claim of each claim on a day, or why none goes out. Nothing here writes.

The preview of a run and its dispatch both ask here, so that what is sent is judged on the day it
is sent. The facts of all claims that are judged together are read at once; what the law says is
worked out once for all claims that are alike in what it depends on.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from ...law import deadlines, fees, interest
from ...law.errors import LawError, RatesOutdatedError, UnverifiedError
from ...law.rules import PLAN
from .dunning_facts import Facts, decimal
from .dunning_guards import Guards
from .dunning_law_book import LawBook

_NOTHING = Decimal(0)
_KEPT = 10_000  # answers of the law that are remembered
# The letter waits when the fee it wants is only allowed later; else it goes without it.
_WAITS = {"too_early", "spacing", "deadline_not_missed"}


@dataclass(slots=True, eq=False)
class Terms:
    """What the law says of a letter about a claim, whatever is open of it."""

    reason: str = ""
    detail: str = ""
    fee: Decimal = _NOTHING
    fee_cap: Decimal = _NOTHING
    fee_reason: str = ""
    fee_number: int = 0
    fee_count: int = 0
    fee_spacing: int = 0
    lawful_from: date | None = None
    lawful_deadline: date | None = None
    compensation: Decimal = _NOTHING
    deadline: date | None = None


_NO_TERMS = Terms()


@dataclass(slots=True, eq=False)
class Verdict:
    """What is right for one claim: a reason not to send, or what the letter may claim."""

    claim: object
    fact: object
    level: object
    reason: str = ""
    detail: str = ""
    principal: Decimal = _NOTHING
    fee: Decimal = _NOTHING
    compensation: Decimal = _NOTHING
    interest: Decimal = _NOTHING
    deadline: date | None = None
    terms: Terms = _NO_TERMS
    accrue: object = None

    def take(self, terms):
        """Let the letter be what the law says of it."""
        self.terms = terms
        self.reason, self.detail = terms.reason, terms.detail
        self.fee, self.compensation = terms.fee, terms.compensation
        self.deadline = terms.deadline

    @property
    def segments(self):
        """The days, rates and amounts that the interest is reckoned from."""
        return self.accrue() if self.accrue else []


@dataclass(frozen=True, slots=True)
class LevelFact:
    """A letter of a policy."""

    level: object
    kind: str
    deadline_days: int
    fee: Decimal
    claims_interest: bool
    claims_compensation: bool

    @classmethod
    def of(cls, level):
        """The facts of ``level``."""
        return cls(
            level,
            level.kind,
            level.deadline_days,
            decimal(level.fee),
            level.claims_interest,
            level.claims_compensation,
        )


class ClaimJudge:
    """Judges claims of one company for letters that are sent on ``day``."""

    def __init__(self, company, day):
        self.env = company.env(su=True)
        self.company = company.with_env(self.env)
        self.day = day
        self.book = LawBook(self.env)
        self.days = self.book.calendar(self.company)
        self._answers = {}

    def judge(self, claims):
        """``{claim: verdict}`` for open claims of the company."""
        return {verdict.claim: verdict for verdict in self.verdicts(claims)}

    def verdicts(self, claims):
        """A verdict for each of ``claims``, open claims of the company, in their order."""
        claims = self._look_at(claims)
        return [self._judge(claim, self.facts[claim.id]) for claim in claims]

    def left_out(self, claim, reason, detail):
        """The verdict of a claim that cannot be judged."""
        claims = claim.with_env(self.env)
        fact = Facts(claims)[claim.id]
        level = claims.level_id.browse(fact.next_level)
        return Verdict(claims, fact, level, reason, detail)

    def _look_at(self, claims):
        claims = claims.with_env(self.env)
        self.facts = Facts(claims)
        self.guards = Guards(self.company, claims, self.day, self.book, self.facts)
        return claims

    def _judge(self, claim, fact):
        letter = self._level(fact.next_level)
        verdict = Verdict(claim, fact, letter.level)
        verdict.reason, verdict.detail = self._not_wanted(fact)
        if not verdict.reason:
            verdict.reason, verdict.detail = self.guards.reason_of(fact)
        if not verdict.reason:
            verdict.principal = decimal(fact.amount_open)
            self._refuse_by_law(verdict, self._reckon, verdict, letter)
        return verdict

    def _refuse_by_law(self, answer, reckon, *arguments):
        """Let ``reckon``; where the law does not answer, that is the reason of ``answer``."""
        try:
            reckon(*arguments)
        except RatesOutdatedError as error:
            answer.reason = "rates_outdated"
            answer.detail = self.book.missing_rate(self.company, error)
        except UnverifiedError as error:
            answer.reason, answer.detail = "law_unverified", str(error.what)
        except LawError as error:
            answer.reason, answer.detail = "law_unverified", str(error)

    def _not_wanted(self, fact):
        if fact.state in ("paid", "closed"):
            return "paid", ""
        if fact.closes_on and fact.closes_on <= self.day:
            return "lapse", ""
        if not fact.next_level:
            return "step", ""
        if not fact.next_date or fact.next_date > self.day:
            return "not_due", self._from(fact.next_date)
        smallest, currency = self._smallest(fact.policy, fact.currency)
        if smallest and currency.compare_amounts(fact.amount_open, smallest) < 0:
            return "small", ""
        return "", ""

    # ------------------------------------------------------------------ what it may claim

    def _reckon(self, verdict, letter):
        verdict.take(self._terms(verdict.fact, letter))
        if letter.claims_interest and verdict.fact.claim_kind == "fee" and not verdict.reason:
            self._reckon_interest(verdict)

    def _terms(self, fact, letter):
        """The terms of the letter, remembered for all claims that are alike."""
        letters = self.facts.letters(fact)
        key = (
            fact.next_level,
            fact.customer_type,
            fact.claim_kind,
            fact.currency,
            fact.due,
            fact.arose,
            self._clause(fact),
            self.guards.known_until(fact),
            letters,
        )
        return self._remember(key, self._new_terms, fact, letter, letters)

    def _new_terms(self, fact, letter, letters):
        terms = Terms(deadline=self.day + timedelta(days=letter.deadline_days))
        self._refuse_by_law(terms, self._fill_terms, terms, fact, letter, letters)
        terms.deadline = self.days.next_open(terms.deadline)
        return terms

    def _fill_terms(self, terms, fact, letter, letters):
        rules = self._rules(fact, letter)
        sent = fee_letters(letters)
        if rules and not self._waits(terms, rules, fact.due, letter, sent):
            self._reckon_charges(terms, rules, fact, letter, sent)
            self._reckon_deadline(terms, rules, letter)

    def _rules(self, fact, letter):
        """The law; None where none is recorded and the letter claims nothing but what is owed."""
        try:
            return self.book.rules(self.company, fact.customer_type, self.day)
        except UnverifiedError as error:
            claims_more = letter.fee or letter.claims_interest or letter.claims_compensation
            if error.reason != "no_law" or claims_more or letter.kind != "reminder":
                raise
            return None

    def _clause(self, fact):
        """Since when the payer has agreed to fees, where the law asks that."""
        asks = self._remember(("clause", fact.customer_type), self._asks_clause, fact.customer_type)
        return self.facts.clauses[fact.invoice] if asks else None

    def _asks_clause(self, customer_type):
        try:
            rules = self.book.rules(self.company, customer_type, self.day)
        except LawError:
            return False
        return bool(rules.values.get("reminder_fee_agreed"))

    def _claim_facts(self, fact):
        letters = self.facts.letters(fact)
        return fees.ClaimFacts(
            due=fact.due,
            days=self.days,
            arose=fact.arose,
            clause_agreed=self._clause(fact),
            compensation=sum((decimal(one.compensation) for one in letters), _NOTHING),
            enforceable=fact.claim_kind == "fee",
            read_through=self.guards.known_until(fact),
        )

    def _waits(self, terms, rules, due, letter, sent):
        """Is the letter, with the fee it wants, only allowed later?"""
        first = deadlines.earliest_letter(rules, due, sent, letter.kind, self.days, with_fee=False)
        if not first:
            terms.reason = "law_early"
            terms.detail = self.env._("A deadline that is long enough has to be missed first.")
            return True
        if letter.fee:
            allowed = fees.fee_days(rules, due, sent, letter.kind, self.days)
            waiting = [day for day, reason in allowed if reason in _WAITS and day]
            first = max([first, *waiting])
        terms.lawful_from = first
        if self.day < first:
            terms.reason, terms.detail = "law_early", self._from(first)
        return bool(terms.reason)

    def _reckon_charges(self, terms, rules, fact, letter, sent):
        if fact.currency != self.company.currency_id.id:
            return  # the law's amounts are in the country's own currency
        facts = self._claim_facts(fact)
        if letter.claims_compensation:
            terms.compensation = fees.compensation(rules, facts, sent, self.day).amount
        if not letter.fee:
            return
        facts = replace(facts, compensation=facts.compensation + terms.compensation)
        allowed = fees.fee(rules, facts, sent, self.day, letter.fee, letter.kind)
        self._note_fee(terms, rules, sent, allowed, letter.kind)

    def _note_fee(self, terms, rules, sent, allowed, kind):
        terms.fee, terms.fee_reason = allowed.amount, allowed.reason
        terms.fee_cap = fees.cap(rules, kind) or _NOTHING
        if terms.fee:
            counted, highest = fees.fee_count(rules, sent, kind, self.day)
            terms.fee_number, terms.fee_count = len(counted) + 1, highest or 0
            terms.fee_spacing = rules.number("fee_spacing_days")

    def _reckon_deadline(self, terms, rules, letter):
        shortest = deadlines.minimum_deadline(
            rules, letter.kind, self.day, self.company.mbn_dunning_post_days, self.days
        )
        terms.lawful_deadline = shortest
        terms.deadline = max(terms.deadline, shortest)

    def _reckon_interest(self, verdict):
        """The interest up to today, less what earlier letters claimed and was not cancelled."""
        fact = verdict.fact
        principal, movements = self.facts.movements(fact)
        due = deadlines.interest_due(fact.due, self.days)
        rates = self._rates()
        verdict.accrue = partial(interest.segments, principal, movements, due, self.day, rates)
        if movements or principal <= 0:
            owed = interest.interest(verdict.accrue())
        else:
            owed = self._remember(("grown", fact.invoiced, due), self._grown, principal, due)
        verdict.interest = max(owed - self.facts.interest_claimed(fact), _NOTHING)

    def _rates(self):
        return self.book.rates(self.company, self.day)

    def _grown(self, principal, due):
        growth = self._remember(("growth", due), interest.growth, due, self.day, self._rates())
        return interest.grown(principal, growth)

    # ------------------------------------------------------------------ payment plans

    def plan(self, claims, wanted):
        """``[verdict]`` of claims that a payment plan is made of; the oldest one carries its fee.

        :param wanted: the fee; None: the highest there may be
        :raises UnverifiedError: a fee is wanted, and the law's figures for it are not confirmed
        """
        claims = self._look_at(claims).sorted(lambda claim: (claim.due_date, claim.id))
        verdicts = [
            Verdict(
                claim,
                self.facts[claim.id],
                claim.level_id[:0],
                principal=decimal(claim.amount_open),
            )
            for claim in claims
        ]
        if wanted != 0:
            self._plan_fee(verdicts[0], wanted)
        return verdicts

    def _plan_fee(self, verdict, wanted):
        fact = verdict.fact
        rules = self.book.rules(self.company, fact.customer_type, self.day)
        if fact.currency != self.company.currency_id.id:
            return  # the law's amounts are in the country's own currency
        wanted = (fees.cap(rules, PLAN) or _NOTHING) if wanted is None else decimal(wanted)
        sent = fee_letters(self.facts.letters(fact))
        # It is made with the payer, who need not have missed a deadline.
        facts = replace(self._claim_facts(fact), read_through=None)
        allowed = fees.fee(rules, facts, sent, self.day, wanted, PLAN)
        terms = Terms()
        self._note_fee(terms, rules, sent, allowed, PLAN)
        verdict.take(terms)

    # ------------------------------------------------------------------ looked up once

    def _level(self, level_id):
        return self._remember(("level", level_id), self._read_level, level_id)

    def _read_level(self, level_id):
        return LevelFact.of(self.env["dunning.policy.level"].browse(level_id))

    def _smallest(self, policy_id, currency_id):
        """The smallest amount that the policy reminds of, in a currency, and that currency."""
        return self._remember(
            ("smallest", policy_id, currency_id), self._read_smallest, policy_id, currency_id
        )

    def _read_smallest(self, policy_id, currency_id):
        currency = self.env["res.currency"].browse(currency_id)
        minimum = self.env["dunning.policy"].browse(policy_id).minimum
        own = self.company.currency_id
        return own._convert(minimum, currency, self.company, self.day), currency

    def _from(self, day):
        return self.env._("From %(day)s on", day=self._text(day)) if day else ""

    def _text(self, day):
        return self._remember(("text", day), self._write_day, day)

    def _write_day(self, day):
        return self.env["ir.qweb.field.date"].value_to_html(day, {}) if day else ""

    def _remember(self, key, ask, *arguments):
        if key not in self._answers:
            if len(self._answers) >= _KEPT:
                self._answers.clear()
            self._answers[key] = ask(*arguments)
        return self._answers[key]


def fee_letters(letters):
    """What was sent; the last instalment of a payment plan is no deadline of a letter."""
    return [
        fees.FeeLetter(
            letter.sent,
            decimal(letter.fee),
            None if letter.kind == PLAN else letter.deadline,
            letter.kind,
        )
        for letter in letters
    ]
