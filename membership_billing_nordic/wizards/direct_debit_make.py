from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..formats.messages import FormatError
from ..models.debit.debit_making import DebitFileMaker
from ..models.debit.mandate_making import MandateMaker


class DirectDebitMake(models.TransientModel):
    """What a file of debits made now would hold; nothing is made before the button."""

    _name = "direct.debit.make"
    _description = "Make a File of Debits"

    connection_id = fields.Many2one("bank.connection", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    due_until = fields.Date(
        help="Only debits due until this day. Empty: all the bank takes by now."
    )
    claim_count = fields.Integer(string="Debits", readonly=True)
    claim_sum = fields.Monetary(string="Sum", readonly=True)
    first_due = fields.Date(string="First Due Date", readonly=True)
    last_due = fields.Date(string="Last Due Date", readonly=True)
    withdrawal_count = fields.Integer(string="Withdrawals", readonly=True)
    withdrawal_sum = fields.Monetary(string="Sum of Withdrawals", readonly=True)
    move_count = fields.Integer(string="Moved to Another Day", readonly=True)
    refund_count = fields.Integer(string="Refunds", readonly=True)
    mandate_request_count = fields.Integer(string="Mandates Requested", readonly=True)
    mandate_cancel_count = fields.Integer(string="Mandates Ended", readonly=True)
    leaves = fields.Boolean(readonly=True, help="There is something to send.")
    deadline = fields.Datetime(readonly=True, help="By then the file must be at the bank.")
    left_out_count = fields.Integer(string="Left Out", readonly=True)
    line_ids = fields.One2many("direct.debit.make.line", "make_id", readonly=True)

    @api.model
    def _open_for(self, connection, due_until=False):
        wizard = self.create({"connection_id": connection.id, "due_until": due_until})
        wizard._look()
        return wizard._show()

    def _show(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Make a File of Debits"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _look(self):
        """Work the file out, note what it would be, and leave everything as it was."""
        self.line_ids.unlink()
        with self.env.cr.savepoint() as savepoint:
            maker = DebitFileMaker(self.connection_id, True, self.due_until)
            maker.gather()
            mandates = self._mandates(maker)
            facts = self._facts(maker) | self._mandate_facts(maker, mandates)
            reasons = self._reasons(maker) + self._mandate_reasons(mandates)
            reasons += self._refund_reasons(maker.refunds)
            savepoint.rollback()
        self.write(facts)
        self.env["direct.debit.make.line"].create([{"make_id": self.id} | row for row in reasons])

    def _mandates(self, maker):
        """The mandates that would go, in the file of ``maker`` or in one of their own."""
        if self.connection_id._shares_files():
            return maker.mandates
        mandates = MandateMaker(self.connection_id, self.connection_id._mandate_encoder())
        mandates.gather(everything=True)
        return mandates

    def _mandate_facts(self, maker, mandates):
        return {
            "mandate_request_count": len(mandates.requests),
            "mandate_cancel_count": len(mandates.cancellations),
            "left_out_count": sum(
                map(len, (maker.left_out, maker.held(), mandates.left_out, maker.refunds.left_out))
            ),
            "refund_count": len(maker.refunds),
            "move_count": len(maker.moves),
            "leaves": any((maker.claims, maker.withdrawals, maker.moves, mandates, maker.refunds)),
        }

    def _mandate_reasons(self, mandates):
        """Mandates that are left out, grouped by why, with one of each to look at."""
        counts = Counter(mandates.left_out.values())
        first = {reason: mandate for mandate, reason in mandates.left_out.items()}
        return [
            {"reason": reason, "order_count": count, "mandate_id": first[reason].id}
            for reason, count in counts.most_common()
        ]

    def _refund_reasons(self, refunds):
        return [
            {
                "reason": reason,
                "order_count": 1,
                "amount": refund.amount,
                "currency_id": refund.currency_id.id,
            }
            for refund, reason in refunds.left_out.items()
        ]

    def _facts(self, maker):
        days = maker.claims.mapped("due_date")
        return {
            "currency_id": maker.agreements.currency_id[:1].id,
            "claim_count": len(maker.claims),
            "claim_sum": sum(maker.claims.mapped("amount")),
            "first_due": min(days, default=False),
            "last_due": max(days, default=False),
            "withdrawal_count": len(maker.withdrawals),
            "withdrawal_sum": sum(maker.withdrawals.mapped("amount")),
            "deadline": maker.deadline(),
        }

    def _reasons(self, maker):
        """What is left out, grouped by why, with one of each to look at."""
        counts, sums, first = Counter(), defaultdict(float), {}
        held = {order: order.left_out or "" for order in maker.held()}
        for order, reason in (maker.left_out | held).items():
            counts[reason] += 1
            sums[reason] += order.amount
            first.setdefault(reason, order)
        return [
            {
                "reason": reason,
                "order_count": count,
                "amount": sums[reason],
                "currency_id": first[reason].currency_id.id,
                "order_id": first[reason].id,
                "invoice_names": first[reason].invoice_names,
            }
            for reason, count in counts.most_common()
        ]

    def action_preview(self):
        """Work it out again, for another day."""
        self.check_access("write")
        self.connection_id._check_may_make()
        self._look()
        return self._show()

    def action_make(self):
        """Make the file and show it; one of mandates too, where they go by themselves.

        :raises UserError: there is nothing to send, or the file cannot be made
        """
        self.check_access("write")
        self.connection_id._check_may_make()
        connection = self.connection_id.sudo().with_company(self.connection_id.company_id)
        try:
            files = connection._make_mandate_file(everything=True)
            files |= connection._make_debit_file(everything=True, due_until=self.due_until)
        except FormatError as error:
            raise UserError(self.env._("The file cannot be made. %(why)s", why=error)) from error
        if not files:
            raise UserError(self.env._("There is nothing to send now."))
        if len(files) > 1:
            action = self.env["ir.actions.act_window"]._for_xml_id(
                "membership_billing_nordic.action_bank_file_out"
            )
            return action | {"domain": [("id", "in", files.ids)], "context": {"create": False}}
        return {
            "type": "ir.actions.act_window",
            "res_model": "bank.file",
            "res_id": files.id,
            "views": [(files.get_formview_id(), "form")],
        }


class DirectDebitMakeLine(models.TransientModel):
    """Debits or mandates that would be left out of a file for the same reason."""

    _name = "direct.debit.make.line"
    _description = "Left Out of a File of Debits"

    make_id = fields.Many2one("direct.debit.make", required=True, ondelete="cascade", index=True)
    reason = fields.Char(readonly=True)
    order_count = fields.Integer(string="Number", readonly=True)
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    order_id = fields.Many2one("direct.debit.order", string="For Example", readonly=True)
    mandate_id = fields.Many2one("direct.debit.mandate", readonly=True)
    invoice_names = fields.Char(string="Invoice", readonly=True)

    def action_show(self):
        """Show one of the debits or mandates that are left out for this reason."""
        self.check_access("read")
        self.ensure_one()
        record = self.order_id or self.mandate_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
