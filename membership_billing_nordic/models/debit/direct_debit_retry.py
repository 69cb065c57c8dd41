"""A debit that failed for a passing reason is tried again, as often as the agreement says."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .debit_planning import MARGIN, DebitPlanner


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    debit_retries = fields.Integer(
        string="Tries After a Failure",
        tracking=True,
        help="How often a debit that failed for a passing reason, such as no cover, is sent again "
        "for the same invoice. 0: never, the payer pays it. What a scheme tries again by itself is "
        "not counted. The payer is told by the message of the failure policy.",
    )
    debit_retry_days = fields.Integer(
        string="Days Until Tried Again",
        default=7,
        tracking=True,
        help="The new due date is so many days after the failure, or the first banking day after "
        "that which the bank can still reach. The due date of the invoice stays.",
    )

    @api.constrains("debit_retries", "debit_retry_days")
    def _check_debit_retries(self):
        for agreement in self:
            if agreement.debit_retries < 0 or agreement.debit_retry_days < 0:
                raise ValidationError(
                    agreement.env._("Tries and days after a failure cannot be below zero.")
                )

    def _hard_failure_codes(self):
        """The codes by which the bank says that no debit of the mandate will ever succeed.

        For the schemes: as a set of strings as they are in the bank's files.
        """
        self.ensure_one()
        return frozenset()

    def _failure_is_hard(self, code):
        """Does ``code`` end the mandate? Else, as when the bank is silent, one may try again."""
        return bool(code) and code in self._hard_failure_codes()


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    retry_of_id = fields.Many2one(
        "direct.debit.order",
        string="Tries Again",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The debit of the same invoice that failed before.",
    )
    retry_number = fields.Integer(
        string="Try", readonly=True, help="How often the invoice was tried again, with this one."
    )

    def _plan_retry(self):
        """Plan to collect again what this failed debit was for.

        :return: the new order, or the live one there is already; empty when none may be made
        """
        self.ensure_one()
        if live := self._live_successor():
            return live
        agreement, mandate = self.agreement_id, self.mandate_id
        left = agreement.debit_retries - self.retry_number
        if self.state != "failed" or left <= 0 or mandate.state != "active":
            return self.browse()
        return RetryPlanner(self).plan(self.line_ids.invoice_id).with_env(self.env)

    def _live_successor(self):
        """The live debit of the same claims, if there is one."""
        live = self.line_ids.move_line_id.mbn_order_line_ids.filtered("is_live").order_id
        return live.filtered(lambda order: not order.is_form)[:1]


class RetryPlanner(DebitPlanner):
    """Plans the claims of one failed order once more; their due date stays as it is."""

    def __init__(self, order):
        super().__init__(order.env)
        self.order = order.with_env(self.env)
        agreement = self.order.agreement_id
        day = agreement._debit_today() + timedelta(days=agreement.debit_retry_days)
        self.earliest = agreement._debit_calendar().next_open(day)

    def _claims(self, moves):
        own = self.order.line_ids.move_line_id
        claims = super()._claims(moves)
        return {agreement: lines & own for agreement, lines in claims.items() if lines & own}

    def _day_in_reach(self, agreement, due, told_by_us):
        days = [due, self.earliest, agreement._debit_first_due(self.now + MARGIN)]
        if told_by_us:
            told = agreement._debit_local(self.now).date()
            told += timedelta(days=agreement.debit_notice_days)
            days.append(agreement._debit_calendar().next_open(told))
        return max(days)

    def _order_vals(self, *row):
        return super()._order_vals(*row) | {
            "retry_of_id": self.order.id,
            "retry_number": self.order.retry_number + 1,
        }

    def _tell_days(self, orders, rows):
        """The message on the failure tells the day."""
