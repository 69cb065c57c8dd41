"""What stands where in a PDF, in millimetres from the lower left corner."""

from dataclasses import dataclass
from io import BytesIO

from odoo.addons.membership_billing_nordic.notices.document import Document
from pypdf import PdfReader

MM = 72 / 25.4


@dataclass(frozen=True)
class Piece:
    text: str
    x: float
    y: float


def drawn(*notices, **options) -> bytes:
    stream = BytesIO()
    document = Document(stream, **options)
    for notice in notices:
        document.add(notice)
    document.close()
    return stream.getvalue()


def pages(content: bytes) -> list[list[Piece]]:
    """The texts of each page, where they begin."""
    return [_pieces(page) for page in PdfReader(BytesIO(content)).pages]


def _pieces(page):
    found = []

    def visit(text, cm, tm, font, size):
        if text.strip():
            x = cm[0] * tm[4] + cm[2] * tm[5] + cm[4]
            y = cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
            found.append(Piece(text.strip("\n"), x / MM, y / MM))

    page.extract_text(visitor_text=visit)
    return found


def words(pieces) -> str:
    return "\n".join(piece.text for piece in pieces)
