from odoo import models

from ...formats.messages import ERROR, WARNING, PaymentMade, TransferStatus
from ...formats.references import normalise

_LEFT = ("sent", "paid", "refused", "returned")


class BankFile(models.Model):
    """What the bank says of credit transfers of ours, and that their money has left."""

    _inherit = "bank.file"

    def _format_names(self):
        return super()._format_names() | {
            "iso.pain_001": self.env._("Payment file (pain.001)"),
            "iso.pain_002": self.env._("Status of payments (pain.002)"),
        }

    def _store_answers(self, messages, assignments):
        result = super()._store_answers(messages, assignments)
        made = [message for message in messages if isinstance(message, PaymentMade)]
        if made:
            self._store_made(made, assignments)
        return result

    # ------------------------------------------------------------------ status

    def _store_statuses(self, messages):
        for message in messages:
            if isinstance(message, TransferStatus):
                self._apply_status(message)

    def _apply_status(self, message):
        refunds = self._meant_by(message)
        if not refunds:
            self._note_answer(
                message, WARNING, self.env._("a payment of ours that the bank has in a file")
            )
            return
        self.connection_id = self.connection_id or refunds.file_id[:1].connection_id
        refunds._take_status(message.event, message.bank_code, message.text)

    def _meant_by(self, message):
        """The refunds that a status is about: one, a batch, or all of a file."""
        domain = [
            ("company_id", "child_of", self.company_id.id),
            ("route", "=", "transfer"),
            ("state", "in", _LEFT),
            ("file_id.transmission_number", "=", message.transmission_number),
        ]
        if message.reference:
            domain.append(("reference_value", "=", normalise(message.reference)))
        elif message.batch:
            domain.append(("batch", "=", message.batch))
        return self.env["bank.refund"].sudo().search(domain)

    def _note_answer(self, message, severity, expected):
        reference = getattr(message, "reference", "") or message.batch or "-"
        self._add_issue(
            severity,
            message.record,
            "reference",
            expected=expected,
            found=reference,
            action=self.env._("Nothing was done with this answer."),
        )
        self["error_count" if severity == ERROR else "warning_count"] += 1

    # ------------------------------------------------------------------ money that has left

    def _store_made(self, messages, assignments):
        """Deposits below zero and payments for what was ordered here; the rest is not ours."""
        refunds = self.env["bank.refund"].sudo()
        for message in messages:
            agreement = assignments.agreement(message)
            if not agreement:
                continue
            own = refunds.search(
                [
                    ("agreement_id", "=", agreement.id),
                    ("route", "=", "transfer"),
                    ("state", "in", _LEFT),
                    ("reference_value", "=", normalise(message.reference))
                    if message.reference
                    else ("batch", "=", message.batch),
                ]
            )
            if own and message.currency != agreement.currency_id.name:
                self._note_answer(message, ERROR, agreement.currency_id.name)
            elif message.reference:
                self._store_payment(agreement, message, own, message.amount)
            elif own:
                self._store_batch(agreement, message, own)

    def _store_batch(self, agreement, message, refunds):
        """One sum for all transfers of a batch but those that were refused."""
        paid = refunds.filtered(lambda refund: refund.state != "refused")
        total = sum(refund._exact_amount() for refund in paid)
        if total != message.amount:
            expected = self.env._("%(sum)s, the sum of the batch", sum=total)
            self._note_answer(message, ERROR, expected)
            return
        for refund in paid:
            self._store_payment(agreement, message, refund, refund._exact_amount())

    def _store_payment(self, agreement, message, refund, amount):
        if not refund:
            return
        key = message.key if message.reference else f"{message.key}:{refund.reference}"
        known = self.env["bank.payment"].search(
            [("agreement_id", "=", agreement.id), ("key", "=", key)]
        )
        told = refund.payment_id.file_id
        if known or (told and told.format != self.format):
            # The same money in another report; the same report twice is a second payment.
            self.known_count += known.file_id != self
            return
        owner = {
            "file_id": self.id,
            "agreement_id": agreement.id,
            "company_id": agreement.company_id.id,
            "currency_id": agreement.currency_id.id,
            "record": message.record,
            "bank_date": message.bank_date,
            "bank_reference": message.bank_reference,
            "deposit_key": key,
            "amount": -float(amount),
            "is_transfer": True,
        }
        self.env["bank.deposit"].create(owner | {"count": 1})
        self.env["bank.payment"].create(
            owner
            | {
                "key": key,
                "amount_open": -float(amount),
                "reference": refund.reference,
                "reference_value": refund.reference_value,
                "payer_name": refund.partner_id.name,
                "bank_code": message.bank_code,
                "method": "remittance",
            }
        )
