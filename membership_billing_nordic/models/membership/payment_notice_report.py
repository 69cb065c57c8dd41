"""The payment notice as a report of invoices, and as the invoice PDF that goes out."""

import io
from collections import OrderedDict

from odoo import api, fields, models
from odoo.exceptions import UserError

NOTICE = "membership_billing_nordic.payment_notice"
ACTION = "membership_billing_nordic.report_payment_notice"
SALE_TYPES = ("out_invoice", "out_refund", "out_receipt")


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_invoice_pdf = fields.Selection(
        [("odoo", "Odoo's invoice"), ("notice", "Payment notice")],
        string="Invoice PDF",
        default="odoo",
        required=True,
        help="The paper that goes out by e-mail and letter and is on the portal. Payment notice: "
        "with the payment part of your bank agreement. A report chosen for a journal or customer "
        "goes before.",
    )
    mbn_print_two_sided = fields.Boolean(
        string="Print Letters on Both Sides",
        help="Each letter of a print bundle begins on the front of a sheet; backs stay blank.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_invoice_pdf = fields.Selection(related="company_id.mbn_invoice_pdf", readonly=False)
    mbn_print_two_sided = fields.Boolean(related="company_id.mbn_print_two_sided", readonly=False)


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _is_payment_notice(self, report_ref):
        return self._get_report(report_ref).sudo().report_name == NOTICE

    def _notice_invoices(self, res_ids):
        """The invoices to draw, as far as they have a notice and the user may read them."""
        moves = self.env["account.move"].browse(res_ids)
        moves.check_access("read")
        if not moves or any(move.move_type not in SALE_TYPES for move in moves):
            raise UserError(
                self.env._("Only invoices and credit notes to customers have a payment notice.")
            )
        return moves

    def _pre_render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        if not self._is_payment_notice(report_ref):
            return super()._pre_render_qweb_pdf(report_ref, res_ids=res_ids, data=data)
        maker = self.env["billing.notice.maker"]
        streams = OrderedDict()
        for move in self._notice_invoices(_as_list(res_ids)):
            stream = io.BytesIO()
            maker._draw(move, stream)
            streams[move.id] = {"stream": stream, "attachment": None}
        return streams, "pdf"

    def _render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        if not self._is_payment_notice(report_ref):
            return super()._render_qweb_pdf(report_ref, res_ids=res_ids, data=data)
        with io.BytesIO() as stream:
            self.env["billing.notice.maker"]._draw(self._notice_invoices(_as_list(res_ids)), stream)
            return stream.getvalue(), "pdf"

    @api.model
    def _render_qweb_html(self, report_ref, docids, data=None):
        if not self._is_payment_notice(report_ref):
            return super()._render_qweb_html(report_ref, docids, data=data)
        # There is no page to look at but the paper itself, shown by the browser.
        ids = ",".join(str(one) for one in self._notice_invoices(_as_list(docids)).ids)
        html = (
            f'<html><body style="margin: 0"><embed src="/report/pdf/{NOTICE}/{ids}" '
            'type="application/pdf" style="width: 100%; height: 100vh"/></body></html>'
        )
        return html.encode(), "html"


class AccountMove(models.Model):
    _inherit = "account.move"

    def _mbn_as_notice(self):
        """Those of these invoices whose PDF is the payment notice."""
        notice = self.env.ref(ACTION)
        sender = self.env["account.move.send"]
        return self.filtered(
            lambda move: (
                move.move_type in SALE_TYPES and sender._get_default_pdf_report_id(move) == notice
            )
        )

    def _get_invoice_pdf_proforma(self):
        if not self._mbn_as_notice() or self.state != "posted":
            return super()._get_invoice_pdf_proforma()
        content, _type = self.env["ir.actions.report"].sudo()._render_qweb_pdf(ACTION, self.ids)
        return {
            "filename": self._get_invoice_report_filename(report=self.env.ref(ACTION)),
            "filetype": "pdf",
            "content": content,
        }


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_default_pdf_report_id(self, move):
        chosen = (
            move.commercial_partner_id.with_company(move.company_id).invoice_template_pdf_report_id
            or move.journal_id.with_company(move.company_id).invoice_template_pdf_report_id
        )
        wanted = move.company_id.sudo().mbn_invoice_pdf == "notice"
        if wanted and not chosen and move.move_type in SALE_TYPES:
            return self.env.ref(ACTION)
        return super()._get_default_pdf_report_id(move)


def _as_list(ids):
    return [ids] if isinstance(ids, int) else list(ids or [])
