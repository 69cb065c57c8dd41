"""Four months of the desk in Sweden: money comes by BgMax, from the banks' change on by camt.054,
and is paid back by pain.001."""

from datetime import date

from odoo.addons.membership_billing_nordic.tests.desk_bank import incoming
from odoo.addons.membership_billing_nordic.tests.desk_year import DeskYear
from odoo.tests import tagged

from .common import SwedenCommon

OWN = "50001111116"
CHANGE = date(2026, 11, 27)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSwedishDeskYear(DeskYear, SwedenCommon):
    members, start, months = 20, date(2026, 9, 7), 4
    # What this bank's files are about; the rest happens in the long year of Norway.
    has_to_happen = ("bank_file", "place", "payment_file", "bank_answer", "refund_back")

    def own_account(self):
        return OWN

    def account_of(self, number):
        """An IBAN with its check digits."""
        bban = f"500000000{number:011d}"
        # S is 28 and E 14.
        check = 98 - int(f"{bban}281400") % 97
        return f"SE{check:02d}{bban}"

    def bank_file(self, payments, day):
        """One section with one deposit."""
        if day >= CHANGE:
            rows = [(one.amount, one.reference, one.key) for one in payments]
            return incoming(OWN, "SEK", rows, day)
        number, when = next(self.numbers), f"{day:%Y%m%d}"
        rows = [
            f"200000000000{one.reference:>25}{int(one.amount * 100):018d}21{one.key:0>12}0"
            for one in payments
        ]
        total = int(sum(one.amount for one in payments) * 100)
        lines = [
            f"01{'BGMAX':<20}01{when}173035{number:06d}P",
            "050009912346          SEK",
            *rows,
            f"15{OWN:0>35}{when}{number:05d}{total:018d}SEK{len(rows):08d}",
            f"70{len(rows):08d}{0:08d}{0:08d}{1:08d}",
        ]
        return "".join(f"{line:<80}\r\n" for line in lines).encode("latin-1")

    def test_ledger_statements_and_bank_agree_after_each_step(self):
        self.play_years()
