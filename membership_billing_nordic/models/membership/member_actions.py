"""The buttons of the member card."""

from odoo import api, fields, models
from odoo.exceptions import UserError

RUNNING = ("confirmed", "paused")


class ResPartner(models.Model):
    _inherit = "res.partner"

    mbn_can_undo_end = fields.Boolean(
        compute="_compute_mbn_can_undo_end", help="A membership has ended or is going to end."
    )

    @api.depends("mbn_contract_ids.date_end")
    def _compute_mbn_can_undo_end(self):
        for partner in self:
            partner.mbn_can_undo_end = any(partner.mbn_card_contract_ids.mapped("date_end"))

    def action_mbn_sign_up(self):
        """Open the form that signs up a member; a button of the list, whatever is selected."""
        self.env["membership.signup"].check_access("create")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_membership_signup"
        )

    def action_mbn_new_contract(self):
        """Sign this person up for a further membership."""
        self.env["membership.signup"].check_access("create")
        self.check_access("read")
        self.ensure_one()
        return self.action_mbn_sign_up() | {"context": self._mbn_signup_context()}

    def _mbn_signup_context(self):
        return {"default_person_id": self.id, "dialog_size": "extra-large"}

    def action_mbn_change(self):
        """Change plan, payer, means of payment or association of the running memberships."""
        self.env["membership.contract"].check_access("write")
        return self._mbn_running_contracts().action_change()

    def action_mbn_stop(self):
        """Pause or end the running memberships."""
        self.env["membership.contract"].check_access("write")
        return self._mbn_running_contracts().action_stop()

    def _mbn_running_contracts(self):
        self.ensure_one()
        running = self.mbn_card_contract_ids.filtered(lambda contract: contract.state in RUNNING)
        if not running:
            raise UserError(
                self.env._(
                    "%(name)s has no running membership. Open the contract and confirm it first.",
                    name=self.name,
                )
            )
        return running

    def action_mbn_next_invoice(self):
        """Show the next invoice of the membership by which the person's status is told."""
        self.env["billing.preview"].check_access("create")
        self.check_access("read")
        self.ensure_one()
        contracts = self._mbn_live_contracts() or self._mbn_contracts_paid_for()
        coming = contracts.filtered("next_invoice_date").sorted("next_invoice_date")
        if not coming and not contracts:
            raise UserError(
                self.env._("%(name)s has no membership that is invoiced.", name=self.name)
            )
        return (coming or contracts)[0].action_next_invoice()

    def action_mbn_send_again(self):
        """Choose invoices that are to be sent once more."""
        self.env["membership.send.again"].check_access("create")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Again"),
            "res_model": "membership.send.again",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_partner_id": self.id},
        }

    def action_mbn_correct(self):
        """Correct name, address, birth date and the like in a dialog."""
        self.check_access("write")
        self.ensure_one()
        view = self.env.ref("membership_billing_nordic.res_partner_view_form_correct")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct"),
            "res_model": "res.partner",
            "res_id": self.id,
            "views": [(view.id, "form")],
            "target": "new",
        }

    def action_mbn_contact(self):
        """Show everything Odoo keeps about the contact."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Contact Details"),
            "res_model": "res.partner",
            "res_id": self.id,
            "views": [(self.env.ref("base.view_partner_form").id, "form")],
        }

    def action_mbn_merge(self):
        """Merge this person with those who are likely the same."""
        self.check_access("write")
        self.ensure_one()
        twins = self._mbn_likely_duplicates(self._mbn_identity())
        if not twins:
            raise UserError(
                self.env._(
                    "Nobody looks like %(name)s. To merge with somebody all the same, choose both "
                    "in the list of contacts and press Merge.",
                    name=self.name,
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id("base.action_partner_merge")
        ids = (self | twins).ids
        return action | {"context": {"active_model": "res.partner", "active_ids": ids}}

    def action_mbn_undo_end(self):
        """Let memberships that end or have ended go on, as if they had not been ended."""
        self.env["membership.contract"].check_access("write")
        self.check_access("read")
        self.ensure_one()
        self.mbn_card_contract_ids.filtered("date_end").action_undo_end()
        return {"type": "ir.actions.act_window_close"}


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    def action_mbn_open_member(self):
        """Show the card of the member."""
        self.check_access("read")
        self.ensure_one()
        return self.member_id._mbn_card_action()
