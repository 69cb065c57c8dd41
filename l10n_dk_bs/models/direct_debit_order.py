from decimal import Decimal

from odoo import models

from ..formats.advice import amount_lines


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    def _dk_advice(self):
        """What stands on the payment overview, in the payer's language: lines of 60 characters."""
        self.ensure_one()
        if not self._is_notified_by_bank():
            return []
        order = self.with_context(lang=self.partner_id.lang or self.env.lang)
        return [text for row in order.line_ids for text in row._dk_advice()]


class DirectDebitOrderLine(models.Model):
    _inherit = "direct.debit.order.line"

    def _dk_advice(self):
        """The invoice, its lines with their amounts, and what of it is collected."""
        invoice = self.invoice_id
        texts = [self.env._("Invoice %(name)s", name=invoice.name or "")]
        for line in invoice.invoice_line_ids.filtered(lambda row: row.display_type == "product"):
            texts += amount_lines(line.name or "", _exact(line.price_total))
        if invoice.amount_tax:
            vat = f"{invoice.amount_tax:.2f}".replace(".", ",")
            texts.append(self.env._("VAT included: %(amount)s", amount=vat))
        if invoice.currency_id.compare_amounts(self.amount, invoice.amount_total):
            is_form = self.order_id.is_form
            now = self.env._("To be paid now") if is_form else self.env._("Collected of it now")
            texts += amount_lines(now, _exact(self.amount))
        return texts


def _exact(amount):
    return Decimal(f"{amount:.2f}")
