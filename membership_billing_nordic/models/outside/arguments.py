"""Reading of what another program passes: each argument is checked before it is used."""

import base64
import binascii
from datetime import date


class ArgumentError(ValueError):
    """An argument that cannot be used. ``field`` is its name, ``expected`` what it should be."""

    def __init__(self, field: str, expected: str):
        super().__init__(f"{field}: {expected}")
        self.field = field
        self.expected = expected


def text(field: str, value, *, required: bool = False, limit: int = 200) -> str:
    if value in (None, False):
        value = ""
    if not isinstance(value, str):
        raise ArgumentError(field, "a text")
    value = value.strip()
    if required and not value:
        raise ArgumentError(field, "a text that is not empty")
    if len(value) > limit:
        raise ArgumentError(field, f"at most {limit} characters")
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


def choice(field: str, value, allowed) -> str:
    value = text(field, value)
    if value and value not in allowed:
        raise ArgumentError(field, "one of " + ", ".join(allowed))
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
