from odoo import fields, models
from odoo.exceptions import UserError

from .payment_matching import Placement, Target


class BankPayment(models.Model):
    """Money that goes out by refunds of ours, comes back from them, or is to be refunded."""

    _inherit = "bank.payment"

    outcome = fields.Selection(
        selection_add=[
            ("on_account", "Put on the payer's account"),
            ("refund", "Paid a refund"),
            ("refund_back", "A refund came back"),
            ("no_refund", "Paid out, but no refund of ours has this reference and amount"),
        ]
    )

    is_transfer = fields.Boolean(
        string="Transfer of Ours",
        readonly=True,
        help="The bank reports that it has executed a payment of ours.",
    )

    def _run_in_file(self):
        out = self.filtered(lambda payment: payment.amount < 0)
        refunds = self.env["bank.refund"]._paid_by(out)
        payouts = out.filtered(
            lambda payment: payment in refunds or payment.agreement_id._is_payout(payment)
        )
        if payouts:
            payouts._pay_refunds(refunds)
        return super(BankPayment, self - payouts)._run_in_file()

    def _pay_refunds(self, refunds):
        """The bank has paid these out: each uses up the credits of its refund."""
        lost = self.filtered(lambda payment: payment not in refunds)
        lost.write({"state": "unmatched", "outcome": "no_refund"})
        self._book_placements(
            [
                Placement(
                    payment,
                    "refund",
                    [
                        Target(refund.partner_id, line.move_line_id, -line.amount)
                        for line in refund.line_ids
                    ],
                )
                for payment, refund in refunds.items()
            ]
        )
        for payment, refund in refunds.items():
            refund._note_paid(payment)

    def _match(self):
        refunds = self.env["bank.refund"]._brought_back_by(self)
        back = self.filtered(lambda payment: payment in refunds)
        if back:
            back._book_placements(
                [back._on_account(payment, refunds[payment].partner_id) for payment in back]
            )
            back.write({"outcome": "refund_back"})
            for payment in back:
                refunds[payment]._note_returned(payment)
        if others := self - back:
            return super(BankPayment, others)._match()
        return None

    def _take_back(self):
        """A payout that was taken back: its refund came back, too."""
        result = super()._take_back()
        paid = self.env["bank.refund"].search(
            [("payment_id", "in", self.reverses_id.ids), ("state", "=", "paid")]
        )
        for refund in paid:
            refund._note_returned(
                self.filtered(lambda payment, out=refund.payment_id: payment.reverses_id == out)
            )
        return result

    def _on_account(self, payment, partner):
        """All that is open of ``payment`` goes to the payer's account and pays no claim."""
        target = Target(partner, self.env["account.move.line"], payment.amount_open)
        return Placement(payment, "on_account", [target])

    def _place(self, targets):
        result = super()._place(targets)
        if len(targets) == 1 and self.amount < 0:
            self._settle_refund(targets[0]["partner"])
        return result

    def _settle_refund(self, payer):
        """A person says that this money went to ``payer``: the refund that is awaited is paid."""
        payment = self.sudo()
        refund = (
            payment.env["bank.refund"]
            .search(
                [
                    ("agreement_id", "=", payment.agreement_id.id),
                    ("partner_id", "=", payer.commercial_partner_id.id),
                    ("state", "=", "sent"),
                ],
                order="id",
            )
            .filtered(lambda row: row.currency_id.is_zero(row.amount + payment.amount))[:1]
        )
        if refund:
            refund._note_paid(payment)

    def _put_on_account(self, partner):
        """As a person decided: what is open of this payment stands to ``partner``.

        :return: the credit (``account.move.line``) it stands as
        """
        self.ensure_one()
        self._check_may_place()
        payment = self._lock_to_place(("unmatched", "partial"))
        payment = payment.with_company(payment.company_id)
        known = payment.allocation_ids
        payment._book_placements([self._on_account(payment, partner.commercial_partner_id.sudo())])
        payment.file_id._refresh_desk()
        return (payment.allocation_ids - known).entry_line_id

    def _undo(self):
        live = self.env["bank.refund"]._live_lines(self._live_allocations().entry_line_id)
        if live:
            raise UserError(
                self.env._(
                    "%(payment)s is being paid back by refund %(refund)s. Cancel the refund first.",
                    payment=self.display_name,
                    refund=live.refund_id[:1].reference,
                )
            )
        refunds = self.env["bank.refund"].search([("payment_id", "=", self.id)])
        result = super()._undo()
        refunds.write({"state": "sent", "payment_id": False})
        return result

    def action_refund(self):
        """Propose to pay back what is open of this payment."""
        self.env["bank.refund"]._check_may_propose()
        self.check_access("read")
        self.ensure_one()
        payment = self.sudo()
        return self.env["bank.refund.propose"]._open_for(
            payment.company_id,
            payment._likely_payer(),
            payment.currency_id,
            payment.amount_open,
            payment=self,
        )

    def _likely_payer(self):
        """Whom the payment is probably from: who it was placed on, or the best proposal."""
        if self.partner_id:
            return self.partner_id
        proposals = self._proposals().get(self.id, [])
        if proposals and proposals[0].stands_out(proposals):
            return proposals[0].partner
        return self.env["res.partner"]
