"""What memberships know of claims: their kind, the terms, and how payers want their post."""

from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _mbn_claim_kind(self):
        """The kind that the plan says; kinds never share an invoice."""
        kinds = set(self.sudo().mbn_charge_ids.mapped("claim_kind")) - {False}
        if not kinds:
            return super()._mbn_claim_kind()
        # Of several the one that may be followed least far.
        return next(kind for kind in ("donation", "lapse", "fee") if kind in kinds)

    def _mbn_fee_clause_agreed(self):
        """Who became a member before the terms spoke of fees has not agreed to them."""
        agreed = super()._mbn_fee_clause_agreed()
        contracts = self.sudo().mbn_charge_ids.contract_id
        if agreed and any(contract.date_start < agreed for contract in contracts):
            return None
        return agreed


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
