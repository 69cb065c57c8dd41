from datetime import date

from odoo.addons.membership_billing_nordic.tests.transfer_common import TransferRounds
from odoo.tests import tagged

from .common import ACCOUNT, DenmarkCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestRefundTransfer(TransferRounds, DenmarkCommon):
    def test_registration_and_account_number_are_paid_and_booked(self):
        self._begin_transfers(self.bs, ACCOUNT)
        self.bs.transfer_batch_booking = True
        other = self._payer("Bo", city="Vejle", country_id=self.env.ref("base.dk").id)
        refunds = self._refund(self.partner, 149.95, account_typed="5479 1234567")
        refunds += self._refund(other, 50.05, account_typed="DK50 0040 0440 1162 43")
        order = self.assert_round(refunds, date(2026, 10, 16), 200.0)
        self.assertEqual(
            [(each.account, each.scheme, str(each.amount)) for each in order.transfers],
            [("54790001234567", "BBAN", "149.95"), ("DK5000400440116243", "IBAN", "50.05")],
        )
