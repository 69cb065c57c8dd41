"""A year of the desk in Norway: money comes by OCR giro and is paid back by pain.001."""

from odoo.addons.membership_billing_nordic.tests.desk_year import DeskYear
from odoo.tests import tagged

from .common import OTHER_ACCOUNT, NorwayCommon

_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestNorwegianDeskYear(DeskYear, NorwayCommon):
    names_accounts = True

    def own_account(self):
        return OTHER_ACCOUNT

    def account_of(self, number):
        """The next number of a bank with a check digit of modulus 11."""
        while True:
            digits = f"1111{number:06d}"
            control = -sum(map(int.__mul__, _WEIGHTS, map(int, digits))) % 11
            if control < 10:
                return f"{digits}{control}"
            number += 500_000

    def bank_file(self, payments, day):
        """OCR giro: one assignment whose payments are one sum on the statement."""
        number, when = next(self.numbers), f"{day:%d%m%y}"
        rows = []
        for serial, payment in enumerate(payments, 1):
            ore = int(payment.amount * 100)
            rows += [
                f"NY091030{serial:07d}{when}01{day:%d}1{number:05d}0{ore:017d}"
                f"{payment.reference:>25}",
                f"NY091031{serial:07d}{'':0<10}{payment.key[-9:]:0>9}{'':0<7}{when}"
                f"{payment.account}",
            ]
        total = int(sum(payment.amount for payment in payments) * 100)
        counts = f"{len(payments):08d}", f"{total:017d}"
        lines = [
            f"NY00001000008080{number:07d}00123456",
            f"NY090020{self.paying.number}{number:07d}{OTHER_ACCOUNT}",
            *rows,
            f"NY090088{counts[0]}{len(rows) + 2:08d}{counts[1]}{when * 3}",
            f"NY000089{counts[0]}{len(rows) + 4:08d}{counts[1]}{when}",
        ]
        return "".join(f"{line:0<80}\r\n" for line in lines).encode("latin-1")

    def test_ledger_statements_and_bank_agree_after_each_step(self):
        self.play_years()
