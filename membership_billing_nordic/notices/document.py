"""Notices in one PDF: the flow over pages, and what stands on each page."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from io import BytesIO

from PIL import Image, UnidentifiedImageError
from reportlab import rl_config
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from .content import Details, Note, Notice, Row
from .fonts import Fonts, fonts, is_static
from .sheet import GREY, INK, PAGE_HEIGHT, PAGE_WIDTH, Sheet

LEFT, RIGHT = 20.0, 190.0
WIDTH = RIGHT - LEFT
BODY_TOP, BODY_TOP_LATER = 92.0, 32.0
FOOT_HEIGHT = 17.0
LOGO_BOX = (60.0, 22.0)
LOGO_PIXELS = (900, 330)
LINE = 4.2  # millimetres from base line to base line
SMALL_LINE = 3.4
TABLE_HEAD = 8.0
# No text can push what is needed off the paper.
MOST_LINES, MOST_OPENING, MOST_CLOSING, MOST_BOXED = 14, 14, 16, 4
# Where the columns of the specification end, from the left.
QUANTITY, PRICE, AMOUNT = 128.0, 157.0, RIGHT
TEXT_WIDTH = 92.0


@dataclass(frozen=True, slots=True)
class Pages:
    """Where a notice stands in the file, counted from 1."""

    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


class Document:
    """A PDF of notices, written to ``stream`` by :meth:`close`.

    :param two_sided: every notice begins on the front of a sheet; backs that stay empty are blank
    """

    def __init__(self, stream, typefaces: Fonts | None = None, *, two_sided=False, title=""):
        typefaces = typefaces or fonts()
        size = (PAGE_WIDTH * mm, PAGE_HEIGHT * mm)
        # Named on every page: one that is embedded, so that printers miss none.
        usual = typefaces.code if is_static(typefaces.code) else None
        self.canvas = Canvas(stream, pagesize=size, pageCompression=1, initialFontName=usual)
        self.canvas.setTitle(title)
        self.sheet = Sheet(self.canvas, typefaces)
        self.two_sided = two_sided
        self.page_count = 0
        self._logos = {}

    def add(self, notice: Notice, typefaces: Fonts | None = None) -> Pages:
        """Draw ``notice`` on pages of its own.

        :raises ValueError: a line for machines does not fit its zone
        """
        if typefaces:
            self.sheet = Sheet(self.canvas, typefaces)
        if self.two_sided and self.page_count % 2:
            self._end_page()
        first = self.page_count + 1
        pages = _Flow(self.sheet, notice).pages()
        for number, page in enumerate(pages, start=1):
            try:
                _Page(self, notice, number, len(pages)).draw(page)
            finally:
                # What could not be drawn to its end is a page that belongs to nobody.
                self._end_page()
        return Pages(first, self.page_count)

    def _end_page(self):
        """End the page; one on which nothing was drawn is empty."""
        self.canvas.showPage()
        self.page_count += 1

    def close(self):
        if self.two_sided and self.page_count % 2:
            self._end_page()
        with _compact():
            self.canvas.save()

    def logo(self, content: bytes):
        """The logo as a form that is in the file once: (name, width, height); None if unreadable."""
        key = sha256(content).hexdigest()[:16]
        if key not in self._logos:
            self._logos[key] = self._make_logo(key, content)
        return self._logos[key]

    def _make_logo(self, key, content):
        prepared = prepared_logo(content)
        if not prepared:
            return None
        picture, width, height = prepared
        canvas = self.canvas
        canvas.beginForm(key, 0, 0, width * mm, height * mm)
        with _compact():
            canvas.drawImage(ImageReader(BytesIO(picture)), 0, 0, width * mm, height * mm)
        canvas.endForm()
        return key, width, height


@contextmanager
def _compact():
    """Streams as bytes, not as text, which is larger and slow to write."""
    before, rl_config.useA85 = rl_config.useA85, 0
    try:
        yield
    finally:
        rl_config.useA85 = before


@lru_cache(maxsize=64)
def prepared_logo(content: bytes) -> tuple[bytes, float, float] | None:
    """The logo on white, as it goes into files, and its size; None if it cannot be read."""
    try:
        image = Image.open(BytesIO(content))
        image.thumbnail(LOGO_PIXELS)
        image = image.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    ratio = min(LOGO_BOX[0] / image.width, LOGO_BOX[1] / image.height)
    picture = BytesIO()
    paper.save(picture, "JPEG", quality=92, subsampling=0)
    return picture.getvalue(), image.width * ratio, image.height * ratio


@dataclass(slots=True)
class _PageContent:
    """What the flow put on one page; ``top`` is where its body begins."""

    top: float
    bottom: float
    rows: list
    is_first: bool = False
    has_table: bool = False
    has_end: bool = False
    has_part: bool = False
    notes: list["_Piece"] = field(default_factory=list)
    notes_top: float = 0.0


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line of a note, or of a small table."""

    kind: str  # heading, text, columns or cells
    height: float
    content: str | tuple[str, ...]
    ends: tuple[float, ...] = ()


