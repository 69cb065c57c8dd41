"""docs/formats.md is the documented interface: it names everything there is."""

import re
from dataclasses import fields, is_dataclass

import pytest
from odoo.addons.l10n_no_ocr.formats import ocr_giro, records
from odoo.addons.membership_billing_nordic.formats import inspect, messages

from devtools.paths import ROOT

TEXT = (ROOT / "docs" / "formats.md").read_text()
CLASSES = [
    each
    for each in vars(messages).values()
    if isinstance(each, type)
    and is_dataclass(each)
    and issubclass(each, messages.Message)
    and each.__name__[0] != "_"
]


def section(name):
    """The part of the document whose heading names this class."""
    for part in re.split(r"^##+ ", TEXT, flags=re.MULTILINE):
        if re.search(rf"\b{name}\b", part.splitlines()[0]):
            return part
    return ""


@pytest.mark.parametrize("message", CLASSES[1:], ids=lambda each: each.__name__)
def test_every_field_of_every_message_is_documented(message):
    words = set(re.findall(r"\w+", section(message.__name__)))
    assert {field.name for field in fields(message)} <= words


def test_every_format_and_method_is_documented():
    assert all(f"| `{decoder.FORMAT}` |" in TEXT for decoder in inspect.decoders())
    assert all(f"`{method}`" in TEXT for method in messages.METHODS)
    assert ocr_giro.FORMAT in TEXT


def test_the_table_of_transaction_types_is_the_decoders():
    for kind in records.KNOWN_TYPES.values():
        [row] = re.findall(rf"^\| [\d, ]*\b{kind.code}\b[\d, ]* \|.*$", TEXT, re.MULTILINE)
        assert f"`{kind.method}`" in row
        assert kind.is_information == ("information" in row)
        assert kind.is_reversal == ("| reversal" in row)
