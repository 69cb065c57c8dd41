from odoo import models

from .invoice_writer import own_relations


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _check_company(self, fnames=None):
        return super()._check_company(own_relations(self, fnames))
