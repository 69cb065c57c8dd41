"""What the desk must not be able to do: more than there is, alone, or behind the bank's back."""

from odoo.exceptions import UserError

from .desk_actions import DeskActions
from .desk_model import CENT, NOTHING


class DeskAttempts(DeskActions):
    """Each ``_attempt_`` gives what somebody tries; nothing when nothing fits."""

    def _do_forbidden(self):
        """Somebody asks for too much: nothing happens at all."""
        attempt = self.rng.choice(("credit", "move", "refund", "approve", "undo"))
        tried = getattr(self, f"_attempt_{attempt}")()
        if not tried:
            return None
        with self.assertRaises(UserError):
            tried()
        return attempt

    def _attempt_credit(self):
        invoice = self._pick(self.model.invoices)
        line = invoice and self.rng.choice(invoice.lines)
        return line and (
            lambda: invoice.record._mbn_credit({line.record: float(line.left + CENT)}, "Too much")
        )

    def _attempt_move(self):
        credit = self._any_credit()
        if not credit:
            return None
        to = self._pick(self.model.payers, lambda one: one is not credit.payer)
        vals = {"to_partner_id": to.record.id, "reason": "x", "amount": float(CENT - credit.open)}

        def tried():
            wizard = self._move_dialog(credit)
            wizard.write(vals)
            wizard.action_move()

        return tried

    def _attempt_refund(self):
        payer = self._pick(self.model.payers, lambda one: one.credits)
        if not payer:
            return None
        amount = CENT - sum((item.open for item in payer.standing), NOTHING)

        def tried():
            wizard = self._refund_dialog(payer)
            wizard.write({"amount": float(amount), "account_typed": payer.account})
            wizard.action_propose()

        return tried

    def _attempt_approve(self):
        """A clerk approves nothing."""
        refund = self._pick(self.model.in_state("proposed"))
        return refund and refund.record.with_user(self.clerk).action_approve

    def _attempt_undo(self):
        """Money that is being paid back is not taken away."""
        transfer = self._pick(self.model.transfers, lambda one: one.received.refund)
        return transfer and transfer.record.with_user(self.clerk).action_undo
