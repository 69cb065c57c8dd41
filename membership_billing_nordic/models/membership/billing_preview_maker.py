"""What a payer will get: an invoice as paper, e-mail, SMS and on the portal, before it is sent."""

import io
from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.pdf import PdfFileReader, PdfFileWriter
from reportlab.pdfgen import canvas

from ..common.rehearsal import rehearsal
from .billing_pricing import LeftOutError
from .payment_notice_report import SALE_TYPES

MARK_GREY = 0.82
MARK_DEGREES = 50


class PreviewLine(NamedTuple):
    """One line of the invoice, as the payer reads it."""

    text: str
    quantity: float
    price: float
    amount: float  # tax included


class EmailPreview(NamedTuple):
    """The e-mail: ``to`` is empty where the payer has no usable address."""

    to: str
    subject: str
    body: str  # HTML
    attachments: tuple[str, ...]


class InvoicePreview(NamedTuple):
    """An invoice as its payer gets it. ``problems``: why it cannot be made as it is."""

    problems: tuple[str, ...] = ()
    is_made: bool = False  # the invoice exists and is posted
    number: str = ""
    reference: str = ""
    is_specimen: bool = False  # the invoice will have another reference of this shape
    payer_id: int = 0
    payer: str = ""
    address: str = ""
    date: object = None
    date_due: object = None
    currency_id: int = 0
    amount: float = 0.0
    amount_open: float = 0.0
    lines: tuple[PreviewLine, ...] = ()
    means: str = ""
    channel: str = ""  # key of ``invoice_sending_method``; empty: nothing is sent
    channel_text: str = ""
    pdf: bytes = b""
    pdf_name: str = ""
    pdf_problem: str = ""
    email: EmailPreview | None = None
    sms_to: str = ""
    sms_text: str = ""


