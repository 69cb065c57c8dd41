"""Writing records of fixed width, CR LF after each."""

from collections.abc import Iterable


def fixed(text: str, width: int, filler: str = " ") -> str:
    record = text.ljust(width, filler)
    if len(record) != width:
        raise ValueError(f"a record of {len(record)} characters: {record}")
    return record


def encode(records: Iterable[str]) -> bytes:
    return "".join(f"{record}\r\n" for record in records).encode("latin-1")
