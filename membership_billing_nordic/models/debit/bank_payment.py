from odoo import models


class BankPayment(models.Model):
    _inherit = "bank.payment"

    def _book_placements(self, placements):
        # Which debit brought the money is known by its payment, not by the reconciliation.
        booking = self.with_context(mbn_books_answers=True)
        result = super(BankPayment, booking)._book_placements(placements)
        paid = self.browse([placement.payment.id for placement in placements])
        self.env["direct.debit.order"].sudo()._money_came(paid)
        return result

    def _take_back(self):
        result = super()._take_back()
        self.env["direct.debit.order"].sudo()._money_went(self.reverses_id)
        return result
