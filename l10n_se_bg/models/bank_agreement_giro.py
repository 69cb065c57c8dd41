from odoo import api, fields, models

from ..formats.giro_numbers import (
    format_bankgiro,
    format_plusgiro,
    is_bankgiro,
    is_plusgiro,
)
from .bank_connection import SCHEME


class BankAgreement(models.Model):
    """Giro numbers as people write them; stored are the digits, as files have them."""

    _inherit = "bank.agreement"

    l10n_se_bankgiro = fields.Char(
        string="Bankgiro Number",
        compute="_compute_l10n_se_giro",
        inverse="_inverse_l10n_se_bankgiro",
        help="As in the bank's letter, with or without the dash. Printed on invoices.",
    )
    l10n_se_plusgiro_written = fields.Char(
        string="Plusgiro",
        compute="_compute_l10n_se_giro",
        inverse="_inverse_l10n_se_plusgiro_written",
        help="Printed on invoices beside the bankgiro number. Empty when you have none.",
    )

    @api.depends("number", "l10n_se_plusgiro", "connection_id")
    def _compute_l10n_se_giro(self):
        for agreement in self:
            bankgiro = agreement.scheme == SCHEME and agreement.number
            plusgiro = agreement.l10n_se_plusgiro
            # Wrong ones stay as they were typed.
            agreement.l10n_se_bankgiro = (
                format_bankgiro(bankgiro) if is_bankgiro(bankgiro) else bankgiro
            )
            agreement.l10n_se_plusgiro_written = (
                format_plusgiro(plusgiro) if is_plusgiro(plusgiro) else plusgiro
            )

    def _inverse_l10n_se_bankgiro(self):
        for agreement in self.filtered(lambda row: row.scheme == SCHEME):
            agreement.number = agreement.l10n_se_bankgiro

    def _inverse_l10n_se_plusgiro_written(self):
        for agreement in self:
            agreement.l10n_se_plusgiro = agreement.l10n_se_plusgiro_written
