from datetime import date
from typing import NamedTuple

from odoo import models
from odoo.tools import format_date

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
        sales = Sales(contract.company_id, until)
        bill = sales.bill(contract, due)
        if bill.now(until):
            rule = contract._fee_rule(until)
            bill = sales.with_fee(bill, rule, contract, contract.plan_id)
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

    # -- the invoice itself, before it exists ----------------------------------------

    def action_next_invoice(self):
        """Show the next invoice as its payer will get it, as things stand now."""
        self.env["billing.preview"].check_access("create")
        self.check_access("read")
        self.ensure_one()
        preview = self.env["billing.preview.maker"]._of_next(self)
        return self.env["billing.preview"]._show(
            preview, self.env._("Next Invoice"), contract_id=self.id
        )

    def _make_next_invoice(self):
        """Bill this contract as the billing run of its next invoice will; in a rehearsal only.

        A draft is billed as if it had been confirmed. What goes on the same invoice of a payer
        with several memberships is billed, too.

        :return: the posted invoice
        :raise LeftOutError: why there is none; its text says what to do
        """
        if self.state == "draft":
            self.write({"state": "confirmed"})
        day = self._next_billing_day()
        run = self.env["billing.run"].create({"company_id": self.company_id.id, "date": day})
        run = run._in_company()
        lines = run.env["billing.run.line"]
        lines = lines.create(lines._prepare_lines(run, self | self._billed_together(day)))
        lines._add_fees(run)
        own = lines.filtered(lambda line: line.contract_id == self)
        lines.filtered(lambda line: line.state == "pending")._bill()
        if own.problem:
            raise LeftOutError(own.problem_kind, own.problem)
        if not own.invoice_id:
            raise LeftOutError(
                "free",
                self.env._(
                    "On %(day)s a period begins for which nothing is to be paid: no invoice is "
                    "made.",
                    day=format_date(self.env, day),
                ),
            )
        return own.invoice_id

    def _next_billing_day(self):
        """:raise LeftOutError: there is none, and why"""
        if self.next_invoice_date:
            return max(self.next_invoice_date, self.company_id._billing_today())
        if self.state == "paused":
            problem = self.env._(
                "The membership is paused until somebody resumes it: nothing is invoiced before."
            )
        else:
            problem = self.env._("Nothing more is to be invoiced: the membership ends before.")
        raise LeftOutError("none", problem)

    def _billed_together(self, day):
        """Other contracts of the payer that are due on ``day`` and share the invoice."""
        wish = self.payer_id.mbn_common_invoice
        if not (wish == "together" or (not wish and self.company_id.mbn_common_invoice)):
            return self.browse()
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("payer_id", "=", self.payer_id.id),
                ("state", "!=", "draft"),
                ("next_invoice_date", "<=", day),
            ]
        )
