"""Reads pain.001, so that an order of ours can be looked at as what the bank is asked for."""

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from typing import BinaryIO

from lxml import etree

from ..issues import error, refusal, warning
from ..messages import (
    BBAN,
    IBAN,
    AccountScheme,
    AccountTransfer,
    ControlTotal,
    Message,
    OutgoingMessage,
    Transmission,
)
from . import xml_stream
from .elements import Amount, Choice, Reader, Texts, Values
from .pain_001 import FORMAT
from .values import ZERO, day, money

LABEL = "pain.001 credit transfers (ISO 20022)"
_HEAD = re.compile(r"<[^>]*pain\.001\.001\.\d\d|<(\w+:)?CstmrCdtTrfInitn[\s/>]")
_NAMESPACE = re.compile(r"urn:[\w:.-]*pain\.001\.001\.\d\d")
_HEADER, _BATCH, _TRANSFER = "GrpHdr", "PmtInf", "CdtTrfTxInf"


def _account(name: str) -> dict:
    return {
        "Id": {
            "IBAN": name,
            "Othr": {
                "Id": name,
                "SchmeNm": {"Cd": f"{name}_code", "Prtry": f"{name}_proprietary"},
            },
        }
    }


def _bank(name: str) -> dict:
    member = {"ClrSysId": Choice(f"{name}_system"), "MmbId": f"{name}_member"}
    return {"FinInstnId": {"BIC": name, "BICFI": name, "ClrSysMmbId": member}}


_HEADER_TABLE = {
    "MsgId": "number",
    "CreDtTm": "created",
    "NbOfTxs": "count",
    "CtrlSum": "sum",
    "InitgPty": {"Nm": "sender_name", "Id": {"OrgId": {"Othr": {"Id": "sender"}}}},
}
_BATCH_TABLE = {
    "PmtInfId": "batch",
    "NbOfTxs": "count",
    "CtrlSum": "sum",
    "ReqdExctnDt": Choice("day"),
    "DbtrAcct": {**_account("account"), "Ccy": "currency"},
    _TRANSFER: None,
}
_TRANSFER_TABLE = {
    "PmtId": {"InstrId": "instruction", "EndToEndId": "reference"},
    "Amt": {"InstdAmt": Amount("amount")},
    "CdtrAgt": _bank("bank"),
    "Cdtr": {
        "Nm": "name",
        "PstlAdr": {"StrtNm": "street", "PstCd": "zip", "TwnNm": "city", "Ctry": "country"},
    },
    "CdtrAcct": _account("payee"),
    "RmtInf": {"Ustrd": Texts("lines")},
}


class OrderDecoder:
    """The decoder of the registry for pain.001, all versions."""

    FORMAT = FORMAT
    LABEL = LABEL

    def recognises(self, head: bytes) -> bool:
        """Is this XML that names the message's namespace or its body?"""
        text = xml_stream.beginning(head)
        return text.startswith("<") and _HEAD.search(text) is not None

    def decode(self, stream: BinaryIO) -> Iterator[Message | OutgoingMessage]:
        """Yield the header, the transfers, and the totals; never raises on content."""
        yield from _OrderFile().read(stream)


DECODER = OrderDecoder()


