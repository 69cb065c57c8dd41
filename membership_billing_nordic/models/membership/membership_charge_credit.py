from collections import defaultdict

from odoo import api, fields, models


class MembershipCharge(models.Model):
    """What is taken off a charge when a membership ends or changes: dropped before it is
    invoiced, or credited afterwards."""

    _inherit = "membership.charge"

    dropped_amount = fields.Monetary(
        string="Dropped",
        readonly=True,
        help="What is not invoiced because the membership ended, tax included.",
    )

    cut_amount = fields.Monetary(
        string="Cut Off",
        readonly=True,
        help="What is not invoiced because the period was cut by a change in mid-period, tax "
        "included. It is not in the amount.",
    )

    # -- before it is invoiced -------------------------------------------------------

    def _beyond(self, share, credited):
        """What is not owed of the charges for one thing in one period, in their order.

        :param share: the part of their sum that is owed; the first charges are kept
        :param credited: charge to what is credited already
        :return: dict of charge to amount; those that are owed as a whole are missing
        """
        currency = self.currency_id
        whole = {charge: charge.amount + charge.cut_amount for charge in self}
        owed = currency.round(sum(whole.values()) * share.numerator / share.denominator)
        beyond = {}
        for charge in self:
            kept = min(whole[charge], owed)
            owed -= kept
            amount = currency.round(charge.amount - kept - credited.get(charge, 0.0))
            if currency.compare_amounts(amount, 0.0) > 0:
                beyond[charge] = amount
        return beyond

    def _drop(self, amounts):
        """Take amounts off charges that wait to be invoiced; what has none left is void.

        :param amounts: charge to amount, of these charges among others
        """
        for charge in self:
            rest = charge.currency_id.round(charge.amount - amounts[charge])
            charge.dropped_amount = amounts[charge]
            if charge.currency_id.is_zero(rest):
                charge.state = "void"
            else:
                charge.amount = rest
        self.period_id._follow_charges()

    def _cut(self, amounts):
        """Take amounts off charges that wait to be invoiced, for good.

        :param amounts: charge to amount, of these charges among others
        """
        for charge in self:
            charge.cut_amount += amounts[charge]
            charge.amount = charge.currency_id.round(charge.amount - amounts[charge])
            if charge.currency_id.is_zero(charge.amount):
                charge.state = "void"
        self.period_id._follow_charges()

    def _pick_up(self):
        """What was dropped is to be invoiced after all."""
        for charge in self:
            dropped, charge.dropped_amount = charge.dropped_amount, 0.0
            if charge.taken_back or charge.period_id.state == "void":
                continue
            if charge.state == "void" and not charge.invoice_line_id:
                charge.state = "to_invoice"
            elif charge.state == "to_invoice":
                charge.amount += dropped
            else:
                charge.copy({"amount": dropped, "state": "to_invoice"})
        self.period_id._follow_charges()

    # -- afterwards ------------------------------------------------------------------

    def _credited_amounts(self):
        """What posted credit notes have taken back of each of these charges.

        :return: dict of charge to the amount, tax included; those with none are missing
        """
        groups = self.env["account.move.line"]._read_group(
            [
                ("mbn_credited_charge_id", "in", self.ids),
                ("parent_state", "=", "posted"),
                ("move_id.move_type", "=", "out_refund"),
            ],
            ["mbn_credited_charge_id"],
            ["price_total:sum"],
        )
        return dict(groups)

    @api.model
    def _credit(self, amounts, text, quiet=False):
        """Credit parts of invoiced charges: one posted credit note for each invoice.

        It is set off against what is open of the invoice; the rest stands to the payer's credit.

        :param amounts: charge to the amount to credit, tax included and above zero
        :param text: why, for the payer
        :param quiet: nobody is told
        :return: the credit notes
        """
        by_invoice = defaultdict(dict)
        for charge, amount in amounts.items():
            by_invoice[charge.invoice_id][charge] = amount
        notes = self.env["account.move"]
        for invoice, parts in by_invoice.items():
            lines = {charge.invoice_line_id: amount for charge, amount in parts.items()}
            notes += invoice._mbn_make_credit_note(lines, text, quiet, len(lines) == 1)
        return notes

    def _credit_open(self, text):
        """Credit, without telling anybody, all that was not credited of these charges."""
        credited = self._credited_amounts()
        left = {charge: charge.amount - credited.get(charge, 0.0) for charge in self}
        self._credit(
            {
                charge: amount
                for charge, amount in left.items()
                if charge.currency_id.compare_amounts(amount, 0.0) > 0
            },
            text,
            quiet=True,
        )

    def _credit_unpaid(self, text):
        """Credit, without telling anybody, what is not paid of the invoices of these charges."""
        credited = self._credited_amounts()
        amounts = {}
        for invoice, charges in self.grouped("invoice_id").items():
            left = invoice.amount_residual
            for charge in charges.sorted("id", reverse=True):
                amount = min(left, charge.amount - credited.get(charge, 0.0))
                amount = charge.currency_id.round(amount)
                if charge.currency_id.compare_amounts(amount, 0.0) > 0:
                    amounts[charge] = amount
                    left -= amount
        self._credit(amounts, text, quiet=True)
