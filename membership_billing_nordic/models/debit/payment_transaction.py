from datetime import timedelta

from odoo import api, fields, models

from .billing_payment_attempt import BYSTANDERS

# So long a payer may sit at the provider's page; no debit is sent meanwhile.
FRESH = timedelta(hours=1)


class PaymentTransaction(models.Model):
    """Online payments of invoices that may be collected as well: nobody pays twice."""

    _inherit = "payment.transaction"

    mbn_attempt_ids = fields.One2many(
        "billing.payment.attempt",
        "transaction_id",
        string="Attempts",
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
    )

    @api.model_create_multi
    def create(self, vals_list):
        transactions = super().create(vals_list)
        self.env["billing.payment.attempt"]._note(transactions)
        return transactions

    # ------------------------------------------------------------------ which

    def _mbn_paying(self):
        """Those that bring money by themselves."""
        return self.filtered(
            lambda one: (
                one.provider_code not in BYSTANDERS
                and one.operation not in ("validation", "refund")
            )
        )

    def _mbn_invoices(self):
        """The guarded invoices that these pay, or that a payment is captured for in parts."""
        paying = self._mbn_paying().sudo()
        return (paying | paying.source_transaction_id).invoice_ids._mbn_guarded()

    def _mbn_has_money(self):
        """Is money on its way, or here and not in the books yet?"""
        self.ensure_one()
        if self.state == "done":
            payment = self.payment_id
            return not self.is_post_processed or (
                payment.state == "in_process" and not payment.move_id
            )
        return self.state in ("pending", "authorized")

    def _mbn_is_fresh_draft(self):
        """May the payer be at the provider's page just now?"""
        self.ensure_one()
        return self.state == "draft" and self.last_state_change > fields.Datetime.now() - FRESH

    # ------------------------------------------------------------------ states

    def _set_done(self, *, state_message=None, extra_allowed_states=()):
        # Money that has arrived is booked, although the attempt was given up.
        ours = self.filtered(lambda one: one._mbn_invoices())
        done = super(PaymentTransaction, ours)._set_done(
            state_message=state_message, extra_allowed_states=(*extra_allowed_states, "cancel")
        )
        return done | super(PaymentTransaction, self - ours)._set_done(
            state_message=state_message, extra_allowed_states=extra_allowed_states
        )

    def _set_error(self, state_message, extra_allowed_states=()):
        # A wrong amount of a payment that was given up must not pass as the right one.
        ours = self.filtered(lambda one: one._mbn_invoices())
        wrong = super(PaymentTransaction, ours)._set_error(
            state_message, extra_allowed_states=(*extra_allowed_states, "cancel")
        )
        return wrong | super(PaymentTransaction, self - ours)._set_error(
            state_message, extra_allowed_states=extra_allowed_states
        )

    def _update_state(self, allowed_states, target_state, state_message):
        authorized = self.filtered(lambda one: one.state == "authorized")
        changed = super()._update_state(allowed_states, target_state, state_message)
        changed.sudo().mbn_attempt_ids.answer = False
        if target_state in ("authorized", "done"):
            for transaction in changed:
                transaction._mbn_invoices()._mbn_paid_online(transaction.amount)
        elif target_state in ("cancel", "error"):
            (changed & authorized)._mbn_invoices()._mbn_not_paid_online()
        return changed

    # ------------------------------------------------------------------ surplus

    def _post_process(self):
        result = super()._post_process()
        for transaction in self._mbn_paying():
            if transaction.state == "done" and transaction._mbn_invoices():
                transaction.payment_id._mbn_report_surplus()
        return result
