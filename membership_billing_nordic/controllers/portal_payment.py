"""Paying invoices on the portal: what the browser sends is a wish, the server decides."""

import psycopg2
from odoo.addons.account_payment.controllers.payment import PaymentPortal
from odoo.addons.account_payment.controllers.portal import PortalAccount
from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.http import request
from werkzeug.urls import url_encode

FLOWS = ("redirect", "direct", "token")


class PortalPayment(PortalAccount, PaymentPortal):
    """Guarded invoices (``account.move._mbn_is_guarded``) on the routes of the core.

    Amount, card, provider, method and the page afterwards are found here. An invoice is paid
    by one attempt at a time: what is begun with the same provider is gone on with, else it is
    given up. If its money comes all the same it is booked, and a surplus is put on the desk.
    """

    # ------------------------------------------------------------------ transactions

    def _process_transaction(
        self, partner_id, currency_id, invoice_ids, payment_reference, **kwargs
    ):
        invoices = request.env["account.move"].sudo().browse(invoice_ids)
        if not invoices._mbn_guarded():
            return super()._process_transaction(
                partner_id, currency_id, invoice_ids, payment_reference, **kwargs
            )
        payable = self._payable(invoices)
        values = self._checked(payable, partner_id, currency_id, kwargs)
        asked = values | {"partner_id": partner_id, "invoice_ids": payable.ids}
        attempts = request.env["billing.payment.attempt"]
        begun = attempts._live_of(payable)
        if begun and all(one._is_same(asked) for one in begun):
            PaymentPostProcessing.monitor_transaction(begun.transaction_id)
            return begun[0].answer
        begun.transaction_id._set_canceled(
            state_message=request.env._("The payer began another payment.")
        )
        request.env.flush_all()
        try:
            answer = super()._process_transaction(
                partner_id, currency_id, payable.ids, False, **values
            )
        except psycopg2.errors.UniqueViolation as error:
            # Another tab was first: the request is tried again, and goes on with what it began.
            raise ConcurrencyError("online payment") from error
        attempts._live_of(payable)._keep(asked, answer)
        return answer

    def _payable(self, invoices):
        """Those of ``invoices`` that may be paid online now, locked."""
        locked = invoices.try_lock_for_update(allow_referencing=True)
        if locked != invoices:
            raise ConcurrencyError("invoices")
        payable = invoices.filtered(lambda move: move._has_to_be_paid())
        if not payable:
            raise ValidationError(invoices[:1]._get_online_payment_error())
        if len(payable.company_id) > 1:
            raise ValidationError(
                request.env._("Invoices of several companies cannot be paid in one go.")
            )
        return payable

    def _checked(self, invoices, partner_id, currency_id, wish):
        """What the transaction is made of, as far as the browser may have a say."""
        logged_in = not request.env.user._is_public()
        amount = self._amount(invoices, wish.get("amount"))
        provider, methods, tokens = self._choices(invoices, partner_id, currency_id, amount, wish)
        flow = wish.get("flow")
        if flow == "token":
            token = tokens.filtered(lambda one: one.id == wish.get("token_id"))
            allowed = logged_in and token.provider_id == provider
            method_id, token_id = token.payment_method_id.id, token.id
        else:
            allowed = wish.get("payment_method_id") in methods.ids and flow in FLOWS
            method_id, token_id = wish.get("payment_method_id"), None
        if not provider or not allowed:
            raise ValidationError(
                request.env._("This invoice cannot be paid in this way. Please reload the page.")
            )
        return {
            "provider_id": provider.id,
            "payment_method_id": method_id,
            "token_id": token_id,
            "amount": amount,
            "flow": flow,
            "tokenization_requested": logged_in and bool(wish.get("tokenization_requested")),
            "landing_route": invoices.get_portal_url() if len(invoices) == 1 else "/my/invoices",
        }

    def _choices(self, invoices, partner_id, currency_id, amount, wish):
        """The provider asked for, if it is open to the payer, its methods and the payer's cards."""
        providers = (
            request.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(
                invoices.company_id.id, partner_id, amount, currency_id=currency_id
            )
        )
        provider = providers.filtered(lambda one: one.id == wish.get("provider_id"))
        methods = (
            request.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(provider.ids, partner_id, currency_id=currency_id)
        )
        tokens = request.env["payment.token"].sudo()
        return provider, methods, tokens._get_available_tokens(provider.ids, partner_id)

    def _amount(self, invoices, wish):
        """All that is open; of one invoice the instalment that was chosen, or the office's offer."""
        if len(invoices) > 1:
            return sum(invoices.mapped("amount_residual"))
        amounts = invoices._mbn_amounts_to_pay() + self._offered(invoices)
        half = invoices.currency_id.rounding / 2
        wish = self._cast_as_float(wish) or 0.0
        return next((one for one in amounts if abs(one - wish) < half), amounts[0])

    # ------------------------------------------------------------------ amounts the office offers

    def _route_with_offer(self, invoice, amount):
        """The route of transactions, with an amount of a link that the office made."""
        route = f"/invoice/transaction/{invoice.id}"
        if not amount:
            return route
        signed = payment_utils.generate_access_token(invoice.id, float(amount))
        return f"{route}?{url_encode({'offer': float(amount), 'offer_token': signed})}"

    def _offered(self, invoice):
        """The amount of the office's link, if it is not more than what is open."""
        asked = request.httprequest.args
        amount = self._cast_as_float(asked.get("offer"))
        if not amount or not payment_utils.check_access_token(
            asked.get("offer_token"), invoice.id, amount
        ):
            return []
        return [amount] if 0 < amount <= invoice.amount_residual else []

    # ------------------------------------------------------------------ pages

    def _invoice_get_page_view_values(self, invoice, access_token, amount=None, **kwargs):
        values = super()._invoice_get_page_view_values(
            invoice, access_token, amount=amount, **kwargs
        )
        if "transaction_route" in values and invoice._mbn_guarded():
            values |= self._without_cards(values)
            values["transaction_route"] = self._route_with_offer(invoice, amount)
        return values

    def _get_extra_payment_form_values(self, invoice_id=None, amount=None, **kwargs):
        values = super()._get_extra_payment_form_values(
            invoice_id=invoice_id, amount=amount, **kwargs
        )
        invoice = request.env["account.move"].sudo().browse(self._cast_as_int(invoice_id))
        if invoice_id and invoice._mbn_guarded():
            values |= self._without_cards(kwargs)
            values["transaction_route"] = self._route_with_offer(invoice, amount)
            if not invoice._has_to_be_paid():
                values["amount"] = 0.0
        return values

    def _without_cards(self, values):
        """Who has but the link of an invoice neither uses nor stores cards."""
        if not request.env.user._is_public():
            return {}
        providers = values.get("providers_sudo") or ()
        return {
            "tokens_sudo": request.env["payment.token"].sudo(),
            "show_tokenize_input_mapping": {provider.id: False for provider in providers},
        }

    def _overdue_invoices_get_page_view_values(self, overdue_invoices, **kwargs):
        payable = overdue_invoices.filtered(
            lambda move: not move._mbn_guarded() or move.sudo()._has_to_be_paid()
        )
        values = super()._overdue_invoices_get_page_view_values(payable, **kwargs)
        if payable._mbn_guarded():
            values["amount"] = sum(payable.mapped("amount_residual"))
            values["payment"] = values["payment"] | {"amount": values["amount"]}
        return values
