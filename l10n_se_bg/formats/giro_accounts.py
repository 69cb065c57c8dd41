"""Giro numbers as accounts in credit transfers, and the numbers that may be given for them.

Source: the guides of Swedish banks for pain.001. A bankgiro number has a scheme of its own; a
plusgiro number is an account. Which of the two it is, the clearing number of the bank tells.
"""

import re

from stdnum import luhn

from ...membership_billing_nordic.formats.messages import AccountScheme

_SYSTEM = "SESBA"
BANKGIRO = AccountScheme(proprietary="BGNR", clearing_system=_SYSTEM, member="9900")
PLUSGIRO = AccountScheme(code="BBAN", clearing_system=_SYSTEM, member="9960")

_SIGNS = re.compile(r"[\s-]+")
_BANKGIRO = re.compile(r"\d{7,8}", re.ASCII)
_PLUSGIRO = re.compile(r"\d{2,8}", re.ASCII)


def bankgiro(text: str) -> str:
    """The digits of a bankgiro number. Raises ``ValueError`` when it cannot be one."""
    return _checked(text, _BANKGIRO, "bankgiro number: expected 7 or 8 digits")


def plusgiro(text: str) -> str:
    """The digits of a plusgiro number. Raises ``ValueError`` when it cannot be one."""
    return _checked(text, _PLUSGIRO, "plusgiro number: expected 2 to 8 digits")


def _checked(text: str, pattern: re.Pattern, expected: str) -> str:
    digits = _SIGNS.sub("", text or "")
    if not pattern.fullmatch(digits):
        raise ValueError(expected)
    if not luhn.is_valid(digits):
        raise ValueError(f"{expected}, the last of which is the check digit")
    return digits
