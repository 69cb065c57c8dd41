from odoo import api, models

from .debit_answers import OrderFinder
from .direct_debit_order import AT_THE_BANK

_UNPAID = (*AT_THE_BANK, "withdrawn")


class DirectDebitOrder(models.Model):
    """What the bank, or its silence, makes of debits."""

    _inherit = "direct.debit.order"

    def _note_answer(self, kind, file=None, meaning="", code="", record=0):
        """Keep an answer in the history, with the file and record that gave it."""
        self.env["direct.debit.order.event"].create(
            [
                {
                    "order_id": order.id,
                    "company_id": order.company_id.id,
                    "kind": kind,
                    "file_id": file.id if file else False,
                    "record": record,
                    "bank_code": code,
                    "meaning": meaning,
                }
                for order in self
            ]
        )

    # ------------------------------------------------------------------ failed

    def _fail(self, code="", meaning="", file=None, record=0, kind="failed"):
        """The bank brought no money: the invoice is an ordinary open one again.

        :param code: the bank's own code
        :param meaning: what it means, for people
        :param file: the ``bank.file`` that says so; none when the bank was silent
        """
        unpaid = self.filtered(lambda order: order.state in _UNPAID)
        unpaid._note_answer(kind, file, meaning, code, record)
        for company, orders in unpaid.grouped("company_id").items():
            orders.write(
                {
                    "state": "failed",
                    "failed_on": company._billing_today(),
                    "bank_code": code,
                    "meaning": meaning,
                    "withdraw_wanted": False,
                }
            )
        unpaid._count_failure()
        unpaid._close_desk(("debit_gone",))
        unpaid._after_failure()

    def _count_failure(self):
        for order in self:
            order.mandate_id.failure_count += 1

    def _after_failure(self):
        """These debits failed or were paid back; for what is to follow."""

    # ------------------------------------------------------------------ answers of files

    def _bank_failed(self, will_retry, file, record, code, meaning):
        self.ensure_one()
        if will_retry and self.state in AT_THE_BANK:
            self._note_answer("retry", file, meaning, code, record)
            self.write({"state": "waiting", "bank_code": code, "meaning": meaning})
        else:
            self._fail(code, meaning, file, record)

    def _bank_accepted(self, file, record, code, meaning):
        self.ensure_one()
        self._note_answer("accepted", file, meaning, code, record)

    def _bank_rejected(self, file, record, code, meaning):
        """The bank refused the request; of a withdrawn debit it refused the withdrawal."""
        self.ensure_one()
        if self.state != "withdrawn":
            self._fail(code, meaning, file, record, kind="rejected")
            return
        self._withdrawal_refused("rejected", file, record, code, meaning)

    def _bank_unchanged(self, file, record, code, meaning):
        """The bank did not change the debit as it was asked to."""
        self.ensure_one()
        if self.state == "withdrawn":
            self._withdrawal_refused("unchanged", file, record, code, meaning)
        else:
            self._note_answer("unchanged", file, meaning, code, record)

    def _withdrawal_refused(self, kind, file, record, code, meaning):
        self._note_answer(kind, file, meaning, code, record)
        self._put_gone_on_desk(
            self.env._("The bank refused its withdrawal: %(why)s", why=meaning or code or "-")
        )

    def _bank_moved(self, file, record, code, meaning):
        """The bank debits on another day, which its answers then name."""
        self.ensure_one()
        self._note_answer("moved", file, meaning, code, record)

    def _bank_withdrawn(self, file, record, code, meaning):
        """The bank confirms our withdrawal, or somebody else stopped the debit."""
        self.ensure_one()
        if self.withdraw_wanted or self.state == "withdrawn":
            self._note_answer("withdrawn", file, meaning, code, record)
            self.write({"state": "withdrawn", "withdraw_wanted": False})
        else:
            self._fail(code, meaning, file, record, kind="withdrawn")

    # ------------------------------------------------------------------ silence

    @api.model
    def _cron_debit_silence(self):
        """Debits without money or answer so many banking days after they were due have failed.

        Not while files of the bank are late or unread: then nothing can be said of them.
        """
        agreements = self.env["bank.agreement"].search(
            [("debit_out", "=", True), ("debit_silence_days", ">", 0)]
        )
        for agreement in agreements.filtered(lambda row: row._hears_the_bank()):
            company = agreement.company_id
            office = self.with_context(**company._billing_context())
            office.env["bank.refund"]._tell_silent(agreement)
            while orders := office._silent(agreement):
                meaning = office.env._("No money and no answer from the bank.")
                orders._fail(meaning=meaning, kind="silence")
                if not self.env["ir.cron"]._commit_progress(len(orders)):
                    return

    @api.model
    def _silent(self, agreement, limit=500):
        last = agreement._debit_calendar().back(
            agreement._debit_today(), agreement.debit_silence_days + 1
        )
        due = [
            ("agreement_id", "=", agreement.id),
            ("is_form", "=", False),
            ("state", "in", AT_THE_BANK),
            ("file_id.state", "in", ("sent", "confirmed")),
            ("due_date", "<=", last),
        ]
        return self.search(due, order="due_date, id", limit=limit)

    # ------------------------------------------------------------------ money

    @api.model
    def _money_came(self, payments):
        """Payments were booked: the debits that brought them are collected.

        Other live debits of the same claims are compared with what is open of them.
        """
        claims = payments.allocation_ids.target_line_id
        debits = payments.filtered(
            lambda payment: payment.method == "direct_debit" and not payment.is_reversal
        )
        self._collect(debits)
        self._collect_forms(payments - debits)
        self._follow(claims)

    @api.model
    def _collect(self, payments):
        if not payments:
            return
        finder = OrderFinder(
            self.env, payments.agreement_id, set(payments.mapped("reference_value")) - {False}
        )
        events = []
        for payment in payments:
            order = finder.find(
                payment.agreement_id, payment.reference_value, day=payment.bank_date
            ) or self._of_claims(payment)
            if not order or order.state in ("collected", "reversed"):
                continue
            order.write({"state": "collected", "payment_id": payment.id, "withdraw_wanted": False})
            if order.mandate_id.failure_count:
                order.mandate_id.failure_count = 0
            events.append((order, payment))
        self._note_collected(events)

    @api.model
    def _note_collected(self, pairs):
        """Keep in the history by which payment each order was paid."""
        self.env["direct.debit.order.event"].create(
            [
                {
                    "order_id": order.id,
                    "company_id": order.company_id.id,
                    "kind": "collected",
                    "file_id": payment.file_id.id,
                    "record": payment.record,
                    "bank_code": payment.bank_code,
                }
                for order, payment in pairs
            ]
        )

    @api.model
    def _of_claims(self, payment):
        """The debit of the claim that was paid, for money without a known reference."""
        lines = payment.allocation_ids.target_line_id.mbn_order_line_ids
        return lines.order_id.filtered(
            lambda order: order.state in AT_THE_BANK and not order.is_form
        )[:1]

    @api.model
    def _money_went(self, payments):
        """These payments were taken back: their debits are, and the invoices open again."""
        orders = self.search([("payment_id", "in", payments.ids), ("state", "=", "collected")])
        for order in orders:
            back = order.payment_id.reversed_by_ids[:1]
            order._note_answer("reversed", back.file_id, back.reason, back.bank_code, back.record)
            order.write(
                {
                    "state": "reversed",
                    "failed_on": order.company_id._billing_today(),
                    "bank_code": back.bank_code,
                    "meaning": back.reason,
                }
            )
        debits = orders.filtered(lambda order: not order.is_form)
        debits._count_failure()
        debits._after_failure()
