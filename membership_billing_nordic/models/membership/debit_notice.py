"""The notice before a debit is the invoice: it tells amount and day, and is logged when sent."""

from odoo import api, models

_ON_ITS_WAY = ("waiting", "print", "failed")


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    def _send_notice(self):
        """Send the invoices of these debits, which tell the day of the debit.

        What waits to be sent tells it anyway; what could not be sent is on its way already.
        """
        result = super()._send_notice()
        invoices = self.filtered(lambda order: not order.notified_on).line_ids.invoice_id
        invoices.filtered(lambda move: move.mbn_send_state not in _ON_ITS_WAY)._mbn_queue_again()
        return result


class BillingDelivery(models.Model):
    _inherit = "billing.delivery"

    @api.model_create_multi
    def create(self, vals_list):
        deliveries = super().create(vals_list)
        deliveries._note_debit_notice()
        return deliveries

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") == "sent":
            self._note_debit_notice()
        elif vals.get("state") in ("failed", "bounced"):
            self._forget_debit_notice()
        return result

    def _note_debit_notice(self):
        """The payers know of the debits of the invoices that reached them."""
        sent = self.filtered(lambda row: row.document == "invoice" and row.state == "sent")
        for company, deliveries in sent.grouped("company_id").items():
            orders = deliveries.move_id._mbn_live_orders()
            orders._notice_sent(company._billing_today())

    def _forget_debit_notice(self):
        """What came back told nobody, unless the debit is in a file already."""
        orders = self.filtered(lambda row: row.document == "invoice").move_id._mbn_live_orders()
        orders.filtered(lambda order: order.state == "planned").notified_on = False


class AccountMove(models.Model):
    _inherit = "account.move"

    def _mbn_debit_day_print(self):
        """The day of the debit for the printed invoice; empty when nothing will be debited."""
        self.ensure_one()
        return self.state == "posted" and self.mbn_debit_date
