from odoo import models

from .billing_one_off_line import FEE, Sold


class BillingOneOffLine(models.Model):
    """One-off invoices cost what others cost, and are posted as others are."""

    _name = "billing.one.off.line"
    _inherit = ["billing.one.off.line", "billing.fee.line"]

    def _fee_plan(self):
        items = self.one_off_id.item_ids | self.own_item_ids
        return super()._fee_plan() or items.plan_id[:1]

    def _with_fee(self, vals, sold, facts):
        """``vals`` and ``sold`` with the fee for the invoice that the preview showed."""
        rule = self.fee_rule_id
        if not rule:
            return vals, sold
        quote = rule._quote(facts.pricing, self.payer_id)
        product = rule.product_id.with_context(lang=self.payer_id.lang or self.env.lang)
        no_item = self.env["billing.one.off.item"]
        fee = Sold(
            no_item, FEE, self._fee_plan().id, rule.product_id, product.name, rule.amount, quote
        )
        amount = facts.one_off.currency_id.round(vals["amount"] + quote.amount)
        return vals | {"amount": amount}, [*sold, fee]

    def _posting(self, sold, facts):
        """What a posting rule gives the line; what is no membership's follows its product."""
        if not sold.plan:
            return {}
        rules = facts.pricing.posting_rules(facts.one_off.date)
        position = facts.pricing.fiscal_position(self.payer_id)
        own = self.contract_id.analytic_distribution
        return rules.values(self.member_id, self.association_id, sold, position, own)
