from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..debit.debit_planning import usable_mandates
from .billing_pricing import Pricing

FEE_CHUNK = 4000  # lines looked at in one go


class BillingFeeLine(models.AbstractModel):
    """A line of a preview that can bear the fee for its invoice: the first one of each invoice.

    It needs ``payer_id``, ``contract_id``, ``claim_kind``, ``journal_id``, ``agreement_id``,
    ``amount`` and ``state``, and ``_invoice_key``.
    """

    _name = "billing.fee.line"
    _description = "Line with an Invoice Fee"

    currency_id = fields.Many2one("res.currency")
    fee_rule_id = fields.Many2one(
        "billing.invoice.fee",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Why the invoice has a fee.",
    )
    fee_amount = fields.Monetary(
        string="Invoice Fee",
        readonly=True,
        help="What the invoice itself costs, tax included; part of the amount.",
    )

    @api.model
    def _put_fees(self, domain, fees):
        """Put the fees of the invoices into the finished preview of the lines of ``domain``.

        :param fees: ``Fees`` of the company and the invoice date
        """
        if not fees:
            return
        pricing = Pricing(fees.company)
        domain = (
            Domain(domain) & Domain("state", "=", "pending") & Domain("fee_rule_id", "=", False)
        )
        after, seen = 0, set()
        while lines := self.search(domain & Domain("id", ">", after), order="id", limit=FEE_CHUNK):
            after = lines[-1].id
            self._write_fees(lines._find_fees(fees, pricing, seen))
            self.env.invalidate_all()

    def _find_fees(self, fees, pricing, seen):
        """Line to pair of rule and amount.

        :param seen: keys of invoices that had their turn; those of these lines are added
        """
        donations = self.filtered(lambda line: line.claim_kind == "donation")
        mandates = self._debiting_mandates()
        before = self.contract_id._invoiced_before()
        found = {}
        for line in self - donations:
            key = line._invoice_key()
            if key in seen:
                continue
            seen.add(key)
            means = (line._paid_to().id, line.payer_id.id) in mandates
            rule = fees.rule(
                line._fee_plan().id,
                fees.channel_of(line.payer_id),
                "debit" if means else "payer",
                line.currency_id,
                bool(line.contract_id - before),
            )
            if rule:
                found[line] = rule, rule._quote(pricing, line.payer_id).amount
        return found

    def _fee_plan(self):
        """The plan whose rules are for the invoice."""
        return self.contract_id.plan_id

    def _paid_to(self):
        return self.agreement_id or self.journal_id.mbn_agreement_id

    def _debiting_mandates(self):
        """The mandates by which invoices of these lines are debited, by agreement and payer."""
        agreements = self.agreement_id | self.journal_id.mbn_agreement_id
        agreements = agreements.sudo().filtered(lambda row: row.active and row.debit_out)
        return usable_mandates(agreements, self.payer_id.sudo()) if agreements else {}

    @api.model
    def _write_fees(self, found):
        """Write the fees of many lines in one statement."""
        if not found:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE %(table)s line
                   SET fee_rule_id = fee.rule, fee_amount = fee.amount,
                       amount = line.amount + fee.amount
                  FROM unnest(%(lines)s::integer[], %(rules)s::integer[], %(amounts)s::numeric[])
                       AS fee(line, rule, amount)
                 WHERE line.id = fee.line
                """,
                table=SQL.identifier(self._table),
                lines=[line.id for line in found],
                rules=[rule.id for rule, _amount in found.values()],
                amounts=[amount for _rule, amount in found.values()],
            )
        )
