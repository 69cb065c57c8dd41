from odoo import api, models

_ASKING = ("draft", "requested")


class DirectDebitMandate(models.Model):
    """Personal numbers a mandate is asked for with are kept while the request is open."""

    _inherit = "direct.debit.mandate"

    def _personal_fields(self):
        """Names of the fields with such numbers; for the schemes that need them."""
        return ()

    @api.model_create_multi
    def create(self, vals_list):
        mandates = super().create(vals_list)
        mandates._forget_personal()
        return mandates

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self._forget_personal()
        return result

    def _forget_personal(self):
        """They go when the request is over, whatever came of it."""
        names = self._personal_fields()
        over = self.sudo().filtered(
            lambda row: row.state not in _ASKING and any(row[name] for name in names)
        )
        if over:
            over.write(dict.fromkeys(names, False))