class _OrderFile:
    """Records are counted as the writer counts them: header, batch, its transfers."""

    def __init__(self):
        self._record = 0
        self._handlers: dict[str, Callable] = {}
        self._batch_element: etree._Element | None = None
        self._batch: Values = {}
        self._batch_record = 0
        self._counted = {"file": [0, ZERO], "batch": [0, ZERO]}
        self._header: Values = {}

    def read(self, stream: BinaryIO) -> Iterator[Message | OutgoingMessage]:
        try:
            for element in xml_stream.ended(stream, (_HEADER, _TRANSFER, _BATCH)):
                handler = self._handlers.get(element.tag) or self._bind(element.tag)
                yield from handler(element)
        except xml_stream.UnusableXmlError as broken:
            yield refusal(max(self._record, 1), broken.field, broken.expected, broken.found)
            return
        if not self._batch_record:
            yield refusal(max(self._record, 1), "content", f"a batch ({_BATCH})", "none")
            return
        yield from self._totals("file", 1, self._header, "file")

    def _bind(self, tag: str) -> Callable:
        namespace = etree.QName(tag).namespace or ""
        if namespace and not _NAMESPACE.fullmatch(namespace):
            self._handlers[tag] = lambda _element: ()
            return self._handlers[tag]
        prefix = f"{{{namespace}}}" if namespace else ""
        batch = Reader(_BATCH_TABLE, namespace).read
        header = Reader(_HEADER_TABLE, namespace).read
        transfer = Reader(_TRANSFER_TABLE, namespace).read
        self._handlers |= {
            f"{prefix}{_HEADER}": partial(self._read_header, header),
            f"{prefix}{_TRANSFER}": partial(self._read_transfer, batch, transfer),
            f"{prefix}{_BATCH}": partial(self._finish_batch, batch),
        }
        return self._handlers[tag]

    def _read_header(self, read, element) -> Iterator[Message]:
        if self._header:
            return
        self._header, _faults = read(element)
        self._record += 1
        values = self._header
        yield Transmission(
            record=self._record,
            number=values.get("number", ""),
            sender=values.get("sender", "") or values.get("sender_name", ""),
            created_on=day(values.get("created", "")),
        )

    def _enter(self, read_batch, element: etree._Element | None) -> None:
        """Begin the batch that ``element`` is, unless it is the one at hand."""
        if element is None or element is self._batch_element:
            return
        self._batch_element = element
        self._batch, _faults = read_batch(element)
        self._record += 1
        self._batch_record = self._record
        self._counted["batch"] = [0, ZERO]

    def _read_transfer(self, read_batch, read, element) -> Iterable[Message | OutgoingMessage]:
        self._enter(read_batch, element.getparent())
        values, _faults = read(element)
        self._record += 1
        text, currency = values.get("amount", ("", ""))
        amount = money(text)
        due = day(self._batch.get("day", ""))
        faults = [
            error(self._record, f"transfer: {name}", expected)
            for name, expected, is_good in (
                ("amount", "an amount of at most two decimals", amount is not None),
                ("currency", "three letters", len(currency) == 3),
                ("day of payment", "a date YYYY-MM-DD", due is not None),
            )
            if not is_good
        ]
        if faults:
            return faults
        for counted in self._counted.values():
            counted[0] += 1
            counted[1] += amount
        reference = values.get("reference", "")
        return [
            AccountTransfer(
                record=self._record,
                key=f"{self._batch.get('batch', '')}:{reference}",
                account=self._batch.get("account", ""),
                reference=reference,
                payer_name=values.get("name", ""),
                payer_street=values.get("street", ""),
                payer_zip=values.get("zip", ""),
                payer_city=values.get("city", ""),
                payer_country=values.get("country", ""),
                payer_account=values.get("payee", ""),
                payer_account_scheme=_scheme(values),
                payer_bank=values.get("bank", ""),
                amount=amount,
                currency=currency,
                due_date=due,
                text=" ".join(values.get("lines", ())),
            )
        ]

    def _finish_batch(self, read_batch, element) -> Iterator[Message]:
        self._enter(read_batch, element)
        name = self._batch.get("batch") or "without a name"
        yield from self._totals(f"batch {name}", self._batch_record, self._batch, "batch")
        self._batch_element = None

    def _totals(self, scope: str, record: int, values: Values, kind: str) -> Iterator[Message]:
        count, amount = self._counted[kind]
        text = values.get("count", "")
        number = Decimal(text) if text.isascii() and text.isdigit() else None
        for quantity, declared, counted in (
            ("transactions", number, Decimal(count)),
            ("amount", money(values.get("sum", "")), amount),
        ):
            if declared is None:
                continue
            total = ControlTotal(
                record=record, scope=scope, quantity=quantity, declared=declared, counted=counted
            )
            yield total
            if not total.agrees:
                yield warning(record, f"{scope}: {quantity}", str(declared), str(counted))


def _scheme(values: Values) -> AccountScheme:
    scheme = AccountScheme(
        code=values.get("payee_code", ""),
        proprietary=values.get("payee_proprietary", ""),
        clearing_system=values.get("bank_system", ""),
        member=values.get("bank_member", ""),
    )
    return next((known for known in (IBAN, BBAN) if known == scheme), scheme)
