from datetime import date

from odoo.addons.membership_billing_nordic.tests.transfer_common import TransferRounds
from odoo.tests import tagged

from .common import SwedenCommon

OWN = "50001111116"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestRefundTransfer(TransferRounds, SwedenCommon):
    """Without a mandate the money goes to a bankgiro, a plusgiro or an account."""

    def test_every_kind_of_account_is_paid_and_booked(self):
        self._begin_transfers(self.bankgiro, OWN)
        places = {"city": "Umeå", "country_id": self.env.ref("base.se").id}
        accounts = {
            "5050-1055": ("bankgiro", "50501055", "BGNR", ("SESBA", "9900")),
            "4 10 54-8": ("plusgiro", "410548", "BBAN", ("SESBA", "9960")),
            "5000-1111116": ("bban", "50001111116", "BBAN", ("", "")),
            "SE45 5000 0000 0583 9825 7466": ("iban", "SE4550000000058398257466", "IBAN", ("", "")),
        }
        refunds = self.env["bank.refund"]
        for number, typed in enumerate(accounts):
            payer = self._payer(f"Åsa {number}", **places)
            refunds += self._refund(payer, 100.25 + number, account_typed=typed)
        expected = [kind for kind, *_rest in accounts.values()]
        self.assertEqual(refunds.mapped("account_kind"), expected)
        order = self.assert_round(refunds, date(2026, 9, 2), 407.0)
        self.assertEqual(
            [(each.account, each.scheme, each.clearing) for each in order.transfers],
            [tuple(rest) for _kind, *rest in accounts.values()],
        )
        # Once approved, a giro number is known again by the way it is written.
        payer = refunds[0].partner_id
        again = self._refund(payer, 50)
        self.assertEqual((again.account_kind, again.account_source), ("bankgiro", "known"))
