import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import json_default

LIVE = ("draft", "pending", "authorized")
# Providers whose transactions only tell where to transfer the money: they come over the bank.
BYSTANDERS = ("none", "custom")
# A double click, five tabs, the way back: the same attempt. Later the payer begins anew, as
# the provider's page may have run out.
SAME_FOR = timedelta(minutes=10)


class BillingPaymentAttempt(models.Model):
    """An attempt to pay an invoice online. An invoice has one live attempt at most."""

    _name = "billing.payment.attempt"
    _description = "Attempt to Pay Online"
    _order = "id desc"
    _rec_name = "transaction_id"

    transaction_id = fields.Many2one(
        "payment.transaction", required=True, readonly=True, index=True, ondelete="cascade"
    )
    invoice_id = fields.Many2one(
        "account.move", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    asked = fields.Json(readonly=True, help="What the transaction was made of.")
    answer = fields.Json(
        readonly=True,
        groups="base.group_system",
        help="What the payer's browser got to go on with, as long as it may ask for it again.",
    )
    is_live = fields.Boolean(
        compute="_compute_is_live",
        store=True,
        precompute=True,
        help="The payment is begun, and neither made nor given up.",
    )

    _one_live_attempt = models.UniqueIndex(
        "(invoice_id) WHERE is_live", "This invoice is being paid online already."
    )

    @api.depends("transaction_id.state")
    def _compute_is_live(self):
        for attempt in self:
            attempt.is_live = attempt.transaction_id.state in LIVE

    @api.model
    def _note(self, transactions):
        """Note what guarded invoices these new transactions pay."""
        self.sudo().create(
            [
                {
                    "transaction_id": transaction.id,
                    "invoice_id": invoice.id,
                    "company_id": invoice.company_id.id,
                }
                for transaction in transactions.sudo()._mbn_paying()
                for invoice in transaction.invoice_ids._mbn_guarded()
            ]
        )

    @api.model
    def _live_of(self, invoices):
        return self.sudo().search([("invoice_id", "in", invoices.ids), ("is_live", "=", True)])

    def _is_same(self, asked):
        """Would a transaction made of ``asked`` be this attempt over again?"""
        self.ensure_one()
        transaction = self.transaction_id
        return (
            self.asked == asked
            and transaction.state == "draft"
            and transaction.last_state_change > fields.Datetime.now() - SAME_FOR
        )

    def _keep(self, asked, answer):
        """Keep what begun attempts may be gone on with."""
        begun = self.filtered(lambda one: one.transaction_id.state == "draft")
        begun.write(
            {"asked": asked, "answer": json.loads(json.dumps(answer, default=json_default))}
        )
