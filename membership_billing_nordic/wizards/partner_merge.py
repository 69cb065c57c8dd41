from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys_generic(self, model, src_records, dst_record):
        """Keep all payer numbers: where the merged payer would have two current numbers with
        an agreement, the one of the contact that is kept stays current, the others become former.

        Base moves the rows with plain SQL and, where a constraint objects, deletes them.
        """
        if model == "res.partner":
            self._mbn_keep_payer_numbers(src_records, dst_record)
        return super()._update_foreign_keys_generic(model, src_records, dst_record)

    @api.model
    def _mbn_keep_payer_numbers(self, src_partners, dst_partner):
        rows = (
            self.env["bank.payer.number"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", (src_partners | dst_partner).ids),
                    ("is_alias", "=", False),
                ]
            )
        )
        for numbers in rows.grouped("agreement_id").values():
            own = numbers.filtered(lambda row: row.partner_id == dst_partner)
            current = own or numbers.sorted("id")[:1]
            (numbers - current).is_alias = True
        self.env["bank.payer.number"].flush_model()
