"""What stands on a notice: texts as they are read, in the reader's language.

Millimetres throughout. On the page they are counted from the upper left corner, in a payment part
from the lower left corner of the paper.
"""

from dataclasses import dataclass, field

from .payment_part import PaymentPart


@dataclass(frozen=True, slots=True)
class Window:
    """The address window of the envelope, as it lies on the folded paper."""

    left: float = 20.0
    top: float = 42.0
    width: float = 90.0
    height: float = 36.0

    @property
    def is_right(self) -> bool:
        return self.left > 75


@dataclass(frozen=True, slots=True)
class Style:
    """How the documents of one sender look. ``logo`` is an image file, empty without."""

    primary: str = "#1f3a5f"
    secondary: str = "#e9eef4"
    logo: bytes = b""
    window: Window = Window()
    # What a printer is off by: everything in the payment part is moved by so much.
    shift_right: float = 0.0
    shift_up: float = 0.0
    # On the first page for paper that is perforated; else on the last one.
    part_first: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the specification. ``kind``: line, section, note or subtotal."""

    text: str
    quantity: str = ""
    price: str = ""
    amount: str = ""
    kind: str = "line"


@dataclass(frozen=True, slots=True)
class Total:
    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A text with a heading of its own, below the sum. All of it is printed, however long it is."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Details:
    """A small table below the sum, such as how interest is reckoned.

    The first column begins at the left; the others end at ``ends``, millimetres from the left.
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ends: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """One document for one recipient."""

    number: str
    title: str
    sender: tuple[str, ...]  # the name first, then what stands below it
    recipient: tuple[str, ...]
    style: Style = Style()
    return_address: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    opening: str = ""
    columns: tuple[str, str, str, str] = ("", "", "", "")
    rows: tuple[Row, ...] = ()
    totals: tuple[Total, ...] = ()
    tax_columns: tuple[str, ...] = ()
    taxes: tuple[tuple[str, ...], ...] = ()
    boxed: str = ""  # what must not be overlooked, such as the day of a debit
    closing: str = ""
    # What follows the closing text: on the page of the payment part, the rest on further ones.
    notes: tuple[Note | Details, ...] = ()
    part: PaymentPart | None = None
    foot: tuple[tuple[str, ...], ...] = ()  # columns of lines
    page_text: str = "{page} ({pages})"
    language: str = field(default="en", compare=False)
