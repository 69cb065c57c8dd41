"""Reads camt.054 (credit and debit notification) and camt.053 (account statement).

Source: the message definitions of ISO 20022, versions 02 to 14. An entry (Ntry) that is
booked is a deposit, its transactions (TxDtls) are the payments; of money that leaves by an
order, what the order called it. What is not well-formed, or
could hide entities, refuses the file; an entry or transaction whose amount, sign or date
cannot be read is an error and not used; totals that do not agree are told as warnings.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import BinaryIO

from lxml import etree

from ..issues import RefusedError, refusal, warning
from ..messages import FormatIssue, Message, Transmission
from . import camt_tables as tables
from . import xml_stream
from .camt_entry import Entry, Head
from .camt_report import Report
from .elements import Reader, Values
from .values import day, identifier

# A bound on memory for hostile files: the keys of all entries are kept.
MOST_ENTRIES = 250_000
_GROUP_HEADER, _TRANSACTION, _DETAILS, _ENTRY = "GrpHdr", "TxDtls", "NtryDtls", "Ntry"
_NOTIFICATION, _STATEMENT = "Ntfctn", "Stmt"
_NAMES = (_GROUP_HEADER, _TRANSACTION, _DETAILS, _ENTRY, _NOTIFICATION, _STATEMENT)
_NAMESPACE = re.compile(r"urn:[\w:.-]*camt\.05[34]\.001\.\d\d")


class CamtDecoder:
    """One of the two messages. ``body`` is the element that no other message has."""

    def __init__(self, number: str, body: str, label: str):
        self.FORMAT = f"iso.camt_{number}"
        self.LABEL = label
        self._head = re.compile(rf"<[^>]*camt\.{number}\.001\.\d\d|<(\w+:)?{body}[\s/>]")

    def recognises(self, head: bytes) -> bool:
        """Is this XML that names the message's namespace or its body?"""
        text = xml_stream.beginning(head)
        return text.startswith("<") and self._head.search(text) is not None

    def decode(self, stream: BinaryIO) -> Iterator[Message]:
        """Yield what the file says, in its order; an entry's deposit after its payments.

        Never raises on content. The file must not be used if any FormatIssue is a refusal.
        """
        yield from _CamtFile().read(stream)

    def raw_records(self, stream: BinaryIO, numbers: set[int], limit: int) -> dict[int, str]:
        """The elements behind these record numbers as text of at most ``limit`` characters."""
        return _CamtFile().shown(stream, numbers, limit)


NOTIFICATION = CamtDecoder(
    "054", "BkToCstmrDbtCdtNtfctn", "camt.054 credit and debit notification (ISO 20022)"
)
STATEMENT = CamtDecoder("053", "BkToCstmrStmt", "camt.053 account statement (ISO 20022)")


