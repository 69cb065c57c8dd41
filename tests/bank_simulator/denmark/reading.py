"""Reads what a creditor sends, as strictly as Betalingsservice: 0601 collections, 0605 requests.

Positions are those of the guides for data suppliers, counted from 1; amounts are in øre.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

AUTOMATIC, SLIPS = "0112", "0117"
REGISTER, CANCEL = "0120", "0126"
_COLLECTION = {AUTOMATIC: "0280", SLIPS: "0285"}
_REQUEST = {REGISTER: "0200", CANCEL: "0257"}
_WIDTH = 128


class RefusedError(Exception):
    """A delivery or a section that Betalingsservice does not take."""


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
    _demand(_at(first, 1, 5) == "BS002", "no delivery start")
    _demand(_at(last, 1, 5) == "BS992", "no delivery end")
    _demand(_at(first, 6, 20) == _at(last, 6, 20), "start and end differ")
    subsystem, kind = _at(first, 14, 16), _at(first, 17, 20)
    _demand(subsystem in ("BS1", "KR9"), f"subsystem {subsystem}")
    _demand(kind in ("0601", "0605"), f"delivery {kind}")
    _blanks(first, 31, 49)
    _blanks(first, 56, _WIDTH)
    delivery = Delivery(
        kind=kind,
        supplier=_digits(first, 6, 13),
        number=_digits(first, 21, 30),
        is_test=subsystem == "KR9",
    )
    read_section = _collections if kind == "0601" else _requests
    delivery.sections = [read_section(part) for part in _parts(body)]
    _check_end(delivery, last)
    return delivery


def _lines(content: bytes) -> list[str]:
    *lines, rest = content.split(b"\r\n")
    _demand(not rest and len(lines) > 3, "no CR LF after the last record, or no records")
    for number, line in enumerate(lines, 1):
        _demand(len(line) <= _WIDTH, f"record {number} has {len(line)} bytes")
        _demand(b"\n" not in line and b"\r" not in line, f"a line end inside record {number}")
        _demand(line.rstrip(b" ") == line, f"record {number} has blanks at its end")
        _demand(line.startswith(b"BS"), f"record {number} is no record")
    return [line.decode("latin-1").ljust(_WIDTH) for line in lines]


def _parts(body: list[str]) -> list[list[str]]:
    parts, current = [], None
    for line in body:
        if _at(line, 3, 5) == "012":
            _demand(current is None, "a section inside another")
            current = []
        _demand(current is not None, "a record outside of sections")
        current.append(line)
        if _at(line, 3, 5) == "092":
            parts.append(current)
            current = None
    _demand(current is None, "a section without an end")
    _demand(parts, "no sections")
    return parts


# ------------------------------------------------------------------ 0601


def _collections(lines: list[str]) -> Section:
    start, *body, end = lines
    section = Section(
        number=_at(start, 14, 17), creditor=_digits(start, 6, 13), group=_digits(start, 23, 27)
    )
    _demand(section.number in _COLLECTION, f"section {section.number}")
    _blanks(start, 18, 22)
    _blanks(start, 55, 68)
    if section.number == SLIPS:
        _blanks(start, 69, _WIDTH)
    for group in _of_customers(body):
        section.items.append(_collection(section, group))
    _check_collections_end(section, end)
    return section


def _of_customers(body: list[str]) -> list[list[str]]:
    """The records of each collection: addresses, the collection, texts."""
    groups, seen = [], None
    order = {"022": 0, "042": 1, "052": 2, "062": 3}
    for line in body:
        kind = _at(line, 3, 5)
        _demand(kind in order, f"record {kind}")
        if seen is None or order[kind] < order[seen] or kind == seen == "042":
            groups.append([])
        groups[-1].append(line)
        seen = kind
    return groups


def _collection(section: Section, lines: list[str]) -> Collection:
    by_kind = {
        kind: [line for line in lines if _at(line, 3, 5) == kind]
        for kind in ("022", "042", "052", "062")
    }
    _demand(len(by_kind["042"]) == 1, "a collection without record 042")
    (line,) = by_kind["042"]
    for other in lines:
        _demand(_at(other, 6, 13) == section.creditor, "a record of another creditor")
        _demand(_at(other, 23, 27) == section.group, "a record of another debtor group")
        _demand(_at(other, 28, 42) == _at(line, 28, 42), "a record of another customer")
    collection = _payment(section, line)
    _read_addresses(collection, by_kind["022"])
    collection.text = _texts(by_kind["052"], collection)
    collection.slip_text = _texts(by_kind["062"], None)
    _demand(not (collection.slip_text and section.number == SLIPS), "062 in a section of slips")
    section.addresses += len(by_kind["022"])
    section.texts += len(by_kind["052"]) + len(by_kind["062"])
    return collection


def _payment(section: Section, line: str) -> Collection:
    _demand(_at(line, 14, 17) == _COLLECTION[section.number], "the code of another section")
    _demand(_at(line, 18, 22) == "00000", "record number of a collection")
    _demand(_at(line, 104, 105) == "00", "filler of a collection")
    _blanks(line, 121, _WIDTH)
    is_slip = section.number == SLIPS
    mandate = _digits(line, 43, 51)
    _demand(not (is_slip and mandate.strip("0")), "a slip with a mandate")
    _demand(mandate != "9" * 9, "the mandate number of electronic slips")
    sign, amount = _at(line, 60, 60), int(_digits(line, 61, 73))
    _demand(sign in ("01" if is_slip else "012"), f"sign {sign}")
    _demand(bool(amount) == (sign != "0"), "amount and sign differ")
    if is_slip:
        _blanks(line, 83, 103)
    payer_id = _at(line, 106, 120).strip()
    _demand(not payer_id or _has_check_digit(payer_id), "check digit of the payer id")
    return Collection(
        creditor=section.creditor,
        group=section.group,
        customer=_customer(_at(line, 28, 42)),
        mandate=mandate if mandate.strip("0") else "",
        due_on=_day(_at(line, 52, 59)),
        sign=sign,
        amount=amount,
        reference=_at(line, 74, 82 if is_slip else 103).rstrip(),
        payer_id=payer_id,
        is_slip=is_slip,
    )


def _read_addresses(collection: Collection, lines: list[str]) -> None:
    numbers = [_digits(line, 18, 22) for line in lines]
    _demand(numbers == sorted(set(numbers)), "address records out of order")
    for number, line in zip(numbers, lines, strict=True):
        _demand(_at(line, 14, 17) == "0240", "code of an address record")
        if number == "00010":
            _blanks(line, 43, 82)
            _blanks(line, 95, _WIDTH)
            continue
        _demand(_at(line, 43, 51) == "0" * 9, "filler of an address record")
        if number == "00009":
            _blanks(line, 52, 66)
            _blanks(line, 74, _WIDTH)
            collection.post_code = _at(line, 67, 70).strip()
            collection.country = _at(line, 71, 73).strip()
        else:
            _demand("00001" <= number <= "00005", f"address record {number}")
            _blanks(line, 87, _WIDTH)
            collection.address.append(_at(line, 52, 86).rstrip())
    if lines:
        abroad = collection.country not in ("", "DK")
        _demand("00009" in numbers, "no post code")
        _demand(len(collection.address) >= (3 if abroad else 2), "too few address lines")


def _texts(lines: list[str], collection: Collection | None) -> list[str]:
    found = []
    for number, line in enumerate(lines, 1):
        _demand(_at(line, 14, 17) == "0241", "code of a text record")
        _demand(int(_digits(line, 18, 22)) == number, "text records are not counted from 1")
        wanted = collection.mandate if collection else ""
        _demand(_at(line, 43, 51) == wanted.zfill(9), "mandate number of a text record")
        _blanks(line, 52, 52)
        _blanks(line, 113, _WIDTH)
        found.append(_at(line, 53, 112).rstrip())
    _demand(len(found) <= 5000, "too many texts")
    return found


def _check_collections_end(section: Section, end: str) -> None:
    _demand(_at(end, 6, 17) == f"{section.creditor}{section.number}", "the end of another section")
    _demand(_at(end, 18, 22) == "00000", "filler of a section end")
    _demand(_at(end, 23, 27) == section.group, "debtor group of a section end")
    _demand(int(_digits(end, 32, 42)) == len(section.items), "section: wrong number of 042")
    _demand(int(_digits(end, 43, 57)) == section.amount, "section: wrong sum")
    _demand(int(_digits(end, 58, 68)) == section.texts, "section: wrong number of texts")
    _blanks(end, 69, 83)
    _demand(int(_digits(end, 84, 94)) == section.addresses, "section: wrong number of 022")
    _blanks(end, 95, _WIDTH)


# ------------------------------------------------------------------ 0605


def _requests(lines: list[str]) -> Section:
    start, *body, end = lines
    section = Section(number=_at(start, 14, 17), creditor=_digits(start, 6, 13))
    _demand(section.number in _REQUEST, f"section {section.number}")
    section.items = [_request(section, line) for line in body]
    _demand(_at(end, 6, 17) == f"{section.creditor}{section.number}", "the end of another section")
    _blanks(end, 18, 26)
    _demand(int(_digits(end, 27, 37)) == len(section.items), "section: wrong number of 042")
    for first, last in ((38, 52), (53, 63), (79, 89)):
        _demand(not _digits(end, first, last).strip("0"), "section end: no zeros")
    return section


def _request(section: Section, line: str) -> Request:
    _demand(_at(line, 3, 5) == "042", "record of a request")
    _demand(_at(line, 6, 13) == section.creditor, "a request of another creditor")
    _demand(_at(line, 14, 17) == _REQUEST[section.number], "the code of another section")
    _demand(_at(line, 18, 20) == "000", "record number of a request")
    request = Request(
        creditor=section.creditor,
        group=_digits(line, 21, 25),
        customer=_customer(_at(line, 26, 40)),
        cancels=section.number == CANCEL,
        mandate=_digits(line, 41, 49).strip("0") and _at(line, 41, 49),
    )
    _demand(bool(request.mandate) == request.cancels, "mandate number of a request")
    if not request.cancels:
        request.identity, request.bank = _digits(line, 62, 71), _digits(line, 82, 85)
        request.account = _digits(line, 90, 99)
        _demand(request.identity.strip("0"), "no registration number")
        _demand(_at(line, 110, 114) == "00000", "filler of a request")
    return request


# ------------------------------------------------------------------ the end, and helpers


def _check_end(delivery: Delivery, last: str) -> None:
    sections = delivery.sections
    _demand(int(_digits(last, 21, 31)) == len(sections), "delivery: wrong number of sections")
    count = sum(len(section.items) for section in sections)
    _demand(int(_digits(last, 32, 42)) == count, "delivery: wrong number of 042")
    amount = sum(section.amount for section in sections)
    _demand(int(_digits(last, 43, 57)) == amount, "delivery: wrong sum")
    texts = sum(section.texts for section in sections)
    _demand(int(_digits(last, 58, 68)) == texts, "delivery: wrong number of texts")
    _demand(not _digits(last, 69, 83).strip("0"), "delivery: no zeros")
    addresses = sum(section.addresses for section in sections)
    _demand(int(_digits(last, 84, 94)) == addresses, "delivery: wrong number of 022")
    _demand(not _digits(last, 95, _WIDTH).strip("0"), "delivery: no zeros at the end")


def _customer(text: str) -> str:
    """As it is known here: capitals without leading zeros."""
    number = text.strip().upper().lstrip("0")
    _demand(number.isascii() and number.isalnum(), "no customer number")
    return number


def _has_check_digit(text: str) -> bool:
    """By modulus 10: every other digit doubled from the right, digits added."""
    if not (text.isascii() and text.isdigit() and len(text) == 15):
        return False
    digits = [int(digit) for digit in reversed(text)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _at(line: str, first: int, last: int) -> str:
    return line[first - 1 : last]


def _digits(line: str, first: int, last: int) -> str:
    text = _at(line, first, last)
    _demand(text.isascii() and text.isdigit(), f"no digits in {first} to {last}")
    return text


def _blanks(line: str, first: int, last: int) -> None:
    _demand(not _at(line, first, last).strip(" "), f"no blanks in {first} to {last}")


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%d%m%Y").date()
    except ValueError:
        raise RefusedError(f"no date: {text}") from None


def _demand(condition: object, otherwise: str) -> None:
    if not condition:
        raise RefusedError(otherwise)