class _Flow:
    """Which rows stand on which page, and where totals and payment part go."""

    def __init__(self, sheet: Sheet, notice: Notice):
        self.sheet = sheet
        self.notice = notice
        self.part_height = notice.part.height if notice.part else 0.0

    def pages(self) -> list[_PageContent]:
        part_first = self.notice.style.part_first and self.part_height
        page = self._page(first=True, with_part=bool(part_first))
        pages = [page]
        y = page.top
        if self.notice.rows:
            page.has_table = True
            y += TABLE_HEAD
        for row, lines in pieces(self.sheet, self.notice.rows):
            height = row_height(row, lines)
            if y + height > page.bottom and (page.rows or not page.is_first):
                page = self._page()
                page.has_table = True
                pages.append(page)
                y = page.top + TABLE_HEAD
            page.rows.append((row, lines))
            y += height
        # The totals stand on the page of the payment part, so nobody looks for the sum.
        end = end_height(self.sheet, self.notice)
        part = 0.0 if part_first else self.part_height
        if y + end + part > page.bottom:
            pages.append(page := self._page())
            y = page.top
        page.has_end = True
        if part_first:
            pages[0].has_part = True
        elif self.part_height:
            page.has_part = True
            page.bottom -= self.part_height
        return pages + self._notes(page, y + end)

    def _notes(self, page, y):
        """Put the notes where there is room for them; returns the further pages they take."""
        further = []
        page.notes_top = y
        for pieces_of_one in map(self._pieces_of, self.notice.notes):
            # A heading does not stand alone at the end of a page.
            together = sum(piece.height for piece in pieces_of_one[:3])
            for number, piece in enumerate(pieces_of_one):
                if y + (piece.height if number else together) > page.bottom:
                    page = self._page()
                    further.append(page)
                    y = page.notes_top = page.top
                page.notes.append(piece)
                y += piece.height
        return further

    def _pieces_of(self, note: Note | Details) -> list["_Piece"]:
        pieces_of_it = [_Piece("heading", 8.6 if note.heading else LINE, note.heading)]
        if isinstance(note, Details):
            pieces_of_it.append(_Piece("columns", LINE, note.columns, note.ends))
            return pieces_of_it + [_Piece("cells", LINE, row, note.ends) for row in note.rows]
        lines = self.sheet.wrap(note.text, WIDTH, 8.5)
        return pieces_of_it + [_Piece("text", LINE, line) for line in lines]

    def _page(self, first=False, with_part=False):
        top = BODY_TOP + opening_height(self.sheet, self.notice) if first else BODY_TOP_LATER
        part = self.part_height if with_part else 0.0
        return _PageContent(top, PAGE_HEIGHT - FOOT_HEIGHT - 4 - part, [], is_first=first)


def pieces(sheet: Sheet, rows):
    """Each of ``rows`` with its text in lines; one that would fill a page comes in pieces."""
    for row in rows:
        wide = row.kind in ("section", "note")
        strong = row.kind == "section"
        lines = sheet.wrap(row.text, WIDTH - 4 if wide else TEXT_WIDTH, 9, strong) or [""]
        yield row, lines[:MOST_LINES]
        for start in range(MOST_LINES, len(lines), MOST_LINES):
            yield Row("", kind=row.kind), lines[start : start + MOST_LINES]


def row_height(row: Row, lines: list[str]) -> float:
    return len(lines) * LINE + (2.6 if row.kind == "section" else 1.4)


