"""What a clearing house delivers."""

from dataclasses import dataclass
from datetime import date


@dataclass(slots=True)
class BankFile:
    """A file as delivered, and what it tells of."""

    name: str
    day: date
    kind: str
    content: bytes
    items: list
