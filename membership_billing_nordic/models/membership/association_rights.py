"""What those who see only part of the members may name on a contract."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

OFFICE = (
    "membership_billing_nordic.group_billing_front_desk",
    "membership_billing_nordic.group_billing_auditor",
)
BOOKKEEPERS = ("account.group_account_invoice", "account.group_account_readonly")
ADMINISTRATOR = "membership_billing_nordic.group_association_administrator"
OUTSIDE = "membership_billing_nordic.group_outside_partner"
# By these a contract decides who may see a person. Odoo lets a user write the id of a record
# that is hidden from that user; here that would be a way to see it.
DECIDING = (
    "member_id",
    "payer_id",
    "association_id",
    "next_association_id",
    "agreement_id",
    "outside_partner_id",
)


class ResUsers(models.Model):
    _inherit = "res.users"

    def _mbn_has_part(self, group):
        """Is ``group`` all that the user has here, and not the office's right to see everyone?"""
        self.ensure_one()
        return self.has_group(group) and not any(self.has_group(office) for office in OFFICE)


class ResPartner(models.Model):
    _inherit = "res.partner"

    mbn_association_ids = fields.One2many(
        "membership.association",
        "partner_id",
        string="Associations of This Address",
        groups=",".join([*OFFICE, ADMINISTRATOR, OUTSIDE]),
    )


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    @api.model
    def default_get(self, fields_list):
        """Those who see a part of the members sign up members of that part."""
        defaults = super().default_get(fields_list)
        own = self._own_part()
        return defaults | {name: value for name, value in own.items() if name in fields_list}

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._own_part() | vals for vals in vals_list]
        for vals in vals_list:
            self._check_named(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_named(vals)
        result = super().write(vals)
        if any(name in vals for name in DECIDING) and self._sees_part():
            self.with_user(self.env.user).check_access("read")
        return result

    @api.model
    def _sees_part(self):
        return any(self.env.user._mbn_has_part(group) for group in (ADMINISTRATOR, OUTSIDE))

    @api.model
    def _own_part(self):
        """What a contract made by the user is part of: dict of field to value."""
        own = {}
        if self.env.user._mbn_has_part(OUTSIDE):
            own["outside_partner_id"] = self.env.uid
        if self.env.user._mbn_has_part(ADMINISTRATOR):
            mine = self.env["membership.association"].with_user(self.env.user)
            mine = mine.search([("administrator_ids", "in", self.env.uid)], limit=2)
            if len(mine) == 1:
                own["association_id"] = mine.id
        return own

    @api.model
    def _check_named(self, vals):
        """The people and the association that ``vals`` name must be the user's to see.

        :raises UserError: saying what to do
        """
        if not self._sees_part():
            return
        for name in DECIDING:
            record = self.env[self._fields[name].comodel_name].browse(vals.get(name) or ())
            if record and not record.with_user(self.env.user).has_access("read"):
                raise AccessError(self._not_yours(name))
        if self.env.user._mbn_has_part(ADMINISTRATOR) and not vals.get("association_id", True):
            raise UserError(self.env._("Choose one of your associations for the member."))
        if self.env.user._mbn_has_part(OUTSIDE) and vals.get("state", "draft") != "draft":
            raise AccessError(self.env._("The office confirms the memberships you sign up."))

    @api.model
    def _not_yours(self, name):
        if name in ("association_id", "next_association_id"):
            return self.env._(
                "You are no administrator of this association. Choose one of your own, or ask the "
                "office to move the member."
            )
        if name == "agreement_id":
            return self.env._("Where a membership is paid to is chosen by the office.")
        return self.env._(
            "This person is not among your members. Register them as a new person, or ask the "
            "office to make the contract."
        )


class MembershipContractLine(models.Model):
    _inherit = "membership.contract.line"

    def write(self, vals):
        result = super().write(vals)
        if "contract_id" in vals:
            self.check_access("write")  # Odoo looks at the contract it was on before
        return result


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Core's form shows payments, which administrators of associations do not see."""
        if view_type == "form" and self._mbn_needs_short_form():
            form = self.env.ref("membership_billing_nordic.account_move_view_form_association")
            view_id = form.id
        return super()._get_view(view_id, view_type, **options)

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, self._mbn_needs_short_form())

    @api.model
    def _mbn_needs_short_form(self):
        user = self.env.user
        return user._mbn_has_part(ADMINISTRATOR) and not any(
            user.has_group(group) for group in BOOKKEEPERS
        )
