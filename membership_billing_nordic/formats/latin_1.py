"""Texts for files in ISO-8859-1: what it lacks is written with what it has."""

# ruff: noqa: RUF001 - characters that look alike are what this is about

import unicodedata

_INSTEAD = {
    **dict.fromkeys("‘’‚‛′", "'"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("‐‑‒–—―−•", "-"),
    "…": "...",
    "€": "EUR",
    "™": "TM",
    "ı": "i",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ŋ": "n",
    "Ŋ": "N",
    "ŧ": "t",
    "Ŧ": "T",
    "ħ": "h",
    "Ħ": "H",
    "œ": "oe",
    "Œ": "OE",
    "ẞ": "SS",
    "ĸ": "q",
    "\u00ad": "",  # a hyphen that shows at line ends only
}


def to_latin_1(text: str) -> str:
    """``text`` in characters of ISO-8859-1, each of them one byte, on one line.

    Letters it lacks lose their accents or are replaced; the rest becomes ``?``. Whatever
    breaks lines or cannot be printed becomes a blank.
    """
    if text.isprintable() and (text.isascii() or _fits(text)):
        return text
    composed = unicodedata.normalize("NFC", text)
    return "".join(_CHARACTERS.get(each) or _written(each) for each in composed)


def _fits(text: str) -> bool:
    """Are there only characters of ISO-8859-1? None of them is a combining one."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


# The letters that are needed most, so that they are not looked at one by one.
_CHARACTERS = {chr(code): chr(code) for code in range(256) if chr(code).isprintable()}


def _written(character: str) -> str:
    if character in _INSTEAD:
        return _INSTEAD[character]
    if not character.isprintable() or character.isspace():
        return " " if unicodedata.category(character) != "Cf" else ""
    base = unicodedata.normalize("NFKD", character)
    plain = "".join(each for each in base if not unicodedata.combining(each))
    if plain == character:
        return "" if unicodedata.combining(character) else "?"
    return "".join(_CHARACTERS.get(each) or _INSTEAD.get(each, "?") for each in plain)
