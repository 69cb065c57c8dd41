"""Danish banking days, and the days that count in the life of a collection.

Days and times are local (Copenhagen). What may differ between agreements is an argument.
"""

from datetime import date, datetime, time

from dateutil.relativedelta import relativedelta

from ...membership_billing_nordic.formats.banking_days import BankingDays

# Banks also close on the day of the constitution, on two half days, and on the Friday after
# Ascension Day.
BANKING_DAYS = BankingDays("DK", {(6, 5), (12, 24), (12, 31)}, easter_offsets={40})

LEAD_DAYS = 6
CUTOFF = time(11)
REFUSAL_DAY = 7
BANK_REVERSAL_DAYS = 2
UNAUTHORISED_MONTHS = 13
_MONTH = relativedelta(months=1)


def deadline(due: date, lead_days: int = LEAD_DAYS, cutoff: time = CUTOFF) -> datetime:
    """Until when collections due in the month of ``due`` are taken without extra cost.

    The ``lead_days``-th last banking day of the month before, at ``cutoff``.
    """
    return datetime.combine(BANKING_DAYS.back(due.replace(day=1), lead_days), cutoff)


def first_month(at: datetime, lead_days: int = LEAD_DAYS, cutoff: time = CUTOFF) -> date:
    """The first day of the earliest month whose deadline is not over ``at`` this moment."""
    month = at.date().replace(day=1) + _MONTH
    while deadline(month, lead_days, cutoff) < at:
        month += _MONTH
    return month


def payment_day(month: date) -> date:
    """The usual day of payment in the month of this day: its first banking day."""
    return BANKING_DAYS.next_open(month.replace(day=1))


def first_due(
    wanted: date, at: datetime, lead_days: int = LEAD_DAYS, cutoff: time = CUTOFF
) -> date:
    """The day on which a collection wanted on ``wanted`` can be due, if sent ``at``.

    ``wanted`` itself or the next banking day; when its deadline is over, the payment day of
    the first month in reach.
    """
    due = BANKING_DAYS.next_open(wanted)
    in_reach = first_month(at, lead_days, cutoff)
    return due if due >= in_reach else payment_day(in_reach)


def refusal_end(due: date, day: int = REFUSAL_DAY) -> date:
    """The last day on which the debtor can refuse the payment or have it reversed."""
    return BANKING_DAYS.next_open(due.replace(day=day))


def bank_reversal_end(due: date, days: int = BANK_REVERSAL_DAYS) -> date:
    """The last day on which the debtor's bank reverses it, for want of cover."""
    return BANKING_DAYS.forward(due, days)


def unauthorised_end(due: date, months: int = UNAUTHORISED_MONTHS) -> date:
    """The last day on which the debtor can claim that the payment was not authorised."""
    return due + relativedelta(months=months)
