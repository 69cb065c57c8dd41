from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..formats.deadlines import banking_days

SCHEME = "se_bankgirot"
# Bankgirot's name for a file, by its own customer number and the moment it was made.
_OUT_NAME = "BFEP.IAGAG.K0%s.D{date:6}.T{time}"


class BankConnection(models.Model):
    _inherit = "bank.connection"

    scheme = fields.Selection(
        selection_add=[(SCHEME, "Bankgirot (Sweden)")],
        ondelete={SCHEME: lambda connections: connections._leave_scheme()},
    )

    @api.model
    def _country_schemes(self):
        return super()._country_schemes() | {"SE": SCHEME}

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        for connection, vals in zip(connections, vals_list, strict=True):
            if connection.scheme == SCHEME and "out_name_pattern" not in vals:
                connection._preset_se_out_name()
        return connections

    @api.onchange("scheme", "customer_number")
    def _onchange_se_names(self):
        if self.scheme == SCHEME:
            self._preset_se_out_name()

    def _preset_se_out_name(self):
        """Bankgirot's name, unless another one was put there."""
        usual = self.default_get(["out_name_pattern"])["out_name_pattern"]
        former = _OUT_NAME % (self._origin.customer_number or "")
        if self.customer_number and self.out_name_pattern in (usual, former):
            self.out_name_pattern = _OUT_NAME % self.customer_number

    @api.constrains("scheme", "customer_number")
    def _check_se_customer_number(self):
        for connection in self.filtered(lambda row: row.scheme == SCHEME and row.customer_number):
            number = connection.customer_number
            if not (number.isascii() and number.isdigit() and len(number) == 6):
                raise ValidationError(
                    connection.env._(
                        "%(number)s is no customer number (kundnummer) of Bankgirot: it has 6 "
                        "digits and stands in the bank's letter.",
                        number=number,
                    )
                )

    def _is_bank_open(self, day):
        if self.scheme != SCHEME:
            return super()._is_bank_open(day)
        return banking_days().is_open(day)
