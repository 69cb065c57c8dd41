from datetime import timedelta

from odoo import api, fields, models

from .billing_payment_attempt import BYSTANDERS

# So long a payer may sit at the provider's page; no debit is sent meanwhile.
FRESH = timedelta(hours=1)


class WrongAmount(Exception):
    """The provider names another amount than ours, for a payment that had failed already."""


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

    def _mbn_begins_again(self):
        """Those that failed and may be under way after all, as nothing else pays their invoices.

        What payers have only begun meanwhile is given up for them.
        """
        back = self.browse()
        for one in self.filtered(lambda row: row.state == "error"):
            others = self.env["billing.payment.attempt"]._live_of(one._mbn_invoices())
            if any(other._mbn_has_money() for other in others.transaction_id):
                continue
            others.transaction_id._set_canceled(
                state_message=self.env._("Another payment is under way.")
            )
            back |= one
        self.env.flush_all()  # an invoice has one live attempt
        return back.filtered(lambda row: row._mbn_invoices())

    # ------------------------------------------------------------------ states

    def _process(self, provider_code, payment_data):
        try:
            return super()._process(provider_code, payment_data)
        except WrongAmount as refusal:
            return refusal.args[0].with_env(self.env)

    def _validate_amount(self, payment_data):
        return super(PaymentTransaction, self.with_context(mbn_validates=True))._validate_amount(
            payment_data
        )

    def _set_pending(self, *, state_message=None, extra_allowed_states=()):
        # A failure may be taken back by the provider.
        ours = self._mbn_begins_again()
        pending = super(PaymentTransaction, ours)._set_pending(
            state_message=state_message, extra_allowed_states=(*extra_allowed_states, "error")
        )
        return pending | super(PaymentTransaction, self - ours)._set_pending(
            state_message=state_message, extra_allowed_states=extra_allowed_states
        )

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
        validates = self.env.context.get("mbn_validates")
        unpaid = ours.filtered(lambda one: validates and one.state != "done")
        failed = unpaid.filtered(lambda one: one.state == "error")
        wrong = super(PaymentTransaction, ours)._set_error(
            state_message, extra_allowed_states=(*extra_allowed_states, "cancel")
        )
        unpaid._mbn_put_on_desk("wrong")
        if failed:
            # The core looks whether the state changes, and else goes on and books it.
            raise WrongAmount(failed)
        return wrong | super(PaymentTransaction, self - ours)._set_error(
            state_message, extra_allowed_states=extra_allowed_states
        )

    def _update_state(self, allowed_states, target_state, state_message):
        authorized = self.filtered(lambda one: one.state == "authorized")
        changed = super()._update_state(allowed_states, target_state, state_message)
        changed.sudo().mbn_attempt_ids.answer = False
        self.env["billing.exception"]._close(changed, "payment_unclear")
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
        booked = self.filtered(lambda one: one.is_post_processed)
        self.env["billing.exception"]._close(booked, "payment_unclear")
        return result
