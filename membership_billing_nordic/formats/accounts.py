"""Account numbers as banks write them: the national number, or the IBAN it is part of."""

import re

_IBAN = re.compile(r"[A-Z]{2}\d{2}[0-9A-Z]{11,30}")
# Shorter ones are the end of too many others.
_SHORTEST = 7


def is_same_account(one: str, other: str) -> bool:
    """Are these the same account, each written without blanks and signs, in capitals?

    The IBAN ends with the national number; what stands before it names country and bank.
    """
    if one == other:
        return bool(one)
    return _is_end_of(one, other) or _is_end_of(other, one)


def _is_end_of(number: str, iban: str) -> bool:
    is_national = number.isascii() and number.isdigit() and len(number) >= _SHORTEST
    return is_national and bool(_IBAN.fullmatch(iban)) and iban[4:].endswith(number)
