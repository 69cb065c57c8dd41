import re

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.debit.direct_debit_call import OPEN
from .csv_list import write_rows

# What the agency fills in stands last.
COLUMNS = (
    "row",
    "name",
    "phone",
    "email",
    "amount",
    "currency",
    "invoices",
    "failed_on",
    "why",
    "failures",
    "link",
    "outcome",
    "next_contact",
    "note",
)
# Banking days an agency gets to answer, if nobody says otherwise.
_DAYS = 5


class DirectDebitCallExport(models.TransientModel):
    """Hands rows of the call list out to a call agency, as a list for spreadsheets."""

    _name = "direct.debit.call.export"
    _description = "Hand Out to a Call Agency"

    call_ids = fields.Many2many(
        "direct.debit.call",
        string="Payers",
        default=lambda self: self._chosen(),
        help="Whom the agency is to call.",
    )
    call_count = fields.Integer(string="Payers to Call", compute="_compute_call_count")
    agency = fields.Char(help="To whom the list goes; kept in the history.")
    back_on = fields.Date(
        string="Answer Expected Until",
        default=lambda self: self._default_back_on(),
        help="Rows without an answer are to be called from here again from this day on.",
    )
    content = fields.Binary(string="List (CSV)", readonly=True)
    file_name = fields.Char(readonly=True)

    @api.model
    def _chosen(self):
        return self.env["direct.debit.call"].browse(self.env.context.get("active_ids", ()))

    @api.model
    def _default_back_on(self):
        call = self._chosen()[:1].sudo()
        return call and call.agreement_id._debit_calendar().forward(call._today(), _DAYS)

    @api.depends("call_ids.state")
    def _compute_call_count(self):
        for wizard in self:
            wizard.call_count = len(wizard._to_hand_out())

    def _to_hand_out(self):
        return self.call_ids.filtered(lambda call: call.state in OPEN)

    def action_export(self):
        """Make the list, and mark its rows as handed out."""
        self.check_access("write")
        self.ensure_one()
        calls = self._to_hand_out()
        calls._check_may_record()
        if not calls:
            raise UserError(self.env._("Choose rows of the call list that are not done."))
        rows = calls.sudo()._lock_open()
        self.content = write_rows(COLUMNS, [row._exported() for row in rows])
        self.file_name = f"{self._list_name()}_{rows[0]._today():%Y-%m-%d}.csv"
        rows._hand_out(self.agency, self.back_on)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hand Out to a Call Agency"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _list_name(self):
        words = ("failed_debits", *re.findall(r"\w+", self.agency or ""))
        return "_".join(words)


class DirectDebitCall(models.Model):
    _inherit = "direct.debit.call"

    def _exported(self):
        """What an agency may know of this row."""
        self.ensure_one()
        invoices = self._open_invoices()
        return {
            "row": self.number,
            "name": self.partner_id.name or "",
            "phone": self.phone or "",
            "email": self.email or "",
            "amount": f"{self.amount:.2f}",
            "currency": self.currency_id.name,
            "invoices": " ".join(invoices.mapped("name")),
            "failed_on": str(self.failed_on or ""),
            "why": self.meaning or "",
            "failures": str(self.failure_count),
            "link": " ".join(
                invoice.get_base_url() + invoice.get_portal_url() for invoice in invoices
            ),
        }

    def _hand_out(self, agency, back_on):
        for call in self:
            call.write(
                {
                    "handed_out_on": fields.Datetime.now(),
                    "handed_out_by_id": self.env.uid,
                    "next_contact": back_on or call._call_again_on(),
                }
            )
            call._note("handed_out", note=agency, next_contact=call.next_contact)
        self._set_state()
