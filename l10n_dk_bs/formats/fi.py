"""FI payment slips: the number a payer pays with, its check digit, and the OCR line.

The line at the foot of a slip is ``+`` card type ``<`` payment id ``+`` creditor number
``<``. The FI creditor number is not the number of the Betalingsservice agreement.
"""

import re
from dataclasses import dataclass

from ...membership_billing_nordic.formats.references import has_check_digit, mod10_digit

# Digits of the payment id with its check digit, by card type; 0 is a slip without one.
CARD_TYPES = {"71": 15, "73": 0, "75": 16, "04": 16, "15": 16, "01": 0}
CREDITOR = "8 digits, not all 0"

_CREDITOR = re.compile(r"(?!0{8})[0-9]{8}")
_LINE = re.compile(r"\+([0-9]{2})<([0-9]*)\+([0-9]{8})<", re.ASCII)


@dataclass(frozen=True, slots=True)
class OcrLine:
    """What an OCR line says. ``payment_id`` is empty on a slip that has none."""

    card_type: str
    payment_id: str
    creditor: str


def payment_id(number: str, card_type: str = "71") -> str:
    """``number`` filled with zeros, with its modulus 10 check digit, for this card type.

    :raises ValueError: the card type has no payment id, or ``number`` does not fit
    """
    length = CARD_TYPES.get(card_type, 0)
    if not length:
        raise ValueError(f"card type: expected one with a payment id, found {card_type}")
    if not (number.isascii() and number.isdigit()) or len(number) >= length:
        raise ValueError(f"number: expected 1 to {length - 1} digits")
    body = number.zfill(length - 1)
    return body + mod10_digit(body)


def is_payment_id(text: str, card_type: str = "71") -> bool:
    """Is ``text`` a payment id of this card type, with the right check digit?"""
    length = CARD_TYPES.get(card_type, 0)
    return 0 < length == len(text) and has_check_digit(text, "mod10")


def is_creditor(text: str) -> bool:
    """Can this be an FI creditor number?"""
    return _CREDITOR.fullmatch(text) is not None


def ocr_line(line: OcrLine) -> str:
    """The line as it is printed.

    :raises ValueError: the card type is not known, or what it consists of does not fit
    """
    if line.card_type not in CARD_TYPES:
        raise ValueError(f"card type: expected one of {', '.join(CARD_TYPES)}")
    if CARD_TYPES[line.card_type] and not is_payment_id(line.payment_id, line.card_type):
        expected = f"{CARD_TYPES[line.card_type]} digits, the last a modulus 10 check digit"
        raise ValueError(f"payment id: expected {expected}")
    if not CARD_TYPES[line.card_type] and line.payment_id:
        raise ValueError(f"payment id: expected none with card type {line.card_type}")
    if not is_creditor(line.creditor):
        raise ValueError(f"creditor number: expected {CREDITOR}")
    return f"+{line.card_type}<{line.payment_id}+{line.creditor}<"


def read_line(text: str) -> OcrLine | None:
    """What a printed line says; None if it is none. Blanks do not count.

    Whether the check digit is right is for :func:`is_payment_id` to say.
    """
    match = _LINE.fullmatch("".join(text.split()))
    if not match or match[1] not in CARD_TYPES or len(match[2]) != CARD_TYPES[match[1]]:
        return None
    return OcrLine(*match.groups())
