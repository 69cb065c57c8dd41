from datetime import date
from typing import NamedTuple

from odoo import models

from .billing_pricing import LeftOutError, Pricing


class QuoteLine(NamedTuple):
    """One line of an invoice to come: what for, which days, what the payer pays."""

    text: str
    date_from: date | None
    date_to: date | None
    amount: float


class MembershipContract(models.Model):
    """What the next invoice will be, before any run was made."""

    _inherit = "membership.contract"

    def _quote(self, until):
        """What a billing run of ``until`` would invoice for this contract.

        Works for a contract that is not saved yet, too.

        :return: list of :class:`QuoteLine`; empty when there is nothing to invoice
        :raise LeftOutError: when the contract cannot be billed; its text says what to do
        """
        self.ensure_one()
        contract = self.sudo()
        due = contract._dues(until).get(contract.id)
        if not due:
            return []
        items = (
            self.env["billing.run.line"]
            .sudo()
            ._items(contract, due.periods, Pricing(contract.company_id))
        )
        lines = [
            QuoteLine(
                sale.text or contract.plan_id.name,
                item.due.date_from,
                item.due.date_to,
                sale.quote.amount,
            )
            for item in items
            for sale in item.sales
        ]
        return lines + [
            QuoteLine(charge.display_name, charge.date_from, charge.date_to, charge.amount)
            for charge in due.charges
        ]

    def _quote_amount(self, until):
        """What the invoice of ``until`` comes to; None when that cannot be told."""
        try:
            return sum(line.amount for line in self._quote(until))
        except LeftOutError:
            return None
