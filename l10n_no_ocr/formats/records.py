"""The records of an 80-byte Nets file, as tables.

Source: Nets' system specifications of OCR giro and AvtaleGiro. Positions are 1-based and inclusive;
fillers are left out for reading, because banks do put data into them.
"""

from dataclasses import dataclass

from ...membership_billing_nordic.formats.fixed_width import (
    DIGITS,
    RIGHT,
    Constant,
    Field,
    Layout,
    Template,
)

LENGTH = 80

# Identifications: "NY", service, type, record type.
TRANSMISSION_START = b"NY000010"
TRANSMISSION_END = b"NY000089"
OCR_END = b"NY090088"
MANDATES_END = b"NY212488"
CLAIMS_END = b"NY210088"
WITHDRAWALS_END = b"NY213688"
MANDATE = b"NY219470"
ITEM_1, ITEM_2, SPECIFICATION = b"30", b"31", b"49"
ASSIGNMENT_START, ASSIGNMENT_END = b"20", b"88"
FRAME = (b"10", ASSIGNMENT_START, ASSIGNMENT_END, b"89")
IDENTIFICATION = slice(0, 8)
SERVICE_AND_TYPE = slice(2, 6)
TYPE = slice(4, 6)
RECORD_TYPE = slice(6, 8)
TRANSACTION_NUMBER = slice(8, 15)

# Amount items of OCR giro by their identification, whatever the transaction type.
ITEMS = {
    b"NY09%02d3%d" % (transaction_type, item - 1): item
    for transaction_type in range(100)
    for item in (1, 2, 3)
}

# 3.1
TRANSMISSION_START_LAYOUT = Layout(
    Field("data sender", 9, 16, DIGITS),
    Field("transmission number", 17, 23, DIGITS),
    Field("data recipient", 24, 31, DIGITS),
)
TRANSMISSION_END_LAYOUT = Layout(
    Field("number of transactions", 9, 16, DIGITS),
    Field("number of records", 17, 24, DIGITS),
    Field("sum", 25, 41, DIGITS),
    Field("file date", 42, 47),
)

# 3.2
OCR_START_LAYOUT = Layout(
    Field("agreement id", 9, 17, DIGITS),
    Field("assignment number", 18, 24, DIGITS),
    Field("account", 25, 35, DIGITS, private=True),
)
MANDATES_START_LAYOUT = Layout(
    Field("assignment number", 18, 24, DIGITS),
    Field("account", 25, 35, DIGITS, private=True),
)

# 3.3: 42-59 hold other dates in service 21 than in service 09, and none that is used.
OCR_END_LAYOUT = Layout(
    Field("number of transactions", 9, 16, DIGITS),
    Field("number of records", 17, 24, DIGITS),
    Field("sum", 25, 41, DIGITS),
    Field("date generated", 42, 47),
    Field("earliest settlement date", 48, 53),
    Field("latest settlement date", 54, 59),
)
OTHER_END_LAYOUT = Layout(
    Field("number of transactions", 9, 16, DIGITS),
    Field("number of records", 17, 24, DIGITS),
    Field("sum", 25, 41, DIGITS),
)

# 3.4
ITEM_1_LAYOUT = Layout(
    Field("transaction number", 9, 15, DIGITS),
    Field("bank sum", 16, 31, DIGITS),
    Field("sign", 32, 32),
    Field("amount", 33, 49, DIGITS),
    Field("KID", 50, 74),
    Field("card issuer", 75, 76),
)
# Together they name the sum on the bank statement that the payment is part of.
BANK_SUM_LAYOUT = Layout(
    Field("settlement date", 16, 21, DIGITS),
    Field("centre", 22, 23, DIGITS),
    Field("day code", 24, 25, DIGITS),
    Field("part settlement", 26, 26, DIGITS),
    Field("serial number", 27, 31, DIGITS),
)

# 3.5. 35-41 should be zeros but are not always.
ITEM_2_LAYOUT = Layout(
    Field("form number", 16, 25),
    Field("archive reference", 26, 34),
    Field("order date", 42, 47),
    Field("debit account", 48, 58, private=True),
)

# 3.6
ITEM_3_LAYOUT = Layout(Field("free text", 16, 55))

# 3.11
MANDATE_LAYOUT = Layout(
    Field("registration type", 16, 16),
    Field("KID", 17, 41),
    Field("written notice", 42, 42),
)
MANDATE_EVENTS = {b"0": "listed", b"1": "registered", b"2": "cancelled"}
WRITTEN_NOTICE = {b"J": True, b"N": False}

# 3.7: the amount that is added up in assignments that are passed over.
CLAIM_AMOUNT = slice(32, 49)

