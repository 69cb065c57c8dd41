from odoo import api, models

from .debit_planning import DebitPlanner
from .direct_debit_order import AT_THE_BANK


class DirectDebitOrder(models.Model):
    """How debits follow what happens to the claims they are for."""

    _inherit = "direct.debit.order"

    @api.model
    def _follow(self, claims):
        """The open amounts of these receivable lines have changed.

        Not while the bank's own answers are booked: they are told apart there.
        """
        if self.env.context.get("mbn_books_answers"):
            return
        receivable = claims.filtered(lambda line: line.account_type == "asset_receivable")
        if not receivable:
            return
        live = self.env["direct.debit.order.line"].search(
            [("move_line_id", "in", receivable.ids), ("is_live", "=", True)]
        )
        live.order_id._follow_amounts()

    @api.model
    def _follow_reopened(self, claims):
        """Payments were taken off these lines: what was dropped for them is collected again."""
        self._follow(claims)
        dropped = self.env["direct.debit.order.line"].search(
            [
                ("move_line_id", "in", claims.ids),
                ("order_id.state", "=", "withdrawn"),
                ("order_id.withdraw_reason", "=", "paid"),
                ("order_id.file_id", "=", False),
            ]
        )
        dropped.invoice_id._mbn_plan_orders()

    @api.model
    def _follow_due_dates(self, claims):
        """A person set another due date for these posted claims: planned debits move along."""
        if not claims:
            return
        planned = self.env["direct.debit.order.line"].search(
            [("move_line_id", "in", claims.ids), ("order_id.state", "=", "planned")]
        )
        planner = DebitPlanner(self.env)
        for order in planned.order_id:
            asked = min(order.line_ids.move_line_id.mapped("date_maturity"))
            day = planner.day_of(order.agreement_id, asked, order.mandate_id)
            if not day or not order._may_be_due(day):
                order._drop("late")
            elif day != order.due_date:
                order._move_to(day)
                order.original_due_date = asked

    def _follow_amounts(self):
        """Compare these live orders with what is open of their claims."""
        for order in self:
            left = order._open_amount()
            if order.is_form and order.state in AT_THE_BANK:
                order._follow_form(left)
            elif order.state in AT_THE_BANK:
                order._follow_at_bank(left)
            elif order.currency_id.is_zero(left):
                order._drop("paid")
            else:
                order._follow_planned(left)

    def _follow_planned(self, left):
        changed = self.currency_id.compare_amounts(left, self.amount)
        if changed < 0 and self.agreement_id.debit_part_payment == "hold":
            self._hold("part_payment", self.env._("Its invoice was paid in part."))
        elif changed > 0 and self.hold == "part_payment":
            self.hold = False
            self._close_desk(("debit_left_out",))
        if changed:
            self._take_open_amounts()

    def _follow_at_bank(self, left):
        changed = self.currency_id.compare_amounts(left, self.amount)
        if changed < 0 and not self.withdraw_wanted:
            reason = "paid" if self.currency_id.is_zero(left) else "part_payment"
            gone = self._stop(reason)
            gone._put_gone_on_desk(self.env._("Meanwhile its invoice was paid or credited."))
        elif not changed and self.withdraw_reason in ("paid", "part_payment"):
            self.write({"withdraw_wanted": False, "withdraw_reason": False})
            self._close_desk(("debit_gone",))

    def _hold(self, reason, text):
        """Keep orders out of files until a person releases them."""
        self.write({"hold": reason, "left_out": text})
        self.env["billing.exception"]._open_all(
            {
                order: self.env._(
                    "The debit of %(invoices)s on %(day)s is held. %(why)s",
                    invoices=order.invoice_names,
                    day=order.due_date,
                    why=text,
                )
                for order in self
            },
            "debit_left_out",
            self.env._("Release the debit, or stop it."),
        )
