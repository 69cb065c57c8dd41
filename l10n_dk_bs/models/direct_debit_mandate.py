import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from stdnum.dk import cvr

from .bank_connection import SCHEME

_KNOWS = "membership_billing_nordic.group_billing_user"
_PERSONAL = ("l10n_dk_identity", "l10n_dk_account")
_CPR_LENGTH = 10


class DirectDebitMandate(models.Model):
    """What delivery 0605 asks for a mandate with. It is kept while the request is open."""

    _inherit = "direct.debit.mandate"

    l10n_dk_identity = fields.Char(
        string="CPR or CVR Number",
        copy=False,
        groups=_KNOWS,
        help="The payer's CPR number (10 digits) or CVR number (8 digits), to ask for the mandate "
        "with. It is removed as soon as the request is answered.",
    )
    l10n_dk_account = fields.Char(
        string="Account for the Request",
        copy=False,
        groups=_KNOWS,
        help="Registration number (4 digits) and number of the payer's account, to ask for the "
        "mandate with. It is removed as soon as the request is answered.",
    )

    l10n_dk_sign_up = fields.Char(
        string="Payer Signs Up With",
        compute="_compute_l10n_dk_sign_up",
        compute_sudo=True,
        help="What the payer types in the net bank, or tells the bank, to sign up without you.",
    )

    @api.depends("agreement_id.number", "payer_number")
    def _compute_l10n_dk_sign_up(self):
        for mandate in self:
            agreement = mandate.agreement_id
            mandate.l10n_dk_sign_up = agreement.scheme == SCHEME and mandate.env._(
                "PBS no. %(creditor)s, debtor group %(group)s, customer no. %(customer)s",
                creditor=agreement.l10n_dk_creditor,
                group=agreement.l10n_dk_debtor_group,
                customer=mandate.payer_number,
            )

    def _personal_fields(self):
        return (*super()._personal_fields(), *_PERSONAL)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([_clean(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(_clean(vals))

    @api.constrains("l10n_dk_identity")
    def _check_dk_identity(self):
        for mandate in self.filtered("l10n_dk_identity"):
            number = mandate.l10n_dk_identity
            is_cpr = number.isdigit() and len(number) == _CPR_LENGTH
            # Check digits of CPR numbers have not been used for all since 2007.
            if not (is_cpr or cvr.is_valid(number)):
                raise ValidationError(
                    mandate.env._(
                        "A CPR number has 10 digits, a CVR number 8 of which the last is a check "
                        "digit. Correct the number of %(payer)s.",
                        payer=mandate.partner_id.name,
                    )
                )

    @api.constrains("l10n_dk_account")
    def _check_dk_account(self):
        for mandate in self.filtered("l10n_dk_account"):
            if not re.fullmatch(r"[0-9]{5,14}", mandate.l10n_dk_account):
                raise ValidationError(
                    mandate.env._(
                        "A Danish account is a registration number of 4 digits and a number of "
                        "up to 10. Correct the account of %(payer)s.",
                        payer=mandate.partner_id.name,
                    )
                )

    def _check_request(self):
        result = super()._check_request()
        asked = self.sudo()
        if asked.scheme == SCHEME and not all(asked[name] for name in _PERSONAL):
            raise UserError(
                self.env._(
                    "Enter CPR or CVR number and account of %(payer)s: Betalingsservice "
                    "registers no mandate without them. Otherwise the payer signs up in the "
                    "net bank, with PBS number, debtor group and customer number "
                    "%(customer)s.",
                    payer=asked.partner_id.name,
                    customer=asked.payer_number,
                )
            )
        return result


def _clean(vals):
    """Numbers as digits only, however they were typed."""
    return vals | {
        name: re.sub(r"[\s.-]", "", vals[name]) or False for name in _PERSONAL if vals.get(name)
    }
