"""When files must be at Bankgirot, when it tries again, and what payers may do until when.

Times are wall clock times in Sweden, without a time zone.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from ...membership_billing_nordic.formats.banking_days import BankingDays

TIME_ZONE = "Europe/Stockholm"
CUT_OFF = time(19)
MOST_RETRIES = 3
RETRY_SILENCE_DAYS = 4  # banking days after which an announced retry will not be told of
NOTICE_DAYS = 8
REVOCATION_DAYS = 5  # banking days before, when the payer tells the payee
AUTHORISED_WEEKS, UNAUTHORISED_MONTHS = 8, 13
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_NEXT_YEARS = 2


def banking_days() -> BankingDays:
    """The days on which Swedish banks work: not on eves of Midsummer, Christmas, New Year."""
    return BankingDays("SE", categories=("public", "de_facto"))


def latest_delivery(payment_date: date, calendar: BankingDays) -> datetime:
    """By when a file must be there: the banking day before, at 19:00."""
    return datetime.combine(calendar.back(payment_date, 1), CUT_OFF)


def earliest_payment(delivered: datetime, calendar: BankingDays) -> date:
    """The first payment date that a file delivered then may hold."""
    day = delivered.date()
    if not calendar.is_open(day) or delivered.time() > CUT_OFF:
        day = calendar.forward(day, 1)
    return calendar.forward(day, 1)


def latest_payment(today: date) -> date:
    """The last payment date that is taken: the end of the second calendar year to come."""
    return date(today.year + _NEXT_YEARS, 12, 31)


def payment_day(due_date: date, calendar: BankingDays) -> date:
    """When a single debit due on ``due_date`` is made."""
    return calendar.next_open(due_date)


def retry_days(payment_date: date, retries: int, calendar: BankingDays) -> tuple[date, ...]:
    """The banking days on which a debit without cover is tried again, as agreed."""
    if not 0 <= retries <= MOST_RETRIES:
        raise ValueError(f"retries: expected 0 to {MOST_RETRIES}")
    return tuple(calendar.forward(payment_date, number + 1) for number in range(retries))


def retry_silence_from(payment_date: date, calendar: BankingDays) -> date:
    """From when a debit that waits for a retry counts as failed if nothing more was heard."""
    return calendar.forward(payment_date, RETRY_SILENCE_DAYS)


def latest_notice(payment_date: date, calendar: BankingDays) -> date:
    """By when the payer is to be told of a debit that follows no fixed plan."""
    return calendar.back(payment_date, NOTICE_DAYS)


def latest_revocation(payment_date: date, calendar: BankingDays) -> date:
    """By when a payer tells the payee that the mandate has ended before this debit."""
    return calendar.back(payment_date, REVOCATION_DAYS)


def latest_refund(payment_date: date, is_authorised: bool = True) -> date:
    """Until when the payer may want a debit back."""
    if is_authorised:
        return payment_date + timedelta(weeks=AUTHORISED_WEEKS)
    return payment_date + relativedelta(months=UNAUTHORISED_MONTHS)


def recurring_days(
    first: date, interval: str, calendar: BankingDays, *, at_month_end: bool = False
) -> Iterator[date]:
    """The payment days of an order that Bankgirot repeats, without end.

    On the day of the order or the next banking day; at the month's end on its last day or
    the banking day before.
    """
    step = _MONTHS[interval]
    months = 0
    while True:
        day = first + relativedelta(months=months)
        if at_month_end:
            last = day + relativedelta(day=31)
            yield last if calendar.is_open(last) else calendar.back(last, 1)
        else:
            yield calendar.next_open(day)
        months += step
