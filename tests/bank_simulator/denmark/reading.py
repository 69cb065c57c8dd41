"""Reads what a creditor sends, as strictly as Betalingsservice: 0601 collections, 0605 requests.

Positions are those of the guides for data suppliers, counted from 1; amounts are in øre.
"""

from dataclasses import dataclass, field
from datetime import date

from ..strict_reading import (
    at,
    blanks,
    day,
    demand,
    demand_no_line_end,
    digits,
    has_check_digit,
    parts,
    raw_records,
)

AUTOMATIC, SLIPS = "0112", "0117"
REGISTER, CANCEL = "0120", "0126"
_COLLECTION = {AUTOMATIC: "0280", SLIPS: "0285"}
_REQUEST = {REGISTER: "0200", CANCEL: "0257"}
_WIDTH = 128
_DAY = "%d%m%Y"


@dataclass(slots=True, kw_only=True)
class Collection:
    """One collection. ``mandate`` is empty where Betalingsservice is to find it."""

    creditor: str
    group: str
    customer: str
    mandate: str = ""
    due_on: date
    sign: str
    amount: int
    reference: str
    payer_id: str = ""
    is_slip: bool = False
    address: list[str] = field(default_factory=list)
    post_code: str = ""
    country: str = ""
    text: list[str] = field(default_factory=list)
    slip_text: list[str] = field(default_factory=list)

    @property
    def signed(self) -> int:
        return {"0": 0, "1": self.amount, "2": -self.amount}[self.sign]


@dataclass(slots=True, kw_only=True)
class Request:
    """A mandate to register, or to cancel."""

    creditor: str
    group: str
    customer: str
    cancels: bool
    mandate: str = ""
    identity: str = ""
    bank: str = ""
    account: str = ""


@dataclass(slots=True, kw_only=True)
class Section:
    number: str
    creditor: str
    group: str = ""
    items: list = field(default_factory=list)
    addresses: int = 0
    texts: int = 0

    @property
    def amount(self) -> int:
        return abs(sum(getattr(item, "signed", 0) for item in self.items))


@dataclass(slots=True, kw_only=True)
class Delivery:
    kind: str
    supplier: str
    number: str
    is_test: bool
    sections: list[Section] = field(default_factory=list)

    @property
    def items(self) -> list:
        return [item for section in self.sections for item in section.items]


def read(content: bytes) -> Delivery:
    """What a creditor asks for.

    :raises RefusedError: the delivery is refused
    """
    first, *body, last = _lines(content)
    demand(at(first, 1, 5) == "BS002", "no delivery start")
    demand(at(last, 1, 5) == "BS992", "no delivery end")
    demand(at(first, 6, 20) == at(last, 6, 20), "start and end differ")
    subsystem, kind = at(first, 14, 16), at(first, 17, 20)
    demand(subsystem in ("BS1", "KR9"), f"subsystem {subsystem}")
    demand(kind in ("0601", "0605"), f"delivery {kind}")
    blanks(first, 31, 49)
    blanks(first, 56, _WIDTH)
    delivery = Delivery(
        kind=kind,
        supplier=digits(first, 6, 13),
        number=digits(first, 21, 30),
        is_test=subsystem == "KR9",
    )
    read_section = _collections if kind == "0601" else _requests
    sections = parts(body, (3, 5), ("012", "092"), ("a section", "sections"))
    delivery.sections = [read_section(section) for section in sections]
    _check_end(delivery, last)
    return delivery


def _lines(content: bytes) -> list[str]:
    lines = raw_records(content, at_least=4)
    for number, line in enumerate(lines, 1):
        demand(len(line) <= _WIDTH, f"record {number} has {len(line)} bytes")
        demand_no_line_end(number, line)
        demand(line.rstrip(b" ") == line, f"record {number} has blanks at its end")
        demand(line.startswith(b"BS"), f"record {number} is no record")
    return [line.decode("latin-1").ljust(_WIDTH) for line in lines]


# ------------------------------------------------------------------ 0601


def _collections(lines: list[str]) -> Section:
    start, *body, end = lines
    section = Section(
        number=at(start, 14, 17), creditor=digits(start, 6, 13), group=digits(start, 23, 27)
    )
    demand(section.number in _COLLECTION, f"section {section.number}")
    blanks(start, 18, 22)
    blanks(start, 55, 68)
    if section.number == SLIPS:
        blanks(start, 69, _WIDTH)
    for group in _of_customers(body):
        section.items.append(_collection(section, group))
    _check_collections_end(section, end)
    return section


