import re
from dataclasses import replace
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.addons.membership_billing_nordic.formats.latin_1 import to_latin_1
from odoo.addons.membership_billing_nordic.formats.references import normalise
from odoo.exceptions import ValidationError

from ..formats import fi, numbers, payment_days
from ..formats.outgoing_collections import Terms
from ..formats.payment_days import BANKING_DAYS, payment_day
from .bank_connection import SCHEME
from .bank_reference_layout import CARD_TYPES

_DIGITS = {"l10n_dk_creditor": 8, "l10n_dk_debtor_group": 5, "l10n_dk_fi_creditor": 8}
_MAIN_TEXT_LENGTH = 60
_RESULTS = "dk.bs_0602"
_MONTH = relativedelta(months=1)
# Handed in by 11:00 on the sixth last banking day of the month before the month of payment.
# No delivery takes a collection back; what fails is reported, a week after payment at the latest.
_PRESETS = {
    "debit_lead_days": 6,
    "debit_cutoff": 11.0,
    "withdrawal_lead_days": 0,
    "withdrawal_cutoff": 0.0,
    "withdrawal_same_day": False,
    "debit_notice_by": "bank",
    "debit_notice_days": 0,
    "debit_silence_days": 0,
    "debit_max_days_ahead": 90,
}


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    number = fields.Char(compute="_compute_dk_number", store=True, readonly=False, precompute=True)
    l10n_dk_creditor = fields.Char(
        string="PBS Creditor Number",
        tracking=True,
        help="Your number with Betalingsservice (kreditornummer), 8 digits.",
    )
    l10n_dk_debtor_group = fields.Char(
        string="Debtor Group",
        copy=False,
        tracking=True,
        help="The debtor group (debitorgruppe) whose payers this agreement collects from, 5 "
        "digits. Each group is an agreement of its own.",
    )
    l10n_dk_debtor_group_name = fields.Char(
        string="Name of Debtor Group",
        tracking=True,
        help="As agreed with Betalingsservice. Payers see it on the payment overview where no "
        "other main text is given.",
    )
    l10n_dk_main_text = fields.Char(
        string="Main Text",
        tracking=True,
        help="What stands above your lines on the payment overview, 60 characters at most. The "
        "first one of a month counts for the whole debtor group. Empty: the name of the group.",
    )
    l10n_dk_kind = fields.Selection(
        [("automatic", "Automatic payments only"), ("total", "Total solution")],
        string="Kind of Agreement",
        default="automatic",
        required=True,
        tracking=True,
        help="Total solution: Betalingsservice sends a payment slip, at a fee, to payers without a "
        "mandate, and needs their names and addresses. Automatic payments only: it collects "
        "from payers with a mandate and nothing else.",
    )
    l10n_dk_mandate_number = fields.Selection(
        [("zeros", "Zeros"), ("number", "The number, if known")],
        string="Mandate Number in Files",
        default="zeros",
        required=True,
        tracking=True,
        help="What the files of a total solution say of the mandate. The guide asks for zeros, "
        "and the mandate is looked up by customer number; "
        "some programs write the number. Uncertain: try it on a test connection.",
    )
    l10n_dk_payment_day = fields.Selection(
        [
            ("due", "When the invoice is due"),
            ("first", "First banking day of a month"),
        ],
        string="Collected",
        default="due",
        required=True,
        tracking=True,
        help="On the first banking day of a month: the first one that is not before the invoice is "
        "due. What misses its deadline is always collected on the first banking day of the next "
        "month in reach.",
    )
    l10n_dk_requests = fields.Boolean(
        string="Request Mandates by File",
        default=True,
        tracking=True,
        help="Mandates are asked for by delivery 0605, with CPR or CVR number and account of the "
        "payer. Without it payers sign up by themselves, and delivery 0603 tells of it. The "
        "public description of 0605 is old: try it on a test connection first.",
    )
    l10n_dk_cancellations = fields.Boolean(
        string="Cancel and Change Mandates by File (Unverified)",
        tracking=True,
        help="Mandates ended here are cancelled by delivery 0605, and customer numbers can be "
        "changed by it. The layouts are known from a single program each: switch it on after a "
        "test that Betalingsservice has confirmed.",
    )
    l10n_dk_fi_creditor = fields.Char(
        string="FI Creditor Number",
        tracking=True,
        help="Your number on payment slips (8 digits), another one than that of Betalingsservice. "
        "With it invoices show the line that payers type in their net bank: +71<…+…<.",
    )

    @api.depends("scheme", "l10n_dk_creditor", "l10n_dk_debtor_group")
    def _compute_dk_number(self):
        for agreement in self:
            parts = agreement.l10n_dk_creditor, agreement.l10n_dk_debtor_group
            if agreement.scheme != SCHEME:
                agreement.number = agreement.number
            else:
                agreement.number = all(parts) and numbers.agreement_number(*parts)

    @api.model_create_multi
    def create(self, vals_list):
        agreements = super().create([_with_number(_clean(vals)) for vals in vals_list])
        agreements._expect_results()
        return agreements

    def write(self, vals):
        result = super().write(_clean(vals))
        if vals.keys() & {"debit_out", "connection_id"}:
            self._expect_results()
        return result

    def _expect_results(self):
        """What is collected is answered on its day: a file that is late must be noticed."""
        expectations = self.env["bank.file.expectation"].sudo().with_context(active_test=False)
        collecting = self.filtered(lambda row: row.scheme == SCHEME and row.debit_out)
        for connection in collecting.connection_id:
            known = [("connection_id", "=", connection.id), ("format", "=", _RESULTS)]
            if not expectations.search_count(known, limit=1):
                expectations.create(
                    {
                        "name": connection.env._("Results of Betalingsservice (0602)"),
                        "company_id": connection.company_id.id,
                        "connection_id": connection.id,
                        "format": _RESULTS,
                        "on_due_dates": True,
                    }
                )

    # ----------------------------------------------------------------------------------
    # Rules
    # ----------------------------------------------------------------------------------

    @api.constrains("connection_id", *_DIGITS)
    def _check_dk_numbers(self):
        for agreement in self.filtered(lambda row: row.scheme == SCHEME):
            for name, digits in _DIGITS.items():
                number = agreement[name]
                if number and not re.fullmatch(f"(?!0+$)[0-9]{{{digits}}}", number):
                    raise ValidationError(
                        agreement.env._(
                            "%(label)s: %(number)s is none, it has %(digits)s digits, not all of them "
                            "0.",
                            label=agreement._fields[name]._description_string(agreement.env),
                            number=number,
                            digits=digits,
                        )
                    )

    @api.constrains("connection_id", "currency_id")
    def _check_dk_currency(self):
        for agreement in self.filtered(lambda row: row.scheme == SCHEME):
            if agreement.currency_id.name != "DKK":
                raise ValidationError(
                    agreement.env._(
                        "Betalingsservice is in DKK, bank journal %(journal)s is in %(currency)s. "
                        "Choose the journal of an account in DKK.",
                        journal=agreement.journal_id.display_name,
                        currency=agreement.currency_id.name,
                    )
                )

    @api.constrains("l10n_dk_main_text")
    def _check_dk_main_text(self):
        for agreement in self:
            if len(to_latin_1(agreement.l10n_dk_main_text or "")) > _MAIN_TEXT_LENGTH:
                raise ValidationError(
                    agreement.env._(
                        "The main text has %(count)s characters at most. Shorten it.",
                        count=_MAIN_TEXT_LENGTH,
                    )
                )

    @api.constrains("connection_id", "layout_ids")
    def _check_dk_layouts(self):
        self._check_layouts()

    def _check_layouts(self):
        for agreement in self.filtered(lambda row: row.scheme == SCHEME):
            agreement._check_fi_layouts()
        return super()._check_layouts()

    def _check_fi_layouts(self):
        for layout in self.layout_ids:
            if layout.length not in CARD_TYPES or layout.check_method != "mod10":
                raise ValidationError(
                    self.env._(
                        "A payment ID on slips of card type 71 has 15 digits with its check digit "
                        "by modulus 10, one of card type 75 has 16. Layout %(layout)s has "
                        "%(length)s.",
                        layout=layout.display_name,
                        length=layout.length,
                    )
                )
        if len(set(self.layout_ids.mapped("length"))) < len(self.layout_ids):
            raise ValidationError(
                self.env._("There can be one layout for card type 71 and one for card type 75.")
            )

    def _missing_settings(self):
        missing = super()._missing_settings()
        if self.scheme != SCHEME:
            return missing
        if not self.l10n_dk_creditor:
            missing.append(
                self.env._("Enter the PBS creditor number (8 digits) of your agreement.")
            )
        if not self.l10n_dk_debtor_group:
            missing.append(self.env._("Enter the debtor group (5 digits) of your agreement."))
        return missing

    def _layouts_expected(self):
        return self.scheme == SCHEME or super()._layouts_expected()

    def _is_lawful_reference(self, reference):
        if self.scheme != SCHEME:
            return super()._is_lawful_reference(reference)
        return bool(self._fi_line(reference, fi_creditor="99999999"))

    # ----------------------------------------------------------------------------------
    # Customer numbers
    # ----------------------------------------------------------------------------------

    def _check_payer_number(self, number):
        if self.scheme != SCHEME:
            return super()._check_payer_number(number)
        if not numbers.is_customer_number(number):
            raise ValidationError(
                self.env._(
                    "Customer number %(number)s: use 1 to 15 digits and letters from A to Z.",
                    number=number,
                )
            )

    def _payer_part(self, number):
        part = super()._payer_part(number)
        if self.scheme != SCHEME:
            return part
        # Numbers of another program may have letters, or more digits than references have.
        fits = number.isdigit() and len(number) <= self._reference_layout().payer_digits
        return part if fits else None

    # ----------------------------------------------------------------------------------
    # Slips
    # ----------------------------------------------------------------------------------

    def _fi_line(self, reference, fi_creditor=None):
        """The line that pays with ``reference`` (an OCR line); empty when it does not fit one."""
        self.ensure_one()
        creditor = fi_creditor or self.l10n_dk_fi_creditor or ""
        payment_id = "".join((reference or "").split())
        if len(payment_id) > 1 and payment_id.strip("0"):
            for length, card_type in sorted(CARD_TYPES.items()):
                filled = payment_id.zfill(length)
                if fi.is_payment_id(filled, card_type) and fi.is_creditor(creditor):
                    return fi.ocr_line(fi.OcrLine(card_type, filled, creditor))
        return ""

    def _stand_in_reference(self, payment):
        if self.scheme != SCHEME:
            return super()._stand_in_reference(payment)
        # Slips bring the first nine characters of our reference, but the whole payment ID.
        return normalise(payment.form_number)

    # ----------------------------------------------------------------------------------
    # Collections
    # ----------------------------------------------------------------------------------

    def _debit_presets(self):
        return super()._debit_presets() | (_PRESETS if self.scheme == SCHEME else {})

    def _debit_calendar(self):
        return BANKING_DAYS if self.scheme == SCHEME else super()._debit_calendar()

    def _debit_tz(self):
        return ZoneInfo("Europe/Copenhagen") if self.scheme == SCHEME else super()._debit_tz()

    def _collects_once_a_day(self):
        return self.scheme == SCHEME or super()._collects_once_a_day()

    def _debit_day(self, due_date):
        if self.scheme != SCHEME:
            return super()._debit_day(due_date)
        due = BANKING_DAYS.next_open(due_date)
        if self.l10n_dk_payment_day == "due":
            return due
        first = payment_day(due)
        return first if first >= due_date else payment_day(due + _MONTH)

    def _debit_deadline(self, due_date):
        if self.scheme != SCHEME:
            return super()._debit_deadline(due_date)
        day = BANKING_DAYS.back(due_date.replace(day=1), self.debit_lead_days)
        return self._debit_moment(day, self.debit_cutoff)

    def _debit_first_due(self, at):
        if self.scheme != SCHEME:
            return super()._debit_first_due(at)
        month = self._debit_local(at).date().replace(day=1) + _MONTH
        while self._debit_deadline(month) < at:
            month += _MONTH
        return payment_day(month)

    def _refund_days(self, due_date):
        if self.scheme != SCHEME:
            return super()._refund_days(due_date)
        return {
            "payer": payment_days.refusal_end(due_date),
            "bank": payment_days.bank_reversal_end(due_date),
            "claim": payment_days.unauthorised_end(due_date),
        }

    def _withdrawal_deadline(self, due_date):
        # Betalingsservice has no delivery that takes a collection back.
        return None if self.scheme == SCHEME else super()._withdrawal_deadline(due_date)

    def _bs_terms(self):
        """What is agreed, for the files of collections."""
        self.ensure_one()
        return Terms(
            with_slips=self.l10n_dk_kind == "total",
            sends_mandate_numbers=self.l10n_dk_mandate_number == "number",
            with_disbursements=self.refund_out,
            main_text=self.l10n_dk_main_text or "",
        )

    def _collection_request(self, order):
        request = super()._collection_request(order)
        if self.scheme != SCHEME:
            return request
        return replace(
            request,
            lines=tuple(order._dk_advice()),
            form_reference=request.reference if fi.is_payment_id(request.reference) else "",
            payer_street=_street(order.partner_id),
        )

    # ----------------------------------------------------------------------------------
    # Mandates
    # ----------------------------------------------------------------------------------

    def _can_request_mandates(self):
        if self.scheme != SCHEME:
            return super()._can_request_mandates()
        return self.l10n_dk_requests

    def _can_cancel_mandates(self):
        if self.scheme != SCHEME:
            return super()._can_cancel_mandates()
        return self.l10n_dk_cancellations

    def _mandate_request_fields(self):
        if self.scheme != SCHEME:
            return super()._mandate_request_fields()
        return {"identity": "l10n_dk_identity", "account": "l10n_dk_account"}

    def _can_renumber_mandates(self):
        if self.scheme != SCHEME:
            return super()._can_renumber_mandates()
        return self.l10n_dk_cancellations

    def _mandate_request(self, mandate):
        request = super()._mandate_request(mandate)
        if self.scheme != SCHEME:
            return request
        asked = mandate.sudo()
        return replace(
            request,
            payer_identity=asked.l10n_dk_identity or "",
            payer_account=asked.l10n_dk_account or "",
        )


def _clean(vals):
    """Numbers are written with blanks and dashes in letters; files have neither."""
    return vals | {
        name: re.sub(r"[\s.-]", "", vals[name]) or False for name in _DIGITS if vals.get(name)
    }


def _street(partner):
    """The lines of an address but for name, postcode and town."""
    return "\n".join(filter(None, (partner.street, partner.street2)))


def _with_number(vals):
    creditor, group = vals.get("l10n_dk_creditor"), vals.get("l10n_dk_debtor_group")
    if not creditor:
        return vals
    return vals | {"number": numbers.agreement_number(creditor, group) if group else False}
