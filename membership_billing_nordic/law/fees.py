"""What a letter may cost: caps, how many, how early, and what must have happened before."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from ..formats.banking_days import BankingDays
from .parameters import BY_CODE, COMPENSATION
from .rounding import CENT, half_up
from .rules import CONSUMER, DEMAND, NOTICE, REMINDER, FeeRules

_DAY = timedelta(days=1)
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class FeeLetter:
    """A letter on the claim that was sent: when, with which fee, until when to pay.

    :ivar fee: the fee as it was sent, also when it was waived later; 0 for none
    :ivar deadline: the last day to pay; None when the letter set none
    """

    sent: date
    fee: Decimal
    deadline: date | None
    kind: str = REMINDER


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """What the law asks of a claim.

    :ivar due: the due date as agreed; whether it moves to a banking day is the law's
    :ivar arose: when the debt arose (the day of the order)
    :ivar clause_agreed: since when the payer has agreed to fees for reminders
    :ivar compensation: what was claimed as late-payment compensation
    :ivar read_through: all payments through this day are known; None: not asked
    """

    due: date
    days: BankingDays
    arose: date | None = None
    clause_agreed: date | None = None
    compensation: Decimal = _NOTHING
    disputed: bool = False
    enforceable: bool = True
    read_through: date | None = None


@dataclass(frozen=True, slots=True)
class FeeVerdict:
    """What may be charged, and why that is less than was wanted (empty: it is not less).

    :ivar reason: ``not_enforceable``, ``disputed``, ``no_rule``, ``no_clause``, ``too_early``,
        ``spacing``, ``count``, ``deadline_not_missed``, ``deadline_too_short``, ``bank_files``,
        ``compensation``, ``cap``; of a compensation also ``consumer``, ``claimed`` and ``fees``
    """

    amount: Decimal
    reason: str = ""


def cap(rules: FeeRules, kind: str) -> Decimal | None:
    """The highest fee of one letter of this kind; None when the law knows no fee for it.

    :raises UnverifiedError: a parameter of it is not confirmed
    """
    fixed = _value(rules, f"{kind}_fee_cap")
    if fixed is not None:
        return fixed
    base, fraction = rules.get("fee_base"), _value(rules, f"{kind}_fee_fraction")
    if base is None or fraction is None:
        return None
    return half_up(base * fraction, rules.get("fee_unit") or CENT)


def legal_due(rules: FeeRules, due: date, days: BankingDays) -> date:
    """The due date from which the law counts the days to letters."""
    return due if rules.is_on("fee_due_stays") else days.next_open(due)


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last of the month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def fee(
    rules: FeeRules,
    facts: ClaimFacts,
    letters: Sequence[FeeLetter],
    on: date,
    wanted: Decimal,
    kind: str = REMINDER,
) -> FeeVerdict:
    """What a letter of this kind, sent on ``on``, may charge of ``wanted``.

    :param letters: the letters already sent on this claim
    :raises UnverifiedError: a parameter this depends on is not confirmed
    """
    if wanted <= 0:
        return FeeVerdict(_NOTHING)
    highest = cap(rules, kind)
    if highest is None:
        return FeeVerdict(_NOTHING, "no_rule")
    if reason := _forbidden(rules, facts, letters, on, kind):
        return FeeVerdict(_NOTHING, reason)
    return FeeVerdict(highest, "cap") if wanted > highest else FeeVerdict(wanted)


def compensation(
    rules: FeeRules, facts: ClaimFacts, letters: Sequence[FeeLetter], on: date
) -> FeeVerdict:
    """The late-payment compensation that may still be claimed: once, and never of a consumer.

    :raises UnverifiedError: a parameter this depends on is not confirmed
    """
    if rules.customer_type == CONSUMER:
        return FeeVerdict(_NOTHING, "consumer")
    if facts.compensation:
        return FeeVerdict(_NOTHING, "claimed")
    amount = rules.get(COMPENSATION)
    if amount is None:
        return FeeVerdict(_NOTHING, "no_rule")
    if reason := _no_claim(facts):
        return FeeVerdict(_NOTHING, reason)
    if on <= legal_due(rules, facts.due, facts.days):
        return FeeVerdict(_NOTHING, "too_early")
    charged = sum((letter.fee for letter in letters), _NOTHING)
    if charged and rules.is_on("fee_compensation_offset"):
        return FeeVerdict(max(amount - charged, _NOTHING), "fees")
    return FeeVerdict(amount)


def fee_days(
    rules: FeeRules, due: date, letters: Sequence[FeeLetter], kind: str, days: BankingDays
) -> Iterator[tuple[date | None, str]]:
    """From when a fee is allowed by each rule, with the reason it is not before; None: never.

    :raises UnverifiedError: a parameter this depends on is not confirmed
    """
    due = legal_due(rules, due, days)
    yield due + max(rules.number("fee_first_days"), 1) * _DAY, "too_early"
    series = _since_reset(rules, letters)
    reset = _reset(rules, series)
    counted, highest = _counted(rules, series, kind)
    if highest is not None and len(counted) >= highest:
        yield reset, "count"
    if letters and (spacing := rules.number("fee_spacing_days")):
        yield max(letter.sent for letter in letters) + spacing * _DAY, "spacing"
    yield from _after_deadline(rules, letters, counted, kind, reset)


def fee_count(
    rules: FeeRules, letters: Sequence[FeeLetter], kind: str, on: date | None = None
) -> tuple[list[FeeLetter], int | None]:
    """The letters whose fees count for one of this kind, and how many there may be; None: any.

    :param on: the day of the letter; None: on the day of the last one, before any new reset
    :raises UnverifiedError: a parameter this depends on is not confirmed
    """
    series = _since_reset(rules, letters)
    reset = _reset(rules, series)
    return _counted(rules, [] if on and reset and on >= reset else series, kind)


def _counted(rules, series, kind):
    group = _group(rules, kind)
    counted = [one for one in series if _group(rules, one.kind) == group]
    highest = _value(rules, f"{group}_fee_count")
    return counted, None if highest is None else int(highest)


def _forbidden(rules, facts, letters, on, kind):
    if reason := _no_claim(facts):
        return reason
    if kind == REMINDER and rules.is_on("reminder_fee_agreed") and not _agreed(facts):
        return "no_clause"
    for day, reason in fee_days(rules, facts.due, letters, kind, facts.days):
        if day is None or on < day:
            return reason
    if not _deadlines_read(rules, facts, letters, kind):
        return "bank_files"
    if facts.compensation and rules.is_on("fee_compensation_offset"):
        return "compensation"
    return ""


def _no_claim(facts):
    if not facts.enforceable:
        return "not_enforceable"
    return "disputed" if facts.disputed else ""


def _agreed(facts):
    return bool(facts.clause_agreed and facts.arose and facts.clause_agreed <= facts.arose)


def _value(rules, code):
    return rules.get(code) if code in BY_CODE else None


def _group(rules, kind):
    """The kind whose fees are counted together with those of ``kind``."""
    together = kind == NOTICE and rules.is_on("notice_fee_with_reminders")
    return REMINDER if together else kind


def _since_reset(rules, letters):
    """The letters with a fee that still count."""
    charged = sorted((one for one in letters if one.fee), key=lambda one: one.sent)
    months = rules.number("fee_reset_months") if charged else 0
    series = []
    for letter in charged:
        if months and series and letter.sent >= add_months(series[-1].sent, months):
            series = []
        series.append(letter)
    return series


def _reset(rules, series):
    """From when the fees count anew; None: never."""
    months = rules.number("fee_reset_months") if series else 0
    return add_months(series[-1].sent, months) if months else None


def _after_deadline(rules, letters, counted, kind, reset):
    """A further fee needs a deadline, set long enough, that was missed."""
    further = kind == DEMAND or bool(counted)
    if not (further and rules.number("fee_missed_deadline_days")):
        return
    setting = letters if kind == DEMAND else counted[-1:]
    missed = missed_from(rules, setting)
    reason = "deadline_not_missed" if missed or not setting else "deadline_too_short"
    yield (min(missed, reset) if missed and reset else missed or reset), reason


def missed_from(rules: FeeRules, letters: Sequence[FeeLetter]) -> date | None:
    """The first day after a deadline that was set as long as the law asks for; None: no such."""
    length = rules.number("fee_missed_deadline_days") * _DAY
    ends = (one.deadline for one in letters if one.deadline and one.deadline - one.sent >= length)
    return min((end + _DAY for end in ends), default=None)


def _deadlines_read(rules, facts, letters, kind):
    """Whether all that was paid within the missed deadlines is known."""
    known = facts.read_through
    ends = [letter.deadline for letter in letters if letter.deadline]
    if known is None or all(end <= known for end in ends):
        return True
    return not rules.number("fee_missed_deadline_days")
