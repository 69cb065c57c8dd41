import ast
from datetime import datetime, time, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...formats.banking_days import BankingDays
from ...formats.messages import (
    Assignment,
    CollectionChange,
    CollectionRequest,
    CollectionWithdrawal,
)
from ...formats.references import normalise
from ..bank.payment_lookup import payers_of_mandates
from .debit_answers import OrderFinder
from .direct_debit_mandate import LIVE as LIVE_MANDATE

_PRESETS = {
    "debit_lead_days": 2,
    "debit_cutoff": 14.0,
    "withdrawal_lead_days": 1,
    "withdrawal_cutoff": 14.0,
    "withdrawal_same_day": True,
    "debit_notice_by": "bank",
    "debit_notice_days": 7,
    "debit_silence_days": 3,
    "debit_max_days_ahead": 365,
}


class BankAgreement(models.Model):
    """What a bank or clearing house demands of debits; schemes preset it and override rules.

    Deadlines are wall time where the bank is, and are stored as naive UTC.
    """

    _inherit = "bank.agreement"

    debit_out = fields.Boolean(
        string="Direct Debit",
        tracking=True,
        help="Open invoices of payers with a mandate are collected by debits of this agreement.",
    )
    debit_lead_days = fields.Integer(
        string="Debit: Banking Days Before Due",
        compute="_compute_debit_presets",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="How many banking days before the due date the bank must have the debit. The day it "
        "is handed in counts, the due date does not.",
    )
    debit_cutoff = fields.Float(
        string="Debit: By What Time",
        compute="_compute_debit_presets",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="The time of day, where the bank is, by which it must have the file. What comes "
        "later counts for the next banking day.",
    )
    withdrawal_lead_days = fields.Integer(
        string="Withdrawal: Banking Days Before Due",
        compute="_compute_debit_presets",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="How many banking days before the due date the bank must know that a debit is "
        "withdrawn.",
    )
    withdrawal_cutoff = fields.Float(
        string="Withdrawal: By What Time",
        compute="_compute_debit_presets",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="The time of day, where the bank is, by which a withdrawal must be there.",
    )
    withdrawal_same_day = fields.Boolean(
        string="Withdrawal on the Same Day",
        compute="_compute_debit_presets",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="A debit may be withdrawn on the day it was handed in. Without this the withdrawal "
        "waits for the next banking day.",
    )
    debit_make_hours = fields.Float(
        string="File Made Before Deadline (Hours)",
        default=24.0,
        tracking=True,
        help="How many hours before the bank's deadline the file is made. What changes until "
        "then, such as payments and credit notes, still counts.",
    )
    debit_domain = fields.Char(
        string="Which Invoices",
        default="[]",
        tracking=True,
        help="Only invoices that meet this are collected. Empty: all invoices paid through this "
        "agreement whose own tick “Collect by Direct Debit” is set.",
    )
    debit_late = fields.Selection(
        [
            ("move", "Collected on the next possible date"),
            ("invoice", "Not collected, the payer pays it"),
        ],
        string="Too Late for the Bank",
        required=True,
        default="move",
        tracking=True,
        help="What becomes of an invoice that is due before the bank can collect it. When it is "
        "collected later, that date becomes its due date.",
    )
    debit_part_payment = fields.Selection(
        [("lower", "The rest is collected"), ("hold", "Held until a person decides")],
        string="Paid in Part",
        required=True,
        default="lower",
        tracking=True,
        help="What becomes of the debit of an invoice that was paid in part before the file is made.",
    )
    debit_new_mandate = fields.Selection(
        [("next", "From the next invoice"), ("open", "Open invoices as well")],
        string="New Mandates Collect",
        required=True,
        default="next",
        tracking=True,
        help="When a mandate becomes active: collect only invoices made from then on, or also "
        "those of the payer that are open and not overdue.",
    )
    debit_notice_by = fields.Selection(
        [("us", "You"), ("bank", "The bank")],
        string="Payer Notified By",
        compute="_compute_debit_presets",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Who tells the payer beforehand of amount and date. When it is you, a debit without "
        "a notice is kept out of the file, unless the payer wants no notice.",
    )
    debit_notice_days = fields.Integer(
        string="Notice (Days)",
        compute="_compute_debit_presets",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="How many days before the due date the payer must have the notice.",
    )
    debit_silence_days = fields.Integer(
        string="Failed Without Answer After (Banking Days)",
        compute="_compute_debit_presets",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="A debit counts as failed when neither money nor an answer has come this many banking "
        "days after its due date. 0: the bank reports what fails.",
    )
    debit_max_days_ahead = fields.Integer(
        string="At Most Days Ahead",
        compute="_compute_debit_presets",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="How far ahead the bank takes debits. Later ones wait. 0: no limit.",
    )
    next_assignment_number = fields.Integer(default=1, copy=False, readonly=True)

    # ----------------------------------------------------------------------------------
    # Settings
    # ----------------------------------------------------------------------------------

    @api.depends("connection_id")
    def _compute_debit_presets(self):
        for agreement in self:
            for name, value in agreement._debit_presets().items():
                agreement[name] = value

    def _debit_presets(self):
        """What the scheme starts with: values of the settings of debits, by field name."""
        return dict(_PRESETS)

    @api.constrains("debit_cutoff", "withdrawal_cutoff", "debit_make_hours")
    def _check_debit_hours(self):
        for agreement in self:
            hours = (agreement.debit_cutoff, agreement.withdrawal_cutoff)
            if not all(0 <= hour < 24 for hour in hours) or agreement.debit_make_hours < 0:
                raise ValidationError(
                    agreement.env._(
                        "Enter times of day between 00:00 and 23:59, and hours above zero."
                    )
                )

    @api.constrains(
        "debit_lead_days",
        "withdrawal_lead_days",
        "debit_notice_days",
        "debit_silence_days",
        "debit_max_days_ahead",
    )
    def _check_debit_days(self):
        for agreement in self:
            days = (
                agreement.debit_lead_days,
                agreement.withdrawal_lead_days,
                agreement.debit_notice_days,
                agreement.debit_silence_days,
                agreement.debit_max_days_ahead,
            )
            if min(days) < 0:
                raise ValidationError(agreement.env._("Days cannot be below zero."))

    @api.constrains("debit_domain")
    def _check_debit_domain(self):
        invoices = self.env["account.move"]
        for agreement in self:
            try:
                agreement._debit_invoices(invoices)
                agreement._debit_invoice_domain().validate(invoices)
            except (ValueError, SyntaxError, TypeError) as error:
                raise ValidationError(
                    agreement.env._("“Which Invoices” is no condition on invoices.")
                ) from error

    def _debit_invoice_domain(self):
        return Domain(ast.literal_eval(self.debit_domain or "[]"))

    def _debit_invoices(self, invoices):
        """Those of ``invoices`` that this agreement collects, if their payers have a mandate."""
        self.ensure_one()
        wanted = invoices.filtered("mbn_collect")
        domain = self._debit_invoice_domain()
        return wanted if domain.is_true() else wanted.filtered_domain(domain)

    # ----------------------------------------------------------------------------------
    # Deadlines
    # ----------------------------------------------------------------------------------

    def _debit_calendar(self):
        """The banking days by which the bank reckons."""
        self.ensure_one()
        return BankingDays(self.company_id.country_id.code or "")

    def _debit_tz(self):
        """The time zone of the bank's wall clock."""
        self.ensure_one()
        return self.company_id._billing_tz()

    def _debit_day(self, due_date):
        """The day on which the bank is asked to debit what is due on ``due_date``."""
        self.ensure_one()
        return due_date

    def _debit_deadline(self, due_date):
        """Until when the bank must have a debit that is due on ``due_date``, as naive UTC."""
        self.ensure_one()
        day = self._debit_calendar().back(due_date, self.debit_lead_days)
        return self._debit_moment(day, self.debit_cutoff)

    def _debit_first_due(self, at):
        """The earliest date for which the bank still takes a debit handed in ``at`` (naive UTC)."""
        self.ensure_one()
        calendar = self._debit_calendar()
        local = self._debit_local(at)
        day = calendar.next_open(local.date())
        if at > self._debit_moment(day, self.debit_cutoff):
            day = calendar.forward(day, 1)
        return calendar.next_open(calendar.forward(day, self.debit_lead_days))

    def _withdrawal_deadline(self, due_date):
        """Until when a debit due on ``due_date`` can be withdrawn, as naive UTC; None is never."""
        self.ensure_one()
        day = self._debit_calendar().back(due_date, self.withdrawal_lead_days)
        return self._debit_moment(day, self.withdrawal_cutoff)

    def _withdrawal_first(self, handed_in):
        """The earliest moment (naive UTC) to withdraw a debit whose file was made ``handed_in``."""
        self.ensure_one()
        if self.withdrawal_same_day:
            return handed_in
        day = self._debit_calendar().forward(self._debit_local(handed_in).date(), 1)
        return self._debit_moment(day, 0.0)

    def _debit_moment(self, day, hour):
        """The wall time ``hour`` (7.5 is half past seven) of ``day`` at the bank, as naive UTC."""
        local = datetime.combine(day, time(), tzinfo=self._debit_tz())
        minutes = round(hour * 60)
        local = local.replace(hour=minutes // 60, minute=minutes % 60)
        return local.astimezone(timezone.utc).replace(tzinfo=None)

    def _debit_local(self, at):
        """The naive UTC moment ``at`` as wall time at the bank."""
        return at.replace(tzinfo=timezone.utc).astimezone(self._debit_tz())

    def _debit_today(self):
        return self._debit_local(fields.Datetime.now()).date()

    def _debit_made_until(self, now):
        """Debits whose deadline is at or before this moment go into a file made ``now``."""
        self.ensure_one()
        return now + timedelta(hours=self.debit_make_hours)

    # ----------------------------------------------------------------------------------
    # What goes into a file
    # ----------------------------------------------------------------------------------

    def _take_assignment_number(self):
        """The next running number of this agreement in files. Taken once, never given back."""
        self.ensure_one()
        agreement = self.sudo()
        agreement.lock_for_update(allow_referencing=True)
        agreement.invalidate_recordset(["next_assignment_number"])
        number = agreement.next_assignment_number
        agreement.next_assignment_number = number + 1
        return number

    def _file_assignment(self, requests):
        """The assignment that holds ``requests`` of this agreement in a file, newly numbered."""
        self.ensure_one()
        return Assignment(
            number=self._take_assignment_number(),
            account=self.account_number or "",
            agreement_number=self.number or "",
            requests=tuple(requests),
        )

    def _order_groups(self, lines):
        """Which receivable lines are collected together: one list entry per record of a file.

        :param lines: ``account.move.line`` of this agreement, open and due
        :return: list of ``account.move.line``
        """
        self.ensure_one()
        return list(lines.grouped(lambda line: (line.move_id, line.date_maturity)).values())

    def _collects_once_a_day(self):
        """Does the bank take one debit of a payer and day only? Else one for each claim."""
        return False

    def _debited_claims(self, payments):
        if not self._collects_once_a_day():
            return super()._debited_claims(payments)
        debits = payments.filtered(lambda one: one.method == "direct_debit" and one.amount > 0)
        finder = OrderFinder(self.env, self, set(debits.mapped("reference_value")) - {False})
        found = {}
        for payment in debits:
            order = finder.find(self, payment.reference_value, day=payment.bank_date)
            if order and len(order.line_ids) > 1:
                found[payment] = order.line_ids.move_line_id
        return found

    def _payers_by_mandate(self, numbers):
        known = super()._payers_by_mandate(numbers)
        if not numbers:
            return known
        live = self.env["direct.debit.mandate"].search(
            [
                ("agreement_id", "=", self.id),
                ("number", "in", list(numbers)),
                ("state", "in", LIVE_MANDATE),
            ]
        )
        return known | {mandate.number: mandate.partner_id for mandate in live}

    def _order_reference(self, lines):
        """The reference by which the bank and we mean the debit of these lines."""
        self.ensure_one()
        move = lines.move_id[:1]
        return move.payment_reference or move.name

    def _collection_request(self, order):
        """The message that asks the bank for ``order`` (``direct.debit.order``)."""
        self.ensure_one()
        return CollectionRequest(
            **self._order_facts(order),
            payer_account=order.mandate_id.sudo().partner_bank_id.acc_number or "",
            payer_street=order.partner_id.street or "",
            payer_zip=order.partner_id.zip or "",
            payer_city=order.partner_id.city or "",
            payer_country=order.partner_id.country_id.code or "",
            is_form=order.is_form,
            is_notified_by_bank=order._is_notified_by_bank(),
            lines=order._notice_lines(),
        )

    def _collection_withdrawal(self, order):
        """The message that takes ``order`` back: with the facts it was sent with."""
        self.ensure_one()
        return CollectionWithdrawal(
            **self._order_facts(order), is_notified_by_bank=order._is_notified_by_bank()
        )

    def _can_move_debits(self):
        """Does the bank move debits that it has to another day? For the schemes."""
        return False

    def _collection_change(self, order):
        """The message that moves ``order``, as it was sent, to the day it is wanted on."""
        self.ensure_one()
        facts = self._order_facts(order)
        facts.pop("mandate_number")
        return CollectionChange(**facts, new_date=order.move_to)

    def _order_facts(self, order):
        return {
            "key": str(order.id),
            "account": self.account_number or "",
            "agreement_number": self.number or "",
            "reference": order.reference or "",
            "payer_number": order.mandate_id.payer_number or order.payer_number or "",
            "payer_name": order.partner_id.name or "",
            "amount": order._exact_amount(),
            "currency": self.currency_id.name,
            "due_date": order.due_date,
            "mandate_number": order.mandate_id.number or "",
        }

    def _payers_of_references(self, references):
        """Who pays with ``references``: exactly, else by the payer's part of them.

        :return: dict of normalised reference → ``res.partner``
        """
        self.ensure_one()
        found = payers_of_mandates(self, {(reference, "") for reference in references})
        return {normalise(reference): payer for (reference, _number), payer in found.items()}

    def _hears_the_bank(self):
        """Is all read that the bank was to send by now? Else its silence means nothing."""
        self.ensure_one()
        connection = self.connection_id
        if connection.channel_id.last_error:
            return False
        expected = self.env["bank.file.expectation"].search([("connection_id", "=", connection.id)])
        now = fields.Datetime.now()
        if any(expectation._oldest_late(now) for expectation in expected):
            return False
        unread = [
            ("direction", "=", "in"),
            ("company_id", "parent_of", self.company_id.ids),
            ("state", "in", ("received", "accepted")),
        ]
        return not self.env["bank.file"].search_count(unread, limit=1)
