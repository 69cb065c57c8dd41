from odoo import api, fields, models
from odoo.exceptions import UserError

from .direct_debit_call import ENDS, OUTCOMES


class DirectDebitCallContact(models.Model):
    """One thing that happened to a row of the call list. Nothing of it is changed later."""

    _name = "direct.debit.call.contact"
    _description = "History of a Failed Debit"
    _order = "date desc, id desc"
    _rec_name = "outcome"

    call_id = fields.Many2one(
        "direct.debit.call", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="call_id.company_id", store=True, precompute=True, index=True
    )
    date = fields.Datetime(string="When", required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="Who", readonly=True, ondelete="set null")
    by_agency = fields.Boolean(
        string="By the Agency", readonly=True, help="It was in a list of the call agency."
    )
    outcome = fields.Selection(
        [
            ("listed", "Listed"),
            *OUTCOMES,
            *ENDS,
            ("reopened", "Open again"),
            ("handed_out", "Handed out to an agency"),
        ],
        string="What",
        required=True,
        readonly=True,
    )
    result = fields.Char(string="What Was Done", readonly=True)
    note = fields.Char(readonly=True)
    next_contact = fields.Date(readonly=True)
    import_key = fields.Char(
        readonly=True, help="What the line of the agency's list said, so that it counts once."
    )

    _imported_once = models.UniqueIndex(
        "(call_id, import_key) WHERE import_key IS NOT NULL", "This line was imported before."
    )

    def write(self, vals):
        raise UserError(self.env._("What happened is not changed: add a note instead."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What happened is not deleted."))
