"""When a letter may be sent, how long it must leave the payer, and when a claim may be handed over."""

from collections.abc import Sequence
from datetime import date, timedelta

from ..formats.banking_days import BankingDays
from .fees import FeeLetter, fee_days, legal_due, missed_from
from .parameters import BY_CODE
from .rules import DEMAND, NOTICE, FeeRules

__all__ = ["earliest_hand_over", "earliest_letter", "interest_due", "legal_due", "minimum_deadline"]

_DAY = timedelta(days=1)


def interest_due(due: date, days: BankingDays) -> date:
    """The due date interest counts from: one on which banks are closed moves to the next day."""
    return days.next_open(due)


def earliest_letter(
    rules: FeeRules,
    due: date,
    letters: Sequence[FeeLetter],
    kind: str,
    days: BankingDays,
    *,
    with_fee: bool = True,
) -> date | None:
    """The first day on which a letter of this kind may be sent; None: never.

    :param with_fee: the letter charges a fee; one that does not may go the day after the due date,
        only a demand for payment has to wait for a missed deadline all the same
    :raises UnverifiedError: a parameter this depends on is not confirmed
    """
    first = legal_due(rules, due, days) + _DAY
    if not with_fee and kind != DEMAND:
        return first
    if not with_fee:
        missed = missed_from(rules, letters)
        return missed and max(first, missed)
    allowed = [day for day, _reason in fee_days(rules, due, letters, kind, days)]
    return None if None in allowed else max([first, *allowed])


def minimum_deadline(
    rules: FeeRules, kind: str, sent: date, received_after_days: int, days: BankingDays
) -> date:
    """The first day that may be set as the last day to pay.

    :param received_after_days: banking days until the payer has the letter; 0: the same day
    :raises UnverifiedError: a parameter this depends on is not confirmed
    """
    deadline = sent + _days(rules, f"{kind}_deadline_days") * _DAY
    banking_days = _days(rules, f"{kind}_deadline_banking_days")
    if not banking_days:
        return deadline
    received = days.forward(sent, received_after_days)
    return max(deadline, days.forward(received, banking_days))


def earliest_hand_over(
    rules: FeeRules, due: date, letters: Sequence[FeeLetter], days: BankingDays
) -> date | None:
    """The first day on which the claim may go to collection; None: a notice is missing.

    Every deadline that was set is waited for. A notice that left less time than the law asks for
    is none.

    :raises UnverifiedError: a parameter this depends on is not confirmed
    """
    first = legal_due(rules, due, days)
    if rules.is_on("hand_over_needs_notice"):
        notices = [letter for letter in letters if letter.kind == NOTICE]
        if not any(_is_lawful(rules, letter, first, days) for letter in notices):
            return None
    return max([first, *(letter.deadline for letter in letters if letter.deadline)]) + _DAY


def _is_lawful(rules, notice, due, days):
    shortest = minimum_deadline(rules, notice.kind, notice.sent, 0, days)
    return notice.sent > due and bool(notice.deadline) and notice.deadline >= shortest


def _days(rules, code):
    return rules.number(code) if code in BY_CODE else 0
