"""OCR references: what payers type, and how a bank controls it.

The last digit is by modulus 10. At level 3 the digit before it is the length of the whole
reference modulo 10.
"""

import re
from dataclasses import dataclass

from ...membership_billing_nordic.formats.references import (
    ReferenceLayout,
    has_check_digit,
    mod10_digit,
)

SHORTEST, LONGEST = 2, 25
# At soft ones the payer's bank warns of a wrong reference, at hard ones it refuses it.
SOFT, HARD, VARIABLE_LENGTH, FIXED_LENGTH = 1, 2, 3, 4
LEVELS = (SOFT, HARD, VARIABLE_LENGTH, FIXED_LENGTH)
MOST_LENGTHS = 2
_DIGITS = re.compile(r"[0-9]+")


def length_digit(length: int) -> str:
    """Of a reference that is ``length`` digits long in all."""
    return str(length % 10)


@dataclass(frozen=True, slots=True)
class OcrControl:
    """What the agreement of a bankgiro says of its references.

    ``lengths``: at level 4 the one or two lengths that are agreed.
    """

    level: int
    lengths: tuple[int, ...] = ()

    def __post_init__(self):
        if self.level not in LEVELS:
            raise ValueError("level: expected 1 to 4")
        if self.level == FIXED_LENGTH and not 1 <= len(self.lengths) <= MOST_LENGTHS:
            raise ValueError(f"lengths: expected 1 to {MOST_LENGTHS} at level {FIXED_LENGTH}")
        if not all(SHORTEST <= length <= LONGEST for length in self.lengths):
            raise ValueError(f"lengths: expected {SHORTEST} to {LONGEST}")

    @property
    def is_hard(self) -> bool:
        return self.level != SOFT

    @property
    def has_length_control(self) -> bool:
        """Only then further references in the text of a payment are looked for."""
        return self.level in (VARIABLE_LENGTH, FIXED_LENGTH)

    def build(self, base: str) -> str:
        """The reference of the digits ``base``.

        Raises ``ValueError`` when it would not be a lawful one.
        """
        if not _DIGITS.fullmatch(base):
            raise ValueError("reference: expected digits")
        body = base
        if self.level == VARIABLE_LENGTH:
            body += length_digit(len(base) + 2)
        elif self.level == FIXED_LENGTH:
            fitting = [length for length in self.lengths if length > len(base)]
            body = base.zfill(min(fitting, default=len(base) + 1) - 1)
        reference = body + mod10_digit(body)
        if not self.accepts(reference):
            expected = " or ".join(map(str, self.lengths)) or f"{SHORTEST} to {LONGEST}"
            raise ValueError(f"reference: expected {expected} digits, found {len(reference)}")
        return reference

    def accepts(self, reference: str) -> bool:
        """Is this a lawful reference? At the soft level others come too."""
        length = len(reference)
        return (
            SHORTEST <= length <= LONGEST
            and has_check_digit(reference, "mod10")
            and (self.level != VARIABLE_LENGTH or reference[-2] == length_digit(length))
            and (self.level != FIXED_LENGTH or length in self.lengths)
        )


@dataclass(frozen=True, slots=True)
class OcrLayout(ReferenceLayout):
    """A reference of payer number, fixed part and serial, with the digits of its level."""

    level: int = HARD

    @property
    def length(self) -> int:
        # As dataclasses with slots are made anew, super() without arguments finds no class.
        plain = self.payer_digits + len(self.fixed_part) + self.serial_digits + 1
        return plain + (self.level == VARIABLE_LENGTH)

    @property
    def control(self) -> OcrControl:
        return OcrControl(self.level, (self.length,) if self.level == FIXED_LENGTH else ())

    def build(self, payer_number: str, serial: int) -> str:
        """The reference of one claim.

        Raises ``ValueError`` when the payer number or the serial does not fit.
        """
        plain = ReferenceLayout.build(self, payer_number, serial)
        return self.control.build(plain[:-1])

    def accepts(self, reference: str) -> bool:
        """Is this a lawful reference of this layout?"""
        start, end = self.payer_digits, self.payer_digits + len(self.fixed_part)
        return (
            len(reference) == self.length
            and reference[start:end] == self.fixed_part
            and self.control.accepts(reference)
        )
