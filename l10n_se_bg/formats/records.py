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

# ------------------------------------------------------------------ Autogiro, from Bankgirot

NEW_START = Table(
    Field("timestamp", 25, 44),  # of other reports than payments a date alone
    Field("content", 45, 64),
    Field("customer number", 65, 70),
    bankgiro(71),
)
OLD_START = Table(
    Field("date", 3, 10), Field("content", 23, 62), Field("customer number", 63, 68), bankgiro(69)
)
# Of old mandate advice, and of new mandates by internet bank.
SHORT_START = Table(Field("date", 3, 10), bankgiro(15), Field("content", 25, 44))

PAID = Table(
    Field("payment date", 3, 10),
    Field("period code", 11, 11),
    Field("recurrences", 12, 14),
    payer_number(16),
    Field("amount", 32, 43, DIGITS),
    Field("reference", 54, 69),
    Field("status", 80, 80),
)
REFUND = Table(
    Field("original payment date", 3, 10),
    payer_number(16),
    Field("amount", 32, 43, DIGITS),
    Field("reference", 54, 69),
    Field("refund date", 70, 77),
    Field("refund code", 78, 79),
)
PAID_END = Table(
    Field("number of deposits", 15, 20, DIGITS),
    Field("number of collections", 21, 32, DIGITS),
    Field("number of withdrawals", 33, 38, DIGITS),
    Field("number of payouts", 39, 50, DIGITS),
    Field("number of refund withdrawals", 51, 56, DIGITS),
    Field("number of refunds", 57, 68, DIGITS),
)
# Also of cancellations, where the sums are overpunched, and of stored orders.
SUMS_END = Table(
    Field("sum of payouts", 29, 40),
    Field("number of payouts", 41, 46, DIGITS),
    Field("number of collections", 47, 52, DIGITS),
    Field("sum of collections", 57, 68),
)
ADVICE = Table(
    payer_number(13),
    Field("account", 29, 44, private=True),
    Field("payer identity", 45, 56, private=True),
    Field("information code", 62, 63),
    Field("comment code", 64, 65),
    Field("action date", 66, 73),
    Field("valid from", 74, 79),
)
# Of mandate advice and of new mandates by internet bank.
COUNT_END = Table(Field("number of records", 15, 21, DIGITS))
REJECTED = Table(
    Field("payment date", 3, 10),
    payer_number(15),
    Field("amount", 31, 42),
    Field("reference", 43, 58),
    Field("comment code", 59, 60),
)
REJECTED_END = Table(
    Field("number of payouts", 15, 20, DIGITS),
    Field("sum of payouts", 21, 32, DIGITS),
    Field("number of collections", 33, 38, DIGITS),
    Field("sum of collections", 39, 50, DIGITS),
)
CHANGED = Table(
    Field("payment date", 3, 10),
    Field("payer number", 11, 26, private=True),
    Field("payment code", 27, 28),
    Field("amount", 29, 40),
    Field("reference marker", 41, 48),
    Field("new date", 49, 56),
    Field("reference", 57, 72),
    Field("comment code", 73, 74),
)
INTERNET_MANDATE = Table(
    payer_number(13),
    Field("account", 29, 44, private=True),
    Field("payer identity", 45, 56, private=True),
    Field("message type", 62, 62),
)
INTERNET_TEXT = Table(Field("text", 3, 38))
INTERNET_LINES = Table(Field("first line", 3, 38), Field("second line", 39, 74))
INTERNET_CITY = Table(Field("postcode", 3, 7), Field("city", 8, 38))
REGISTER_NEW = Table(
    bankgiro(1),
    Field("payer identity", 11, 22, private=True),
    payer_number(23),
    Field("mandate type", 39, 39),
    Field("created", 42, 49),
    Field("status", 58, 58),
    Field("account", 65, 80, private=True),
)
REGISTER_OLD = Table(
    *REGISTER_NEW.fields[:4],
    Field("created", 41, 48),
    Field("status", 57, 57),
    Field("account", 64, 79, private=True),
)

# ------------------------------------------------------------------ Autogiro, to Bankgirot

REQUESTS_START = Table(Field("date", 3, 10), Field("customer number", 63, 68, DIGITS), bankgiro(69))
END_MANDATE = Table(bankgiro(3), payer_number(13))
NEW_MANDATE = Table(
    bankgiro(3),
    payer_number(13),
    Field("account", 29, 44, private=True),
    Field("payer identity", 45, 56, private=True),
    Field("answer", 77, 78),
)
CHANGE_MANDATE = Table(
    bankgiro(3),
    payer_number(13),
    bankgiro(29, "payee bankgiro again"),
    payer_number(39, "new payer number"),
)
ORDER = Table(
    Field("payment date", 3, 10),
    Field("period code", 11, 11),
    Field("recurrences", 12, 14),
    payer_number(16),
    Field("amount", 32, 43, DIGITS),
    bankgiro(44),
    Field("reference", 54, 69),
)
# 23 to 29: what does not stand in a kind of them is blank.
CHANGE = Table(
    bankgiro(3),
    Field("payer number", 13, 28, private=True),
    Field("payment date", 29, 36),
    Field("amount", 37, 48),
    Field("payment code", 49, 50),
    Field("new date", 51, 58),
    Field("reference", 59, 74),
)
LARGEST_AMOUNT = 10**12 - 1
LONGEST_REFERENCE = 16
