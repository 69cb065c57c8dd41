"""Direct debit on the member card, and before a contract is changed."""

from odoo import fields, models
from odoo.tools import format_date, format_datetime, formatLang

from ..debit.direct_debit_order import LIVE
from .member_card import CardEvent, CardRow

_ROWS_READ = 60


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _mbn_card_payment(self):
        rows = super()._mbn_card_payment()
        contracts = self._mbn_live_contracts() or self._mbn_contracts_paid_for()[:1]
        orders = contracts._debits_under_way() | self._mbn_debits_as_payer()
        return rows + [
            CardRow(
                self.env._("Payment slip") if order.is_form else self.env._("Next debit"),
                order._card_text(),
            )
            for order in orders.sorted(lambda order: (order.due_date, order.id))
        ]

    def _mbn_card_events(self):
        contracts = self.mbn_card_contract_ids or self._mbn_contracts_paid_for()
        payers = contracts.payer_id | self
        return (
            super()._mbn_card_events()
            + self._mbn_mandate_events(payers)
            + self._mbn_debit_events(self._mbn_card_moves(contracts))
        )

    def _mbn_debits_as_payer(self):
        orders = self.env["direct.debit.order"].sudo()
        return orders.search(
            [
                ("partner_id", "=", self.id),
                ("state", "in", LIVE),
                ("company_id", "in", self.env.companies.ids),
            ],
            limit=_ROWS_READ,
        )

    def _mbn_mandate_events(self, payers):
        """When mandates of ``payers`` began and ended."""
        mandates = (
            self.env["direct.debit.mandate"]
            .sudo()
            .search(
                [("partner_id", "in", payers.ids), ("company_id", "in", self.env.companies.ids)],
                order="id desc",
                limit=_ROWS_READ,
            )
        )
        events = []
        for mandate in mandates.filtered(lambda row: row.state != "draft"):
            begun = fields.Datetime.context_timestamp(self, mandate.create_date).date()
            events.append(
                CardEvent(
                    mandate.valid_from or begun,
                    self.env._(
                        "Mandate for direct debit of %(payer)s", payer=mandate.partner_id.name
                    ),
                )
            )
            if mandate.state in ("rejected", "cancelled", "expired") and mandate.valid_to:
                text = self.env._(
                    "Mandate for direct debit of %(payer)s ended. %(why)s",
                    payer=mandate.partner_id.name,
                    why=mandate.ended_meaning or "",
                )
                events.append(CardEvent(mandate.valid_to, text.strip(), 1, "danger"))
        return events

    def _mbn_debit_events(self, moves):
        """Debits that failed or were paid back; one that was collected shows as a payment."""
        lines = (
            self.env["direct.debit.order.line"]
            .sudo()
            .search(
                [
                    ("invoice_id", "in", moves.ids),
                    ("order_id.state", "in", ("failed", "reversed")),
                ]
            )
        )
        return [
            CardEvent(order.failed_on or order.due_date, order._failure_text(), 2, "danger")
            for order in lines.order_id
        ]


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    def _card_text(self):
        """Amount, day, and until when it can be stopped, in the bank's local time."""
        self.ensure_one()
        facts = {
            "amount": formatLang(self.env, self.amount, currency_obj=self.currency_id),
            "day": format_date(self.env, self.due_date),
        }
        if self.is_form and self.state != "planned":
            return self.env._("%(amount)s, due on %(day)s, sent to the payer", **facts)
        until = self.withdrawal_deadline
        if not until or until < fields.Datetime.now():
            return self.env._("%(amount)s on %(day)s, cannot be stopped any more", **facts)
        zone = self.company_id._billing_context().get("tz") or "UTC"
        return self.env._(
            "%(amount)s on %(day)s, can be stopped until %(until)s",
            until=format_datetime(self.env, until, tz=zone, dt_format="short"),
            **facts,
        )

    def _failure_text(self):
        self.ensure_one()
        return self.env._(
            "Debit of %(amount)s failed: %(why)s",
            amount=formatLang(self.env, self.amount, currency_obj=self.currency_id),
            why=self.meaning or self.env._("the bank gives no reason"),
        )


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    def _means_text(self):
        mandate = self._debit_mandate()
        if not mandate:
            return super()._means_text()
        if mandate.valid_from:
            return self.env._(
                "Direct debit since %(day)s", day=format_date(self.env, mandate.valid_from)
            )
        return self.env._("Direct Debit")

    def _debit_mandate(self):
        """The mandate by which the next invoice would be collected; empty without one."""
        agreement = self._paying_agreement()
        mandates = self.env["direct.debit.mandate"].sudo()
        if not agreement.debit_out:
            return mandates
        day = max(
            self.next_invoice_date or self.company_id._billing_today(),
            self.company_id._billing_today(),
        )
        return mandates._find_usable(agreement, self.payer_id, day).get(self.payer_id.id, mandates)

    def _debits_under_way(self):
        """Planned and sent debits of invoices of these contracts."""
        charges = self.env["membership.charge"].sudo()
        invoices = charges.search(
            [("contract_id", "in", self.ids), ("state", "=", "invoiced")]
        ).invoice_id
        lines = self.env["direct.debit.order.line"].sudo()
        return lines.search([("invoice_id", "in", invoices.ids), ("is_live", "=", True)]).order_id

    def _bank_rows(self):
        rows = super()._bank_rows()
        for order in self._debits_under_way().sorted("due_date"):
            text = self.env._("Debit that is under way: %(debit)s", debit=order._card_text())
            rows.append(self._consequence("bank", text, order.amount, order.due_date))
        return rows

    def _consequence_labels(self):
        return super()._consequence_labels() | {"bank": self.env._("Debits under way")}
