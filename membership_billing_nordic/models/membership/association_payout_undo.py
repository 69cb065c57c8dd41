"""An approved pay-out is taken back, as long as no money is on its way."""

from odoo import Command, fields, models
from odoo.exceptions import UserError

_LEFT = ("sent", "paid", "returned")
_NOT_LEFT = ("asked", "proposed", "approved")


class MembershipPayout(models.Model):
    _inherit = "membership.payout"

    undo_reason = fields.Char(string="Why Undone", readonly=True, copy=False, tracking=True)
    undone_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    undone_on = fields.Datetime(readonly=True, copy=False)
    undone_move_id = fields.Many2one(
        "account.move",
        string="Reversal",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The entry that takes the pay-out's own back.",
    )

    def action_undo(self):
        """Ask why the pay-out is undone."""
        self._check_manager()
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Undo the Pay-out"),
            "res_model": "membership.payout.undo",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_payout_id": self.id},
        }

    def _undo(self, reason):
        """Reverse these as long as nothing has left: the shares go into the next pay-out, what was
        set off is owed again.

        :raises UserError: the money is on its way, or was paid
        """
        self._check_manager()
        self.check_access("read")
        for payout in self._locked_to_undo():
            office = payout.with_company(payout.company_id)
            office._stop_transfer()
            office._check_not_used()
            office._take_back(reason, self.env.user)

    def _locked_to_undo(self):
        locked = self.sudo().try_lock_for_update()
        locked.invalidate_recordset()
        if locked != self or any(payout.state != "approved" for payout in locked):
            raise UserError(
                self.env._("Only a pay-out that is approved can be undone. Reload the page.")
            )
        return locked

    def _stop_transfer(self):
        refunds = self.refund_ids.try_lock_for_update()
        refunds.invalidate_recordset()
        if refunds != self.refund_ids:
            raise UserError(self.env._("Its transfer is being worked on. Try again shortly."))
        if left := refunds.filtered(lambda refund: refund.state in _LEFT)[-1:]:
            raise UserError(
                self.env._(
                    "The transfer %(refund)s of %(payout)s is in a payment file already (%(file)s): "
                    "it cannot be undone. When the bank refuses it, it can.",
                    refund=left.reference,
                    payout=self.name,
                    file=left.file_id.name or "",
                )
            )
        refunds.filtered(lambda refund: refund.state in _NOT_LEFT).action_cancel()

    def _check_not_used(self):
        """:raises UserError: what stood to the association was paid or used"""
        line = self.rest_line_id
        if self.currency_id.compare_amounts(line.amount_residual_currency, line.amount_currency):
            raise UserError(
                self.env._(
                    "What %(payout)s left to %(association)s was paid or used already: it cannot "
                    "be undone. What was paid too much is taken off the next pay-out when its fees "
                    "are credited.",
                    payout=self.name,
                    association=self.association_id.name,
                )
            )

    def _take_back(self, reason, user):
        entry = self.move_id
        self.message_post(body=self._undo_text(reason), author_id=user.partner_id.id)
        entry.line_ids.remove_move_reconcile()
        reversal = entry._reverse_moves(
            [
                {
                    "date": self.company_id._billing_today(),
                    "ref": self.env._(
                        "Pay-out %(name)s undone: %(reason)s", name=self.name, reason=reason
                    ),
                }
            ],
            cancel=True,
        )
        self.set_off_line_ids.unlink()
        self.write(
            {
                "state": "undone",
                "undo_reason": reason,
                "undone_by_id": user.id,
                "undone_on": fields.Datetime.now(),
                "undone_move_id": reversal.id,
                "rest_line_id": False,
                "share_ids": [Command.clear()],
            }
        )

    def _undo_text(self, reason):
        """What it was, for the record: the shares and set-offs are free again afterwards."""
        money = self.currency_id.format
        return self.env._(
            "Undone: %(reason)s. It was %(total)s for %(count)s shares; %(set_off)s was set off "
            "(%(documents)s), %(to_pay)s was to be paid.",
            reason=reason,
            total=money(self.amount_total),
            count=self.share_count,
            set_off=money(self.amount_set_off),
            documents=", ".join(self.set_off_line_ids.move_id.mapped("name")) or "-",
            to_pay=money(self.amount_to_pay),
        )
