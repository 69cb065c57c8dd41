from odoo import api, fields, models

from ..models.debit.direct_debit_call import OUTCOMES


class DirectDebitCallOutcome(models.TransientModel):
    """What came of calling payers whose debits failed."""

    _name = "direct.debit.call.outcome"
    _description = "Outcome of a Call"

    call_ids = fields.Many2many("direct.debit.call", string="Payers", required=True)
    outcome = fields.Selection(OUTCOMES, required=True)
    day = fields.Date(
        string="Date",
        compute="_compute_day",
        store=True,
        readonly=False,
        help="When the payer is debited; without a mandate, until when the payer pays.",
    )
    way = fields.Selection(
        [("email", "E-mail"), ("sms", "SMS")],
        string="Send By",
        compute="_compute_way",
        store=True,
        readonly=False,
        help="How the links to pay are sent.",
    )
    next_contact = fields.Date(help="When to call again. Empty: the day that suits the outcome.")
    note = fields.Char(help="Anything to remember about the call.")
    consequence = fields.Char(compute="_compute_consequence")

    @api.depends("call_ids", "outcome")
    def _compute_day(self):
        for wizard in self:
            days = [call.sudo()._earliest_date() for call in wizard.call_ids._origin]
            wizard.day = wizard.outcome == "new_date" and max(days, default=False)

    @api.depends("call_ids", "outcome")
    def _compute_way(self):
        for wizard in self:
            calls = wizard.call_ids._origin
            wizard.way = "sms" if calls and not any(calls.mapped("email")) else "email"

    @api.depends("call_ids", "outcome", "day", "way")
    def _compute_consequence(self):
        for wizard in self:
            calls = wizard.call_ids._origin
            alone = calls if len(calls) == 1 and wizard.outcome else calls.browse()
            wizard.consequence = alone and alone.sudo()._foretell(
                wizard.outcome, wizard.day, wizard.way
            )

    def action_save(self):
        """Record the outcome and do what follows from it."""
        self.check_access("write")
        self.ensure_one()
        calls = self.call_ids
        calls._check_may_record()
        calls._record(
            self.outcome,
            day=self.day,
            next_contact=self.next_contact,
            note=self.note,
            way=self.way,
        )
        follow_up = {"lower_amount": "_open_lower_amount", "leave": "_open_leave"}
        action = False
        if self.outcome in follow_up and len(calls) == 1:
            action = getattr(calls, follow_up[self.outcome])()
        return action or {"type": "ir.actions.act_window_close"}
