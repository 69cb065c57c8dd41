from odoo import api, fields, models
from odoo.exceptions import UserError

from ..formats.accounts import account_typed
from ..formats.giro_numbers import is_bankgiro
from .bank_connection import SCHEME

_KNOWS = "membership_billing_nordic.group_billing_user"


class DirectDebitMandate(models.Model):
    _inherit = "direct.debit.mandate"

    l10n_se_identity = fields.Char(
        string="Person or Organisation Number",
        copy=False,
        groups=_KNOWS,
        help="Of whoever owns the account, to ask for the mandate with. Empty: the number of the "
        "payer. It is removed as soon as the request is answered.",
    )
    l10n_se_identity_differs = fields.Boolean(
        string="Another Person",
        readonly=True,
        copy=False,
        help="The bank names another person or organisation number than the payer has here.",
    )

    def _personal_fields(self):
        return (*super()._personal_fields(), "l10n_se_identity")

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_se_identity(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_se_identity(vals))

    @api.model
    def _with_se_identity(self, vals):
        """``vals`` with the number as it stands in files."""
        if not vals.get("l10n_se_identity"):
            return vals
        return vals | {"l10n_se_identity": self.env["res.partner"]._se_identity_typed(vals)}

    def _se_identity(self):
        """Whose account it is, with 12 digits; empty when that is not known."""
        mandate = self.sudo()
        return mandate.l10n_se_identity or mandate.partner_id._se_identity_in_files()

    def _is_sure_wish(self):
        return not self.l10n_se_identity_differs and super()._is_sure_wish()

    def _check_request(self):
        result = super()._check_request()
        if self.scheme == SCHEME:
            self.sudo()._require_se_account()
        return result

    def _require_se_account(self):
        """A payer with a bankgiro number of this payer number needs neither account nor number."""
        account, identity = self.partner_bank_id, self._se_identity()
        if not account and not self.l10n_se_identity and is_bankgiro(self.payer_number):
            return
        if not (account and identity):
            raise UserError(
                self.env._(
                    "Enter account and person or organisation number of %(payer)s: Bankgirot "
                    "registers no mandate without them. Otherwise the payer signs up in the net "
                    "bank with payer number %(number)s.",
                    payer=self.partner_id.name,
                    number=self.payer_number,
                )
            )
        try:
            found = account_typed(account.acc_number)
        except ValueError:
            found = None
        if found is None or found.is_valid is False:
            raise UserError(
                self.env._(
                    "The account of %(payer)s is no Swedish account number: enter clearing number "
                    "and account number, for example 5000-1234567.",
                    payer=self.partner_id.name,
                )
            )
        if not found.has_bankgiro:
            raise UserError(
                self.env._(
                    "The bank of %(payer)s, %(bank)s, takes no part in Autogiro: ask for another "
                    "account.",
                    payer=self.partner_id.name,
                    bank=found.series.bank,
                )
            )
