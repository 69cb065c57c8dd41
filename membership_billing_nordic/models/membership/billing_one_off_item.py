from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .billing_pricing import LeftOutError


class BillingOneOffItem(models.Model):
    """One line of a one-off invoice: a product, a free text, or the price of a plan."""

    _name = "billing.one.off.item"
    _description = "Line of a One-off Invoice"
    _order = "sequence, id"
    _check_company_auto = True

    one_off_id = fields.Many2one(
        "billing.one.off", required=True, index=True, ondelete="cascade", help="The invoices."
    )
    line_id = fields.Many2one(
        "billing.one.off.line",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="Who gets it, when it came with a list. Empty: everybody.",
    )
    company_id = fields.Many2one(related="one_off_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="one_off_id.currency_id")
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        domain="[('sale_ok', '=', True)]",
        ondelete="restrict",
        help="Gives text, price, income account and taxes. Empty: a free text, with account and "
        "taxes of the product for free texts in the settings.",
    )
    plan_id = fields.Many2one(
        "membership.plan",
        string="Membership",
        check_company=True,
        ondelete="restrict",
        help="Charges the plan's price for the member once, without a period: as an extra, or "
        "for a guest.",
    )
    name = fields.Char(
        string="Description",
        compute="_compute_from_product",
        store=True,
        readonly=False,
        precompute=True,
        help="What the payer reads on the invoice.",
    )
    quantity = fields.Float(default=1.0, required=True, digits="Product Unit")
    price_unit = fields.Monetary(
        string="Price",
        compute="_compute_from_product",
        store=True,
        readonly=False,
        precompute=True,
        help="Price of one, with or without tax as the product's own price. Of a membership the "
        "plan's price of the invoice date, unless you enter another.",
    )

    @api.depends("product_id", "plan_id")
    def _compute_from_product(self):
        for item in self:
            if item.plan_id:
                item.name = item.name or item.plan_id.name
            elif item.product_id:
                item.name = item._product_name()
                item.price_unit = item.product_id.lst_price

    @api.constrains("product_id", "plan_id", "name", "quantity")
    def _check_complete(self):
        for item in self:
            if item.product_id and item.plan_id:
                raise ValidationError(
                    self.env._("Choose a product or a membership for a line, not both.")
                )
            if not (item.product_id or item.plan_id or (item.name or "").strip()):
                raise ValidationError(
                    self.env._("Say what is invoiced: a product, a membership or a text.")
                )
            if item.quantity <= 0:
                raise ValidationError(
                    self.env._("%(what)s: the quantity must be above zero.", what=item.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        items = super().create(vals_list)
        items._check_free()
        return items

    def write(self, vals):
        self._check_free()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        self._check_free()

    def _check_free(self):
        """What people looked through is looked through again when it changes."""
        if not self.env.su:
            for one_off in self.one_off_id:
                one_off._check_open()
            self.one_off_id._back_to_draft()

    # ------------------------------------------------------------------ what it costs

    def _product(self):
        """Gives income account and taxes."""
        if self.plan_id:
            return self.plan_id.product_id
        return self.product_id or self.company_id._mbn_text_product()

    def _price(self, line):
        """The price of one for the recipient ``line``.

        :raise LeftOutError: a membership has no price for the member
        """
        plan = self.plan_id
        if not plan or self.price_unit:
            return self.price_unit
        day, age = self.one_off_id.date, line.member_id._mbn_age_on(self.one_off_id.date)
        facts = {"plan": plan.display_name, "member": line.member_id.display_name}
        if plan.currency_id != self.one_off_id.currency_id:
            raise LeftOutError(
                "currency",
                self.env._(
                    "%(plan)s is in %(currency)s. Enter a price, or make these invoices in that "
                    "currency.",
                    currency=plan.currency_id.name,
                    **facts,
                ),
            )
        if age is None and plan._is_priced_by_age():
            raise LeftOutError(
                "no_birth_date",
                self.env._(
                    "The price of %(plan)s depends on the age, and %(member)s has no birth date. "
                    "Enter it.",
                    **facts,
                ),
            )
        price = plan._price_on(day, age, 1)
        if not price:
            raise LeftOutError(
                "no_price",
                self.env._(
                    "%(plan)s has no price for %(member)s on the invoice date. Add a price that is "
                    "valid then.",
                    **facts,
                ),
            )
        return price.amount

    def _product_name(self):
        """What members read: without the internal reference."""
        return self.product_id.with_context(display_default_code=False).display_name

    def _text(self, line):
        """What the payer reads, in the payer's language where nothing was typed."""
        item = self.with_context(lang=line.payer_id.lang or self.env.lang)
        env, text = item.env, self.name
        if text == (self.plan_id.name or self._product_name()):
            text = item.plan_id.display_name or item._product_name()
        if line.member_id != line.payer_id:
            text = env._("%(what)s, %(member)s", what=text, member=line.member_id.name)
        return text


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_text_product_id = fields.Many2one(
        "product.product",
        string="Product of Free Texts",
        check_company=True,
        ondelete="restrict",
        help="Gives income account and taxes to lines of one-off invoices that have a text only. "
        "Empty: one is made with the first such line, with the company's usual taxes.",
    )

    def _mbn_text_product(self):
        self.ensure_one()
        company = self.sudo()
        if not company.mbn_text_product_id:
            company.mbn_text_product_id = (
                self.env["product.product"]
                .sudo()
                .with_company(self)
                .create(
                    {
                        "name": self.env._("Other"),
                        "type": "service",
                        "company_id": self.id,
                        "lst_price": 0.0,
                    }
                )
            )
        return company.mbn_text_product_id


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_text_product_id = fields.Many2one(related="company_id.mbn_text_product_id", readonly=False)
