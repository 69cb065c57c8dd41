"""Charge-backs: what a reversal took back, and what has happened since."""

from typing import NamedTuple

from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import format_amount, format_date

_ROW = Markup(
    '<tr><td class="text-nowrap ps-0 pe-3">%s</td><td class="%s">%s</td>'
    '<td class="text-end text-nowrap pe-0">%s</td></tr>'
)
KIND = "payment_taken_back"


class HistoryRow(NamedTuple):
    """Something that happened; of one day the higher ``rank`` came later."""

    day: object
    text: str
    amount: float | None = None
    rank: int = 0
    tone: str = ""


class BankPayment(models.Model):
    _inherit = "bank.payment"

    taken_back_invoice_ids = fields.Many2many(
        "account.move",
        string="Invoices Open Again",
        compute="_compute_taken_back",
        help="What the payment had paid that was taken back.",
    )
    taken_back_open = fields.Monetary(
        string="Open Now",
        compute="_compute_taken_back",
        help="What is open of these invoices now.",
    )
    paid_on = fields.Date(related="reverses_id.bank_date", string="Was Paid On")
    history = fields.Html(
        compute="_compute_history",
        sanitize=False,
        help="What was paid, when it was taken back, and what has happened since.",
    )

    @api.depends("reverses_id.allocation_ids", "reversed_by_ids")
    def _compute_taken_back(self):
        for payment in self:
            invoices = payment.sudo()._original().allocation_ids.invoice_id
            payment.taken_back_invoice_ids = invoices
            payment.taken_back_open = sum(invoices.mapped("amount_residual"))

    @api.depends("state", "reverses_id", "reversed_by_ids")
    def _compute_history(self):
        for payment in self:
            if not (payment.reverses_id or payment.reversed_by_ids):
                payment.history = False
                continue
            rows = sorted(
                payment.sudo()._original()._history_rows(), key=lambda row: (row.day, row.rank)
            )
            body = Markup().join(payment._history_line(row) for row in rows)
            payment.history = Markup(
                '<table class="table table-sm table-borderless mb-0">%s</table>'
            ) % (body + payment._history_end())

    def _history_line(self, row):
        amount = "" if row.amount is None else format_amount(self.env, row.amount, self.currency_id)
        tone = f"text-{row.tone}" if row.tone else ""
        return _ROW % (format_date(self.env, row.day), tone, row.text, amount)

    def _history_end(self):
        """The last line: what is open now."""
        today = self.company_id._billing_today()
        text = self.env._("Open of its invoices now")
        row = HistoryRow(today, text, self.taken_back_open, tone="emphasis fw-bold")
        return self._history_line(row)

    def _original(self):
        """The payment that was taken back, of itself or of its reversal."""
        return self.reverses_id or self

    def _history_rows(self):
        """What happened to this payment that was taken back; other rooms add theirs.

        :return: list of :class:`HistoryRow`, in any order
        """
        self.ensure_one()
        invoices = self.allocation_ids.invoice_id
        names = ", ".join(invoices.mapped("name")) or self.partner_id.name or ""
        rows = [
            HistoryRow(
                self.bank_date,
                self.env._("Paid: %(invoices)s", invoices=names),
                self.amount,
                tone="success",
            )
        ]
        backs = self.reversed_by_ids
        rows += [
            HistoryRow(back.bank_date, back._taken_back_text(), back.amount, 1, "danger")
            for back in backs
        ]
        since = min(backs.mapped("bank_date"), default=self.bank_date)
        rows += self._later_payment_rows(invoices, since)
        return rows + self._refund_rows(since)

    def _taken_back_text(self):
        why = self.reason or self.bank_code
        if not why:
            return self.env._("Taken back by the bank or the payer")
        return self.env._("Taken back: %(why)s", why=why)

    def _later_payment_rows(self, invoices, since):
        """Money that has come for the same invoices afterwards."""
        later = self.env["bank.payment.allocation"].search(
            [
                ("invoice_id", "in", invoices.ids),
                ("undone_move_id", "=", False),
                ("payment_id", "!=", self.id),
                ("payment_id.bank_date", ">=", since),
                ("payment_id.state", "!=", "returned"),
            ]
        )
        return [
            HistoryRow(
                used.payment_id.bank_date,
                self.env._("Paid again: %(invoice)s", invoice=used.invoice_id.name),
                used.amount,
                2,
                "success",
            )
            for used in later
        ]

    def _refund_rows(self, since):
        refunds = self.env["bank.refund"].search(
            [("line_ids.move_line_id", "in", self.allocation_ids.entry_line_id.ids)]
        )
        states = dict(refunds._fields["state"]._description_selection(self.env))
        return [
            HistoryRow(
                refund.create_date.date(),
                self.env._(
                    "Refund %(refund)s: %(state)s",
                    refund=refund.reference,
                    state=states[refund.state],
                ),
                refund.amount,
                2,
            )
            for refund in refunds
        ]

    # ------------------------------------------------------------------ the desk

    def _take_back(self):
        result = super()._take_back()
        self.filtered("reverses_id")._put_taken_back_on_desk()
        return result

    def _put_taken_back_on_desk(self):
        names = {}
        for back in self.sudo():
            paid = back.reverses_id
            invoices = paid.allocation_ids.invoice_id
            names[back] = self.env._(
                "%(amount)s that %(payer)s paid on %(day)s for %(invoices)s was taken back on "
                "%(back)s. %(why)s",
                amount=format_amount(self.env, paid.amount, paid.currency_id),
                payer=paid.partner_id.name or paid.payer_name or "",
                day=format_date(self.env, paid.bank_date),
                invoices=", ".join(invoices.mapped("name")) or self.env._("no invoice"),
                back=format_date(self.env, back.bank_date),
                why=back.reason or back.bank_code or "",
            ).strip()
        self.env["billing.exception"]._open_all(
            names,
            KIND,
            self.env._(
                "Its invoices are open again. Open the row to see what has happened since; it "
                "goes by itself when they are paid or credited."
            ),
        )

    def _book_placements(self, placements):
        result = super()._book_placements(placements)
        paid = self.browse([placement.payment.id for placement in placements])
        self.env["billing.exception"]._close_settled(paid.allocation_ids.invoice_id)
        return result

    def _pay_again(self):
        backs = self.reversed_by_ids
        result = super()._pay_again()
        self.env["billing.exception"]._close(backs, KIND)
        return result

    def _undo(self):
        self.env["billing.exception"]._close(self, KIND)
        return super()._undo()


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[(KIND, "Payment taken back")], ondelete={KIND: "cascade"}
    )

    @api.model
    def _close_settled(self, invoices=None):
        """Take charge-backs off the desk of which nothing is open any more.

        :param invoices: only those of these invoices; all without
        """
        if invoices is not None and not invoices:
            return
        rows = self.sudo().search([("kind", "=", KIND), ("state", "=", "open")])
        for row in rows:
            back = row._record()
            own = back and back._original().allocation_ids.invoice_id
            if invoices is not None and not (own and own & invoices):
                continue
            if not own or not any(own.mapped("amount_residual")):
                row.action_close()
