"""The records of a delivery as a stream: lines of 128 characters, however they arrive.

Senders and programs on the way strip blanks at the end of lines. Accepted are CR LF and LF,
no final line end, blank lines, an end-of-file mark, a byte order mark, and lines that were
re-saved as UTF-8.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from ...membership_billing_nordic.formats.fixed_width import BrokenLineError

LENGTH = 128
LONGEST = 1024  # of any delivery there is; a bound on memory for hostile files

_CHUNK = 1 << 17
_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\x1a"

NumberedLines = Iterator[tuple[int, bytes]]


def numbered_lines(stream: BinaryIO, longest: int = LENGTH) -> NumberedLines:
    """Each line that is not blank with its number, in ISO-8859-1, at least 128 long.

    Memory depends neither on the size of the file nor on that of its lines. Raises
    :class:`BrokenLineError` at a line of more than ``longest`` characters.
    """
    return chain.from_iterable(_blocks(stream, longest))


def _blocks(stream: BinaryIO, longest: int) -> Iterator[Iterable[tuple[int, bytes]]]:
    number, rest = 0, b""
    chunk = _head(stream).removeprefix(_BOM) or stream.read(_CHUNK)
    while chunk:
        data = rest + chunk
        lines = data.split(b"\n")
        rest = lines.pop()
        # Whole lines of plain text are not looked at one by one; their CR does no harm.
        if _is_plain(data, len(lines)):
            yield enumerate(lines, number + 1)
        else:
            yield _repaired_lines(lines, number + 1, longest)
        number += len(lines)
        if len(rest) > LONGEST:
            raise _too_long(number + 1, longest)
        chunk = stream.read(_CHUNK)
    yield _repaired_lines([rest], number + 1, longest)


def _is_plain(data: bytes, count: int) -> bool:
    """Are the first ``count`` lines of ``data`` of the full length, with CR LF and ASCII only?"""
    size = LENGTH + 2
    end = size * count
    return (
        data[size - 1 : end : size] == b"\n" * count
        and data[size - 2 : end : size] == b"\r" * count
        and data.count(b"\n", 0, end) == count
        and data.isascii()
    )


def _repaired_lines(lines: list[bytes], first: int, longest: int) -> NumberedLines:
    for number, line in enumerate(lines, first):
        if line := _repaired(line, number, longest):
            yield number, line


def _head(stream: BinaryIO) -> bytes:
    """The first piece of the stream, with at least what a byte order mark needs."""
    head = stream.read(_CHUNK)
    while 0 < len(head) < len(_BOM) and (more := stream.read(_CHUNK)):
        head += more
    return head


def _repaired(line: bytes, number: int, longest: int) -> bytes:
    """The line as it was sent; empty if it is blank."""
    line = line.rstrip(_BLANKS)
    if not line:
        return line
    if len(line) != LENGTH and not line.isascii():
        line = _in_latin_1(line)
    if len(line) > longest:
        raise _too_long(number, longest)
    return line.ljust(LENGTH)


def _in_latin_1(line: bytes) -> bytes:
    """What is UTF-8 was re-saved: letters of ISO-8859-1 hardly ever look like it."""
    try:
        return line.decode().encode("latin-1", "replace")
    except UnicodeDecodeError:
        return line


def _too_long(number: int, longest: int) -> BrokenLineError:
    return BrokenLineError(number, number, f"at most {longest} characters", "more")
