"""The frame of Bankgirot's files: records of 80 bytes in ISO-8859-1, CR LF after each."""

from collections.abc import Iterable
from datetime import date

WIDTH = 80


def line(text: str) -> str:
    full = text.ljust(WIDTH)
    if len(full) != WIDTH:
        raise ValueError(f"a record of {len(full)} characters: {full}")
    return full


def encode(lines: Iterable[str]) -> bytes:
    return "".join(f"{record}\r\n" for record in lines).encode("latin-1")


def day(value: date | None) -> str:
    return f"{value:%Y%m%d}" if value else "0" * 8
