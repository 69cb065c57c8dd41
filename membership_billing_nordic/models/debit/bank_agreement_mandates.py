from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...formats.messages import (
    MandateAnswer,
    MandateCancellation,
    MandateChange,
    MandateRequest,
)


class BankAgreement(models.Model):
    """What the bank is asked for and told of mandates; schemes that take that override it."""

    _inherit = "bank.agreement"

    mandate_hour = fields.Float(
        string="Mandates: Sent From",
        default=12.0,
        tracking=True,
        help="The time of day, where the bank is, at which the requests and cancellations of "
        "mandates that wait are put into a file, once on each banking day. Where the bank takes "
        "them together with debits, an earlier file of debits takes them along.",
    )
    mandate_wishes = fields.Selection(
        [("ask", "A person decides"), ("accept", "Accepted at once when the payer is known")],
        string="Mandates Asked For by Payers",
        default="ask",
        required=True,
        tracking=True,
        help="Payers may ask for a mandate in their net bank, with a payer number they type "
        "themselves. The bank then waits for your answer.",
    )
    can_request_mandates = fields.Boolean(compute="_compute_can_request_mandates")

    @api.depends("connection_id")
    def _compute_can_request_mandates(self):
        for agreement in self:
            agreement.can_request_mandates = (
                agreement._can_request_mandates()
                or agreement._can_cancel_mandates()
                or agreement._can_renumber_mandates()
            )

    @api.constrains("mandate_hour")
    def _check_mandate_hour(self):
        for agreement in self:
            if not 0 <= agreement.mandate_hour < 24:
                raise ValidationError(
                    agreement.env._("Mandates are sent at a time between 00:00 and 23:59.")
                )

    def _can_request_mandates(self):
        """Can the bank be asked for a mandate? Else payers sign up with the bank themselves."""
        return False

    def _can_cancel_mandates(self):
        """Can the bank be told that a mandate has ended?"""
        return False

    def _can_renumber_mandates(self):
        """Can the bank be asked to give a payer another number?"""
        return False

    def _mandate_request_fields(self):
        """What a payer is asked for to request a mandate: ``{"identity" or "account": field}``.

        The fields are among the mandate's ``_personal_fields``. Without ``account`` it is asked
        for with the payer's bank account.
        """
        return {}

    def _mandate_moment(self, now):
        """The last moment until ``now`` at which waiting mandates went into a file (naive UTC)."""
        self.ensure_one()
        calendar, today = self._debit_calendar(), self._debit_local(now).date()
        moment = self._debit_moment(today, self.mandate_hour)
        if calendar.is_open(today) and moment <= now:
            return moment
        return self._debit_moment(calendar.back(today, 1), self.mandate_hour)

    def _mandate_request(self, mandate):
        """The message that asks the bank for ``mandate`` (``direct.debit.mandate``)."""
        self.ensure_one()
        if mandate.wish == "accepted":
            return MandateAnswer(**self._mandate_facts(mandate), is_accepted=True)
        account = mandate.sudo().partner_bank_id
        return MandateRequest(
            **self._mandate_facts(mandate), payer_account=account.acc_number or ""
        )

    def _mandate_cancellation(self, mandate):
        """The message that tells the bank that ``mandate`` has ended."""
        self.ensure_one()
        if mandate.wish == "refused":
            return MandateAnswer(**self._mandate_facts(mandate), is_accepted=False)
        return MandateCancellation(
            **self._mandate_facts(mandate),
            mandate_number=mandate.number or "",
            effective_date=mandate.valid_to or None,
        )

    def _mandate_change(self, mandate):
        """The message that asks the bank for another payer number of ``mandate``."""
        self.ensure_one()
        return MandateChange(
            **self._mandate_facts(mandate),
            mandate_number=mandate.number or "",
            new_payer_number=mandate.new_payer_number or "",
        )

    def _mandate_facts(self, mandate):
        return {
            "key": mandate._file_key(),
            "account": self.account_number or "",
            "agreement_number": self.number or "",
            "reference": mandate.reference or "",
            "payer_number": mandate.payer_number or "",
            "payer_name": mandate.partner_id.name or "",
        }
