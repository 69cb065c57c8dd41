from odoo import api, fields, models
from odoo.exceptions import ValidationError


class BillingPostingRule(models.Model):
    """To which account and analytic accounts the lines of memberships are posted."""

    _name = "billing.posting.rule"
    _inherit = ["analytic.mixin"]
    _description = "Posting Rule"
    _order = "company_id, precedence desc, sequence, id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
        help="Whose invoices are posted so.",
    )
    sequence = fields.Integer(default=10, help="Of two rules that are equally exact.")
    plan_id = fields.Many2one(
        "membership.plan",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        help="Only what is charged by this plan. Empty: any plan.",
    )
    association_id = fields.Many2one(
        "membership.association",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        help="Only members of this association and of those in it. Empty: any member.",
    )
    age_from = fields.Integer(string="From Age", help="Of the member, on the first day charged.")
    age_to = fields.Integer(
        string="To Age", help="Of the member, on the first day charged. 0: no upper limit."
    )
    scope = fields.Selection(
        [("fee", "Membership and entry fees"), ("all", "Further products and charges, too")],
        string="Account For",
        required=True,
        default="fee",
        help="Which lines get the account. The analytic distribution is for all of them.",
    )
    date_from = fields.Date(string="From", help="First invoice date. Empty: always.")
    date_to = fields.Date(string="To", help="Last invoice date. Empty: until further notice.")
    account_id = fields.Many2one(
        "account.account",
        check_company=True,
        ondelete="restrict",
        domain="[('internal_group', '=', 'income')]",
        help="Empty: a less exact rule says it, else the product.",
    )
    precedence = fields.Integer(
        string="Exactness",
        compute="_compute_precedence",
        store=True,
        help="The most exact rule wins: one for a plan before one for an association, a local "
        "association before the one above it, both before one for an age only.",
    )

    _dates = models.Constraint(
        "CHECK (date_to >= date_from)", "A rule cannot end before it begins."
    )
    _ages = models.Constraint(
        "CHECK (age_from >= 0 AND (COALESCE(age_to, 0) = 0 OR age_to >= age_from))",
        "The ages are from the lower to the higher one.",
    )

    @api.depends("plan_id", "association_id.parent_path", "age_from", "age_to")
    def _compute_precedence(self):
        for rule in self:
            depth = len((rule.association_id.parent_path or "").split("/")) - 1
            rule.precedence = (
                1000 * bool(rule.plan_id) + 10 * min(depth, 99) + bool(rule.age_from or rule.age_to)
            )

    @api.depends("plan_id", "association_id", "age_from", "age_to")
    def _compute_display_name(self):
        for rule in self:
            ages = f"{rule.age_from}-{rule.age_to or ''}" if rule._is_by_age() else ""
            parts = [rule.plan_id.name, rule.association_id.name, ages]
            known = [part for part in parts if part]
            rule.display_name = ", ".join(known) or rule.env._("All memberships")

    @api.constrains("account_id", "analytic_distribution")
    def _check_says_something(self):
        for rule in self:
            if not rule.account_id and not rule.analytic_distribution:
                raise ValidationError(
                    rule.env._(
                        "%(rule)s: choose an account, an analytic distribution, or both.",
                        rule=rule.display_name,
                    )
                )

    def _is_by_age(self):
        return bool(self.age_from or self.age_to)
