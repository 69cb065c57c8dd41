"""The frame of Bankgirot's files: records of 80 bytes in ISO-8859-1, CR LF after each."""

from datetime import date

from ..fixed_width import fixed

WIDTH = 80


def line(text: str) -> str:
    return fixed(text, WIDTH)


def day(value: date | None) -> str:
    return f"{value:%Y%m%d}" if value else "0" * 8
