from odoo import api, fields, models
from odoo.addons.membership_billing_nordic.models.bank.file_sealing import (
    DamagedError,
    KeyMissingError,
    seal,
    unseal,
)
from odoo.exceptions import UserError, ValidationError
from odoo.fields import NO_ACCESS

from ..formats.autogiro_orders import AutogiroOrders
from ..formats.deadlines import banking_days
from ..formats.seal import key_check, key_of

SCHEME = "se_bankgirot"
_MANAGER = "membership_billing_nordic.group_billing_manager"
# Bankgirot's name for a file, by our customer number and the moment it was made.
_OUT_NAME = "BFEP.IAGAG.K0%s.D{date:6}.T{time}"


class BankConnection(models.Model):
    _inherit = "bank.connection"

    scheme = fields.Selection(
        selection_add=[(SCHEME, "Bankgirot (Sweden)")],
        ondelete={SCHEME: lambda connections: connections._leave_scheme()},
    )

    l10n_se_seal_key = fields.Char(
        string="Seal Key (HMAC)",
        compute="_compute_l10n_se_seal_key",
        inverse="_inverse_l10n_se_seal_key",
        groups=_MANAGER,
        help="The key Bankgirot gave you to seal files with: 32 digits and letters from A to F. "
        "It is stored encrypted and never shown again. Without one files are not sealed: sign them "
        "in your internet bank.",
    )
    # Encrypted with the server's key, whose fingerprint stands before it.
    l10n_se_sealed_key = fields.Char(groups=NO_ACCESS, copy=False)
    l10n_se_seal_check = fields.Char(
        string="Check of the Key (KVV)",
        compute="_compute_l10n_se_seal_check",
        compute_sudo=True,
        help="Compare it with what Bankgirot wrote beside the key: with another one every file is "
        "refused.",
    )

    def _compute_l10n_se_seal_key(self):
        """Nobody reads a key again."""
        self.l10n_se_seal_key = False

    def _inverse_l10n_se_seal_key(self):
        for connection in self:
            digits = "".join((connection.l10n_se_seal_key or "").split()).upper()
            try:
                if digits:
                    key_of(digits)
            except ValueError:
                raise ValidationError(
                    connection.env._(
                        "The seal key has 32 digits and letters from A to F. Copy it as Bankgirot "
                        "gave it to you."
                    )
                ) from None
            connection.sudo().l10n_se_sealed_key = _encrypted(digits) if digits else False

    @api.depends("l10n_se_sealed_key")
    def _compute_l10n_se_seal_check(self):
        for connection in self:
            key = connection._se_seal_key()
            connection.l10n_se_seal_check = key_check(key) if key else False

    def _se_seal_key(self):
        """The key to seal files with; None without one, or where it cannot be opened."""
        stored = self.sudo().l10n_se_sealed_key
        try:
            return key_of(_decrypted(stored)) if stored else None
        except (KeyMissingError, DamagedError):
            return None

    def _is_se_seal_lost(self):
        """Is there a seal key that this server cannot open?"""
        return bool(self.sudo().l10n_se_sealed_key) and self._se_seal_key() is None

    def _se_seal_lost_text(self):
        return self.env._(
            "This server cannot open the seal key of connection %(name)s: it lacks the key that "
            "it was encrypted with. Enter the seal key again.",
            name=self.name,
        )

    def _write_requests(self, *args):
        # Never without a seal because the key cannot be opened.
        if self.scheme == SCHEME and self._is_se_seal_lost():
            raise UserError(self._se_seal_lost_text())
        return super()._write_requests(*args)

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

    def _missing_settings(self):
        missing = super()._missing_settings()
        sends = self.scheme == SCHEME and self.debit_out
        if sends and not self.customer_number:
            missing.append(
                self.env._(
                    "Enter your customer number (kundnummer, 6 digits) on connection %(name)s.",
                    name=self.name,
                )
            )
        if self.scheme == SCHEME and self._is_se_seal_lost():
            missing.append(self._se_seal_lost_text())
        return missing

    def _debit_encoder(self):
        if self.scheme != SCHEME:
            return super()._debit_encoder()
        return AutogiroOrders(self._se_seal_key(), banking_days())

    def _mandate_encoder(self):
        return self._debit_encoder() if self.scheme == SCHEME else super()._mandate_encoder()

    def _is_bank_open(self, day):
        if self.scheme != SCHEME:
            return super()._is_bank_open(day)
        return banking_days().is_open(day)


def _encrypted(digits):
    token, fingerprint = seal(digits.encode())
    return f"{fingerprint}:{token.decode()}"


def _decrypted(stored):
    fingerprint, _colon, token = stored.partition(":")
    return unseal(token.encode(), fingerprint).decode()
