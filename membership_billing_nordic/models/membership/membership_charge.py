from collections import defaultdict
from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .billing_pricing import Pricing


class MembershipCharge(models.Model):
    """One thing to invoice: exactly one invoice line, and its fate is that line's."""

    _name = "membership.charge"
    _description = "Membership Charge"
    _order = "date_from desc, id desc"
    _check_company_auto = True

    contract_id = fields.Many2one(
        "membership.contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="The membership that is charged.",
    )
    period_id = fields.Many2one(
        "membership.period",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The period it is for; empty for an entry fee or a single charge.",
    )
    payer_id = fields.Many2one(
        "res.partner",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Who gets the invoice.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, help="The company that invoices."
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, readonly=True, help="The currency of the amount."
    )
    kind = fields.Selection(
        [
            ("fee", "Membership Fee"),
            ("entry", "Entry Fee"),
            ("product", "Further Product"),
            ("single", "Single Charge"),
            ("invoice_fee", "Invoice Fee"),
        ],
        default="fee",
        required=True,
        readonly=True,
        help="What is charged.",
    )
    claim_kind = fields.Selection(
        [("fee", "Enforceable fee"), ("lapse", "Lapse-only fee"), ("donation", "Donation")],
        string="Kind of Claim",
        readonly=True,
        help="Kind of claim of the plan it was charged by. Kinds never share an invoice.",
    )
    product_id = fields.Many2one(
        "product.product",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Gives income account and taxes.",
    )
    name = fields.Char(
        string="Description",
        readonly=True,
        help="What the payer reads. Empty: the name of the plan, in the payer's language.",
    )
    quantity = fields.Float(default=1.0, readonly=True, digits="Product Unit")
    price_unit = fields.Float(
        string="Full Price",
        digits="Product Price",
        readonly=True,
        help="Price of one for a whole period, with or without tax as the product's own price. "
        "The amount is the part of it that is charged.",
    )
    instalment = fields.Integer(
        default=1, readonly=True, help="The how-manieth part of the period's amount it is."
    )
    instalment_count = fields.Integer(
        string="Instalments",
        default=1,
        readonly=True,
        help="Into how many parts the period's amount is divided.",
    )
    date_invoice = fields.Date(
        string="To Invoice On",
        readonly=True,
        help="The first billing run of this day or later invoices it.",
    )
    date_from = fields.Date(
        string="Service From", readonly=True, help="First day of what is charged."
    )
    date_to = fields.Date(string="Service To", readonly=True, help="Last day of what is charged.")
    amount = fields.Monetary(readonly=True, help="What the payer pays, tax included.")
    date_due = fields.Date(string="Due", readonly=True, help="When it is to be paid.")
    invoice_line_id = fields.Many2one(
        "account.move.line",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="The one invoice line of this charge.",
    )
    invoice_id = fields.Many2one(
        related="invoice_line_id.move_id",
        string="Invoice",
        store=True,
        index="btree_not_null",
        help="The invoice the line is on.",
    )
    state = fields.Selection(
        [
            ("to_invoice", "To Invoice"),
            ("invoiced", "Invoiced"),
            ("paid", "Paid"),
            ("void", "Void"),
        ],
        default="to_invoice",
        required=True,
        readonly=True,
        index=True,
        help="Void: its invoice was credited, cancelled or deleted.",
    )

    taken_back = fields.Boolean(
        readonly=True,
        copy=False,
        help="What it stands for is billed again by another charge; this one stays void.",
    )
    may_bill_again = fields.Boolean(
        compute="_compute_may_bill_again", help="Credited, and not billed anew yet."
    )

    _one_line = models.UniqueIndex(
        "(invoice_line_id) WHERE invoice_line_id IS NOT NULL",
        "An invoice line belongs to one charge only.",
    )
    _waiting_idx = models.Index("(contract_id, date_invoice) WHERE state = 'to_invoice'")
    _dates_in_order = models.Constraint(
        "CHECK (date_from <= date_to)", "A charge cannot end before it starts."
    )

    @api.depends("state", "taken_back", "invoice_line_id", "period_id.state", "kind")
    def _compute_may_bill_again(self):
        for charge in self:
            charge.may_bill_again = (
                charge._is_credited()
                and charge.period_id.state != "void"
                and charge.kind != "invoice_fee"
            )

    @api.depends("kind", "contract_id", "period_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for charge in self:
            about = charge.period_id or charge.contract_id
            charge.display_name = f"{kinds[charge.kind]}: {about.display_name}"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_invoiced(self):
        if self.invoice_line_id:
            raise UserError(
                self.env._("A charge that was invoiced cannot be deleted. Credit its invoice.")
            )

    @api.model
    def _follow_invoices(self, moves):
        """Bring charges, periods and memberships in line with what ``moves`` say now.

        One query tells whether any of ``moves`` is a membership invoice at all.
        """
        charges = self.sudo().search([("invoice_id", "in", moves.ids)])
        if not charges:
            return
        states = charges.invoice_id._mbn_charge_states()
        # Of an invoice for several, one can be credited as a whole.
        credited = charges._wholly_credited()
        charges._set_states(
            {
                charge: "void" if charge in credited else states[charge.invoice_id]
                for charge in charges
            }
        )

    def _set_states(self, states):
        """Write the changed ones of ``states`` (charge to state) and what follows from them."""
        groups = {}
        for charge, state in states.items():
            gone = charge.taken_back or charge.period_id.state == "void"
            if state != charge.state and not (gone and state != "void"):
                groups[state] = groups.get(state, self.browse()) | charge
        changed = self.browse()
        for state, charges in groups.items():
            charges.state = state
            changed |= charges
        # also when no charge changed: a credited invoice may have been cancelled since
        self._follow(changed)

    def _follow(self, changed):
        """Bring periods, and the memberships of the ``changed`` charges, in line."""
        self.period_id._follow_charges()
        contracts = changed.filtered(lambda charge: charge.instalment_count > 1).contract_id
        self.env.add_to_compute(contracts._fields["paid_until"], contracts)
        changed.contract_id._refresh_status()

    @api.model
    def _settled_instalments(self, contracts):
        """Contract id to the days of instalments of open periods for which nothing is owed."""
        charges = self.search(
            [
                ("contract_id", "in", contracts.ids),
                ("kind", "=", "fee"),
                ("instalment_count", ">", 1),
                ("period_id.state", "=", "open"),
                ("taken_back", "=", False),
                "|",
                ("state", "=", "paid"),
                "&",
                ("state", "=", "void"),
                ("invoice_line_id", "!=", False),
            ],
            order="date_from",
        )
        spans = defaultdict(list)
        for charge in charges:
            if charge.date_from <= charge.period_id.date_to:
                spans[charge.contract_id.id].append((charge.date_from, charge._last_day()))
        return spans

    def _last_day(self):
        """The last day of what is charged; a period that was cut since ends earlier."""
        return min(filter(None, (self.date_to, self.period_id.date_to)), default=False)

    def _update(self, vals):
        """Write what of ``vals`` is not so already."""
        changed = {
            name: value
            for name, value in vals.items()
            if self._fields[name].convert_to_write(self[name], self) != value
        }
        self.write(changed)

    @api.model
    def _tie_to_lines(self, invoices):
        """Give the charges of new ``invoices`` their invoice lines, all at once."""
        self.flush_model(["invoice_line_id", "invoice_id"])
        self.env["account.move.line"].flush_model(["mbn_charge_id", "move_id"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE membership_charge charge
                   SET invoice_line_id = line.id, invoice_id = line.move_id
                  FROM account_move_line line
                 WHERE line.move_id = ANY(%(invoices)s) AND line.mbn_charge_id = charge.id
                """,
                invoices=invoices.ids,
            )
        )
        self.invalidate_model(["invoice_line_id", "invoice_id"])
        invoices.invalidate_recordset(["mbn_charge_ids", "mbn_contract_ids"])
        self.env["membership.period"].invalidate_model(["invoice_ids"])
        # What stood to their payers may have paid them already, when nobody knew their charges.
        self._follow_invoices(
            invoices.filtered(lambda move: move.currency_id.is_zero(move.amount_residual))
        )

    # ------------------------------------------------------------------
    # Charging once, and billing again
    # ------------------------------------------------------------------

    @api.model
    def _create_single(self, contract, product, name, quantity, price_unit, date_invoice=None):
        """A charge of ``contract`` that waits for a billing run.

        :raises UserError: when there is nothing to pay
        """
        currency = contract.currency_id
        pricing = Pricing(contract.company_id)
        position = pricing.fiscal_position(contract.payer_id)
        quote = pricing.quote(product, price_unit, position, Fraction(1), currency, quantity)
        if currency.compare_amounts(quote.amount, 0.0) <= 0:
            raise UserError(
                self.env._(
                    "%(name)s: a charge must come to more than zero. To give money back, credit "
                    "an invoice.",
                    name=name or product.display_name,
                )
            )
        today = contract.company_id._billing_today()
        return self.create(
            {
                "kind": "single",
                "contract_id": contract.id,
                "payer_id": contract.payer_id.id,
                "company_id": contract.company_id.id,
                "currency_id": currency.id,
                "claim_kind": contract.claim_kind,
                "product_id": product.id,
                "name": name or product.display_name,
                "quantity": quantity,
                "price_unit": price_unit,
                "amount": quote.amount,
                "date_invoice": date_invoice or max(contract.next_invoice_date or today, today),
            }
        )

    def action_bill_again(self):
        """Let credited charges be billed by the next run."""
        self.env["membership.period"]._check_may_bill_again()
        self.check_access("read")
        if not all(charge.may_bill_again for charge in self):
            raise UserError(
                self.env._("Only a credited charge can be billed again. Credit its invoice first.")
            )
        self._take_back()

    def _take_back(self):
        """What these charges stand for is to be billed again; they are void for good.

        A period of which nothing else was invoiced becomes void as a whole, waiting
        instalments included. Else each charge gets a twin that waits for the next run.

        :return: the twins
        """
        charges = self.sudo().filtered(lambda charge: not charge.taken_back)
        void = charges.period_id.filtered(
            lambda period: not (period.charge_ids - charges)._is_any_invoiced()
        )
        gone = charges | void.charge_ids
        gone.write({"state": "void", "taken_back": True})
        void.state = "void"
        # A new invoice has a fee of its own.
        single = charges.filtered(
            lambda charge: charge.period_id not in void and charge.kind != "invoice_fee"
        )
        twins = self.sudo().create([charge._prepare_twin() for charge in single])
        gone._follow(gone)
        return twins

    def _is_any_invoiced(self):
        """Is one of these owed, paid, or credited for good?"""
        return any(charge.state in ("invoiced", "paid") or charge._is_credited() for charge in self)

    def _is_credited(self):
        """Was its invoice taken back, and nothing billed in its place?"""
        return self.state == "void" and bool(self.invoice_line_id) and not self.taken_back

    def _prepare_twin(self):
        """Values of a charge that takes the place of this one."""
        self.ensure_one()
        vals = self.copy_data()[0]
        return vals | {"state": "to_invoice", "date_due": False}

    def _forget_line(self):
        """The invoice lines are about to be deleted: what they stood for can be billed again."""
        self.invoice_line_id = False
        self._take_back()
