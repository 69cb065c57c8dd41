"""Files of records that all have the same length, as clearing houses write them.

:func:`records` reads such a file as a stream and forgives what happens to files on
their way: line ends, byte order mark, end-of-file mark, re-saving as UTF-8, lost line
breaks. :class:`Layout` turns one record into its fields, :class:`Template` fields into a
record.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO, ClassVar

DIGITS = "digits"
TEXT = "text"
RIGHT = "right"  # text that stands at the end of its field

_CHUNK = 1 << 17
_BOM = b"\xef\xbb\xbf"
_END_OF_FILE = b"\x1a"
_BLANKS = b" \t\r\n"


class BrokenLineError(Exception):
    """A line that is no record of the expected length. ``record`` is its number as a record."""

    def __init__(self, line: int, record: int, expected: str, found: str):
        super().__init__(f"line {line}: expected {expected}, found {found}")
        self.line = line
        self.record = record
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its first and last position, 1-based and inclusive as in the manuals.

    A ``private`` field holds an account or personal number: it is never quoted.
    """

    name: str
    first: int
    last: int
    kind: str = TEXT
    private: bool = False

    @property
    def span(self) -> slice:
        return slice(self.first - 1, self.last)

    def is_sound(self, record: bytes) -> bool:
        return self.kind != DIGITS or record[self.span].isdigit()

    def quote(self, record: bytes) -> str:
        """What stands in the record, fit to be shown to a person."""
        return "" if self.private else printable(record[self.span])


class Layout:
    """The fields of one kind of record, cut out by one call.

    ``layout.cut(record)`` gives the bytes of every field in the order of the table.
    """

    def __init__(self, *fields: Field):
        self.fields = fields
        self.cut = Struct(_struct_format(fields)).unpack_from
        self._digits = _merged_spans(field for field in fields if field.kind == DIGITS)

    def is_sound(self, record: bytes) -> bool:
        """Is every numeric field numeric?"""
        for span in self._digits:  # noqa: SIM110, a generator costs twice the time
            if not record[span].isdigit():
                return False
        return True

    def faults(self, record: bytes) -> Iterator[Field]:
        """The numeric fields that are not numeric."""
        return (field for field in self.fields if not field.is_sound(record))


@dataclass(frozen=True, slots=True)
class Constant:
    """What stands in every record of a kind, from the 1-based position ``first`` on."""

    first: int
    text: str

    @property
    def last(self) -> int:
        return self.first + len(self.text) - 1


class Template:
    """The fields of one kind of record as a pattern for the ``%`` operator.

    It wants a value for every :class:`Field` in the order of the table: a number for
    digits, else a text. Values must fit: they are filled up, but never cut.
    """

    _FORMATS: ClassVar = {DIGITS: "%%0%dd", TEXT: "%%-%ds", RIGHT: "%%%ds"}

    def __init__(self, length: int, *parts: Field | Constant, filler: str = "0"):
        text, position = "", 1
        for part in (*parts, Constant(length + 1, "")):
            text += filler * (part.first - position)
            text += self._pattern(part)
            position = part.last + 1
        self.pattern = text

    def _pattern(self, part: Field | Constant) -> str:
        if isinstance(part, Constant):
            return part.text
        return self._FORMATS[part.kind] % (part.last - part.first + 1)


def printable(raw: bytes) -> str:
    """Raw bytes as a short text without control characters."""
    text = raw[:80].decode("latin-1")
    return "".join(character if character.isprintable() else "?" for character in text).strip()


def _struct_format(fields: tuple[Field, ...]) -> str:
    parts, position = [], 1
    for field in fields:
        parts.append(f"{field.first - position}x{field.last - field.first + 1}s")
        position = field.last + 1
    return "".join(parts)


def _merged_spans(fields) -> tuple[slice, ...]:
    """Neighbouring fields as one span, so that fewer pieces need a look."""
    spans: list[list[int]] = []
    for field in fields:
        if spans and spans[-1][1] == field.first - 1:
            spans[-1][1] = field.last
        else:
            spans.append([field.first - 1, field.last])
    return tuple(slice(*span) for span in spans)


def records(stream: BinaryIO, length: int) -> Iterator[bytes]:
    """Yield the records of ``length`` bytes (ISO-8859-1) of a binary stream.

    Memory does not depend on the size of the file or of its lines. Accepted: CR LF or
    LF, no final line end, blank lines at both ends, one trailing 0x1A, a byte order mark,
    lines that were re-saved as UTF-8 if all of them were, and a file without any line
    break. Raises :class:`BrokenLineError` at the first line that is none of this.
    """
    head = _read_full(stream, _CHUNK).removeprefix(_BOM)
    if b"\n" in head.strip(_BLANKS + _END_OF_FILE):
        yield from _Lines(length).read(stream, head)
    else:
        yield from _unbroken(stream, head, length)


