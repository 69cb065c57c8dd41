from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.addons.membership_billing_nordic.formats.messages import MandateRequest
from odoo.exceptions import ValidationError

from ..formats import bgmax
from ..formats.accounts import account_typed
from ..formats.deadlines import CUT_OFF, NOTICE_DAYS, RETRY_SILENCE_DAYS, TIME_ZONE, banking_days
from ..formats.giro_numbers import compact, is_bankgiro, is_plusgiro
from ..formats.ocr import FIXED_LENGTH, LONGEST, MOST_LENGTHS, SHORTEST, OcrControl
from ..formats.reports import PAYOUT
from .bank_connection import SCHEME

# A file is there by 19:00 on the banking day before payment. The bank tries up to three times
# more and tells of every attempt; who is told of nothing for four banking days has not paid.
_PRESETS = {
    "debit_lead_days": 1,
    "debit_cutoff": float(CUT_OFF.hour),
    "withdrawal_lead_days": 1,
    "withdrawal_cutoff": float(CUT_OFF.hour),
    "withdrawal_same_day": False,
    "debit_notice_by": "us",
    "debit_notice_days": NOTICE_DAYS + 4,
    "debit_silence_days": RETRY_SILENCE_DAYS,
    "debit_max_days_ahead": 365,
}
_LONGEST_REFERENCE = 16
# BgMax ends on this day, as the banks have agreed; they report in camt.054 from then on.
_SWITCH, _SUCCESSOR = date(2026, 11, 27), "iso.camt_054"
_GIRO_FIELDS = {"number", "l10n_se_plusgiro"}


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    l10n_se_plusgiro = fields.Char(
        string="Plusgiro Number",
        tracking=True,
        help="Printed on invoices beside the bankgiro number. Empty when you have none.",
    )
    l10n_se_ocr_level = fields.Selection(
        [
            ("1", "1: soft, any length"),
            ("2", "2: hard, any length"),
            ("3", "3: hard, with length digit"),
            ("4", "4: hard, fixed length"),
        ],
        string="OCR Control",
        default="4",
        tracking=True,
        help="How payers' banks control the OCR number, as agreed for the bankgiro number. Soft: "
        "they only warn of a wrong one. With 3 or 4 Bankgirot also finds further OCR numbers in "
        "the text of a payment.",
    )

    def _account_in_files(self, account):
        number = super()._account_in_files(account)
        if self.scheme != SCHEME or not number or number.startswith("SE"):
            return number
        try:
            return account_typed(account).in_files
        except ValueError:
            # Left as it is, to be refused as no account number.
            return number

    # ----------------------------------------------------------------------------------
    # Rules
    # ----------------------------------------------------------------------------------

    def _is_se(self):
        return self.filtered(lambda row: row.scheme == SCHEME)

    @api.model_create_multi
    def create(self, vals_list):
        agreements = super().create(vals_list)
        agreements._is_se()._compact_giro_numbers()
        return agreements

    def write(self, vals):
        result = super().write(vals)
        if not _GIRO_FIELDS.isdisjoint(vals):
            self._is_se()._compact_giro_numbers()
        return result

    def _compact_giro_numbers(self):
        """Giro numbers are compared with those in files: store them without dashes."""
        for agreement in self:
            vals = {name: compact(agreement[name]) for name in _GIRO_FIELDS if agreement[name]}
            if any(agreement[name] != number for name, number in vals.items()):
                agreement.write(vals)

    @api.constrains("connection_id", "number")
    def _check_se_bankgiro(self):
        for agreement in self._is_se().filtered("number"):
            if not is_bankgiro(agreement.number):
                raise ValidationError(
                    agreement.env._(
                        "%(number)s is no bankgiro number: it has 7 or 8 digits, the last one is "
                        "a check digit. Compare it with the bank's letter.",
                        number=agreement.number,
                    )
                )

    @api.constrains("connection_id", "l10n_se_plusgiro")
    def _check_se_plusgiro(self):
        for agreement in self._is_se().filtered("l10n_se_plusgiro"):
            if not is_plusgiro(agreement.l10n_se_plusgiro):
                raise ValidationError(
                    agreement.env._(
                        "%(number)s is no plusgiro number: it has 2 to 8 digits, the last one is "
                        "a check digit.",
                        number=agreement.l10n_se_plusgiro,
                    )
                )

    @api.constrains("connection_id", "partner_bank_id", "journal_id")
    def _check_se_account(self):
        for agreement in self._is_se().filtered("partner_bank_id"):
            try:
                account = account_typed(agreement.partner_bank_id.acc_number)
            except ValueError:
                account = None
            if not (account or (agreement.account_number or "").startswith("SE")):
                raise ValidationError(
                    agreement.env._(
                        "%(account)s is no Swedish account number. Enter clearing number and "
                        "account number, for example 5000-1234567.",
                        account=agreement.partner_bank_id.acc_number,
                    )
                )
            if account and account.is_valid is False:
                raise ValidationError(
                    agreement.env._(
                        "%(account)s is no Swedish account number: the check digit is wrong.",
                        account=agreement.partner_bank_id.acc_number,
                    )
                )

    @api.constrains("connection_id", "l10n_se_ocr_level", "debit_out")
    def _check_se_level(self):
        for agreement in self._is_se():
            if not agreement.l10n_se_ocr_level:
                raise ValidationError(
                    agreement.env._("Choose how payers' banks control the OCR number.")
                )
        self._check_layouts()

    def _check_layouts(self):
        for agreement in self._is_se():
            agreement._check_se_layouts()
            agreement._check_se_autogiro_layout()
        return super()._check_layouts()

    def _check_se_layouts(self):
        lengths = set()
        for layout in self.layout_ids:
            lengths.add(layout.length)
            if layout.check_method != "mod10":
                raise ValidationError(
                    self.env._("The check digit of OCR numbers is calculated by modulus 10.")
                )
            if not SHORTEST <= layout.length <= LONGEST:
                raise ValidationError(
                    self.env._(
                        "An OCR number has %(shortest)s to %(longest)s digits, layout %(layout)s "
                        "has %(length)s.",
                        shortest=SHORTEST,
                        longest=LONGEST,
                        layout=layout.display_name,
                        length=layout.length,
                    )
                )
        if len(lengths) > MOST_LENGTHS and self._se_level() == FIXED_LENGTH:
            raise ValidationError(
                self.env._(
                    "With a fixed length OCR numbers have at most %(count)s different lengths.",
                    count=MOST_LENGTHS,
                )
            )

    def _check_se_autogiro_layout(self):
        layout = self._reference_layout()
        if self.debit_out and layout.length > _LONGEST_REFERENCE:
            raise ValidationError(
                self.env._(
                    "Autogiro has room for references of %(longest)s digits, OCR numbers of "
                    "layout %(layout)s have %(length)s. Put a shorter layout first.",
                    longest=_LONGEST_REFERENCE,
                    layout=layout.display_name,
                    length=layout.length,
                )
            )

    def _se_level(self):
        return int(self.l10n_se_ocr_level or FIXED_LENGTH)

    # ----------------------------------------------------------------------------------
    # What others ask
    # ----------------------------------------------------------------------------------

    def _missing_settings(self):
        missing = super()._missing_settings()
        if self.scheme == SCHEME and not self.number:
            missing.append(self.env._("Enter the bankgiro number."))
        return missing

    def _layouts_expected(self):
        return self.scheme == SCHEME or super()._layouts_expected()

    def _is_lawful_reference(self, reference):
        if self.scheme != SCHEME:
            return super()._is_lawful_reference(reference)
        lengths = tuple(sorted(set(self.layout_ids.mapped("length"))))
        level = self._se_level()
        if level == FIXED_LENGTH and not lengths:
            return False
        control = OcrControl(level, lengths if level == FIXED_LENGTH else ())
        return control.accepts("".join((reference or "").split()))

    def _is_known_by_number(self):
        return self.scheme == SCHEME or super()._is_known_by_number()

    @api.model
    def _known_report_formats(self):
        return [bgmax.FORMAT, *super()._known_report_formats()]

    def _report_formats(self):
        formats = super()._report_formats()
        return [bgmax.FORMAT, *formats] if self.scheme == SCHEME else formats

    def _report_presets(self):
        if self.scheme != SCHEME:
            return super()._report_presets()
        return [(False, bgmax.FORMAT), (_SWITCH, _SUCCESSOR)]

    # ----------------------------------------------------------------------------------
    # Autogiro
    # ----------------------------------------------------------------------------------

    def _debit_presets(self):
        return super()._debit_presets() | (_PRESETS if self.scheme == SCHEME else {})

    def _debit_calendar(self):
        return banking_days() if self.scheme == SCHEME else super()._debit_calendar()

    def _debit_tz(self):
        return ZoneInfo(TIME_ZONE) if self.scheme == SCHEME else super()._debit_tz()

    def _debit_day(self, due_date):
        if self.scheme != SCHEME:
            return super()._debit_day(due_date)
        return banking_days().next_open(due_date)

    def _can_move_debits(self):
        return self.scheme == SCHEME or super()._can_move_debits()

    def _can_refund_by_mandate(self):
        return self.scheme == SCHEME or super()._can_refund_by_mandate()

    def _is_payout(self, payment):
        # 77, a debit that was paid back, is a reversal too.
        is_se = self.scheme == SCHEME
        return (is_se and payment.bank_code == PAYOUT) or super()._is_payout(payment)

    def _can_request_mandates(self):
        return self.scheme == SCHEME or super()._can_request_mandates()

    def _can_cancel_mandates(self):
        return self.scheme == SCHEME or super()._can_cancel_mandates()

    def _mandate_request(self, mandate):
        request = super()._mandate_request(mandate)
        if self.scheme != SCHEME or not isinstance(request, MandateRequest):
            return request
        return replace(request, payer_identity=mandate.sudo().l10n_se_identity or "")
