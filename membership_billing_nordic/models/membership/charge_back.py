"""What a payment that was taken back means to members: on their card, and in its history."""

from odoo import models
from odoo.tools import format_date, formatLang

from ..bank.bank_payment_history import HistoryRow
from .member_card import CardEvent, CardRow


class BankPayment(models.Model):
    _inherit = "bank.payment"

    def _history_rows(self):
        """How the memberships stand that it had paid for, and what was credited since."""
        invoices = self.allocation_ids.invoice_id
        since = min(self.reversed_by_ids.mapped("bank_date"), default=self.bank_date)
        notes = self.env["account.move"].search(
            [
                ("reversed_entry_id", "in", invoices.ids),
                ("state", "=", "posted"),
                ("date", ">=", since),
            ]
        )
        rows = super()._history_rows() + [
            HistoryRow(
                note.date,
                self.env._("Credited: %(number)s", number=note.name),
                -note.amount_total,
                3,
            )
            for note in notes
        ]
        today = self.company_id._billing_today()
        return rows + [
            HistoryRow(today, f"{contract.member_id.name}: {contract.status_text}", rank=9)
            for contract in invoices.mbn_charge_ids.contract_id
        ]


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _mbn_card_standing(self):
        """Also what stands to this person, or to who pays for this person."""
        rows = super()._mbn_card_standing()
        company, refunds = self.env.company, self.env["bank.refund"].sudo()
        label = self.env._("Money standing")
        for payer in self._mbn_live_contracts().payer_id | self:
            credits = refunds._standing(company, payer.sudo(), company.currency_id)
            amount = -sum(credits.mapped("amount_residual_currency"))
            if amount:
                text = formatLang(self.env, amount, currency_obj=company.currency_id)
                text = text if payer == self else f"{payer.name}: {text}"
                rows.append(CardRow(label, text, "success"))
        return rows

    def _mbn_payment_events(self, moves):
        return [*super()._mbn_payment_events(moves), *self._mbn_charge_back_events(moves)]

    def _mbn_charge_back_events(self, moves):
        """Payments of ``moves`` that were taken back: what was paid then, and that it went."""
        used = self.env["bank.payment.allocation"].sudo()
        used = used.search([("invoice_id", "in", moves.ids), ("payment_id.state", "=", "returned")])
        events = []
        for one in used:
            amount = formatLang(self.env, one.amount, currency_obj=one.currency_id)
            number = self._mbn_move_link(one.invoice_id)
            for back in one.payment_id.reversed_by_ids:
                day = format_date(self.env, one.payment_id.bank_date)
                facts = {"amount": amount, "number": number, "day": day}
                text = (
                    self.env._(
                        "Taken back: %(amount)s of %(day)s, %(number)s (%(why)s)",
                        why=back.reason or back.bank_code,
                        **facts,
                    )
                    if back.reason or back.bank_code
                    else self.env._("Taken back: %(amount)s of %(day)s, %(number)s", **facts)
                )
                events.append(CardEvent(back.bank_date, text, 4, "danger"))
        return events
