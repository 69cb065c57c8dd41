"""Where failures come from, and what ends them."""

from collections import Counter

from odoo import fields, models

# We gave these up: that the bank brings no money is as it should be.
_GIVEN_UP = ("paid", "part_payment", "draft", "not_wanted", "person", "merged")


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    failure_ids = fields.One2many(
        "direct.debit.failure", "order_id", string="What Was Done", readonly=True
    )

    def _after_failure(self):
        result = super()._after_failure()
        wanted = self.filtered(lambda order: order.withdraw_reason not in _GIVEN_UP)
        failures = self.env["direct.debit.failure"]._note_orders(wanted)
        for failure in failures.filtered("is_hard"):
            mandate = failure.mandate_id
            if mandate.state in ("requested", "active"):
                mandate._end_by_us(failure.meaning or "")
        return result

    def _numbers_in_a_row(self):
        """``{order: which failure in a row of its mandate it is}`` of those that just failed."""
        later = Counter(order.mandate_id.id for order in self)
        numbers = {}
        for order in self.sorted(lambda order: (order.due_date, order.id)):
            later[order.mandate_id.id] -= 1
            behind = later[order.mandate_id.id] if order.mandate_id else 0
            numbers[order] = max(order.mandate_id.failure_count - behind, 1)
        return numbers

    def _follow(self, claims):
        result = super()._follow(claims)
        if not self.env.context.get("mbn_books_answers"):
            self.env["direct.debit.failure"].sudo()._follow_claims(claims)
        return result

    def _follow_reopened(self, claims):
        result = super()._follow_reopened(claims)
        self.env["direct.debit.failure"].sudo()._follow_reopened(claims)
        return result


class DirectDebitMandate(models.Model):
    _inherit = "direct.debit.mandate"

    failure_ids = fields.One2many(
        "direct.debit.failure", "mandate_id", string="Failures", readonly=True
    )
    failure_count = fields.Integer(
        help="Debits that failed since the last one that was collected. The count begins anew too "
        "when everything that failed is paid in another way."
    )

    def _end(self, state, meaning, day=None):
        result = super()._end(state, meaning, day)
        if state == "rejected":
            self.env["direct.debit.failure"].sudo()._note_refused(self)
        return result

    def _became_active(self):
        result = super()._became_active()
        refused = self.env["direct.debit.failure"].sudo()
        refused = refused.search(
            [
                ("event", "=", "setup"),
                ("agreement_id", "in", self.agreement_id.ids),
                ("partner_id", "in", self.partner_id.ids),
                ("settled_on", "=", False),
            ]
        )
        refused.filtered(lambda failure: failure._is_settled())._settle()
        return result


class AccountMove(models.Model):
    _inherit = "account.move"

    def button_draft(self):
        claims = self.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        result = super().button_draft()
        self.env["direct.debit.failure"].sudo()._follow_claims(claims.exists())
        return result
