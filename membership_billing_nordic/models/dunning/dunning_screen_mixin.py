from odoo import models
from odoo.exceptions import AccessError


class DunningScreenMixin(models.AbstractModel):
    """What the screens of letters, payment plans and collection cases have in common."""

    _name = "dunning.screen.mixin"
    _description = "Screen About a Payer's Claims"

    def _invoices_action(self, invoices):
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("id", "in", invoices.ids)],
            "name": self.env._("Invoices"),
        }

    def _check_user(self):
        """:raise AccessError: when the user does no billing"""
        self.check_access("read")
        if not (
            self.env.su or self.env.user.has_group("membership_billing_nordic.group_billing_user")
        ):
            raise AccessError(self.env._("Only billing users may do this."))
