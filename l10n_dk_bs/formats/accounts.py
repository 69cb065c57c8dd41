"""Danish account numbers: four digits of the bank's registration number, then the account."""

import re

from stdnum.iso7064 import mod_97_10

_PLAIN = re.compile(r"([0-9]{4})([0-9]{1,10})")
_IBAN = re.compile(r"DK[0-9]{16}")
_SEPARATORS = re.compile(r"[\s.\-]+")
_REGISTRATION = 4


def account_parts(account: str) -> tuple[str, str] | None:
    """Registration number (4 digits) and account (10 digits); None if it is no such account.

    Taken are an IBAN, and the two numbers with or without signs between them.
    """
    digits = _SEPARATORS.sub("", account).upper()
    if _IBAN.fullmatch(digits):
        if not mod_97_10.is_valid(digits[4:] + digits[:4]):
            return None
        digits = digits[4:]
    match = _PLAIN.fullmatch(digits)
    return (match[1], match[2].zfill(10)) if match and int(match[2]) else None
