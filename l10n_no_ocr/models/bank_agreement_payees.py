from odoo import models
from odoo.addons.membership_billing_nordic.formats.messages import BBAN
from odoo.addons.membership_billing_nordic.models.bank.payee_accounts import AccountKind
from stdnum.exceptions import ValidationError
from stdnum.no import kontonr


def account(text):
    """The eleven digits of an account number. Raises ``ValueError`` when it cannot be one."""
    digits = kontonr.compact(text or "")
    if len(digits) != 11:
        raise ValueError("account number: expected 11 digits")
    try:
        return kontonr.validate(digits)
    except ValidationError as error:
        raise ValueError("account number: wrong check digit") from error


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _payee_account_kinds(self):
        kinds = super()._payee_account_kinds()
        if self.company_id.country_id.code != "NO":
            return kinds
        label = self.env._("Norwegian account number")
        return {"bban": AccountKind(label, self.env._("11 digits"), account, BBAN), **kinds}
