"""The characters that banks take in orders of payment.

Nordic banks take the common set of credit transfers (Latin letters, digits and few signs)
and the letters of the Nordic languages; what else is written goes out as what it looks like.
"""

import re
import unicodedata

from ..latin_1 import to_latin_1

_SIGNS = "/-?:().,'+ "
_LETTERS = "åäöæøéüÅÄÖÆØÉÜ"
_OTHERS = re.compile(rf"[^A-Za-z0-9{re.escape(_SIGNS)}{_LETTERS}]")
_INSTEAD = {"&": "+", "_": "-", '"': "'", "ß": "ss", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"}
# A mark that banks pass on from one to the next: no blanks, no stroke at an end, none doubled.
IDENTIFIER = re.compile(
    r"(?!.*//)[A-Za-z0-9?:().,'+-](?:[A-Za-z0-9/?:().,'+-]*[A-Za-z0-9?:().,'+-])?"
)
LONGEST_IDENTIFIER = 35


def written(text: str, length: int) -> str:
    """``text`` in the characters of banks, on one line of at most ``length``."""
    latin = to_latin_1(unicodedata.normalize("NFC", text))
    plain = _OTHERS.sub(lambda match: _plain(match[0]), latin)
    return " ".join(plain.split())[:length].strip()


def _plain(character: str) -> str:
    if character in _INSTEAD:
        return _INSTEAD[character]
    base = unicodedata.normalize("NFKD", character)[:1]
    return base if base.isascii() and base.isalnum() else " "


def is_identifier(text: str) -> bool:
    """Can ``text`` be a mark that comes back unchanged in the answers of a bank?"""
    return len(text) <= LONGEST_IDENTIFIER and IDENTIFIER.fullmatch(text) is not None
