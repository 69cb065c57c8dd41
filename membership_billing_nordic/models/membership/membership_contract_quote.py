from datetime import date
from typing import NamedTuple

from odoo import models

from .billing_pricing import LeftOutError
from .billing_sale import Sales


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
        bill = Sales(contract.company_id, until).bill(contract, due)
        return [contract._quote_line(sale) for sale in bill.now(until)]

    def _quote_line(self, sale):
        kinds = dict(self.charge_ids._fields["kind"]._description_selection(self.env))
        plan = self.env["membership.plan"].browse(sale.plan)
        usual = plan.name if sale.kind == "fee" else kinds[sale.kind]
        return QuoteLine(sale.name or usual, sale.date_from, sale.date_to, sale.quote.amount)

    def _quote_amount(self, until):
        """What the invoice of ``until`` comes to; None when that cannot be told."""
        try:
            return sum(line.amount for line in self._quote(until))
        except LeftOutError:
            return None
