"""Positions of delivery 0605, requests on mandates.

Source: programs that write it; registrations agree in two of them, cancellations and changes
stand in one each. There are no debtor groups in the records of its sections.
"""

from ...membership_billing_nordic.formats.fixed_width import (
    DIGITS,
    Constant,
    Field,
    Layout,
    Template,
)
from .numbers import NO_MANDATE

REGISTRATIONS, CHANGES, CANCELLATIONS = b"0120", b"0125", b"0126"
REGISTER, CHANGE, CANCEL = b"0200", b"0272", b"0257"
CODES = {REGISTRATIONS: REGISTER, CHANGES: CHANGE, CANCELLATIONS: CANCEL}

REQUEST_LAYOUT = Layout(
    Field("debtor group", 21, 25, DIGITS),
    Field("customer number", 26, 40),
    Field("mandate number", 41, 49, DIGITS),
)
ACCOUNT_LAYOUT = Layout(
    Field("identity", 62, 71, DIGITS, private=True),
    Field("bank registration number", 82, 85, DIGITS, private=True),
    Field("account", 90, 99, DIGITS, private=True),
)
NEW_NUMBER_LAYOUT = Layout(Field("new customer number", 62, 76))
SECTION_END_LAYOUT = Layout(
    Field("number of 042 records", 27, 37, DIGITS),
    Field("amount", 38, 52, DIGITS),
    Field("number of 052 and 062 records", 53, 63, DIGITS),
    Field("number of 022 records", 79, 89, DIGITS),
)

SECTION_START_TEMPLATE = Template(
    50,
    Constant(1, "BS012"),
    Field("creditor", 6, 13),
    Field("section", 14, 17),
    Constant(18, "000" + " " * 24),
)
SECTION_END_TEMPLATE = Template(
    128,
    Constant(1, "BS092"),
    Field("creditor", 6, 13),
    Field("section", 14, 17),
    Constant(18, " " * 9),
    Field("number of 042 records", 27, 37, DIGITS),
    Constant(38, "0" * 26 + " " * 15),
)
_CREDITOR, _GROUP = Field("creditor", 6, 13), Field("debtor group", 21, 25)
_CUSTOMER, _MANDATE = Field("customer number", 26, 40), Field("mandate number", 41, 49)
_TRANSACTION = Constant(1, "BS042")
REGISTER_TEMPLATE = Template(
    114,
    *(_TRANSACTION, _CREDITOR, Constant(14, "0200000"), _GROUP, _CUSTOMER),
    Constant(41, NO_MANDATE),
    Field("identity", 62, 71),
    Constant(72, " " * 10),
    Field("bank registration number", 82, 85),
    Constant(86, " " * 4),
    Field("account", 90, 99),
    Constant(100, " " * 10),
)
CANCEL_TEMPLATE = Template(
    128, _TRANSACTION, _CREDITOR, Constant(14, "0257000"), _GROUP, _CUSTOMER, _MANDATE
)
CHANGE_TEMPLATE = Template(
    76,
    *(_TRANSACTION, _CREDITOR, Constant(14, "0272000"), _GROUP, _CUSTOMER, _MANDATE),
    Field("request date", 50, 55),
    Field("new customer number", 62, 76),
)
