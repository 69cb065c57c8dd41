from odoo import api, fields, models

from ..formats import autogiro, bgmax
from .bank_connection import SCHEME

_HEAD_SIZE = 200


class BankAgreement(models.Model):
    """In which layout Bankgirot tells of debits: every one is read, but not every one tells all."""

    _inherit = "bank.agreement"

    l10n_se_report_layout = fields.Selection(
        [("new", "New layout"), ("old", "Old layout"), ("bgmax", "BgMax form")],
        string="Debits Reported In",
        compute="_compute_l10n_se_report_layout",
        compute_sudo=True,
        help="The layout of the last file with payments by Autogiro. It is agreed with the bank; "
        "files are recognised by themselves.",
    )

    @api.depends("connection_id", "debit_out")
    def _compute_l10n_se_report_layout(self):
        for agreement in self:
            collects = agreement.scheme == SCHEME and agreement.debit_out
            agreement.l10n_se_report_layout = collects and agreement._se_last_layout()

    def _se_last_layout(self):
        payment = self.env["bank.payment"].search(
            [
                ("agreement_id", "=", self._origin.id),
                ("method", "=", "direct_debit"),
                ("file_id.format", "in", (autogiro.FORMAT, bgmax.FORMAT)),
            ],
            order="id desc",
            limit=1,
        )
        if payment.file_id.format != autogiro.FORMAT:
            return payment and "bgmax"
        with payment.file_id._open_bytes() as stream:
            return autogiro.layout_of(stream.read(_HEAD_SIZE)) or False
