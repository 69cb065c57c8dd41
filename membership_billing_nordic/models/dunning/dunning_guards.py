"""What stands in the way of a letter, read for many claims in a few queries. Nothing writes."""

from datetime import timedelta

from odoo import models
from odoo.tools import SQL

from .dunning_facts import Facts, id_array

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
        return self.company_id._billing_day(file.received_on) - _DAY


class Guards:
    """The facts about ``claims`` of one company that may forbid a letter on ``day``.

    What it is asked about are claims, or facts of claims, that it was made for.
    """

    def __init__(self, company, claims, day, book, facts=None):
        self.env = claims.env
        self.company = company
        self.day = day
        self.book = book
        self.facts = facts or Facts(claims)
        self.planned = self._planned()
        self.untold = self._untold()
        self.debited = self._debited()
        self.paid_online = self._paid_online()
        self.payers_with_money = self._payers_with_money()
        self._known_until = {}
        self._bank_reasons = {}

    def reason(self, claim):
        """(reason, detail) why no letter may go out for ``claim``; empty when one may."""
        return self.reason_of(self.facts[claim.id])

    def reason_of(self, fact):
        """The same of a claim's facts."""
        if fact.is_disputed:
            return "disputed", fact.hold_reason or ""
        if fact.paused_until and fact.paused_until >= self.day:
            return "paused", self.env["dunning.claim"]._pause_words(
                fact.paused_until, fact.hold_reason
            )
        if fact.payer_hold:
            return "payer_hold", fact.payer_why or ""
        if fact.id in self.planned:
            return "plan", self.planned[fact.id]
        if fact.id in self.untold:
            return "untold", self.untold[fact.id]
        return self._money_reason(fact)

    def _planned(self):
        """Ids of claims with a payment plan that is kept, and its number."""
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT rel.claim_id, plan.name
                         FROM dunning_payment_plan plan
                         JOIN dunning_payment_plan_claim_rel rel ON rel.plan_id = plan.id
                        WHERE plan.state = 'kept' AND rel.claim_id = ANY(%s)""",
                    id_array(self.facts.claims),
                )
            )
        )

    def _untold(self):
        """Ids of claims with a letter that waits to be posted or was not delivered, its number."""
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT line.claim_id, letter.name
                         FROM dunning_letter_line line
                         JOIN dunning_letter letter ON letter.id = line.letter_id
                        WHERE line.claim_id = ANY(%s)
                          AND letter.state IN ('print', 'failed')
                          AND letter.kind != 'plan'
                          AND line.is_replaced IS NOT TRUE""",
                    id_array(self.facts.claims),
                )
            )
        )

    # ------------------------------------------------------------------ money under way

    def _under_way(self, fact):
        """What is being paid, or paid and not used yet, that may be for the claim; in a word."""
        if fact.move_line in self.debited:
            return "debit"
        if fact.invoice in self.paid_online:
            return "online"
        return "credit" if fact.partner in self.payers_with_money else ""

    def _money_reason(self, fact):
        if reason := self._under_way(fact):
            return reason, ""
        return self._bank_reason(fact)

    def money_reason(self, claim):
        """(reason, detail) why it is not known yet whether ``claim`` is paid; empty when it is."""
        return self._money_reason(self.facts[claim.id])

    def is_money_under_way(self, claim):
        """Is something being paid, or paid and not used yet, that may be for ``claim``?"""
        return bool(self._under_way(self.facts[claim.id]))

    def _debited(self):
        """Ids of receivable lines with a debit planned, at the bank or to be tried again."""
        return self._ids(
            SQL(
                """SELECT move_line_id FROM direct_debit_order_line
                    WHERE is_live AND move_line_id = ANY(%s)""",
                id_array(self.facts.ids("move_line")),
            )
        )

    def _paid_online(self):
        return self._ids(
            SQL(
                """SELECT invoice_id FROM billing_payment_attempt
                    WHERE is_live AND invoice_id = ANY(%s)""",
                id_array(self.facts.ids("invoice")),
            )
        )

    def _payers_with_money(self):
        """Ids of payers with money that is in the books or at the bank, and not used yet."""
        return self._ids(
            SQL(
                """SELECT payer.commercial_partner_id
                     FROM account_move_line line
                     JOIN account_account account ON account.id = line.account_id
                     JOIN res_partner payer ON payer.id = line.partner_id
                    WHERE line.company_id = %(company)s
                      AND line.partner_id = ANY(%(payers)s)
                      AND account.account_type = 'asset_receivable'
                      AND line.parent_state = 'posted'
                      AND line.reconciled IS NOT TRUE
                      AND line.amount_residual < 0
                    UNION
                   SELECT payer.commercial_partner_id
                     FROM bank_payment payment
                     JOIN res_partner payer ON payer.id = payment.partner_id
                    WHERE payment.company_id = %(company)s
                      AND payment.partner_id = ANY(%(payers)s)
                      AND payment.state IN ('new', 'unmatched', 'partial', 'held')
                      AND payment.amount_open > 0""",
                company=self.company.id,
                payers=id_array(self.facts.ids("partner")),
            )
        )

    def _ids(self, query):
        return {record_id for (record_id,) in self.env.execute_query(query)}

    # ------------------------------------------------------------------ what the bank has said

    def _bank_reason(self, fact):
        since = max(fact.due_date, fact.deadline or fact.due_date)
        key = (since, fact.agreement)
        if key not in self._bank_reasons:
            calendar = self.book.calendar(self.company)
            wanted = calendar.forward(since, self.company.mbn_dunning_bank_days)
            self._bank_reasons[key] = self._behind(fact, wanted)
        return self._bank_reasons[key]

    def _behind(self, fact, wanted):
        if self._is_read_through(fact, wanted):
            return "", ""
        return "bank_behind", self.env._(
            "Payments up to %(day)s must be in the books first.", day=self._text(wanted)
        )

    def is_read_through(self, claim, day):
        """Are all payments up to and with ``day`` in the books?"""
        return self._is_read_through(self.facts[claim.id], day)

    def _is_read_through(self, fact, day):
        known = self.known_until(fact)
        if known and known >= day:
            return True
        agreement = self._agreement(fact)
        return not agreement.payments_in and self.company.mbn_dunning_without_files

    def known_until(self, fact):
        """The day up to which the payments to the claim's agreement are known; None: not told."""
        if fact.agreement not in self._known_until:
            agreement = self._agreement(fact)
            reads = agreement.payments_in
            known = agreement._money_known_until(self.day) if reads else None
            self._known_until[fact.agreement] = known or None
        return self._known_until[fact.agreement]

    def _agreement(self, fact):
        return self.env["bank.agreement"].browse(fact.agreement)

    def _text(self, day):
        return self.env["ir.qweb.field.date"].value_to_html(day, {})
