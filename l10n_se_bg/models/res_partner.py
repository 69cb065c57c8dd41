from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..formats.identities import identity_in_files, identity_shown, is_organisation

_KNOWS = "membership_billing_nordic.group_billing_user"


class ResPartner(models.Model):
    _inherit = "res.partner"

    l10n_se_identity = fields.Char(
        string="Person or Organisation Number",
        copy=False,
        groups=_KNOWS,
        help="Of this payer, to ask for Autogiro mandates with. Person numbers and coordination "
        "numbers with or without the century; sole traders have their person number.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_se_identity(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_se_identity(vals))

    @api.model
    def _with_se_identity(self, vals):
        """``vals`` with the number as people write it, if it is one."""
        if not vals.get("l10n_se_identity"):
            return vals
        return vals | {"l10n_se_identity": identity_shown(self._se_identity_typed(vals))}

    @api.model
    def _se_identity_typed(self, vals):
        """The number in ``vals`` with the 12 digits it has in files.

        :raises ValidationError: it is none; the message does not quote it
        """
        today = fields.Date.context_today(self.env.user)
        try:
            return identity_in_files(vals["l10n_se_identity"], today)
        except ValueError:
            raise ValidationError(
                self.env._(
                    "This is neither a person number nor an organisation number: 10 or 12 digits, "
                    "of which the last is a check digit."
                )
            ) from None

    @api.onchange("l10n_se_identity")
    def _onchange_l10n_se_identity(self):
        if self.l10n_se_identity:
            vals = {"l10n_se_identity": self.l10n_se_identity}
            self.l10n_se_identity = self._with_se_identity(vals)["l10n_se_identity"]

    def _se_identity_in_files(self):
        """The number of this payer with 12 digits; of organisations their company ID will do."""
        payer = self.sudo()
        if payer.l10n_se_identity:
            return self._se_identity_typed({"l10n_se_identity": payer.l10n_se_identity})
        number = "".join(filter(str.isdigit, payer.company_registry or ""))
        return f"00{number}" if payer.is_company and is_organisation(number) else ""
