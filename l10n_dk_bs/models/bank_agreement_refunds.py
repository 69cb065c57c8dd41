from dataclasses import replace

from odoo import models

from ..formats.address import address_lines, wrong_address
from ..formats.records_0602 import COMPLETED
from .bank_agreement import _street
from .bank_connection import SCHEME


class BankAgreement(models.Model):
    """Disbursements (sign 2): money to payers with a mandate, where the creditor's bank lets it go."""

    _inherit = "bank.agreement"

    def _can_refund_by_mandate(self):
        return self.scheme == SCHEME or super()._can_refund_by_mandate()

    def _is_payout(self, payment):
        is_dk = self.scheme == SCHEME and payment.bank_code == COMPLETED.code
        return (is_dk and payment.amount < 0) or super()._is_payout(payment)

    def _refund_request(self, refund, pay_date):
        request = super()._refund_request(refund, pay_date)
        if self.scheme != SCHEME:
            return request
        payer = refund.partner_id
        text = refund.with_context(lang=payer.lang or self.env.lang).env._(
            "Paid back to you, %(reference)s", reference=refund.reference
        )
        return replace(
            request,
            payer_street=_street(payer),
            payer_zip=payer.zip or "",
            payer_city=payer.city or "",
            payer_country=payer.country_id.code or "",
            lines=(text,),
        )


class BankRefund(models.Model):
    _inherit = "bank.refund"

    def _problem(self):
        problem = super()._problem()
        agreement = self.agreement_id
        is_dk = agreement.scheme == SCHEME and self.route == "mandate"
        if problem or not is_dk or agreement.l10n_dk_kind != "total":
            return problem
        request = agreement._refund_request(self, agreement._debit_today())
        if not any(wrong_address(request, address_lines(request))):
            return ""
        return self.env._(
            "The address of %(payer)s is not complete: Betalingsservice needs a street and a "
            "Danish postcode; abroad street, postcode, town and country, five lines with the name "
            "at most.",
            payer=self.partner_id.name,
        )
