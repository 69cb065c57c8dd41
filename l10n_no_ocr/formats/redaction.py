"""What is kept of our own files when names and texts have to go.

Source: Nets' AvtaleGiro system specification: a claim has the payer's name and a text for
the account statement in its second item, and what it is for in specification records.
"""

from . import records

_HIDDEN = b"*"
# By the last two digits of the identification.
_PERSONAL = {
    records.ITEM_2: records.CLAIM_ITEM_2_LAYOUT.fields,
    records.SPECIFICATION: tuple(
        field for field in records.CELL_LAYOUT.fields if field.name == "text"
    ),
}
_OURS = b"NY21"


def redact(content: bytes) -> bytes:
    """The file without names and texts; numbers, amounts, dates and KID stay as they are."""
    return b"".join(_redacted(line) for line in content.splitlines(keepends=True))


def _redacted(line: bytes) -> bytes:
    if not line.startswith(_OURS):
        return line
    for field in _PERSONAL.get(line[records.RECORD_TYPE], ()):
        text = line[field.span]
        hidden = _HIDDEN * len(text.rstrip())
        line = line[: field.span.start] + hidden.ljust(len(text)) + line[field.span.stop :]
    return line
