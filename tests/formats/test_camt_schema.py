"""Validation: our samples and writers against the official schemas, and one's own schema."""

import json
import subprocess
from io import BytesIO

import pytest
from odoo.addons.membership_billing_nordic.formats import inspect
from odoo.addons.membership_billing_nordic.formats.iso20022 import schema

from devtools import schemas
from devtools.paths import ROOT

from .camt_writing import entry, message, transaction
from .reading import SAMPLES

SMALL = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
 targetNamespace="urn:own"><xs:element name="Document"><xs:complexType><xs:sequence>
 <xs:element name="Amt" type="xs:decimal"/></xs:sequence></xs:complexType></xs:element></xs:schema>
"""


@pytest.fixture(scope="module")
def official():
    return schemas.ensure()


def faults(content, folder):
    stream = BytesIO(content)
    return list(schema.faults(stream, schema.schema_of(stream, folder)))


@pytest.mark.parametrize("path", sorted((SAMPLES / "iso").glob("*.xml")), ids=lambda p: p.name)
def test_our_samples_are_lawful(path, official):
    assert faults(path.read_bytes(), official) == []


def test_what_the_tests_write_is_lawful(official):
    many = [entry(transaction("10.00", str(n), "A"), reference=f"E{n}") for n in range(20)]
    assert faults(message(*many), official) == []


def test_a_wrong_order_is_named(official):
    name, children = entry(transaction())
    (fault, *_rest) = faults(message((name, children[::-1])), official)
    assert "/Ntfctn/Ntry" in fault["path"]
    assert "Unexpected child" in fault["reason"]


def test_entities_are_refused_here_too(official):
    content = message(entry(transaction())).replace(
        b"<Document", b'<!DOCTYPE Document [<!ENTITY a "b">]><Document'
    )
    (fault,) = faults(content, official)
    assert fault["path"] == "document type"


def test_ones_own_schema(tmp_path, capfdbinary):
    own = tmp_path / "own.xsd"
    own.write_text(SMALL)
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_text('<Document xmlns="urn:own"><Amt>1.50</Amt></Document>')
    bad.write_text('<Document xmlns="urn:own"><Amt>much</Amt></Document>')

    def run(rules, path):
        status = inspect.main(["--validate", "--schema", str(rules), str(path)])
        return status, [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]

    validation = {"type": "Validation", "format": None, "schema": "own.xsd"}
    assert run(own, good) == (0, [{**validation, "valid": True, "faults": 0}])
    status, (fault, last) = run(own, bad)
    assert (status, fault["path"], last["valid"]) == (1, "/Document/Amt", False)
    assert run(good, good)[0] == 2
    assert run(tmp_path, good)[0] == 2


def test_the_launcher_brings_the_official_schemas(official):
    command = [ROOT / "dev", "inspect", "--validate", SAMPLES / "iso" / "camt054_v08.xml"]
    result = subprocess.run(command, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["schema"] == "camt.054.001.08.xsd"
