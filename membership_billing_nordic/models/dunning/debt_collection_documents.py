"""The invoices and letters that an agency gets with its cases, and what is kept of a file."""

import base64
import io
import zipfile
from dataclasses import replace
from pathlib import PurePath

from odoo import api, fields, models
from odoo.tools import split_every

from ...formats import collection_exchange as exchange
from .debt_collection_writing import case_record

_CHUNK = 20


class DebtCollectionAgency(models.Model):
    _inherit = "debt.collection.agency"

    sends_documents = fields.Boolean(
        string="Invoices and Letters as PDF",
        help="New cases go as a ZIP archive: the file, and the PDF of each invoice and of each "
        "letter beside it.",
    )


class AccountMove(models.Model):
    _inherit = "account.move"

    def _mbn_pdf(self):
        """The PDF of the invoice, made and kept where there is none yet; empty when it fails."""
        self.ensure_one()
        invoice = self.sudo().with_context(bin_size=False)
        if not invoice.invoice_pdf_report_file:
            report = self.env["ir.actions.report"].sudo().with_company(invoice.company_id)
            content, kind = report._render_qweb_pdf("account.account_invoices", invoice.ids)
            if kind != "pdf" or not content:
                return b""
            invoice.invoice_pdf_report_file = base64.b64encode(content)
        return base64.b64decode(invoice.invoice_pdf_report_file)


class DebtCollectionFile(models.Model):
    _inherit = "debt.collection.file"

    redacted_on = fields.Datetime(
        string="Numbers Taken Out On",
        readonly=True,
        help="Since then what is kept is without identity numbers, dates of birth and documents. "
        "Size and fingerprint are those of the file as it was sent.",
    )

    # ------------------------------------------------------------------ documents

    @api.model
    def _make_documents(self):
        """Finish files whose documents are missing. What was made before is not made again."""
        for file in self.search([("state", "=", "making")], order="id"):
            file, agency = file._in_company(), file.agency_id._in_company()
            invoices = file.case_ids.line_ids.invoice_id
            missing = invoices.filtered(lambda invoice: not invoice.sudo().invoice_pdf_report_id)
            for ids in split_every(_CHUNK, missing.ids):
                with agency._isolated(file):
                    for invoice in missing.browse(ids):
                        invoice._mbn_pdf()
                self.env["ir.cron"]._commit_progress(0)
            with agency._isolated(file):
                file._gather_documents()
            self.env["ir.cron"]._commit_progress(1)

    def _gather_documents(self):
        """Put the file into an archive with the documents its records name, and let it be sent."""
        records, documents = [], {}
        for case in self.case_ids.sorted("id"):
            found = self._documents_of(case)
            named = [(exchange.attachment(name, content), content) for name, content in found]
            documents |= {row.name: content for row, content in named}
            records.append(
                replace(
                    case_record(case),
                    attachments=tuple(row for row, _content in named),
                    notice_copy_attached=bool(case._notices().filtered("content")),
                )
            )
        content = self._bytes_of(records)
        self._store(exchange.pack(self._inner_name(), content, documents))
        self.write({"state": "queued", "problem": False})
        self._refresh_desk()

    def _documents_of(self, case):
        """[(name, content)] of the invoices and letters of a case."""
        invoices = [
            (f"{case.name} {invoice.name}.pdf", invoice._mbn_pdf())
            for invoice in case.line_ids.invoice_id
        ]
        letters = case.line_ids.claim_id._ladder_lines().letter_id.with_context(bin_size=False)
        kept = [
            (f"{case.name} {letter.name}.pdf", base64.b64decode(letter.content))
            for letter in letters
            if letter.content
        ]
        return [(name, content) for name, content in [*invoices, *kept] if content]

    def _inner_name(self):
        suffix = "jsonl" if self.agency_id.layout == "json" else "csv"
        return str(PurePath(self.name).with_suffix(f".{suffix}"))

    # ------------------------------------------------------------------ what is kept

    def _redact_done(self):
        """Take identity numbers, dates of birth and documents out of files of cases that are over."""
        files = self.search(
            [
                ("kind", "=", "cases"),
                ("state", "in", ("sent", "refused", "discarded")),
                ("redacted_on", "=", False),
                ("sealed_with", "!=", False),
            ]
        )
        for file in files.filtered(lambda file: not any(file.case_ids.mapped("is_open"))):
            file._redact()

    def _redact(self):
        content = self._bytes()
        if not content:
            return
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = archive.read(self._inner_name())
        sheet, _faults = exchange.read(content)
        records = [
            replace(case, identity_no="", birth_date=None, attachments=()) for case in sheet.records
        ]
        self._seal(self._bytes_of(records))
        self.redacted_on = fields.Datetime.now()
