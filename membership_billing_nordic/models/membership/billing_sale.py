from datetime import timedelta
from fractions import Fraction
from typing import NamedTuple

from .billing_blocks import Blocks
from .billing_pricing import LeftOutError, Pricing, Quote

WHOLE = Fraction(1)


class Due(NamedTuple):
    """What a contract is to be invoiced: new periods, charges that wait, the entry fee."""

    periods: list  # schedule.PeriodPlan
    charges: object  # membership.charge
    entry: bool = False


class Sale(NamedTuple):
    """One thing that is charged: one charge, and one line of an invoice."""

    kind: str  # of the charge
    plan: int
    product: object  # product.product
    name: str  # what the payer reads; empty: the plan's name
    quantity: float
    price_unit: float  # of one for a whole period, as the product's own price
    quote: Quote  # for this part of it
    date_invoice: object
    date_from: object = False
    date_to: object = False
    instalment: int = 1
    instalment_count: int = 1
    charge: object = None  # membership.charge, if it waited


class Item(NamedTuple):
    """One new period of a contract and all that is charged for it; nothing when it is free."""

    due: object  # schedule.PeriodPlan
    price: object  # membership.plan.price
    price_unit: float  # of a whole period, the contract's own or the plan's
    fee: float  # what the payer pays for the membership itself, in all instalments
    sales: tuple[Sale, ...]


class Bill(NamedTuple):
    """All that a contract is charged: new periods, and what belongs to none of them."""

    items: tuple[Item, ...] = ()
    others: tuple[Sale, ...] = ()

    def now(self, day):
        """What is invoiced on ``day``: instalments that are later wait."""
        sales = [sale for item in self.items for sale in item.sales] + list(self.others)
        return [sale for sale in sales if sale.date_invoice <= day]


class Sales:
    """Works out what the contracts of one company are charged on one day.

    Keep one for a chunk of work, not longer: it holds records.
    """

    def __init__(self, company, day, own_prices=None):
        """:param own_prices: contract id to the price it is supposed to have, or None"""
        self.env = company.env
        self.day = day
        self.own_prices = own_prices or {}
        self.pricing = Pricing(company)
        self.blocks = Blocks(company, day)
        self._items = {}

    def bill(self, contract, due):
        """The :class:`Bill` of ``contract`` for ``due``, a ``Due``.

        :raise LeftOutError: when ``contract`` cannot be billed
        """
        if block := self.blocks.of(contract):
            raise LeftOutError("blocked", block._text())
        payer = contract.payer_id
        if payer.commercial_partner_id != payer:
            raise LeftOutError("payer", payer._mbn_not_own_payer_text())
        position = self.pricing.fiscal_position(payer)
        items = tuple(self._item(contract, period, position) for period in due.periods)
        others = [self._waiting(charge, position) for charge in due.charges]
        if due.entry:
            others.insert(0, self._entry_fee(contract, due.periods[0], position))
        return Bill(items, tuple(sale for sale in others if sale.quote.amount))

    def _item(self, contract, period, position):
        """A new period; worked out once for contracts that are alike."""
        price = self.pricing.price(contract, period)
        amount = self._price_unit(contract, period, price)
        lines = contract.line_ids
        if lines:
            return self._work_out(contract, period, position, price, amount, lines)
        key = (period, price.id, amount, position.id, contract.currency_id.id)
        if key not in self._items:
            self._items[key] = self._work_out(contract, period, position, price, amount, lines)
        return self._items[key]

    def _price_unit(self, contract, period, price):
        """What a whole period costs: the contract's own price, else the plan's."""
        if contract.id in self.own_prices:
            own = self.own_prices[contract.id]
        else:
            own = contract._own_price_on(period.plan, period.price_date)
        return price.amount if own is None else own

    def _work_out(self, contract, period, position, price, amount, lines):
        currency = contract.currency_id
        product = price.plan_id.product_id
        fees = self._instalments(period, position, currency, "fee", product, "", 1.0, amount)
        sales = list(fees)
        for line in lines:
            if line._is_charged_with(period):
                what = (line.product_id, line.name, line.quantity, line.price_unit)
                sales += self._instalments(period, position, currency, "product", *what)
        fee = currency.round(sum(sale.quote.amount for sale in fees))
        return Item(period, price, amount, fee, tuple(sale for sale in sales if sale.quote.amount))

    def _instalments(self, period, position, currency, kind, product, name, quantity, price):
        """What is charged for one thing in ``period``, one sale for each payment."""
        plan = self.env["membership.plan"].browse(period.plan)
        count = len(period.instalments)
        quotes = self.pricing.quotes(
            count, product, price, position, period.share, currency, quantity
        )
        ahead = timedelta(days=plan.lead_days)
        return [
            Sale(
                kind,
                plan.id,
                product,
                name,
                quantity,
                price,
                quote,
                date_from - ahead,
                date_from,
                date_to,
                number,
                count,
            )
            for number, (quote, (date_from, date_to)) in enumerate(
                zip(quotes, period.instalments, strict=True), 1
            )
        ]

    def _entry_fee(self, contract, period, position):
        plan = self.env["membership.plan"].browse(period.plan)
        product = plan.entry_product_id
        quote = self.pricing.quote(product, plan.entry_fee, position, WHOLE, plan.currency_id)
        return Sale("entry", plan.id, product, "", 1.0, plan.entry_fee, quote, self.day)

    def with_fee(self, bill, rule, contract, plan):
        """``bill`` with the fee for the invoice, the price of ``rule``, when there is one."""
        if not rule:
            return bill
        return bill._replace(others=(*bill.others, self._fee(rule, contract, plan)))

    def _fee(self, rule, contract, plan):
        quote = rule._quote(self.pricing, contract.payer_id)
        return Sale("invoice_fee", plan.id, rule.product_id, "", 1.0, rule.amount, quote, self.day)

    def _waiting(self, charge, position):
        """A charge that waited; it costs what it says, however that came to be."""
        period = charge.period_id
        share = WHOLE
        if period:
            share = Fraction(period.share_numerator, period.share_denominator)
        product, currency = charge.product_id, charge.currency_id
        count, quantity = charge.instalment_count, charge.quantity
        quote = self.pricing.quotes(
            count, product, charge.price_unit, position, share, currency, quantity
        )[charge.instalment - 1]
        if currency.compare_amounts(quote.amount, charge.amount):
            quote = self.pricing.quote_amount(product, charge.amount, position, currency)
        return Sale(
            charge.kind,
            (period.plan_id or charge.contract_id.plan_id).id,
            product,
            charge.name or "",
            quantity,
            charge.price_unit,
            quote,
            charge.date_invoice,
            charge.date_from,
            charge._last_day(),
            charge.instalment,
            count,
            charge,
        )
