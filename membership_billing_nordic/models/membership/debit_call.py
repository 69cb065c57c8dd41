"""Failed debits and memberships: the link to pay, a lower amount, leaving, the member card."""

from odoo import fields, models
from odoo.exceptions import UserError

from .member_actions import RUNNING


class DirectDebitCall(models.Model):
    _inherit = "direct.debit.call"

    # ------------------------------------------------------------------ the link to pay

    def _send_link(self, way):
        """Send the payer the links to pay by e-mail or SMS, and log it on the invoices."""
        self.ensure_one()
        invoices = self._open_invoices()
        if not invoices:
            raise UserError(
                self.env._("Nothing is open of %(payer)s.", payer=self.partner_id.display_name)
            )
        address = self._link_address(way)
        if not address:
            raise UserError(self._foretell_link(way))
        if way == "sms":
            self.env["account.move.send"].sudo()._mbn_send_sms(invoices)
        else:
            self._mail_link(invoices)
        return self.env._("Link sent to %(address)s", address=address)

    def _link_address(self, way):
        return self.partner_id._mbn_delivery_address(way or "email")

    def _mail_link(self, invoices):
        """One e-mail for all invoices, kept with the first; the log notices when it comes back."""
        template = self.env.ref("membership_billing_nordic.mail_template_pay_link")
        message = template._mbn_post(self, invoices[0], self.partner_id, self.company_id)
        self.env["billing.delivery"]._note(
            invoices, "email", document="link", state="sent", message_id=message.id
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _foretell_link(self, way):
        if address := self._link_address(way):
            return self.env._("The link goes to %(address)s.", address=address)
        return self.env._(
            "%(payer)s has no usable address for this: correct it on the member card.",
            payer=self.partner_id.display_name,
        )

    # ------------------------------------------------------------------ the membership

    def _open_lower_amount(self):
        return self._on_contracts("action_change")

    def _open_leave(self):
        return self._on_contracts("action_stop")

    def _on_contracts(self, action):
        if contracts := self._contracts():
            return getattr(contracts, action)()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "message": self.env._(
                    "Noted. %(payer)s pays for no running membership.", payer=self.partner_id.name
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _contracts(self):
        """The running memberships that are to be paid, else all that this person pays for."""
        self.ensure_one()
        charges = self.env["membership.charge"].sudo()
        owed = charges.search([("invoice_id", "in", self.sudo().claim_ids.move_id.ids)])
        contracts = owed.contract_id.with_env(self.env).filtered(_is_running)
        return contracts or self.partner_id._mbn_contracts_paid_for().filtered(_is_running)

    # ------------------------------------------------------------------ the member card

    def action_mbn_open_payer(self):
        """Show the card of the payer."""
        self.check_access("read")
        self.ensure_one()
        return self.partner_id._mbn_card_action()


class ResPartner(models.Model):
    _inherit = "res.partner"

    mbn_call_ids = fields.One2many(
        "direct.debit.call",
        "partner_id",
        string="Failed Debits",
        domain=[("state", "!=", "done")],
        groups="membership_billing_nordic.group_billing_front_desk,"
        "membership_billing_nordic.group_billing_auditor",
    )

    def action_mbn_calls(self):
        """Show what is to be done about failed debits of this payer."""
        calls = self.env["direct.debit.call"]
        calls.check_access("read")
        self.ensure_one()
        found = self.mbn_call_ids or calls.search([("partner_id", "=", self.id)], limit=1)
        return found._show()


def _is_running(contract):
    return contract.state in RUNNING
