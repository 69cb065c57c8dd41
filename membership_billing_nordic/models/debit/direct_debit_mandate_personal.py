from odoo import api, models

_ASKING = ("draft", "requested")


class DirectDebitMandate(models.Model):
    """Personal numbers a mandate is asked for with are kept while the request is open.

    They are written alone: when the database refuses something, the log quotes all of it.
    """

    _inherit = "direct.debit.mandate"

    def _personal_fields(self):
        """Names of the fields with such numbers; for the schemes that need them."""
        return ()

    @api.model_create_multi
    def create(self, vals_list):
        names = set(self._personal_fields())
        mandates = super().create([_without(vals, names) for vals in vals_list])
        for mandate, vals in zip(mandates, vals_list, strict=True):
            if personal := _without(vals, vals.keys() - names):
                mandate.flush_recordset()
                mandate.write(personal)
        return mandates

    def write(self, vals):
        names = set(self._personal_fields())
        personal = _without(vals, vals.keys() - names)
        if not personal:
            result = super().write(vals)
        else:
            result = super().write(_without(vals, names))
            self.flush_recordset()
            result = super().write(personal) and result
        if personal or "state" in vals:
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


def _without(vals, names):
    return {name: value for name, value in vals.items() if name not in names}