def _read_full(stream: BinaryIO, size: int) -> bytes:
    """``size`` bytes even from a stream that gives less at a time; fewer only at the end."""
    parts = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _unbroken(stream: BinaryIO, head: bytes, length: int) -> Iterator[bytes]:
    """A file without line breaks: cut every ``length`` bytes."""
    rest, chunk = b"", head.lstrip(_BLANKS)
    size = 0
    while chunk:
        data, line_end, after = (rest + chunk).partition(b"\n")
        size += len(data) - len(rest)
        whole = len(data) - len(data) % length
        for start in range(0, whole, length):
            yield data[start : start + length]
        rest = data[whole:]
        chunk = _read_full(stream, _CHUNK)
        if line_end:
            rest += _next_text(stream, after + chunk)
            break
    if rest.rstrip(_BLANKS).removesuffix(_END_OF_FILE).rstrip(_BLANKS):
        raise BrokenLineError(1, size // length + 1, f"{length} bytes", f"{size} bytes")


def _next_text(stream: BinaryIO, chunk: bytes) -> bytes:
    """The next piece of the stream that is more than blank; empty if there is none."""
    while chunk and not chunk.strip(_BLANKS):
        chunk = stream.read(_CHUNK)
    return chunk


class _Lines:
    """Reads a file with line breaks, and remembers what its ends and its encoding tell."""

    def __init__(self, length: int):
        self.length = length
        self.longest = 4 * length + 2  # every character four bytes of UTF-8, CR and 0x1A
        self.line = 0
        self.blank_lines_first = 0
        self.started = False
        self.blank_line = 0
        self.end_line = 0
        self.utf8_line = 0
        self.utf8_size = 0
        self.has_latin_1 = False

    def read(self, stream: BinaryIO, chunk: bytes) -> Iterator[bytes]:
        tail = b""
        plain = {self.length}
        while chunk:
            data = (tail + chunk).replace(b"\r\n", b"\n")
            lines = data.split(b"\n")
            tail = lines.pop()
            if data.isascii() and set(map(len, lines)) == plain and not self._past_end:
                self.started = True
                self.line += len(lines)
                yield from lines
            else:
                yield from self._carefully(lines)
            if len(tail) > self.longest:
                raise self._wrong_length(self.line + 1, f"{len(tail)} bytes or more")
            chunk = stream.read(_CHUNK)
        yield from self._carefully([tail.removesuffix(b"\r")])

    @property
    def _past_end(self) -> bool:
        return bool(self.blank_line or self.end_line)

    def _carefully(self, lines: list[bytes]) -> Iterator[bytes]:
        for raw in lines:
            self.line += 1
            line = self._without_end_mark(raw)
            if not line.strip(_BLANKS):
                self._blank()
                continue
            if self.blank_line:
                raise self._wrong_length(self.blank_line, "a blank line")
            if self.end_line and self.end_line != self.line:
                raise self._wrong_length(self.end_line, "an end-of-file mark")
            self.started = True
            yield self._in_latin_1(line)

    def _without_end_mark(self, line: bytes) -> bytes:
        if len(line) != self.length and line.endswith(_END_OF_FILE) and not self.end_line:
            self.end_line = self.line
            return line[:-1]
        return line

    def _blank(self) -> None:
        if not self.started:
            self.blank_lines_first += 1
        elif not self.blank_line:
            self.blank_line = self.line

    def _in_latin_1(self, line: bytes) -> bytes:
        """The record in ISO-8859-1, whichever of the two encodings the file is in."""
        if len(line) == self.length:
            if not line.isascii():
                self.has_latin_1 = True
                if self.utf8_line:
                    raise self._wrong_length(self.utf8_line, f"{self.utf8_size} bytes")
            return line
        text = _decoded(line)
        if len(text) != self.length or self.has_latin_1:
            raise self._wrong_length(self.line, f"{len(line)} bytes")
        if not self.utf8_line:
            self.utf8_line, self.utf8_size = self.line, len(line)
        return text.encode("latin-1", "replace")

    def _wrong_length(self, line: int, found: str) -> BrokenLineError:
        return BrokenLineError(line, line - self.blank_lines_first, f"{self.length} bytes", found)


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return ""
