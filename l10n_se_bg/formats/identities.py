"""Person and organisation numbers, as typed and as they stand in files: 12 digits."""

import re
from datetime import date

from stdnum import luhn
from stdnum.se import orgnr

ORGANISATION, ORGANISATION_OF_BANKGIRO = "00", "99"
# People write what authorities put before the ten digits.
_BEFORE_ORGANISATIONS = ("", "16", ORGANISATION)
_COORDINATION = 60  # added to the day of those who have no person number
_TYPED = re.compile(r"(\d{6}|\d{8})([-+]?)(\d{4})", re.ASCII)
_OLD = "+"  # instead of the dash when the person is 100 years or more


def identity_in_files(typed: str, today: date) -> str:
    """The 12 digits of a number that a person typed, with or without century and dash.

    Raises ``ValueError`` when it is neither a person's nor an organisation's.
    """
    match = _TYPED.fullmatch("".join((typed or "").split()))
    if not match:
        raise ValueError("number: expected 10 or 12 digits")
    day, sign, serial = match.groups()
    number = day[-6:] + serial
    if number[2] >= "2" and day[:-6] in _BEFORE_ORGANISATIONS:
        if not orgnr.is_valid(number):
            raise ValueError("organisation number: the check digit is wrong")
        return ORGANISATION + number
    found = (day if len(day) == len("YYYYMMDD") else _with_century(day, sign, today)) + serial
    if not is_person(found):
        raise ValueError("person number: the date or the check digit is wrong")
    return found


def identity_shown(in_files: str) -> str:
    """A number of 12 digits as people write it: ``19121212-1212``, ``559999-0008``."""
    number = in_files[2:] if in_files[:2] in (ORGANISATION, ORGANISATION_OF_BANKGIRO) else in_files
    return f"{number[:-4]}-{number[-4:]}"


def is_identity(field: str) -> bool:
    """Are these 12 digits of a file a number with a date and check digit that can be?"""
    if field[:2] in (ORGANISATION, ORGANISATION_OF_BANKGIRO):
        return len(field) == 12 and is_organisation(field[2:])
    return is_person(field)


def is_organisation(number: str) -> bool:
    """Ten digits, the third at least 2, the last by modulus 10."""
    return number[2:3] >= "2" and number.isascii() and orgnr.is_valid(number)


def is_person(number: str) -> bool:
    """Twelve digits with a date of birth, of coordination numbers too, the last by modulus 10."""
    if len(number) != 12 or not (number.isascii() and number.isdigit()):
        return False
    return _is_date(number[:8]) and luhn.is_valid(number[2:])


def _is_date(digits: str) -> bool:
    day = int(digits[6:])
    try:
        date(int(digits[:4]), int(digits[4:6]), day - _COORDINATION if day > _COORDINATION else day)
    except ValueError:
        return False
    return True


def _with_century(day: str, sign: str, today: date) -> str:
    """The latest century in which a person of this day may be born."""
    current = f"{today:%Y%m%d}"
    plain_day = int(day[4:]) % _COORDINATION if int(day[4:]) > _COORDINATION else int(day[4:])
    century = today.year // 100
    if f"{century}{day[:4]}{plain_day:02d}" > current:
        century -= 1
    return f"{century - (sign == _OLD)}{day}"
