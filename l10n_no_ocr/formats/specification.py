"""The text of a bank's notice in an AvtaleGiro claim: lines of two columns of 40 characters."""

from collections.abc import Iterable, Iterator

from ...membership_billing_nordic.formats.latin_1 import to_latin_1
from .records import CELL_WIDTH

Cell = tuple[int, int, str]  # line and column from 1, and the text


def cells_of(lines: Iterable[str]) -> list[Cell]:
    """Put ``lines`` into cells, broken at the ends of words.

    A long line goes on in the second column and then on further lines. Blank cells are
    left out: one of them makes the clearing house refuse the claim.
    """
    cells, number = [], 0
    for line in _without_line_ends(lines):
        number += 1
        rest = to_latin_1(line).rstrip()
        while rest:
            first, rest = _first_column(rest)
            second, rest = _broken(rest, CELL_WIDTH)
            cells += [(number, column, text) for column, text in ((1, first), (2, second)) if text]
            number += bool(rest)
    return cells


def lines_of(cells: Iterable[Cell]) -> tuple[str, ...]:
    """The lines that these cells show."""
    shown = {(line, column): text for line, column, text in cells}
    last = max((line for line, _column in shown), default=0)
    return tuple(
        (shown.get((line, 1), "").ljust(CELL_WIDTH) + shown.get((line, 2), "")).rstrip()
        for line in range(1, last + 1)
    )


def _without_line_ends(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from line.splitlines() or [""]


def _first_column(text: str) -> tuple[str, str]:
    """As :func:`_broken`, with a blank before what follows in the second column."""
    return (text, "") if len(text) <= CELL_WIDTH else _broken(text, CELL_WIDTH - 1)


def _broken(text: str, width: int) -> tuple[str, str]:
    """What fits in ``width`` characters, and the rest; words only break if they are longer."""
    if len(text) <= width:
        return text, ""
    end = text.rfind(" ", 0, width + 1)
    if not text[: max(end, 0)].strip():
        end = width
    return text[:end].rstrip(), text[end:].lstrip()
