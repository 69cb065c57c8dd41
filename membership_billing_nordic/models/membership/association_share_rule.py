"""What an association gets of the fees of members: dated rules along the tree of associations."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# Of two rules that give to the same association, the one that names it more closely counts.
CLOSENESS = ("own", "above", "top", "named")


class MembershipShareRule(models.Model):
    _name = "membership.share.rule"
    _description = "Fee Share"
    _order = "plan_id, sequence, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company that collects the fees.",
    )
    plan_id = fields.Many2one(
        "membership.plan",
        index=True,
        ondelete="cascade",
        check_company=True,
        help="Fees of this plan. Empty: of every plan that has no share of its own for the same "
        "association.",
    )
    association_id = fields.Many2one(
        "membership.association",
        string="Members Of",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Fees of members of this association and of those in it. A rule for a club counts "
        "before one for its district. Empty: of all members.",
    )
    recipient = fields.Selection(
        [
            ("own", "The member's association"),
            ("above", "The one directly above it"),
            ("top", "The topmost one"),
            ("named", "This one"),
        ],
        string="Who Gets It",
        required=True,
        default="own",
        help="Each association gets one share of a fee at most: if several rules give to it, the "
        "one for the plan, then the one for the smaller association counts.",
    )
    recipient_id = fields.Many2one(
        "membership.association",
        string="Association",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Gets the share of its own members' fees and of those in it.",
    )
    kind = fields.Selection(
        [("amount", "Amount"), ("percent", "Percent")],
        string="Reckoned As",
        required=True,
        default="amount",
    )
    amount = fields.Monetary(
        help="For a whole period; a part of it for a part of the period, as with the fee."
    )
    percent = fields.Float(digits=(5, 2), help="Of what the member pays for the period.")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id", store=True)
    without_tax = fields.Boolean(
        string="Of Income Without Tax",
        help="The fee is sold with tax. Tax is owed to the state and cannot be passed on: the "
        "share is taken of the income without it. Your auditor should have seen the agreement: "
        "a share of taxed income may itself be a purchase with tax.",
    )
    date_from = fields.Date(
        string="Periods From",
        required=True,
        default=lambda self: self.env.company._billing_today().replace(month=1, day=1),
        help="Holds for periods that begin on this day or later, those billed already included.",
    )
    date_to = fields.Date(
        string="Periods Until", help="Holds for periods that begin on this day or earlier."
    )
    share_ids = fields.One2many("membership.share", "rule_id", string="Shares")

    _one_at_a_time = models.Constraint(
        "EXCLUDE USING gist (int4range(company_id, company_id, '[]') WITH =,"
        " int4range(COALESCE(plan_id, 0), COALESCE(plan_id, 0), '[]') WITH =,"
        " int4range(COALESCE(association_id, 0), COALESCE(association_id, 0), '[]') WITH =,"
        " int4range(CASE recipient WHEN 'own' THEN -1 WHEN 'above' THEN -2 WHEN 'top' THEN -3"
        " ELSE recipient_id END, CASE recipient WHEN 'own' THEN -1 WHEN 'above' THEN -2"
        " WHEN 'top' THEN -3 ELSE recipient_id END, '[]') WITH =,"
        " daterange(date_from, date_to, '[]') WITH &&)",
        "There is such a share for these days already. Give the earlier one a last day.",
    )
    _dates_in_order = models.Constraint(
        "CHECK (date_to IS NULL OR date_from <= date_to)", "A share cannot end before it begins."
    )
    _is_a_share = models.Constraint(
        "CHECK (amount >= 0 AND percent >= 0 AND percent <= 100)",
        "A share is an amount of zero or more, or at most 100 percent.",
    )
    _names_recipient = models.Constraint(
        "CHECK ((recipient = 'named') = (recipient_id IS NOT NULL))",
        "Choose the association that gets the share.",
    )

    @api.depends("plan_id", "company_id")
    def _compute_currency_id(self):
        for rule in self:
            rule.currency_id = rule.plan_id.currency_id or rule.company_id.currency_id

    @api.depends("recipient", "recipient_id", "kind", "amount", "percent")
    def _compute_display_name(self):
        labels = dict(self._fields["recipient"]._description_selection(self.env))
        for rule in self:
            who = rule.recipient_id.display_name or labels.get(rule.recipient, "")
            percent = f"{rule.percent:g} %"
            what = percent if rule.kind == "percent" else f"{rule.amount:.2f}"
            rule.display_name = f"{who}: {what}"

    @api.onchange("recipient")
    def _onchange_recipient(self):
        if self.recipient != "named":
            self.recipient_id = False

    @api.constrains("plan_id", "without_tax", "company_id")
    def _check_tax(self):
        for rule in self.filtered(lambda rule: not rule.without_tax):
            taxes = rule.plan_id.product_id.taxes_id._filter_taxes_by_company(rule.company_id)
            if any(taxes.flatten_taxes_hierarchy().mapped("amount")):
                raise ValidationError(
                    self.env._(
                        "%(plan)s is sold with tax, which cannot be passed on to an association. "
                        "Tick “Of Income Without Tax” to share the income without it.",
                        plan=rule.plan_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        self.flush_model(["date_to"])  # where the rule before these ends, for the database
        rules = super().create(vals_list)
        rules._mark_charges()
        return rules

    def write(self, vals):
        """What was booked by a rule stays: its last day may be set, the rest needs a new rule.

        :raises UserError: it is about another field of a rule that was used
        """
        if set(vals) - {"sequence", "date_to"} and self.sudo().share_ids:
            raise UserError(
                self.env._(
                    "Shares were booked by this rule. Give it a last day, and make a new one that "
                    "holds from the next day on."
                )
            )
        result = super().write(vals)
        self._check_last_day()
        self._mark_charges()
        return result

    def _check_last_day(self):
        for rule in self.filtered("date_to"):
            late = rule.sudo().share_ids.charge_id.period_id.filtered(
                lambda period, rule=rule: period.date_from > rule.date_to
            )
            if late:
                raise UserError(
                    self.env._(
                        "By this rule shares were booked of periods that begin up to %(day)s. Its "
                        "last day cannot be earlier.",
                        day=max(late.mapped("date_from")),
                    )
                )

    def _mark_charges(self):
        """What was invoiced already for the days of these rules is shared by them, too."""
        for rule in self:
            domain = [
                ("company_id", "child_of", rule.company_id.id),
                ("kind", "=", "fee"),
                ("state", "in", ("invoiced", "paid")),
                ("period_id.date_from", ">=", rule.date_from),
            ]
            if rule.date_to:
                domain.append(("period_id.date_from", "<=", rule.date_to))
            if rule.plan_id:
                domain.append(("period_id.plan_id", "=", rule.plan_id.id))
            self.env["membership.charge"].sudo().search(domain).share_pending = True

    def _holds(self, plan, path, day, currency):
        """Is it about fees of ``plan`` of members of the association with this ``path``?"""
        return (
            (not self.plan_id or self.plan_id == plan)
            and (not self.association_id or self.association_id.id in path)
            and self.date_from <= day
            and (not self.date_to or day <= self.date_to)
            and (self.kind == "percent" or self.currency_id == currency)
        )

    def _recipient_of(self, association):
        """The association that gets the share of a member of ``association``; may be empty."""
        if self.recipient == "own":
            return association
        if self.recipient == "above":
            return association.parent_id
        top = association.browse(int(association.parent_path.split("/")[0]))
        if self.recipient == "top":
            return top
        named = self.recipient_id
        return named if association.parent_path.startswith(named.parent_path) else named.browse()

    def _rank(self):
        """The higher, the more closely it names what it is about."""
        depth = (self.association_id.parent_path or "").count("/")
        return bool(self.plan_id), depth, CLOSENESS.index(self.recipient)
