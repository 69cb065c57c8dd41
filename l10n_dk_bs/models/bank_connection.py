import re
from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from stdnum.dk import cvr

from ..formats.outgoing_collections import Collections
from ..formats.outgoing_mandates import MandateRequests
from ..formats.payment_days import BANKING_DAYS
from ..formats.records import TEST_SUBSYSTEM

SCHEME = "dk_bs"
_SUBSYSTEM = re.compile(r"[0-9A-Z]{3}")
_OUT_NAME = "BS.D{date:6}.{number:7}.txt"
_NAME_FIELD = "out_name_pattern"


class BankConnection(models.Model):
    _inherit = "bank.connection"

    scheme = fields.Selection(
        selection_add=[(SCHEME, "Betalingsservice (Denmark)")],
        ondelete={SCHEME: lambda connections: connections._leave_scheme()},
    )
    l10n_dk_subsystem = fields.Char(
        string="Subsystem",
        default="BS1",
        tracking=True,
        help="The code of the delivery system that was agreed, normally BS1. Files of a test "
        "connection have KR9 instead.",
    )

    @api.model
    def _country_schemes(self):
        return super()._country_schemes() | {"DK": SCHEME}

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        for connection, vals in zip(connections, vals_list, strict=True):
            if connection.scheme == SCHEME and _NAME_FIELD not in vals:
                connection.out_name_pattern = _OUT_NAME
        return connections

    @api.onchange("scheme")
    def _onchange_dk_scheme(self):
        usual = self.default_get([_NAME_FIELD])[_NAME_FIELD]
        if self.scheme == SCHEME and self.out_name_pattern == usual:
            self.out_name_pattern = _OUT_NAME

    @api.constrains("scheme", "customer_number")
    def _check_dk_customer_number(self):
        for connection in self.filtered(lambda row: row.scheme == SCHEME and row.customer_number):
            number = connection.customer_number
            if not (number.isascii() and number.isdigit() and cvr.is_valid(number)):
                raise ValidationError(
                    connection.env._(
                        "%(number)s is no data supplier number (dataleverandørnummer): it is the "
                        "CVR number of whoever hands in the files, 8 digits.",
                        number=number,
                    )
                )

    @api.constrains("scheme", "l10n_dk_subsystem")
    def _check_dk_subsystem(self):
        for connection in self.filtered(lambda row: row.scheme == SCHEME):
            code = connection.l10n_dk_subsystem or ""
            if not _SUBSYSTEM.fullmatch(code) or code == TEST_SUBSYSTEM:
                raise ValidationError(
                    connection.env._(
                        "The subsystem is a code of three capitals and digits, normally BS1. For "
                        "tests with KR9 tick Test Connection instead."
                    )
                )

    def _missing_settings(self):
        missing = super()._missing_settings()
        if self.scheme == SCHEME and not self.customer_number:
            missing.append(
                self.env._(
                    "Enter your data supplier number (CVR, 8 digits) on connection %(name)s.",
                    name=self.name,
                )
            )
        return missing

    def _debit_encoder(self):
        if self.scheme != SCHEME:
            return super()._debit_encoder()
        agreements = self.agreement_ids.filtered("active")
        terms = {agreement.number: agreement._bs_terms() for agreement in agreements}
        return Collections(terms, self.l10n_dk_subsystem)

    def _mandate_encoder(self):
        if self.scheme != SCHEME:
            return super()._mandate_encoder()
        agreements = self.agreement_ids.filtered("active")
        return MandateRequests(
            unverified=any(agreements.mapped("l10n_dk_cancellations")),
            subsystem=self.l10n_dk_subsystem,
        )

    def _debit_transmission(self, number, today):
        transmission = super()._debit_transmission(number, today)
        if self.scheme != SCHEME:
            return transmission
        return replace(transmission, number=f"{number:010d}")

    def _is_bank_open(self, day):
        if self.scheme != SCHEME:
            return super()._is_bank_open(day)
        return BANKING_DAYS.is_open(day)
