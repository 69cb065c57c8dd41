"""Reading of what another program passes: each argument is checked before it is used."""

import base64
import binascii
from datetime import date
from decimal import Decimal, InvalidOperation

from odoo.tools import email_normalize


class ArgumentError(ValueError):
    """An argument that cannot be used. ``field`` is its name, ``expected`` what it should be."""

    def __init__(self, field: str, expected: str):
        super().__init__(f"{field}: {expected}")
        self.field = field
        self.expected = expected


def text(field: str, value, *, required: bool = False, limit: int = 200) -> str:
    if value in (None, False):
        value = ""
    if not isinstance(value, str) or not is_storable(value):
        raise ArgumentError(field, "a text")
    value = value.strip()
    if required and not value:
        raise ArgumentError(field, "a text that is not empty")
    if len(value) > limit:
        raise ArgumentError(field, f"at most {limit} characters")
    return value


def is_storable(value: str) -> bool:
    """Can the database keep it?"""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:  # half of a character
        return False


def email(field: str, value) -> str:
    value = text(field, value)
    if value and not email_normalize(value):
        raise ArgumentError(field, "one e-mail address, as name@example.org")
    return value


def day(field: str, value, *, required: bool = False) -> date | None:
    value = text(field, value, required=required)
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ArgumentError(field, "a date as YYYY-MM-DD") from None


def whole(field: str, value, *, required: bool = False, least: int = 0, most: int = 2**31) -> int:
    if value in (None, False) and not required:
        return 0
    if not isinstance(value, int) or isinstance(value, bool):
        raise ArgumentError(field, "a whole number")
    if not least <= value <= most:
        raise ArgumentError(field, f"a whole number from {least} to {most}")
    return value


def number(field: str, value) -> Decimal:
    """A number, or the text of one (``"450.00"``)."""
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            parsed = Decimal(str(value).strip())
        except InvalidOperation:
            parsed = Decimal("NaN")
        if parsed.is_finite() and abs(parsed) < 10**12:
            return parsed
    raise ArgumentError(field, 'a number, as "450.00"')


def flag(field: str, value) -> bool:
    if not isinstance(value, bool):
        raise ArgumentError(field, "true or false")
    return value


def choice(field: str, value, allowed) -> str:
    value = text(field, value)
    if value and value not in allowed:
        raise ArgumentError(field, "one of " + ", ".join(allowed))
    return value


def rows(field: str, value, *, most: int) -> list:
    if not isinstance(value, list):
        raise ArgumentError(field, "a list")
    if len(value) > most:
        raise ArgumentError(field, f"at most {most} rows")
    return value


def mapping(field: str, value, known) -> dict:
    """A mapping that has no other keys than the known ones."""
    if not isinstance(value, dict):
        raise ArgumentError(field, "a mapping")
    for key in value:
        if key not in known:
            raise ArgumentError(str(key)[:60], "no such field; known are " + ", ".join(known))
    return value


def content(field: str, value) -> bytes:
    """The bytes of a base64 text; XML-RPC clients may pass their own binary type."""
    data = getattr(value, "data", value)
    if isinstance(data, bytes) and data is not value:
        return data
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise ArgumentError(field, "the file's bytes in base64") from None
