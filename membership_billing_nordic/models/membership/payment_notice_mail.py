"""The e-mail that brings an invoice says what its payment notice says, in the same layout."""

from odoo import api, fields, models
from reportlab.lib.colors import HexColor

from ...notices.document import ink_on
from .payment_notice_report import SALE_TYPES

_TEMPLATE = "membership_billing_nordic.mail_template_notice"
_LAYOUT = "membership_billing_nordic.mail_layout_notice"


class BillingDocumentLayout(models.Model):
    _inherit = "billing.document.layout"

    def _logo_url(self, company, association):
        """Where a mail program finds the logo that the paper has; empty when it has none."""
        layout = self.sudo()
        owners = (
            layout.filtered("association_id"),
            association.sudo()._nearest_with("logo"),
            layout,
        )
        base = company.get_base_url()
        for owner in owners:
            stored = owner and self.env["ir.attachment"].sudo().search(
                [
                    ("res_model", "=", owner._name),
                    ("res_field", "=", "logo"),
                    ("res_id", "=", owner.id),
                ],
                limit=1,
            )
            if stored:
                (token,) = stored.generate_access_token()
                return f"{base}/web/image/{stored.id}?access_token={token}"
        return "" if company.uses_default_logo else f"{base}/logo.png?company={company.id}"


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_mail_notice = fields.Json(
        string="Payment Notice for E-mails",
        compute="_compute_mbn_mail_notice",
        help="What the payment notice says, for the e-mail that brings it.",
    )

    @api.depends_context("lang")
    @api.depends("partner_id", "amount_residual", "state", "line_ids", "payment_reference")
    def _compute_mbn_mail_notice(self):
        maker = self.env["billing.notice.maker"]
        self.mbn_mail_notice = False
        invoices = self.filtered(lambda move: move.move_type in SALE_TYPES and move.id)
        batch = maker._batch(invoices) if invoices else None
        for move in invoices:
            move.mbn_mail_notice = maker._mail_facts(move, batch)


class BillingNoticeMaker(models.AbstractModel):
    _inherit = "billing.notice.maker"

    def _mail_facts(self, move, batch):
        """What the notice of ``move`` says, as plain values for a template."""
        lang = move.partner_id.lang or self.env.lang or "en_US"
        maker, move = self.with_context(lang=lang), move.with_context(lang=lang)
        about, style, _typefaces = maker._about(move, batch, None)
        notice = maker._write(about, style)
        text, _quantity, _price, amount = notice.columns
        return {
            "title": notice.title,
            "sender": notice.sender[0],
            "logo": about.layout._logo_url(about.company, move.sudo().mbn_association_id),
            "primary": style.primary,
            "secondary": style.secondary,
            "on_primary": f"#{ink_on(HexColor(style.primary)).hexval()[2:]}",
            "opening": notice.opening.splitlines(),
            "columns": [text, amount],
            "rows": [[row.text.splitlines(), row.amount] for row in notice.rows],
            "totals": [[total.label, total.value, total.strong] for total in notice.totals],
            "boxed": notice.boxed,
            "pay": maker._mail_pay(about) if notice.part else [],
            "link": move.get_base_url() + move.sudo().get_portal_url(),
            "closing": notice.closing.splitlines(),
            "foot": [", ".join(column) for column in notice.foot if column],
        }

    def _mail_pay(self, about):
        """By when, to which account and with which reference it is paid: (label, value) pairs."""
        move, agreement = about.move, about.agreement
        numbers = agreement._own_numbers()
        account = move.partner_bank_id.sudo().acc_number
        if not numbers and account:
            numbers = [(self.env._("Account"), account)]
        rows = [
            (self.env._("Due date"), about.write.date(move.invoice_date_due)),
            *numbers,
            (agreement._reference_label(), move.payment_reference),
        ]
        return [[label, str(value)] for label, value in rows if value]


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_default_mail_template_id(self, move):
        if not move._mbn_as_notice():
            return super()._get_default_mail_template_id(move)
        own = self.env.ref(_TEMPLATE, raise_if_not_found=False)
        return own or super()._get_default_mail_template_id(move)

    @api.model
    def _send_mail(self, move, mail_template, **kwargs):
        is_own = mail_template and mail_template == self.env.ref(
            _TEMPLATE, raise_if_not_found=False
        )
        sender = self.with_context(mbn_mail_layout=_LAYOUT) if is_own else self
        return super(AccountMoveSend, sender)._send_mail(move, mail_template, **kwargs)

    @api.model
    def _get_mail_layout(self):
        return self.env.context.get("mbn_mail_layout") or super()._get_mail_layout()


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    layout_text = fields.Text(
        compute="_compute_layout_text",
        help="What the document layout says at the end of letters of this kind.",
    )

    @api.depends("kind", "partner_id")
    def _compute_layout_text(self):
        for letter in self:
            letter.layout_text = letter._layout_text()
