from odoo import http
from odoo.http import request

from .portal_headers import private


class ShortLink(http.Controller):
    @http.route("/mi/<string:code>", type="http", auth="public", methods=["GET"])
    def open_invoice(self, code):
        """Lead whoever has the link of an SMS to the invoice on the portal."""
        delivery = request.env["billing.delivery"].sudo().search([("code", "=", code)])
        if not delivery:
            return request.not_found()
        return private(request.redirect(delivery.move_id.get_portal_url()))
