from odoo import Command
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.membership_billing_nordic.tests.common import BillingCommon

ACCOUNT, OTHER_ACCOUNT = "99991042764", "86011117947"


class NorwayCommon(BillingCommon):
    """A Norwegian company with an OCR giro agreement beside the neutral one of BillingCommon."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("no")
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls.env["bank.connection"].create(
            {"name": "Nets", "scheme": "no_nets", "customer_number": "00123456"}
        )
        cls.kid_agreement = cls._agreement(OTHER_ACCOUNT)
        cls.sale_journal.mbn_agreement_id = cls.kid_agreement

    @classmethod
    def _layout(cls, **vals):
        return Command.create({"payer_digits": 7, "serial_digits": 7} | vals)
