"""An encoder of the tests only: what is sent to the test bank, one JSON object per line."""

import json
from dataclasses import asdict
from decimal import Decimal

from ..formats.messages import CollectionRequest, EncodedFile, FormatError, MandateRequest

FORMAT = "test.debits"
LABEL = "Test bank debits and mandates"
LONGEST = 25
MOST = Decimal("99999.99")


def faults(request):
    found = []
    if len(request.reference) > LONGEST:
        found.append(
            FormatError(
                request.key,
                "reference",
                f"at most {LONGEST} characters",
                f"{len(request.reference)} characters",
            )
        )
    if isinstance(request, MandateRequest) and not request.payer_account:
        found.append(FormatError(request.key, "payer's account", "one"))
    if getattr(request, "amount", MOST) > MOST:
        found.append(FormatError(request.key, "amount", f"at most {MOST}", f"{request.amount}"))
    return found


def encode(transmission, assignments, today):
    if not transmission.sender:
        raise FormatError("", "sender", "our number with the bank", "nothing")
    lines = [{"file": transmission.number, "made": today}]
    records, count, amount = {}, 0, Decimal(0)
    for assignment in assignments:
        lines.append({"assignment": assignment.number, "account": assignment.account})
        for request in assignment.requests:
            # What is empty is left out, so that new fields of a message change nothing here.
            values = {name: value for name, value in asdict(request).items() if value}
            lines.append({"type": type(request).__name__} | values)
            records[request.key] = len(lines)
            count += 1
            if isinstance(request, CollectionRequest):
                amount += request.amount
    content = b"".join(json.dumps(line, default=str).encode() + b"\n" for line in lines)
    return EncodedFile(content=content, records=records, totals=(), count=count, amount=amount)
