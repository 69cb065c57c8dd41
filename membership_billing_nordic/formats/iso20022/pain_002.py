"""Reads pain.002, what a bank says of an order of credit transfers: of all, a batch, or one.

Source: the message definitions of ISO 20022, versions 03 to 14, and its external code list of
statuses. What is not well-formed, or could hide entities, refuses the file; a status that is
not known is told and changes nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import BinaryIO

from lxml import etree

from ..issues import error, refusal, warning
from ..messages import FileReceipt, Message, TransferStatus, Transmission
from . import xml_stream
from .elements import Choice, Groups, Reader, Texts, Values
from .values import day, identifier

_HEAD = re.compile(r"<[^>]*pain\.002\.001\.\d\d|<(\w+:)?CstmrPmtStsRpt[\s/>]")
_NAMESPACE = re.compile(r"urn:[\w:.-]*pain\.002\.001\.\d\d")
_HEADER, _FILE = "GrpHdr", "OrgnlGrpInfAndSts"
_BATCH, _TRANSFER = "OrgnlPmtInfAndSts", "TxInfAndSts"
_NAMES = (_HEADER, _FILE, _TRANSFER, _BATCH)

ACCEPTED, PENDING, SETTLED, REJECTED = "accepted", "pending", "settled", "rejected"
EVENTS = {
    "ACTC": ACCEPTED,
    "ACCP": ACCEPTED,
    "ACSP": ACCEPTED,
    "ACWC": ACCEPTED,
    "ACWP": ACCEPTED,
    "ACFC": ACCEPTED,
    "ACSC": SETTLED,
    "ACCC": SETTLED,
    "RCVD": PENDING,
    "PDNG": PENDING,
    "PATC": PENDING,
    "BLCK": PENDING,
    "RJCT": REJECTED,
    "CANC": REJECTED,
}
# Of a file or a batch: the transfers behind it say which.
PARTLY = "PART"
# An order was taken in, whatever becomes of its transfers.
_TAKEN = (ACCEPTED, SETTLED)

_REASONS = Groups("reasons", {"Rsn": Choice("code"), "AddtlInf": Texts("texts")})
_HEADER_TABLE = {"MsgId": "number", "CreDtTm": "created"}
_FILE_TABLE = {"OrgnlMsgId": "file", "GrpSts": "status", "StsRsnInf": _REASONS}
_BATCH_TABLE = {
    "OrgnlPmtInfId": "batch",
    "PmtInfSts": "status",
    "StsRsnInf": _REASONS,
    _TRANSFER: None,
}
_TRANSFER_TABLE = {
    "OrgnlInstrId": "instruction",
    "OrgnlEndToEndId": "reference",
    "TxSts": "status",
    "StsRsnInf": _REASONS,
}


class StatusDecoder:
    """The decoder of the registry for pain.002, all versions."""

    FORMAT = "iso.pain_002"
    LABEL = "pain.002 status of credit transfers (ISO 20022)"

    def recognises(self, head: bytes) -> bool:
        """Is this XML that names the message's namespace or its body?"""
        text = xml_stream.beginning(head)
        return text.startswith("<") and _HEAD.search(text) is not None

    def decode(self, stream: BinaryIO) -> Iterator[Message]:
        """Yield what the file says, in its order; never raises on content."""
        yield from _StatusFile().read(stream)

    def raw_records(self, stream: BinaryIO, numbers: set[int], limit: int) -> dict[int, str]:
        """The elements behind these record numbers as text of at most ``limit`` characters."""
        return _StatusFile().shown(stream, numbers, limit)


DECODER = StatusDecoder()


