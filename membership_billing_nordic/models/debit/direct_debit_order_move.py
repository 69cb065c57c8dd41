from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .debit_planning import MARGIN


class DirectDebitOrder(models.Model):
    """Debits that the bank has are moved to another day, where it takes that.

    The bank's answer moves the debit here, and the due date of its claims; until then it is due
    as before.
    """

    _inherit = "direct.debit.order"

    move_to = fields.Date(readonly=True, help="The bank is asked to debit on this day instead.")
    move_file_id = fields.Many2one(
        "bank.file",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The file that asks the bank for the other day.",
    )
    move_record = fields.Integer(string="Record No. of the Move", readonly=True)
    can_move = fields.Boolean(compute="_compute_can_move", compute_sudo=True)

    _to_move = models.Index("(agreement_id) WHERE move_to IS NOT NULL")

    @api.depends("state", "withdraw_wanted", "move_to", "due_date", "agreement_id")
    def _compute_can_move(self):
        for order in self:
            order.can_move = (
                order.state == "sent"
                and not order.withdraw_wanted
                and not order.move_file_id
                and order.agreement_id._can_move_debits()
                and order._can_withdraw()
            )

    # ------------------------------------------------------------------ asking

    def action_move(self):
        """Choose another day for these debits, which the bank has."""
        self._check_may_change()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Move to Another Day"),
            "res_model": "direct.debit.move",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_order_ids": [(6, 0, self.ids)]},
        }

    def _ask_to_move(self, day):
        """Ask the bank with the next file to debit these on ``day``.

        :raises UserError: it cannot be asked for one of them
        """
        self._check_may_change()
        for order in self.sudo()._lock_live():
            if problem := order._move_problem(day):
                raise UserError(
                    self.env._("%(debit)s: %(problem)s", debit=order.display_name, problem=problem)
                )
            order.move_to = day

    def _move_problem(self, day):
        """Why the bank cannot be asked to debit on ``day``; empty when it can."""
        self.ensure_one()
        agreement = self.agreement_id
        now, today = fields.Datetime.now(), agreement._debit_today()
        if not self.can_move:
            return self.env._("The bank does not move this debit: stop it, or let it be.")
        if day == self.due_date or not agreement._debit_calendar().is_open(day):
            return self.env._("Choose another day on which banks are open.")
        if agreement._debit_deadline(day) < now + MARGIN:
            return self.env._("The bank cannot debit before %(day)s.", day=self._first_day(now))
        last = today + timedelta(days=agreement.debit_max_days_ahead)
        if agreement.debit_max_days_ahead and day > last:
            return self.env._("The bank takes debits until %(day)s only.", day=last)
        if not self._may_be_due(day):
            return self.env._("The mandate does not cover this day.")
        if day < self.due_date and agreement.debit_notice_by == "us":
            return self.env._("The payer was told of a later day: it cannot become an earlier one.")
        same = [
            ("agreement_id", "=", agreement.id),
            ("reference_value", "=", self.reference_value),
            ("due_date", "=", day),
            ("file_id", "!=", False),
        ]
        if self.search_count(same, limit=1):
            return self.env._("The bank was asked for this debit on this day before.")
        return ""

    def _first_day(self, now):
        return self.agreement_id._debit_first_due(now + MARGIN)

    # ------------------------------------------------------------------ the file, the answer

    @api.model
    def _moves_to_make(self, agreements):
        """The debits that the next file is to move; those it is too late for go to the desk."""
        wanted = self.search(
            [
                ("agreement_id", "in", agreements.ids),
                ("move_to", "!=", False),
                ("move_file_id", "=", False),
                ("state", "=", "sent"),
                ("withdraw_wanted", "=", False),
            ],
            order="id",
        ).try_lock_for_update()
        gone = wanted.filtered(lambda order: not order._can_withdraw())
        gone._not_moved(self.env._("It was too late to ask the bank."))
        return wanted - gone

    def _not_moved(self, why):
        """These debits are due as before, against what somebody wanted."""
        desk = self.env["billing.exception"]
        for order in self:
            desk._open(
                order,
                "debit_not_moved",
                self.env._(
                    "The debit of %(invoices)s is due on %(day)s as before. %(why)s",
                    invoices=order.invoice_names,
                    day=order.due_date,
                    why=why,
                ),
                self.env._("Tell the payer, or stop the debit."),
            )
        self.write({"move_to": False, "move_file_id": False, "move_record": 0})

    def _move_comes_back(self):
        """The bank did not get these moves: the next file asks again."""
        waiting = self.filtered(lambda order: order.move_to and order.state == "sent")
        waiting.write({"move_file_id": False, "move_record": 0})

    def _bank_moved(self, file, record, code, meaning):
        result = super()._bank_moved(file, record, code, meaning)
        if day := self.move_to:
            self.write(
                {
                    "original_due_date": self.original_due_date or self.due_date,
                    "due_date": day,
                    "move_to": False,
                    "move_file_id": False,
                    "move_record": 0,
                }
            )
            self.line_ids.move_line_id._mbn_move_due_date(day)
        return result

    def _bank_unchanged(self, file, record, code, meaning):
        result = super()._bank_unchanged(file, record, code, meaning)
        if self.move_file_id:
            self._not_moved(meaning or code or "")
        return result
