"""Letters one after another in one file, and the list of what stands where in it."""

import csv
import io
import logging

import psycopg2
from odoo.tools.misc import split_every
from odoo.tools.pdf import PdfFileReader, PdfFileWriter, PdfReadError

from ...notices.shared_pages import Separate, Together, is_ours
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
    "kind",
)
_FORMULA = "=+-@\t\r"
_PDF = {"mimetype": "application/pdf", "res_model": "account.move"}


def keep_notices(letters):
    """Draw the notices of the invoices of ``letters`` and keep each with its invoice.

    They are drawn together, so that fonts and logos are looked through once. What cannot be drawn is
    noted as failed.
    """
    maker = letters.env["billing.notice.maker"]
    batch, files, drawn = maker._batch(letters.move_id), Separate(), []
    for letter in letters:
        try:
            files.add(*maker._notice(letter.move_id, batch))
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            _logger.exception("Invoice %s cannot be drawn", letter.move_id.id)
            letter._print_failed(error_text(letter.move_id, error))
            continue
        drawn.append(letter.move_id)
    _keep(dict(zip(drawn, files.files(), strict=True)))


def _keep(contents):
    """Keep each file as the PDF of its invoice (dict), as the core does it, but all at once."""
    moves = next(iter(contents), None)
    if moves is None:
        return
    env = moves.env
    moves = moves.union(*contents)
    report = env.ref("membership_billing_nordic.report_payment_notice")
    attachments = (
        env["ir.attachment"]
        .sudo()
        .create(
            [
                _PDF
                | {
                    "name": move._get_invoice_report_filename(report=report),
                    "raw": content,
                    "res_id": move.id,
                    "res_field": "invoice_pdf_report_file",
                }
                for move, content in contents.items()
            ]
        )
    )
    quiet = moves.sudo().with_context(tracking_disable=True, skip_invoice_sync=True)
    quiet.write({"is_move_sent": True})
    quiet.flush_recordset()
    by_move = {attachment.res_id: attachment.id for attachment in attachments}
    quiet._write_multi([{"message_main_attachment_id": by_move[move.id]} for move in moves])
    moves.invalidate_recordset(
        ["message_main_attachment_id", "invoice_pdf_report_id", "invoice_pdf_report_file"],
        flush=False,
    )


class BundlePrinter:
    """Puts the letters of a bundle into one file.

    What was drawn here is put together page by page, each font and logo once; other PDFs are taken
    as they are.

    :param two_sided: each letter begins on the front of a sheet
    """

    def __init__(self, env, two_sided):
        self.env = env
        self.two_sided = two_sided
        self.page_count = 0
        self.places = []  # of the letters in the file: (letter, first page, last page)
        self._parts = []
        self._part = None

    def content(self, letters):
        """The file of ``letters``, a list, in their order; empty when none could be printed.

        Those that cannot be printed are noted as failed.
        """
        for chunk in split_every(CHUNK, letters, list):
            for letter in chunk:
                self._take(letter)
            self.env.flush_all()
            self.env.invalidate_all(flush=False)
        self._end_part()
        return self._together()

    def _take(self, letter):
        content = letter._print_content()
        part_class = _OurPages if is_ours(content) else _OtherPages
        if type(self._part) is not part_class:
            self._end_part()
            self._part = part_class()
        try:
            pages = self._part.add(content)
        except (PdfReadError, ValueError):
            pages = 0
        if not pages:
            letter._print_failed(self.env._("The PDF of the letter cannot be read."))
            return
        if self.two_sided and pages % 2:
            self._part.blank()
        self._place(letter, pages)

    def _end_part(self):
        if self._part and (content := self._part.content()):
            self._parts.append(content)
        self._part = None

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
        self.places.append((letter, first, first + pages - 1))
        self.page_count += pages + (pages % 2 if self.two_sided else 0)

    # ------------------------------------------------------------------ the index

    def index(self, file_name):
        """Which letter stands where in the file, as a CSV file for the mailing house."""
        text = io.StringIO(newline="")
        rows = csv.writer(text, delimiter=";")
        rows.writerow(COLUMNS)
        maker = self.env["billing.notice.maker"]
        for number, (letter, first, last) in enumerate(self.places, start=1):
            pages = last - first + 1
            sheets = (pages + 1) // 2 if self.two_sided else pages
            payer = letter.partner_id
            name, *address = maker._recipient(payer, letter.company_id)
            address = (address + [""] * ADDRESS_LINES)[:ADDRESS_LINES]
            document, kind = letter._print_names()
            cells = (document, name, *address, payer.zip, payer.city, payer.country_id.code, kind)
            rows.writerow([file_name, number, first, last, pages, sheets, *map(_harmless, cells)])
        return text.getvalue().encode("utf-8-sig")


class _OurPages(Together):
    def content(self):
        return super().content() if self.page_count else b""


class _OtherPages:
    """PDFs of other programs."""

    def __init__(self):
        self._writer = PdfFileWriter()
        self._box = None

    def add(self, content):
        pages = list(PdfFileReader(io.BytesIO(content or b""), strict=False).pages)
        for page in pages:
            self._writer.addPage(page)
            self._box = page.mediabox
        return len(pages)

    def blank(self):
        self._writer.add_blank_page(width=self._box.width, height=self._box.height)

    def content(self):
        if not self._writer.pages:
            return b""
        with io.BytesIO() as stream:
            self._writer.write(stream)
            return stream.getvalue()


def _harmless(cell):
    """A text that no spreadsheet takes for a formula."""
    text = cell or ""
    return f"'{text}" if text.startswith(tuple(_FORMULA)) else text
