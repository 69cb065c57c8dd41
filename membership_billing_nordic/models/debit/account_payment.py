from odoo import models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _mbn_surplus(self):
        """What of this incoming payment no invoice takes, in its currency."""
        self.ensure_one()
        claims = self.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        )
        return -sum(claims.mapped("amount_residual_currency"))

    def _mbn_report_surplus(self):
        """Put online payments on the desk of which more came than was open."""
        for one in self:
            # The desk is not the payer's, whose language this may be.
            payment = one.with_context(lang=one.company_id.partner_id.lang)
            surplus = payment._mbn_surplus()
            if payment.currency_id.compare_amounts(surplus, 0) <= 0:
                continue
            self.env["billing.exception"]._open(
                payment,
                "payment_surplus",
                payment.env._(
                    "%(payer)s paid %(invoices)s online, and %(amount)s more than was open",
                    payer=payment.partner_id.display_name,
                    invoices=", ".join(payment.invoice_ids.mapped("name")),
                    amount=payment.currency_id.format(surplus),
                ),
                payment.env._(
                    "Pay it back, from the payment's online transaction where the provider can, "
                    "or use it for another invoice of the payer."
                ),
            )

    def _mbn_follow_surplus(self):
        """Take those off the desk of which nothing is left."""
        rows = self.env["billing.exception"]._open_rows(self, "payment_surplus")
        for payment in self.browse(rows.mapped("res_id")):
            if payment.currency_id.is_zero(payment._mbn_surplus()):
                rows._close(payment, "payment_surplus")
