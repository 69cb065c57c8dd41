from odoo import api, models

from ..formats.payment_days import BANKING_DAYS


class DunningLaw(models.Model):
    _inherit = "dunning.law"

    @api.model
    def _banking_days(self, country):
        return BANKING_DAYS if country.code == "DK" else super()._banking_days(country)
