"""Reads Autogiro files: every report from Bankgirot, in the new and the old layout, and ours.

Source: Bankgirot's technical manual of Autogiro. Severity of what is wrong: a broken frame, or
a deposit record that lies about its payments, refuses the file; a record that cannot be read
or whose code is not known is an error; the rest, end records that differ among it, a warning.
"""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from ...membership_billing_nordic.formats.messages import Message, OutgoingMessage
from . import reading, records, reports
from .checks import RefusedError
from .requests import Requests

FORMAT = "se.autogiro"
LABEL = "Autogiro, reports and orders (Bankgirot)"

_SEAL_START, _SEAL_END = "00", "99"
_REGISTER_NEW = r"00\d{36}[12]\d{2}\d{8}[\d ]{8}[12] "
_REGISTER_OLD = r"00\d{36}[12]\d\d{8}[\d ]{8}[12]0"
_OPENINGS: tuple[tuple[re.Pattern, Callable], ...] = tuple(
    (re.compile(pattern), section)
    for pattern, section in (
        (r"01AUTOGIRO.{34}BET\. SPEC", reports.NewPayments),
        (r"01AUTOGIRO.{34}AG-MEDAVI", reports.NewAdvice),
        (r"01AUTOGIRO.{34}AVVISADE", reports.NewRejected),
        # The letter after it suffers when files are saved in other encodings.
        (r"01AUTOGIRO.{34}MAK", reports.NewChanges),
        (r"01.{8}AUTOGIRO9900 {40}", reports.OldPayments),
        (r"01.{8}AUTOGIRO9900FELLISTA", reports.OldRejected),
        (r"01.{8}AUTOGIRO9900MAK", reports.OldChanges),
        (r"01.{8}AUTOGIRO9900BEVAKNINGSREG", reports.Stored),
        (r"01.{8}AUTOGIRO    ", Requests),
        (r"01.{8}9900.{10}AG-MEDAVI", reports.OldAdvice),
        (r"51.{8}9900.{10}AG-EMEDGIV", reports.InternetMandates),
        (_REGISTER_NEW, lambda *place: reports.Register(*place, records.REGISTER_NEW)),
        (_REGISTER_OLD, lambda *place: reports.Register(*place, records.REGISTER_OLD)),
    )
)
_HEAD = re.compile(
    rb"(\xef\xbb\xbf)?\s*(00\d{6}HMAC[^\r\n]{0,100}?\s*)?"
    rb"(01AUTOGIRO|01.{8}AUTOGIRO|01.{8}9900.{10}AG-|51.{8}9900.{10}AG-|"
    + f"{_REGISTER_NEW}|{_REGISTER_OLD}".encode()
    + rb")"
)
_NEW_LAYOUT = re.compile(rb"(\xef\xbb\xbf)?\s*01AUTOGIRO")
_OLD_LAYOUT = re.compile(
    rb"(\xef\xbb\xbf)?\s*01.{8}(AUTOGIRO9900(?!BEVAKNINGSREG)|9900.{10}AG-MEDAVI)"
)
_OPENING = "an opening record of Autogiro"


def recognises(head: bytes) -> bool:
    """Is this the beginning of an Autogiro file, though perhaps of a damaged one?"""
    return _HEAD.match(head) is not None


def layout_of(head: bytes) -> str:
    """``new`` or ``old``; empty of what is the same in both, and of what is no report."""
    if _NEW_LAYOUT.match(head):
        return "new"
    return "old" if _OLD_LAYOUT.match(head) else ""


def decode(stream: BinaryIO) -> Iterator[Message | OutgoingMessage]:
    """Yield what the file says, in its order.

    Never raises on content. The file must not be used if any FormatIssue is a refusal.
    """
    try:
        yield from _AutogiroFile().read(stream)
    except RefusedError as refused:
        yield refused.issue


class _AutogiroFile:
    """The sections of a file, between the records of a seal if it has one."""

    def __init__(self):
        self.section: reports.Section | None = None
        self.is_over = False

    def read(self, stream: BinaryIO) -> Iterator[Message | OutgoingMessage]:
        record = 0
        for record, line in reading.numbered(stream):
            if self.is_over:
                raise RefusedError(record, "record", "nothing after the seal", line[:2])
            if isinstance(self.section, reports.Register):
                yield from self.section.read(record, "", line)
                continue
            opened = self.opened(record, line)
            if opened is not None:
                yield from self.begin(record, line, opened)
            elif self.is_of_seal(record, line):
                continue
            elif self.section is None:
                raise RefusedError(record, "record", _OPENING, line[:2])
            else:
                yield from self.section.read(record, line[:2], line)
        if self.section is None:
            raise RefusedError(record + 1, "record", _OPENING, "the end of the file")
        yield from self.section.finish(record + 1)

    def opened(self, record: int, line: str) -> reports.Section | None:
        """The section that begins with this line; None when it is no opening."""
        if line[:2] not in ("00", "01", "51"):
            return None
        for pattern, section in _OPENINGS:
            if pattern.match(line):
                return section(record, line)
        return None

    def begin(self, record: int, line: str, opened: reports.Section) -> Iterator[Message]:
        if self.section is None:
            yield opened.transmission()
        else:
            yield from self.section.finish(record)
        self.section = opened
        if isinstance(opened, reports.Register):
            yield from opened.read(record, "", line)

    def is_of_seal(self, record: int, line: str) -> bool:
        """A record of the seal; whether it is the right one only its key can tell."""
        if line[:2] == _SEAL_START and record == 1:
            return True
        elif line[:2] == _SEAL_END:
            self.is_over = True
        else:
            return False
        return True
