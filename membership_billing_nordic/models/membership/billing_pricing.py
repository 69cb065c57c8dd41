from fractions import Fraction
from typing import NamedTuple

from odoo.tools import format_date

from . import schedule
from .billing_posting import PostingRules

# Steps to look for an amount that can be had exactly: with tax on top, some cannot.
_NEARBY = (0, 1, -1, 2, -2, 3, -3)


class LeftOutError(Exception):
    """A membership cannot be billed. ``kind`` is a value of the run line's ``problem_kind``."""

    def __init__(self, kind, problem):
        super().__init__(problem)
        self.kind = kind


class Quote(NamedTuple):
    """What a product costs a payer for one period."""

    quantity: float  # for the invoice line; 1 where a part of the period is charged
    price_unit: float  # for the invoice line, in the tax semantics of ``taxes``
    amount: float  # what the payer pays, tax included, rounded in the currency
    taxes: object  # account.tax, after the fiscal position


class Pricing:
    """Works out what payers pay in one company, and remembers what it has worked out.

    A run asks the same few questions (product, price, fiscal position, share, journal) for
    thousands of members. Keep one for a chunk of work, not longer: it holds records.
    """

    def __init__(self, company):
        self.company = company
        self.env = company.env
        self._quotes = {}
        self._parts = {}
        self._prices = {}
        self._by_age = {}
        self._positions = {}
        self._journals = {}
        self._posting = {}
        self._automatic = self._find_automatic_positions()
        self.by_zip = any(self._automatic.mapped("zip_from"))

    def _find_automatic_positions(self):
        model = self.env["account.fiscal.position"]
        return model.search([*model._check_company_domain(self.company), ("auto_apply", "=", True)])

    def fiscal_position(self, payer):
        """The fiscal position of an invoice to ``payer``; the same for payers who are alike."""
        if payer.env.company != self.company:
            payer = payer.with_company(self.company)
        if payer.property_account_position_id or not self._automatic:
            return payer.property_account_position_id
        alike = (
            payer.country_id.id,
            payer.state_id.id,
            payer.vat,
            payer.zip if self.by_zip else None,
        )
        if alike not in self._positions:
            self._positions[alike] = (
                self.env["account.fiscal.position"]
                .with_company(self.company)
                ._get_fiscal_position(payer)
            )
        return self._positions[alike]

    def journal(self, agreement):
        """The sale journal of invoices that are paid to ``agreement``; may be empty."""
        if agreement not in self._journals:
            self._journals[agreement] = self.company._mbn_sale_journal(agreement)
        return self._journals[agreement]

    def posting_rules(self, day):
        """The :class:`PostingRules` in force on ``day``."""
        if day not in self._posting:
            self._posting[day] = PostingRules(self.company, day)
        return self._posting[day]

    def price(self, contract, period):
        """The row of the price list for a period of ``contract``.

        :raise LeftOutError: when there is none, with what to do
        """
        plan = self.env["membership.plan"].browse(period.plan)
        if plan.id not in self._by_age:
            self._by_age[plan.id] = plan._is_priced_by_age()
        age = contract._member_age_on(period.price_date) if self._by_age[plan.id] else None
        key = (plan.id, period.price_date, age, period.number)
        price = self._prices.get(key)
        if price is None:
            price = self._prices[key] = plan._price_on(period.price_date, age, period.number)
        if not price:
            raise self._no_price(contract, plan, period, age)
        return price

    def _no_price(self, contract, plan, period, age):
        facts = {"plan": plan.display_name, "date": format_date(self.env, period.price_date)}
        if not self._by_age[plan.id]:
            return LeftOutError(
                "no_price",
                self.env._(
                    "%(plan)s has no price on %(date)s for period number %(number)s. Add a price "
                    "that is valid then.",
                    number=period.number,
                    **facts,
                ),
            )
        facts["member"] = contract.member_id.display_name
        if age is None:
            return LeftOutError(
                "no_birth_date",
                self.env._(
                    "The price of %(plan)s depends on the age on %(date)s, and %(member)s has no "
                    "birth date. Enter it.",
                    **facts,
                ),
            )
        return LeftOutError(
            "no_price",
            self.env._(
                "%(plan)s has no price on %(date)s for period number %(number)s of %(member)s, who "
                "is %(age)s years old then. Add a price for that age.",
                number=period.number,
                age=age,
                **facts,
            ),
        )

    def quotes(self, count, product, price, position, share, currency, quantity=1.0):
        """The same as :meth:`quote`, to be paid in ``count`` parts that add up to it."""
        key = (count, product.id, price, position.id, share, currency.id, quantity)
        if key not in self._parts:
            whole = self.quote(product, price, position, share, currency, quantity)
            self._parts[key] = (
                (whole,) if count == 1 else self._divide(whole, count, product, currency)
            )
        return self._parts[key]

    def _divide(self, whole, count, product, currency):
        """Parts of a quote. The last one takes the rest.

        Without tax in the price not every amount with tax can be had: the first part gives
        the last one what it lacks.
        """

        def part_of(units):
            return self._exactly(units * currency.rounding, product, whole.taxes, currency)

        def units_of(quote):
            return round(quote.amount / currency.rounding)

        total = units_of(whole)
        usual = part_of(schedule.split(total, count)[0])
        rest = total - units_of(usual) * (count - 1)
        for step in _NEARBY:
            first, last = part_of(units_of(usual) + step), part_of(rest - step)
            if units_of(first) + units_of(last) == units_of(usual) + rest:
                break
        return (first, *[usual] * (count - 2), last)

    def quote(
        self, product, price, position, share: Fraction, currency, quantity: float = 1.0
    ) -> Quote:
        """What ``share`` of ``quantity`` times ``price`` comes to.

        :param price: price of a whole period, with or without tax as the product's price
        :param share: part of the period; applied to the amount with tax, rounded once
        """
        key = (product.id, price, position.id, share, currency.id, quantity)
        if key not in self._quotes:
            self._quotes[key] = self._work_out(product, price, position, share, currency, quantity)
        return self._quotes[key]

    def quote_amount(self, product, amount, position, currency) -> Quote:
        """The quote that comes to ``amount``, tax included, or to what is nearest to it."""
        own_taxes = product.taxes_id._filter_taxes_by_company(self.company)
        return self._exactly(amount, product, position.map_tax(own_taxes), currency)

    def _exactly(self, amount, product, taxes, currency):
        price = self._price_of(currency.round(amount), product, taxes, currency)
        return Quote(1.0, price, self._total(product, price, taxes, currency, 1.0), taxes)

    def _work_out(self, product, price, position, share, currency, quantity):
        own_taxes = product.taxes_id._filter_taxes_by_company(self.company)
        taxes = position.map_tax(own_taxes)
        price = product._get_tax_included_unit_price_from_price(
            price, own_taxes, product_taxes_after_fp=taxes
        )
        if share != 1:
            price = self._part_of(product, price, taxes, share, currency, quantity)
            quantity = 1.0
        amount = self._total(product, price, taxes, currency, quantity)
        return Quote(quantity, price, amount, taxes)

    def _part_of(self, product, price, taxes, share, currency, quantity):
        """The price of one unit whose amount with tax is ``share`` of the whole."""
        whole = self._total(product, price, taxes, currency, quantity)
        part = currency.round(whole * share.numerator / share.denominator)
        return self._price_of(part, product, taxes, currency)

    def _price_of(self, amount, product, taxes, currency):
        """The price, in the tax semantics of ``taxes``, that comes to ``amount`` with tax."""
        taxes = taxes.flatten_taxes_hierarchy()
        included = taxes.filtered("price_include")
        if included == taxes:
            return amount
        details = taxes._get_tax_details(
            amount,
            1.0,
            precision_rounding=currency.rounding,
            rounding_method="round_globally",
            product=product,
            special_mode="total_included",
        )
        return details["total_excluded"] + sum(
            data["tax_amount"] for data in details["taxes_data"] if data["tax"] in included
        )

    def _total(self, product, price, taxes, currency, quantity):
        """What an invoice with this line alone comes to."""
        if not taxes:
            return currency.round(price * quantity)
        line = taxes._prepare_base_line_for_taxes_computation(
            None,
            product_id=product,
            price_unit=price,
            quantity=quantity,
            tax_ids=taxes,
            currency_id=currency,
        )
        taxes._add_tax_details_in_base_line(line, self.company)
        taxes._round_base_lines_tax_details([line], self.company)
        return line["tax_details"]["total_included_currency"]
