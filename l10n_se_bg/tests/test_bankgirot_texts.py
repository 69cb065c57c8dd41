from odoo.tests import tagged

from ..formats import codes
from .common import SwedenCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankgirotTexts(SwedenCommon):
    """What formats say is said in words of ours, which can be translated."""

    def test_every_code_has_a_meaning(self):
        texts = {
            *codes.STOPPED.values(),
            *(f"{code} {text}" for code, text in codes.REFUNDS.items()),
            *codes.REJECTIONS.values(),
            *codes.REQUEST_TYPES.values(),
            *codes.REGISTER_STATES.values(),
            "paid out as ordered",
            "kept until it is due",
        }
        texts |= {
            f"{information}: {comment}" if comment else information
            for information in codes.MANDATE_INFORMATION.values()
            for comment in codes.MANDATE_COMMENTS.values()
        }
        texts |= {
            f"{change}: {comment}"
            for change in codes.CHANGES.values()
            for comment in codes.CHANGE_COMMENTS.values()
        }
        texts |= {
            f"{state} {origin}"
            for state in codes.REGISTER_STATES.values()
            for origin in codes.REGISTER_ORIGINS.values()
        }
        meanings = self.bankgiro._se_meanings()
        for text in texts:
            said = [self.bankgiro._se_known(meanings, part) for part in text.split(": ")]
            self.assertTrue(text in meanings or all(said), text)

    def test_meanings_are_put_together(self):
        for text, meaning in {
            "new mandate by the payee: accepted": "Your new mandate: accepted",
            "02 the mandate was withdrawn": "The payer had withdrawn the mandate (02)",
            "cancellation by the payer or the payer's bank: cancelled by the payer or the "
            "payer's bank": "Ended by the payer or the payer's bank",
            "something new": "something new",
            "": "",
        }.items():
            self.assertEqual(self.bankgiro._bank_meaning(text), meaning)

    def test_parts_of_files_have_names(self):
        total = self.env["bank.file.total"].new({"scope": "refund withdrawals"})
        self.assertEqual(total.part, "Withdrawals for refunds")
        self.assertEqual(
            self.env["bank.file"]._format_names()["se.bgmax"], "Payments into bankgiro (BgMax)"
        )
