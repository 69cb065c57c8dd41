"""The link of an invoice opens it: it stays with whoever has it."""

from odoo import http
from odoo.addons.account_payment.controllers.payment import PaymentPortal
from odoo.addons.account_payment.controllers.portal import PortalAccount

# No other site learns the address, no shared computer keeps the page, no other site frames it.
PRIVATE = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'",
}


def private(response):
    """``response`` with the headers of a page that only its owner is to see."""
    for name, value in PRIVATE.items():
        response.headers[name] = value
    return response


class PortalHeaders(PortalAccount, PaymentPortal):
    """Pages of the core whose addresses hold the token of an invoice or of a payment."""

    @http.route()
    def portal_my_invoices(self, *args, **kwargs):
        return private(super().portal_my_invoices(*args, **kwargs))

    @http.route()
    def portal_my_invoice_detail(self, *args, **kwargs):
        return private(super().portal_my_invoice_detail(*args, **kwargs))

    @http.route()
    def portal_my_overdue_invoices(self, *args, **kwargs):
        return private(super().portal_my_overdue_invoices(*args, **kwargs))

    @http.route()
    def payment_pay(self, *args, **kwargs):
        return private(super().payment_pay(*args, **kwargs))

    @http.route()
    def payment_confirm(self, *args, **kwargs):
        return private(super().payment_confirm(*args, **kwargs))
