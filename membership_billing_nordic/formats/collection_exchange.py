"""Cases for a collection agency, and what it answers: JSON Lines, and a CSV twin that says the same.

A file has one kind of record: new cases, corrections to them, or the agency's answers and receipts.
Every record has a ``message_id`` that is never used again, so that a file which comes twice changes
nothing. Reading never raises on content: what is wrong comes as :class:`Fault`, and the rest is read
on. Documents that go with new cases lie beside the file in a ZIP archive.
"""

import csv
import datetime
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from decimal import Decimal, InvalidOperation
from typing import get_args, get_origin

from .messages import FormatError

FORMAT = "mbn.collection"
VERSION = 1
_CENT = Decimal("0.01")
_DIGITS = 12
# A cell that begins like this is a formula to a spreadsheet; so it gets a ' in front.
_FORMULA = "=+-@\t\r'"
_NOTHING = Decimal(0)
# What no database takes as text.
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_DOCUMENTS = "documents/"
_MADE = (1980, 1, 1, 0, 0, 0)  # the same content is the same archive, whenever it is made


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One invoice of a case. What is open of it never contains a fee."""

    invoice_no: str
    invoice_date: datetime.date | None = None
    due_date: datetime.date | None = None
    period_from: datetime.date | None = None
    period_to: datetime.date | None = None
    description: str = ""
    delivery_channel: str = ""
    principal_original: Decimal = _NOTHING
    principal_open: Decimal = _NOTHING
    fee_open: Decimal = _NOTHING
    interest_to_date: Decimal = _NOTHING
    interest_rate: Decimal | None = None
    interest_from: datetime.date | None = None
    compensation_open: Decimal = _NOTHING
    payment_reference: str = ""
    terms_fee_clause: datetime.date | None = None
    disputed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter that was sent before."""

    invoice_no: str = ""
    type: str = ""
    sent_on: datetime.date | None = None
    channel: str = ""
    deadline: datetime.date | None = None
    fee: Decimal = _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What was paid or credited before."""

    invoice_no: str = ""
    date: datetime.date | None = None
    amount: Decimal = _NOTHING
    applied_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document that lies beside the file: its place in the archive, and its SHA-256."""

    name: str
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A debtor and what is owed (message C1). ``identity_no`` only where it is lawfully held."""

    message_id: str
    our_case_ref: str
    country: str = ""
    currency: str = ""
    customer_type: str = ""
    name: str = ""
    identity_no: str = ""
    birth_date: datetime.date | None = None
    street: str = ""
    street2: str = ""
    zip: str = ""
    city: str = ""
    address_country: str = ""
    email: str = ""
    mobile: str = ""
    language: str = ""
    protected: bool = False
    contact_notes: str = ""
    payment_reference: str = ""
    notice_sent_on: datetime.date | None = None
    notice_deadline: datetime.date | None = None
    notice_copy_attached: bool = False
    claims: tuple[Claim, ...] = ()
    letters: tuple[Letter, ...] = ()
    payments: tuple[Settlement, ...] = ()
    credits: tuple[Settlement, ...] = ()
    failed_payment_attempts: tuple[datetime.date, ...] = ()
    attachments: tuple[Attachment, ...] = ()


CORRECTIONS = (
    "payment",
    "credit",
    "dispute",
    "dispute_over",
    "freeze",
    "freeze_over",
    "recall",
    "address",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What changed on our side after a case was handed over (message C3).

    ``kind`` is one of :data:`CORRECTIONS`. The amounts are what is owed less now; below zero: more,
    because a payment was taken back. ``until``: the last day of a freeze; none: until it is over.
    """

    message_id: str
    our_case_ref: str
    agency_case_no: str = ""
    kind: str
    date: datetime.date | None = None
    currency: str = ""
    invoice_no: str = ""
    principal: Decimal = _NOTHING
    fee: Decimal = _NOTHING
    interest: Decimal = _NOTHING
    compensation: Decimal = _NOTHING
    until: datetime.date | None = None
    reason: str = ""
    name: str = ""
    street: str = ""
    street2: str = ""
    zip: str = ""
    city: str = ""
    address_country: str = ""
    email: str = ""
    mobile: str = ""


