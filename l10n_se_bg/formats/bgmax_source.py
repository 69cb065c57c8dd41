"""How the records of a BgMax file are found: piece by piece, and those of one payment together."""

import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from . import reading
from .checks import RefusedError

MOST_MARKS = 250_000  # a bound on memory for hostile files
_MOST_AHEAD = 24  # pieces of a file
_FRAME = frozenset((b"01", b"05", b"15", b"70"))
_SECTION_OR_DEPOSIT = re.compile(rb"[01]")  # first digits of 05 and 15
_NOT_OF_PAYMENTS = re.compile(rb"[^2]")
# The kinds of records as :func:`groups_of` tells them: both of 20 and 21 begin a payment.
_BEGINS, _OF_FRAME, _UNKNOWN = b"0F?"
FRAME = chr(_OF_FRAME)
_KINDS = bytes(
    _BEGINS if code in b"01" else code if code in b"23456789" else _UNKNOWN for code in range(256)
)


class Source:
    """The records of a file, and which deposit record (15) comes next after those read.

    As far as memory allows it reads ahead to find it, else the whole file once more.
    """

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._start = stream.tell()
        self._pieces = reading.pieces(stream)
        self._ahead = deque()
        self._marks = deque()
        self._passed = 0
        self._knows_all = False

    def pieces(self) -> Iterator[bytes]:
        """The records, many at a time."""
        while self._ahead or self._read_on():
            yield self._ahead.popleft()

    def pass_mark(self) -> None:
        """An opening of a section (05) or a deposit record was read."""
        self._passed += 1
        if self._marks:
            self._marks.popleft()

    def next_deposit(self) -> str | None:
        """The next deposit record; None if there is none before the next section."""
        while not self._marks and len(self._ahead) < _MOST_AHEAD and self._read_on():
            pass
        if not self._marks and not self._knows_all:
            self._find_all()
        return self._marks[0] if self._marks else None

    def _read_on(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._ahead.append(piece)
        if not self._knows_all:
            self._marks += _marks(piece)
        return True

    def _find_all(self) -> None:
        place = self._stream.tell()
        self._stream.seek(self._start)
        found = []
        for piece in reading.pieces(self._stream):
            found += _marks(piece)
            if len(found) > MOST_MARKS:
                raise RefusedError(1, "deposits", f"at most {MOST_MARKS} in one file", "more")
        self._stream.seek(place)
        self._marks.extend(found[self._passed :])
        self._knows_all = True


def _marks(piece: bytes) -> list[str | None]:
    """The deposit records of a piece in their order, None for each opening of a section."""
    found = []
    for match in _SECTION_OR_DEPOSIT.finditer(piece[:: reading.LENGTH]):
        begin = match.start() * reading.LENGTH
        line = piece[begin : begin + reading.LENGTH].decode("latin-1")
        if line[1] == "5":
            found.append(line if line[0] == "1" else None)
    return found


def groups_of(piece: bytes) -> list[str]:
    """The kinds of the records that follow each one that begins a payment.

    Before the first such record stands a group of those that are of none. A record of the
    frame begins a group, too, and is told in it, as ``FRAME``.
    """
    kinds = piece[1 :: reading.LENGTH].translate(_KINDS)
    firsts = piece[:: reading.LENGTH]
    if firsts.count(b"2") != len(firsts):
        kinds = bytearray(kinds)
        for match in _NOT_OF_PAYMENTS.finditer(firsts):
            number = match.start()
            begin = number * reading.LENGTH
            is_frame = piece[begin : begin + 2] in _FRAME
            kinds[number] = _OF_FRAME if is_frame else _UNKNOWN
    return kinds.decode("ascii").replace(FRAME, f"0{FRAME}").split("0")
