"""The numbers of Betalingsservice: of creditors, of debtor groups and of customers."""

import re

from ...membership_billing_nordic.formats.references import normalise

CUSTOMER = "1 to 15 letters A-Z and digits, the first not 0"
AGREEMENT = "creditor number and debtor group as 01234567-00001"
NO_MANDATE = "0" * 9
# Stands for an agreement on electronic payment slips, which is no mandate.
ELECTRONIC_SLIPS = "9" * 9

_CUSTOMER = re.compile(r"[1-9A-Z][0-9A-Z]{0,14}")
_AGREEMENT = re.compile(r"([0-9]{8})-([0-9]{5})")
_LONGEST = 15


def agreement_number(creditor: str, group: str) -> str:
    """One agreement: the creditor number of Betalingsservice and a debtor group of it."""
    return f"{creditor.strip():0>8}-{group.strip():0>5}"


def agreement_parts(number: str) -> tuple[str, str] | None:
    """Creditor number (8 digits) and debtor group (5 digits); None if it is neither."""
    match = _AGREEMENT.fullmatch(number)
    return (match[1], match[2]) if match else None


def is_customer_number(number: str) -> bool:
    """Can a customer be told by this number, whatever becomes of it on its way?

    Betalingsservice gives it back in capitals and filled with zeros on the left, so it is
    compared without those: :func:`customer_number`.
    """
    return _CUSTOMER.fullmatch(number.upper()) is not None


def customer_number(returned: str) -> str:
    """The form in which customer numbers are compared, whoever wrote them how."""
    return normalise(returned)


def written(number: str) -> str:
    """A customer number as it stands in a file."""
    return number.upper().zfill(_LONGEST)
