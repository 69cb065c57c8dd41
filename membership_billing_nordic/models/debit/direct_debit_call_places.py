"""Where the call list is reached from: failed debits, mandates and the desk."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_amount


class DirectDebitCall(models.Model):
    _inherit = "direct.debit.call"

    def _show(self):
        """The action that shows these rows."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_direct_debit_call"
        )
        action |= {"domain": [("id", "in", self.ids)], "context": {"create": False}}
        if len(self) == 1:
            action |= {"views": [(False, "form")], "res_id": self.id}
        return action

    @api.model
    def _listed_by_hand(self, **found):
        """Put payers on the list because the user wants to, and show their rows."""
        self._check_may_record()
        reason = self.env._("Listed by %(user)s", user=self.env.user.name)
        if calls := self._list(**found, reason=reason):
            return calls._show()
        raise UserError(self.env._("Nothing is open of what failed: nobody is to be called."))


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    def action_call(self):
        """Put the payers of these failed debits on the call list, and show their rows."""
        self.env["direct.debit.call"]._check_may_record()
        self.check_access("read")
        failed = self.filtered(lambda order: order.state in ("failed", "reversed"))
        return self.env["direct.debit.call"]._listed_by_hand(orders=failed)


class DirectDebitMandate(models.Model):
    _inherit = "direct.debit.mandate"

    def action_call(self):
        """Put the payers of these mandates on the call list, and show their rows."""
        self.env["direct.debit.call"]._check_may_record()
        self.check_access("read")
        calls = self.env["direct.debit.call"]
        keys = [(mandate.agreement_id, mandate.partner_id) for mandate in self]
        if rows := calls.union(*calls._open_rows(keys).values()):
            return rows._show()
        return calls._listed_by_hand(mandates=self)


class BillingDesk(models.TransientModel):
    _inherit = "billing.desk"

    def _cards(self):
        return [*super()._cards(), (self.env._("To call about failed debits"), self._to_call())]

    @api.model
    def _to_call(self):
        """How many payers are to be called today and what they owe, by whose task it is."""
        groups = self.env["direct.debit.call"]._read_group(
            [("company_id", "in", self.env.companies.ids), ("state", "=", "to_call")],
            ["user_id", "currency_id"],
            ["__count", "amount:sum"],
        )
        return [
            (
                "" if user else "text-danger",
                self.env._(
                    "%(count)s to call, %(amount)s",
                    count=count,
                    amount=format_amount(self.env, amount, currency),
                ),
                user.name or self.env._("Without owner"),
            )
            for user, currency, count, amount in groups
        ]
