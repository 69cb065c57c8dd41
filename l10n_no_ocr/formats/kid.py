"""The rules of the KID, the Norwegian payment reference (no_nets.md, section 5)."""

import re

from ...membership_billing_nordic.formats.references import CHECK_DIGITS, has_check_digit

MIN_LENGTH = 4  # of those we give out, check digit included
MAX_LENGTH = 25
MAX_LAYOUTS = 3  # per agreement, each with its own length and its own customer part
ALPHABET = "2 to 25 digits, the last may be -"

_READABLE = re.compile(rb"\d{1,24}[\d-]")


def is_readable(kid: bytes) -> bool:
    """May this be a KID at all? Others' KIDs are read from two characters on."""
    return (kid.isdigit() and len(kid) > 1) or _READABLE.fullmatch(kid) is not None


def confirmed_by(kid: str) -> tuple[str, ...]:
    """The check methods whose digit the KID ends with; none means it was mistyped."""
    return tuple(check for check in CHECK_DIGITS if has_check_digit(kid, check))
