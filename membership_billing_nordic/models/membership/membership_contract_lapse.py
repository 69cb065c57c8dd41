import logging
from datetime import timedelta

import psycopg2
from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..common.error_text import error_text

_logger = logging.getLogger(__name__)

LAPSE_CHUNK = 50  # a credit note takes a tenth of a second
STUCK = "membership_offer_stuck"


class MembershipContract(models.Model):
    """A renewal that was offered and is not paid lapses: the membership ends before it."""

    _inherit = "membership.contract"

    @api.model
    def _lapse_offers(self):
        """Let lapse whose offer was not taken, some at a time, each committed."""
        contracts = self._with_lapsed_offer()
        self._close_stuck_offers(contracts)
        while contracts:
            chunk, contracts = contracts[:LAPSE_CHUNK], contracts[LAPSE_CHUNK:]
            for contract in chunk:
                contract._try_to_lapse()
            if not self.env["ir.cron"]._commit_progress(len(chunk), remaining=len(contracts)):
                break

    @api.model
    def _with_lapsed_offer(self):
        """Contracts with an offer that is unpaid after its due date and the days of grace."""
        periods, charges = self.env["membership.period"], self.env["membership.charge"]
        offers = [("is_offer", "=", True), ("state", "=", "open")]
        found = self.browse()
        for (plan,) in periods._read_group(offers, ["plan_id"]):
            latest = self._latest_today() - timedelta(days=plan.grace_days)
            overdue = charges.search(
                [
                    ("state", "=", "invoiced"),
                    ("date_due", "<", latest),
                    ("period_id", "any", [*offers, ("plan_id", "=", plan.id)]),
                ],
                order="contract_id",
            )
            found |= overdue.filtered(lambda charge: charge._is_past_grace()).contract_id
        return found

    def _try_to_lapse(self):
        """Lapse, or say on the desk why not; the others go on."""
        company = self.company_id
        contract = self.with_company(company).with_context(**company._billing_context())
        try:
            with self.env.cr.savepoint():
                problem = contract._lapse()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if not isinstance(error, UserError):
                _logger.exception("Contract %s could not lapse", contract.id)
            self.env.invalidate_all(flush=False)
            problem = error_text(contract, error)
        if problem:
            self.env["billing.exception"]._open(
                contract,
                STUCK,
                problem,
                contract.env._("End the membership or undo the payment, and credit the rest."),
            )

    def _lapse(self):
        """End before the first offer that is overdue, and credit what was offered.

        :return: why it cannot be done; nothing is done then
        """
        offers = self.period_ids.filtered(
            lambda period: period.is_offer and period.state == "open"
        ).sorted("date_from")
        overdue = offers.filtered(
            lambda period: any(charge._is_past_grace() for charge in period.charge_ids)
        )
        note = self.env._(
            "Offer lapsed: %(invoices)s", invoices=", ".join(overdue.invoice_ids.mapped("name"))
        )
        return self._lapse_from(overdue[0].date_from, note)

    def _lapse_from(self, day, note):
        """End before ``day``, because the time from then on is not paid, and credit it.

        :return: why it cannot be done; nothing is done then
        """
        last_day = day - timedelta(days=1)
        charged = self.period_ids.filtered(
            lambda period: period.date_from > last_day and period.state != "void"
        )
        if problem := self._partly_paid_text(charged.charge_ids, day):
            return problem
        if self.date_end and self.date_end <= last_day:
            self._settle_after(last_day, credit=True, quiet=True)
        else:
            self._end_with(last_day, "unpaid", note, credit=True, quiet=True)
        return ""

    def _partly_paid_text(self, charges, day):
        """Why ``charges`` for the time from ``day`` on cannot lapse; empty when they can."""
        paid = charges.filtered(lambda charge: charge._is_partly_paid())
        return paid and self.env._(
            "The time from %(day)s is not paid in full, but something was paid for it: "
            "%(invoices)s",
            day=format_date(self.env, day),
            invoices=", ".join(paid.invoice_id.mapped("name")),
        )

    @api.model
    def _close_stuck_offers(self, stuck):
        """Take off the desk whose offer is paid, credited or otherwise settled by now."""
        desk = self.env["billing.exception"]
        rows = desk.search(
            [
                ("kind", "=", STUCK),
                ("state", "=", "open"),
                ("res_model", "=", self._name),
                ("res_id", "not in", stuck.ids),
            ]
        )
        rows.action_close()


class MembershipCharge(models.Model):
    _inherit = "membership.charge"

    def _is_past_grace(self):
        """Is the charge unpaid after its due date and the plan's days of grace?"""
        grace = timedelta(days=self.period_id.plan_id.grace_days)
        today = self.company_id._billing_today()
        return self.state == "invoiced" and bool(self.date_due) and self.date_due + grace < today

    def _lapse(self, note):
        """End the memberships before the time that these unpaid charges are for, and credit them.

        :return: dict of ``membership.contract`` → why it cannot be done; nothing is done then
        """
        problems = {}
        for contract, charges in self.grouped("contract_id").items():
            first = min(charges.period_id.mapped("date_from"), default=False)
            if not first or contract.state not in ("confirmed", "paused"):
                continue
            # A membership has one day at least, also when nothing of it was ever paid.
            day = max(first, contract.date_start + timedelta(days=1))
            problem = contract._partly_paid_text(charges, first)
            if problem := problem or contract._lapse_from(day, note):
                problems[contract] = problem
            else:
                charges._credit_open(note)
        return problems

    def _is_partly_paid(self):
        invoice = self.invoice_id
        notes = invoice.reversal_move_ids.filtered(lambda note: note.state == "posted")
        owed = invoice.amount_total - sum(notes.mapped("amount_total"))
        return self.state == "paid" or (
            self.state == "invoiced"
            and invoice.currency_id.compare_amounts(invoice.amount_residual, owed) < 0
        )
