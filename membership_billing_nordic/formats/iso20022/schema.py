"""Validates a file against an XML schema. Reading needs none; this is for finding faults."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import xmlschema

from . import xml_stream

_HEAD_SIZE = 4096
_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.\d{3}\.\d{3}\.\d{2})")
MOST_FAULTS = 100


def schema_of(stream: BinaryIO, given: Path | None) -> Path | None:
    """The schema for a file: ``given``, or the one in that folder that the file names."""
    stream.seek(0)
    named = _NAMESPACE.search(xml_stream.beginning(stream.read(_HEAD_SIZE)))
    stream.seek(0)
    if given is None or given.is_file():
        return given
    path = given / f"{named[1]}.xsd" if named else None
    return path if path and path.is_file() else None


def faults(stream: BinaryIO, schema: Path) -> Iterator[dict]:
    """What the schema refuses, at most ``MOST_FAULTS``: path and reason of each.

    Entities are refused as everywhere; the file is read as a stream.

    :raises xmlschema.XMLSchemaException: ``schema`` is none
    """
    rules = xmlschema.XMLSchema(str(schema), allow="local", defuse="always")
    try:
        for _element in xml_stream.ended(stream, ("Ntry",)):
            pass
    except xml_stream.UnusableXmlError as broken:
        yield {"path": broken.field, "reason": f"expected {broken.expected}, found {broken.found}"}
        return
    stream.seek(0)
    source = xmlschema.XMLResource(stream, lazy=True, allow="none", defuse="always")
    for number, fault in enumerate(rules.iter_errors(source)):
        if number == MOST_FAULTS:
            yield {"path": "", "reason": "there are more"}
            return
        yield {"path": fault.path or "", "reason": fault.reason or ""}
