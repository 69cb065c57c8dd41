"""Bankgiro, plusgiro and payer numbers: how they are written, compared and checked."""

import re

from stdnum import luhn

FILE_DIGITS = 10
PAYER_DIGITS = 16
_SIGNS = re.compile(r"[\s-]+")
_BANKGIRO = re.compile(r"[0-9]{7,8}")
_PLUSGIRO = re.compile(r"[0-9]{2,8}")
_PAYER_NUMBER = re.compile(r"[0-9]{1,16}")
_FUNDRAISING = re.compile(r"90[0-4][0-9]{4}")


def compact(number: str) -> str:
    """As it is compared: without blanks, dashes and leading zeros."""
    return _SIGNS.sub("", number or "").lstrip("0")


def is_bankgiro(number: str) -> bool:
    """Is this a bankgiro number with a right check digit?"""
    digits = compact(number)
    return bool(_BANKGIRO.fullmatch(digits)) and luhn.is_valid(digits)


def is_plusgiro(number: str) -> bool:
    """Is this a plusgiro number with a right check digit?"""
    digits = compact(number)
    return bool(_PLUSGIRO.fullmatch(digits)) and luhn.is_valid(digits)


def is_fundraising(bankgiro: str) -> bool:
    """Is this a number of the series 90, for fundraising under supervision?"""
    return bool(_FUNDRAISING.fullmatch(compact(bankgiro)))


def is_payer_number(number: str) -> bool:
    """May a payer have this number in a file?"""
    return bool(_PAYER_NUMBER.fullmatch(number)) and number.strip("0") != ""


def format_bankgiro(number: str) -> str:
    """``991-2346`` or ``5050-1055``."""
    digits = compact(number)
    return f"{digits[:-4]}-{digits[-4:]}"


def format_plusgiro(number: str) -> str:
    """Pairs from the right, and a dash before the check digit: ``12 34 56-6``."""
    body, check = compact(number)[:-1], compact(number)[-1:]
    pairs = [body[max(end - 2, 0) : end] for end in range(len(body), 0, -2)]
    return f"{' '.join(reversed(pairs))}-{check}"
