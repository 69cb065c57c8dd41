"""The records of BgMax and Autogiro files, as tables.

Source: Bankgirot's technical manuals of Bankgiro Inbetalningar and of Autogiro. Positions are
1-based and inclusive; fillers are left out.
"""

from operator import itemgetter

from ...membership_billing_nordic.formats.fixed_width import DIGITS, Constant, Field, Template
from .reading import LENGTH

CLEARING = "9900"  # Bankgirot's own
TK = slice(0, 2)


class Table:
    """The fields of one kind of record: to cut a line by, and to write one.

    ``table.cut(line)`` gives the texts of the fields in their order, of a single field its
    text. Numeric fields that may be blank are of kind TEXT.
    """

    def __init__(self, *fields: Field):
        self.fields = fields
        self.cut = itemgetter(*(field.span for field in fields))

    def values(self, line: str) -> dict[str, str]:
        """The texts by the names of the fields, without the blanks around them."""
        return {field.name: line[field.span].strip() for field in self.fields}

    def faults(self, line: str) -> list[Field]:
        """The numeric fields that are not numeric."""
        return [
            field
            for field in self.fields
            if field.kind == DIGITS and not is_number(line[field.span])
        ]

    def pattern(self, *parts: Constant) -> str:
        """For the ``%`` operator: a number for each numeric field, else a text."""
        return Template(LENGTH, *sorted((*parts, *self.fields), key=_first), filler=" ").pattern


def _first(part: Field | Constant) -> int:
    return part.first


def is_number(text: str) -> bool:
    """Only digits of ASCII."""
    return text.isascii() and text.isdigit()


def quote(field: Field, line: str) -> str:
    """What stands in the record, fit to be shown to a person."""
    return "" if field.private else line[field.span].strip()


def bankgiro(first: int, name: str = "payee bankgiro", *, private: bool = False) -> Field:
    return Field(name, first, first + 9, DIGITS, private)


def payer_number(first: int, name: str = "payer number") -> Field:
    return Field(name, first, first + 15, DIGITS, private=True)


# ------------------------------------------------------------------ BgMax

BGMAX_START = Table(
    Field("layout name", 3, 22),
    Field("version", 23, 24, DIGITS),
    Field("timestamp", 25, 44, DIGITS),
    Field("test marker", 45, 45),
)
SECTION = Table(bankgiro(3), Field("plusgiro", 13, 22), Field("currency", 23, 25))
# 20 and 21; of 20 the deduction code is blank. Also of 22 and 23.
PAYMENT = Table(
    Field("payer bankgiro", 3, 12, private=True),
    Field("reference", 13, 37),
    Field("amount", 38, 55, DIGITS),
    Field("reference code", 56, 56),
    Field("channel", 57, 57),
    Field("serial number", 58, 69),
    Field("image flag", 70, 70),
    Field("deduction code", 71, 71),
)
EXTRA_REFERENCE = Table(*PAYMENT.fields[1:4])
INFORMATION = Table(Field("text", 3, 52))
NAME = Table(Field("name", 3, 37), Field("extra name", 38, 72))
ADDRESS_1 = Table(Field("street", 3, 37), Field("postcode", 38, 46))
ADDRESS_2 = Table(Field("city", 3, 37), Field("country", 38, 72), Field("country code", 73, 74))
ORGANISATION = Table(Field("organisation number", 3, 14, DIGITS, private=True))
# Also 15, 16 and 17 of Autogiro, without the currency.
DEPOSIT = Table(
    Field("account", 3, 37, private=True),
    Field("payment date", 38, 45, DIGITS),
    Field("serial number", 46, 50, DIGITS),
    Field("amount", 51, 68, DIGITS),
    Field("currency", 69, 71),
    Field("count", 72, 79, DIGITS),
)
BGMAX_END = Table(
    Field("number of payments", 3, 10, DIGITS),
    Field("number of deductions", 11, 18, DIGITS),
    Field("number of extra references", 19, 26, DIGITS),
    Field("number of deposits", 27, 34, DIGITS),
)
