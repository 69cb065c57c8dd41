from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import ValidationError

MEANS = [("debit", "Direct debit"), ("payer", "Paid by the payer")]


class BillingInvoiceFee(models.Model):
    """What an invoice itself costs, by the way it goes and the way it is paid."""

    _name = "billing.invoice.fee"
    _description = "Invoice Fee"
    _order = "company_id, precedence desc, sequence, id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
        help="Whose invoices cost this.",
    )
    sequence = fields.Integer(default=10, help="Of two rules that are equally exact.")
    channel = fields.Selection(
        selection="_selection_channel",
        help="The first channel of the payer that has an address. Empty: any channel.",
    )
    means = fields.Selection(
        MEANS,
        string="Means of Payment",
        help="Direct debit: the payer has a mandate that the invoice is collected by. Empty: any "
        "means.",
    )
    plan_id = fields.Many2one(
        "membership.plan",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        help="Only invoices by this plan; of a common invoice that of its first membership. "
        "Empty: any plan.",
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: self.env.company._billing_today(),
        help="First invoice date.",
    )
    date_to = fields.Date(string="To", help="Last invoice date. Empty: until further notice.")
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        help="Invoices in another currency have no fee.",
    )
    amount = fields.Monetary(
        help="What each invoice costs, with or without tax as the product's own price. 0: such "
        "invoices are free.",
    )
    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        ondelete="restrict",
        help="Gives the income account and the taxes of the fee, and its text on the invoice.",
    )
    skip_first = fields.Boolean(
        string="Not on the First Invoice", help="The first invoice of a membership has no fee."
    )
    one_off = fields.Boolean(
        string="Also on One-off Invoices",
        default=True,
        help="Without it one-off invoices are looked up without this row.",
    )
    is_credited = fields.Boolean(
        string="Credited with the Invoice",
        default=True,
        help="When all memberships of an invoice are credited, its fee is, too. Without it the "
        "payer owes the fee all the same; undoing a billing run takes it back in any case.",
    )
    precedence = fields.Integer(
        string="Exactness",
        compute="_compute_precedence",
        store=True,
        help="The most exact rule wins: one for a plan before one for a channel, that before one "
        "for a means of payment.",
    )

    _dates = models.Constraint(
        "CHECK (date_to >= date_from)", "A rule cannot end before it begins."
    )
    _amount_not_negative = models.Constraint("CHECK (amount >= 0)", "A fee is not below zero.")

    @api.model
    def _selection_channel(self):
        return self.env["billing.delivery.step"]._selection_channel()

    @api.depends("plan_id", "channel", "means")
    def _compute_precedence(self):
        for rule in self:
            rule.precedence = 4 * bool(rule.plan_id) + 2 * bool(rule.channel) + bool(rule.means)

    @api.depends("plan_id", "channel", "means")
    def _compute_display_name(self):
        channels, means = dict(self._selection_channel()), self._fields["means"]
        means = dict(means._description_selection(self.env))
        for rule in self:
            parts = [rule.plan_id.name, channels.get(rule.channel), means.get(rule.means)]
            known = [part for part in parts if part]
            rule.display_name = ", ".join(known) or rule.env._("All invoices")

    def _quote(self, pricing, payer):
        """The :class:`Quote` of the fee for an invoice to ``payer``."""
        position = pricing.fiscal_position(payer)
        return pricing.quote(self.product_id, self.amount, position, Fraction(1), self.currency_id)

    @api.constrains("amount", "product_id")
    def _check_product(self):
        for rule in self:
            if rule.amount and not rule.product_id:
                raise ValidationError(
                    rule.env._(
                        "%(rule)s: choose the product of the fee. It gives the account.",
                        rule=rule.display_name,
                    )
                )
