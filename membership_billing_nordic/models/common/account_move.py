from odoo import models

from .invoice_writer import own_relations


class AccountMove(models.Model):
    _inherit = "account.move"

    def _check_company(self, fnames=None):
        return super()._check_company(own_relations(self, fnames))

    def _get_next_sequence_format(self):
        """Look up once how the numbers of a batch are written, not for each of its entries.

        The format is the one of the last number in journal and period, so it stays while a
        batch is numbered. It is kept beside the last number itself, which core has in its
        cache from the first of the batch on, and is forgotten together with it.
        """
        if not self.env.context.get("mbn_keep_number_format") or self.journal_id.is_self_billing:
            return super()._get_next_sequence_format()
        cache = self._get_sequence_cache()
        key = ("mbn_number_format", self.journal_id.id, self.date, self.move_type)
        if key not in cache:
            cache[key] = super()._get_next_sequence_format()
        number_format, values = cache[key]
        return number_format, dict(values)