class _StatusFile:
    """Records are counted in the order of the file: header, file, batches, their transfers."""

    def __init__(self):
        self._record = 0
        self._handlers: dict[str, Callable] = {}
        self._file: Values = {}
        self._has_status = False
        self._batch_element: etree._Element | None = None
        self._batch: Values = {}
        self._batch_record = 0
        self._is_receipt_told = False
        self._seen_by: Callable[[int, etree._Element], None] = lambda _record, _element: None

    def read(self, stream: BinaryIO) -> Iterator[Message]:
        try:
            for element in xml_stream.ended(stream, _NAMES):
                handler = self._handlers.get(element.tag) or self._bind(element.tag)
                yield from handler(element)
        except xml_stream.UnusableXmlError as broken:
            yield refusal(max(self._record, 1), broken.field, broken.expected, broken.found)
            return
        if not self._has_status:
            yield refusal(max(self._record, 1), "content", "a status of an order", "none")

    def shown(self, stream: BinaryIO, numbers: set[int], limit: int) -> dict[int, str]:
        """Read again and keep what the records with these numbers look like."""
        found: dict[int, str] = {}

        def look(record: int, element: etree._Element) -> None:
            if record in numbers:
                found[record] = etree.tostring(element, encoding="unicode", with_tail=False)[:limit]

        self._seen_by = look
        for _message in self.read(stream):
            pass
        return found

    def _bind(self, tag: str) -> Callable:
        namespace = etree.QName(tag).namespace or ""
        if namespace and not _NAMESPACE.fullmatch(namespace):
            self._handlers[tag] = lambda _element: ()
            return self._handlers[tag]
        prefix = f"{{{namespace}}}" if namespace else ""
        batch = Reader(_BATCH_TABLE, namespace).read
        transfer = Reader(_TRANSFER_TABLE, namespace).read
        self._handlers |= {
            f"{prefix}{_HEADER}": partial(self._header, Reader(_HEADER_TABLE, namespace).read),
            f"{prefix}{_FILE}": partial(self._of_file, Reader(_FILE_TABLE, namespace).read),
            f"{prefix}{_TRANSFER}": partial(self._of_transfer, batch, transfer),
            f"{prefix}{_BATCH}": partial(self._of_batch, batch),
        }
        return self._handlers[tag]

    def _next_record(self, element: etree._Element) -> int:
        self._record += 1
        self._seen_by(self._record, element)
        return self._record

    # ------------------------------------------------------------------ elements

    def _header(self, read, element) -> Iterator[Message]:
        values, _faults = read(element)
        yield Transmission(
            record=self._next_record(element),
            number=values.get("number", ""),
            created_on=day(values.get("created", "")),
        )

    def _of_file(self, read, element) -> Iterator[Message]:
        self._file, _faults = read(element)
        record = self._next_record(element)
        if not identifier(self._file.get("file", "")):
            yield error(record, "original message identification", "that of an order of ours")
        status = self._file.get("status", "")
        if not status:
            return
        self._has_status = True
        event = ACCEPTED if status == PARTLY else EVENTS.get(status)
        if event is None:
            yield _unknown(record, status)
        elif event in _TAKEN:
            yield from self._receipt(record, "accepted", "")
            if event == SETTLED:
                yield self._status(record, SETTLED, self._file)
        elif event == REJECTED:
            yield from self._receipt(record, "rejected", _reason(self._file))

    def _receipt(self, record: int, event: str, meaning: str) -> Iterator[Message]:
        number = identifier(self._file.get("file", ""))
        if number and not self._is_receipt_told:
            self._is_receipt_told = True
            yield FileReceipt(
                record=record, event=event, transmission_number=number, meaning=meaning
            )

    def _enter(self, read_batch, element: etree._Element | None) -> None:
        """Begin the batch that ``element`` is, unless it is the one at hand."""
        if element is None or element is self._batch_element or not element.tag.endswith(_BATCH):
            return
        self._batch_element = element
        self._batch, _faults = read_batch(element)
        self._batch_record = self._next_record(element)

    def _of_transfer(self, read_batch, read, element) -> Iterable[Message]:
        self._enter(read_batch, element.getparent())
        values, _faults = read(element)
        record = self._next_record(element)
        self._has_status = True
        reference = identifier(values.get("reference", ""))
        event = EVENTS.get(values.get("status", ""))
        if not reference:
            yield error(record, "transfer: end-to-end identification", "that of one of ours")
        elif event is None:
            yield _unknown(record, values.get("status", ""))
        else:
            if event in _TAKEN:
                yield from self._receipt(record, "accepted", "")
            yield self._status(record, event, values, reference)

    def _of_batch(self, read_batch, element) -> Iterator[Message]:
        self._enter(read_batch, element)
        # The status stands before the transfers; a file in another order has it now.
        values, _faults = read_batch(element)
        values = {**self._batch, **values}
        self._batch_element = None
        status = values.get("status", "")
        if not status:
            return
        self._has_status = True
        if status == PARTLY:
            yield from self._receipt(self._batch_record, "accepted", "")
            return
        event = EVENTS.get(status)
        if event is None:
            yield _unknown(self._batch_record, status)
            return
        if event in _TAKEN:
            yield from self._receipt(self._batch_record, "accepted", "")
        yield self._status(self._batch_record, event, values)

    def _status(self, record: int, event: str, values: Values, reference: str = "") -> Message:
        reasons = values.get("reasons", ())
        code = next((each["code"] for each in reasons if "code" in each), "")
        return TransferStatus(
            record=record,
            event=event,
            transmission_number=identifier(self._file.get("file", "")),
            batch=identifier(self._batch.get("batch", "")) if values is not self._file else "",
            reference=reference,
            status=values.get("status", ""),
            bank_code=code,
            text=" ".join(text for each in reasons for text in each.get("texts", ()))[:500],
        )


def _unknown(record: int, status: str) -> Message:
    expected = ", ".join((*EVENTS, PARTLY))
    return warning(record, "status", expected, status[:35], "passed over")


def _reason(values: Values) -> str:
    """The reasons of a whole file, as the bank words them."""
    parts = []
    for each in values.get("reasons", ()):
        parts += [each.get("code", ""), *each.get("texts", ())]
    return " ".join(filter(None, parts))[:500]
