from odoo import api, fields, models
from odoo.exceptions import ValidationError

# The bank sends a slip for a date that is at least so many banking days away.
_LEAD_DAYS = 1


class BankAgreement(models.Model):
    """Payment slips the bank sends, when asked, to payers without a mandate.

    Schemes of banks that do override :meth:`_sends_forms`.
    """

    _inherit = "bank.agreement"

    form_hour = fields.Float(
        string="Payment Slips: Sent From",
        default=12.0,
        tracking=True,
        help="The time of day, where the bank is, from which the payment slips that were planned "
        "before go with the next file, on banking days. Until then they can be stopped.",
    )
    sends_forms = fields.Boolean(
        compute="_compute_sends_forms",
        help="The bank sends payment slips to payers without a mandate.",
    )

    @api.depends("connection_id")
    def _compute_sends_forms(self):
        for agreement in self:
            agreement.sends_forms = agreement._sends_forms()

    @api.constrains("form_hour")
    def _check_form_hour(self):
        for agreement in self:
            if not 0 <= agreement.form_hour < 24:
                raise ValidationError(
                    agreement.env._("Payment slips are sent at a time between 00:00 and 23:59.")
                )

    def _sends_forms(self):
        """Does the bank send a payment slip to a payer of an invoice who has no mandate?"""
        return False

    def _form_day(self, due_date):
        """The date of the slip for what is due on ``due_date``."""
        self.ensure_one()
        return self._debit_calendar().next_open(due_date)

    def _form_deadline(self, due_date):
        """Until when the bank must be asked for a slip of this date, as naive UTC."""
        self.ensure_one()
        day = self._debit_calendar().back(due_date, _LEAD_DAYS)
        return self._debit_moment(day, self.debit_cutoff)

    def _form_first_due(self, at):
        """The earliest date of a slip the bank is asked for ``at`` this moment (naive UTC)."""
        self.ensure_one()
        calendar = self._debit_calendar()
        day = calendar.next_open(self._debit_local(at).date())
        if at > self._debit_moment(day, self.debit_cutoff):
            day = calendar.forward(day, 1)
        return calendar.forward(day, _LEAD_DAYS)

    def _form_send_from(self, now):
        """From when on a file takes a slip along that is planned ``now``, as naive UTC."""
        self.ensure_one()
        calendar = self._debit_calendar()
        day = calendar.next_open(self._debit_local(now).date())
        moment = self._debit_moment(day, self.form_hour)
        if moment < now:
            moment = self._debit_moment(calendar.forward(day, 1), self.form_hour)
        return moment

    def _request_problem(self, order, request):
        """Why the bank would not take ``request`` of ``order``, for people; empty when it would.

        For the schemes: the encoder finds every fault, this says the usual ones in plain words.
        """
        return ""
