from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_date

from .membership_contract_alter import RUNNING

STATUS_CHUNK = 500


class MembershipContract(models.Model):
    """Where the member stands: five words, each with the reason and what happens next."""

    _inherit = "membership.contract"

    @api.depends(
        "state",
        "date_start",
        "date_end",
        "paid_until",
        "paused_from",
        "resume_date",
        "next_plan_date",
        "next_association_date",
        "plan_id.grace_days",
        "plan_id.renewal",
        "plan_id.activation",
        "period_ids.charge_ids.date_due",
        "period_ids.charge_ids.state",
    )
    def _compute_member_status(self):
        dues = self._origin._oldest_dues()
        today = {company: company._billing_today() for company in self.company_id}
        for contract in self:
            status, reason, check_date = contract._status_on(
                today.get(contract.company_id) or fields.Date.context_today(contract),
                dues.get(contract._origin.id),
            )
            contract.member_status = status
            contract.status_reason = reason
            contract.status_check_date = check_date

    @api.depends("member_status", "status_reason", "next_invoice_date")
    def _compute_status_text(self):
        dues = self._origin._oldest_dues()
        for contract in self:
            contract.status_text = contract._describe_status(dues.get(contract._origin.id))

    def _refresh_status(self):
        """Bring decisions that have come due and the status up to date.

        To be called for contracts whose payments or dates changed; the status follows
        changed periods and charges by itself.
        """
        contracts = self.sudo()
        today = {company: company._billing_today() for company in contracts.company_id}
        for contract in contracts.filtered(lambda contract: contract.state in RUNNING):
            contract._carry_out_decisions(today[contract.company_id])
        for name in ("member_status", "status_reason", "status_check_date"):
            self.env.add_to_compute(self._fields[name], contracts)
        contracts._recompute_recordset()

    def _carry_out_decisions(self, today):
        """Planned changes, the end of a pause and the end of the membership, on their day."""
        self._carry_out_changes(today)
        last_day = self._last_day()
        if self.resume_date and self.resume_date <= min(last_day or today, today):
            vals = {"state": "confirmed", "paused_from": False, "resume_date": False}
            self._write_dated(vals, self.resume_date)
        if last_day and last_day < today:
            # a pause that is not over stays noted: it goes on if the end is taken back
            vals = {"state": "ended", "date_end": last_day}
            if not self.date_end:
                vals["end_reason"] = "term"
            reason = vals.get("end_reason") or self.end_reason
            self._write_dated(vals, last_day + timedelta(days=1), reason)

    @api.model
    def _cron_refresh_status(self):
        """Daily: contracts whose status may have changed by the passing of time, then offers
        that nobody took."""
        due = [("status_check_date", "<=", self._latest_today())]
        contracts = self.search(due, order="status_check_date, id")
        while contracts:
            chunk, contracts = contracts[:STATUS_CHUNK], contracts[STATUS_CHUNK:]
            chunk._refresh_status()
            if not self.env["ir.cron"]._commit_progress(len(chunk), remaining=len(contracts)):
                return
        self._lapse_offers()

    @api.model
    def _latest_today(self):
        """Today in the company where it is latest."""
        groups = self._read_group([], ["company_id"])
        days = [company._billing_today() for (company,) in groups]
        return max(days, default=self.env.company._billing_today())

    def _status_on(self, today, due):
        """The status on ``today``.

        :param due: due date of the oldest unpaid invoice, or None
        :return: status (False: no member), its reason, and the day it may change by itself
        """
        self.ensure_one()
        if self.state == "draft":
            return False, "draft", False
        last_day = self._last_day()
        if self.state == "ended" or (last_day and last_day < today):
            return "ended", "ended", False if self.state == "ended" else today
        if today < self.date_start:
            return False, "not_started", self.date_start
        changes = [
            last_day and last_day + timedelta(days=1),
            self.resume_date,
            self.next_plan_date,
            self.next_association_date,
        ]
        if self.state == "paused" and self.paused_from <= today:
            status, reason = "paused", "paused"
        else:
            status, reason, change = self._payment_status_on(today, due)
            changes += [change, self.paused_from]
        return status, reason, min(filter(None, changes), default=False)

    def _payment_status_on(self, today, due):
        if self.paid_until and self.paid_until >= today:
            return "active", "paid", self.paid_until + timedelta(days=1)
        first_awaited = self.plan_id.activation == "first_payment" and not self.paid_until
        if not due or today <= due:
            change = due and due + timedelta(days=1)
            if first_awaited:
                return "waiting", "first_payment", change
            return "active", "not_due" if due else "not_invoiced", change
        suspended_on = due + timedelta(days=self.plan_id.grace_days + 1)
        if today < suspended_on:
            return "waiting", "grace", suspended_on
        return "suspended", "unpaid", None

    def _oldest_dues(self):
        """Contract id to the due date of its oldest unpaid invoice."""
        groups = (
            self.env["membership.charge"]
            .sudo()
            ._read_group(
                [
                    ("contract_id", "in", self.ids),
                    ("state", "=", "invoiced"),
                    ("period_id", "!=", False),
                ],
                ["contract_id"],
                ["date_due:min"],
            )
        )
        return {contract.id: due for contract, due in groups}

    def _describe_status(self, due):
        """The reason of the status and what happens next, in words."""
        self.ensure_one()
        if not self.status_reason:
            return False
        sentence = getattr(self, f"_describe_{self.status_reason}")(due)
        last_day = self._last_day()
        if last_day and self.status_reason not in ("draft", "ended"):
            sentence += " " + self.env._("Ends on %(day)s.", day=self._day(last_day))
        return sentence

    def _describe_draft(self, due):
        return self.env._("Not confirmed yet. Confirm it, so that it is invoiced.")

    def _describe_not_started(self, due):
        return self.env._("Starts on %(day)s.", day=self._day(self.date_start))

    def _describe_paid(self, due):
        paid = self.env._("Paid until %(day)s.", day=self._day(self.paid_until))
        return f"{paid} {self._describe_next_invoice()}".strip()

    def _describe_not_invoiced(self, due):
        return self._describe_next_invoice() or self.env._("Nothing is left to invoice.")

    def _describe_not_due(self, due):
        return self.env._("The invoice is due on %(day)s.", day=self._day(due))

    def _describe_first_payment(self, due):
        return self.env._("Becomes active when the first invoice is paid.")

    def _describe_grace(self, due):
        if self._is_on_offer():
            return self.env._(
                "The renewal is offered and was due on %(due)s. It lapses on %(day)s if it is "
                "not paid by then.",
                due=self._day(due),
                day=self._day(self.status_check_date),
            )
        return self.env._(
            "Payment was due on %(due)s. Suspended on %(day)s if it has not come by then.",
            due=self._day(due),
            day=self._day(self.status_check_date),
        )

    def _describe_unpaid(self, due):
        return self.env._(
            "Payment was due on %(due)s. Active again as soon as it is paid.", due=self._day(due)
        )

    def _describe_paused(self, due):
        since = self.env._("Paused since %(day)s.", day=self._day(self.paused_from))
        if not self.resume_date:
            return since + " " + self.env._("Nothing is invoiced until it goes on.")
        return since + " " + self.env._("Goes on on %(day)s.", day=self._day(self.resume_date))

    def _describe_ended(self, due):
        return self.env._("Ended on %(day)s.", day=self._day(self.date_end))

    def _is_on_offer(self):
        """Is the newest open period an offer that lapses?"""
        newest = self.sudo().period_ids.filtered(lambda period: period.state == "open")[:1]
        return newest.is_offer

    def _describe_next_invoice(self):
        day = self.next_invoice_date
        if not day:
            return ""
        if day <= self.company_id._billing_today():
            return self.env._("The next billing run makes the invoice.")
        return self.env._("The next invoice is made on %(day)s.", day=self._day(day))

    def _day(self, day):
        return format_date(self.env, day)
