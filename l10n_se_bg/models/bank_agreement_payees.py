import re

from odoo import api, fields, models
from odoo.addons.membership_billing_nordic.formats.messages import BBAN
from odoo.addons.membership_billing_nordic.models.bank.payee_accounts import AccountKind

from ..formats.accounts import account_typed
from ..formats.giro_accounts import BANKGIRO, PLUSGIRO, bankgiro, plusgiro

# How people write them; without signs a number alone does not tell.
_WRITTEN_BANKGIRO = re.compile(r"\s*\d{3,4}-\d{4}\s*", re.ASCII)
_WRITTEN_PLUSGIRO = re.compile(r"\s*[\d ]+-\d\s*", re.ASCII)
# Country, check digits and the three digits of the bank.
_IBAN_BANK = re.compile(r"^SE\d{5}", re.ASCII)
_SHORTEST = 11  # four digits of clearing number and seven of account


def account(text):
    """Clearing number and account. Raises ``ValueError`` when it cannot be one."""
    found = account_typed(text or "")
    if found.is_valid is False or len(found.clearing + found.account) < _SHORTEST:
        raise ValueError("account number: wrong check digit")
    return found.clearing + found.account


def _bankgiro_shown(number):
    return f"{number[:-4]}-{number[-4:]}"


def _plusgiro_shown(number):
    return f"{number[:-1]}-{number[-1]}"


class BankRefund(models.Model):
    _inherit = "bank.refund"

    account_kind = fields.Selection(
        selection_add=[("bankgiro", "Bankgiro"), ("plusgiro", "Plusgiro")],
        ondelete={"bankgiro": "set null", "plusgiro": "set null"},
    )


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _payee_account_kinds(self):
        kinds = super()._payee_account_kinds()
        if self.company_id.country_id.code != "SE":
            return kinds
        of = self.env._
        return {
            "bban": AccountKind(
                of("Swedish bank account"), of("Clearing number, then account"), account, BBAN
            ),
            "bankgiro": AccountKind(
                of("Bankgiro"), of("As 123-4567"), bankgiro, BANKGIRO, _bankgiro_shown
            ),
            "plusgiro": AccountKind(
                of("Plusgiro"), of("As 12 34 56-7"), plusgiro, PLUSGIRO, _plusgiro_shown
            ),
            **kinds,
        }

    @api.model
    def _with_account(self, companies, account):
        """Clearing number and account stand together in camt, apart by zeros in other files."""
        found = super()._with_account(companies, account)
        number = _IBAN_BANK.sub("", account).lstrip("0")
        if found or not number.isdigit():
            return found
        try:
            return super()._with_account(companies, account_typed(number).in_files)
        except ValueError:
            return found

    def _read_payee_account(self, text):
        for kind, pattern in (("bankgiro", _WRITTEN_BANKGIRO), ("plusgiro", _WRITTEN_PLUSGIRO)):
            account_kind = self._payee_account_kinds().get(kind)
            if account_kind and pattern.fullmatch(text or ""):
                try:
                    return kind, account_kind.read(text)
                except ValueError:
                    return False, ""
        return super()._read_payee_account(text)
