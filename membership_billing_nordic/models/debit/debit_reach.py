"""What a change made now still reaches, and how long money can be taken back: said on the screens."""

from odoo import api, fields, models
from odoo.tools import format_date

from .direct_debit_order import AT_THE_BANK


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _debit_reach(self):
        """A sentence: from which due date on the bank still takes debits, and until when."""
        self.ensure_one()
        if not self.debit_out:
            return ""
        first = self._debit_first_due(fields.Datetime.now())
        return self.env._(
            "What is changed now counts for debits due from %(day)s on, which close on "
            "%(deadline)s.",
            day=format_date(self.env, first),
            deadline=self._debit_clock(self._debit_deadline(first)),
        )

    def _debit_clock(self, moment):
        """A naive UTC moment as the bank's clock shows it."""
        local = self._debit_local(moment)
        return f"{format_date(self.env, local.date())} {local:%H:%M}"

    def _refund_days(self, due_date):
        """The last days on which money due on ``due_date`` can be taken back.

        :return: ``{"payer": date, "bank": date, "claim": date}``, as far as the scheme says:
            when the payer can without giving a reason, when the payer's bank can, and when the
            payer can claim that it was not authorised
        """
        self.ensure_one()
        return {}


class DirectDebitMandate(models.Model):
    _inherit = "direct.debit.mandate"

    reach = fields.Char(
        string="Changes",
        compute="_compute_reach",
        compute_sudo=True,
        help="A mandate that begins, changes or ends now counts for these debits.",
    )

    @api.depends("agreement_id", "state")
    @api.depends_context("lang")
    def _compute_reach(self):
        for mandate in self:
            lives = mandate.agreement_id and mandate.state in ("draft", "requested", "active")
            mandate.reach = lives and mandate.agreement_id._debit_reach()


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    reach = fields.Char(
        string="Changes",
        compute="_compute_reach",
        compute_sudo=True,
        help="Until when the debit can be changed or stopped, and what counts from then on.",
    )
    payer_refund_until = fields.Date(
        string="Payer Can Refuse Until",
        compute="_compute_refund_days",
        compute_sudo=True,
        help="The last day on which the payer can refuse it in the net bank, or have the money "
        "back, without giving a reason.",
    )
    bank_refund_until = fields.Date(
        string="Bank Can Take Back Until",
        compute="_compute_refund_days",
        compute_sudo=True,
        help="The last day on which the payer's bank takes the money back, as for want of cover.",
    )
    claim_refund_until = fields.Date(
        string="Payer Can Dispute Until",
        compute="_compute_refund_days",
        compute_sudo=True,
        help="The last day on which the payer can claim that the debit was never authorised.",
    )

    @api.depends("agreement_id", "due_date", "original_due_date", "state", "deadline", "send_from")
    @api.depends_context("lang")
    def _compute_reach(self):
        for order in self:
            order.reach = order._reach_text()

    def _reach_text(self):
        agreement = self.agreement_id
        if self.is_form:
            return self._form_reach()
        if self.state in AT_THE_BANK and not self.withdraw_wanted and not self._can_withdraw():
            return self.env._(
                "The bank has it and gives it back no more. %(reach)s",
                reach=agreement._debit_reach(),
            )
        if self.state != "planned":
            return ""
        until = agreement._debit_clock(self.deadline)
        if self.original_due_date and self.original_due_date < self.due_date:
            return self.env._(
                "What is due on %(asked)s was closed already: it is collected on %(day)s, and can "
                "be changed or stopped until %(until)s.",
                asked=format_date(self.env, self.original_due_date),
                day=format_date(self.env, self.due_date),
                until=until,
            )
        return self.env._(
            "It can be changed or stopped until %(until)s; later changes count for the debits "
            "after it.",
            until=until,
        )

    @api.depends("agreement_id", "due_date", "state", "is_form")
    def _compute_refund_days(self):
        for order in self:
            is_debited = order.state in (*AT_THE_BANK, "collected") and not order.is_form
            is_there = is_debited and order.due_date
            days = order.agreement_id._refund_days(order.due_date) if is_there else {}
            order.payer_refund_until = days.get("payer")
            order.bank_refund_until = days.get("bank")
            order.claim_refund_until = days.get("claim")
