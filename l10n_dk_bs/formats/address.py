"""The debtor's address in a collection: lines of 35 characters, postcode, country.

Betalingsservice adds the town to a Danish postcode and the name to a foreign country.
"""

import re
from collections.abc import Iterator

from .advice import text_lines
from .records_0601 import LINE_WIDTH, MOST_LINES

_AT_HOME, _ABROAD = ("", "DK"), "0000"
_POSTCODE = re.compile(r"(?!0000)[0-9]{4}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_FEWEST_LINES = {True: 2, False: 3}


def address_lines(request) -> list[str]:
    """Name and street; abroad also postcode and town, which stand nowhere else then."""
    name, street = request.payer_name, request.payer_street
    parts = [name, *street.splitlines()]
    if request.payer_country not in _AT_HOME:
        parts.append(f"{request.payer_zip} {request.payer_city}".strip())
    return [line for line in text_lines(parts, LINE_WIDTH) if line]


def postcode_and_country(request) -> tuple[str, str]:
    """As they are written."""
    if request.payer_country in _AT_HOME:
        return request.payer_zip, "DK"
    return _ABROAD, request.payer_country


def wrong_address(request, lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """What keeps an address of these ``lines`` from being written: field, expected, found."""
    at_home = request.payer_country in _AT_HOME
    if not at_home and not _COUNTRY.fullmatch(request.payer_country):
        yield "payer country", "a code of two capitals", ""
    if at_home and not _POSTCODE.fullmatch(request.payer_zip):
        yield "payer postcode", "4 digits, not all 0", ""
    if len(lines) < _FEWEST_LINES[at_home]:
        what = "name and street" if at_home else "name, street and town"
        yield "payer address", f"at least {_FEWEST_LINES[at_home]} lines: {what}", str(len(lines))
    elif len(lines) > MOST_LINES:
        yield "payer address", f"at most {MOST_LINES} lines of {LINE_WIDTH}", str(len(lines))
