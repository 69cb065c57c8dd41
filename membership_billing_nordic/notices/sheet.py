"""One canvas in millimetres from the upper left corner: texts that fit, frames, QR codes."""

from functools import lru_cache

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from reportlab.lib.colors import HexColor, black, white
from reportlab.lib.units import mm

from .fonts import Fonts, printable, text_width
from .payment_part import PITCH

PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
GREY, LIGHT = HexColor("#5f6670"), HexColor("#b9bfc7")
INK = HexColor("#1b1d21")
ELLIPSIS = "…"
SMALLEST = 6.0  # points; what is still too long is cut
CODE_SIZE = 12.0  # points at most; the font decides
QUIET = 4  # modules around a QR code


class Sheet:
    """Draws on the current page of ``canvas``."""

    def __init__(self, canvas, fonts: Fonts):
        self.canvas = canvas
        self.fonts = fonts

    def font(self, strong=False) -> str:
        return self.fonts.strong if strong else self.fonts.text

    # ------------------------------------------------------------------ texts

    def text(self, x, y, text, size=9.0, *, strong=False, align="left", colour=INK, width=None):
        """One line with its base line at ``y``; smaller, then cut, when wider than ``width``."""
        font = self.font(strong)
        text = printable(text, font)
        if width is not None:
            text, size = fitted(text, font, size, width * mm)
        if align != "left":
            full = text_width(text, font, size) / mm
            x -= full if align == "right" else full / 2
        canvas = self.canvas
        canvas.setFont(font, size)
        canvas.setFillColor(colour)
        canvas.drawString(x * mm, (PAGE_HEIGHT - y) * mm, text)

    def wrap(self, text, width, size=9.0, strong=False) -> list[str]:
        """``text`` in lines of at most ``width``."""
        font = self.font(strong)
        return wrapped(printable_lines(text, font), font, size, width * mm)

    def code_line(self, line):
        """Ten characters to the inch, whatever the font's own width.

        :raises ValueError: the line does not fit its zone
        """
        if not line.fits():
            raise ValueError("the line for machines does not fit its zone")
        font, canvas = self.fonts.code, self.canvas
        size = min(CODE_SIZE, PITCH * mm / text_width("0", font, 1))
        text = canvas.beginText(line.left * mm, line.y * mm)
        text.setFont(font, size)
        text.setFillColor(black)
        text.setCharSpace(PITCH * mm - text_width("0", font, size))
        text.textOut(line.text)
        text.setCharSpace(0)
        canvas.drawText(text)

    # ------------------------------------------------------------------ lines and areas

    def rule(self, x1, y1, x2, y2, *, colour=LIGHT, width=0.2, dashed=False):
        canvas = self.canvas
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(width * mm)
        canvas.setDash((2, 2) if dashed else ())
        canvas.line(x1 * mm, (PAGE_HEIGHT - y1) * mm, x2 * mm, (PAGE_HEIGHT - y2) * mm)
        canvas.setDash()

    def area(self, x, y, width, height, colour):
        """A filled rectangle; ``y`` is its upper edge."""
        self.canvas.setFillColor(colour)
        self.canvas.rect(
            x * mm, (PAGE_HEIGHT - y - height) * mm, width * mm, height * mm, stroke=0, fill=1
        )

    def frame(self, x, y, width, height, *, colour=LIGHT, fill=None, line=0.2):
        """A framed rectangle; ``y`` is its upper edge."""
        canvas = self.canvas
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(line * mm)
        canvas.setFillColor(fill or white)
        canvas.rect(
            x * mm,
            (PAGE_HEIGHT - y - height) * mm,
            width * mm,
            height * mm,
            stroke=1,
            fill=1 if fill else 0,
        )

    def qr(self, x, y, size, content):
        """A QR code of ``size`` with its quiet zone; ``y`` is its lower edge on the paper."""
        rows = qr_runs(content)
        module = size / (rows[0] + 2 * QUIET)
        path = self.canvas.beginPath()
        for column, row, length in rows[1]:
            path.rect(
                (x + (QUIET + column) * module) * mm,
                (y + size - (QUIET + row + 1) * module) * mm,
                length * module * mm,
                module * mm,
            )
        self.canvas.setFillColor(black)
        self.canvas.drawPath(path, stroke=0, fill=1)


def fitted(text: str, font: str, size: float, width: float) -> tuple[str, float]:
    """``text`` and the size at which it is no wider than ``width`` points."""
    full = text_width(text, font, size)
    if full <= width:
        return text, size
    size = max(SMALLEST, int(size * width / full * 10) / 10)
    if text_width(text, font, size) <= width:
        return text, size
    while text and text_width(text + ELLIPSIS, font, size) > width:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS, size


def printable_lines(text: str, font: str) -> str:
    return "\n".join(printable(line, font) for line in text.splitlines())


@lru_cache(maxsize=10_000)
def _wrapped(text, font, size, width):
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if text_width(longer, font, size) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = _broken(word, font, size, width)
            lines += whole
        lines.append(line)
    return tuple(lines)


def wrapped(text: str, font: str, size: float, width: float) -> list[str]:
    """``text`` in lines of at most ``width`` points; words that are longer are broken."""
    return list(_wrapped(text, font, size, width)) if text else []


def _broken(word, font, size, width):
    pieces = [""]
    for character in word:
        if pieces[-1] and text_width(pieces[-1] + character, font, size) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


def qr_runs(content: str) -> tuple[int, list[tuple[int, int, int]]]:
    """How many modules a side has, and the dark ones as (column, row, how many) from above."""
    # One mask for all: looking for the best of eight takes eight times as long.
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=3)
    code.add_data(content.encode())
    code.make(fit=True)
    runs = []
    for number, row in enumerate(code.get_matrix()):
        start = None
        for column, dark in enumerate([*row, False]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                runs.append((start, number, column - start))
                start = None
    return code.modules_count, runs
