import base64

from odoo import api, models

from . import arguments
from .billing_api import amount_text, day_text
from .faults import faults

MOST_ROWS = 5000
ROW_FIELDS = (
    "member_number",
    "payer_number",
    "external_id",
    "contract_id",
    "member_id",
    "product",
    "plan",
    "description",
    "quantity",
    "amount",
)


class BillingApi(models.AbstractModel):
    """One-off invoices, and what an invoice will look like, for other programs."""

    _inherit = "billing.api"

    @api.model
    def make_invoices(
        self,
        rows: list,
        name: str = "",
        date: str = "",
        due_date: str = "",
        unreached: bool = False,
        preview: bool = False,
        external_id: str = "",
    ) -> dict:
        """One-off invoices: each row is one line for one recipient, rows of a recipient share an
        invoice. For billing users, and for association administrators for their own members.

        :param rows: mappings that name the recipient by one of ``member_number``,
            ``payer_number``, ``external_id``, ``contract_id`` or ``member_id``, and what is
            invoiced by ``product`` (internal reference), ``plan`` (code) or ``description``;
            ``amount`` is the price of one (``"450.00"``; product and plan have their own),
            ``quantity`` is 1 unless given
        :param name: how the office finds these invoices again
        :param date: invoice date, empty: today; ``due_date`` empty: by the terms of the plans
        :param unreached: also those whom no channel reaches but the portal
        :param preview: make nothing, only tell
        :param external_id: what you call these invoices: the same call again makes nothing more
            and returns what was made
        :return: ``one_off_id`` (0 after a preview), ``state`` (``preview``, ``confirmed`` while
            a large number is made in the background, ``done``), ``invoices`` (rows of
            :meth:`list_invoices`), ``recipients`` (rows of ``rows``, ``payer_id``, ``payer_name``,
            ``amount``, ``channel``, ``means``, ``state``, ``reason``, ``problem``), ``amount``
        """
        self._check_internal()
        one_offs = self.env["billing.one.off"]
        one_offs.check_access("create")
        with faults(self.env):
            rows = [self._cells(row) for row in arguments.rows("rows", rows, most=MOST_ROWS)]
            vals = {
                "name": arguments.text("name", name) or self.env._("One-off invoices"),
                "unreached": arguments.flag("unreached", unreached),
                "date_due": arguments.day("due_date", due_date) or False,
            }
            if day := arguments.day("date", date):
                vals["date"] = day
            preview = arguments.flag("preview", preview)
            external_id = arguments.text("external_id", external_id)
        if external_id and not preview:
            vals["external_id"] = external_id
            known = [("external_id", "=", external_id), ("company_id", "=", self.env.company.id)]
            if one_off := one_offs.search(known):
                return self._one_off_answer(one_off)
        one_off = one_offs._from_rows(vals, rows, "rows")
        if not preview and one_off.bill_count:
            one_off.action_confirm()
        answer = self._one_off_answer(one_off)
        if preview:
            one_off.sudo().unlink()
            answer["one_off_id"] = 0
        return answer

    @api.model
    def preview_invoice(self, invoice_id: int, pdf: bool = False) -> dict:
        """An invoice, draft or posted, as its payer gets it. Nothing is changed.

        :param pdf: with the paper
        :return: ``problems`` (why a draft cannot be posted), ``number``, ``reference`` (both
            empty or provisional while it is a draft), ``payer_id``, ``payer_name``, ``date``,
            ``due_date``, ``currency``, ``amount``, ``amount_open``, ``lines`` (rows of ``text``,
            ``quantity``, ``price``, ``amount``), ``means``, ``channel``, ``email_to``,
            ``email_subject``, ``email_body`` (HTML), ``sms_to``, ``sms_text``, ``pdf`` (base64)
        """
        self._check_preview()
        with faults(self.env):
            invoice = self._row("account.move", "invoice_id", invoice_id)
            pdf = arguments.flag("pdf", pdf)
        return self._preview_row(self.env["billing.preview.maker"]._of_invoice(invoice), pdf)

    @api.model
    def next_invoice(self, contract_id: int = 0, external_id: str = "", pdf: bool = False) -> dict:
        """The next invoice of a contract, as billing would make it now. Nothing is changed, no
        number or reference is used up.

        :return: as :meth:`preview_invoice`; ``problems`` says why there is none
        """
        self._check_preview()
        with faults(self.env):
            contract = self._contract(contract_id, external_id)
            pdf = arguments.flag("pdf", pdf)
        contract.check_access("read")
        return self._preview_row(self.env["billing.preview.maker"]._of_next(contract), pdf)

    # ------------------------------------------------------------------ helpers

    def _check_preview(self):
        self._check_internal()
        self.env["billing.preview"].check_access("create")

    def _cells(self, row):
        """A row as the cells of a list: texts, and ids as whole numbers."""
        row = arguments.mapping("rows", row, ROW_FIELDS)
        cells = {
            name: arguments.whole(name, row[name])
            for name in ("contract_id", "member_id")
            if name in row
        }
        for name in set(row) - set(cells) - {"quantity", "amount"}:
            cells[name] = arguments.text(name, row[name])
        for name in ("quantity", "amount"):
            if row.get(name) not in (None, False, ""):
                cells[name] = str(arguments.number(name, row[name]))
        return cells

    def _one_off_answer(self, one_off):
        lines = one_off.sudo().line_ids
        invoices = lines.invoice_id.with_env(self.env)
        return {
            "one_off_id": one_off.id,
            "state": one_off.state,
            "amount": amount_text(one_off.amount_total),
            "invoices": [self._invoice_row(invoice.sudo()) for invoice in invoices],
            "recipients": [
                {
                    "rows": [int(number) for number in (line.source or "").split(", ") if number],
                    "payer_id": line.payer_id.id or 0,
                    "payer_name": line.payer_id.name or "",
                    "amount": amount_text(line.amount),
                    "channel": line.channel or "",
                    "means": line.means or "",
                    "state": line.state,
                    "reason": line.problem_kind or "",
                    "problem": line.problem or "",
                }
                for line in lines
            ],
        }

    def _preview_row(self, preview, pdf):
        email = preview.email
        return {
            "problems": list(preview.problems),
            "number": preview.number,
            "reference": "" if preview.is_specimen else preview.reference,
            "payer_id": preview.payer_id,
            "payer_name": preview.payer,
            "date": day_text(preview.date),
            "due_date": day_text(preview.date_due),
            "currency": self.env["res.currency"].browse(preview.currency_id or []).name or "",
            "amount": amount_text(preview.amount),
            "amount_open": amount_text(preview.amount_open),
            "lines": [
                {
                    "text": line.text,
                    "quantity": f"{line.quantity:g}",
                    "price": amount_text(line.price),
                    "amount": amount_text(line.amount),
                }
                for line in preview.lines
            ],
            "means": preview.means,
            "channel": preview.channel,
            "email_to": email.to if email else "",
            "email_subject": email.subject if email else "",
            "email_body": email.body if email else "",
            "sms_to": preview.sms_to,
            "sms_text": preview.sms_text,
            "pdf": base64.b64encode(preview.pdf).decode() if pdf else "",
        }