ANSWERS = ("accepted", "rejected", "payment", "status", "plan", "closed")
CLOSED = (
    "paid",
    "settled",
    "withdrawn",
    "deceased",
    "insolvency",
    "statute_barred",
    "uncollectible",
    "disputed",
    "returned",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the agency says of a case: a receipt (C2), an update or its end (C4).

    ``kind`` is one of :data:`ANSWERS`. A payment tells what the debtor paid, in its parts (``fees``
    with the compensation), what the agency keeps of that (``costs``), and what is left
    (``net_paid``), which comes by the bank; payments that come in one transfer have the same
    ``remittance``. ``direct``: the debtor paid us, the agency only notes it.
    """

    message_id: str
    our_case_ref: str
    agency_case_no: str = ""
    kind: str
    date: datetime.date | None = None
    code: str = ""
    text: str = ""
    principal: Decimal = _NOTHING
    interest: Decimal = _NOTHING
    fees: Decimal = _NOTHING
    costs: Decimal = _NOTHING
    net_paid: Decimal = _NOTHING
    remittance: str = ""
    direct: bool = False
    plan_count: int = 0
    plan_amount: Decimal = _NOTHING
    plan_until: datetime.date | None = None

    @property
    def paid(self) -> Decimal:
        """What the debtor paid."""
        return self.principal + self.interest + self.fees

    @property
    def net(self) -> Decimal:
        """What the agency transfers of it."""
        return self.paid - self.costs


RECEIPTS = ("received", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """That the agency has a file of ours, or cannot use it as a whole."""

    message_id: str
    our_file_id: str
    state: str
    record_count: int = 0
    date: datetime.date | None = None
    code: str = ""
    text: str = ""


_RECORDS = {"case": Case, "correction": Correction, "answer": Answer, "receipt": Receipt}
_TYPES = {record: name for name, record in _RECORDS.items()}
# Receipts may come together with answers.
_FAMILY = {Case: Case, Correction: Correction, Answer: Answer, Receipt: Answer}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A whole file: who sends it, under which name, and its records, all of one kind.

    ``numbers``: where each record stood in the file it was read from.
    """

    file_id: str = ""
    creditor_org_no: str = ""
    creditor_agency_id: str = ""
    created_on: datetime.date | None = None
    test: bool = False
    records: tuple[Case | Correction | Answer | Receipt, ...] = ()
    numbers: tuple[int, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one record, or (record 0) with the whole file. It quotes nothing of it."""

    record: int
    field: str
    expected: str


_HEAD = tuple(place for place in fields(Sheet) if place.name not in ("records", "numbers"))


# ---------------------------------------------------------------------- writing


def write_json(sheet: Sheet) -> bytes:
    """The file as JSON Lines: a head, the records, an end that counts them.

    :raises FormatError: a record lacks what it must have, or an amount has parts of a cent
    """
    _check(sheet)
    head = {"type": "file", "format": FORMAT, "version": VERSION} | _plain(sheet, _HEAD)
    rows = [{"type": _TYPES[type(record)]} | _plain(record) for record in sheet.records]
    return b"".join(_line(row) for row in (head, *rows, {"type": "end", "records": len(rows)}))


def write_csv(sheet: Sheet) -> bytes:
    """The same as a list for spreadsheets: one row for each claim, correction or answer.

    Semicolons, UTF-8 with a mark. What a case has several of stands in one cell, as JSON. Each row
    counts the rows of the file, so that a file that was cut off is noticed.

    :raises FormatError: as :func:`write_json`
    """
    _check(sheet)
    kind = type(sheet.records[0])
    columns = ["type", "rows", *(place.name for place in _HEAD), *_columns(kind)]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    rows = sum(len(getattr(record, "claims", (None,))) for record in sheet.records)
    head = {"type": _TYPES[kind], "rows": str(rows)} | _cells(sheet, _HEAD)
    for record in sheet.records:
        flat = head | _cells(record, [place for place in fields(kind) if place.name != "claims"])
        for claim in getattr(record, "claims", (None,)):
            claimed = _cells(claim, fields(Claim)) if claim else {}
            writer.writerow(flat | {f"claim.{name}": cell for name, cell in claimed.items()})
    return out.getvalue().encode("utf-8-sig")


def _columns(kind):
    flat = [place.name for place in fields(kind) if place.name != "claims"]
    return flat + [f"claim.{place.name}" for place in fields(Claim) if kind is Case]


def _line(values):
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _check(sheet):
    if not sheet.records or len({type(record) for record in sheet.records}) > 1:
        raise FormatError("", "records", "one or more records of one kind")
    seen = set()
    for record in sheet.records:
        key = record.message_id
        if key in seen:
            raise FormatError(key, "message_id", "an id that no other record has")
        seen.add(key)
        for name, expected in _lacking(record):
            raise FormatError(key, name, expected)
        for part in (record, *getattr(record, "claims", ())):
            _check_amounts(key, part)


def _lacking(record):
    """(field, what is expected) of what a record must have and has not."""
    about = "our_file_id" if isinstance(record, Receipt) else "our_case_ref"
    for name in ("message_id", about):
        if not getattr(record, name).strip():
            yield name, "something"
    if isinstance(record, Case):
        if not record.claims:
            yield "claims", "one or more claims"
        return
    name, known = _KINDS[type(record)]
    if getattr(record, name) not in known:
        yield name, " | ".join(known)
    if isinstance(record, Answer):
        yield from _lacking_answer(record)


_KINDS = {
    Correction: ("kind", CORRECTIONS),
    Answer: ("kind", ANSWERS),
    Receipt: ("state", RECEIPTS),
}


def _lacking_answer(answer):
    if answer.kind == "closed" and answer.code not in CLOSED:
        yield "code", " | ".join(CLOSED)
    if answer.kind == "payment" and not answer.direct:
        if answer.net_paid not in (_NOTHING, answer.net):
            yield "net_paid", "principal + interest + fees - costs"
        elif answer.net < 0 <= answer.paid:
            yield "costs", "no more than what was paid"


def _check_amounts(key, part):
    for place in fields(part):
        value = getattr(part, place.name)
        if isinstance(value, Decimal) and not _is_amount(value):
            raise FormatError(key, place.name, "an amount with two decimals")


def _is_amount(value):
    return (
        value.is_finite()
        and (not value or value.adjusted() < _DIGITS)
        and value == value.quantize(_CENT)
    )


def _plain(record, places=None):
    """What JSON says of it; what is empty is left out."""
    values = {}
    for place in places or fields(record):
        value = getattr(record, place.name)
        if value is not None and value is not False and value != "" and value != ():
            values[place.name] = _simple(value)
    return values


def _simple(value):
    if isinstance(value, tuple):
        return [
            item.isoformat() if isinstance(item, datetime.date) else _plain(item) for item in value
        ]
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, datetime.date) else value


def _cells(record, places):
    return {place.name: _cell(getattr(record, place.name)) for place in places}


def _cell(value):
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return f"'{value}" if value[:1] and value[0] in _FORMULA else value
    if isinstance(value, tuple) and value:
        return json.dumps(_simple(value), ensure_ascii=False, separators=(",", ":"))
    return "" if value is None or value == () else str(_simple(value))


# ---------------------------------------------------------------------- reading


def read(content: bytes) -> tuple[Sheet, list[Fault]]:
    """What a file says, whichever of the two forms it has, and what is wrong with it.

    A head and an end may be missing; an end that counts other than what came makes the whole file
    unusable, as one that was cut off.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Sheet(), [Fault(0, "file", "text in UTF-8")]
    faults = []
    reading = _read_json if text.lstrip()[:1] == "{" else _read_csv
    head, rows = reading(text, faults)
    sheet = _build(Sheet, head, 0, faults, _HEAD) or Sheet()
    records = [
        (number, record) for number, values in rows if (record := _record(number, values, faults))
    ]
    if any(fault.record == 0 for fault in faults):
        return sheet, faults
    values = {place.name: getattr(sheet, place.name) for place in _HEAD}
    good = list(_once(records, faults))
    return Sheet(
        **values,
        records=tuple(record for _number, record in good),
        numbers=tuple(number for number, _record in good),
    ), faults


def _once(records, faults):
    """Records of the kind of the first one, each id once."""
    seen = set()
    for number, record in records:
        if _FAMILY[type(record)] is not _FAMILY[type(records[0][1])]:
            faults.append(Fault(number, "type", "records of one kind"))
        elif record.message_id in seen:
            faults.append(Fault(number, "message_id", "an id that no other record has"))
        else:
            seen.add(record.message_id)
            yield number, record


def _read_json(text, faults):
    head, rows, end = {}, [], None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line, parse_float=Decimal)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            faults.append(Fault(number, "line", "a JSON object"))
        elif values.get("type") == "file":
            head = values
        elif values.get("type") == "end":
            end = values.get("records")
        else:
            rows.append((number, values))
    if end is not None and end != len(rows) + sum(fault.field == "line" for fault in faults):
        faults.append(Fault(0, "end", "as many records as the end counts"))
    if head and (head.get("format") != FORMAT or head.get("version") != VERSION):
        faults.append(Fault(0, "format", f"{FORMAT}, version {VERSION}"))
    return head, rows


def _read_csv(text, faults):
    heading = text.partition("\n")[0]
    delimiter = max(";,\t", key=heading.count)
    try:
        # strict: a cell whose quotes do not end was cut off
        lines = list(
            csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        )
    except csv.Error:
        faults.append(Fault(0, "file", "JSON Lines, or a list with columns"))
        return {}, []
    if "type" not in heading.strip().split(delimiter):
        faults.append(Fault(0, "file", "JSON Lines, or a list with a column type"))
        return {}, []
    rows, cases = [], {}
    for number, cells in enumerate(lines, 2):
        values = {name: _uncell(cell) for name, cell in cells.items() if name and cell}
        claim = {
            name.removeprefix("claim."): values.pop(name)
            for name in list(values)
            if name.startswith("claim.")
        }
        key = values.get("message_id")
        if values.get("type") == "case" and key in cases:
            cases[key]["claims"].append(claim)
            continue
        if values.get("type") == "case":
            values = _parsed(values) | {"claims": [claim]}
            cases[key] = values
        rows.append((number, values))
    head = rows[0][1] if rows else {}
    if head.get("rows", str(len(lines))).strip() != str(len(lines)):
        faults.append(Fault(0, "rows", "as many rows as each row counts"))
    return head, rows


def _uncell(cell):
    return cell[1:] if cell[0] == "'" and cell[1:2] and cell[1] in _FORMULA else cell


def _parsed(values):
    """A row of a case, with what stands as JSON in its cells read."""
    several = {place.name for place in fields(Case) if get_origin(place.type) is tuple}
    return {name: _json(cell) if name in several else cell for name, cell in values.items()}


def _json(cell):
    try:
        return json.loads(cell, parse_float=Decimal)
    except (ValueError, RecursionError):
        return cell


def _record(number, values, faults):
    kind = next((one for name, one in _RECORDS.items() if values.get("type") == name), None)
    if not kind:
        faults.append(Fault(number, "type", " | ".join(_RECORDS)))
        return None
    record = _build(kind, values, number, faults)
    if not record:
        return None
    lacking = [Fault(number, *one) for one in _lacking(record)]
    faults += lacking
    return None if lacking else record


def _build(kind, values, number, faults, places=None):
    """A record of these values; None when one of them is none it can have."""
    found, wrong = {}, []
    for place in places or fields(kind):
        value = values.get(place.name)
        try:
            if value is not None and value != "":
                found[place.name] = _value(place.type, value, number, wrong)
        except (ValueError, TypeError, InvalidOperation):
            wrong.append(Fault(number, place.name, _EXPECTED.get(_bare(place.type), "a list")))
    faults += wrong
    if wrong:
        return None
    required = [place.name for place in fields(kind) if place.default is MISSING]
    return kind(**dict.fromkeys(required, "") | found)


def _bare(kind):
    """The type without the None that it may be."""
    choices = [one for one in get_args(kind) if one is not type(None)]
    return choices[0] if choices and get_origin(kind) is not tuple else kind


def _value(kind, value, number, wrong):
    if get_origin(kind) is tuple:
        return tuple(_item(get_args(kind)[0], one, number, wrong) for one in _list(value))
    return _READ[_bare(kind)](value)


def _item(kind, value, number, wrong):
    if kind is datetime.date:
        return _date(value)
    if not isinstance(value, dict):
        raise ValueError
    return _build(kind, value, number, wrong)


def _list(value):
    if not isinstance(value, list):
        raise ValueError
    return value


def _text(value):
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError
    if _UNWRITABLE.search(str(value)):
        raise ValueError
    return str(value)


def _flag(value):
    flags = {True: True, False: False, "1": True, "0": False, "true": True, "false": False}
    if not isinstance(value, bool | str) or value not in flags:
        raise ValueError
    return flags[value]


def _number(value):
    if isinstance(value, bool):
        raise ValueError
    return int(str(value))


def _amount(value):
    amount = Decimal(str(value))
    if isinstance(value, bool) or not _is_amount(amount):
        raise ValueError
    return amount.quantize(_CENT)


def _date(value):
    return datetime.date.fromisoformat(value)


_READ = {str: _text, bool: _flag, int: _number, Decimal: _amount, datetime.date: _date}
_EXPECTED = {
    str: "text",
    bool: "true or false",
    int: "a number",
    Decimal: "an amount with two decimals",
    datetime.date: "a date as YYYY-MM-DD",
}


# ---------------------------------------------------------------------- documents beside the file


def attachment(name: str, content: bytes) -> Attachment:
    """How a record names a document that lies beside the file under ``name``."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "document"
    return Attachment(name=f"{_DOCUMENTS}{safe}", sha256=hashlib.sha256(content).hexdigest())


def pack(name: str, content: bytes, documents: Mapping[str, bytes]) -> bytes:
    """An archive (ZIP) of the file and the documents that its records name.

    :param name: the name of the file in the archive
    :param documents: content by the ``name`` of its :class:`Attachment`
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, data in {name: content, **documents}.items():
            archive.writestr(zipfile.ZipInfo(place, _MADE), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def totals(cases: Iterable[Case]) -> Decimal:
    """What is open of the invoices of these cases."""
    return sum((claim.principal_open for case in cases for claim in case.claims), _NOTHING)
