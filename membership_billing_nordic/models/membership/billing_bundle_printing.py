"""Letters one after another in one file, and the list of what stands where in it."""

import csv
import io
import logging
from itertools import groupby

import psycopg2
from odoo.tools.misc import split_every
from odoo.tools.pdf import PdfFileReader, PdfFileWriter, PdfReadError

from ...notices.document import Document
from ..common.error_text import error_text
from .billing_notice_maker import CHUNK

_logger = logging.getLogger(__name__)

ADDRESS_LINES = 6
COLUMNS = (
    "file",
    "letter",
    "page_from",
    "page_to",
    "pages",
    "sheets",
    "invoice",
    "recipient",
    *(f"address_{number}" for number in range(1, ADDRESS_LINES + 1)),
    "zip",
    "city",
    "country",
)
_FORMULA = "=+-@\t\r"


class BundlePrinter:
    """Puts the letters of a bundle into one file.

    Invoices that have a PDF are taken as they are. The others are drawn: all into one document,
    in which fonts and logos are once, and each by itself, to be kept with its invoice.

    :param two_sided: each letter begins on the front of a sheet
    """

    def __init__(self, env, two_sided):
        self.env = env
        self.two_sided = two_sided
        self.page_count = 0
        self.places = []  # of the letters in the file: (letter id, first page, last page)
        self._parts = []

    def content(self, letters):
        """The file of ``letters``, in their order; empty when none of them could be printed.

        Those that cannot be printed are noted as failed.
        """
        stored = [(bool(one.move_id.invoice_pdf_report_id), one.id) for one in letters]
        # Those that follow one another: the order stays.
        runs = groupby(stored, key=lambda pair: pair[0])  # pylint: disable=bad-builtin-groupby
        for is_stored, group in runs:
            take = self._take_stored if is_stored else self._draw
            for ids in split_every(CHUNK, [letter_id for _stored, letter_id in group]):
                take(letters.browse(ids))
                self.env.flush_all()
                self.env.invalidate_all(flush=False)
        return self._together()

    def _together(self):
        if len(self._parts) < 2:
            return self._parts[0] if self._parts else b""
        writer = PdfFileWriter()
        for part in self._parts:
            for page in PdfFileReader(io.BytesIO(part), strict=False).pages:
                writer.addPage(page)
        with io.BytesIO() as stream:
            writer.write(stream)
            return stream.getvalue()

    def _place(self, letter, pages):
        """Note where ``letter`` stands, and count the blank back of its last sheet."""
        first = self.page_count + 1
        self.places.append((letter.id, first, first + pages - 1))
        self.page_count += pages + (pages % 2 if self.two_sided else 0)

    # ------------------------------------------------------------------ PDFs that exist

    def _take_stored(self, letters):
        writer = PdfFileWriter()
        for letter in letters:
            try:
                content = io.BytesIO(letter.move_id.invoice_pdf_report_id.raw)
                pages = list(PdfFileReader(content, strict=False).pages)
            except PdfReadError:
                pages = []
            if not pages:
                reason = self.env._("The PDF of the invoice cannot be read.")
                letter._note_failed(letter.move_id, "letter", reason)
                continue
            for page in pages:
                writer.addPage(page)
            if self.two_sided and len(pages) % 2:
                box = pages[-1].mediabox
                writer.add_blank_page(width=box.width, height=box.height)
            self._place(letter, len(pages))
        if writer.pages:
            with io.BytesIO() as stream:
                writer.write(stream)
                self._parts.append(stream.getvalue())

    # ------------------------------------------------------------------ those that are drawn

    def _draw(self, letters):
        stream, document, singles = io.BytesIO(), None, {}
        maker = self.env["billing.notice.maker"]
        batch = maker._batch(letters.move_id)
        for letter in letters:
            move = letter.move_id
            try:
                notice, typefaces = maker._notice(move, batch)
                single = _alone(notice, typefaces)
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                _logger.exception("Invoice %s cannot be drawn", move.id)
                letter._note_failed(move, "letter", error_text(move, error))
                continue
            if document is None:
                document = Document(stream, typefaces, two_sided=self.two_sided)
            self._place(letter, document.add(notice, typefaces).count)
            singles[move] = single
        if document:
            document.close()
            self._parts.append(stream.getvalue())
            self._keep(singles)

    def _keep(self, singles):
        """Keep what was drawn as the PDF of each invoice."""
        report = self.env.ref("membership_billing_nordic.report_payment_notice")
        self.env["account.move.send"]._link_invoice_documents(
            {
                move: {
                    "pdf_attachment_values": {
                        "name": move._get_invoice_report_filename(report=report),
                        "raw": content,
                        "mimetype": "application/pdf",
                        "res_model": move._name,
                        "res_id": move.id,
                        "res_field": "invoice_pdf_report_file",
                    }
                }
                for move, content in singles.items()
            }
        )

    # ------------------------------------------------------------------ the index

    def index(self, file_name):
        """Which letter stands where in the file, as a CSV file for the mailing house."""
        text = io.StringIO(newline="")
        rows = csv.writer(text, delimiter=";")
        rows.writerow(COLUMNS)
        letters = self.env["billing.delivery"].browse(place[0] for place in self.places)
        maker = self.env["billing.notice.maker"]
        for number, (letter, place) in enumerate(zip(letters, self.places, strict=True), start=1):
            _id, first, last = place
            pages = last - first + 1
            move, payer = letter.move_id, letter.partner_id
            name, *address = maker._recipient(move)
            address = (address + [""] * ADDRESS_LINES)[:ADDRESS_LINES]
            sheets = (pages + 1) // 2 if self.two_sided else pages
            rows.writerow(
                [file_name, number, first, last, pages, sheets]
                + [
                    _harmless(cell)
                    for cell in (
                        move.name,
                        name,
                        *address,
                        payer.zip,
                        payer.city,
                        payer.country_id.code,
                    )
                ]
            )
        return text.getvalue().encode("utf-8-sig")


def _alone(notice, typefaces):
    with io.BytesIO() as stream:
        document = Document(stream, typefaces, title=f"{notice.title} {notice.number}")
        document.add(notice)
        document.close()
        return stream.getvalue()


def _harmless(cell):
    """A text that no spreadsheet takes for a formula."""
    text = cell or ""
    return f"'{text}" if text.startswith(tuple(_FORMULA)) else text
