"""Reads what a payee sends Autogiro, as strictly as Bankgirot. Amounts are in öre."""

import hmac
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from ..strict_reading import at, blanks, day, demand, digits, raw_records
from .records import WIDTH

_LETTERS = bytes.maketrans(
    bytes.fromhex("C9C4D6C5DCE9E4F6E5FC"), bytes.fromhex("405B5C5D5E607B7C7D7E")
)
_KEPT = frozenset(range(0x20, 0x7F)) | frozenset(bytes.fromhex("C9C4D6C5DCE9E4F6E5FC"))
# What a section holds: its records belong to one of these.
_GROUPS = (("03", "04", "05"), ("32", "82"), tuple(str(number) for number in range(23, 30)))
AT_ONCE = "GENAST"
_DAY = "%Y%m%d"


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
    raw = raw_records(content, at_least=1)
    for number, record in enumerate(raw, 1):
        demand(len(record) == WIDTH, f"record {number} has {len(record)} bytes")
    if key is not None:
        raw = _unsealed(raw, key)
    sections = []
    for record in raw:
        _read_record(sections, record.decode("latin-1"))
    demand(sections and all(section.items for section in sections), "a section without records")
    return sections


# ------------------------------------------------------------------ seal


def _unsealed(raw: list[bytes], key: bytes) -> list[bytes]:
    start, *body, end = raw
    demand(start[:2] == b"00" and start[8:12] == b"HMAC", "no seal at the start")
    demand(end[:2] == b"99" and end[2:8] == start[2:8], "no seal at the end")
    demand(end[8:40].decode() == _mac(b"00000000", key), "sealed with another key")
    demand(end[40:72].decode() == _mac(b"".join([start, *body]), key), "the seal is broken")
    return body


def _mac(content: bytes, key: bytes) -> str:
    kept = bytes(byte if byte in _KEPT else 0xC3 for byte in content)
    return hmac.new(key, kept.translate(_LETTERS), sha256).hexdigest()[:32].upper()


# ------------------------------------------------------------------ records


def _read_record(sections: list[Section], record: str) -> None:
    kind = at(record, 1, 2)
    if kind == "01":
        sections.append(_opening(record))
        return
    demand(sections, "a record before the opening")
    section = sections[-1]
    demand(kind in _READERS, f"record {kind}")
    item = _READERS[kind](record, kind)
    demand(item.bankgiro == section.bankgiro, "the bankgiro number of another section")
    if section.items:
        (group,) = (one for one in _GROUPS if section.items[0].kind in one)
        demand(kind in group, "records of different kinds in a section")
    section.items.append(item)


def _opening(record: str) -> Section:
    demand(at(record, 11, 18) == "AUTOGIRO", "no opening of Autogiro")
    blanks(record, 19, 62)
    blanks(record, 79, 80)
    return Section(
        written=day(at(record, 3, 10), _DAY),
        customer=digits(record, 63, 68),
        bankgiro=digits(record, 69, 78),
    )


def _mandate(record: str, kind: str) -> MandateOrder:
    order = MandateOrder(
        kind=kind, bankgiro=digits(record, 3, 12), payer=digits(record, 13, 28).lstrip("0")
    )
    demand(order.payer, "no payer number")
    if kind == "03":
        blanks(record, 29, 80)
    elif kind == "05":
        demand(digits(record, 29, 38) == order.bankgiro, "two bankgiro numbers")
        order.new_payer = digits(record, 39, 54).lstrip("0")
        blanks(record, 55, 80)
    else:
        order.account, order.identity = at(record, 29, 44).strip(), at(record, 45, 56).strip()
        if order.account or order.identity:
            digits(record, 29, 56)
        blanks(record, 57, 76)
        demand(at(record, 77, 78) in ("  ", "AV"), "answer")
        order.is_refusal = at(record, 77, 78) == "AV"
        blanks(record, 79, 80)
    return order


def _order(record: str, kind: str) -> Order:
    due, period = at(record, 3, 10), at(record, 11, 11)
    demand(period in "012345678", "period code")
    demand(due != f"{AT_ONCE}  " or period == "0", "at once, but again and again")
    if period == "0":
        blanks(record, 12, 14)
    blanks(record, 15, 15)
    blanks(record, 70, 80)
    amount = int(digits(record, 32, 43))
    demand(amount > 0, "no amount")
    return Order(
        kind=kind,
        bankgiro=digits(record, 44, 53),
        due_on=None if due.strip() == AT_ONCE else day(due, _DAY),
        payer=digits(record, 16, 31).lstrip("0"),
        amount=amount,
        reference=at(record, 54, 69).rstrip(),
        period=period,
    )


def _change(record: str, kind: str) -> Change:
    change = Change(kind=kind, bankgiro=digits(record, 3, 12))
    if kind in ("26", "27"):
        blanks(record, 13, 28)
    else:
        change.payer = digits(record, 13, 28).lstrip("0")
    if kind not in ("23", "26"):
        change.due_on = day(at(record, 29, 36), _DAY)
    if kind in ("25", "29"):
        change.amount = int(digits(record, 37, 48))
        demand(at(record, 49, 50) in ("82", "32"), "payment code")
        change.reference = at(record, 59, 74).rstrip()
    else:
        blanks(record, 37, 50)
    if kind >= "26":
        change.new_date = day(at(record, 51, 58), _DAY)
    else:
        blanks(record, 51, 58)
    blanks(record, 75, 80)
    return change


_READERS = dict.fromkeys(_GROUPS[0], _mandate)
_READERS |= dict.fromkeys(_GROUPS[1], _order) | dict.fromkeys(_GROUPS[2], _change)
