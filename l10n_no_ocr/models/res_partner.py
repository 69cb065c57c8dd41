from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    l10n_no_efaktura = fields.Boolean(
        string="Wants eFaktura",
        copy=False,
        tracking=True,
        help="The payer accepts your invoices as eFaktura. Debits by AvtaleGiro then leave the "
        "notice to the eFaktura. The eFaktura itself is sent by your distributor of eFaktura.",
    )
    l10n_no_efaktura_identifier = fields.Char(
        string="eFaktura Identifier",
        copy=False,
        help="Whom your distributor of eFaktura knows the payer as.",
    )
