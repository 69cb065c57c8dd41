from odoo import api, models

from .debit_planning import payers_with_mandates
from .direct_debit_order import AT_THE_BANK

# Money of a slip that is paid on its last day is told of so many banking days later.
_PATIENCE = 3
_AWAITED = (*AT_THE_BANK, "unpaid")


class DirectDebitOrder(models.Model):
    """Orders without a mandate: the bank sends a payment slip, and the payer pays or does not.

    One that is not paid has not failed: nothing follows from it, its invoice is an open one.
    """

    _inherit = "direct.debit.order"

    # ------------------------------------------------------------------ until it is sent

    def _review_forms(self):
        """Planned slips before they are sent: are they still wanted, and by which number?

        Who has a mandate by now is debited instead.
        """
        for agreement, forms in self.grouped("agreement_id").items():
            if not agreement._sends_forms():
                forms._drop("not_wanted")
                continue
            having = payers_with_mandates(agreement, forms.partner_id)
            debited = forms.filtered(lambda order, having=having: order.partner_id in having)
            debited._debit_instead()
            numbers = agreement._payer_numbers((forms - debited).partner_id)
            for order in forms - debited:
                if order.payer_number != numbers[order.partner_id.id]:
                    order.payer_number = numbers[order.partner_id.id]

    def _debit_instead(self):
        """The payers of these planned slips gave a mandate: collect the invoices with it."""
        invoices = self.line_ids.invoice_id
        self._drop("has_mandate")
        invoices._mbn_plan_orders()

    def _left_out_text(self, why):
        """What the desk says of an order that a file could not take."""
        self.ensure_one()
        facts = {"invoices": self.invoice_names, "day": self.due_date, "why": why}
        if self.is_form:
            return self.env._(
                "The payment slip for %(invoices)s, due on %(day)s, cannot be sent. %(why)s",
                **facts,
            )
        return self.env._("The debit of %(invoices)s on %(day)s cannot be sent. %(why)s", **facts)

    def _form_reach(self):
        """Until when a planned slip can be stopped, as a sentence."""
        self.ensure_one()
        if self.state != "planned":
            return ""
        return self.env._(
            "The payment slip goes with the first file after %(moment)s. Until then it can be "
            "stopped.",
            moment=self.agreement_id._debit_clock(self.send_from or self.deadline),
        )

    # ------------------------------------------------------------------ once it is sent

    def _follow_form(self, left):
        """A slip at the bank whose claims have ``left`` open: paid otherwise, it is over."""
        if self.currency_id.is_zero(left):
            self.write({"state": "withdrawn", "withdraw_reason": "paid"})

    @api.model
    def _collect_forms(self, payments):
        """Payments were booked: slips of which nothing is open any more are paid by them.

        In time or later, in one or several payments.
        """
        paid_by = {
            allocation.target_line_id.id: allocation.payment_id
            for allocation in payments.allocation_ids
            if allocation.target_line_id and not allocation.payment_id.is_reversal
        }
        if not paid_by:
            return
        forms = self.search(
            [
                ("line_ids.move_line_id", "in", list(paid_by)),
                ("is_form", "=", True),
                ("state", "in", _AWAITED),
            ]
        )
        found = []
        for order in forms.filtered(lambda row: row.currency_id.is_zero(row._open_amount())):
            claims = order.line_ids.move_line_id.ids
            payment = next(paid_by[claim] for claim in reversed(claims) if claim in paid_by)
            order.write({"state": "collected", "payment_id": payment.id})
            found.append((order, payment))
        self._note_collected(found)

    @api.model
    def _cron_debit_silence(self):
        result = super()._cron_debit_silence()
        self._end_unpaid_forms()
        return result

    @api.model
    def _end_unpaid_forms(self):
        """Slips that were not paid in time are over; who pays one later has paid it all the same."""
        waiting = [("is_form", "=", True), ("state", "in", AT_THE_BANK)]
        for (agreement,) in self._read_group(waiting, ["agreement_id"]):
            last = agreement._debit_calendar().back(agreement._debit_today(), _PATIENCE + 1)
            over = [*waiting, ("agreement_id", "=", agreement.id), ("due_date", "<=", last)]
            while forms := self.search(over, order="due_date, id", limit=1000):
                forms.write({"state": "unpaid"})
                if not self.env["ir.cron"]._commit_progress(len(forms)):
                    return