class _CamtFile:
    """The frame of a file. Records are counted in its order: header, reports, entries,
    transactions.
    """

    def __init__(self):
        self._record = 0
        self._handlers: dict[str, Callable] = {}
        self._readers: dict[str, Reader] = {}
        self._has_header = False
        self._reports = 0
        self._report: Report | None = None
        self._report_element: etree._Element | None = None
        self._entry: Entry | None = None
        self._entry_element: etree._Element | None = None
        self._read_entry: Callable | None = None
        self._keys: dict[tuple[str, str], int] = {}
        self._told: set[tuple[str, ...]] = set()
        self._seen_by: Callable[[int, etree._Element], None] = lambda _record, _element: None

    def read(self, stream: BinaryIO) -> Iterator[Message]:
        handlers = self._handlers
        try:
            for element in xml_stream.ended(stream, _NAMES):
                handler = handlers.get(element.tag) or self._bind(element.tag)
                yield from handler(element)
        except xml_stream.UnusableXmlError as broken:
            yield refusal(max(self._record, 1), broken.field, broken.expected, broken.found)
        except RefusedError as refused:
            yield refused.issue
        else:
            if not self._reports:
                expected = f"a notification ({_NOTIFICATION}) or statement ({_STATEMENT})"
                yield refusal(max(self._record, 1), "content", expected, "none")

    def shown(self, stream: BinaryIO, numbers: set[int], limit: int) -> dict[int, str]:
        """Read again and keep what the records with these numbers look like."""
        found: dict[int, str] = {}

        def look(record: int, element: etree._Element) -> None:
            if record in numbers:
                found[record] = etree.tostring(element, encoding="unicode", with_tail=False)[:limit]

        self._seen_by = look
        for _message in self.read(stream):
            if self._record > max(numbers, default=0) and found.keys() >= numbers:
                break
        return found

    def unique_key(self, account: str, key: str) -> str:
        """The key, with a count where the account has it a second time in this file."""
        if len(self._keys) == MOST_ENTRIES:
            limit = f"at most {MOST_ENTRIES} entries with different keys"
            raise RefusedError(self._record, "number of entries", limit, "more")
        seen = self._keys[account, key] = self._keys.get((account, key), 0) + 1
        return f"{key}#{seen}" if seen > 1 else key

    # ------------------------------------------------------------------ elements

    def _bind(self, tag: str) -> Callable:
        """Set up the reading of one more namespace; names of others are passed over."""
        namespace = etree.QName(tag).namespace or ""
        if namespace and not _NAMESPACE.fullmatch(namespace):
            self._handlers[tag] = _nothing
            return _nothing
        reader = {
            name: Reader(table, namespace).read
            for name, table in (
                (_GROUP_HEADER, tables.GROUP_HEADER),
                ("report", tables.REPORT),
                (_ENTRY, tables.ENTRY),
                (_DETAILS, tables.DETAILS),
                (_TRANSACTION, tables.TRANSACTION),
            )
        }
        prefix = f"{{{namespace}}}" if namespace else ""
        entry_tag = f"{prefix}{_ENTRY}"
        self._handlers |= {
            f"{prefix}{_GROUP_HEADER}": partial(self._group_header, reader),
            f"{prefix}{_TRANSACTION}": partial(self._transaction, reader, entry_tag),
            f"{prefix}{_DETAILS}": partial(self._details, reader, entry_tag),
            f"{prefix}{_ENTRY}": partial(self._finish_entry, reader),
            f"{prefix}{_NOTIFICATION}": partial(self._finish_report, reader),
            f"{prefix}{_STATEMENT}": partial(self._finish_report, reader),
        }
        return self._handlers[tag]

    def _next_record(self) -> int:
        self._record += 1
        return self._record

    def _group_header(self, reader: dict, element: etree._Element) -> Iterator[Message]:
        if self._has_header:
            return
        self._has_header = True
        values, _faults = reader[_GROUP_HEADER](element)
        record = self._next_record()
        self._seen_by(record, element)
        recipients = values.get("recipient_ids", ())
        yield Transmission(
            record=record,
            number=values.get("number", ""),
            recipient=next((each["id"] for each in recipients if "id" in each), "")
            or values.get("recipient_name", ""),
            created_on=day(values.get("created", "")),
        )
        if not identifier(values.get("number", "")):
            yield warning(record, "message identification", "one", "none")

    def _transaction(self, reader, entry_tag, element) -> Iterable[Message]:
        details = element.getparent()
        if details is not None and details.getparent() is self._entry_element:
            entry, issues = self._entry, ()
        else:
            entry, issues = self._entry_of(reader, entry_tag, element)
        if entry is None:
            return issues
        values, faults = reader[_TRANSACTION](element)
        record = self._next_record()
        self._seen_by(record, element)
        messages = entry.add(record, values, self._entry_values)
        if faults or issues:
            return [*issues, *self._order_faults(record, faults), *messages]
        return messages

    def _details(self, reader, entry_tag, element) -> Iterator[Message]:
        entry, issues = self._entry_of(reader, entry_tag, element)
        yield from issues
        if entry is not None:
            values, _faults = reader[_DETAILS](element)
            count = values.get("count", "")
            if count.isascii() and count.isdigit():
                entry.declared_count += int(count)
            entry.batch = entry.batch or identifier(values.get("batch", ""))

    def _finish_entry(self, reader, element) -> Iterator[Message]:
        entry, issues = self._entry_of(reader, element.tag, element)
        yield from issues
        if entry is None:
            return
        values, faults = reader[_ENTRY](element)
        self._seen_by(entry.record, element)
        yield from self._order_faults(entry.record, faults)
        yield from entry.finish(values)
        entry.report.count(Head(values, entry.report))
        self._entry = self._entry_element = None

    def _finish_report(self, reader, element) -> Iterator[Message]:
        report, issues = self._report_of(reader, element)
        yield from issues
        values, faults = reader["report"](element)
        self._seen_by(report.record, element)
        yield from self._order_faults(report.record, faults)
        yield from report.finish(values)
        self._report = self._report_element = None

    # ------------------------------------------------------------------ what holds an element

    def _entry_values(self) -> Values:
        """The own fields of the entry at hand, as far as they were read."""
        return self._read_entry(self._entry_element)[0]

    def _entry_of(self, reader, entry_tag: str, element) -> tuple[Entry | None, list[FormatIssue]]:
        """The entry an element belongs to, begun if it is the first of it."""
        holder = element if element.tag == entry_tag else element.getparent()
        while holder is not None and holder.tag != entry_tag:
            holder = holder.getparent()
        if holder is None:
            return None, []
        if holder is self._entry_element:
            return self._entry, []
        report, issues = self._report_of(reader, holder.getparent())
        report.entries += 1
        self._entry = Entry(report, self._next_record(), report.entries)
        self._entry_element = holder
        self._read_entry = reader[_ENTRY]
        return self._entry, issues

    def _report_of(self, reader, element) -> tuple[Report, list[FormatIssue]]:
        if element is self._report_element:
            return self._report, []
        self._reports += 1
        values = reader["report"](element)[0] if element is not None else {}
        is_statement = element is not None and element.tag.endswith(_STATEMENT)
        self._report = Report(self, self._next_record(), self._reports, is_statement, values)
        self._report_element = element
        return self._report, list(self._report.faults())

    def _order_faults(self, record: int, faults: Iterable[str]) -> Iterator[FormatIssue]:
        """Tell once for each kind what a schema would refuse."""
        kind = tuple(dict.fromkeys(faults))[:10]
        if kind and kind not in self._told and len(self._told) < 1000:
            self._told.add(kind)
            expected = "each once, in the order of the schema"
            yield warning(record, "order of elements", expected, ", ".join(kind))


def _nothing(_element) -> tuple:
    return ()