def _of_customers(body: list[str]) -> list[list[str]]:
    """The records of each collection: addresses, the collection, texts."""
    groups, seen = [], None
    order = {"022": 0, "042": 1, "052": 2, "062": 3}
    for line in body:
        kind = at(line, 3, 5)
        demand(kind in order, f"record {kind}")
        if seen is None or order[kind] < order[seen] or kind == seen == "042":
            groups.append([])
        groups[-1].append(line)
        seen = kind
    return groups


def _collection(section: Section, lines: list[str]) -> Collection:
    by_kind = {
        kind: [line for line in lines if at(line, 3, 5) == kind]
        for kind in ("022", "042", "052", "062")
    }
    demand(len(by_kind["042"]) == 1, "a collection without record 042")
    (line,) = by_kind["042"]
    for other in lines:
        demand(at(other, 6, 13) == section.creditor, "a record of another creditor")
        demand(at(other, 23, 27) == section.group, "a record of another debtor group")
        demand(at(other, 28, 42) == at(line, 28, 42), "a record of another customer")
    collection = _payment(section, line)
    _read_addresses(collection, by_kind["022"])
    collection.text = _texts(by_kind["052"], collection)
    collection.slip_text = _texts(by_kind["062"], None)
    demand(not (collection.slip_text and section.number == SLIPS), "062 in a section of slips")
    section.addresses += len(by_kind["022"])
    section.texts += len(by_kind["052"]) + len(by_kind["062"])
    return collection


def _payment(section: Section, line: str) -> Collection:
    demand(at(line, 14, 17) == _COLLECTION[section.number], "the code of another section")
    demand(at(line, 18, 22) == "00000", "record number of a collection")
    demand(at(line, 104, 105) == "00", "filler of a collection")
    blanks(line, 121, _WIDTH)
    is_slip = section.number == SLIPS
    mandate = digits(line, 43, 51)
    demand(not (is_slip and mandate.strip("0")), "a slip with a mandate")
    demand(mandate != "9" * 9, "the mandate number of electronic slips")
    sign, amount = at(line, 60, 60), int(digits(line, 61, 73))
    demand(sign in ("01" if is_slip else "012"), f"sign {sign}")
    demand(bool(amount) == (sign != "0"), "amount and sign differ")
    if is_slip:
        blanks(line, 83, 103)
    payer_id = at(line, 106, 120).strip()
    demand(not payer_id or _is_payer_id(payer_id), "check digit of the payer id")
    return Collection(
        creditor=section.creditor,
        group=section.group,
        customer=_customer(at(line, 28, 42)),
        mandate=mandate if mandate.strip("0") else "",
        due_on=day(at(line, 52, 59), _DAY),
        sign=sign,
        amount=amount,
        reference=at(line, 74, 82 if is_slip else 103).rstrip(),
        payer_id=payer_id,
        is_slip=is_slip,
    )


def _read_addresses(collection: Collection, lines: list[str]) -> None:
    numbers = [digits(line, 18, 22) for line in lines]
    demand(numbers == sorted(set(numbers)), "address records out of order")
    for number, line in zip(numbers, lines, strict=True):
        demand(at(line, 14, 17) == "0240", "code of an address record")
        if number == "00010":
            blanks(line, 43, 82)
            blanks(line, 95, _WIDTH)
            continue
        demand(at(line, 43, 51) == "0" * 9, "filler of an address record")
        if number == "00009":
            blanks(line, 52, 66)
            blanks(line, 74, _WIDTH)
            collection.post_code = at(line, 67, 70).strip()
            collection.country = at(line, 71, 73).strip()
        else:
            demand("00001" <= number <= "00005", f"address record {number}")
            blanks(line, 87, _WIDTH)
            collection.address.append(at(line, 52, 86).rstrip())
    if lines:
        abroad = collection.country not in ("", "DK")
        demand("00009" in numbers, "no post code")
        demand(len(collection.address) >= (3 if abroad else 2), "too few address lines")


