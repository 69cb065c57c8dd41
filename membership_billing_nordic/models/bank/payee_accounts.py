"""Accounts that money is paid back to: what kinds there are, and where one is known from."""

import re
from collections.abc import Callable
from typing import NamedTuple

from stdnum.iso7064 import mod_97_10

from ...formats.messages import AccountScheme

_SIGNS = re.compile(r"[\W_]+")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


class AccountKind(NamedTuple):
    """One way to write an account. ``read`` gives its number, or raises ``ValueError``.

    ``show`` writes a number so that its kind can be told from it.
    """

    label: str
    hint: str
    read: Callable[[str], str]
    scheme: AccountScheme
    show: Callable[[str], str] = str


class PayeeAccount(NamedTuple):
    """An account that a payer can be paid back to; ``payment`` is what it is known from."""

    kind: str
    number: str
    source: str
    payment: object = None


def iban(text: str) -> str:
    """An IBAN without blanks. Raises ``ValueError`` when it cannot be one."""
    number = _SIGNS.sub("", text or "").upper()
    if not _IBAN.fullmatch(number) or not mod_97_10.is_valid(number[4:] + number[:4]):
        raise ValueError("IBAN: expected two letters, two check digits, then the account")
    return number