def opening_lines(sheet: Sheet, notice: Notice) -> list[str]:
    return sheet.wrap(notice.opening, WIDTH, 9)[:MOST_OPENING]


def opening_height(sheet: Sheet, notice: Notice) -> float:
    lines = opening_lines(sheet, notice)
    return len(lines) * LINE + 3 if lines else 0.0


def closing_lines(sheet: Sheet, notice: Notice) -> list[str]:
    return sheet.wrap(notice.closing, WIDTH, 8.5)[:MOST_CLOSING]


def boxed_lines(sheet: Sheet, notice: Notice) -> list[str]:
    return sheet.wrap(notice.boxed, WIDTH - 8, 9.5, True)[:MOST_BOXED]


def end_height(sheet: Sheet, notice: Notice) -> float:
    """Of totals, taxes, what is boxed and the closing text."""
    totals = sum(6.4 if total.strong else 4.8 for total in notice.totals)
    taxes = (len(notice.taxes) + 1) * SMALL_LINE + 2 if notice.taxes else 0.0
    height = 3 + max(totals, taxes)
    if boxed := boxed_lines(sheet, notice):
        height += len(boxed) * 4.6 + 9
    if closing := closing_lines(sheet, notice):
        height += len(closing) * LINE + 6.5
    return height


class _Page:
    """Draws one page of a notice."""

    def __init__(self, document: Document, notice: Notice, number: int, count: int):
        self.document = document
        self.sheet = document.sheet
        self.notice = notice
        self.style = notice.style
        self.number = number
        self.count = count
        self.primary = HexColor(self.style.primary)
        self.secondary = HexColor(self.style.secondary)

    def draw(self, page: _PageContent):
        if page.is_first:
            self._head()
            self._address()
            self._facts()
            self._opening()
        else:
            self._head_of_later_page()
        y = page.top
        if page.has_table:
            y = self._table(page, y)
        if page.has_end:
            self._end(y)
        self._notes(page)
        self._foot(self.notice.part.height if page.has_part else 0.0)
        if page.has_part:
            self._part()

    # ------------------------------------------------------------------ head

    def _head(self):
        sheet, sender = self.sheet, self.notice.sender
        logo = self.document.logo(self.style.logo) if self.style.logo else None
        if logo:
            name, _width, height = logo
            canvas = sheet.canvas
            canvas.saveState()
            canvas.translate(LEFT * mm, (PAGE_HEIGHT - 11 - height) * mm)
            canvas.doForm(name)
            canvas.restoreState()
        x, align = (RIGHT, "right") if logo else (LEFT, "left")
        name_size = 11 if logo else 15
        sheet.text(
            x, 17, sender[0], name_size, strong=True, align=align, colour=self.primary, width=100
        )
        for number, line in enumerate(sender[1:5]):
            y = 22 + number * SMALL_LINE
            sheet.text(x, y, line, 8, align=align, colour=GREY, width=100)

    def _head_of_later_page(self):
        sheet, notice = self.sheet, self.notice
        sheet.text(LEFT, 17, notice.sender[0], 10, strong=True, colour=self.primary, width=90)
        text = f"{notice.title} {notice.number}"
        sheet.text(RIGHT, 17, text, 9, align="right", width=75)
        self._page_number(21.5)
        sheet.rule(LEFT, 24, RIGHT, 24, colour=self.primary, width=0.4)

    def _page_number(self, y):
        text = self.notice.page_text.format(page=self.number, pages=self.count)
        self.sheet.text(RIGHT, y, text, 8, align="right", colour=GREY)

    def _address(self):
        window, notice, sheet = self.style.window, self.notice, self.sheet
        y = window.top + 3
        if notice.return_address:
            sheet.text(window.left, y, notice.return_address, 6.5, colour=GREY, width=window.width)
            y += 1.2
            sheet.rule(window.left, y, window.left + window.width, y)
        lines = [line for line in notice.recipient if line.strip()]
        step = min(4.8, (window.height - 7) / max(len(lines), 1))
        y += 5.2
        for line in lines:
            sheet.text(window.left, y, line, min(10.5, step * 2.3), width=window.width)
            y += step

    def _facts(self):
        """Title and facts stand beside the window."""
        sheet, notice, window = self.sheet, self.notice, self.style.window
        left, right = (LEFT, window.left - 8) if window.is_right else (118.0, RIGHT)
        top = window.top + 4
        sheet.text(
            left, top, notice.title, 18, strong=True, colour=self.primary, width=right - left
        )
        y = top + 8
        step = min(4.9, (BODY_TOP - 6 - y) / max(len(notice.facts) - 1, 1))
        size = min(9.0, step * 1.9)
        for label, value in notice.facts:
            sheet.text(left, y, label, size, colour=GREY, width=(right - left) * 0.5)
            sheet.text(right, y, value, size, align="right", width=(right - left) * 0.49)
            y += step
        if self.count > 1:
            self._page_number(BODY_TOP - 3)

    def _opening(self):
        y = BODY_TOP + 2
        for line in opening_lines(self.sheet, self.notice):
            self.sheet.text(LEFT, y, line, 9)
            y += LINE

    # ------------------------------------------------------------------ body

    def _table(self, page: _PageContent, y: float) -> float:
        sheet = self.sheet
        sheet.area(LEFT, y, WIDTH, 6.4, self.secondary)
        text, quantity, price, amount = self.notice.columns
        base = y + 4.4
        dark = ink_on(self.secondary)
        sheet.text(LEFT + 2, base, text, 8, strong=True, colour=dark, width=80)
        for x, label in ((QUANTITY, quantity), (PRICE, price), (AMOUNT - 2, amount)):
            sheet.text(x, base, label, 8, strong=True, align="right", colour=dark, width=27)
        y += TABLE_HEAD
        for row, lines in page.rows:
            self._row(row, lines, y)
            y += row_height(row, lines)
        if page.rows:
            sheet.rule(LEFT, y + 0.6, RIGHT, y + 0.6)
        return y

    def _row(self, row: Row, lines: list[str], y: float):
        sheet = self.sheet
        strong = row.kind in ("section", "subtotal")
        base = y + (4.4 if row.kind == "section" else 3.2)
        colour = GREY if row.kind == "note" else INK
        for number, line in enumerate(lines):
            sheet.text(LEFT + 2, base + number * LINE, line, 9, strong=strong, colour=colour)
        columns = ((QUANTITY, row.quantity), (PRICE, row.price), (AMOUNT - 2, row.amount))
        for x, value in columns:
            if value:
                sheet.text(x, base, value, 9, strong=strong, align="right", width=27)

    def _end(self, y: float):
        y += 3
        bottom = max(self._taxes(y), self._totals(y))
        bottom = self._boxed(bottom)
        lines = closing_lines(self.sheet, self.notice)
        for number, line in enumerate(lines):
            self.sheet.text(LEFT, bottom + 6.5 + number * LINE, line, 8.5)

    def _totals(self, y: float) -> float:
        sheet = self.sheet
        for total in self.notice.totals:
            height = 6.4 if total.strong else 4.8
            if total.strong:
                sheet.area(118, y, RIGHT - 118, height, self.primary)
            colour = ink_on(self.primary) if total.strong else INK
            size = 10.5 if total.strong else 9
            base = y + height - 1.9
            sheet.text(120, base, total.label, size, strong=total.strong, colour=colour, width=34)
            sheet.text(
                RIGHT - 2,
                base,
                total.value,
                size,
                strong=total.strong,
                align="right",
                colour=colour,
                width=34,
            )
            y += height
        return y

    def _taxes(self, y: float) -> float:
        notice, sheet = self.notice, self.sheet
        if not notice.taxes:
            return y
        y += 3
        for row, strong in ((notice.tax_columns, True), *((row, False) for row in notice.taxes)):
            for number, value in enumerate(row):
                x, align = (LEFT + 2, "left") if not number else (LEFT + 34 + number * 22, "right")
                sheet.text(
                    x,
                    y,
                    value,
                    7.5,
                    strong=strong,
                    align=align,
                    colour=GREY,
                    width=32 if not number else 21,
                )
            y += SMALL_LINE
        return y - 1

    def _boxed(self, y: float) -> float:
        lines = boxed_lines(self.sheet, self.notice)
        if not lines:
            return y
        height = len(lines) * 4.6 + 4
        self.sheet.frame(LEFT, y + 4, WIDTH, height, colour=self.primary, line=0.4)
        for number, line in enumerate(lines):
            self.sheet.text(LEFT + 4, y + 9.2 + number * 4.6, line, 9.5, strong=True)
        return y + height + 5

    def _notes(self, page: _PageContent):
        y, sheet = page.notes_top, self.sheet
        for piece in page.notes:
            base = y + piece.height - 1.0
            if piece.kind == "heading":
                sheet.text(LEFT, base, piece.content, 9, strong=True, colour=self.primary)
            elif piece.kind == "text":
                sheet.text(LEFT, base, piece.content, 8.5)
            else:
                self._cells(piece, base)
            y += piece.height

    def _cells(self, piece: "_Piece", base: float):
        strong = piece.kind == "columns"
        colour = GREY if strong else INK
        first, *others = piece.content
        # It may be as long as the cells beside it are empty.
        taken = (end for end, text in zip(piece.ends, others, strict=True) if text)
        room = next(taken, RIGHT) - LEFT - 24
        self.sheet.text(LEFT, base, first, 8, strong=strong, colour=colour, width=room)
        for end, text in zip(piece.ends, others, strict=True):
            self.sheet.text(
                end, base, text, 8, strong=strong, colour=colour, align="right", width=24
            )

    # ------------------------------------------------------------------ foot and payment part

    def _foot(self, above: float):
        columns = [column for column in self.notice.foot if column]
        top = PAGE_HEIGHT - above - FOOT_HEIGHT
        if not columns:
            return
        self.sheet.rule(LEFT, top, RIGHT, top, colour=self.primary, width=0.3)
        width = WIDTH / len(columns)
        for number, column in enumerate(columns):
            for row, line in enumerate(column[:4]):
                x, y = LEFT + number * width, top + 3.6 + row * 3.1
                self.sheet.text(x, y, line, 7, colour=GREY, width=width - 3)

    def _part(self):
        part, style, canvas = self.notice.part, self.style, self.sheet.canvas
        canvas.saveState()
        canvas.translate(style.shift_right * mm, style.shift_up * mm)
        draw_part(self.sheet, part)
        canvas.restoreState()


