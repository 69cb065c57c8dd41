"""Validates a file against an XML schema. Reading needs none; this is for finding faults."""

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
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
    if given and given.is_file():
        return given
    folders = [folder for folder in (given, library()) if folder and named]
    paths = [folder / f"{named[1]}.xsd" for folder in folders]
    return next((path for path in paths if path.is_file()), None)


def library() -> Path | None:
    """The folder of schemas that a library of credit transfers carries; nothing of it is run."""
    found = find_spec("sepaxml")
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places))) / "schemas" if places else None


@lru_cache(maxsize=4)
def _rules(schema: Path) -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(schema), allow="local", defuse="always")


def faults(stream: BinaryIO, schema: Path) -> Iterator[dict]:
    """What the schema refuses, at most ``MOST_FAULTS``: path and reason of each.

    Entities are refused as everywhere; the file is read as a stream.

    :raises xmlschema.XMLSchemaException: ``schema`` is none
    """
    rules = _rules(schema)
    try:
        for _element in xml_stream.ended(stream, ("Ntry", "CdtTrfTxInf")):
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
