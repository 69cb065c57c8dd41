from dataclasses import replace

from odoo import api, fields, models
from odoo.addons.membership_billing_nordic.formats.banking_days import BankingDays
from odoo.exceptions import ValidationError

from ..formats import redaction
from ..formats.avtalegiro import AvtaleGiro

SCHEME = "no_nets"
_CLEARING_HOUSE = "00008080"
_HALF_DAYS = ((12, 24), (12, 31))
# The clearing house takes files whose names begin so.
_OUT_NAME = "DIRREM.D{date:6}.F{number:7}.txt"


class BankConnection(models.Model):
    _inherit = "bank.connection"

    scheme = fields.Selection(
        selection_add=[(SCHEME, "Nets / Mastercard Payment Services (Norway)")],
        ondelete={SCHEME: lambda connections: connections._leave_scheme()},
    )
    l10n_no_half_days_closed = fields.Boolean(
        string="Closed on 24 and 31 December",
        default=True,
        tracking=True,
        help="Deadlines are reckoned as if banks were closed on 24 and 31 December. That they are "
        "is unconfirmed: the bank's public documents do not say it. Reckoned so, files are a day "
        "early at worst.",
    )

    @api.model
    def _country_schemes(self):
        return super()._country_schemes() | {"NO": SCHEME}

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        for connection, vals in zip(connections, vals_list, strict=True):
            if connection.scheme == SCHEME and "out_name_pattern" not in vals:
                connection.out_name_pattern = _OUT_NAME
        return connections

    @api.onchange("scheme")
    def _onchange_no_scheme(self):
        usual = self.default_get(["out_name_pattern"])["out_name_pattern"]
        if self.scheme == SCHEME and self.out_name_pattern == usual:
            self.out_name_pattern = _OUT_NAME

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

    def _debit_encoder(self):
        if self.scheme != SCHEME:
            return super()._debit_encoder()
        agreements = self.agreement_ids.filtered("active")
        return AvtaleGiro(
            {
                agreement.account_number: [layout._shape() for layout in agreement.layout_ids]
                for agreement in agreements
            }
        )

    def _debit_transmission(self, number, today):
        transmission = super()._debit_transmission(number, today)
        if self.scheme != SCHEME:
            return transmission
        return replace(transmission, number=f"{number:07d}", recipient=_CLEARING_HOUSE)

    def _redact(self, content):
        if self.scheme != SCHEME:
            return super()._redact(content)
        return redaction.redact(content)

    def _is_bank_open(self, day):
        if self.scheme != SCHEME:
            return super()._is_bank_open(day)
        return self._l10n_no_banking_days().is_open(day)

    def _l10n_no_banking_days(self):
        """The days on which Norwegian banks work."""
        self.ensure_one()
        return BankingDays("NO", _HALF_DAYS if self.l10n_no_half_days_closed else ())
