from odoo import models
from odoo.addons.membership_billing_nordic.formats.messages import BBAN
from odoo.addons.membership_billing_nordic.models.bank.payee_accounts import AccountKind

from ..formats.accounts import account_parts


def account(text):
    """Registration number and account as 14 digits. Raises ``ValueError`` when it is neither."""
    parts = account_parts(text or "")
    if not parts or (text or "").strip()[:1].isalpha():
        raise ValueError("account: expected 4 digits and up to 10")
    return "".join(parts)


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _payee_account_kinds(self):
        kinds = super()._payee_account_kinds()
        if self.company_id.country_id.code != "DK":
            return kinds
        label = self.env._("Danish registration and account number")
        hint = self.env._("4 digits, then up to 10")
        return {"bban": AccountKind(label, hint, account, BBAN), **kinds}
