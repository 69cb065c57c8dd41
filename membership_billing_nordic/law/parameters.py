"""The parameters in which the law of one country differs from that of another.

A country's law is rows of these codes with a date each. What is no row is no rule: without a cap
there is no fee, without days between letters none are asked for.
"""

from dataclasses import dataclass
from decimal import Decimal

AMOUNT, FRACTION, DAYS, MONTHS, COUNT, SWITCH, POINTS, YEAR = (
    "amount", "fraction", "days", "months", "count", "switch", "points", "year",
)  # fmt: skip
# The greatest value that can be meant; what is more is a slip of the pen.
HIGHEST = {
    AMOUNT: Decimal(100_000),
    FRACTION: Decimal(1),
    DAYS: Decimal(366),
    MONTHS: Decimal(120),
    COUNT: Decimal(100),
    SWITCH: Decimal(1),
    POINTS: Decimal(100),
    YEAR: Decimal(9999),
}
REGIME = "regime"
COMPENSATION = "compensation"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing the law says: its code, the unit of its value, and its name for people."""

    code: str
    unit: str
    label: str


PARAMETERS = tuple(
    Parameter(*row)
    for row in (
        (REGIME, YEAR, "Act in force (its year)"),
        # Fees
        ("fee_base", AMOUNT, "Base of fees"),
        ("fee_unit", AMOUNT, "Fees from the base are rounded to"),
        ("fee_first_days", DAYS, "First fee: days after the due date"),
        (
            "fee_due_stays",
            SWITCH,
            "Letters: counted from the due date also when banks are closed on it",
        ),
        ("fee_spacing_days", DAYS, "Fee: days after the previous letter"),
        ("fee_missed_deadline_days", DAYS, "Further fee: a deadline of this many days was missed"),
        ("fee_reset_months", MONTHS, "Fees count anew this many months after the last"),
        ("fee_compensation_offset", SWITCH, "Fees are part of the late-payment compensation"),
        ("reminder_fee_cap", AMOUNT, "Reminder: highest fee"),
        ("reminder_fee_fraction", FRACTION, "Reminder: fee as part of the base"),
        ("reminder_fee_count", COUNT, "Reminder: number of fees"),
        ("reminder_fee_agreed", SWITCH, "Reminder: fee agreed before the debt arose"),
        ("notice_fee_cap", AMOUNT, "Notice of collection: highest fee"),
        ("notice_fee_fraction", FRACTION, "Notice of collection: fee as part of the base"),
        ("notice_fee_count", COUNT, "Notice of collection: number of fees"),
        ("notice_fee_with_reminders", SWITCH, "Notice of collection: counted with the reminders"),
        ("demand_fee_cap", AMOUNT, "Demand for payment: highest fee"),
        ("demand_fee_fraction", FRACTION, "Demand for payment: fee as part of the base"),
        ("demand_fee_count", COUNT, "Demand for payment: number of fees"),
        ("plan_fee_cap", AMOUNT, "Payment plan: highest fee"),
        ("plan_fee_count", COUNT, "Payment plan: number of fees"),
        ("hand_over_fee_cap", AMOUNT, "Hand-over to collection: highest fee"),
        ("hand_over_fee_count", COUNT, "Hand-over to collection: number of fees"),
        (COMPENSATION, AMOUNT, "Late-payment compensation between businesses"),
        # Deadlines
        ("reminder_deadline_days", DAYS, "Reminder: days to pay"),
        ("notice_deadline_days", DAYS, "Notice of collection: days to pay"),
        (
            "notice_deadline_banking_days",
            DAYS,
            "Notice of collection: banking days to pay once received",
        ),
        ("demand_deadline_days", DAYS, "Demand for payment: days to pay"),
        ("hand_over_needs_notice", SWITCH, "Hand-over to collection: only after a notice"),
        # Interest and sums
        ("interest_margin", POINTS, "Interest: points above the reference rate"),
        ("interest_unfixed_days", DAYS, "Interest without a due date: days after the bill"),
        ("total_unit", AMOUNT, "A total may be rounded to"),
        # Told to people, checked by nobody here
        ("court_fee", AMOUNT, "Fee of an order to pay"),
        ("bad_debt_months", MONTHS, "Tax relief on bad debt: months after the due date"),
        ("bad_debt_letters", COUNT, "Tax relief on bad debt: reminders"),
        ("agency_cost", AMOUNT, "Cost of collection, by size of the claim"),
        ("agency_cost_fraction", FRACTION, "Cost of collection, part of what is above"),
    )
)
BY_CODE = {parameter.code: parameter for parameter in PARAMETERS}
