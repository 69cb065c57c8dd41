"""The dialog in which an invoice is looked at as its payer gets it."""

import base64

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang

ROW = Markup('<tr><td class="text-muted text-nowrap ps-0 pe-3">%s</td><td>%s</td></tr>')
LINE = Markup(
    '<tr><td class="ps-0 text-break" style="white-space: pre-line">%s</td>'
    '<td class="text-end text-nowrap">%s</td><td class="text-end text-nowrap">%s</td>'
    '<td class="text-end text-nowrap pe-0">%s</td></tr>'
)
TABLE = Markup('<table class="table table-sm %s mb-3">%s</table>')


class BillingPreview(models.TransientModel):
    """What :class:`BillingPreviewMaker` found, to look at. Nothing follows from it."""

    _name = "billing.preview"
    _description = "Preview of an Invoice"

    move_id = fields.Many2one("account.move", string="Invoice", ondelete="cascade")
    contract_id = fields.Many2one("membership.contract", ondelete="cascade")
    is_made = fields.Boolean()
    problem = fields.Text(help="Why the invoice cannot be made as it is, and what to do.")
    facts = fields.Html(sanitize=False)
    pdf = fields.Binary(attachment=False)
    pdf_name = fields.Char()
    pdf_problem = fields.Char()
    email_to = fields.Char(string="To")
    email_subject = fields.Char(string="Subject")
    email_body = fields.Html(sanitize=False)
    email_attachments = fields.Char(string="Attached")
    sms_to = fields.Char(string="To Number")
    sms_text = fields.Text(string="Text Message")

    @api.model
    def _show(self, preview, title, **about):
        """The action that opens the dialog.

        :param preview: ``InvoicePreview``
        :param about: ``move_id`` or ``contract_id``
        """
        email = preview.email
        shown = self.create(
            about
            | {
                "is_made": preview.is_made,
                "problem": "\n".join(preview.problems),
                "facts": self._facts(preview) if preview.payer_id else False,
                "pdf": base64.b64encode(preview.pdf) if preview.pdf else False,
                "pdf_name": preview.pdf_name,
                "pdf_problem": preview.pdf_problem,
                "email_to": email and email.to,
                "email_subject": email and email.subject,
                "email_body": email and Markup(email.body),  # noqa: S704 - rendered by Odoo
                "email_attachments": email and ", ".join(email.attachments),
                "sms_to": preview.sms_to,
                "sms_text": preview.sms_text,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": self._name,
            "res_id": shown.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _facts(self, preview):
        """Payer, days, way and lines, as tables."""
        currency = self.env["res.currency"].browse(preview.currency_id)

        def money(amount):
            return formatLang(self.env, amount, currency_obj=currency)

        facts = [
            (self.env._("Number"), self._number_text(preview)),
            (self.env._("Payer"), ", ".join(filter(None, (preview.payer, preview.address)))),
            (self.env._("Invoice date"), preview.date and format_date(self.env, preview.date)),
            (self.env._("Due"), preview.date_due and format_date(self.env, preview.date_due)),
            (self.env._("Goes"), preview.channel_text),
            (self.env._("Paid by"), preview.means),
            (self.env._("Reference"), self._reference_text(preview)),
            (self.env._("Amount"), money(preview.amount)),
        ]
        head = LINE % tuple(
            Markup("<b>%s</b>") % text
            for text in (
                self.env._("What for"),
                self.env._("Quantity"),
                self.env._("Price"),
                self.env._("Amount with tax"),
            )
        )
        lines = [
            LINE
            % (
                line.text,
                f"{line.quantity:g}" if line.quantity else "",
                money(line.price) if line.quantity else "",
                money(line.amount) if line.quantity else "",
            )
            for line in preview.lines
        ]
        return TABLE % (
            "table-borderless",
            Markup().join(ROW % fact for fact in facts if fact[1]),
        ) + TABLE % ("", head + Markup().join(lines))

    def _number_text(self, preview):
        has_its_own = preview.reference and not preview.is_specimen
        if preview.is_made or has_its_own:
            return preview.number
        return self.env._("given out when it is made")

    def _reference_text(self, preview):
        if not preview.reference:
            return self.env._("given out when it is made")
        if not preview.is_specimen:
            return preview.reference
        return self.env._(
            "%(reference)s (specimen, nothing can be paid with it; the real one is given out when "
            "the invoice is made)",
            reference=preview.reference,
        )

    def action_portal(self):
        """Show the page of the portal on which the payer sees and pays the invoice."""
        self.check_access("read")
        self.ensure_one()
        if not self.is_made:
            raise UserError(self.env._("The invoice is on the portal as soon as it is made."))
        self.move_id.check_access("read")
        return self.move_id.sudo().preview_invoice() | {"target": "new"}

    def action_change(self):
        """Ask what is to change of the membership."""
        self.check_access("read")
        return self.contract_id.action_change()


class AccountMove(models.Model):
    _inherit = "account.move"

    def action_mbn_preview(self):
        """Show the invoice, draft or posted, exactly as its payer gets it."""
        self.env["billing.preview"].check_access("create")
        self.check_access("read")
        self.ensure_one()
        preview = self.env["billing.preview.maker"]._of_invoice(self)
        return self.env["billing.preview"]._show(
            preview,
            self.env._("Preview of %(invoice)s", invoice=self.display_name),
            move_id=self.id,
        )
