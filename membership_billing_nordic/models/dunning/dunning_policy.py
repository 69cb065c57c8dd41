from odoo import api, fields, models
from odoo.exceptions import ValidationError

CLAIM_KINDS = [("fee", "Enforceable fee"), ("lapse", "Lapse-only fee"), ("donation", "Donation")]
CUSTOMER_TYPES = [("consumer", "Persons"), ("business", "Companies"), ("both", "Everybody")]


class DunningPolicy(models.Model):
    """What follows when an invoice is not paid, for one kind of claim and of payer."""

    _name = "dunning.policy"
    _description = "Reminder Policy"
    _order = "company_id, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="The first policy of the list that fits is used.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="Whose invoices are reminded of by this policy.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    claim_kind = fields.Selection(
        CLAIM_KINDS,
        string="Kind of Claim",
        required=True,
        default="fee",
        help="Only what is owed can carry a fee or interest and go on to collection. A lapse-only "
        "fee and a donation are reminded of in a friendly way.",
    )
    customer_type = fields.Selection(
        CUSTOMER_TYPES,
        string="For",
        required=True,
        default="both",
        help="Companies: payers that are marked as a company.",
    )
    minimum = fields.Monetary(
        string="Smallest Amount",
        help="Nobody is reminded of an invoice of which less than this is open.",
    )
    level_ids = fields.One2many("dunning.policy.level", "policy_id", string="Letters", copy=True)

    _minimum_positive = models.Constraint(
        "CHECK (minimum >= 0)", "The smallest amount cannot be below zero."
    )

    @api.constrains("claim_kind", "customer_type", "company_id")
    def _check_levels(self):
        self.level_ids._check_lawful()

    @api.constrains("level_ids")
    def _check_first_level(self):
        for policy in self:
            if policy.level_ids.sorted()[:1].counted_from == "letter":
                raise ValidationError(
                    policy.env._(
                        "The first letter of %(policy)s has no letter before it: count its days "
                        "from the due date.",
                        policy=policy.name,
                    )
                )

    @api.model
    def _find(self, company, claim_kind, customer_type):
        """The policy for such a claim; may be empty, then nobody is reminded of it."""
        return self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("claim_kind", "=", claim_kind),
                ("customer_type", "in", (customer_type, "both")),
            ],
            limit=1,
        )
