"""The text that goes with a collection, for the debtor: lines of 60 characters."""

from collections.abc import Iterable
from decimal import Decimal
from textwrap import TextWrapper

from ...membership_billing_nordic.formats.latin_1 import to_latin_1

WIDTH = 60
MOST_LINES = 5000
_GAP = 2  # blanks between a text and its amount


def text_lines(lines: Iterable[str], width: int = WIDTH) -> list[str]:
    """``lines`` in characters of ISO-8859-1, broken at the ends of words.

    Empty lines stay, but not at the end.
    """
    found = []
    for text in lines:
        # Only what cannot be printed breaks lines.
        for part in [text] if text.isprintable() else text.splitlines():
            line = to_latin_1(part).rstrip()
            if len(line) > width:
                found += _wrapper(width).wrap(line)
            else:
                found.append(line)
    while found and not found[-1]:
        found.pop()
    return found


def amount_lines(text: str, amount: Decimal) -> tuple[str, ...]:
    """``text`` with ``amount`` at the right end of its last line: 1.234,56."""
    shown = f"{amount:,.2f}".translate(_DANISH)
    *first, last = text_lines([text], WIDTH - len(shown) - _GAP) or [""]
    return (*first, last + shown.rjust(WIDTH - len(last)))


def _wrapper(width: int) -> TextWrapper:
    return TextWrapper(width, expand_tabs=False, replace_whitespace=False, break_on_hyphens=False)


_DANISH = str.maketrans(",.", ".,")
