from odoo import api, fields, models
from odoo.exceptions import UserError


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

    _one_line = models.UniqueIndex(
        "(invoice_line_id) WHERE invoice_line_id IS NOT NULL",
        "An invoice line belongs to one charge only.",
    )
    _waiting_idx = models.Index("(contract_id, date_invoice) WHERE state = 'to_invoice'")
    _dates_in_order = models.Constraint(
        "CHECK (date_from <= date_to)", "A charge cannot end before it starts."
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
        charges._set_states({charge: states[charge.invoice_id] for charge in charges})

    def _set_states(self, states):
        """Write the changed ones of ``states`` (charge to state) and what follows from them."""
        groups = {}
        for charge, state in states.items():
            lost = charge.period_id.state == "void" and state != "void"
            if state != charge.state and not lost:
                groups[state] = groups.get(state, self.browse()) | charge
        changed = self.browse()
        for state, charges in groups.items():
            charges.state = state
            changed |= charges
        # also when no charge changed: a credited invoice may have been cancelled since
        self.period_id._follow_charges()
        changed.contract_id._refresh_status()

    def _forget_line(self):
        """The invoice lines are about to be deleted: what they stood for can be billed again."""
        self.write({"invoice_line_id": False, "state": "void"})
        self.period_id._follow_charges()
        self.contract_id._refresh_status()
