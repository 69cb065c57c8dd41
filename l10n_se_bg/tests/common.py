from odoo import Command
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.membership_billing_nordic.tests.common import BillingCommon

ACCOUNT, OTHER_ACCOUNT = "5000-1111116", "8327-9, 123 456 789-7"
BANKGIRO, OTHER_BANKGIRO = "991-2346", "5050-1055"


class SwedenCommon(BillingCommon):
    """A Swedish company with a bankgiro number beside the neutral agreement of BillingCommon."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("se")
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls.env["bank.connection"].create(
            {"name": "Bankgirot", "scheme": "se_bankgirot", "customer_number": "471117"}
        )
        cls.bankgiro = cls._agreement(ACCOUNT, number=BANKGIRO)
        cls.sale_journal.mbn_agreement_id = cls.bankgiro

    @classmethod
    def _layout(cls, **vals):
        return Command.create({"payer_digits": 6, "serial_digits": 5} | vals)
