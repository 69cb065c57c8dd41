"""The lower part of the paper by which it is paid: boxes, texts, a line for machines, a QR code.

A country says what stands where; here is what such a table consists of, and a plain part for
accounts without a national form. Places are millimetres from the lower left corner of the paper.
"""

from dataclasses import dataclass
from decimal import Decimal

FORM_HEIGHT = 101.6  # four inches, the lower third of the paper
PAPER_WIDTH = 210.0
PITCH = 2.54  # of the characters that machines read: ten to the inch


@dataclass(frozen=True, slots=True)
class Box:
    """A frame with a small label and what is filled in."""

    x: float
    y: float
    width: float
    height: float
    label: str = ""
    lines: tuple[str, ...] = ()
    size: float = 9.0
    strong: bool = False
    align: str = "left"
    frame: bool = True


@dataclass(frozen=True, slots=True)
class Label:
    """A text outside boxes; ``y`` is its base line."""

    x: float
    y: float
    text: str
    size: float = 7.0
    strong: bool = False
    align: str = "left"


@dataclass(frozen=True, slots=True)
class Rule:
    x1: float
    y1: float
    x2: float
    y2: float
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Zone:
    """Where a machine reads: nothing but its line may stand in it."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class CodeLine:
    """The line a machine reads, ten characters to the inch, its last one ending at ``right``."""

    text: str
    right: float
    y: float
    zone: Zone

    @property
    def left(self) -> float:
        return self.right - len(self.text) * PITCH

    def fits(self) -> bool:
        zone = self.zone
        return (
            zone.x <= self.left
            and self.right <= zone.x + zone.width
            and zone.y <= self.y <= zone.y + zone.height - 3
        )


@dataclass(frozen=True, slots=True)
class Qr:
    content: str
    x: float
    y: float
    size: float
    caption: str = ""


@dataclass(frozen=True, slots=True)
class PaymentPart:
    """All of it. ``height`` is what it takes of the paper, from the lower edge."""

    height: float
    boxes: tuple[Box, ...] = ()
    labels: tuple[Label, ...] = ()
    rules: tuple[Rule, ...] = ()
    code_line: CodeLine | None = None
    qr: Qr | None = None


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """What is to be paid, by whom and to whom, for those who make a part of it."""

    payee: tuple[str, ...]  # name and address
    payer: tuple[str, ...]
    amount: Decimal
    amount_text: str
    currency: str
    due: str  # as it is read
    reference: str
    number: str  # of the document
    account: str = ""
    bic: str = ""
    payee_id: str = ""  # of the organisation
    date: str = ""  # ISO, of the document
    due_date: str = ""  # ISO
    tax: Decimal = Decimal(0)
    link: str = ""  # where it is paid online; empty when that is not to be shown
    link_caption: str = ""
    national_qr: bool = True  # a QR code in the country's own form, where there is one

    @property
    def whole(self) -> str:
        """The amount before the decimal sign."""
        return str(int(self.amount))

    @property
    def cents(self) -> str:
        return f"{int(self.amount * 100) % 100:02d}"

    def link_qr(self, x: float, y: float, size: float) -> Qr | None:
        return Qr(self.link, x, y, size, self.link_caption) if self.link else None


@dataclass(frozen=True, slots=True)
class PlainLabels:
    """The words of the plain part, in the reader's language."""

    heading: str = "Payment"
    payee: str = "To"
    payer: str = "From"
    account: str = "Account"
    reference: str = "Payment reference"
    amount: str = "Amount"
    due: str = "Due date"


def plain_part(facts: PaymentFacts, labels: PlainLabels) -> PaymentPart:
    """For accounts without a national form: who, where to, how much, by when."""
    account = " ".join(filter(None, (facts.account, facts.bic)))
    right = 150.0 if facts.link else 190.0
    half = (right - 20) / 2
    rows = (
        Box(20, 44, half, 24, labels.payee, facts.payee),
        Box(20 + half, 44, half, 24, labels.payer, facts.payer),
        Box(20, 30, half, 14, labels.account, (account,), 10, True),
        Box(20 + half, 30, half, 14, labels.reference, (facts.reference,), 10, True),
        Box(20, 16, half, 14, labels.due, (facts.due,), 10, True),
        Box(20 + half, 16, half, 14, labels.amount, (facts.amount_text,), 12, True, "right"),
    )
    return PaymentPart(
        80,
        boxes=rows,
        labels=(Label(20, 71, labels.heading, 10, True),),
        rules=(Rule(0, 80, PAPER_WIDTH, 80, dashed=True),),
        qr=facts.link_qr(158, 36, 30),
    )
