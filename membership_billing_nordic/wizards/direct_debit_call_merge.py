from odoo import api, models

from ..models.debit.direct_debit_call import OPEN


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys_generic(self, model, src_records, dst_record):
        """A payer has one open row of the call list for an agreement: join those of both."""
        if model == "res.partner":
            partners = src_records | dst_record
            calls = self.env["direct.debit.call"].sudo()
            rows = calls.search([("partner_id", "in", partners.ids), ("state", "in", OPEN)])
            for group in rows.grouped("agreement_id").values():
                own = group.filtered(lambda row: row.partner_id == dst_record)
                (own or group.sorted("id"))[0]._join(group)
            calls.flush_model()
        return super()._update_foreign_keys_generic(model, src_records, dst_record)


class DirectDebitCall(models.Model):
    _inherit = "direct.debit.call"

    def _join(self, rows):
        """Take over what other open rows list, and close those."""
        others = rows - self
        if not others:
            return
        self.write(
            {
                "order_ids": [(4, order.id) for order in others.order_ids],
                "claim_ids": [(4, claim.id) for claim in others.claim_ids],
            }
        )
        self._take_amounts()
        others._finish("closed", note=self.env._("Joined with another row of the same payer"))