# Claims and withdrawals, which we write: types of assignment and of transaction.
CLAIMS, WITHDRAWALS = "00", "36"
NOTIFIED_BY_PAYEE, NOTIFIED_BY_BANK, WITHDRAWAL = "02", "21", "93"
NETS = "00008080"
LARGEST_AMOUNT = 10**17 - 1
LARGEST_NUMBER = 9_999_999  # of a transmission, an assignment, a transaction
MOST_LINES, COLUMNS = 42, 2
CELL_WIDTH = 40

_CLAIM = Constant(1, "NY21")
_TRANSACTION_TYPE = Field("transaction type", 5, 6)
_ASSIGNMENT_TYPE = Field("assignment type", 5, 6)
_TRANSACTION_NUMBER = Field("transaction number", 9, 15, DIGITS)
_SERIAL = Field("assignment number", 18, 24, DIGITS)
_ACCOUNT = Field("account", 25, 35, DIGITS, private=True)
_TOTALS = (
    Field("number of transactions", 9, 16, DIGITS),
    Field("number of records", 17, 24, DIGITS),
    Field("sum", 25, 41, DIGITS),
)
_ITEM_1 = (Field("due date", 16, 21), Field("amount", 33, 49, DIGITS), Field("KID", 50, 74, RIGHT))
_ITEM_2 = (Field("payer name", 16, 25), Field("reference text", 51, 75))
_CELL = (
    Field("kind of specification", 16, 16),
    Field("line", 17, 19, DIGITS),
    Field("column", 20, 20, DIGITS),
    Field("text", 21, 60),
)
_DUE_DATES = (Field("earliest due date", 42, 47), Field("latest due date", 48, 53))

CLAIMS_START_LAYOUT = Layout(_SERIAL, _ACCOUNT)
CLAIMS_END_LAYOUT = Layout(*_TOTALS, *_DUE_DATES)
CLAIM_ITEM_1_LAYOUT = Layout(_TRANSACTION_NUMBER, *_ITEM_1)
CLAIM_ITEM_2_LAYOUT = Layout(*_ITEM_2)
CELL_LAYOUT = Layout(*_CELL)

TRANSMISSION_START_TEMPLATE = Template(
    LENGTH,
    Constant(1, "NY000010"),
    Field("data sender", 9, 16),
    Field("transmission number", 17, 23),
    Field("data recipient", 24, 31),
)
TRANSMISSION_END_TEMPLATE = Template(LENGTH, Constant(1, "NY000089"), *_TOTALS, _DUE_DATES[0])
CLAIMS_START_TEMPLATE = Template(
    LENGTH, _CLAIM, _ASSIGNMENT_TYPE, Constant(7, "20"), _SERIAL, Field("account", 25, 35)
)
CLAIMS_END_TEMPLATE = Template(
    LENGTH, _CLAIM, _ASSIGNMENT_TYPE, Constant(7, "88"), *_TOTALS, *_DUE_DATES
)
CLAIM_ITEM_1_TEMPLATE = Template(
    LENGTH,
    *(_CLAIM, _TRANSACTION_TYPE, Constant(7, "30"), _TRANSACTION_NUMBER),
    *(_ITEM_1[0], Constant(22, " " * 11), *_ITEM_1[1:]),
)
CLAIM_ITEM_2_TEMPLATE = Template(
    LENGTH,
    *(_CLAIM, _TRANSACTION_TYPE, Constant(7, "31"), _TRANSACTION_NUMBER),
    *(_ITEM_2[0], Constant(26, " " * 25), _ITEM_2[1]),
)
CELL_TEMPLATE = Template(
    LENGTH, Constant(1, "NY212149"), _TRANSACTION_NUMBER, Constant(16, "4"), *_CELL[1:]
)


@dataclass(frozen=True, slots=True)
class TransactionType:
    """A transaction type of OCR giro.

    ``is_information``: the money reaches the account by another way. ``is_reversal``:
    money that goes back to the card holder.
    """

    code: str
    method: str
    is_information: bool = False
    is_reversal: bool = False


KNOWN_TYPES = {
    kind.code.encode(): kind
    for kind in (
        TransactionType("10", "giro"),
        TransactionType("11", "standing_order"),
        TransactionType("12", "remittance"),
        TransactionType("13", "terminal_giro"),
        TransactionType("14", "counter"),
        TransactionType("15", "direct_debit"),
        TransactionType("16", "telephone"),
        TransactionType("17", "cash"),
        TransactionType("18", "card", is_information=True, is_reversal=True),
        TransactionType("19", "card", is_information=True),
        TransactionType("20", "card", is_information=True, is_reversal=True),
        TransactionType("21", "card", is_information=True),
    )
}
