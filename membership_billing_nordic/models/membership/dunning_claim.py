"""What memberships know of claims: their kind, the terms, and how payers want their post."""

from odoo import models
from odoo.tools import SQL


class AccountMove(models.Model):
    _inherit = "account.move"

    def _mbn_claim_kind(self):
        """The kind that the plan says; kinds never share an invoice."""
        kinds = set(self.sudo().mbn_charge_ids.mapped("claim_kind")) - {False}
        if not kinds:
            return super()._mbn_claim_kind()
        # Of several the one that may be followed least far.
        return next(kind for kind in ("donation", "lapse", "fee") if kind in kinds)

    def _mbn_fee_clauses_agreed(self):
        """Who became a member before the terms spoke of fees has not agreed to them."""
        agreed = super()._mbn_fee_clauses_agreed()
        if any(agreed.values()):
            agreed |= dict.fromkeys(self._mbn_older_members(), None)
        return agreed

    def _mbn_older_members(self):
        """Ids of invoices of memberships that began before the terms spoke of fees."""
        self.env["membership.charge"].flush_model(["invoice_id", "contract_id"])
        self.env["membership.contract"].flush_model(["date_start"])
        self.env["res.company"].flush_model(["mbn_dunning_clause_from"])
        rows = self.env.execute_query(
            SQL(
                """SELECT charge.invoice_id
                     FROM membership_charge charge
                     JOIN membership_contract contract ON contract.id = charge.contract_id
                     JOIN account_move move ON move.id = charge.invoice_id
                     JOIN res_company company ON company.id = move.company_id
                    WHERE charge.invoice_id = ANY(%s)
                      AND contract.date_start < company.mbn_dunning_clause_from""",
                self.ids,
            )
        )
        return [invoice_id for (invoice_id,) in rows]


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    def _channels(self, wish):
        """The payer's own order, of what can carry a letter."""
        usual = super()._channels(wish)
        if wish != "payer":
            return usual
        own = self.partner_id._mbn_delivery_channels(self.company_id)
        return list(dict.fromkeys([one for one in own if one in usual] + usual))

    def _address(self, channel):
        return self.partner_id._mbn_delivery_address(channel)
