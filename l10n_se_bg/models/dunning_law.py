from odoo import api, models

from ..formats.deadlines import banking_days


class DunningLaw(models.Model):
    _inherit = "dunning.law"

    @api.model
    def _banking_days(self, country):
        return banking_days() if country.code == "SE" else super()._banking_days(country)
