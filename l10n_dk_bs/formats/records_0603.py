"""Positions and codes of delivery 0603, mandates. Source: its guide for data suppliers."""

from dataclasses import dataclass

from ...membership_billing_nordic.formats.fixed_width import DIGITS, Field, Layout

ACTIVE, CHANGES, ELECTRONIC_SLIPS = b"0210", b"0212", b"0219"

MANDATE_LAYOUT = Layout(
    Field("customer number", 26, 40),
    Field("mandate number", 41, 49, DIGITS),
    Field("first day", 50, 55, DIGITS),
    Field("last day", 56, 61, DIGITS),
)


@dataclass(frozen=True, slots=True)
class Change:
    """A transaction code, and the event it is."""

    code: str
    event: str
    meaning: str


CODES = {
    change.code.encode(): change
    for change in (
        Change("0230", "listed", "active"),
        Change("0231", "registered", "registered"),
        Change("0232", "cancelled", "cancelled by the debtor's bank"),
        Change("0233", "cancelled", "cancelled by the creditor"),
        Change("0234", "cancelled", "cancelled by Betalingsservice, as when unused for 15 months"),
    )
}
