"""The fonts of notices, embedded in every file.

Whoever draws says where the font files are. Without any, the Vera fonts of reportlab are used and,
for the line that machines read, Courier.
"""

import hashlib
import struct
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from . import outline_font

# Letters that are no other letter with an accent.
_OTHERWISE = str.maketrans({"ß": "ss", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ŋ": "n"})


@dataclass(frozen=True, slots=True)
class Fonts:
    """Names of registered fonts: for texts, for emphasis, for what machines read."""

    text: str
    strong: str
    code: str


def register(source: str | Path | bytes) -> str:
    """The name under which the font ``source`` (path or content) can be used.

    TrueType, or OpenType whose characters are all equally wide.

    :raises ValueError: it is no such font
    """
    key = source if isinstance(source, bytes) else str(source).encode()
    name = f"notice-{hashlib.sha256(key).hexdigest()[:16]}"
    if name not in pdfmetrics.getRegisteredFontNames():
        _register(name, source)
    return name


def _register(name, source):
    try:
        is_content = isinstance(source, bytes)
        pdfmetrics.registerFont(TTFont(name, BytesIO(source) if is_content else str(source)))
    except (TTFError, OSError, IndexError, KeyError, struct.error):
        try:
            outline_font.register(name, source if is_content else Path(source).read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError("no font that can be embedded") from error


@lru_cache(maxsize=32)
def fonts(text="Vera.ttf", strong="VeraBd.ttf", code="") -> Fonts:
    """The fonts in these files."""
    return Fonts(register(text), register(strong), register(code) if code else "Courier-Bold")


def is_static(font: str) -> bool:
    """Is ``font`` in files as a whole, not with the characters that are used?"""
    return not pdfmetrics.getFont(font)._dynamicFont


@lru_cache(maxsize=100_000)
def printable(text: str, font: str) -> str:
    """``text`` with the characters that ``font`` has: what lacks is written without its accent."""
    known = getattr(pdfmetrics.getFont(font).face, "charToGlyph", None)
    if known is None:
        return text.encode("cp1252", "replace").decode("cp1252")
    if all(ord(character) in known for character in text):
        return text
    return "".join(_with_glyph(character, known) for character in text)


def _with_glyph(character, known):
    if ord(character) in known:
        return character
    if character.isspace():
        return " "
    plain = unicodedata.normalize("NFKD", character.translate(_OTHERWISE))
    plain = "".join(one for one in plain if ord(one) in known and not unicodedata.combining(one))
    invisible = unicodedata.category(character) in ("Cc", "Cf", "Mn")
    return plain or ("" if invisible else "?")


@lru_cache(maxsize=200_000)
def text_width(text: str, font: str, size: float) -> float:
    """In points."""
    return pdfmetrics.stringWidth(text, font, size)
