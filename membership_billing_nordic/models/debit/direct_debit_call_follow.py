"""How the call list follows what happens to claims, debits and mandates."""

from odoo import api, models

from .direct_debit_call import OPEN


class DirectDebitCall(models.Model):
    _inherit = "direct.debit.call"

    @api.model
    def _follow_claims(self, claims):
        """The open amounts of these receivable lines have changed."""
        calls = self.search([("claim_ids", "in", claims.ids), ("state", "in", OPEN)])
        calls._take_amounts()
        calls.filtered(lambda call: call.currency_id.is_zero(call.amount))._finish("paid")

    @api.model
    def _follow_reopened(self, claims):
        """Payments were taken off these lines: payers who were done are to be called again."""
        owed = claims.filtered(
            lambda line: (
                line.account_type == "asset_receivable"
                and line.parent_state == "posted"
                and line.amount_residual_currency > 0
            )
        )
        listing = [("claim_ids", "in", owed.ids)]
        owed -= self.search([*listing, ("state", "in", OPEN)]).claim_ids
        done = self.search(
            [("claim_ids", "in", owed.ids), ("state", "=", "done"), ("outcome", "=", "paid")],
            order="closed_on desc, id desc",
        )
        open_rows = self._open_rows([(row.agreement_id, row.partner_id) for row in done])
        for key, rows in done.grouped(lambda row: (row.agreement_id, row.partner_id)).items():
            row = open_rows.get(key, rows[0])
            row._reopen(claims=rows.claim_ids & owed)

    def _reopen(self, claims=()):
        """Call the payer again, about these claims too."""
        self.ensure_one()
        self.write(
            {
                "state": "to_call",
                "next_contact": self._today(),
                "closed_on": False,
                "outcome": False,
                "claim_ids": [(4, claim.id) for claim in claims],
            }
        )
        self._take_amounts()
        self._note("reopened")

    @api.model
    def _failed_again(self, orders):
        """Debits failed: payers who are on the list already are to be called about these too."""
        keys = {(order.agreement_id, order.partner_id) for order in orders}
        rows = self._open_rows(keys)
        self._list(
            orders.filtered(lambda order: (order.agreement_id, order.partner_id) in rows),
        )

    @api.model
    def _mandates_came(self, mandates):
        """A new mandate ends the row of a payer who owes nothing."""
        keys = {(mandate.agreement_id, mandate.partner_id) for mandate in mandates}
        for row in self._open_rows(keys).values():
            if row.currency_id.is_zero(row.amount):
                row._finish("mandate")


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    @api.model
    def _follow(self, claims):
        result = super()._follow(claims)
        if claims and not self.env.context.get("mbn_books_answers"):
            self.env["direct.debit.call"].sudo()._follow_claims(claims)
        return result

    @api.model
    def _follow_reopened(self, claims):
        result = super()._follow_reopened(claims)
        if claims:
            self.env["direct.debit.call"].sudo()._follow_reopened(claims)
        return result

    def _after_failure(self):
        result = super()._after_failure()
        if self:
            self.env["direct.debit.call"].sudo()._failed_again(self)
        return result


class DirectDebitMandate(models.Model):
    _inherit = "direct.debit.mandate"

    def _became_active(self):
        result = super()._became_active()
        if self:
            self.env["direct.debit.call"].sudo()._mandates_came(self)
        return result


class AccountMove(models.Model):
    _inherit = "account.move"

    def button_draft(self):
        result = super().button_draft()
        self.env["direct.debit.call"].sudo()._follow_claims(self.line_ids)
        return result
