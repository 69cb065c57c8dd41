from datetime import date, datetime

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CREDITOR, GROUP, DenmarkCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBetalingsserviceRequests(DenmarkCommon):
    """Ends and changes of mandates by delivery 0605, behind a setting."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mandate = cls._mandate(cls.partner)
        cls.bs.l10n_dk_cancellations = True

    def _file(self, day=16):
        """The file of requests of a day, sent."""
        self.frozen.move_to(datetime(2026, 10, day, 12, 0))
        file = self.connection._make_mandate_file()
        file and file._mark_sent()
        return file

    def _requests(self, file):
        return [line for line in self._lines(file) if line[2:5] == "042"]

    def test_cancellations_are_sent_by_setting_only(self):
        self.bs.l10n_dk_cancellations = False
        self.frozen.move_to(datetime(2026, 10, 15, 6, 0))
        self.mandate.action_cancel()
        self.assertFalse(self._file())
        self.bs.l10n_dk_cancellations = True
        other = self._mandate(self._payer("Bo Øst"), "000000027")
        other.action_cancel()
        (record,) = self._requests(self._file(19))
        self.assertEqual((record[13:17], record[40:49]), ("0257", "000000027"))

    def test_a_mandate_ends_and_another_is_asked_for_in_one_file(self):
        self.mandate.action_cancel()
        draft = self.env["direct.debit.mandate"].create(
            {
                "agreement_id": self.bs.id,
                "partner_id": self.partner.id,
                "l10n_dk_identity": "0101800000",
                "l10n_dk_account": "99991234567",
            }
        )
        draft.action_request()
        codes = [line[13:17] for line in self._requests(self._file())]
        self.assertEqual(codes, ["0257", "0200"])

    def test_another_customer_number_is_asked_for_and_holds_when_it_is_confirmed(self):
        old = self.mandate.payer_number
        self.mandate.new_payer_number = "00medlem7"
        self.assertTrue(self.mandate.waits_for_file)
        file = self._file()
        (record,) = self._requests(file)
        self.assertEqual(
            record[:76],
            f"BS042{CREDITOR}0272000{GROUP}{old:0>15}000000019161026000000{'MEDLEM7':0>15}",
        )
        self.assertEqual((self.mandate.change_file_id, self.mandate.payer_number), (file, old))
        self.assertEqual(self.bs._payers_by_number(["MEDLEM7"]), {"MEDLEM7": self.partner})
        self._receive("0603", ("0212", [self._notice("0231", "MEDLEM7", "000000019")], 0))
        self.assertRecordValues(
            self.mandate,
            [
                {
                    "state": "active",
                    "payer_number": "MEDLEM7",
                    "new_payer_number": False,
                    "waits_for_file": False,
                }
            ],
        )
        self.assertEqual(self.bs._payer_numbers(self.partner)[self.partner.id], "MEDLEM7")
        self.assertEqual(self.bs._payers_by_number([old]), {old: self.partner})

    def test_a_new_number_may_come_as_another_mandate(self):
        old = self.mandate.payer_number
        self.mandate.new_payer_number = "MEDLEM7"
        self._file()
        answers = [
            self._notice("0233", old, "000000019", last="151026"),
            self._notice("0231", "MEDLEM7", "000000043"),
        ]
        self._receive("0603", ("0212", answers, 0))
        self.assertRecordValues(
            self.env["direct.debit.mandate"].search([("partner_id", "=", self.partner.id)]),
            [
                {"state": "active", "payer_number": "MEDLEM7", "number": "000000043"},
                {"state": "cancelled", "payer_number": old, "number": "000000019"},
            ],
        )

    def test_the_number_a_payer_had_before_can_come_back(self):
        old = self.mandate.payer_number
        for number in ("MEDLEM7", old):
            notice = self._notice("0231", number, "000000019")
            self._receive("0603", ("0212", [notice], 0))
            self.assertEqual(self.mandate.payer_number, number)
            self.assertEqual(self.bs._payer_numbers(self.partner)[self.partner.id], number)

    def test_numbers_that_cannot_be_asked_for_are_refused(self):
        other = self._mandate(self._payer("Bo Øst"), "000000027")
        for number, why in (
            (other.payer_number, "somebody else"),
            (self.mandate.payer_number, "already"),
            ("MEDLEM-7", "15 digits and letters"),
        ):
            with self.assertRaisesRegex(UserError, why), self.cr.savepoint():
                self.mandate.new_payer_number = number
        self.bs.l10n_dk_cancellations = False
        with self.assertRaisesRegex(UserError, "cannot be asked"), self.cr.savepoint():
            self.mandate.new_payer_number = "MEDLEM7"
        self.assertFalse(self._file())

    def test_a_change_is_given_up_or_goes_again_with_the_next_file(self):
        self.mandate.new_payer_number = "MEDLEM7"
        file = self._file()
        file._on_rejected("")
        self.assertEqual((self.mandate.hold, self.mandate.change_file_id.id), ("rejected", False))
        self.mandate.action_release()
        again = self._file(19)
        self.assertEqual(self.mandate.change_file_id, again)
        self.mandate.action_keep_number()
        self.assertFalse(self.mandate.waits_for_file)
        self.assertFalse(self._file(20))

    def test_a_payer_who_moves_to_another_bank_is_collected_from_on(self):
        end = self._notice("0232", self.mandate.payer_number, "000000019", last="301126")
        begin = self._notice("0231", self.mandate.payer_number, "000000043", first="011226")
        self._receive("0603", ("0212", [end, begin], 0))
        self.assertRecordValues(
            self.mandate,
            [{"state": "active", "number": "000000043", "valid_to": False}],
        )
        self.assertTrue(self.mandate._covers(date(2026, 12, 1)))
