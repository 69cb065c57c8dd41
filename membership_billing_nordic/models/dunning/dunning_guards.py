"""What stands in the way of a letter, read for many claims in a few queries. Nothing writes."""

from datetime import timedelta, timezone

from odoo import models

_DAY = timedelta(days=1)


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _money_known_until(self, today):
        """The last day whose payments are all read from the bank's files; False for none.

        Files that are expected tell it; else the last file that came does. A file that has come
        and is not booked yet holds it back.
        """
        self.ensure_one()
        expected = self.env["bank.file.expectation"].search(
            [
                ("connection_id", "=", self.connection_id.id),
                ("agreement_id", "in", (False, self.id)),
            ]
        )
        if expected:
            waiting = [days[0] for one in expected if (days := one._days_waiting(today))]
            known = min(waiting) - _DAY if waiting else today
        else:
            known = self._last_file_day(("booked", "needs_review"), "received_on desc")
        unread = self._last_file_day(("received", "accepted"), "received_on")
        return min(known, unread) if known and unread else known

    def _last_file_day(self, states, order):
        file = self.env["bank.file"].search(
            [
                ("connection_id", "=", self.connection_id.id),
                ("direction", "=", "in"),
                ("state", "in", states),
                ("received_on", "!=", False),
            ],
            order=order,
            limit=1,
        )
        if not file:
            return False
        zone = self.company_id._billing_tz()
        return _local_day(file.received_on, zone) - _DAY


def _local_day(moment, zone):
    return moment.replace(tzinfo=timezone.utc).astimezone(zone).date()


class Guards:
    """The facts about ``claims`` of one company that may forbid a letter on ``day``."""

    def __init__(self, company, claims, day, book):
        self.env = claims.env
        self.company = company
        self.day = day
        self.book = book
        self.planned = self._planned(claims)
        self.debited = self._debited(claims)
        self.paid_online = self._paid_online(claims)
        self.payers_with_money = self._payers_with_money(claims)
        self._known_until = {}

    def reason(self, claim):
        """(reason, detail) why no letter may go out for ``claim``; empty when one may."""
        checks = (
            ("disputed", claim.is_disputed, claim.hold_reason),
            ("paused", claim.paused_until and claim.paused_until >= self.day, claim.hold_text),
            ("payer_hold", claim.partner_id.mbn_dunning_hold, claim.partner_id.mbn_dunning_why),
            ("plan", claim.id in self.planned, self.planned.get(claim.id)),
            *self._money_checks(claim),
        )
        for reason, applies, detail in checks:
            if applies:
                return reason, detail or ""
        return self._bank_reason(claim)

    def _planned(self, claims):
        """Ids of claims with a payment plan that is kept, and its number."""
        plans = self.env["dunning.payment.plan"].search_fetch(
            [("claim_ids", "in", claims.ids), ("state", "=", "kept")], ["name", "claim_ids"]
        )
        return {claim.id: plan.name for plan in plans for claim in plan.claim_ids}

    # ------------------------------------------------------------------ money under way

    def _money_checks(self, claim):
        return (
            ("debit", claim.move_line_id.id in self.debited, ""),
            ("online", claim.invoice_id.id in self.paid_online, ""),
            ("credit", claim.partner_id.id in self.payers_with_money, ""),
        )

    def money_reason(self, claim):
        """(reason, detail) why it is not known yet whether ``claim`` is paid; empty when it is."""
        for reason, applies, _detail in self._money_checks(claim):
            if applies:
                return reason, ""
        return self._bank_reason(claim)

    def is_money_under_way(self, claim):
        """Is something being paid, or paid and not used yet, that may be for ``claim``?"""
        return any(applies for _reason, applies, _detail in self._money_checks(claim))

    def _debited(self, claims):
        """Ids of receivable lines with a debit planned, at the bank or to be tried again."""
        lines = self.env["direct.debit.order.line"]
        lines.flush_model(["is_live", "move_line_id"])
        live = lines.search_fetch(
            [("move_line_id", "in", claims.move_line_id.ids), ("is_live", "=", True)],
            ["move_line_id"],
        )
        return set(live.move_line_id.ids)

    def _paid_online(self, claims):
        attempts = self.env["billing.payment.attempt"].search_fetch(
            [("invoice_id", "in", claims.invoice_id.ids), ("is_live", "=", True)], ["invoice_id"]
        )
        return set(attempts.invoice_id.ids)

    def _payers_with_money(self, claims):
        """Ids of payers with money that is in the books or at the bank, and not used yet."""
        payers = claims.partner_id.ids
        credits = self.env["account.move.line"]._read_group(
            [
                ("company_id", "=", self.company.id),
                ("partner_id", "in", payers),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("amount_residual", "<", 0),
            ],
            ["partner_id"],
        )
        payments = self.env["bank.payment"]._read_group(
            [
                ("company_id", "=", self.company.id),
                ("partner_id", "in", payers),
                ("state", "in", ("new", "unmatched", "partial", "held")),
                ("amount_open", ">", 0),
            ],
            ["partner_id"],
        )
        return {partner.commercial_partner_id.id for (partner,) in [*credits, *payments]}

    # ------------------------------------------------------------------ what the bank has said

    def _bank_reason(self, claim):
        calendar = self.book.calendar(self.company)
        since = max(claim.due_date, claim.deadline or claim.due_date)
        wanted = calendar.forward(since, self.company.mbn_dunning_bank_days)
        if self.is_read_through(claim, wanted):
            return "", ""
        return "bank_behind", self.env._(
            "Payments up to %(day)s must be in the books first.", day=self._text(wanted)
        )

    def is_read_through(self, claim, day):
        """Are all payments up to and with ``day`` in the books?"""
        known = self.known_until(claim)
        if known and known >= day:
            return True
        return not claim.agreement_id.payments_in and self.company.mbn_dunning_without_files

    def known_until(self, claim):
        """The day up to which the payments to the claim's agreement are known; None: not told."""
        agreement = claim.agreement_id
        if agreement not in self._known_until:
            reads = agreement.payments_in
            known = agreement._money_known_until(self.day) if reads else None
            self._known_until[agreement] = known or None
        return self._known_until[agreement]

    def _text(self, day):
        return self.env["ir.qweb.field.date"].value_to_html(day, {})
