from odoo import models
from odoo.tools import format_date

from .direct_debit_order import AT_THE_BANK


class AccountMove(models.Model):
    """Invoices that payers pay on the portal: not while, and not in addition to, a debit."""

    _inherit = "account.move"

    # ------------------------------------------------------------------ which

    def _mbn_is_guarded(self):
        """Is this invoice one that may come in by other ways too? Others are left to the core."""
        self.ensure_one()
        return self.move_type == "out_invoice" and bool(
            self.mbn_agreement_id or self.journal_id.mbn_agreement_id
        )

    def _mbn_guarded(self):
        return self.filtered(lambda move: move.sudo()._mbn_is_guarded())

    # ------------------------------------------------------------------ what is going on

    def _mbn_debit_sent_on(self):
        """The day a debit of this invoice is due that is at the bank; False without one."""
        self.ensure_one()
        sent = self._mbn_live_debits().filtered(lambda order: order.state in AT_THE_BANK)
        return min(sent.mapped("due_date"), default=False)

    def _mbn_debit_planned_on(self):
        """The day of the debit that is planned, and dropped when the payer pays before."""
        self.ensure_one()
        planned = self._mbn_live_debits().filtered(lambda order: order.state == "planned")
        return min(planned.mapped("due_date"), default=False)

    def _mbn_has_money_under_way(self):
        """Has the payer paid online, but it is not in the books?"""
        self.ensure_one()
        return any(one._mbn_has_money() for one in self.sudo().transaction_ids._mbn_paying())

    def _mbn_being_paid(self):
        """Those of these invoices that are being paid online, or were and are not booked."""
        transactions = (
            self.env["payment.transaction"]
            .sudo()
            .search(
                [
                    ("invoice_ids", "in", self.ids),
                    ("state", "in", ("draft", "pending", "authorized", "done")),
                ]
            )
        )
        return self & transactions._mbn_paying().filtered(
            lambda one: one._mbn_has_money() or one._mbn_is_fresh_draft()
        ).invoice_ids.with_env(self.env)

    # ------------------------------------------------------------------ may it be paid

    def _has_to_be_paid(self):
        payable = super()._has_to_be_paid()
        if not payable or not self._mbn_guarded():
            return payable
        return not self._mbn_debit_sent_on() and not self._mbn_has_money_under_way()

    def _get_online_payment_error(self):
        if self._mbn_guarded():
            if day := self._mbn_debit_sent_on():
                return self.env._(
                    "This invoice is collected from your account on %(day)s.",
                    day=format_date(self.env, day),
                )
            if self._mbn_has_money_under_way():
                return self.env._("A payment of this invoice is being processed.")
        return super()._get_online_payment_error()

    def _mbn_amounts_to_pay(self):
        """What a payer may choose to pay of this invoice online; all that is open comes first."""
        self.ensure_one()
        values = self._get_invoice_next_payment_values()
        amounts = [values["amount_due"]]
        if values["installment_state"] in ("next", "overdue"):
            amounts.append(values["next_amount_to_pay"])
        return amounts

    # ------------------------------------------------------------------ what becomes of debits

    def _mbn_paid_online(self, amount):
        """``amount`` is there or sure: sent debits of the claims that it pays are taken back."""
        # The desk is not the payer's, whose language this may be.
        invoices = self.with_context(lang=self.company_id[:1].partner_id.lang)
        paid = invoices._mbn_claims_paid_by(amount)
        rows = self.env["direct.debit.order.line"].with_env(invoices.env).sudo()
        live = rows.search([("move_line_id", "in", list(paid)), ("is_live", "=", True)]).order_id
        for order in live.filtered(
            lambda order: (
                order.state in AT_THE_BANK and not order.withdraw_wanted and not order.is_form
            )
        ):
            part = sum(paid.get(line.move_line_id.id, 0) for line in order.line_ids)
            missing = order.currency_id.compare_amounts(part, order._open_amount()) < 0
            gone = order._stop("part_payment" if missing else "paid")
            gone._put_gone_on_desk(invoices.env._("Meanwhile its invoice was paid online."))

    def _mbn_claims_paid_by(self, amount):
        """``{id of receivable line: what it gets}`` of ``amount``: the oldest claims come first."""
        claims = self.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        )
        paid = {}
        for claim in claims.sorted(lambda line: (line.date_maturity or line.date, line.id)):
            part = min(amount, claim.amount_residual_currency)
            if part > 0:
                paid[claim.id] = part
                amount -= part
        return paid

    def _mbn_not_paid_online(self):
        """The money that was sure does not come: these invoices are collected after all."""
        self._mbn_live_orders()._follow_amounts()
        withdrawn = (
            self.env["direct.debit.order.line"]
            .sudo()
            .search(
                [
                    ("invoice_id", "in", self.ids),
                    ("order_id.state", "=", "withdrawn"),
                    ("order_id.withdraw_reason", "=", "paid"),
                ]
            )
        )
        withdrawn.invoice_id._mbn_plan_orders()
