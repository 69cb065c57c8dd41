"""Days that pass inside Odoo: a clock that is moved, and the scheduled actions of a day."""

from contextlib import contextmanager
from datetime import date, datetime, time, timedelta, timezone

from freezegun import freeze_time

MORNING, EVENING = time(7, 30), time(18)
EVERY_DAY = (
    "ir_cron_membership_status",
    "ir_cron_billing_daily",
    "ir_cron_billing_work",
    "ir_cron_bank_reported",
)
WITH_THE_BANK = (
    "ir_cron_bank_channel_fetch",
    "ir_cron_bank_file_process",
    "ir_cron_debit_silence",
    "ir_cron_make_debit_files",
    "ir_cron_bank_file_send",
    "ir_cron_bank_file_expectation",
)


def month_before(day: date, count: int = 1) -> date:
    """The first day of the month so many months before that of ``day``."""
    day = day.replace(day=1)
    for _ in range(count):
        day = (day - timedelta(days=1)).replace(day=1)
    return day


@contextmanager
def at(day: date, now: time, zone):
    """It is this moment of the zone's wall clock; the clock ticks on from there.

    Yields the moment as naive UTC.
    """
    moment = datetime.combine(day, now, zone).astimezone(timezone.utc).replace(tzinfo=None)
    with freeze_time(moment, tick=True):
        yield moment


def run_actions(env, names):
    """Run these scheduled actions, each in a transaction of its own."""
    for name in names:
        env.ref(f"membership_billing_nordic.{name}").method_direct_trigger()
        env.cr.commit()
        env.invalidate_all()
