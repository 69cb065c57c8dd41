"""Writes pain.001, the order of credit transfers, in versions 03 and 09.

Source: the message definitions of ISO 20022. What the versions differ in is a table. The
elements are written one after the other, in the order of the schema; number and sum stand
in the header and with each batch.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO

from lxml import etree
from stdnum.iso7064 import mod_97_10

from ..messages import (
    AccountScheme,
    AccountTransfer,
    Assignment,
    ControlTotal,
    EncodedFile,
    FormatError,
    OutgoingMessage,
    TransferAssignment,
    Transmission,
)
from .characters import LONGEST_IDENTIFIER, is_identifier, written
from .values import CENT, ZERO

FORMAT = "iso.pain_001"
LONGEST_NAME = 70
LONGEST_TEXT = 140
_LARGEST = Decimal("999999999999.99")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_NUMBER = re.compile(r"[A-Z0-9]{1,30}", re.ASCII)
_BIC = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?")
_TWO_LETTERS = re.compile(r"[A-Z]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CHARGES = frozenset({"", "SLEV", "SHAR", "DEBT", "CRED"})
_SERVICE = re.compile(r"[A-Z]{0,4}")

Tree = tuple[tuple[str, "str | Tree | Amount"], ...]


@dataclass(frozen=True, slots=True)
class Amount:
    text: str
    currency: str


@dataclass(frozen=True, slots=True)
class Version:
    """What differs between the versions: the name of a BIC, and how a day is written."""

    number: str
    bic: str
    day: tuple[str, ...]

    @property
    def namespace(self) -> str:
        return f"urn:iso:std:iso:20022:tech:xsd:pain.001.001.{self.number}"


VERSIONS = {
    "03": Version("03", bic="BIC", day=()),
    "09": Version("09", bic="BICFI", day=("Dt",)),
}


class CreditTransferEncoder:
    """One version of the message; an ``Encoder`` of the registry."""

    FORMAT = FORMAT

    def __init__(self, version: str):
        self.version = VERSIONS[version]
        self.LABEL = f"pain.001.001.{version} credit transfers (ISO 20022)"

    def faults(self, request: OutgoingMessage) -> list[FormatError]:
        """What keeps ``request`` from being written; empty when nothing does."""
        if not isinstance(request, AccountTransfer):
            return [FormatError(request.key, "request", "a credit transfer to an account")]
        return [
            FormatError(request.key, name, expected)
            for name, expected, is_good in _conditions(request)
            if not is_good
        ]

    def encode(
        self, transmission: Transmission, assignments: Sequence[Assignment], today: date
    ) -> EncodedFile:
        """The file as bytes, the same for the same arguments.

        The header is record 1, then come the batches, each with its transfers behind it.

        :param transmission: ``number`` becomes the identification of the message
        :param assignments: ``TransferAssignment``; each day of payment becomes a batch
        :raises FormatError: the first fault, before a byte is written
        """
        self._check(transmission, assignments)
        batches = [batch for assignment in assignments for batch in _batches(assignment)]
        requests = [request for _name, _assignment, own in batches for request in own]
        amount = sum((request.amount for request in requests), ZERO)
        return EncodedFile(
            content=self._written(transmission, batches, today),
            records=_records(batches),
            totals=tuple(_totals(batches, requests)),
            count=len(requests),
            amount=amount,
        )

    # ------------------------------------------------------------------ checks

    def _check(self, transmission: Transmission, assignments: Sequence[Assignment]) -> None:
        if not is_identifier(transmission.number):
            raise FormatError("", "message identification", _mark())
        if not assignments:
            raise FormatError("", "requests", "at least one", "none")
        seen: set[str] = set()
        batches: set[str] = set()
        for assignment in assignments:
            for name, expected, is_good in _frame(assignment):
                if not is_good:
                    raise FormatError("", name, expected)
            names = {name for name, _assignment, _own in _batches(assignment)}
            if names & batches:
                raise FormatError("", "batch", "each name once in a file", assignment.batch)
            batches |= names
            for request in assignment.requests:
                self._check_request(request, assignment, seen)

    def _check_request(self, request, assignment: TransferAssignment, seen: set[str]) -> None:
        if faults := self.faults(request):
            raise faults[0]
        if request.account != assignment.account:
            raise FormatError(request.key, "account", "that of the assignment")
        if request.reference in seen:
            raise FormatError(request.key, "reference", "each once in a file", request.reference)
        seen.add(request.reference)

    # ------------------------------------------------------------------ writing

    def _written(self, transmission: Transmission, batches, today: date) -> bytes:
        stream = BytesIO()
        with etree.xmlfile(stream, encoding="utf-8") as xml:
            xml.write_declaration()
            with (
                xml.element(self._name("Document"), nsmap={None: self.version.namespace}),
                xml.element(self._name("CstmrCdtTrfInitn")),
            ):
                self._write(xml, "GrpHdr", self._header(transmission, batches, today))
                for name, assignment, requests in batches:
                    with xml.element(self._name("PmtInf")):
                        for child, content in self._batch(name, assignment, requests):
                            self._write(xml, child, content)
                        for request in requests:
                            self._write(xml, "CdtTrfTxInf", self._transfer(request))
        return stream.getvalue() + b"\n"

    def _name(self, name: str) -> str:
        return f"{{{self.version.namespace}}}{name}"

    def _write(self, xml, name: str, content: "str | Tree | Amount") -> None:
        if isinstance(content, Amount):
            with xml.element(self._name(name), Ccy=content.currency):
                xml.write(content.text)
            return
        with xml.element(self._name(name)):
            if isinstance(content, str):
                xml.write(content)
            else:
                for child, inner in content:
                    self._write(xml, child, inner)

    def _header(self, transmission: Transmission, batches, today: date) -> Tree:
        requests = [request for _name, _assignment, own in batches for request in own]
        assignment = batches[0][1]
        identity = _identity(transmission.sender or assignment.holder_identity)
        name = written(assignment.holder_name, LONGEST_NAME)
        return (
            ("MsgId", transmission.number),
            ("CreDtTm", f"{today.isoformat()}T00:00:00"),
            *_count_and_sum(requests),
            ("InitgPty", (("Nm", name), *identity)),
        )

    def _batch(self, name: str, assignment: TransferAssignment, requests) -> Tree:
        day: str | Tree = requests[0].due_date.isoformat()
        for element in reversed(self.version.day):
            day = ((element, day),)
        service = (("PmtTpInf", (("SvcLvl", (("Cd", assignment.service),)),)),)
        return (
            ("PmtInfId", name),
            ("PmtMtd", "TRF"),
            ("BtchBookg", "true" if assignment.is_batch_booked else "false"),
            *_count_and_sum(requests),
            *(service if assignment.service else ()),
            ("ReqdExctnDt", day),
            ("Dbtr", self._holder(assignment)),
            ("DbtrAcct", self._own_account(assignment, requests[0].currency)),
            ("DbtrAgt", self._bank(assignment.holder_bank, AccountScheme())),
            *((("ChrgBr", assignment.charges),) if assignment.charges else ()),
        )

    def _holder(self, assignment: TransferAssignment) -> Tree:
        country = assignment.holder_country
        return (
            ("Nm", written(assignment.holder_name, LONGEST_NAME)),
            *((("PstlAdr", (("Ctry", country),)),) if country else ()),
            *_identity(assignment.holder_identity),
        )

    def _own_account(self, assignment: TransferAssignment, currency: str) -> Tree:
        return (*_account(assignment.account, assignment.account_scheme), ("Ccy", currency))

    def _bank(self, bic: str, scheme: AccountScheme) -> Tree:
        """The bank of an account; that of our own must be told even if nobody knows it."""
        found: list = []
        if bic:
            found.append((self.version.bic, bic))
        if scheme.clearing_system:
            system = (("ClrSysId", (("Cd", scheme.clearing_system),)), ("MmbId", scheme.member))
            found.append(("ClrSysMmbId", system))
        if not found:
            found.append(("Othr", (("Id", "NOTPROVIDED"),)))
        return (("FinInstnId", tuple(found)),)

    def _transfer(self, request: AccountTransfer) -> Tree:
        scheme = request.payer_account_scheme
        has_bank = request.payer_bank or scheme.clearing_system
        text = written(request.text, LONGEST_TEXT)
        return (
            ("PmtId", (("InstrId", request.reference), ("EndToEndId", request.reference))),
            ("Amt", (("InstdAmt", Amount(f"{request.amount:.2f}", request.currency)),)),
            *((("CdtrAgt", self._bank(request.payer_bank, scheme)),) if has_bank else ()),
            ("Cdtr", (("Nm", written(request.payer_name, LONGEST_NAME)), *_address(request))),
            ("CdtrAcct", _account(request.payer_account, scheme)),
            *((("RmtInf", (("Ustrd", text),)),) if text else ()),
        )


ENCODERS = {number: CreditTransferEncoder(number) for number in VERSIONS}


# ---------------------------------------------------------------------- conditions


def _mark() -> str:
    return f"1 to {LONGEST_IDENTIFIER} letters, digits and signs, no blanks"


def _conditions(request: AccountTransfer) -> Iterator[tuple[str, str, bool]]:
    """Field, what is expected of it, and whether it is so."""
    amount, scheme = request.amount, request.payer_account_scheme
    yield "amount", "above 0, of at most two decimals", _is_amount(amount)
    yield "currency", "three capitals", _is(_CURRENCY, request.currency)
    yield "reference", _mark(), is_identifier(request.reference)
    yield "name", "a name", _is_name(request.payer_name)
    expected = "an IBAN with the right check digits" if scheme.is_iban else "1 to 30 digits"
    yield "payee's account", expected, _is_account(request.payer_account, scheme)
    yield "payee's bank", "a BIC", not request.payer_bank or _is(_BIC, request.payer_bank)
    country = request.payer_country
    yield "country", "two capitals", not country or _is(_TWO_LETTERS, country)


def _frame(assignment) -> Iterator[tuple[str, str, bool]]:
    is_ours = isinstance(assignment, TransferAssignment)
    yield "assignment", "one of credit transfers", is_ours
    yield "requests", "at least one in each assignment", bool(assignment.requests)
    # Room for the number of the day behind it.
    short = len(assignment.batch) <= LONGEST_IDENTIFIER - 4
    yield "batch", _mark(), short and is_identifier(assignment.batch)
    yield "own account", "an account", _is_account(assignment.account, assignment.account_scheme)
    yield "own name", "a name", _is_name(assignment.holder_name)
    yield "own bank", "a BIC", not assignment.holder_bank or _is(_BIC, assignment.holder_bank)
    country = assignment.holder_country
    yield "own country", "two capitals", not country or _is(_TWO_LETTERS, country)
    yield "charges", "SLEV, SHAR or DEBT", assignment.charges in _CHARGES
    yield "service level", "up to four capitals", _is(_SERVICE, assignment.service)


def _is_name(text: str) -> bool:
    return any(character.isalnum() for character in written(text, LONGEST_NAME))


def _is_amount(amount: Decimal) -> bool:
    return amount.is_finite() and 0 < amount <= _LARGEST and amount == amount.quantize(CENT)


def _is(pattern: re.Pattern, text: str) -> bool:
    return pattern.fullmatch(text) is not None


def _is_account(number: str, scheme: AccountScheme) -> bool:
    if not scheme.is_iban:
        return _is(_NUMBER, number)
    return _is(_IBAN, number) and mod_97_10.is_valid(number[4:] + number[:4])


# ---------------------------------------------------------------------- parts


def _batches(assignment: TransferAssignment) -> list[tuple[str, TransferAssignment, tuple]]:
    """(name, assignment, its transfers) for each day of payment and currency."""
    groups: dict[tuple, list[AccountTransfer]] = {}
    for request in assignment.requests:
        groups.setdefault((request.due_date, request.currency), []).append(request)
    if len(groups) == 1:
        return [(assignment.batch, assignment, assignment.requests)]
    return [
        (f"{assignment.batch}-{number}", assignment, tuple(own))
        for number, (_day, own) in enumerate(sorted(groups.items()), start=1)
    ]


def batch_names(assignment: TransferAssignment) -> dict[str, str]:
    """``{key of a request: name of the batch it is in}``."""
    return {request.key: name for name, _assignment, own in _batches(assignment) for request in own}


def _records(batches) -> dict[str, int]:
    records, record = {}, 1
    for _name, _assignment, requests in batches:
        record += 1
        for request in requests:
            record += 1
            records[request.key] = record
    return records


def _totals(batches, requests) -> Iterator[ControlTotal]:
    """Each control number that is written, beside what was counted."""
    scopes = [("file", 1, requests)]
    record = 2
    for name, _assignment, own in batches:
        scopes.append((f"batch {name}", record, own))
        record += 1 + len(own)
    for scope, number, own in scopes:
        total = sum((request.amount for request in own), ZERO)
        facts = (("transactions", Decimal(len(own))), ("amount", total))
        for quantity, value in facts:
            yield ControlTotal(
                record=number, scope=scope, quantity=quantity, declared=value, counted=value
            )


def _count_and_sum(requests) -> Tree:
    total = sum((request.amount for request in requests), ZERO)
    return (("NbOfTxs", str(len(requests))), ("CtrlSum", f"{total:.2f}"))


def _identity(number: str) -> Tree:
    """An organisation by the number under which its bank knows it."""
    plain = written(number, LONGEST_IDENTIFIER)
    if not plain:
        return ()
    other = (("Id", plain), ("SchmeNm", (("Cd", "BANK"),)))
    return (("Id", (("OrgId", (("Othr", other),)),)),)


def _account(number: str, scheme: AccountScheme) -> Tree:
    if scheme.is_iban:
        return (("Id", (("IBAN", number),)),)
    kind = ("Cd", scheme.code) if scheme.code else ("Prtry", scheme.proprietary)
    return (("Id", (("Othr", (("Id", number), ("SchmeNm", (kind,)))),)),)


def _address(request: AccountTransfer) -> Tree:
    parts = (
        ("StrtNm", written(request.payer_street, LONGEST_NAME)),
        ("PstCd", written(request.payer_zip, 16)),
        ("TwnNm", written(request.payer_city, 35)),
        ("Ctry", request.payer_country),
    )
    found = tuple((name, text) for name, text in parts if text)
    return (("PstlAdr", found),) if found else ()
