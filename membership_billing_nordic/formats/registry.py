"""What reads and writes a format. Which decoder reads a file is decided by its content alone."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import BinaryIO, Protocol

from .messages import Assignment, EncodedFile, FormatError, Message, OutgoingMessage, Transmission

HEAD_SIZE = 4096


class Decoder(Protocol):
    """A module or object that reads one format; add-ons list theirs as ``DECODERS``."""

    FORMAT: str
    LABEL: str

    def recognises(self, head: bytes) -> bool:
        """Does a file that begins with these bytes look like mine, even if damaged?"""

    def decode(self, stream: BinaryIO) -> Iterator[Message]:
        """Yield what the file says; what is wrong with it comes as ``FormatIssue``."""


class Encoder(Protocol):
    """A module or object that writes one format; add-ons list theirs as ``ENCODERS``."""

    FORMAT: str
    LABEL: str

    def faults(self, request: OutgoingMessage) -> list[FormatError]:
        """What keeps ``request`` from being written; empty when nothing does."""

    def encode(
        self, transmission: Transmission, assignments: Sequence[Assignment], today: date
    ) -> EncodedFile:
        """The file as bytes, the same for the same arguments.

        :raises FormatError: the first fault, before a byte is written
        """


def recognise(stream: BinaryIO, decoders: Iterable[Decoder]) -> Decoder | None:
    """The decoder that knows this seekable stream, which is left at its start."""
    stream.seek(0)
    head = stream.read(HEAD_SIZE)
    stream.seek(0)
    return next((decoder for decoder in decoders if decoder.recognises(head)), None)
