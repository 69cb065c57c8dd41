"""Prints what a bank file says, one JSON object per line. Needs no database.

Exit status: 0 the file is readable, 1 it is refused, 2 no format knows it. With
``--validate``: 0 its XML schema takes it, 1 it does not, 2 there is no schema for it.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

from .messages import ControlTotal, Message, OutgoingMessage
from .registry import Decoder, recognise
from .tally import Tally

READABLE, REFUSED, UNKNOWN = 0, 1, 2
_NUMBERS = (int, Decimal)

_ADDONS = Path(__file__).resolve().parents[2]
_CHUNK = 1 << 20
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def decoders() -> list[Decoder]:
    """The decoders of every add-on that lies beside this one."""
    namespace = __package__.rsplit(".", 2)[0]
    found = []
    for manifest in sorted(_ADDONS.glob("*/__manifest__.py")):
        addon = manifest.parent
        if (addon / "formats" / "__init__.py").is_file():
            formats = import_module(f"{namespace}.{addon.name}.formats")
            found += getattr(formats, "DECODERS", ())
    return found


def main(argv: list[str]) -> int:
    """Inspect the file that ``argv`` names; returns the exit status."""
    parser = argparse.ArgumentParser(prog="dev inspect", description=__doc__.split("\n")[0])
    parser.add_argument("--validate", action="store_true", help="against the XML schema")
    parser.add_argument("--schema", type=Path, help="the schema, or a folder of schemas")
    parser.add_argument("file", type=Path)
    options = parser.parse_args(argv)
    path = options.file
    if path.exists() and not path.is_file():
        return _complain(f"{path}: not a regular file")
    try:
        with path.open("rb") as stream:
            if options.validate:
                return _validate(path, stream, options.schema)
            return _inspect(path, stream)
    except BrokenPipeError:
        # Whoever reads along has seen enough; keep Python from telling so at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READABLE
    except OSError as error:
        return _complain(f"{path}: {error.strerror}")


def _inspect(path: Path, stream: BinaryIO) -> int:
    decoder = recognise(stream, decoders())
    tally = Tally()
    if decoder is not None:
        for message in decoder.decode(stream):
            tally.add(message)
            _print(as_json(message))
    refused = decoder is None or tally.refused
    _print(
        {
            "type": "Summary",
            "format": decoder.FORMAT if decoder else None,
            "refused": refused,
            "payments": tally.payments,
            "payments_sum": _plain(tally.payments_sum),
            "deposits": tally.deposits,
            "deposits_sum": _plain(tally.deposits_sum),
            "mandates": tally.mandates,
            "requests": tally.requests,
            **_claims(tally),
            **_transfers(tally),
            "issues": tally.issues,
            "sha256": _sha256(stream),
        }
    )
    sys.stdout.flush()
    if decoder is None:
        return _complain(f"{path}: no bank format known here")
    return REFUSED if refused else READABLE


def _validate(path: Path, stream: BinaryIO, given: Path | None) -> int:
    """Print what the file's XML schema refuses."""
    from .iso20022 import schema  # slow to import, and only this needs it

    decoder = recognise(stream, decoders())
    rules = schema.schema_of(stream, given)
    if rules is None:
        return _complain(f"{path}: there is no XML schema for it here; name one with --schema")
    number = 0
    try:
        for fault in schema.faults(stream, rules):
            number += 1
            _print({"type": "SchemaFault", **fault})
    except schema.xmlschema.XMLSchemaException as error:
        return _complain(f"{rules}: no XML schema ({type(error).__name__})")
    _print(
        {
            "type": "Validation",
            "format": decoder.FORMAT if decoder else None,
            "schema": rules.name,
            "valid": number == 0,
            "faults": number,
        }
    )
    return REFUSED if number else READABLE


def _claims(tally: Tally) -> dict:
    """What a file of ours asks for; nothing for files from a bank."""
    if not tally.claims and not tally.withdrawals:
        return {}
    return {
        "claims": tally.claims,
        "claims_sum": _plain(tally.claims_sum),
        "withdrawals": tally.withdrawals,
        "withdrawals_sum": _plain(tally.withdrawals_sum),
        "first_due": _plain(tally.first_due),
        "last_due": _plain(tally.last_due),
    }


def _transfers(tally: Tally) -> dict:
    """What a payment file of ours asks for; nothing for other files."""
    if not tally.transfers:
        return {}
    return {
        "transfers": tally.transfers,
        "transfers_sum": _plain(tally.transfers_sum),
        "first_due": _plain(tally.first_due),
        "last_due": _plain(tally.last_due),
    }


def as_json(message: Message | OutgoingMessage) -> dict:
    """The message as printed: its class, then its fields that are not empty."""
    line = {"type": type(message).__name__}
    names, values_of, defaults = _fields(type(message))
    for name, value, default in zip(names, values_of(message), defaults, strict=True):
        # A zero, and False where the bank might have said nothing, are answers.
        if value or type(value) in _NUMBERS or (value is False and default is None):
            line[name] = value if type(value) is str else _plain(value)
    if isinstance(message, ControlTotal) and message.quantity != "amount":
        line.update(declared=int(message.declared), counted=int(message.counted))
    return line


@cache
def _fields(message_class: type) -> tuple[tuple[str, ...], Callable, tuple]:
    names, defaults = zip(*((x.name, x.default) for x in fields(message_class)), strict=True)
    return names, attrgetter(*names), defaults


def _plain(value):
    kind = type(value)
    if kind is Decimal:
        return f"{value:.2f}"
    if kind is date:
        return value.isoformat()
    if kind is tuple:
        return [_plain(item) for item in value]
    if is_dataclass(kind):
        named = ((name, getattr(value, name)) for name in _fields(kind)[0])
        told = ((name, each) for name, each in named if each is not None and each is not False)
        return {name: _plain(each) for name, each in told}
    return value


def _print(line: dict) -> None:
    sys.stdout.buffer.write(_encode(line).encode() + b"\n")


def _sha256(stream: BinaryIO) -> str:
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _complain(text: str) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
    return UNKNOWN
