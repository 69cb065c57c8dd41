"""Positions of delivery 0601, collections. Source: guidelines for data suppliers, BS 0601.

Record numbers have five digits here, so that the debtor group begins at 23.
"""

from ...membership_billing_nordic.formats.fixed_width import (
    DIGITS,
    Constant,
    Field,
    Layout,
    Template,
)
from .numbers import NO_MANDATE

AUTOMATIC, SLIPS = b"0112", b"0117"
GROUP = slice(22, 27)
CUSTOMER = slice(27, 42)
RECORD_NUMBER = slice(17, 22)
ADDRESS_CODE, TEXT_CODE = b"0240", b"0241"
COLLECTION_CODES = {AUTOMATIC: b"0280", SLIPS: b"0285"}

# Of the records of an address: up to five lines, the postcode, further information.
MOST_LINES, POSTCODE, IDENTITY = 5, b"00009", b"00010"
LINE_WIDTH, NAME_LINES = 35, 2
LONGEST_REFERENCE, LONGEST_SLIP_REFERENCE = 30, 9
MAIN_TEXT_WIDTH, OWN_ID_WIDTH = 60, 15
COLLECTED, PAID_OUT, NO_AMOUNT = b"1", b"2", b"0"

LINE_LAYOUT = Layout(Field("text", 52, 86))
POSTCODE_LAYOUT = Layout(Field("postcode", 67, 70), Field("country", 71, 73))
IDENTITY_LAYOUT = Layout(Field("identity", 83, 92, private=True))
COLLECTION_LAYOUT = Layout(
    Field("mandate number", 43, 51, DIGITS),
    Field("due date", 52, 59, DIGITS),
    Field("sign", 60, 60, DIGITS),
    Field("amount", 61, 73, DIGITS),
    Field("reference", 74, 103),
    Field("payment id", 106, 120),
)
TEXT_LAYOUT = Layout(Field("text", 53, 112))

SECTION_START_TEMPLATE = Template(
    128,
    Constant(1, "BS012"),
    Field("creditor", 6, 13),
    Field("section", 14, 17),
    Constant(18, " " * 5),
    Field("debtor group", 23, 27),
    Field("own id", 28, 42),
    Constant(43, " " * 4),
    Field("date created", 47, 54),
    Constant(55, " " * 14),
    Field("main text", 69, 128),
)
# The filler before the debtor group is blanks in the start record and zeros here.
SECTION_END_TEMPLATE = Template(
    94,
    Constant(1, "BS092"),
    Field("creditor", 6, 13),
    Field("section", 14, 17),
    Constant(18, "00000"),
    Field("debtor group", 23, 27),
    Constant(28, " " * 4),
    Field("number of 042 records", 32, 42, DIGITS),
    Field("amount", 43, 57, DIGITS),
    Field("number of 052 and 062 records", 58, 68, DIGITS),
    Constant(69, " " * 15),
    Field("number of 022 records", 84, 94, DIGITS),
)


class Patterns:
    """Patterns of the records of one section, for the ``%`` operator.

    Each ends with a text that is as long as it is: blanks at the end are not written.
    """

    def __init__(self, creditor: str, section: str, group: str):
        def pattern(kind, code, number, *parts, end):
            constants = Constant(1, kind), Constant(6, creditor), Constant(14, code), number
            fixed = (*constants, Constant(23, group), Field("customer number", 28, 42))
            return Template(end, *fixed, *parts).pattern + "%s"

        code = COLLECTION_CODES[section.encode()].decode()
        line_number = Field("record number", 18, 22, DIGITS)
        no_mandate, mandate = Constant(43, NO_MANDATE), Field("mandate number", 43, 51)
        blank = Constant(52, " ")
        self.line = pattern("BS022", "0240", line_number, no_mandate, end=51)
        self.postcode = pattern(
            *("BS022", "0240", Constant(18, POSTCODE.decode()), no_mandate),
            *(Constant(52, " " * 15), Field("postcode", 67, 70)),
            end=70,
        )
        self.identity = pattern(
            "BS022", "0240", Constant(18, IDENTITY.decode()), Constant(43, " " * 40), end=82
        )
        self.collection, self.disbursement = (
            pattern(
                *("BS042", code, Constant(18, "00000"), mandate),
                *(Field("due date", 52, 59), Constant(60, sign.decode())),
                *(Field("amount", 61, 73, DIGITS), Field("reference", 74, 103)),
                Constant(104, "00"),
                end=105,
            )
            for sign in (COLLECTED, PAID_OUT)
        )
        self.text = pattern("BS052", "0241", line_number, mandate, blank, end=52)
        self.form_text = pattern("BS062", "0241", line_number, no_mandate, blank, end=52)
