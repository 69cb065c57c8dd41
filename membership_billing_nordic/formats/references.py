"""Payment references: check digits, layouts and the form in which they are compared."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from stdnum import luhn

_MOD11_WEIGHTS = (2, 3, 4, 5, 6, 7)
_BLANKS = re.compile(r"\s+")
# Digits in a message, as people part them: 2026 0001-2324.
_PARTED = re.compile(r"[0-9]+(?:[\s.-]{1,3}[0-9]+)*")
_DIGITS = re.compile(r"[0-9]+")
_SHORTEST_IN_TEXT, _LONGEST_IN_TEXT, _MOST_IN_TEXT = 6, 25, 60


def mod10_digit(number: str) -> str:
    """Check digit by modulus 10: weights 2, 1, 2, 1 … from the right, digits added."""
    return luhn.calc_check_digit(number)


def mod11_digit(number: str) -> str:
    """Check digit by modulus 11: weights 2 … 7 repeated from the right; 10 is ``-``."""
    total = sum(
        int(digit) * _MOD11_WEIGHTS[place % len(_MOD11_WEIGHTS)]
        for place, digit in enumerate(reversed(number))
    )
    rest = total % 11
    return "-" if rest == 1 else str(-rest % 11)


CHECK_DIGITS: dict[str, Callable[[str], str]] = {
    "mod10": mod10_digit,
    "mod11": mod11_digit,
}


def normalise(reference: str) -> str:
    """The form in which references are stored and compared.

    Upper case, no blanks, no leading zeros. A reference of zeros only is empty.
    """
    return _BLANKS.sub("", reference or "").upper().lstrip("0")


def numbers_in(text: str) -> list[str]:
    """The numbers in a message that may be references, normalised, in their order.

    Neighbours are taken together too: people part long numbers, and lines break them.
    """
    found = {}
    for run in _PARTED.findall(text or ""):
        groups = _DIGITS.findall(run)
        for start in range(len(groups)):
            joined = ""
            for group in groups[start:]:
                joined += group
                if len(joined) > _LONGEST_IN_TEXT or len(found) == _MOST_IN_TEXT:
                    break
                if len(joined) >= _SHORTEST_IN_TEXT and normalise(joined):
                    found[normalise(joined)] = True
    return list(found)


def has_check_digit(reference: str, check: str) -> bool:
    """Does the last character of ``reference`` confirm the digits before it?"""
    body, digit = reference[:-1], reference[-1:]
    return body.isascii() and body.isdigit() and CHECK_DIGITS[check](body) == digit


@dataclass(frozen=True, slots=True)
class ReferenceLayout:
    """How a reference is put together: payer number, fixed part, serial, check digit."""

    payer_digits: int
    serial_digits: int
    fixed_part: str = ""
    check: str = "mod10"

    @property
    def length(self) -> int:
        return self.payer_digits + len(self.fixed_part) + self.serial_digits + 1

    @property
    def max_serial(self) -> int:
        return 10**self.serial_digits - 1

    def build(self, payer_number: str | None, serial: int) -> str:
        """The reference of one claim; with None as payer number it does not say whose.

        Raises ``ValueError`` when the payer number or the serial does not fit.
        """
        payer = "" if payer_number is None else payer_number.lstrip("0")
        if payer_number is not None and not self._fits(payer):
            raise ValueError(f"payer number: expected 1 to {self.payer_digits} digits, not all 0")
        if not 0 <= serial <= self.max_serial:
            raise ValueError(f"serial: expected at most {self.serial_digits} digits")
        body = f"{payer.zfill(self.payer_digits)}{self.fixed_part}{serial:0{self.serial_digits}d}"
        return body + CHECK_DIGITS[self.check](body)

    def _fits(self, payer: str) -> bool:
        return payer.isascii() and payer.isdigit() and len(payer) <= self.payer_digits

    def specimen(self, reference: str) -> str:
        """``reference`` with the serial 0, which is never given out, and its check digit."""
        body = reference[: -self.serial_digits - 1] + "0" * self.serial_digits
        return body + CHECK_DIGITS[self.check](body)

    def payer_number(self, reference: str) -> str:
        """The payer part of a reference of this layout, without leading zeros."""
        return reference[: self.payer_digits].lstrip("0")

    def accepts(self, reference: str) -> bool:
        """Is this a lawful reference of this layout?"""
        start, end = self.payer_digits, self.payer_digits + len(self.fixed_part)
        return (
            len(reference) == self.length
            and reference[start:end] == self.fixed_part
            and has_check_digit(reference, self.check)
        )
