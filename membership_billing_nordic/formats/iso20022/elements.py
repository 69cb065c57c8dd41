"""Tables of XML elements, and the reading of one element by such a table.

A table has the local names of an element's children in the order of the schema, each with
what becomes of it:

- a text: the child's text, under that name
- :class:`Texts`, :class:`Amount`: all its texts as a list; its text with its currency
- :class:`Choice`: the text of its first child, or its own where there is none
- a dict: a table of the child's own children, whose values go to the same place
- :class:`Groups`: the same, but each child makes a dict of its own in a list
- None: only its place counts

Children that are not in the table are passed over, so later versions of a schema can add
to it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from xml.sax.saxutils import unescape

from lxml import etree

_LONGEST_TEXT = 500
_MOST_REPEATS = 1000
_MOST_SHAPES = 500
_LARGEST_SHAPE = 300
# Serialised XML has no other angle brackets than those of its tags.
_TEXT = re.compile(r">([^<]+)<")
_NEVER = re.compile(r"(?!)")
_ESCAPED = {"&#13;": "\r", "&quot;": '"'}

Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class Texts:
    name: str


@dataclass(frozen=True, slots=True)
class Amount:
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    name: str


@dataclass(frozen=True, slots=True)
class Groups:
    name: str
    table: dict


class Reader:
    """Reads elements of one ``namespace`` by one ``table``.

    A bank writes its elements in few shapes: the same tags and attributes with other texts
    between them. Where the values stand is found out once for each; after that a regular
    expression takes the texts out of an element, in a third of the time of a walk through
    the tree.
    """

    def __init__(self, table: dict, namespace: str):
        self._children = _compiled(table, f"{{{namespace}}}" if namespace else "")
        self._known: dict[tuple[str, ...], _Shape] = {}
        self._last = _Shape(_NEVER, _Places())

    def read(self, element: etree._Element) -> tuple[Values, Sequence[str]]:
        """The values of ``element``, and the names of children that are out of place."""
        source = etree.tostring(element, encoding="unicode", with_tail=False)
        # Most look like the one before them.
        if found := self._last.pattern.fullmatch(source):
            places, texts = self._last.places, found.groups()
        else:
            places, texts = self._cut(element, source)
        if "&" in source:
            texts = [unescape(text, _ESCAPED) for text in texts]
        return places.values([text.strip()[:_LONGEST_TEXT] for text in texts]), places.faults

    def _cut(self, element: etree._Element, source: str) -> tuple["_Places", Sequence[str]]:
        pieces = _TEXT.split(source)
        tags, texts = tuple(pieces[::2]), pieces[1::2]
        if shape := self._known.get(tags):
            self._last = shape
            return shape.places, texts
        places = self._find_places(element)
        if len(self._known) < _MOST_SHAPES and len(tags) < _LARGEST_SHAPE:
            pattern = re.compile(_TEXT.pattern.join(map(re.escape, tags)))
            self._last = self._known[tags] = _Shape(pattern, places)
        return places, texts

    def _find_places(self, element: etree._Element) -> "_Places":
        numbers: dict[etree._Element, int] = {}
        _number_texts(element, numbers, count())
        places = _Places()
        _find(element, self._children, places, places.faults, numbers)
        return places


@dataclass(slots=True)
class _Places:
    """Where the values of one shape stand, as numbers of texts; amounts with currency."""

    texts: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, tuple[int, str]] = field(default_factory=dict)
    lists: dict[str, list[int]] = field(default_factory=dict)
    groups: dict[str, list["_Places"]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def values(self, texts: list[str]) -> Values:
        """``texts`` are those of the source, without blanks around them."""
        values: Values = {
            name: text for name, place in self.texts.items() if (text := texts[place])
        }
        for name, (place, currency) in self.amounts.items():
            values[name] = texts[place], currency
        for name, places in self.lists.items():
            values[name] = [text for place in places if (text := texts[place])]
        for name, groups in self.groups.items():
            values[name] = [group.values(texts) for group in groups]
        return values


@dataclass(frozen=True, slots=True)
class _Shape:
    """``pattern`` takes the texts out of an element, ``places`` tells what they are."""

    pattern: re.Pattern
    places: _Places


def _number_texts(element: etree._Element, numbers: dict, following) -> None:
    """Give each element that has a text of its own the number of that text in the source."""
    if element.text:
        numbers[element] = next(following)
    for child in element:
        _number_texts(child, numbers, following)
        if child.tail:
            next(following)


def _compiled(table: dict, prefix: str) -> dict:
    """The table by full names, each with its rank and, of a table in it, its children."""
    return {
        f"{prefix}{name}": (rank, item, _compiled(_inner(item), prefix))
        for rank, (name, item) in enumerate(table.items())
    }


def _inner(item) -> dict:
    return item.table if isinstance(item, Groups) else item if isinstance(item, dict) else {}


def _find(element, children: dict, places: _Places, faults: list[str], numbers: dict) -> None:
    last = 0
    for child in element:
        known = children.get(child.tag)
        if known is None:
            continue
        rank, item, inner = known
        is_good = rank >= last
        last = rank
        if isinstance(item, dict):
            _find(child, inner, places, faults, numbers)
        elif isinstance(item, Groups):
            group = _Places()
            _find(child, inner, group, faults, numbers)
            is_good &= _append(places.groups, item.name, group)
        elif item is not None:
            is_good &= _place(child, item, places, numbers)
        if not is_good:
            faults.append(child.tag.rpartition("}")[2])


def _place(child, item, places: _Places, numbers: dict) -> bool:
    """Note where the text of ``child`` stands; False when there is one of that name."""
    if isinstance(item, Choice) and len(child):
        child = child[0]
    number = numbers.get(child)
    if number is None:
        return True
    if isinstance(item, Texts):
        return _append(places.lists, item.name, number)
    if isinstance(item, Amount):
        found = (number, child.get("Ccy", "").strip()[:_LONGEST_TEXT])
        return places.amounts.setdefault(item.name, found) == found
    return places.texts.setdefault(getattr(item, "name", item), number) == number


def _append(lists: dict[str, list], name: str, item) -> bool:
    items = lists.setdefault(name, [])
    if len(items) == _MOST_REPEATS:
        return False
    items.append(item)
    return True
