"""Which decoder reads a file: decided by its content, never by its name."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol

from .messages import Message

HEAD_SIZE = 4096


class Decoder(Protocol):
    """A module or object that reads one format; add-ons list theirs as ``DECODERS``."""

    FORMAT: str
    LABEL: str

    def recognises(self, head: bytes) -> bool:
        """Does a file that begins with these bytes look like mine, even if damaged?"""

    def decode(self, stream: BinaryIO) -> Iterator[Message]:
        """Yield what the file says; what is wrong with it comes as ``FormatIssue``."""


def recognise(stream: BinaryIO, decoders: Iterable[Decoder]) -> Decoder | None:
    """The decoder that knows this seekable stream, which is left at its start."""
    stream.seek(0)
    head = stream.read(HEAD_SIZE)
    stream.seek(0)
    return next((decoder for decoder in decoders if decoder.recognises(head)), None)
