"""Positions and codes of delivery 0602, results of payments. Source: its guide for data suppliers.

Record numbers have three digits here, so that the debtor group begins at 21.
"""

from dataclasses import dataclass

from ...membership_billing_nordic.formats.fixed_width import DIGITS, Field, Layout

AUTOMATIC, SLIPS = b"0211", b"0215"
GROUP = slice(20, 25)
RECORD_NUMBER = slice(17, 20)
TRANSACTION_CODE = slice(13, 17)

AUTOMATIC_LAYOUT = Layout(
    Field("customer number", 26, 40),
    Field("mandate number", 41, 49, DIGITS),
    Field("due date", 50, 55, DIGITS),
    Field("sign", 56, 56, DIGITS),
    Field("amount", 57, 69, DIGITS),
    Field("reference", 70, 99),
    Field("payment date", 104, 109, DIGITS),
    Field("bookkeeping date", 110, 115, DIGITS),
    Field("amount paid", 116, 128, DIGITS),
)
# The same record in the pieces that most payments need.
QUICK_LAYOUT = Layout(
    Field("customer number", 26, 40),
    Field("mandate number", 41, 49),
    Field("due date", 50, 55),
    Field("sign", 56, 56),
    Field("amount", 57, 69),
    Field("reference", 70, 99),
    Field("dates", 104, 115),
    Field("amount paid", 116, 128),
)
SLIP_LAYOUT = Layout(
    Field("customer number", 30, 44),
    Field("slip type", 45, 46),
    Field("fee code", 47, 47),
    Field("fee", 48, 52, DIGITS),
    Field("due date", 53, 58, DIGITS),
    Field("sign", 59, 59, DIGITS),
    Field("amount", 60, 72, DIGITS),
    Field("reference", 73, 81),
    Field("archive reference", 82, 103),
    Field("payment date", 104, 109, DIGITS),
    Field("bookkeeping date", 110, 115, DIGITS),
    Field("amount paid", 116, 128, DIGITS),
)
# The payer's address (022) and text (052) with slips of types 73 and 75.
PAYER_LAYOUT = Layout(
    Field("slip type", 45, 46),
    Field("archive reference", 47, 68),
    Field("text", 69, 103),
)
# By record type and transaction code: the highest record number.
ADDRESS_CODE, TEXT_CODE = b"0290", b"0295"
MOST_ADDRESSES, MOST_TEXTS = 5, 41


@dataclass(frozen=True, slots=True)
class Result:
    """A transaction code. ``brings``: 1 money came, -1 it went back, 0 it did neither."""

    code: str
    brings: int
    meaning: str
    method: str


_DEBIT, _SLIP = "direct_debit", "giro"
AUTOMATIC_CODES = {
    result.code.encode(): result
    for result in (
        Result("0236", 1, "completed", _DEBIT),
        Result("0237", 0, "rejected by the debtor", _DEBIT),
        Result("0238", 0, "cancelled: the mandate ended before the due date", _DEBIT),
        Result("0239", -1, "charged back by the debtor's bank", _DEBIT),
    )
}
COMPLETED = AUTOMATIC_CODES[b"0236"]
REJECTED = "0237"
REJECTED_AFTERWARDS = "rejected by the debtor after the payment"
# The same of disbursements (sign 2).
NOT_PAID_OUT = {
    "0237": "disbursement rejected",
    "0238": "disbursement found no mandate",
}
SLIP_CODES = {
    result.code.encode(): result
    for result in (
        Result("0297", 1, "slip paid", _SLIP),
        Result("0299", -1, "slip payment charged back", _SLIP),
    )
}