def draw_part(sheet: Sheet, part):
    """A payment part at the lower edge of the page."""
    for rule in part.rules:
        y1, y2 = PAGE_HEIGHT - rule.y1, PAGE_HEIGHT - rule.y2
        sheet.rule(rule.x1, y1, rule.x2, y2, colour=GREY, width=0.15, dashed=rule.dashed)
    for box in part.boxes:
        _draw_box(sheet, box)
    for label in part.labels:
        sheet.text(
            label.x,
            PAGE_HEIGHT - label.y,
            label.text,
            label.size,
            strong=label.strong,
            align=label.align,
        )
    if part.qr:
        qr = part.qr
        sheet.qr(qr.x, qr.y, qr.size, qr.content)
        x, y = qr.x + qr.size / 2, PAGE_HEIGHT - qr.y + 2.2
        sheet.text(x, y, qr.caption, 6.5, align="center", colour=GREY, width=qr.size + 10)
    if part.code_line:
        sheet.code_line(part.code_line)


def _draw_box(sheet: Sheet, box):
    top = PAGE_HEIGHT - box.y - box.height
    if box.frame:
        sheet.frame(box.x, top, box.width, box.height, colour=GREY, line=0.15)
    y = top + 2.6
    if box.label:
        sheet.text(box.x + 1.2, y, box.label, 6, colour=GREY, width=box.width - 2)
        y += 0.8
    lines = [line for line in box.lines if line.strip()]
    step = min(box.size * 0.45, (box.height - (y - top) - 1) / max(len(lines), 1))
    x = {"left": box.x + 1.8, "right": box.x + box.width - 1.8, "center": box.x + box.width / 2}
    for line in lines:
        y += step
        size = min(box.size, step * 2.5)
        sheet.text(
            x[box.align], y, line, size, strong=box.strong, align=box.align, width=box.width - 3.2
        )


def ink_on(background: Color):
    """A colour that is read on ``background``: the dark of texts, or white."""
    light = 0.299 * background.red + 0.587 * background.green + 0.114 * background.blue
    return INK if light > 0.55 else white
