from collections import defaultdict
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.tools import SQL, format_date

from .billing_pricing import LeftOutError
from .billing_sale import Due, Sales

# What is billed is what was released: these must not have changed since the preview.
RELEASED = (
    "payer_id",
    "plan_id",
    "currency_id",
    "date_from",
    "date_to",
    "period_count",
    "charge_count",
    "amount",
)


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
            ("no_birth_date", "Birth date missing"),
            ("payer", "Payer cannot be invoiced"),
            ("blocked", "Blocked"),
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
        self.check_access("read")
        self.ensure_one()
        record = {
            "no_price": self.plan_id,
            "no_birth_date": self.member_id,
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
        self.check_access("read")
        return self.env["account.move"]._mbn_list_action(self.invoice_id)

    # ------------------------------------------------------------------
    # Preview
    # ------------------------------------------------------------------

    @api.model
    def _prepare_lines(self, run, contracts):
        """Values of the preview lines of those ``contracts`` for which something is due."""
        dues = contracts._dues(run.date)
        contracts = contracts.filtered(lambda contract: contract.id in dues)
        before = self._amounts_before(contracts)
        sales = Sales(run.company_id, run.date)
        return [
            self._prepare_vals(run, contract, dues[contract.id], sales)
            | {"amount_before": before.get(contract.id, 0.0)}
            for contract in contracts
        ]

    @api.model
    def _insert(self, vals_list):
        """Create preview lines fast: one statement, and nothing is computed.

        The values follow from the contract, so that it need not be checked that they fit.
        """
        if not vals_list:
            return
        now = fields.Datetime.now()
        fixed = {"state": "pending", "create_uid": self.env.uid, "create_date": now}
        names = list(dict.fromkeys([*fixed, *(name for vals in vals_list for name in vals)]))
        empty = {name: False if self._fields[name].type == "boolean" else None for name in names}
        rows = []
        for vals in vals_list:
            given = {name: value for name, value in vals.items() if value is not False}
            rows.append(tuple((empty | fixed | given).values()))
        self.env.invalidate_all()
        self.env.cr.execute(
            SQL(
                "INSERT INTO %s (%s) VALUES %s",
                SQL.identifier(self._table),
                SQL(", ").join(SQL.identifier(name) for name in names),
                SQL(", ").join(rows),
            )
        )

    @api.model
    def _prepare_vals(self, run, contract, due, sales):
        """Values of the preview line that bills ``contract`` for ``due``."""
        agreement = self._agreement(contract)
        try:
            bill = sales.bill(contract, due)
            journal = self._journal(agreement, sales.pricing)
        except LeftOutError as left_out:
            return self._prepare_out_vals(run, contract, left_out.kind, str(left_out), due)
        return self._prepare_facts(run, contract, due) | {
            "journal_id": journal.id,
            "agreement_id": agreement.id,
            "amount": contract.currency_id.round(self._amount(bill, run.date)),
        }

    @api.model
    def _prepare_out_vals(self, run, contract, kind, problem, due=None):
        """Values of the preview line that says why ``contract`` is left out."""
        return self._prepare_facts(run, contract, due or self._nothing_due()) | {
            "state": "left_out",
            "problem_kind": kind,
            "problem": problem,
        }

    @api.model
    def _prepare_facts(self, run, contract, due):
        payer = contract.payer_id
        plan = self._plan(run, contract, due)
        spans = due.periods
        if due.charges:
            spans = [*spans, *due.charges.filtered("date_from")]
        return {
            "run_id": run.id,
            "company_id": run.company_id.id,
            "contract_id": contract.id,
            "member_id": contract.member_id.id,
            "payer_id": payer.id,
            "plan_id": plan.id,
            "association_id": contract.association_id.id,
            "currency_id": contract.currency_id.id,
            "claim_kind": plan.claim_kind,
            "date_from": min((span.date_from for span in spans), default=False),
            "date_to": max((span.date_to for span in spans), default=False),
            "date_due": run.date + timedelta(days=plan.payment_term_days),
            "period_count": len(due.periods),
            "charge_count": len(due.charges) + due.entry,
            "channel": next(iter(payer._mbn_delivery_channels(run.company_id)), False),
            "sales_channel": contract.sales_channel,
        }

    @api.model
    def _nothing_due(self):
        return Due([], self.env["membership.charge"])

    @api.model
    def _plan(self, run, contract, due):
        """The plan that decides on kind of claim and due date: that of the first due."""
        if due.periods:
            return self.env["membership.plan"].browse(due.periods[0].plan)
        return due.charges[:1].period_id.plan_id or contract._plan_on(run.date)

    @api.model
    def _amount(self, bill, day):
        return sum(sale.quote.amount for sale in bill.now(day))

    @api.model
    def _amounts_before(self, contracts):
        """Contract id to what its last invoice charged for its periods, tax included."""
        self.env["membership.charge"].flush_model(["contract_id", "invoice_id", "kind", "amount"])
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (contract_id) contract_id, sum(amount)
                      FROM membership_charge
                     WHERE contract_id = ANY(%(contracts)s)
                       AND invoice_id IS NOT NULL
                       AND kind IN ('fee', 'product')
                     GROUP BY contract_id, invoice_id
                     ORDER BY contract_id, invoice_id DESC
                    """,
                    contracts=contracts.ids,
                )
            )
        )

    @api.model
    def _agreement(self, contract):
        return contract._chosen_agreement()

    @api.model
    def _journal(self, agreement, pricing):
        """The sale journal of ``agreement``, else the company's.

        :raise LeftOutError: when there is none
        """
        journal = pricing.journal(agreement)
        if not journal:
            raise LeftOutError(
                "journal",
                self.env._(
                    "%(company)s has no sale journal. Make one, or choose it in the settings of "
                    "Membership Billing.",
                    company=pricing.company.name,
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
        run = self.run_id
        sales = Sales(run.company_id, run.date)
        dues = self.contract_id._dues(run.date)
        bills = {}
        for line in self:
            due = dues.get(line.contract_id.id) or self._nothing_due()
            try:
                bill = line._with_fee(sales.bill(line.contract_id, due), sales)
                line._check_unchanged(due, bill)
            except LeftOutError as left_out:
                line._leave_out(left_out)
                continue
            bills[line] = bill
        self._make_invoices(self._make_charges(bills, self._make_periods(bills)), sales.pricing)
        billed = self.browse().union(*bills)
        billed.state = "done"
        self.contract_id._refresh_status()
        return len(self) - len(billed)

    def _leave_out(self, left_out):
        self.write({"state": "failed", "problem_kind": left_out.kind, "problem": str(left_out)})

    def _check_unchanged(self, due, bill):
        """Bill exactly what was released.

        :raise LeftOutError: when the contract would now be billed for something else
        """
        now = self._prepare_facts(self.run_id, self.contract_id, due)
        now["amount"] = self.currency_id.round(self._amount(bill, self.run_id.date))
        if all(
            (self[name].id if name.endswith("_id") else self[name]) == now[name]
            for name in RELEASED
        ):
            return
        if not due.periods and not due.charges:
            raise LeftOutError("changed", self.env._("Billed already, or no longer to be billed."))
        raise LeftOutError(
            "changed",
            self.env._(
                "Payer, plan, dates or price changed since the preview. The next run bills it as "
                "it is now."
            ),
        )

    @api.model
    def _make_periods(self, bills):
        """Create the periods. Those for which nothing is charged are paid at once."""
        return iter(
            self.env["membership.period"].create(
                [line._prepare_period(item) for line, bill in bills.items() for item in bill.items]
            )
        )

    def _prepare_period(self, item):
        facts = {"association_id": self.association_id.id, "run_id": self.run_id.id}
        return self.contract_id._prepare_period(item) | facts

    @api.model
    def _make_charges(self, bills, periods):
        """Create what does not exist yet of what is charged, later instalments included.

        :return: dict of line to what is invoiced now: pairs of sale and charge
        """
        sold = []
        for line, bill in bills.items():
            for item in bill.items:
                period = next(periods)
                sold += [(line, sale, period.id) for sale in item.sales]
            sold += [(line, sale, False) for sale in bill.others if not sale.charge]
        created = self.env["membership.charge"].create(
            [line._prepare_charge(sale, period_id) for line, sale, period_id in sold]
        )
        charged = defaultdict(list)
        for (line, sale, _period_id), charge in zip(sold, created, strict=True):
            if sale.date_invoice <= line.run_id.date:
                charged[line].append((sale, charge))
        for line, bill in bills.items():
            for sale in bill.others:
                if sale.charge:
                    sale.charge._update(line._prepare_charge_now(sale))
                    charged[line].append((sale, sale.charge))
        return charged

    def _prepare_charge(self, sale, period_id):
        """Values of a charge for one new sale; one that is later waits."""
        vals = self.contract_id._prepare_charge(sale, period_id) | {"payer_id": self.payer_id.id}
        if sale.date_invoice <= self.run_id.date:
            return vals | self._prepare_charge_now(sale)
        return vals

    def _prepare_charge_now(self, sale):
        """Values of a charge that is being invoiced."""
        return {
            "payer_id": self.payer_id.id,
            "amount": sale.quote.amount,
            "date_due": self.date_due,
            "state": "invoiced",
        }

    @api.model
    def _make_invoices(self, charged, pricing):
        """Create and post the invoices, and tie every invoice line to its charge.

        :param charged: dict of line to pairs of sale and charge
        """
        groups = defaultdict(list)
        for line in charged:
            groups[line._invoice_key()].append(line)
        if not groups:
            return
        invoices = self.env["billing.invoice.writer"]._create_posted(
            [self._prepare_invoice(lines, charged, pricing) for lines in groups.values()]
        )
        for lines, invoice in zip(groups.values(), invoices, strict=True):
            self.browse().union(*lines).invoice_id = invoice
            self._take_rounding(invoice, lines, charged)
        self.env["membership.charge"]._tie_to_lines(invoices)

    @api.model
    def _take_rounding(self, invoice, lines, charged):
        """Let the largest charge take the cent by which ``invoice`` is off the sum of all.

        With tax on top Odoo rounds the tax of an invoice as a whole, unless told otherwise.
        """
        sold = [(line, sale, charge) for line in lines for sale, charge in charged[line]]
        amounts = [sale.quote.amount for _line, sale, _charge in sold]
        off = invoice.currency_id.round(invoice.amount_total - sum(amounts))
        if off:
            line, sale, charge = sold[amounts.index(max(amounts))]
            charge.amount = sale.quote.amount + off
            line.amount += off

    def _invoice_key(self):
        """Lines with an equal one share an invoice."""
        wish = self.payer_id.mbn_common_invoice
        if not (wish == "together" or (not wish and self.company_id.mbn_common_invoice)):
            return self.id
        return (
            self.payer_id,
            self.currency_id,
            self.claim_kind,
            self.journal_id,
            self.agreement_id,
            self.date_due,
        )

    @api.model
    def _prepare_invoice(self, lines, charged, pricing):
        """``account.move`` values of the invoice for ``lines``."""
        line = lines[0]
        company = line.company_id
        vals = {
            "move_type": "out_invoice",
            "company_id": company.id,
            "journal_id": line.journal_id.id,
            "partner_id": line.payer_id.id,
            "currency_id": line.currency_id.id,
            "invoice_date": line.run_id.date,
            "invoice_date_due": line.date_due,
            "invoice_payment_term_id": False,
            "invoice_user_id": False,
            "invoice_origin": ", ".join(line.contract_id.name for line in lines),
            "fiscal_position_id": pricing.fiscal_position(line.payer_id).id,
            "mbn_run_id": line.run_id.id,
            "mbn_send_state": "waiting" if company.mbn_send_invoices else False,
            "invoice_line_ids": [
                Command.create(
                    line._prepare_invoice_line(sale, charge) | line._posting(sale, pricing)
                )
                for line, sale, charge in _fees_last(lines, charged)
            ],
        }
        if line.agreement_id:
            vals["mbn_agreement_id"] = line.agreement_id.id
        return vals

    def _prepare_invoice_line(self, sale, charge):
        """``account.move.line`` values of the line for one charge."""
        plan = self.env["membership.plan"].browse(sale.plan)
        vals = {
            "product_id": sale.product.id,
            "name": self._invoice_text(sale, plan),
            "quantity": sale.quote.quantity,
            "price_unit": sale.quote.price_unit,
            "tax_ids": [Command.set(sale.quote.taxes.ids)],
            "analytic_distribution": self.contract_id.analytic_distribution
            or plan.analytic_distribution,
            "mbn_charge_id": charge.id,
        }
        if sale.date_from and "deferred_start_date" in self.env["account.move.line"]._fields:
            vals |= {"deferred_start_date": sale.date_from, "deferred_end_date": sale.date_to}
        return vals

    def _posting(self, sale, pricing):
        """Account and analytic distribution that a posting rule gives the line for ``sale``."""
        rules = pricing.posting_rules(self.run_id.date)
        position = pricing.fiscal_position(self.payer_id)
        own = self.contract_id.analytic_distribution
        return rules.values(self.member_id, self.association_id, sale, position, own)

    def _invoice_text(self, sale, plan):
        """What the payer reads, in the payer's language."""
        env = self.with_context(lang=self.payer_id.lang or self.env.lang).env
        by_product = sale.kind in ("entry", "invoice_fee")
        what = sale.name or (sale.product if by_product else plan).with_env(env).name
        if sale.date_from:
            what = env._(
                "%(what)s, %(date_from)s - %(date_to)s",
                what=what,
                date_from=format_date(env, sale.date_from),
                date_to=format_date(env, sale.date_to),
            )
        if self.member_id != self.payer_id and sale.kind != "invoice_fee":
            what = env._("%(what)s, %(member)s", what=what, member=self.member_id.name)
        return what


def _fees_last(lines, charged):
    """Line, sale and charge of all that is on one invoice; what the invoice costs at the end."""
    sold = [(line, sale, charge) for line in lines for sale, charge in charged[line]]
    return sorted(sold, key=lambda row: row[1].kind == "invoice_fee")
