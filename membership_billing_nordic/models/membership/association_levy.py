"""What a federation invoices its clubs: so much for each member on a day."""

from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from . import schedule
from .association_sharing import association_history, plan_history, value_on
from .billing_pricing import Pricing

_MANAGER = "membership_billing_nordic.group_billing_manager"
# What is counted: another one makes the count void.
SCOPE = frozenset(
    {"company_id", "date", "association_id", "bill_to", "paid_only", "product_id", "rate_ids"}
)
KEPT_BY_CODE = frozenset({"state", "line_ids"})


class MembershipLevy(models.Model):
    """One count of the members on a day, and the invoices to their associations.

    The count names everybody who was counted, and stays as it is once it is invoiced.
    """

    _name = "membership.levy"
    _description = "Invoices by Member Count"
    _inherit = ["mail.thread"]
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(
        required=True, help="What it is for, as the associations read it: federation fee 2026."
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        string="Counted On",
        required=True,
        default=lambda self: self.env.company._billing_today(),
        help="Who is a member on this day counts.",
    )
    association_id = fields.Many2one(
        "membership.association",
        string="Members Of",
        check_company=True,
        ondelete="restrict",
        help="Members of this association and of those in it. Empty: of all associations.",
    )
    bill_to = fields.Selection(
        [
            ("own", "Each member's association"),
            ("below", "The associations directly below"),
        ],
        string="Invoices To",
        default="own",
        required=True,
        help="The clubs themselves, or the districts that collect from their clubs.",
    )
    paid_only = fields.Boolean(
        string="Only Who Has Paid",
        help="Count members whose period on that day is paid.",
    )
    product_id = fields.Many2one(
        "product.product",
        required=True,
        check_company=True,
        domain="[('sale_ok', '=', True)]",
        ondelete="restrict",
        help="Gives income account and taxes. Each association is invoiced once for it by day.",
    )
    payment_days = fields.Integer(
        string="Days to Pay", default=30, help="From the day of the invoice."
    )
    rate_ids = fields.One2many("membership.levy.rate", "levy_id", string="Rates", copy=True)
    line_ids = fields.One2many(
        "membership.levy.line", "levy_id", string="Associations", readonly=True
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("counted", "Preview"),
            ("invoiced", "Invoiced"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        help="Preview: counted, nothing is invoiced yet; it can be counted again.",
    )
    member_count = fields.Integer(string="Members", compute="_compute_totals")
    amount = fields.Monetary(compute="_compute_totals", help="Without tax.")

    _days_to_pay = models.Constraint(
        "CHECK (payment_days >= 0)", "The days to pay cannot be below zero."
    )

    @api.depends("line_ids.member_count", "line_ids.amount")
    def _compute_totals(self):
        for levy in self:
            levy.member_count = sum(levy.line_ids.mapped("member_count"))
            levy.amount = sum(levy.line_ids.mapped("amount"))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_own(vals)
        return super().create(vals_list)

    def write(self, vals):
        """What was counted does not fit another day or scope: it is counted again.

        :raises UserError: it was invoiced or cancelled already
        """
        self._check_own(vals)
        if SCOPE & vals.keys():
            self._scope_changed()
        return super().write(vals)

    @api.model
    def _check_own(self, vals):
        if KEPT_BY_CODE & vals.keys() and not self.env.su:
            raise AccessError(self.env._("State and lines follow from the buttons."))

    def _scope_changed(self):
        if any(levy.state in ("invoiced", "cancelled") for levy in self):
            raise UserError(self.env._("It is decided already: make a new count."))
        self.sudo()._forget_count()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_invoiced(self):
        if any(levy.state == "invoiced" for levy in self):
            raise UserError(self.env._("What was invoiced cannot be deleted."))
        self.sudo()._forget_count()

    def _check_manager(self):
        if not (self.env.su or self.env.user.has_group(_MANAGER)):
            raise AccessError(self.env._("Only a billing manager can invoice associations."))
        self.check_access("write")

    def _forget_count(self):
        self.line_ids.unlink()
        self.filtered(lambda levy: levy.state == "counted").state = "draft"

    # ------------------------------------------------------------------ counting

    def action_count(self):
        """Count the members anew and show what each association would be invoiced.

        :raises UserError: there is no rate, or nobody to count
        """
        self._check_manager()
        for levy in self.sudo():
            if levy.state not in ("draft", "counted"):
                raise UserError(self.env._("It is decided already: make a new count."))
            if not levy.rate_ids:
                raise UserError(self.env._("Enter at least one rate for a member."))
            levy._forget_count()
            levy._count()
            if not levy.line_ids:
                raise UserError(
                    self.env._(
                        "Nobody is a member of one of these associations on %(day)s.",
                        day=format_date(self.env, levy.date),
                    )
                )
            levy.state = "counted"

    def _count(self):
        contracts = self.env["membership.contract"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "draft"),
                ("date_start", "<=", self.date),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", self.date),
            ],
            order="id",
        )
        if self.paid_only:
            contracts &= self._with_paid_period(contracts)
        homes = association_history(self.env, contracts)
        plans = plan_history(self.env, contracts)
        counted = defaultdict(dict)
        for contract in contracts:
            home = value_on(homes.get(contract.id, ()), self.date, contract.association_id.id)
            plan = value_on(plans.get(contract.id, ()), self.date, contract.plan_id.id)
            payer = self._billed_association(contract.association_id.browse(home or ()))
            rate = self._rate(plan, contract)
            if rate and payer and payer.partner_id != self.company_id.partner_id:
                known = counted[payer].get(contract.member_id)
                if not known or known[1].amount < rate.amount:
                    counted[payer][contract.member_id] = contract, rate
        for association in sorted(counted, key=lambda one: (one.complete_name, one.id)):
            self._make_line(association, counted[association])

    def _with_paid_period(self, contracts):
        periods = self.env["membership.period"].search(
            [
                ("contract_id", "in", contracts.ids),
                ("state", "=", "paid"),
                ("date_from", "<=", self.date),
                ("date_to", ">=", self.date),
            ]
        )
        return periods.contract_id

    def _billed_association(self, home):
        """The association that pays for members of ``home``; empty when they do not count."""
        top = self.association_id
        if not home or (top and not home.parent_path.startswith(top.parent_path)):
            return home.browse()
        if self.bill_to == "own":
            return home if home != top else home.browse()
        path = [int(part) for part in home.parent_path.split("/")[:-1]]
        below = path[path.index(top.id) + 1 :] if top else path
        return home.browse(below[:1])

    def _rate(self, plan, contract):
        """The first rate for the member; empty when there is none."""
        born = contract.sudo().member_id.mbn_birth_date
        age = schedule.age_on(born, self.date) if born else None
        return next((rate for rate in self.rate_ids if rate._fits(plan, age)), None)

    def _make_line(self, association, members):
        self.env["membership.levy.line"].create(
            {
                "levy_id": self.id,
                "association_id": association.id,
                "member_ids": [
                    Command.create(
                        {
                            "member_id": member.id,
                            "name": member.name or "",
                            "contract_id": contract.id,
                            "rate_id": rate.id,
                            "amount": rate.amount,
                        }
                    )
                    for member, (contract, rate) in members.items()
                ],
            }
        )

    # ------------------------------------------------------------------ invoicing

    def action_invoice(self):
        """Post an invoice to each association.

        :raises UserError: an association was invoiced for that day already, or cannot be
        """
        self._check_manager()
        for levy in self.sudo():
            if levy.try_lock_for_update() != levy or levy.state != "counted":
                raise UserError(self.env._("Count the members first, and look at the preview."))
            levy = levy.with_company(levy.company_id).with_context(
                **levy.company_id._billing_context()
            )
            levy._check_not_invoiced()
            pricing = Pricing(levy.company_id)
            lines = levy.line_ids
            invoices = (
                self.env["billing.invoice.writer"]
                .with_env(levy.env)
                ._create_posted([line._prepare_invoice(pricing) for line in lines])
            )
            for line, invoice in zip(lines, invoices, strict=True):
                line.write({"invoice_id": invoice.id, "is_live": True})
            levy.state = "invoiced"
            invoices._mbn_trigger_sending()
        return self.action_view_invoices()

    def _check_not_invoiced(self):
        known = self.env["membership.levy.line"].search(
            [
                ("association_id", "in", self.line_ids.association_id.ids),
                ("date", "=", self.date),
                ("product_id", "=", self.product_id.id),
                ("is_live", "=", True),
            ]
        )
        if known:
            raise UserError(
                self.env._(
                    "%(names)s: invoiced already for %(product)s on that day. Credit those "
                    "invoices and cancel their count first.",
                    names=", ".join(known.association_id.mapped("display_name")),
                    product=self.product_id.display_name,
                )
            )

    def action_cancel(self):
        """Give up a count; one that was invoiced only after all its invoices were credited.

        :raises UserError: an invoice is not credited
        """
        self._check_manager()
        for levy in self.sudo():
            invoices = levy.line_ids.invoice_id
            if left := invoices - invoices._mbn_credited():
                raise UserError(
                    self.env._(
                        "Credit these invoices first: %(invoices)s.",
                        invoices=", ".join(left.mapped("name")),
                    )
                )
            levy.line_ids.is_live = False
            levy.state = "cancelled"

    def action_view_invoices(self):
        """Show the invoices."""
        self.check_access("read")
        return self.env["account.move"]._mbn_list_action(self.line_ids.invoice_id)

    def action_view_members(self):
        """Show everybody who was counted."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_membership_levy_member"
        )
        return action | {"domain": [("levy_id", "in", self.ids)]}


class MembershipLevyRate(models.Model):
    """What a member of a plan or an age costs the association."""

    _name = "membership.levy.rate"
    _description = "Rate for a Member"
    _order = "sequence, id"
    _check_company_auto = True

    levy_id = fields.Many2one("membership.levy", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="levy_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="levy_id.currency_id")
    sequence = fields.Integer(default=10, help="The first rate that fits a member is taken.")
    name = fields.Char(compute="_compute_name", store=True, readonly=False, required=True)
    plan_id = fields.Many2one(
        "membership.plan", check_company=True, ondelete="restrict", help="Empty: any plan."
    )
    age_from = fields.Integer(string="From Age", help="On the day of the count.")
    age_to = fields.Integer(
        string="To Age",
        help="Zero: without end. A rate with ages fits nobody whose birth date is not known.",
    )
    amount = fields.Monetary(required=True, help="For a member, as the product's own price.")

    _is_a_rate = models.Constraint(
        "CHECK (amount >= 0 AND age_from >= 0 AND (age_to = 0 OR age_to >= age_from))",
        "A rate is zero or more, and its ages are in order.",
    )

    @api.depends("plan_id")
    def _compute_name(self):
        for rate in self:
            rate.name = rate.plan_id.name or rate.name or self.env._("Member")

    @api.model_create_multi
    def create(self, vals_list):
        rates = super().create(vals_list)
        rates.levy_id._scope_changed()
        return rates

    def write(self, vals):
        self.levy_id._scope_changed()
        return super().write(vals)

    def unlink(self):
        self.levy_id._scope_changed()
        return super().unlink()

    def _fits(self, plan, age):
        if self.plan_id and self.plan_id.id != plan:
            return False
        if not self.age_from and not self.age_to:
            return True
        return age is not None and self.age_from <= age <= (self.age_to or age)


class MembershipLevyLine(models.Model):
    """What one association is invoiced for."""

    _name = "membership.levy.line"
    _description = "Association Invoiced by Member Count"
    _order = "id"
    _rec_name = "association_id"

    levy_id = fields.Many2one(
        "membership.levy", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="levy_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="levy_id.currency_id")
    date = fields.Date(related="levy_id.date", store=True)
    product_id = fields.Many2one(related="levy_id.product_id", store=True)
    association_id = fields.Many2one(
        "membership.association", required=True, readonly=True, index=True, ondelete="restrict"
    )
    member_ids = fields.One2many("membership.levy.member", "line_id", string="Counted")
    member_count = fields.Integer(string="Members", compute="_compute_totals", store=True)
    amount = fields.Monetary(compute="_compute_totals", store=True, help="Without tax on top.")
    invoice_id = fields.Many2one(
        "account.move", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    is_live = fields.Boolean(readonly=True)

    _once = models.UniqueIndex(
        "(association_id, date, product_id) WHERE is_live",
        "The association was invoiced for the members of that day already.",
    )

    @api.depends("member_ids.amount")
    def _compute_totals(self):
        for line in self:
            line.member_count = len(line.member_ids)
            line.amount = sum(line.member_ids.mapped("amount"))

    def _prepare_invoice(self, pricing):
        """``account.move`` values; one line for each rate."""
        levy, company = self.levy_id, self.company_id
        partner = self.association_id.partner_id
        if partner.commercial_partner_id != partner:
            raise UserError(partner._mbn_not_own_payer_text())
        today = company._billing_today()
        journal = pricing.journal(self.env["bank.agreement"])
        if not journal:
            raise UserError(self.env._("%(company)s has no sale journal.", company=company.name))
        position = pricing.fiscal_position(partner)
        taxes = position.map_tax(levy.product_id.taxes_id._filter_taxes_by_company(company))
        return {
            "move_type": "out_invoice",
            "company_id": company.id,
            "journal_id": journal.id,
            "partner_id": partner.id,
            "currency_id": levy.currency_id.id,
            "invoice_date": today,
            "invoice_date_due": fields.Date.add(today, days=levy.payment_days),
            "invoice_payment_term_id": False,
            "invoice_user_id": False,
            "invoice_origin": levy.name,
            "fiscal_position_id": position.id,
            "mbn_send_state": "waiting" if company.mbn_send_invoices else False,
            "invoice_line_ids": [
                Command.create(
                    {
                        "product_id": levy.product_id.id,
                        "name": self._text(rate, partner),
                        "quantity": len(members),
                        "price_unit": rate.amount,
                        "tax_ids": [Command.set(taxes.ids)],
                    }
                )
                for rate, members in self.member_ids.grouped("rate_id").items()
            ],
        }

    def _text(self, rate, partner):
        env = self.with_context(lang=partner.lang or self.env.lang).env
        return env._(
            "%(levy)s: %(rate)s, members on %(day)s",
            levy=self.levy_id.name,
            rate=rate.name,
            day=format_date(env, self.date),
        )


class MembershipLevyMember(models.Model):
    """Somebody who was counted, as they were called on the day of the count."""

    _name = "membership.levy.member"
    _description = "Counted Member"
    _order = "line_id, name, id"

    line_id = fields.Many2one(
        "membership.levy.line", required=True, readonly=True, index=True, ondelete="cascade"
    )
    levy_id = fields.Many2one(related="line_id.levy_id", store=True, index=True)
    association_id = fields.Many2one(related="line_id.association_id", store=True, index=True)
    company_id = fields.Many2one(related="line_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="line_id.currency_id")
    member_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    name = fields.Char(required=True, readonly=True, help="As it was when they were counted.")
    contract_id = fields.Many2one(
        "membership.contract", required=True, readonly=True, index=True, ondelete="restrict"
    )
    rate_id = fields.Many2one(
        "membership.levy.rate", required=True, readonly=True, ondelete="restrict"
    )
    amount = fields.Monetary(required=True, readonly=True)


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_levy_line_ids = fields.One2many(
        "membership.levy.line",
        "invoice_id",
        string="Member Count",
        readonly=True,
        help="The count of members that it invoices. The administrators of the association see it.",
    )
