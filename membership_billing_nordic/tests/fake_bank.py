"""A bank format of the tests only: one JSON object per line, each one message.

The core knows no national format; these tests prove that it needs none.
"""

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal

from ..formats import messages

FORMAT = "test.json"
LABEL = "Test bank"

_DATES = {"bank_date", "order_date", "due_date", "effective_date", "created_on"}
_AMOUNTS = {"amount", "charges", "declared", "counted"}


def recognises(head):
    return head.startswith(b'{"type": ')


def decode(stream):
    for record, line in enumerate(stream, start=1):
        try:
            values = json.loads(line)
            kind = getattr(messages, values.pop("type"))
        except (ValueError, AttributeError):
            yield messages.FormatIssue(
                record=record, severity=messages.ERROR, field="line", expected="a message"
            )
            continue
        yield kind(**_typed(values | {"record": record}))


def write(*given):
    """The bytes of a file with these messages."""
    return b"".join(_line(message) + b"\n" for message in given)


def _line(message):
    values = {"type": type(message).__name__} | asdict(message)
    values.pop("record")
    return json.dumps(values, default=str).encode()


def _typed(values):
    for name in _DATES & values.keys():
        values[name] = values[name] and date.fromisoformat(values[name])
    for name in _AMOUNTS & values.keys():
        values[name] = values[name] and Decimal(values[name])
    if "references" in values:
        values["references"] = tuple(
            messages.ReferenceAmount(item["reference"], item["amount"] and Decimal(item["amount"]))
            for item in values["references"]
        )
    return values
