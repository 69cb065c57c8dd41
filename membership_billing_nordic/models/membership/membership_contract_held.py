"""Memberships that a failed debit suspends, and debits that keep one from being suspended."""

from datetime import timedelta

from odoo import api, fields, models

from .debit_failure import SEEN_BY


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    debit_failure_ids = fields.Many2many(
        "direct.debit.failure",
        "direct_debit_failure_contract_rel",
        "contract_id",
        "failure_id",
        string="Held By",
        readonly=True,
        copy=False,
        groups=SEEN_BY,
        help="Failed debits that suspend the membership until they are paid.",
    )
    status_reason = fields.Selection(
        selection_add=[
            ("debit_failed", "Debit failed"),
            ("debit_again", "Debit under way"),
        ]
    )

    @api.depends("debit_failure_ids.settled_on")
    def _compute_member_status(self):
        return super()._compute_member_status()

    def _payment_status_on(self, today, due):
        status, reason, change = super()._payment_status_on(today, due)
        if reason == "paid":
            return status, reason, change
        if self._holding_failure():
            return "suspended", "debit_failed", None
        if reason == "unpaid" and (debit := self._debit_to_come()):
            return "waiting", "debit_again", max(debit.due_date, today) + timedelta(days=1)
        return status, reason, change

    def _holding_failure(self):
        """The last failed debit that suspends the membership; empty when none does."""
        held = self.sudo().debit_failure_ids.filtered(lambda failure: not failure.settled_on)
        return held.sorted("id")[-1:]

    def _debit_to_come(self):
        """The next debit that is under way for the contract; empty without one."""
        return self._origin._debits_under_way().sorted("due_date")[:1]

    def _describe_debit_failed(self, due):
        failure = self._holding_failure()
        if failure.retry_on:
            return self.env._(
                "Suspended: the debit failed %(count)s times in a row. It is tried again on "
                "%(day)s. Active again as soon as it is paid.",
                count=failure.number,
                day=self._day(failure.retry_on),
            )
        if failure.number == 1:
            return self.env._("Suspended: the debit failed. Active again as soon as it is paid.")
        return self.env._(
            "Suspended: the debit failed %(count)s times in a row. Active again as soon as it is "
            "paid.",
            count=failure.number,
        )

    def _describe_debit_again(self, due):
        return self.env._(
            "Payment was due on %(due)s. It is collected on %(day)s.",
            due=self._day(due),
            day=self._day(self._debit_to_come().due_date),
        )
