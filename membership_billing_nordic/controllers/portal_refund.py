"""The page on which a payer enters the account that money is paid back to."""

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .portal_headers import private


class PortalRefund(http.Controller):
    @http.route(
        "/refund/account/<string:token>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
        sitemap=False,
    )
    def refund_account(self, token, kind=None, account=None, **kwargs):
        """Whoever has the link enters an account, once; nobody is shown one."""
        refund = request.env["bank.refund"]._of_link(token)
        if not refund:
            return self._page("gone")
        # The page speaks as the e-mail with the link did, whatever the browser prefers.
        request.update_context(lang=refund.partner_id.lang or request.env.lang)
        refund = refund.with_context(lang=request.env.lang)
        if refund.state != "asked":
            return self._page("done" if refund.state != "cancelled" else "gone", refund)
        problem = ""
        if request.httprequest.method == "POST":
            try:
                problem = refund._enter_account(kind, (account or "")[:50])
            except UserError:
                problem = refund.env._("Somebody is working on it. Try again in a minute.")
            if not problem:
                # A page that is loaded again must not send it again.
                return private(request.redirect(f"/refund/account/{token}"))
        return self._page("form", refund, problem=problem, chosen=kind)

    def _page(self, step, refund=None, **values):
        values |= {"step": step, "refund": refund, "page_name": "refund"}
        if refund:
            values["kinds"] = refund.agreement_id._payee_account_kinds()
            values["first_kind"] = next(iter(values["kinds"]))
        response = request.render("membership_billing_nordic.portal_refund_account", values)
        response.status_code = 404 if step == "gone" else 200
        return private(response)