class BillingPreviewMaker(models.AbstractModel):
    """Previews invoices by making them: posting, drawing and sending are the real ones.

    All of it is a rehearsal that is rolled back. An invoice that is not posted yet has no number
    in its preview, and a specimen of a reference: what it will get may meanwhile go to another.
    """

    _name = "billing.preview.maker"
    _description = "Invoice Preview"

    @api.model
    def _of_invoice(self, invoice):
        """The :class:`InvoicePreview` of an invoice that exists, draft or posted.

        The caller has checked that the user may read it.

        :raise UserError: it is no invoice to a customer
        """
        if invoice.move_type not in SALE_TYPES:
            raise UserError(
                self.env._("Only invoices and credit notes to customers are previewed.")
            )
        with rehearsal(self._in_office(invoice)) as move:
            is_made, is_numbered, problems = move.state != "draft", move.posted_before, ()
            if not is_made:
                problems = self._post(move)
            return self.with_env(move.env)._read(move, is_made, is_numbered, problems)

    @api.model
    def _of_next(self, contract):
        """The :class:`InvoicePreview` of the next invoice of ``contract``, by the billing itself.

        The caller has checked that the user may read the contract.
        """
        return self._of_made(contract, lambda contract: contract._make_next_invoice())

    @api.model
    def _of_made(self, record, make):
        """The :class:`InvoicePreview` of what ``make`` makes in a rehearsal.

        :param make: gets ``record`` of the rehearsal, returns the posted invoice; may raise
            LeftOutError or UserError, which are then the problem
        """
        with rehearsal(self._in_office(record)) as rehearsed:
            try:
                with rehearsed.env.cr.savepoint():
                    move = make(rehearsed)
            except (LeftOutError, UserError) as error:
                return InvoicePreview(problems=(str(error),))
            return self.with_env(move.env)._read(move, False, False, ())

    def _in_office(self, record):
        company = record.company_id
        office = record.sudo().with_company(company).with_context(**company._billing_context())
        return office.with_context(mbn_reader_lang=self.env.lang)

    def _post(self, draft):
        """Post a draft; the reasons why that cannot be done."""
        try:
            with draft.env.cr.savepoint():
                draft.action_post()
        except UserError as error:
            return (str(error),)
        return ()

    # ------------------------------------------------------------------ reading it

    def _read(self, move, is_made, is_numbered, problems):
        def look(part):
            self._hide_numbers(move, is_numbered)
            return part(move, is_made)

        facts = look(self._facts)
        pdf, pdf_problem = look(self._paper)
        return facts._replace(
            problems=problems,
            pdf=pdf,
            pdf_problem=pdf_problem,
            sms_text=look(self._sms),
            email=look(self._email),
        )

    def _hide_numbers(self, move, is_numbered):
        """Let ``move`` be read without the number and the reference that it will not have.

        Only what is read is changed, not what is stored.
        """
        if is_numbered or move.state != "posted":
            return
        self.env.flush_all()
        shown = {
            "payment_reference": move.mbn_reference_id._specimen(),
            "name": self.env._("Preview"),
        }
        for name, value in shown.items():
            field = move._fields[name]
            field._update_cache(move, field.convert_to_cache(value, move, validate=False))

    def _facts(self, move, is_made):
        payer = move.partner_id
        reader = self.with_context(lang=self.env.context.get("mbn_reader_lang"))
        channel, channel_text = reader._channel(move)
        given = move.mbn_reference_id
        return InvoicePreview(
            is_made=is_made,
            number=move.name or "",
            reference=move.payment_reference or "",
            is_specimen=bool(given.layout_id) and given.printed != move.payment_reference,
            payer_id=payer.id,
            payer=payer.name or "",
            address=payer._mbn_letter_address(),
            date=move.invoice_date,
            date_due=move.invoice_date_due,
            currency_id=move.currency_id.id,
            amount=move.amount_total,
            amount_open=move.amount_residual,
            lines=tuple(self._lines(move)),
            means=reader._means(move),
            channel=channel,
            channel_text=channel_text,
            pdf_name=f"{(move.name or 'preview').replace('/', '-')}.pdf",
            sms_to=payer._mbn_sms_address(),
        )

    def _lines(self, move):
        for line in move.invoice_line_ids.sorted(lambda line: (line.sequence, line.id)):
            if line.display_type == "product":
                yield PreviewLine(line.name or "", line.quantity, line.price_unit, line.price_total)
            else:
                yield PreviewLine(line.name or "", 0.0, 0.0, 0.0)

    def _means(self, move):
        day = move._mbn_debit_day_print()
        agreement = move.mbn_agreement_id
        if day:
            return self.env._("Direct debit, %(agreement)s", agreement=agreement.display_name)
        if agreement:
            return self.env._("Payment reference, %(agreement)s", agreement=agreement.display_name)
        return self.env._("Without a bank agreement")

    def _channel(self, move):
        """By which channel it goes, and that in words."""
        payer, company = move.partner_id, move.company_id
        names = dict(self.env["billing.delivery.step"]._selection_channel())
        channels = payer._mbn_delivery_channels(company)
        if not channels:
            return "", self.env._("Nothing is sent: the payer wants it so")
        sender = self.env["billing.invoice.sender"]
        channel = next((one for one in channels if sender._reaches(one, move)), "portal")
        address = payer._mbn_delivery_address(channel)
        text = names.get(channel, channel)
        if address and address != channel:
            text = f"{text}: {address}"
        elif channel == "portal" and channel not in channels:
            text = self.env._("Portal only: no channel reaches the payer")
        return channel, text

    # ------------------------------------------------------------------ paper

    def _paper(self, move, is_made):
        """The PDF and, where there is none, why."""
        if is_made and move.invoice_pdf_report_id:
            return move.invoice_pdf_report_id.raw, ""
        report = self.env["account.move.send"]._get_default_pdf_report_id(move)
        reports = self.env["ir.actions.report"].with_company(move.company_id)
        if not move._mbn_as_notice() and reports.get_wkhtmltopdf_state() == "install":
            return b"", self.env._(
                "This server cannot make PDFs of Odoo's invoice. Install wkhtmltopdf, or choose the "
                "payment notice as invoice PDF in the settings."
            )
        content, kind = reports._render_qweb_pdf(report.report_name, res_ids=move.ids)
        if kind != "pdf":
            return b"", self.env._("The report makes no PDF.")
        return (content if is_made else marked(content, self.env._("PREVIEW"))), ""

    # ------------------------------------------------------------------ e-mail and SMS

    def _email(self, move, is_made):
        """The e-mail as it would be sent; without an address its text only."""
        send = self.env["account.move.send"]
        settings = send._get_default_sending_settings(move, sending_methods={"email"})
        address = move.partner_id._mbn_email_address()
        body = settings["mail_body"] or ""
        if address and move.state == "posted":
            body = self._posted_email(send, move, settings) or body
        names = [one["name"] for one in settings["mail_attachments_widget"] if not one.get("skip")]
        return EmailPreview(
            address, settings["mail_subject"] or "", str(body), tuple(dict.fromkeys(names))
        )

    def _posted_email(self, send, move, settings):
        """The body with all around it that Odoo adds; the mail is never sent."""
        mails = self.env["mail.mail"]
        last = mails.search([], order="id desc", limit=1)
        send._send_mails({move: settings})
        mail = mails.search(
            [("id", ">", last.id or 0), ("model", "=", move._name), ("res_id", "=", move.id)],
            order="id desc",
            limit=1,
        )
        return mail.body_html

    def _sms(self, move, is_made):
        if move.move_type != "out_invoice":
            return ""
        deliveries = self.env["billing.delivery"]
        if not move.mbn_delivery_ids.filtered("code"):
            deliveries._note(move, "sms", code=deliveries._new_code())
            move.invalidate_recordset(["mbn_delivery_ids", "mbn_short_url"], flush=False)
        template = self.env.ref("membership_billing_nordic.sms_template_invoice").sudo()
        return template._render_field("body", move.ids, compute_lang=True)[move.id]


def marked(content, text):
    """``content``, a PDF, with ``text`` written across each of its pages."""
    reader = PdfFileReader(io.BytesIO(content), strict=False)
    writer = PdfFileWriter()
    for number in range(reader.getNumPages()):
        writer.addPage(reader.getPage(number))
        page = writer.getPage(number)
        size = float(page.mediaBox.getWidth()), float(page.mediaBox.getHeight())
        page.mergePage(PdfFileReader(_mark(text, *size), strict=False).getPage(0))
    with io.BytesIO() as stream:
        writer.write(stream)
        return stream.getvalue()


def _mark(text, width, height):
    stream = io.BytesIO()
    page = canvas.Canvas(stream, pagesize=(width, height))
    page.setFillGray(MARK_GREY)
    page.setFillAlpha(0.6)
    page.setFont("Helvetica-Bold", width / 7)
    page.translate(width / 2, height / 2)
    page.rotate(MARK_DEGREES)
    page.drawCentredString(0, 0, text)
    page.save()
    stream.seek(0)
    return stream
