from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import is_html_empty

# What an administrator may change; the rest decides on rights, money and the tree.
ADMINISTRATORS_FIELDS = {"logo", "text", "enclosure", "enclosure_name"}
MEMBER_STATES = ("confirmed", "paused")


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
    logo = fields.Image(
        max_width=1024,
        max_height=1024,
        help="Printed on invoices that concern this association only. Without one, the logo of "
        "the association above it is used.",
    )
    text = fields.Html(
        translate=True,
        help="Printed on invoices that concern this association only. Without one, the text of "
        "the association above it is used.",
    )
    enclosure = fields.Binary(
        attachment=True,
        help="Sent along with invoice e-mails that concern this association only. Without one, "
        "the enclosure of the association above it is used.",
    )
    enclosure_name = fields.Char(help="File name of the enclosure.")
    agreement_id = fields.Many2one(
        "bank.agreement",
        string="Bank Agreement",
        index="btree_not_null",
        check_company=True,
        help="Where its members pay to. Without one, they pay as those of the association above it.",
    )
    administrator_ids = fields.Many2many(
        "res.users",
        "membership_association_administrator_rel",
        "association_id",
        "user_id",
        string="Administrators",
        domain=[("share", "=", False)],
        help="Users who look after its members and those of the associations in it. Users with "
        "the right Association Administrator see no other members.",
    )
    is_administered = fields.Boolean(
        string="Administered by Me",
        compute="_compute_is_administered",
        search="_search_is_administered",
        recursive=True,
        help="The user is an administrator of the association or of one above it.",
    )
    contract_ids = fields.One2many("membership.contract", "association_id", string="Contracts")
    contract_count = fields.Integer(
        string="Number of Contracts",
        compute="_compute_counts",
        help="With those of the associations in it.",
    )
    member_count = fields.Integer(
        string="Members",
        compute="_compute_counts",
        help="People with a running or paused membership, with those of the associations in it. "
        "Who belongs to two associations counts twice.",
    )
    late_contract_count = fields.Integer(
        compute="_compute_late_contract_count",
        help="Memberships that go on after the association's last day.",
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

    @api.depends("administrator_ids", "parent_id.is_administered")
    @api.depends_context("uid")
    def _compute_is_administered(self):
        for association in self:
            all_known = association.sudo()
            association.is_administered = (
                self.env.user in all_known.administrator_ids or all_known.parent_id.is_administered
            )

    @api.model
    def _search_is_administered(self, operator, value):
        if operator != "in":
            return NotImplemented
        mine = self.sudo().with_context(active_test=False)
        mine = mine.search([("administrator_ids", "in", self.env.uid)])
        found = Domain("id", "child_of", mine.ids) if mine else Domain.FALSE
        return Domain.OR(found if wanted else ~found for wanted in value)

    def _compute_counts(self):
        groups = self.env["membership.contract"]._read_group(
            [("association_id", "child_of", self.ids)],
            ["association_id", "state"],
            ["__count", "member_id:count_distinct"],
        )
        contracts, members = defaultdict(int), defaultdict(int)
        for association, state, contract_count, member_count in groups:
            for above in association.sudo().parent_path.split("/")[:-1]:
                contracts[int(above)] += contract_count
                members[int(above)] += member_count if state in MEMBER_STATES else 0
        for association in self:
            association.contract_count = contracts[association._origin.id]
            association.member_count = members[association._origin.id]

    @api.depends("valid_to")
    def _compute_late_contract_count(self):
        for association in self:
            association.late_contract_count = association.valid_to and self.env[
                "membership.contract"
            ].search_count(
                [
                    ("association_id", "=", association._origin.id),
                    ("state", "in", MEMBER_STATES),
                    "|",
                    ("date_end", "=", False),
                    ("date_end", ">", association.valid_to),
                ]
            )

    @api.constrains("active")
    def _check_active(self):
        for association in self.filtered(lambda association: not association.active):
            if association.with_context(active_test=True).child_ids or association.member_count:
                raise ValidationError(
                    self.env._(
                        "%(association)s still has members or associations in it. Move them to "
                        "another association before you archive it.",
                        association=association.display_name,
                    )
                )

    @api.constrains("parent_id")
    def _check_parent_id(self):
        if self._has_cycle():
            raise ValidationError(self.env._("An association cannot be part of itself."))

    def write(self, vals):
        """Administrators change what is printed and sent, nothing else.

        :raises AccessError: for another field
        """
        if not set(vals) <= ADMINISTRATORS_FIELDS:
            self._check_manager()
        return super().write(vals)

    def _check_manager(self):
        manager = "membership_billing_nordic.group_billing_manager"
        if not self.env.su and not self.env.user.has_group(manager):
            raise AccessError(
                self.env._(
                    "Only a billing manager can change an association. Its administrators can "
                    "change the logo, the text and the enclosure."
                )
            )

    def action_view_contracts(self):
        """Show the contracts of the association and of those in it."""
        self.check_access("read")
        return self.env["membership.contract"]._list_action(
            [("association_id", "child_of", self.ids)], self.env._("Contracts")
        )

    def action_view_members(self):
        """Show the members of the association and of those in it."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_members"
        )
        contracts = [("association_id", "child_of", self.ids), ("state", "in", MEMBER_STATES)]
        return action | {"domain": [("mbn_contract_ids", "any", contracts)], "context": {}}

    def _is_valid_on(self, day):
        """May contracts name the association on ``day``?"""
        self.ensure_one()
        return (not self.valid_from or self.valid_from <= day) and (
            not self.valid_to or day <= self.valid_to
        )

    def _common(self):
        """The smallest association that all of these are or belong to; empty if there is none."""
        paths = [association.parent_path.split("/")[:-1] for association in self]
        common = self.browse()
        for ids in zip(*paths, strict=False):
            if len(set(ids)) > 1:
                break
            common = self.browse(int(ids[0]))
        return common

    def _nearest_with(self, name):
        """The association whose ``name`` (logo, text, enclosure, agreement) is used: this one, else
        the next above it that has one; empty if none has."""
        association = self
        while association and association._is_empty(name):
            association = association.parent_id
        return association

    def _is_empty(self, name):
        value = self[name]
        return is_html_empty(value) if self._fields[name].type == "html" else not value

    def _enclosure_attachment(self):
        """The enclosure as a file by its name, made once per content."""
        owner = self.sudo()._nearest_with("enclosure")
        content = self.env["ir.attachment"].sudo()
        if not owner:
            return content
        content = content.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", owner.id),
                ("res_field", "=", "enclosure"),
            ]
        )
        vals = {
            "res_model": self._name,
            "res_id": owner.id,
            "name": owner.enclosure_name or owner.name,
        }
        same = [(name, "=", value) for name, value in vals.items()]
        return content.search(
            [*same, ("checksum", "=", content.checksum)], limit=1
        ) or content.create(vals | {"raw": content.raw})
