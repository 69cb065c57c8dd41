from odoo import api, fields, models

from ...formats.messages import CreditTransfer


class BankAgreement(models.Model):
    """Payers with a mandate can be paid back through it, where the bank takes credits for them."""

    _inherit = "bank.agreement"

    refund_out = fields.Boolean(
        string="Pays Back by Mandate",
        tracking=True,
        help="The bank has agreed to pay money to the accounts of payers with an active mandate, "
        "by your files. Refunds to them then go with the debits.",
    )
    can_refund_by_mandate = fields.Boolean(compute="_compute_can_refund_by_mandate")

    @api.depends("connection_id")
    def _compute_can_refund_by_mandate(self):
        for agreement in self:
            agreement.can_refund_by_mandate = agreement._can_refund_by_mandate()

    def _can_refund_by_mandate(self):
        """Does the scheme pay money to the account of a mandate? For the schemes."""
        return False

    def _refund_mandate(self, partner):
        """The active mandate by which ``partner`` is paid back; empty when there is none."""
        self.ensure_one()
        mandates = self.env["direct.debit.mandate"]
        if not (self.refund_out and self._can_refund_by_mandate()):
            return mandates
        active = mandates.sudo().search(
            [
                ("agreement_id", "=", self.id),
                ("partner_id", "=", partner.id),
                ("state", "=", "active"),
            ]
        )
        today = self._debit_today()
        return active.filtered(lambda mandate: mandate._covers(today))[:1]

    def _refund_routes(self, partner):
        routes = super()._refund_routes(partner)
        return ["mandate", *routes] if self._refund_mandate(partner) else routes

    def _refund_day(self, refund, first, taken=()):
        """The day on which ``refund`` is paid, the ``first`` one that is in reach or later.

        Where the bank takes one record a day of a payer, it is one on which nothing is collected
        from them, and none of ``taken``.
        """
        self.ensure_one()
        if not self._collects_once_a_day():
            return first
        theirs = [("agreement_id", "=", self.id), ("partner_id", "=", refund.partner_id.id)]
        orders = self.env["direct.debit.order"].search(
            [*theirs, ("due_date", ">=", first), ("state", "!=", "withdrawn")]
        )
        refunds = self.env["bank.refund"].search(
            [*theirs, ("pay_date", ">=", first), ("file_id", "!=", False)]
        )
        busy = {*orders.mapped("due_date"), *refunds.mapped("pay_date"), *taken}
        day = first
        while day in busy:
            day = self._debit_calendar().forward(day, 1)
        return day

    def _refund_request(self, refund, pay_date):
        """The message that asks the bank to pay ``refund`` (``bank.refund``) on ``pay_date``."""
        self.ensure_one()
        mandate = self._refund_mandate(refund.partner_id)
        return CreditTransfer(
            key=refund._file_key(),
            account=self.account_number or "",
            agreement_number=self.number or "",
            reference=refund.reference,
            payer_number=mandate.payer_number or "",
            payer_name=refund.partner_id.name or "",
            amount=refund._exact_amount(),
            currency=refund.currency_id.name,
            due_date=pay_date,
            mandate_number=mandate.number or "",
        )
