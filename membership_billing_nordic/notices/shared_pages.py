"""Pages of one document as files of their own, and such files together again.

Drawing a page takes longer than anything else, and a font weighs more than all texts of a notice. So
each page is drawn once: :func:`split` takes it, with the fonts it uses, out of the document in which
it was drawn, and :class:`Together` puts such files into one in which each font is once.

Only what :class:`~.document.Document` has drawn is read: no encryption, a plain table of
references, texts in streams.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from io import BytesIO

from .content import Notice
from .document import Document
from .fonts import Fonts

MARK = b"%PDF-1.4\n%\x93\x8c\x8b\x9e pages of notices\n"
_OBJECT = re.compile(rb"(\d+) 0 obj\r?\n")
_REFERENCE = re.compile(rb"\b(\d+) 0 R\b")
_STREAM = re.compile(rb"\bstream\r?\n")
_END = b"endobj"
_ROOT = re.compile(rb"/Root (\d+) 0 R")
_PAGES = re.compile(rb"/Pages (\d+) 0 R")
_KIDS = re.compile(rb"/Kids \[([^\]]*)\]")
_PARENT = re.compile(rb"/Parent \d+ 0 R")
_START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_NO_PAGE = b"<< /MediaBox [ 0 0 595.2756 841.8898 ] /Parent 0 0 R /Resources <<  >> /Type /Page >>"


def is_ours(content: bytes) -> bool:
    """Was ``content`` made by :func:`split`?"""
    return content.startswith(MARK)


class _Objects:
    """The objects of a file by their numbers, as bytes."""

    def __init__(self, content: bytes):
        start = _START.search(content)
        if not start:
            raise ValueError("no file of notices: it has no end")
        table = content[int(start[1]) :]
        self.content = content
        self.places = dict(_places(table))
        self.trailer = table[table.index(b"trailer") :]
        self._found: dict[int, tuple[bytes, bytes]] = {}

    def __getitem__(self, number: int) -> tuple[bytes, bytes]:
        """The object in two parts: what names others, and its stream, which is empty mostly."""
        if number not in self._found:
            self._found[number] = self._read(number)
        return self._found[number]

    def _read(self, number):
        place = self.places[number]
        head = _OBJECT.match(self.content, place)
        if not head or int(head[1]) != number:
            raise ValueError("no file of notices: an object is not in its place")
        end = self.content.index(_END, head.end())
        stream = _STREAM.search(self.content, head.end(), end)
        if not stream:
            return self.content[head.end() : end].strip(), b""
        names = self.content[head.end() : stream.start()].strip()
        length = int(re.search(rb"/Length (\d+)", names)[1])
        return names, self.content[stream.end() : stream.end() + length]

    def pages(self) -> list[int]:
        """The numbers of the pages, in their order."""
        catalog, _stream = self[int(_ROOT.search(self.trailer)[1])]
        tree, _stream = self[int(_PAGES.search(catalog)[1])]
        return [int(number) for number in _REFERENCE.findall(_KIDS.search(tree)[1])]


def _places(table: bytes) -> Iterator[tuple[int, int]]:
    """Where each object begins, by the table at the end of the file."""
    number = 0
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) == 2:
            number = int(fields[0])
        elif len(fields) == 3:
            if fields[2] == b"n":
                yield number, int(fields[0])
            number += 1
        else:
            return


class _Writer:
    """Takes objects over, each once, and writes a file of them."""

    _PAGE_TREE = 1

    def __init__(self):
        self.objects: list[bytes] = [b"", b""]  # those of the catalog and of the page tree
        self.kids: list[int] = []
        self._known: dict[bytes, int] = {}

    def page(self, source: _Objects, number: int, taken: dict[int, int]):
        """A page with all that it uses. ``taken``: what of ``source`` is here, and its number."""
        names, _stream = source[number]
        names = _PARENT.sub(b"/Parent 0 0 R", names)
        self.kids.append(self._add(self._renumbered(source, names, taken)))

    def blank(self):
        self.kids.append(self._add(_NO_PAGE))

    def _take(self, source, number, taken) -> int:
        if number not in taken:
            names, stream = source[number]
            names = self._renumbered(source, names, taken)
            if stream:
                names = b"%s\nstream\n%s\nendstream" % (names, stream)
            key = hashlib.sha256(names).digest()
            if key not in self._known:
                self._known[key] = self._add(names)
            taken[number] = self._known[key]
        return taken[number]

    def _renumbered(self, source, names, taken) -> bytes:
        def other(found):
            number = int(found[1])
            return b"%d 0 R" % (self._take(source, number, taken) if number else 0)

        return _REFERENCE.sub(other, names)

    def _add(self, content: bytes) -> int:
        self.objects.append(content)
        return len(self.objects)

    def content(self, title: str = "") -> bytes:
        """The file; ``title`` is what programs show above it."""
        tree = self._PAGE_TREE + 1
        kids = b" ".join(b"%d 0 R" % number for number in self.kids)
        self.objects[0] = b"<< /Pages %d 0 R /Type /Catalog >>" % tree
        self.objects[1] = b"<< /Count %d /Kids [ %s ] /Type /Pages >>" % (len(self.kids), kids)
        text = ("\ufeff" + title).encode("utf-16-be").hex().encode()
        objects = [*self.objects, b"<< /Title <%s> >>" % text]
        pages = set(self.kids)
        parts, places, size = [MARK], [], len(MARK)
        for number, one in enumerate(objects, start=1):
            if number in pages:
                one = one.replace(b"/Parent 0 0 R", b"/Parent %d 0 R" % tree)
            places.append(size)
            parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, one))
            size += len(parts[-1])
        parts.append(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
        parts += [b"%010d 00000 n \n" % place for place in places]
        trailer = b"trailer\n<< /Root 1 0 R /Info %d 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n"
        parts.append(trailer % (len(objects), len(objects) + 1, size))
        return b"".join(parts)


def split(content: bytes, ranges: Iterable[tuple[int, int, str]]) -> Iterator[bytes]:
    """The pages of each of ``ranges`` (first and last, from 1, and a title) as a file of its own.

    :param content: what a ``Document`` has drawn
    """
    source = _Objects(content)
    pages = source.pages()
    for first, last, title in ranges:
        writer, taken = _Writer(), {}
        for number in pages[first - 1 : last]:
            writer.page(source, number, taken)
        yield writer.content(title)


class Separate:
    """Notices that are drawn together and become files of their own."""

    def __init__(self):
        self._stream = BytesIO()
        self._document: Document | None = None
        self._ranges: list[tuple[int, int, str]] = []

    def add(self, notice: Notice, typefaces: Fonts):
        """Draw ``notice``.

        :raises ValueError: a line for machines does not fit its zone; the others stay as they are
        """
        self._document = self._document or Document(self._stream, typefaces)
        pages = self._document.add(notice, typefaces)
        self._ranges.append((pages.first, pages.last, f"{notice.title} {notice.number}".strip()))

    def files(self) -> Iterator[bytes]:
        """A file of each notice, in their order."""
        if self._ranges:
            self._document.close()
            yield from split(self._stream.getvalue(), self._ranges)


class Together:
    """Files that :func:`split` has made, in one file again."""

    def __init__(self):
        self._writer = _Writer()

    def add(self, content: bytes) -> int:
        """Put the pages of a file at the end; returns how many they are.

        :raises ValueError: the file is broken, or none of ours; nothing of it was put there
        """
        before = len(self._writer.kids)
        try:
            source = _Objects(content)
            pages, taken = source.pages(), {}
            for number in pages:
                self._writer.page(source, number, taken)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            del self._writer.kids[before:]
            raise ValueError("no file of notices") from error
        return len(pages)

    @property
    def page_count(self) -> int:
        return len(self._writer.kids)

    def blank(self):
        """An empty page at the end."""
        self._writer.blank()

    def content(self, title: str = "") -> bytes:
        """The whole file."""
        return self._writer.content(title)
