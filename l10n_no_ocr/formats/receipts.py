"""What Nets answers to a file of ours by the name of a file alone."""

import re

from ...membership_billing_nordic.formats.messages import FileReceipt

# Accepted, number of the transmission, date, time, and a count.
_ACCEPTED = re.compile(r"KV\.GODKJENT\.F(\d{7})\.D\d{6}\.T\d{6}\.K\d+\.html", re.ASCII)


def receipt_of_name(name: str) -> FileReceipt | None:
    """The receipt that a file of this name is; None when it is none that is known.

    What is in it is for people. Of refused files no public description tells the name.
    """
    match = _ACCEPTED.fullmatch(name)
    if not match:
        return None
    return FileReceipt(record=1, event="accepted", transmission_number=match[1])
