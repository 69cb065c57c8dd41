"""Every text in Danish, Swedish and Norwegian Bokmål, with its placeholders and tags."""

import re

import polib
import pytest

from devtools import addons
from devtools.paths import ROOT
from devtools.translations import LANGUAGES

PLACES = re.compile(r"%\(\w+\)[^a-zA-Z]*[a-zA-Z]|<[^>]+>")
CASES = [(name, language) for name in addons.names() for language in LANGUAGES]


@pytest.mark.parametrize(("addon", "language"), CASES)
def test_every_text_is_translated(addon, language):
    folder = ROOT / addon / "i18n"
    texts = {entry.msgid for entry in polib.pofile(str(folder / f"{addon}.pot"))}
    translation = polib.pofile(str(folder / f"{language}.po"))
    assert texts == {entry.msgid for entry in translation if entry.msgstr and not entry.fuzzy}


@pytest.mark.parametrize(("addon", "language"), CASES)
def test_placeholders_and_tags_are_the_same(addon, language):
    translation = polib.pofile(str(ROOT / addon / "i18n" / f"{language}.po"))
    different = [
        entry.msgid
        for entry in translation
        if sorted(PLACES.findall(entry.msgid)) != sorted(PLACES.findall(entry.msgstr))
    ]
    assert not different
