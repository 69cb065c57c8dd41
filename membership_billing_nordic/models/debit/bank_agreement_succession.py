from odoo import models
from odoo.exceptions import AccessError, UserError

from .direct_debit_mandate import LIVE


class BankAgreement(models.Model):
    """A new bank, number or data sender: an agreement takes over from another."""

    _inherit = "bank.agreement"

    def action_take_over_mandates(self):
        """Move the mandates of the agreement that this one succeeds, each with a line in its log.

        Payers keep their numbers. Debits that are planned go through this agreement; those
        that the bank has are answered through the former one.

        :raises UserError: there is no former agreement, or a payer number is taken here
        """
        if not self.env.user.has_group("membership_billing_nordic.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers may move mandates."))
        self.check_access("write")
        self.ensure_one()
        former = self.succeeds_id
        if not former:
            raise UserError(self.env._("Say first which agreement this one succeeds."))
        mandates = self.env["direct.debit.mandate"].sudo()
        moved = mandates.search([("agreement_id", "=", former.id), ("state", "in", LIVE)])
        self.sudo()._take_over_numbers(moved)
        moved._move_to_agreement(self)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(count)s mandates moved from %(former)s.",
                    count=len(moved),
                    former=former.display_name,
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _take_over_numbers(self, mandates):
        """Give the payers of ``mandates`` the numbers here that they had."""
        known = self._known_payer_numbers(mandates.partner_id)
        taken = self._payers_by_number(mandates.mapped("payer_number"))
        wanted = {mandate.partner_id: mandate.payer_number for mandate in mandates}
        clash = [
            number
            for payer, number in wanted.items()
            if known.get(payer.id, number) != number or taken.get(number, payer) != payer
        ]
        if clash:
            raise UserError(
                self.env._(
                    "Payer numbers %(numbers)s are given out here already, to others or beside "
                    "others.",
                    numbers=", ".join(sorted(clash)[:10]),
                )
            )
        self.env["bank.payer.number"].create(
            [
                {"agreement_id": self.id, "partner_id": payer.id, "number": number}
                for payer, number in wanted.items()
                if payer.id not in known
            ]
        )


class DirectDebitMandate(models.Model):
    _inherit = "direct.debit.mandate"

    def _move_to_agreement(self, agreement):
        """Hand these mandates over, and the debits planned with them."""
        former = self.agreement_id
        quiet = self.with_context(mbn_succession=True, tracking_disable=True)
        quiet.write({"agreement_id": agreement.id})
        text = self.env._(
            "Moved from %(former)s to %(agreement)s, which succeeds it.",
            former=former.display_name,
            agreement=agreement.display_name,
        )
        self._message_log_batch(bodies=dict.fromkeys(self.ids, text))
        orders = self.env["direct.debit.order"].search([("mandate_id", "in", self.ids)])
        planned = orders.filtered(lambda order: order.state == "planned")
        invoices = planned.line_ids.invoice_id
        planned._drop("mandate")
        invoices.mbn_agreement_id = agreement
        invoices._mbn_plan_orders()
