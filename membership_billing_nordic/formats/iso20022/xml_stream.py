"""XML of strangers, read as a stream: flat memory, no entities, no network, no surprises.

A document type is refused before any parser sees it, and so is every encoding in which
one could hide from that look. Without one there is nothing to expand and nothing to fetch.
"""

import re
from collections.abc import Collection, Iterator
from typing import BinaryIO

from lxml import etree

# Small, so that what was parsed is read while the processor still has it at hand: a fifth
# less time than with pieces of 64 kB.
CHUNK = 1 << 11
_LARGEST_PROLOG = 1 << 16
# Far more than a bank's largest transaction; a bound on memory for hostile files.
LARGEST_ELEMENT = 8 << 20

_BLANKS = " \t\r\n"
_UTF_16_MARKS = {
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"<\x00": "utf-16-le",
    b"\x00<": "utf-16-be",
}
_UTF_16 = frozenset({"utf-16", "utf-16le", "utf-16be"})
_OF_BYTES = frozenset(
    {"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "latin1", "latin-1"}
)
_DECLARED = re.compile(r"""<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]*)["']""")
_PASSED_OVER = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ROOT = re.compile(r"<[^\W\d]", re.ASCII)
_OPTIONS = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "recover": False,
    "remove_blank_text": True,
    "remove_comments": True,
    "remove_pis": True,
    "collect_ids": False,
}


class UnusableXmlError(Exception):
    """The document cannot be read on. ``field`` names the place."""

    def __init__(self, field: str, expected: str, found: str = ""):
        super().__init__(f"{field}: expected {expected}, found {found}")
        self.field = field
        self.expected = expected
        self.found = found


def beginning(head: bytes) -> str:
    """The first characters of a document, whatever encoding it is in; for recognising it."""
    return _decoded(_without_blanks(head))[0]


def ended(stream: BinaryIO, names: Collection[str]) -> Iterator[etree._Element]:
    """Yield each element with one of these local ``names`` when its end was read.

    Once the caller asks for the next one, the element is emptied, and its former sibling
    of the same name is gone. Raises :class:`UnusableXmlError`.
    """
    parser = etree.XMLPullParser(("end",), tag=[f"{{*}}{name}" for name in names], **_OPTIONS)
    chunk = _checked_beginning(stream)
    quiet, broken = 0, None
    while chunk is not None and not broken:
        broken = _feed(parser, chunk)
        quiet += len(chunk)
        # What came before the fault is good.
        for _event, element in parser.read_events():
            quiet = 0
            yield element
            _forget(element)
        if quiet > LARGEST_ELEMENT:
            limit = f"elements of at most {LARGEST_ELEMENT >> 20} MB"
            raise UnusableXmlError("size", limit, "a larger one")
        chunk = (stream.read(CHUNK) or b"") if chunk else None
    if broken:
        raise UnusableXmlError(f"line {broken.lineno}", "well-formed XML", _told(broken))


def _feed(parser: etree.XMLPullParser, chunk: bytes) -> etree.XMLSyntaxError | None:
    """Give the parser the next bytes, or none when the document is at its end."""
    try:
        if chunk:
            parser.feed(chunk)
        else:
            parser.close()
    except etree.XMLSyntaxError as error:
        return error
    return None


def _forget(element: etree._Element) -> None:
    element.clear()
    former = element.getprevious()
    if former is not None and former.tag == element.tag:
        element.getparent().remove(former)


def _told(error: etree.XMLSyntaxError) -> str:
    """What the parser says, without what it quotes from the document."""
    text = (error.msg or "").partition(", line ")[0].partition("Bytes:")[0]
    return "".join(c if c.isprintable() else "?" for c in text)[:120].strip()


def _checked_beginning(stream: BinaryIO) -> bytes:
    """The first bytes of the document, once they proved to lead to its root element."""
    head = b""
    while len(head) < _LARGEST_PROLOG and (part := stream.read(_LARGEST_PROLOG - len(head))):
        head = _without_blanks(head + part)
    text, encodings = _decoded(head)
    declared = _DECLARED.match(text)
    if declared and declared[1].lower() not in encodings:
        raise UnusableXmlError("encoding", "UTF-8, UTF-16 or ISO-8859-1", declared[1][:40])
    place = 0
    while passed := _PASSED_OVER.match(text, place):
        place = passed.end()
    if text.startswith("<!DOCTYPE", place):
        raise UnusableXmlError("document type", "none: it could hide entities", "<!DOCTYPE")
    if not _ROOT.match(text, place):
        raise UnusableXmlError("beginning of the file", "an XML document", text[place : place + 9])
    return head


def _without_blanks(head: bytes) -> bytes:
    return head.lstrip(_BLANKS.encode())


def _decoded(head: bytes) -> tuple[str, frozenset[str]]:
    """The characters of ``head``, and the encodings it may declare."""
    if codec := _UTF_16_MARKS.get(head[:2]):
        return head.decode(codec, "replace").removeprefix("\ufeff"), _UTF_16
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1"), _OF_BYTES
