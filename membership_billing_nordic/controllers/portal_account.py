"""The statement of account on the portal: payers see their own."""

from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.http import content_disposition, request

from .portal_headers import private


class PortalAccount(CustomerPortal):
    @http.route("/my/statement", type="http", auth="user", methods=["GET"], website=True)
    def portal_my_statement(self, company=None, **kwargs):
        """The account of whoever is logged in, by company; with ``company`` its PDF."""
        payer = request.env.user.partner_id.commercial_partner_id.sudo()
        companies = payer._mbn_account_companies()
        if company:
            asked = companies.filtered(lambda one: str(one.id) == company)
            return self._statement(payer, asked) if asked else request.redirect("/my/statement")
        values = {
            "page_name": "member_account",
            "kinds": payer._mbn_statement_kinds(),
            "accounts": [
                (one, payer._mbn_statements(one), payer._mbn_unbooked_costs(one))
                for one in companies
            ],
        }
        return private(request.render("membership_billing_nordic.portal_my_account", values))

    def _statement(self, payer, company):
        reports = request.env["ir.actions.report"].sudo().with_company(company)
        content, _kind = reports._render_qweb_pdf(
            "membership_billing_nordic.action_report_member_account", payer.ids
        )
        name = f"{payer._mbn_statement_file_name()}.pdf"
        headers = [
            ("Content-Type", "application/pdf"),
            ("Content-Length", len(content)),
            ("Content-Disposition", content_disposition(name)),
        ]
        return private(request.make_response(content, headers))
