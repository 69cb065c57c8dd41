from odoo import models

UNIQUE = ("mbn_member_number", "mbn_external_id")


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_values(self, src_partners, dst_partner):
        """Hand over numbers that exist once: base would write them while both have them."""
        for name in UNIQUE:
            value = dst_partner[name] or src_partners.filtered(name)[:1][name]
            src_partners.write({name: False})
            src_partners.flush_recordset([name])
            dst_partner[name] = value
        return super()._update_values(src_partners, dst_partner)
