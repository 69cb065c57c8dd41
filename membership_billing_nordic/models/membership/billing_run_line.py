from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import Command, api, fields, models
from odoo.tools import format_date

from .billing_pricing import LeftOutError, Pricing, Quote


class Sale(NamedTuple):
    """One thing that is charged for a period: the fee, or a further product."""

    kind: str  # of the charge
    product: object  # product.product
    text: str  # name of the further product; the fee has its plan's
    quote: Quote


class Item(NamedTuple):
    """One due period of a contract and what is charged for it; nothing when it is free."""

    due: object  # schedule.PeriodPlan
    price: object  # membership.plan.price
    fee: float  # what the payer pays for the membership itself
    sales: tuple[Sale, ...]

    @property
    def amount(self):
        """What the payer pays for the period in all."""
        return sum(sale.quote.amount for sale in self.sales)


class BillingRunLine(models.Model):
    """One membership in a billing run: what it is billed, or why not."""

    _name = "billing.run.line"
    _description = "Billing Run Line"
    _order = "id"
    _rec_name = "contract_id"
    _check_company_auto = True

    run_id = fields.Many2one(
        "billing.run", required=True, index=True, ondelete="cascade", help="The billing run."
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    contract_id = fields.Many2one(
        "membership.contract",
        string="Membership",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        help="The membership that is billed.",
    )
    member_id = fields.Many2one(
        related="contract_id.member_id", store=True, index=True, help="Who is a member."
    )
    payer_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        help="Who gets the invoice.",
    )
    plan_id = fields.Many2one(
        "membership.plan", required=True, index=True, ondelete="restrict", help="What it is for."
    )
    association_id = fields.Many2one(
        "membership.association",
        index="btree_not_null",
        ondelete="restrict",
        help="The member's association.",
    )
    journal_id = fields.Many2one(
        "account.journal", ondelete="restrict", help="The sale journal of the invoice."
    )
    agreement_id = fields.Many2one(
        "bank.agreement",
        ondelete="restrict",
        help="The agreement the invoice is paid to, when it is not the journal's.",
    )
    currency_id = fields.Many2one("res.currency", required=True, help="Currency of the amount.")
    date_from = fields.Date(string="From", help="First day that is billed.")
    date_to = fields.Date(string="To", help="Last day that is billed.")
    period_count = fields.Integer(
        string="Periods", help="New periods on the invoice; more than one when some were missed."
    )
    amount = fields.Monetary(help="What the payer pays, tax included.")
    amount_before = fields.Monetary(
        string="Last Time",
        readonly=True,
        help="What the membership was invoiced the time before, tax included.",
    )
    charge_count = fields.Integer(
        string="Charges Waiting",
        readonly=True,
        help="Instalments, entry fees and single charges that waited for this invoice.",
    )
    claim_kind = fields.Selection(
        [("fee", "Enforceable fee"), ("lapse", "Lapse-only fee"), ("donation", "Donation")],
        string="Kind of Claim",
        readonly=True,
        help="Kinds of claim never share an invoice.",
    )
    date_due = fields.Date(string="Due", readonly=True, help="When the invoice is to be paid.")
    channel = fields.Char(
        readonly=True, help="How the invoice is to reach the payer: the first way that is open."
    )
    sales_channel = fields.Char(readonly=True, help="How the member was won.")
    released = fields.Boolean(readonly=True, help="Released to be invoiced.")
    state = fields.Selection(
        [
            ("pending", "To Bill"),
            ("done", "Billed"),
            ("left_out", "Left Out"),
            ("failed", "Failed"),
            ("undone", "Undone"),
            ("kept", "Kept"),
        ],
        default="pending",
        required=True,
        readonly=True,
        help="Left out: found in the preview. Failed: found while invoicing. Undone: the invoice "
        "was taken back. Kept: the run was undone, but this invoice could not be taken back.",
    )
    problem_kind = fields.Selection(
        [
            ("no_price", "No price"),
            ("payer", "Payer cannot be invoiced"),
            ("journal", "No sale journal"),
            ("changed", "Changed since the preview"),
            ("error", "Error"),
        ],
        string="Reason",
        readonly=True,
        help="Why the membership is not billed.",
    )
    problem = fields.Text(
        string="Why and What to Do", readonly=True, help="The reason in full, and how to fix it."
    )
    invoice_id = fields.Many2one(
        "account.move",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The invoice that was made.",
    )

    _once_per_run = models.Constraint(
        "UNIQUE (run_id, contract_id)", "A membership appears once in a billing run."
    )
    _pending_idx = models.Index("(run_id, payer_id, id) WHERE state = 'pending'")

    def action_fix(self):
        """Open what has to be corrected."""
        self.ensure_one()
        record = {
            "no_price": self.plan_id,
            "payer": self.payer_id,
        }.get(self.problem_kind, self.contract_id)
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    def action_view_invoice(self):
        """Show the invoice of the line."""
        return self.env["account.move"]._mbn_list_action(self.invoice_id)

    # ------------------------------------------------------------------
    # Preview
    # ------------------------------------------------------------------

    @api.model
    def _prepare_vals(self, run, contract, dues, pricing):
        """Values of the preview line that bills ``contract`` for the periods ``dues``."""
        try:
            items = self._items(contract, dues, pricing)
            journal = self._journal(contract, pricing)
        except LeftOutError as left_out:
            return self._prepare_out_vals(run, contract, left_out.kind, str(left_out), dues)
        return self._prepare_facts(run, contract, dues) | {
            "journal_id": journal.id,
            "agreement_id": self._agreement(contract).id,
            "amount": sum(item.amount for item in items),
        }

    @api.model
    def _prepare_out_vals(self, run, contract, kind, problem, dues=()):
        """Values of the preview line that says why ``contract`` is left out."""
        return self._prepare_facts(run, contract, dues) | {
            "state": "left_out",
            "problem_kind": kind,
            "problem": problem,
        }

    @api.model
    def _prepare_facts(self, run, contract, dues):
        return {
            "run_id": run.id,
            "contract_id": contract.id,
            "payer_id": contract.payer_id.id,
            "plan_id": contract.plan_id.id,
            "association_id": contract.association_id.id,
            "currency_id": contract.currency_id.id,
            "date_from": dues[0].date_from if dues else False,
            "date_to": dues[-1].date_to if dues else False,
            "period_count": len(dues),
        }

    @api.model
    def _items(self, contract, dues, pricing):
        """The due periods with what they cost.

        :raise LeftOutError: when ``contract`` cannot be billed
        """
        payer = contract.payer_id
        if payer.commercial_partner_id != payer:
            raise LeftOutError(
                "payer",
                self.env._(
                    "%(payer)s is a contact of %(company)s, who would get the invoice. Detach the "
                    "contact, or choose another payer.",
                    payer=payer.name,
                    company=payer.commercial_partner_id.name,
                ),
            )
        return [self._item(contract, due, pricing) for due in dues]

    @api.model
    def _item(self, contract, due, pricing):
        plan = contract.plan_id
        price = contract._price_on(due.date_from, due.number)
        if not price:
            raise LeftOutError(
                "no_price",
                self.env._(
                    "%(plan)s has no price on %(date)s. Add a price that is valid then.",
                    plan=plan.display_name,
                    date=format_date(self.env, due.date_from),
                ),
            )
        position = pricing.fiscal_position(contract.payer_id)
        currency = contract.currency_id
        fee = pricing.quote(plan.product_id, price.amount, position, due.share, currency)
        sales = [Sale("fee", plan.product_id, "", fee)]
        for line in contract.line_ids.filtered(lambda line: line._is_charged_with(due)):
            product = line.product_id
            quote = pricing.quote(
                product, line.price_unit, position, due.share, currency, line.quantity
            )
            sales.append(Sale("product", product, line.name, quote))
        charged = tuple(sale for sale in sales if not currency.is_zero(sale.quote.amount))
        return Item(due, price, fee.amount, charged)

    @api.model
    def _agreement(self, contract):
        return contract.agreement_id or contract.association_id.agreement_id

    @api.model
    def _journal(self, contract, pricing):
        """The sale journal of the contract's agreement, else the company's.

        :raise LeftOutError: when there is none
        """
        journal = pricing.journal(self._agreement(contract))
        if not journal:
            raise LeftOutError(
                "journal",
                self.env._(
                    "%(company)s has no sale journal. Make one, or choose it in the settings of "
                    "Membership Billing.",
                    company=contract.company_id.name,
                ),
            )
        return journal

    # ------------------------------------------------------------------
    # Work
    # ------------------------------------------------------------------

    def _bill(self):
        """Make the periods, charges and posted invoices of these lines.

        :return: how many lines could not be billed because something changed
        """
        pricing = Pricing(self.run_id.company_id)
        dues = self.contract_id._periods_due(self.run_id.date)
        work = {}
        for line in self:
            try:
                items = line._items(line.contract_id, dues.get(line.contract_id.id, []), pricing)
                line._check_unchanged(items)
            except LeftOutError as left_out:
                line.write(
                    {
                        "state": "failed",
                        "problem_kind": left_out.kind,
                        "problem": str(left_out),
                    }
                )
                continue
            work[line] = items
        charges = self._make_charges(work, self._make_periods(work))
        self._make_invoices(charges, work, pricing)
        billed = self.browse().union(*work)
        billed.state = "done"
        self.contract_id._refresh_status()
        return len(self) - len(billed)

    def _check_unchanged(self, items):
        """Bill exactly what was released.

        :raise LeftOutError: when the contract would now be billed for something else
        """
        contract = self.contract_id
        now = (
            len(items),
            contract.payer_id,
            contract.plan_id,
            items and items[0].due.date_from,
            items and items[-1].due.date_to,
            contract.currency_id.round(sum(item.amount for item in items)),
        )
        previewed = (
            self.period_count,
            self.payer_id,
            self.plan_id,
            self.date_from,
            self.date_to,
            contract.currency_id.round(self.amount),
        )
        if now == previewed:
            return
        if not items:
            raise LeftOutError("changed", self.env._("Billed already, or no longer to be billed."))
        raise LeftOutError(
            "changed",
            self.env._(
                "Payer, plan, dates or price changed since the preview. The next run bills it as "
                "it is now."
            ),
        )

    @api.model
    def _make_periods(self, work):
        """Create the periods. Those for which nothing is charged are paid at once."""
        return iter(
            self.env["membership.period"].create(
                [line._prepare_period(item) for line, items in work.items() for item in items]
            )
        )

    def _prepare_period(self, item):
        return {
            "contract_id": self.contract_id.id,
            "plan_id": self.plan_id.id,
            "association_id": self.association_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "date_from": item.due.date_from,
            "date_to": item.due.date_to,
            "state": "open" if item.sales else "paid",
            "price_id": item.price.id,
            "price_unit": item.price.amount,
            "share_numerator": item.due.share.numerator,
            "share_denominator": item.due.share.denominator,
            "amount": item.fee,
            "run_id": self.run_id.id,
        }

    @api.model
    def _make_charges(self, work, periods):
        """Create a charge for every sale: dict of line to (item, sale, charge)."""
        sold = []
        for line, items in work.items():
            for item in items:
                period = next(periods)
                sold += [(line, item, sale, period) for sale in item.sales]
        charges = self.env["membership.charge"].create(
            [line._prepare_charge(item, sale, period) for line, item, sale, period in sold]
        )
        by_line = defaultdict(list)
        for (line, item, sale, _period), charge in zip(sold, charges, strict=True):
            by_line[line].append((item, sale, charge))
        return by_line

    def _prepare_charge(self, item, sale, period):
        return {
            "kind": sale.kind,
            "contract_id": self.contract_id.id,
            "period_id": period.id,
            "payer_id": self.payer_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "date_from": item.due.date_from,
            "date_to": item.due.date_to,
            "amount": sale.quote.amount,
            "date_due": self._date_due(),
        }

    def _date_due(self):
        return self.run_id.date + timedelta(days=self.plan_id.payment_term_days)

    @api.model
    def _make_invoices(self, charges, work, pricing):
        """Create and post one invoice per line, and tie every invoice line to its charge."""
        lines = [line for line in work if charges.get(line)]
        if not lines:
            return
        invoices = self.env["billing.invoice.writer"]._create_posted(
            [line._prepare_invoice(charges[line], pricing) for line in lines]
        )
        for line, invoice in zip(lines, invoices, strict=True):
            line.invoice_id = invoice
        for invoice_line in invoices.invoice_line_ids:
            if charge := invoice_line.mbn_charge_id:
                charge.invoice_line_id = invoice_line
        invoices.invoice_line_ids.mbn_charge_id.state = "invoiced"

    def _prepare_invoice(self, charges, pricing):
        """``account.move`` values of the invoice for ``charges``: (item, sale, charge) each."""
        company = self.company_id
        vals = {
            "move_type": "out_invoice",
            "company_id": company.id,
            "journal_id": self.journal_id.id,
            "partner_id": self.payer_id.id,
            "currency_id": self.currency_id.id,
            "invoice_date": self.run_id.date,
            "invoice_date_due": self._date_due(),
            "invoice_payment_term_id": False,
            "invoice_user_id": False,
            "invoice_origin": self.contract_id.name,
            "fiscal_position_id": pricing.fiscal_position(self.payer_id).id,
            "mbn_run_id": self.run_id.id,
            "mbn_send_state": "waiting" if company.mbn_send_invoices else False,
            "invoice_line_ids": [
                Command.create(self._prepare_invoice_line(item, sale, charge))
                for item, sale, charge in charges
            ],
        }
        if self.agreement_id:
            vals["mbn_agreement_id"] = self.agreement_id.id
        return vals

    def _prepare_invoice_line(self, item, sale, charge):
        """``account.move.line`` values of the line for one charge."""
        vals = {
            "product_id": sale.product.id,
            "name": self._invoice_text(item.due, sale.text),
            "quantity": sale.quote.quantity,
            "price_unit": sale.quote.price_unit,
            "tax_ids": [Command.set(sale.quote.taxes.ids)],
            "analytic_distribution": self.contract_id.analytic_distribution
            or self.plan_id.analytic_distribution,
            "mbn_charge_id": charge.id,
        }
        if "deferred_start_date" in self.env["account.move.line"]._fields:
            vals |= {
                "deferred_start_date": item.due.date_from,
                "deferred_end_date": item.due.date_to,
            }
        return vals

    def _invoice_text(self, due, text):
        """What the payer reads, in the payer's language: ``text``, or the name of the plan."""
        lang = self.payer_id.lang or self.env.lang
        env = self.with_context(lang=lang).env
        facts = {
            "what": text or self.plan_id.with_env(env).name,
            "date_from": format_date(env, due.date_from),
            "date_to": format_date(env, due.date_to),
        }
        if self.member_id == self.payer_id:
            return env._("%(what)s, %(date_from)s - %(date_to)s", **facts)
        return env._(
            "%(what)s, %(date_from)s - %(date_to)s, %(member)s",
            member=self.member_id.name,
            **facts,
        )
