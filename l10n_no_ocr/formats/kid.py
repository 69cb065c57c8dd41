"""What a KID, the Norwegian payment reference, may look like in a file from Nets.

Whether its check digit is right is for the models to say: the bank took the money
already.
"""

import re

ALPHABET = "2 to 25 digits, the last may be -"

_KID = re.compile(rb"\d{1,24}[\d-]")


def is_readable(kid: bytes) -> bool:
    """May this be a KID, in any of the lengths that vendors name?"""
    return (kid.isdigit() and len(kid) > 1) or _KID.fullmatch(kid) is not None
