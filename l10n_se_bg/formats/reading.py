"""Lines of 80 characters as they come from Bankgirot, whatever happened to them on their way.

A file is read in pieces, so memory does not depend on its size. Forgiven are: LF or CR alone,
blanks lost or added at the end of lines, tabs, blank lines, lost line ends, a byte order mark,
an end-of-file mark, and files that were saved again as UTF-8.
"""

import codecs
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

LENGTH = 80
# What a line begins with that is too long to be one; no line that was read holds it.
TOO_LONG = "\0"

_CHUNK = 1 << 17
_BOM = b"\xef\xbb\xbf"
_LONGEST = 1 << 20
_NEW_LINE = 0x0A
_CONTROLS = {*range(0x20), *range(0x7F, 0xA0)} - {_NEW_LINE}
_BLANKS = b"\t\x1a\xa0"
# Control characters end as question marks: what is read is shown to people.
_CLEAN = bytes(
    0x20 if code in _BLANKS else 0x2D if code == 0xAD else 0x3F if code in _CONTROLS else code
    for code in range(256)
)


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    """The file as bytes of whole records in ISO-8859-1, with nothing between them."""
    latin_1 = _Latin1()
    chunk = stream.read(_CHUNK).removeprefix(_BOM)
    line_end = _line_end(chunk)
    tail = b""
    while chunk:
        data = tail + latin_1.feed(chunk)
        whole, end, tail = data.rpartition(line_end) if line_end else _cut(data)
        if not end and len(tail) > _LONGEST:
            whole, tail = tail, b""
        if whole:
            yield _records(whole, line_end)
        chunk = stream.read(_CHUNK)
    tail += latin_1.finish()
    if tail.strip():
        yield _records(tail, line_end)


def lines(piece: bytes) -> list[str]:
    """The records of a piece: 80 characters each, or one that begins with ``TOO_LONG``."""
    text = piece.decode("latin-1")
    return [text[start : start + LENGTH] for start in range(0, len(text), LENGTH)]


def numbered(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """The records of a file with their numbers from 1."""
    record = 0
    for piece in pieces(stream):
        for line in lines(piece):
            record += 1
            yield record, line


def _mended(line: str) -> Iterator[str]:
    shown = line.rstrip()
    if not shown:
        return
    if len(shown) <= LENGTH:
        yield shown.ljust(LENGTH)
    elif len(line) % LENGTH:
        yield f"{TOO_LONG}{len(shown)}".ljust(LENGTH)
    else:
        # Whole records whose line ends were lost.
        starts = range(0, len(shown), LENGTH)
        yield from (shown[start : start + LENGTH].ljust(LENGTH) for start in starts)


def _line_end(head: bytes) -> bytes:
    """What ends a line; empty when nothing does."""
    for line_end in (b"\n", b"\r"):
        if line_end in head.strip():
            return line_end
    return b""


def _cut(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Whole records of a file without line ends, joined by line ends, and what is left."""
    data = data.lstrip(b"\r\n").replace(b"\r", b"").replace(b"\n", b"")
    whole = len(data) - len(data) % LENGTH
    records = map(data.__getitem__, map(slice, range(0, whole, LENGTH), _ends(whole)))
    return b"\n".join(records), b"\n", data[whole:]


def _ends(whole: int) -> range:
    return range(LENGTH, whole + LENGTH, LENGTH)


def _records(data: bytes, line_end: bytes) -> bytes:
    """The records of whole lines, the last one without its line end."""
    if line_end == b"\r":
        data = data.replace(b"\r", b"\n")
    records = data.translate(_CLEAN, b"\r\n")
    if _are_even(data, len(records)):
        return records
    text = data.translate(_CLEAN, b"\r").decode("latin-1")
    return "".join(chain.from_iterable(map(_mended, text.split("\n")))).encode("latin-1")


def _are_even(data: bytes, length: int) -> bool:
    """Are lines of ``length`` bytes in all, without their ends, of 80 characters each?"""
    count, rest = divmod(length, LENGTH)
    ends = b"\n" * (count - 1)
    if rest:
        return False
    if len(data) == length + count - 1:
        return data[LENGTH :: LENGTH + 1] == ends
    return (data[LENGTH :: LENGTH + 2], data[LENGTH + 1 :: LENGTH + 2]) == (b"\r" * count, ends)


class _Latin1:
    """Turns the bytes of a file into ISO-8859-1 when they are UTF-8 throughout."""

    def __init__(self):
        self.is_latin_1 = False
        self.pending = b""

    def feed(self, chunk: bytes) -> bytes:
        data = self.pending + chunk
        self.pending = b""
        if self.is_latin_1 or data.isascii():
            return data
        try:
            text, used = codecs.utf_8_decode(data, "strict", False)
        except UnicodeDecodeError:
            self.is_latin_1 = True
            return data
        self.pending = data[used:]
        return text.encode("latin-1", "replace")

    def finish(self) -> bytes:
        """What was left of a character that never ended."""
        return self.pending
