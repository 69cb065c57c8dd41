"""Reminders on the portal: a payer sees those sent to it, with what is open by now."""

import base64

from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal, pager
from odoo.http import content_disposition, request
from odoo.tools import consteq

from .portal_headers import private


class PortalReminders(CustomerPortal):
    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "reminder_count" in counters:
            values["reminder_count"] = self._letters().search_count(self._own_letters())
        return values

    def _letters(self):
        """Nobody on the portal has rights to letters: each is read for whom it was sent to."""
        return request.env["dunning.letter"].sudo()

    def _own_letters(self):
        return self._letters()._portal_domain(request.env.user.partner_id)

    @http.route(
        ["/my/reminders", "/my/reminders/page/<int:page>"],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_my_reminders(self, page=1, **kwargs):
        """The reminders that were sent to whoever is logged in, the newest first."""
        letters, domain = self._letters(), self._own_letters()
        pages = pager(
            url="/my/reminders",
            total=letters.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        values = self._prepare_portal_layout_values() | {
            "letters": letters.search(domain, limit=self._items_per_page, offset=pages["offset"]),
            "page_name": "reminder",
            "pager": pages,
            "default_url": "/my/reminders",
        }
        return private(request.render("membership_billing_nordic.portal_my_reminders", values))

    @http.route(
        "/my/reminders/<int:letter_id>", type="http", auth="public", methods=["GET"], website=True
    )
    def portal_my_reminder(self, letter_id, access_token=None, report_type=None, **kwargs):
        """One reminder: what it said, what is open by now, how to pay; or the letter itself."""
        letter = self._letter(letter_id, access_token)
        if not letter:
            return request.redirect("/my")
        if report_type == "pdf":
            return private(self._as_it_was_sent(letter))
        values = {"letter": letter, "page_name": "reminder", "token": access_token}
        return private(request.render("membership_billing_nordic.portal_reminder_page", values))

    def _letter(self, letter_id, access_token):
        """The letter, for its payer and for who has its link; none for anybody else."""
        letters = self._letters()
        letter = letters.browse(letter_id).exists()
        token = letter.access_token
        if token and access_token and consteq(token, access_token):
            return letter
        return letters.search([("id", "=", letter_id), *self._own_letters()])

    def _as_it_was_sent(self, letter):
        content = base64.b64decode(letter.content or b"")
        return request.make_response(
            content,
            [
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(letter.content_name)),
            ],
        )
