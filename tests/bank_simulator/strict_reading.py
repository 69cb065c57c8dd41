"""Reading records of fixed positions, which are counted from 1, and refusing what is wrong."""

from datetime import date, datetime


class RefusedError(Exception):
    """What a clearing house does not take: a file, a part of one, or a record."""


def demand(condition: object, otherwise: str) -> None:
    if not condition:
        raise RefusedError(otherwise)


def raw_records(content: bytes, at_least: int) -> list[bytes]:
    *records, rest = content.split(b"\r\n")
    is_whole = not rest and len(records) >= at_least
    demand(is_whole, "no CR LF after the last record, or no records")
    return records


def demand_no_line_end(number: int, record: bytes) -> None:
    demand(b"\n" not in record and b"\r" not in record, f"a line end inside record {number}")


def parts(
    body: list[str], place: tuple[int, int], bounds: tuple[str, str], names: tuple[str, str]
) -> list[list[str]]:
    """The records of each part: from one whose ``place`` says the first of ``bounds`` to the next
    that says the second. ``names``: what one is called, and several."""
    (start, end), (one, several) = bounds, names
    found, current = [], None
    for record in body:
        kind = at(record, *place)
        if kind == start:
            demand(current is None, f"{one} inside another")
            current = []
        demand(current is not None, f"a record outside of {several}")
        current.append(record)
        if kind == end:
            found.append(current)
            current = None
    demand(current is None, f"{one} without an end")
    demand(found, f"no {several}")
    return found


def at(record: str, first: int, last: int) -> str:
    return record[first - 1 : last]


def digits(record: str, first: int, last: int) -> str:
    text = at(record, first, last)
    demand(text.isascii() and text.isdigit(), f"no digits in {first} to {last}")
    return text


def blanks(record: str, first: int, last: int) -> None:
    demand(not at(record, first, last).strip(" "), f"no blanks in {first} to {last}")


def day(text: str, layout: str) -> date:
    try:
        return datetime.strptime(text, layout).date()
    except ValueError:
        raise RefusedError(f"no date: {text}") from None


def has_check_digit(text: str) -> bool:
    """By modulus 10: every other digit doubled from the right, digits added."""
    if not (text.isascii() and text.isdigit()):
        return False
    values = [int(digit) for digit in reversed(text)]
    doubled = [sum(divmod(2 * value, 10)) for value in values[1::2]]
    return (sum(values[::2]) + sum(doubled)) % 10 == 0
