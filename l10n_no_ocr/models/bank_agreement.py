import re
from dataclasses import replace
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.addons.membership_billing_nordic.formats.latin_1 import to_latin_1
from odoo.addons.membership_billing_nordic.formats.references import CHECK_DIGITS
from odoo.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10
from stdnum.no import kontonr

from ..formats import ocr_giro
from .bank_connection import SCHEME

_MAX_LAYOUTS = 3
_MIN_LENGTH, _MAX_LENGTH = 4, 25
_MIN_LENGTH_READ = 2
_IBAN = re.compile(r"NO\d{13}")
_STATEMENT_LENGTH = 25
# AvtaleGiro as far as it is public: handed in by 14:00 on the fourth banking day before the
# due date, withdrawn by 14:00 on the last one, but not on the day it was handed in. The
# clearing house reports no debit that failed.
_PRESETS = {
    "debit_lead_days": 4,
    "debit_cutoff": 14.0,
    "withdrawal_lead_days": 1,
    "withdrawal_cutoff": 14.0,
    "withdrawal_same_day": False,
    "debit_notice_by": "bank",
    "debit_notice_days": 7,
    "debit_silence_days": 3,
    "debit_max_days_ahead": 365,
}


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    l10n_no_statement_text = fields.Char(
        string="Text on Account Statements",
        tracking=True,
        help="What payers read on their account statement beside your name, 25 characters at most. "
        "Empty: the number of the invoice.",
    )

    def _account_in_files(self, account):
        number = super()._account_in_files(account)
        if self.scheme != SCHEME or not number or not _IBAN.fullmatch(number):
            return number
        # A mistyped IBAN is left as it is, to be refused as no account number.
        return number[4:] if mod_97_10.is_valid(number[4:] + number[:4]) else number

    @api.constrains("connection_id", "number")
    def _check_no_agreement_number(self):
        for agreement in self.filtered(lambda row: row.scheme == SCHEME and row.number):
            number = agreement.number
            if not (number.isascii() and number.isdigit() and len(number) == 9):
                raise ValidationError(
                    agreement.env._(
                        "%(number)s is no agreement number of OCR giro: it has 9 digits and "
                        "stands in the bank's letter on the agreement.",
                        number=number,
                    )
                )

    @api.constrains("connection_id", "partner_bank_id", "journal_id")
    def _check_no_account(self):
        for agreement in self.filtered(lambda row: row.scheme == SCHEME and row.partner_bank_id):
            account = agreement.account_number or ""
            if not (len(account) == 11 and kontonr.is_valid(account)):
                raise ValidationError(
                    agreement.env._(
                        "%(account)s is no Norwegian account number: it has 11 digits, the last "
                        "one is a check digit. Compare it with the bank's letter.",
                        account=agreement.partner_bank_id.acc_number,
                    )
                )

    @api.constrains("connection_id", "currency_id")
    def _check_no_currency(self):
        for agreement in self.filtered(lambda row: row.scheme == SCHEME):
            if agreement.currency_id.name != "NOK":
                raise ValidationError(
                    agreement.env._(
                        "OCR giro is in NOK, bank journal %(journal)s is in %(currency)s. Choose "
                        "the journal of an account in NOK.",
                        journal=agreement.journal_id.display_name,
                        currency=agreement.currency_id.name,
                    )
                )

    @api.constrains("connection_id", "layout_ids")
    def _check_no_layouts(self):
        self._check_layouts()

    def _check_layouts(self):
        for agreement in self.filtered(lambda row: row.scheme == SCHEME):
            agreement._check_kid_layouts()
        return super()._check_layouts()

    def _check_kid_layouts(self):
        layouts = self.layout_ids
        if len(layouts) > _MAX_LAYOUTS:
            raise ValidationError(
                self.env._(
                    "An agreement can have %(count)s KID layouts at most.", count=_MAX_LAYOUTS
                )
            )
        for layout in layouts:
            if not _MIN_LENGTH <= layout.length <= _MAX_LENGTH:
                raise ValidationError(
                    self.env._(
                        "A KID has %(shortest)s to %(longest)s characters with its check digit, "
                        "layout %(layout)s has %(length)s.",
                        shortest=_MIN_LENGTH,
                        longest=_MAX_LENGTH,
                        layout=layout.display_name,
                        length=layout.length,
                    )
                )
        if len(set(layouts.mapped("length"))) < len(layouts):
            raise ValidationError(
                self.env._(
                    "The KID layouts of an agreement need different lengths, so that a KID tells "
                    "which layout it is in."
                )
            )
        if len(set(layouts.mapped("payer_digits"))) < len(layouts):
            raise ValidationError(
                self.env._(
                    "The KID layouts of an agreement need payer numbers of different lengths: "
                    "the bank registers them so."
                )
            )

    @api.constrains("l10n_no_statement_text")
    def _check_no_statement_text(self):
        for agreement in self:
            text = to_latin_1(agreement.l10n_no_statement_text or "").strip()
            if len(text) > _STATEMENT_LENGTH:
                raise ValidationError(
                    agreement.env._(
                        "The text on account statements has %(count)s characters at most. Shorten "
                        "“%(text)s”.",
                        count=_STATEMENT_LENGTH,
                        text=text,
                    )
                )

    def _missing_settings(self):
        missing = super()._missing_settings()
        if self.scheme == SCHEME and not self.number:
            missing.append(
                self.env._("Enter the agreement number (9 digits) from the bank's letter.")
            )
        return missing

    @api.model
    def _known_report_formats(self):
        return [ocr_giro.FORMAT, *super()._known_report_formats()]

    def _report_formats(self):
        formats = super()._report_formats()
        return [ocr_giro.FORMAT, *formats] if self.scheme == SCHEME else formats

    def _layouts_expected(self):
        return self.scheme == SCHEME or super()._layouts_expected()

    def _is_lawful_reference(self, reference):
        if self.scheme != SCHEME:
            return super()._is_lawful_reference(reference)
        kid = "".join((reference or "").split())
        return _MIN_LENGTH_READ <= len(kid) <= _MAX_LENGTH and self._has_check_digit(
            kid, CHECK_DIGITS
        )

    # ----------------------------------------------------------------------------------
    # AvtaleGiro
    # ----------------------------------------------------------------------------------

    def _debit_presets(self):
        return super()._debit_presets() | (_PRESETS if self.scheme == SCHEME else {})

    def _debit_calendar(self):
        if self.scheme != SCHEME:
            return super()._debit_calendar()
        return self.connection_id._l10n_no_banking_days()

    def _debit_tz(self):
        return ZoneInfo("Europe/Oslo") if self.scheme == SCHEME else super()._debit_tz()

    def _collection_request(self, order):
        request = super()._collection_request(order)
        if self.scheme != SCHEME:
            return request
        return replace(request, statement_text=self._statement_text(order))

    def _statement_text(self, order):
        if self.l10n_no_statement_text:
            return self.l10n_no_statement_text
        names = order.line_ids.invoice_id.mapped("name")
        return to_latin_1(names[0] or "")[:_STATEMENT_LENGTH] if names else ""