def _texts(lines: list[str], collection: Collection | None) -> list[str]:
    found = []
    for number, line in enumerate(lines, 1):
        demand(at(line, 14, 17) == "0241", "code of a text record")
        demand(int(digits(line, 18, 22)) == number, "text records are not counted from 1")
        wanted = collection.mandate if collection else ""
        demand(at(line, 43, 51) == wanted.zfill(9), "mandate number of a text record")
        blanks(line, 52, 52)
        blanks(line, 113, _WIDTH)
        found.append(at(line, 53, 112).rstrip())
    demand(len(found) <= 5000, "too many texts")
    return found


def _check_collections_end(section: Section, end: str) -> None:
    demand(at(end, 6, 17) == f"{section.creditor}{section.number}", "the end of another section")
    demand(at(end, 18, 22) == "00000", "filler of a section end")
    demand(at(end, 23, 27) == section.group, "debtor group of a section end")
    demand(int(digits(end, 32, 42)) == len(section.items), "section: wrong number of 042")
    demand(int(digits(end, 43, 57)) == section.amount, "section: wrong sum")
    demand(int(digits(end, 58, 68)) == section.texts, "section: wrong number of texts")
    blanks(end, 69, 83)
    demand(int(digits(end, 84, 94)) == section.addresses, "section: wrong number of 022")
    blanks(end, 95, _WIDTH)


# ------------------------------------------------------------------ 0605


def _requests(lines: list[str]) -> Section:
    start, *body, end = lines
    section = Section(number=at(start, 14, 17), creditor=digits(start, 6, 13))
    demand(section.number in _REQUEST, f"section {section.number}")
    section.items = [_request(section, line) for line in body]
    demand(at(end, 6, 17) == f"{section.creditor}{section.number}", "the end of another section")
    blanks(end, 18, 26)
    demand(int(digits(end, 27, 37)) == len(section.items), "section: wrong number of 042")
    for first, last in ((38, 52), (53, 63), (79, 89)):
        demand(not digits(end, first, last).strip("0"), "section end: no zeros")
    return section


def _request(section: Section, line: str) -> Request:
    demand(at(line, 3, 5) == "042", "record of a request")
    demand(at(line, 6, 13) == section.creditor, "a request of another creditor")
    demand(at(line, 14, 17) == _REQUEST[section.number], "the code of another section")
    demand(at(line, 18, 20) == "000", "record number of a request")
    request = Request(
        creditor=section.creditor,
        group=digits(line, 21, 25),
        customer=_customer(at(line, 26, 40)),
        cancels=section.number == CANCEL,
        mandate=digits(line, 41, 49).strip("0") and at(line, 41, 49),
    )
    demand(bool(request.mandate) == request.cancels, "mandate number of a request")
    if not request.cancels:
        request.identity, request.bank = digits(line, 62, 71), digits(line, 82, 85)
        request.account = digits(line, 90, 99)
        demand(request.identity.strip("0"), "no registration number")
        demand(at(line, 110, 114) == "00000", "filler of a request")
    return request


# ------------------------------------------------------------------ the end, and helpers


def _check_end(delivery: Delivery, last: str) -> None:
    sections = delivery.sections
    demand(int(digits(last, 21, 31)) == len(sections), "delivery: wrong number of sections")
    count = sum(len(section.items) for section in sections)
    demand(int(digits(last, 32, 42)) == count, "delivery: wrong number of 042")
    amount = sum(section.amount for section in sections)
    demand(int(digits(last, 43, 57)) == amount, "delivery: wrong sum")
    texts = sum(section.texts for section in sections)
    demand(int(digits(last, 58, 68)) == texts, "delivery: wrong number of texts")
    demand(not digits(last, 69, 83).strip("0"), "delivery: no zeros")
    addresses = sum(section.addresses for section in sections)
    demand(int(digits(last, 84, 94)) == addresses, "delivery: wrong number of 022")
    demand(not digits(last, 95, _WIDTH).strip("0"), "delivery: no zeros at the end")


def _customer(text: str) -> str:
    """As it is known here: capitals without leading zeros."""
    number = text.strip().upper().lstrip("0")
    demand(number.isascii() and number.isalnum(), "no customer number")
    return number


def _is_payer_id(text: str) -> bool:
    return len(text) == 15 and has_check_digit(text)
