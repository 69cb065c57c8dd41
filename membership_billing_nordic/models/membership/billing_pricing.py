from fractions import Fraction
from typing import NamedTuple


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
        self._positions = {}
        self._journals = {}
        self._automatic = self._find_automatic_positions()
        self._by_zip = any(self._automatic.mapped("zip_from"))

    def _find_automatic_positions(self):
        model = self.env["account.fiscal.position"]
        return model.search([*model._check_company_domain(self.company), ("auto_apply", "=", True)])

    def fiscal_position(self, payer):
        """The fiscal position of an invoice to ``payer``; the same for payers who are alike."""
        payer = payer.with_company(self.company)
        if payer.property_account_position_id or not self._automatic:
            return payer.property_account_position_id
        alike = (
            payer.country_id.id,
            payer.state_id.id,
            payer.vat,
            payer.zip if self._by_zip else None,
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
        included = taxes.flatten_taxes_hierarchy().mapped("price_include")
        if all(included):
            return part
        if any(included):
            return price * quantity * share.numerator / share.denominator
        details = taxes._get_tax_details(
            part,
            1.0,
            precision_rounding=currency.rounding,
            rounding_method="round_globally",
            product=product,
            special_mode="total_included",
        )
        return details["total_excluded"]

    def _total(self, product, price, taxes, currency, quantity):
        if not taxes:
            return currency.round(price * quantity)
        result = taxes.compute_all(price, currency=currency, quantity=quantity, product=product)
        return currency.round(result["total_included"])
