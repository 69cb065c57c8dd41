"""Changes in mid-period: what is invoiced for the time after is credited, the new is charged.

Preview and execution both go by a :class:`Switch`, so that what is shown is what is done.
"""

from datetime import timedelta
from fractions import Fraction
from typing import NamedTuple

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .billing_pricing import LeftOutError, Pricing
from .billing_sale import Due, Sale, Sales
from .membership_contract_end import OWED_BY


class Switch(NamedTuple):
    """What a change in mid-period brings with it."""

    day: object  # first day of the new
    left: dict  # charge to what is taken off it, tax included
    item: object  # billing_sale.Item of the rest of the period; None when the period stays
    sales: tuple  # pairs of membership.period and Sale, charged within periods that stay
    date_invoice: object  # when the new is invoiced

    def credited(self):
        """Sum of what was invoiced and is given back."""
        return sum(amount for charge, amount in self.left.items() if charge.state != "to_invoice")

    def new_sales(self):
        """All that is charged anew."""
        own = self.item.sales if self.item else ()
        return [*own, *(sale for _period, sale in self.sales)]


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    # -- when ------------------------------------------------------------------------

    def _middle_day(self, day=None, plan=None):
        """The day of a change in mid-period to ``plan`` (None: it stays) asked for on ``day``.

        By months begun a change waits for the next month, as the month begun is owed.

        :return: None when the change is at the end of what is invoiced
        """
        self.ensure_one()
        today = self.company_id._billing_today()
        day = max(day or today, today, self.date_start)
        running = self._stood_on(day)
        old = running.plan_id or self._plan_on(day)
        if old.change_timing != "middle" or (plan or old).first_period not in OWED_BY:
            return None
        if old.first_period == "month" and running:
            months = self._months_of(old, running.date_from)
            index = months.index_of(day)
            day = day if months.start(index) == day else months.start(index + 1)
        standing = self.sudo().period_ids.filtered(
            lambda period: period.state != "void" and period.date_to >= day
        )
        if not standing or "credited" in standing.mapped("state"):
            return None
        return day

    def _stood_on(self, day):
        """The period that holds ``day``; empty when there is none."""
        return self.sudo().period_ids.filtered(
            lambda period: period.state != "void" and period.date_from <= day <= period.date_to
        )[:1]

    def _settled_on(self):
        """The day on which the new is invoiced, as the plan says."""
        today = self.company_id._billing_today()
        if self.plan_id.change_settlement == "at_once":
            return today
        return max(self.next_invoice_date or today, today)

    # -- what ------------------------------------------------------------------------

    def _switch_plan(self, plan, day, own_price=None):
        """The :class:`Switch` to ``plan``, or to another price of it, on ``day``.

        :param own_price: False: by the price list from then on; None: as it is
        :raise UserError: the rest of the period has no price, or cannot be billed
        """
        contract = self.sudo()
        period = contract._rest_of_period(plan, day)
        date_invoice = contract._settled_on()
        item = None
        if period:
            own = (
                {}
                if own_price is None
                else {contract.id: None if own_price is False else own_price}
            )
            try:
                due = Due([period], contract.charge_ids.browse())
                item = Sales(contract.company_id, day, own).bill(contract, due).items[0]
            except LeftOutError as left_out:
                raise UserError(str(left_out)) from left_out
            date_invoice = min(date_invoice, period.date_to)
            sales = [
                sale._replace(date_invoice=max(sale.date_invoice, date_invoice))
                for sale in item.sales
            ]
            item = item._replace(sales=tuple(sales))
        left = contract._left_after(day - timedelta(days=1), is_end=False)
        return Switch(day, left, item, (), date_invoice)

    def _rest_of_period(self, plan, day):
        """The first period of ``plan`` from ``day`` on, as if nothing was invoiced from then on."""
        key, before = self.id, day - timedelta(days=1)
        taken = [
            (first, min(last, before))
            for first, last in self._covered_spans(("open", "paid", "credited")).get(key, ())
            if first < day
        ]
        begin = self._plan_start_on(day) if plan == self._plan_on(day) else day
        periods = self._open_periods(
            plan._rules(), begin, self.date_end or None, day, taken, self._pauses().get(key, ())
        )
        return next((period for period in periods if period.date_from >= day), None)

    def _switch_lines(self, added, ended, day):
        """The :class:`Switch` by which further products are added and ended on ``day``.

        :param added: list of dicts of ``product_id``, ``name``, ``quantity``, ``price_unit``
        :param ended: the ``membership.contract.line`` records that end
        """
        contract = self.sudo()
        left = contract._left_after(day - timedelta(days=1), is_end=False)
        named = {(line.product_id, line.name) for line in ended}
        left = {
            charge: amount
            for charge, amount in left.items()
            if charge.kind == "product" and (charge.product_id, charge.name) in named
        }
        date_invoice = contract._settled_on()
        sales = tuple(
            (period, contract._line_sale(line, period, day, date_invoice))
            for period in contract.period_ids
            if period.state in ("open", "paid") and period.date_to >= day
            for line in added
        )
        return Switch(day, left, None, sales, date_invoice)

    def _line_sale(self, line, period, day, date_invoice):
        """A further product for the rest of ``period`` from ``day`` on."""
        first, last = max(day, period.date_from), period.date_to
        product = self.env["product.product"].browse(line["product_id"])
        pricing = Pricing(self.company_id)
        rules = period.plan_id._rules()
        grid = rules.grid_from(self.date_start, self._plan_start_on(period.date_from))
        share = grid.share(first, last, rules.part) if rules.part in OWED_BY else Fraction(1)
        quote = pricing.quote(
            product,
            line["price_unit"],
            pricing.fiscal_position(self.payer_id),
            share,
            self.currency_id,
            line["quantity"],
        )
        return Sale(
            "product",
            period.plan_id.id,
            product,
            line["name"] or product.display_name,
            line["quantity"],
            line["price_unit"],
            quote,
            min(date_invoice, last),
            first,
            last,
        )

    # -- doing it --------------------------------------------------------------------

    def _carry_out_switch(self, switch, text):
        """Credit, drop and charge what ``switch`` says.

        :param text: why, for the payer
        """
        contract = self.sudo()
        today = contract.company_id._billing_today()
        before = switch.day - timedelta(days=1)
        standing = contract._standing_after(before)
        contract._take_off(switch.left, text, quiet=switch.date_invoice > today)
        charges = contract.charge_ids.browse()
        if switch.item:
            contract._cut_periods(standing, before)
            vals = contract._prepare_period(switch.item)
            period = contract.period_ids.create(vals)
            charges = charges.create(
                [contract._prepare_charge(sale, period.id) for sale in switch.item.sales]
            )
        charges.create(
            [
                contract._prepare_charge(sale, period.id)
                for period, sale in switch.sales
                if sale.quote.amount
            ]
        )
        contract.period_ids._follow_charges()

    def _cut_off(self, day, text):
        """Nothing is invoiced for the time from ``day`` on: what was is taken off."""
        contract = self.sudo()
        before = day - timedelta(days=1)
        left = contract._left_after(before, is_end=False)
        standing = contract._standing_after(before)
        quiet = contract.plan_id.change_settlement == "next"
        contract._take_off(left, text, quiet)
        contract._cut_periods(standing, before)

    def _take_off(self, left, text, quiet):
        """Cut what waits to be invoiced, credit what is invoiced."""
        charges = self.env["membership.charge"].sudo().browse([charge.id for charge in left])
        waiting = charges.filtered(lambda charge: charge.state == "to_invoice")
        draft = (charges - waiting).invoice_id.filtered(lambda move: move.state != "posted")
        if draft:
            raise UserError(
                self.env._(
                    "The invoice %(invoice)s is not posted. Post or delete it first.",
                    invoice=draft[0].display_name,
                )
            )
        waiting._cut(left)
        notes = charges._credit({charge: left[charge] for charge in charges - waiting}, text, quiet)
        notes.mbn_for_next_invoice = True

    def _standing_after(self, day):
        """The periods that go on after ``day``; to be read before anything of them is credited."""
        return self.period_ids.filtered(
            lambda period: period.date_to > day and period.state in ("open", "paid")
        )

    def _cut_periods(self, standing, day):
        """Let the periods end with ``day``; later ones can be billed again."""
        later = standing.filtered(lambda period: period.date_from > day)
        (standing - later).date_to = day
        self._give_back(later)
        self.env["membership.period"].flush_model(["date_to", "state"])

    def _settled_at_once(self):
        """Those of which a change in mid-period is settled at once, as their plans say."""
        return self.filtered(
            lambda contract: (
                contract.plan_id.change_timing == "middle"
                and contract.plan_id.change_settlement == "at_once"
            )
        )

    def _bill_switches(self):
        """Invoice at once what was changed in these."""
        for company, contracts in self.sudo().grouped("company_id").items():
            waiting = contracts._waiting_charges(company._billing_today())
            if due := contracts.filtered(lambda one, ids=set(waiting): one.id in ids):
                self.env["billing.run"]._bill_now(due)

    def _prepare_period(self, item):
        """Values of the period that ``item`` (a ``billing_sale.Item``) bills."""
        self.ensure_one()
        due, plan = item.due, item.price.plan_id
        return {
            "contract_id": self.id,
            "plan_id": plan.id,
            "association_id": self.association_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "date_from": due.date_from,
            "date_to": due.date_to,
            "state": "open" if item.sales else "paid",
            "is_offer": plan.renewal == "offer" and due.number > 1,
            "price_id": item.price.id,
            "price_unit": item.price_unit,
            "share_numerator": due.share.numerator,
            "share_denominator": due.share.denominator,
            "amount": item.fee,
        }

    def _prepare_charge(self, sale, period_id):
        """Values of a charge for ``sale`` that waits to be invoiced."""
        self.ensure_one()
        return {
            "kind": sale.kind,
            "contract_id": self.id,
            "period_id": period_id,
            "payer_id": self.payer_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "claim_kind": self.env["membership.plan"].browse(sale.plan).claim_kind,
            "product_id": sale.product.id,
            "name": sale.name,
            "quantity": sale.quantity,
            "price_unit": sale.price_unit,
            "instalment": sale.instalment,
            "instalment_count": sale.instalment_count,
            "date_invoice": sale.date_invoice,
            "date_from": sale.date_from,
            "date_to": sale.date_to,
            "amount": sale.quote.amount,
        }

    # -- showing it ------------------------------------------------------------------

    def _switch_rows(self, switch):
        """The consequences of ``switch``, in the rows of :meth:`_consequences`."""
        rows = []
        waiting = sum(switch.left.values()) - switch.credited()
        if waiting:
            text = self.env._("Waits to be invoiced for the time after: dropped")
            rows.append(self._consequence("dropped", text, waiting))
        billed = [charge for charge in switch.left if charge.state != "to_invoice"]
        rows += [
            self._consequence(
                "credit",
                self.env._("%(invoice)s: credited for the rest", invoice=invoice.name),
                sum(switch.left[charge] for charge in charges),
            )
            for invoice, charges in self._by_invoice(billed)
        ]
        for sale in switch.new_sales():
            what = sale.name or self.env["membership.plan"].browse(sale.plan).name
            text = self.env._(
                "%(what)s, %(first)s - %(last)s: invoiced",
                what=what,
                first=format_date(self.env, sale.date_from),
                last=format_date(self.env, sale.date_to),
            )
            rows.append(self._consequence("charge", text, sale.quote.amount, sale.date_invoice))
        net = sum(sale.quote.amount for sale in switch.new_sales()) - switch.credited() - waiting
        rows.append(self._consequence("after", self.env._("Difference in all"), net))
        return rows


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_for_next_invoice = fields.Boolean(
        string="Set Off Against the Next Invoice",
        readonly=True,
        copy=False,
        help="What stands of this credit note is set off against the payer's next membership "
        "invoice, also where money that stands is not used by itself.",
    )

    def _mbn_use_promised(self, credits):
        """What a change of a membership left pays the payer's next membership invoice."""
        by_payer = self.grouped("commercial_partner_id")
        for credit in credits.filtered("move_id.mbn_for_next_invoice"):
            contracts = credit.move_id.invoice_line_ids.mbn_credited_charge_id.contract_id
            invoices = by_payer.get(credit.partner_id, self.browse()).filtered(
                lambda move, contracts=contracts: move._mbn_bills_after_change(contracts)
            )
            credit._mbn_pay(invoices._mbn_open_claims())
        return super()._mbn_use_promised(credits)

    def _mbn_bills_after_change(self, contracts):
        """Does it bill one of these changed memberships, or another fee that is owed?"""
        billed = self.invoice_line_ids.mbn_charge_id.contract_id
        return bool(billed & contracts) or (bool(billed) and self._mbn_takes_standing())
