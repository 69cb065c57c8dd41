from odoo import api, fields, models
from odoo.exceptions import ValidationError

SCHEME = "no_nets"
_CLEARING_HOUSE = "00008080"


class BankConnection(models.Model):
    _inherit = "bank.connection"

    scheme = fields.Selection(
        selection_add=[(SCHEME, "Nets / Mastercard Payment Services (Norway)")],
        ondelete={SCHEME: lambda connections: connections._leave_scheme()},
    )

    @api.model
    def _country_schemes(self):
        return super()._country_schemes() | {"NO": SCHEME}

    @api.constrains("scheme", "customer_number")
    def _check_no_customer_number(self):
        for connection in self.filtered(lambda row: row.scheme == SCHEME and row.customer_number):
            number = connection.customer_number
            if not (number.isascii() and number.isdigit() and len(number) == 8):
                raise ValidationError(
                    connection.env._(
                        "%(number)s is no customer unit ID (kundeenhet-ID): it has 8 digits and "
                        "stands in the bank's letter on OCR giro.",
                        number=number,
                    )
                )
            if number == _CLEARING_HOUSE:
                raise ValidationError(
                    connection.env._(
                        "%(number)s is the ID of the clearing house itself. Enter your own "
                        "customer unit ID (kundeenhet-ID).",
                        number=number,
                    )
                )

    def _missing_settings(self):
        missing = super()._missing_settings()
        if self.scheme == SCHEME and not self.customer_number:
            missing.append(
                self.env._(
                    "Enter your customer unit ID (kundeenhet-ID, 8 digits) on connection %(name)s.",
                    name=self.name,
                )
            )
        return missing
