"""Every text in Danish, Swedish and Norwegian Bokmål, with its placeholders and tags."""

import re
import tokenize

import polib
import pytest

from devtools import addons
from devtools.paths import ROOT
from devtools.translations import LANGUAGES

PLACES = re.compile(r"%\(\w+\)[^a-zA-Z]*[a-zA-Z]|<[^>]+>")
LAYOUT = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT)
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


# Odoo's extractor takes a parenthesis that is no call for one of the last name before it. Behind a
# text to translate, the first string in it would be a text to translate, too.
@pytest.mark.parametrize("addon", addons.names())
def test_nothing_but_texts_is_extracted(addon):
    assert not [
        f"{path.relative_to(ROOT)}:{line} {text}"
        for path in (ROOT / addon).rglob("*.py")
        if "tests" not in path.parts
        for line, text in _extracted_by_mistake(path)
    ]


def _extracted_by_mistake(path):
    with path.open("rb") as file:
        tokens = [one for one in tokenize.tokenize(file.readline) if one.type not in LAYOUT]
    is_mistaken, name, before, found = [], "", "", None
    for token in tokens:
        if token.string == "(":
            is_mistaken.append(name == "_" and before != "_")
            found = None
        elif token.string in (")", ","):
            if found:
                yield found
            if token.string == ")":
                is_mistaken.pop()
            elif is_mistaken:
                is_mistaken[-1] = False
            found = None
        elif token.type == tokenize.STRING and is_mistaken and is_mistaken[-1]:
            found = token.start[0], token.string
        if token.type == tokenize.NAME:
            name = token.string
        before = token.string
