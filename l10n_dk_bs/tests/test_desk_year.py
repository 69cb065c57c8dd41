"""Half a year of the desk in Denmark: payment slips are paid (delivery 0602, section 0215), and
money is paid back by pain.001."""

from odoo.addons.membership_billing_nordic.tests.desk_year import DeskYear
from odoo.tests import tagged

from .common import ACCOUNT, CREDITOR, GROUP, SUPPLIER, DenmarkCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDanishDeskYear(DeskYear, DenmarkCommon):
    members, months = 30, 6
    # What this bank's files are about; the rest happens in the long year of Norway.
    has_to_happen = ("bank_file", "place", "payment_file", "bank_answer", "refund_back")

    def own_account(self):
        return ACCOUNT

    def account_of(self, number):
        return f"5479{number:010d}"

    def bank_file(self, payments, day):
        """One delivery with one section of slips of card type 71."""
        number, when = next(self.numbers), f"{day:%d%m%y}"
        rows = []
        for one in payments:
            ore = int(one.amount * 100)
            archive = f"9999{day:%Y%m%d}{one.key:0>10}"
            rows.append(
                f"BS042{CREDITOR}0297000{GROUP}0000{one.reference:0>15}71000000{when}1{ore:013d}"
                f"{'':9}{archive}{when}{when}{ore:013d}"
            )
        total = int(sum(one.amount for one in payments) * 100)
        frame = f"{SUPPLIER}BS10602"
        lines = [
            f"BS002{frame}{number:010d}{'':19}{when}",
            f"BS012{CREDITOR}0215000{GROUP}{'':24}{when}",
            *rows,
            f"BS092{CREDITOR}0215000{GROUP}{'':6}{len(rows):011d}{total:015d}{0:011d}{'':15}"
            f"{0:011d}",
            f"BS992{frame}{1:011d}{len(rows):011d}{total:015d}{0:011d}{0:015d}{0:011d}{0:034d}",
        ]
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1")

    def test_ledger_statements_and_bank_agree_after_each_step(self):
        self.play_years()
