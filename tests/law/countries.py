"""The law of the three countries as the tests of the computations need it, by hand."""

from datetime import date
from decimal import Decimal

from odoo.addons.membership_billing_nordic.formats.banking_days import BankingDays
from odoo.addons.membership_billing_nordic.law.fees import ClaimFacts, FeeLetter
from odoo.addons.membership_billing_nordic.law.interest import RatePeriod
from odoo.addons.membership_billing_nordic.law.rules import FeeRules

DAYS = {
    "dk": BankingDays("DK", {(6, 5), (12, 24), (12, 31)}, easter_offsets={40}),
    "se": BankingDays("SE", categories=("public", "de_facto")),
    "no": BankingDays("NO"),
}
VALUES = {
    "dk": {
        "reminder_fee_cap": "100",
        "reminder_fee_count": "3",
        "notice_fee_cap": "100",
        "notice_fee_with_reminders": "1",
        "hand_over_fee_cap": "100",
        "hand_over_fee_count": "1",
        "fee_first_days": "1",
        "fee_due_stays": "1",
        "fee_spacing_days": "10",
        "notice_deadline_days": "10",
        "hand_over_needs_notice": "1",
    },
    "se": {
        "reminder_fee_cap": "60",
        "reminder_fee_count": "1",
        "reminder_fee_agreed": "1",
        "notice_fee_cap": "180",
        "notice_fee_count": "1",
        "plan_fee_cap": "170",
        "fee_first_days": "1",
        "fee_compensation_offset": "1",
        "notice_deadline_days": "8",
        "notice_deadline_banking_days": "4",
    },
    "no": {
        "fee_base": "750",
        "fee_unit": "1",
        "reminder_fee_fraction": "0.05",
        "reminder_fee_count": "2",
        "notice_fee_fraction": "0.05",
        "notice_fee_with_reminders": "1",
        "demand_fee_fraction": "0.15",
        "demand_fee_count": "1",
        "fee_first_days": "14",
        "fee_missed_deadline_days": "14",
        "fee_reset_months": "6",
        "fee_compensation_offset": "1",
        "notice_deadline_days": "14",
        "demand_deadline_days": "14",
        "hand_over_needs_notice": "1",
    },
}
COMPENSATION = {"dk": "310", "se": "450", "no": "430"}
COUNTRIES = tuple(VALUES)


def rules(country, customer_type="consumer", **others):
    """The rules of a country; further parameters replace its own."""
    values = VALUES[country] | others
    if customer_type == "business":
        values |= {"compensation": COMPENSATION[country]}
    return FeeRules(customer_type, {code: Decimal(value) for code, value in values.items()})


def facts(country, due, **others):
    return ClaimFacts(day(due), DAYS[country], **others)


def letter(sent, fee, deadline=None, kind="reminder"):
    return FeeLetter(day(sent), Decimal(fee), deadline and day(deadline), kind)


def day(text):
    return text if isinstance(text, date) else date.fromisoformat(text)


def rates(basis, *rows):
    return [RatePeriod(day(valid_from), Decimal(rate), basis) for valid_from, rate in rows]
