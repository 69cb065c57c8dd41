from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...formats.references import normalise


class DirectDebitMandate(models.Model):
    """Another payer number for a mandate, where the bank can be asked for one.

    The number is the payer's from the moment it is wished for, so that nobody else gets it, and
    messages with either number find the payer. It becomes the payer's current number when the
    bank names the mandate by it.
    """

    _inherit = "direct.debit.mandate"

    can_renumber = fields.Boolean(
        compute="_compute_can_renumber",
        compute_sudo=True,
        help="The bank can be asked to give payers of this agreement another number.",
    )
    new_payer_number = fields.Char(
        copy=False,
        tracking=True,
        help="The number the payer is to have with the bank instead of the present one. The bank "
        "is asked for it with the next file; until it answers the present number is used.",
    )
    change_file_id = fields.Many2one(
        "bank.file",
        string="New Number Asked For In",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The file that asks the bank for the new payer number.",
    )
    change_record = fields.Integer(
        string="Record of the Change", readonly=True, copy=False, help="Its place in the file."
    )

    _changed_once = models.UniqueIndex(
        "(change_file_id, change_record) WHERE change_file_id IS NOT NULL",
        "A record of a file changes one mandate.",
    )

    @api.depends("agreement_id")
    def _compute_can_renumber(self):
        for mandate in self:
            agreement = mandate.agreement_id
            mandate.can_renumber = bool(agreement) and agreement._can_renumber_mandates()

    def write(self, vals):
        if not vals.get("new_payer_number"):
            return super().write(vals)
        number = normalise(vals["new_payer_number"])
        for mandate in self:
            mandate._check_renumber(number)
            self.env["bank.payer.number"].sudo()._reserve(
                mandate.agreement_id.sudo(), mandate.partner_id, number
            )
        return super().write(
            vals | {"new_payer_number": number, "change_file_id": False, "change_record": 0}
        )

    def _check_renumber(self, number):
        """Raise ``UserError`` that says why the bank cannot be asked for this number."""
        self._require_state("active")
        if not self.can_renumber or not self.number:
            raise UserError(
                self.env._(
                    "The bank cannot be asked for another payer number of %(payer)s: it takes no "
                    "such change, or has not told the number of the mandate.",
                    payer=self.partner_id.name,
                )
            )
        if number == self.payer_number:
            raise UserError(
                self.env._(
                    "%(payer)s has payer number %(number)s already.",
                    payer=self.partner_id.name,
                    number=number,
                )
            )

    def action_keep_number(self):
        """Do not wait for the bank any more: these payers keep the numbers they have."""
        self._check_may_change()
        self.new_payer_number = False

    def _wishing(self, agreements, payers):
        """Mandates of these payers, ended or not, that are to have another number."""
        return self.search(
            Domain("agreement_id", "in", agreements.ids)
            & Domain("partner_id", "in", payers.ids)
            & Domain("new_payer_number", "!=", False)
        )

    def _change_comes_back(self, file, hold, text):
        """The bank was not asked for the new numbers of these, or refused the file."""
        self._come_back(file, hold, text, {"change_file_id": False, "change_record": 0})
