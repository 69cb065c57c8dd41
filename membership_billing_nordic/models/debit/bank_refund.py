from decimal import Decimal

from odoo import api, fields, models


class BankRefund(models.Model):
    """Refunds to payers with a mandate go into the files of debits."""

    _inherit = "bank.refund"

    route = fields.Selection(
        selection_add=[("mandate", "Mandate: to the payer's account")],
        ondelete={"mandate": "cascade"},
    )

    def _file_key(self):
        """Its key among the requests of a file."""
        self.ensure_one()
        return f"refund-{self.id}"

    def _exact_amount(self):
        """The amount as ``Decimal`` with two decimals."""
        self.ensure_one()
        return Decimal(f"{self.amount:.2f}")

    def _come_back(self, text):
        """The bank did nothing of the file of these: a person approves them anew."""
        back = self.filtered(lambda refund: refund.state == "sent")
        back.write(
            {
                "state": "proposed",
                "file_id": False,
                "record": 0,
                "pay_date": False,
                "approved_by_id": False,
                "approved_on": False,
                "left_out": text,
            }
        )
        back._put_to_approve()

    def _answered(self, event, code, meaning):
        """The bank's answer to the request, by its event: only some mean that nothing is paid."""
        self.ensure_one()
        if event in ("rejected", "withdrawn"):
            self._refuse(code, meaning)

    @api.model
    def _tell_silent(self, agreement):
        """Refunds of which the bank says nothing for long: a person asks."""
        last = agreement._debit_calendar().back(
            agreement._debit_today(), agreement.debit_silence_days + 1
        )
        silent = self.search(
            [("agreement_id", "=", agreement.id), ("state", "=", "sent"), ("pay_date", "<=", last)]
        )
        self.env["billing.exception"]._open_all(
            {
                refund: self.env._(
                    "The bank has not said whether refund %(refund)s of %(payer)s is paid.",
                    refund=refund.reference,
                    payer=refund.partner_id.name,
                )
                for refund in silent
            },
            "refund_silent",
            self.env._("Look for it on the account statement, or ask the bank."),
        )
