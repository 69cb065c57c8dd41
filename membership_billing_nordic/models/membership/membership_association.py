from odoo import api, fields, models


class MembershipAssociation(models.Model):
    """A local club, department or centre. Not a company, though it may have one."""

    _name = "membership.association"
    _description = "Association"
    _order = "complete_name, id"
    _parent_store = True
    _rec_name = "complete_name"
    _rec_names_search = ["complete_name", "code"]
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        required=True,
        index=True,
        ondelete="restrict",
        help="Name, address and contact data of the association.",
    )
    name = fields.Char(related="partner_id.name", store=True, readonly=True)
    complete_name = fields.Char(
        string="Association", compute="_compute_complete_name", store=True, recursive=True
    )
    code = fields.Char(help="Short name or number used in lists and by outside systems.")
    active = fields.Boolean(default=True)
    parent_id = fields.Many2one(
        "membership.association",
        string="Part Of",
        index=True,
        ondelete="restrict",
        check_company=True,
        help="The district or federation it belongs to.",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("membership.association", "parent_id", string="Associations")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company whose members it has.",
    )
    own_company_id = fields.Many2one(
        "res.company",
        help="Set when the association keeps its own books.",
    )
    valid_from = fields.Date(help="First day on which contracts may name it.")
    valid_to = fields.Date(help="Last day on which contracts may name it.")
    logo = fields.Image(max_width=1024, max_height=1024, help="Printed on its documents.")
    text = fields.Html(translate=True, help="Printed on its documents.")
    enclosure = fields.Binary(attachment=True, help="Sent along with its invoices.")
    enclosure_name = fields.Char(help="File name of the enclosure.")
    agreement_id = fields.Many2one(
        "bank.agreement",
        string="Bank Agreement",
        index="btree_not_null",
        check_company=True,
        help="Where its members pay to.",
    )
    administrator_ids = fields.Many2many(
        "res.users",
        "membership_association_administrator_rel",
        "association_id",
        "user_id",
        string="Administrators",
        help="Users who look after its members.",
    )
    contract_ids = fields.One2many("membership.contract", "association_id", string="Contracts")
    contract_count = fields.Integer(
        compute="_compute_contract_count", help="With those of the associations in it."
    )

    _dates = models.Constraint(
        "CHECK (valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from)",
        "An association cannot end before it begins.",
    )

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for association in self:
            names = [association.parent_id.complete_name, association.name]
            association.complete_name = " / ".join(name for name in names if name)

    def _compute_contract_count(self):
        counts = self.env["membership.contract"]._read_group(
            [("association_id", "child_of", self.ids)], ["association_id"], ["__count"]
        )
        for association in self:
            association.contract_count = sum(
                count
                for part, count in counts
                if part.parent_path.startswith(association.parent_path or "-")
            )

    def action_view_contracts(self):
        """Show the contracts of the association."""
        return self.env["membership.contract"]._list_action(
            self.env._("Contracts"), [("association_id", "child_of", self.ids)]
        )

    def _is_valid_on(self, day):
        """May contracts name the association on ``day``?"""
        self.ensure_one()
        return (not self.valid_from or self.valid_from <= day) and (
            not self.valid_to or day <= self.valid_to
        )
