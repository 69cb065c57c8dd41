"""The records that begin and end deliveries of Betalingsservice, as tables.

Source: guidelines for data suppliers of Betalingsservice. Positions are 1-based and inclusive;
fillers are left out for reading.
"""

from ...membership_billing_nordic.formats.fixed_width import (
    DIGITS,
    Constant,
    Field,
    Layout,
    Template,
)

LENGTH = 128

DELIVERY_START, DELIVERY_END = b"BS002", b"BS992"
SECTION_START, SECTION_END = b"BS012", b"BS092"
ADDRESS, TRANSACTION, TEXT, FORM_TEXT = b"BS022", b"BS042", b"BS052", b"BS062"
FRAME = (DELIVERY_START, SECTION_START, SECTION_END, DELIVERY_END)
KIND = slice(0, 5)
CREDITOR = slice(5, 13)
SECTION = slice(13, 17)
DELIVERY_TYPE = slice(16, 20)

COLLECTIONS, RESULTS, MANDATES, MANDATE_REQUESTS = "0601", "0602", "0603", "0605"
INFORMATION_LIST, DISPATCH_LIST = "0621", "0686"
SUBSYSTEM, TEST_SUBSYSTEM = "BS1", "KR9"

LARGEST_AMOUNT = 10**13 - 1
LARGEST_SUM = 10**15 - 1
MOST_SECTIONS = 9000

_DATA_SUPPLIER = Field("data supplier", 6, 13, DIGITS)
DELIVERY_START_LAYOUT = Layout(
    _DATA_SUPPLIER,
    Field("subsystem", 14, 16),
    Field("delivery type", 17, 20, DIGITS),
    Field("delivery id", 21, 30),
    Field("date created", 50, 55),
)
_OF_TRANSACTIONS = Field("number of 042 records", 32, 42, DIGITS)
_COUNTERS = (
    _OF_TRANSACTIONS,
    Field("amount", 43, 57, DIGITS),
    Field("number of 052 and 062 records", 58, 68, DIGITS),
)
_OF_ADDRESSES = Field("number of 022 records", 84, 94, DIGITS)
_OF_SECTIONS = Field("number of sections", 21, 31, DIGITS)
DELIVERY_END_LAYOUT = Layout(_OF_SECTIONS, *_COUNTERS, _OF_ADDRESSES)
# 0605 counts nothing else.
SHORT_DELIVERY_END_LAYOUT = Layout(_OF_SECTIONS, _OF_TRANSACTIONS)
SECTION_END_LAYOUT = Layout(*_COUNTERS, _OF_ADDRESSES)

_SENT = (
    Field("data supplier", 6, 13),
    Field("subsystem", 14, 16),
    Field("delivery type", 17, 20),
)
DELIVERY_START_TEMPLATE = Template(
    55,
    Constant(1, "BS002"),
    *_SENT,
    Field("delivery id", 21, 30, DIGITS),
    Constant(31, " " * 19),
    Field("date created", 50, 55),
)
DELIVERY_END_TEMPLATE = Template(
    LENGTH, Constant(1, "BS992"), *_SENT, _OF_SECTIONS, *_COUNTERS, _OF_ADDRESSES
)
SHORT_DELIVERY_END_TEMPLATE = Template(
    LENGTH, Constant(1, "BS992"), *_SENT, _OF_SECTIONS, _OF_TRANSACTIONS
)
