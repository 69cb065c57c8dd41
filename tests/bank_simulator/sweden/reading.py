"""Reads what a payee sends Autogiro, as strictly as Bankgirot. Amounts are in öre."""

import hmac
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256

from .records import WIDTH

_LETTERS = bytes.maketrans(
    bytes.fromhex("C9C4D6C5DCE9E4F6E5FC"), bytes.fromhex("405B5C5D5E607B7C7D7E")
)
_KEPT = frozenset(range(0x20, 0x7F)) | frozenset(bytes.fromhex("C9C4D6C5DCE9E4F6E5FC"))
# What a section holds: its records belong to one of these.
_GROUPS = (("03", "04", "05"), ("32", "82"), tuple(str(number) for number in range(23, 30)))
AT_ONCE = "GENAST"


class RefusedError(Exception):
    """A file that Bankgirot does not take."""


@dataclass(slots=True, kw_only=True)
class Order:
    """A debit (82) or credit (32) to carry out."""

    kind: str
    bankgiro: str
    due_on: date | None
    payer: str
    amount: int
    reference: str
    period: str = "0"


@dataclass(slots=True, kw_only=True)
class MandateOrder:
    """Register or approve (04), cancel (03) or renumber (05) a mandate."""

    kind: str
    bankgiro: str
    payer: str
    account: str = ""
    identity: str = ""
    is_refusal: bool = False
    new_payer: str = ""


@dataclass(slots=True, kw_only=True)
class Change:
    """Cancel (23 to 25) or move (26 to 29) orders."""

    kind: str
    bankgiro: str
    payer: str = ""
    due_on: date | None = None
    amount: int = 0
    reference: str = ""
    new_date: date | None = None


@dataclass(slots=True, kw_only=True)
class Section:
    written: date
    customer: str
    bankgiro: str
    items: list = field(default_factory=list)


def read(content: bytes, key: bytes | None = None) -> list[Section]:
    """The sections of a file; with a ``key`` (16 bytes) its seal is demanded and proven.

    :raises RefusedError: the file is refused
    """
    *raw, rest = content.split(b"\r\n")
    _demand(not rest and raw, "no CR LF after the last record, or no records")
    for number, record in enumerate(raw, 1):
        _demand(len(record) == WIDTH, f"record {number} has {len(record)} bytes")
    if key is not None:
        raw = _unsealed(raw, key)
    sections = []
    for record in raw:
        _read_record(sections, record.decode("latin-1"))
    _demand(sections and all(section.items for section in sections), "a section without records")
    return sections


# ------------------------------------------------------------------ seal


def _unsealed(raw: list[bytes], key: bytes) -> list[bytes]:
    start, *body, end = raw
    _demand(start[:2] == b"00" and start[8:12] == b"HMAC", "no seal at the start")
    _demand(end[:2] == b"99" and end[2:8] == start[2:8], "no seal at the end")
    _demand(end[8:40].decode() == _mac(b"00000000", key), "sealed with another key")
    _demand(end[40:72].decode() == _mac(b"".join([start, *body]), key), "the seal is broken")
    return body


def _mac(content: bytes, key: bytes) -> str:
    kept = bytes(byte if byte in _KEPT else 0xC3 for byte in content)
    return hmac.new(key, kept.translate(_LETTERS), sha256).hexdigest()[:32].upper()


# ------------------------------------------------------------------ records


def _read_record(sections: list[Section], record: str) -> None:
    kind = _at(record, 1, 2)
    if kind == "01":
        sections.append(_opening(record))
        return
    _demand(sections, "a record before the opening")
    section = sections[-1]
    _demand(kind in _READERS, f"record {kind}")
    item = _READERS[kind](record, kind)
    _demand(item.bankgiro == section.bankgiro, "the bankgiro number of another section")
    if section.items:
        (group,) = (one for one in _GROUPS if section.items[0].kind in one)
        _demand(kind in group, "records of different kinds in a section")
    section.items.append(item)


def _opening(record: str) -> Section:
    _demand(_at(record, 11, 18) == "AUTOGIRO", "no opening of Autogiro")
    _blank(record, 19, 62)
    _blank(record, 79, 80)
    return Section(
        written=_day(_at(record, 3, 10)),
        customer=_digits(record, 63, 68),
        bankgiro=_digits(record, 69, 78),
    )


def _mandate(record: str, kind: str) -> MandateOrder:
    order = MandateOrder(
        kind=kind, bankgiro=_digits(record, 3, 12), payer=_digits(record, 13, 28).lstrip("0")
    )
    _demand(order.payer, "no payer number")
    if kind == "03":
        _blank(record, 29, 80)
    elif kind == "05":
        _demand(_digits(record, 29, 38) == order.bankgiro, "two bankgiro numbers")
        order.new_payer = _digits(record, 39, 54).lstrip("0")
        _blank(record, 55, 80)
    else:
        order.account, order.identity = _at(record, 29, 44).strip(), _at(record, 45, 56).strip()
        if order.account or order.identity:
            _digits(record, 29, 56)
        _blank(record, 57, 76)
        _demand(_at(record, 77, 78) in ("  ", "AV"), "answer")
        order.is_refusal = _at(record, 77, 78) == "AV"
        _blank(record, 79, 80)
    return order


def _order(record: str, kind: str) -> Order:
    due, period = _at(record, 3, 10), _at(record, 11, 11)
    _demand(period in "012345678", "period code")
    _demand(due != f"{AT_ONCE}  " or period == "0", "at once, but again and again")
    if period == "0":
        _blank(record, 12, 14)
    _blank(record, 15, 15)
    _blank(record, 70, 80)
    amount = int(_digits(record, 32, 43))
    _demand(amount > 0, "no amount")
    return Order(
        kind=kind,
        bankgiro=_digits(record, 44, 53),
        due_on=None if due.strip() == AT_ONCE else _day(due),
        payer=_digits(record, 16, 31).lstrip("0"),
        amount=amount,
        reference=_at(record, 54, 69).rstrip(),
        period=period,
    )


def _change(record: str, kind: str) -> Change:
    change = Change(kind=kind, bankgiro=_digits(record, 3, 12))
    if kind in ("26", "27"):
        _blank(record, 13, 28)
    else:
        change.payer = _digits(record, 13, 28).lstrip("0")
    if kind not in ("23", "26"):
        change.due_on = _day(_at(record, 29, 36))
    if kind in ("25", "29"):
        change.amount = int(_digits(record, 37, 48))
        _demand(_at(record, 49, 50) in ("82", "32"), "payment code")
        change.reference = _at(record, 59, 74).rstrip()
    else:
        _blank(record, 37, 50)
    if kind >= "26":
        change.new_date = _day(_at(record, 51, 58))
    else:
        _blank(record, 51, 58)
    _blank(record, 75, 80)
    return change


_READERS = dict.fromkeys(_GROUPS[0], _mandate)
_READERS |= dict.fromkeys(_GROUPS[1], _order) | dict.fromkeys(_GROUPS[2], _change)


# ------------------------------------------------------------------ helpers


def _at(record: str, first: int, last: int) -> str:
    return record[first - 1 : last]


def _digits(record: str, first: int, last: int) -> str:
    text = _at(record, first, last)
    _demand(text.isascii() and text.isdigit(), f"no digits in {first} to {last}")
    return text


def _blank(record: str, first: int, last: int) -> None:
    _demand(not _at(record, first, last).strip(" "), f"no blanks in {first} to {last}")


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        raise RefusedError(f"no date: {text}") from None


def _demand(condition: object, otherwise: str) -> None:
    if not condition:
        raise RefusedError(otherwise)
