"""The seal of files to Bankgirot: records 00 and 99 around them, with a keyed hash.

The key is 16 bytes, exchanged as 32 hexadecimal digits.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import date

from .reading import LENGTH

LINE_END = b"\r\n"
_KEY = re.compile(r"[0-9A-Fa-f]{32}")
_SIZE = 16
_KNOWN_TEXT = b"00000000"
_START = re.compile(rb"00(\d{6})HMAC {68}")
_END = re.compile(rb"99(\d{6})([0-9A-F]{32})([0-9A-F]{32}) {8}")
# Swedish letters as in the 7-bit code of old; whatever else is no ASCII becomes C3.
_LETTERS = dict(zip("ÉÄÖÅÜéäöåü".encode("latin-1"), b"\x40[\\]^`{|}~", strict=True))
_NORMAL = bytes(code if 0x20 <= code <= 0x7E else _LETTERS.get(code, 0xC3) for code in range(256))


def key_of(text: str) -> bytes:
    """The key of 32 hexadecimal digits. Raises ``ValueError``, never quoting it."""
    digits = "".join((text or "").split())
    if not _KEY.fullmatch(digits):
        raise ValueError("seal key: expected 32 hexadecimal digits")
    return bytes.fromhex(digits)


def normalised(content: bytes) -> bytes:
    """What is hashed: without line ends, every byte printable ASCII or C3."""
    return content.translate(_NORMAL, b"\r\n")


def mac(key: bytes, *parts: bytes) -> str:
    """The keyed hash of the normalised parts of a content, as 32 hexadecimal digits."""
    keyed = hmac.new(key, digestmod="sha256")
    for part in parts:
        keyed.update(normalised(part))
    return keyed.digest()[:_SIZE].hex().upper()


def key_check(key: bytes) -> str:
    """What tells two keys apart without giving them away."""
    return mac(key, _KNOWN_TEXT)


def sealed(parts: Sequence[bytes], key: bytes, day: date) -> bytes:
    """The parts of a file between its seal records, each followed by CR LF."""
    start = f"00{day:%y%m%d}HMAC".ljust(LENGTH).encode() + LINE_END
    end = f"99{day:%y%m%d}{key_check(key)}{mac(key, start, *parts)}".ljust(LENGTH)
    return b"".join((start, *parts, end.encode(), LINE_END))


def problem(content: bytes, key: bytes) -> str:
    """What is wrong with the seal of a file; empty when it is right."""
    body, _line_end, end = content.rstrip().rpartition(b"\n")
    start = _START.match(body)
    end = _END.fullmatch(end.ljust(LENGTH))
    if not start or not end:
        return "it is not sealed"
    if start[1] != end[1]:
        return "the dates of its seal records differ"
    if not hmac.compare_digest(end[2].decode(), key_check(key)):
        return "it is sealed with another key"
    if not hmac.compare_digest(end[3].decode(), mac(key, body)):
        return "it was changed after it was sealed"
    return ""
