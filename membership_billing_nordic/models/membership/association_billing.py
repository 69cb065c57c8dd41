"""Administrators of associations bill their own members, where the company lets them."""

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .association_rights import ADMINISTRATOR
from .membership_association import MEMBER_STATES


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_associations_bill = fields.Boolean(
        string="Administrators Bill Their Own Members",
        help="Administrators of associations can charge their members something once and invoice "
        "what is due of them. Where a second person releases runs, theirs wait for the office.",
    )


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    def _check_billing_user(self):
        return self._bills_own() or super()._check_billing_user()

    def _bills_own(self):
        """May the user bill these as an administrator of their associations?"""
        user = self.env.user
        return bool(
            self
            and user._mbn_has_part(ADMINISTRATOR)
            and all(self.sudo().company_id.mapped("mbn_associations_bill"))
            and self.with_user(user).has_access("write")
        )

    def _check_may_charge(self):
        """Those who see a part of the members charge them only if they may bill them."""
        if self._sees_part() and not self._bills_own():
            raise AccessError(self.env._("What members are charged is decided by the office."))

    def action_charge(self):
        """Ask what is to be charged once."""
        self._check_may_charge()
        return super().action_charge()

    def action_bill_now(self):
        """Invoice what is due for the contracts, and show the invoices."""
        if not self._bills_own():
            return super().action_bill_now()
        run = self.env["billing.run"]._bill_now(self).sudo()
        if not run:
            raise UserError(self.env._("Nothing is to be invoiced today."))
        if run.state == "preview":
            raise UserError(self.env._("Billing is released by a second person: ask the office."))
        return self.env["account.move"]._mbn_list_action(run.line_ids.invoice_id)


class MembershipAssociation(models.Model):
    _inherit = "membership.association"

    may_bill = fields.Boolean(compute="_compute_may_bill")

    def _compute_may_bill(self):
        user = self.env.user
        office = user.has_group("membership_billing_nordic.group_billing_user")
        for association in self:
            association.may_bill = office or (
                association.is_administered and association.sudo().company_id.mbn_associations_bill
            )

    def action_bill(self):
        """Invoice what is due today of the members of the association and of those in it."""
        self.check_access("read")
        if not all(association.may_bill for association in self) or not self:
            self.env["membership.contract"]._check_billing_user()
        self.ensure_one()
        contracts = self.env["membership.contract"].search(
            [
                ("association_id", "child_of", self.id),
                ("state", "in", MEMBER_STATES),
                ("company_id", "=", self.env.company.id),
            ]
        )
        if not contracts:
            raise UserError(self.env._("%(name)s has no members.", name=self.display_name))
        return contracts.action_bill_now()
