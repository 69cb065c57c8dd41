from datetime import date, datetime
from unittest.mock import patch

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

    # Other programs

    def _asked(self, **more):
        row = {"payer_id": self._payer("Bo Øst").id, "agreement": self.bs.number} | more
        return row | {"state": "requested"}

    def test_another_program_asks_for_a_mandate(self):
        row = self._asked(identity="010180-0000", account="9999 0001234567")
        api = self.env["billing.api"]
        [answer] = api.upsert_mandates([row])
        self.assertEqual(answer["outcome"], "created")
        mandate = self.env["direct.debit.mandate"].browse(answer["mandate_id"])
        self.assertRecordValues(
            mandate,
            [
                {
                    "state": "requested",
                    "l10n_dk_identity": "0101800000",
                    "l10n_dk_account": "99990001234567",
                    "partner_bank_id": False,
                }
            ],
        )
        (record,) = self._requests(self._file())
        self.assertEqual(record[61:99], f"0101800000{'':10}9999{'':4}0001234567")
        self.assertNotIn("010180", str(api.list_mandates(payer_id=row["payer_id"])))
        self.assertEqual(api.upsert_mandates([row])[0]["outcome"], "unchanged")
        answer = self._notice("0231", mandate.payer_number, "000000051")
        self._receive("0603", ("0212", [answer], 0))
        self.assertEqual(
            api.upsert_mandates([row | {"state": "active"}])[0]["outcome"], "unchanged"
        )
        self.assertFalse(mandate.l10n_dk_identity or mandate.l10n_dk_account)

    def test_what_another_program_leaves_out_or_mistypes_is_told_without_its_numbers(self):
        api = self.env["billing.api"]
        for facts, expected in (
            ({}, "Enter CPR or CVR number and account"),
            ({"identity": "0101800000"}, "Enter CPR or CVR number and account"),
            ({"identity": "01018000", "account": "99990001234567"}, "has 10 digits"),
            ({"identity": "0101800000", "account": "9999X0001234567"}, "4 digits"),
        ):
            with self.subTest(**facts):
                [answer] = api.upsert_mandates([self._asked(**facts)])
                self.assertEqual((answer["outcome"], answer["mandate_id"]), ("error", 0))
                self.assertIn(expected, answer["error"])
                for number in facts.values():
                    self.assertNotIn(number, answer["error"])
        row = self._asked(identity="0101800000") | {"agreement": self.agreement.number}
        self.agreement.debit_out = True
        [answer] = api.upsert_mandates([row | {"state": "draft"}])
        self.assertIn("identity", answer["error"])

    def test_a_draft_is_asked_for_not_doubled(self):
        row = self._asked(identity="0101800000", account="99990001234567")
        api = self.env["billing.api"]
        [draft] = api.upsert_mandates([row | {"state": "draft"}])
        [asked] = api.upsert_mandates([row])
        self.assertEqual((asked["mandate_id"], asked["outcome"]), (draft["mandate_id"], "updated"))

    def test_what_the_database_refuses_is_logged_without_personal_numbers(self):
        cursor = type(self.env.cr)
        queries = []
        execute = cursor.execute

        def noted(cr, query, *args, **kwargs):
            queries.append(str(getattr(query, "params", query)) + str(args))
            return execute(cr, query, *args, **kwargs)

        with patch.object(cursor, "execute", noted):
            self.env["billing.api"].upsert_mandates(
                [self._asked(identity="0101800000", account="99990001234567")]
            )
            self.env.flush_all()
        [kept] = [query for query in queries if "0101800000" in query]
        self.assertNotIn("requested", kept)

    def test_a_payer_who_moves_to_another_bank_is_collected_from_on(self):
        end = self._notice("0232", self.mandate.payer_number, "000000019", last="301126")
        begin = self._notice("0231", self.mandate.payer_number, "000000043", first="011226")
        self._receive("0603", ("0212", [end, begin], 0))
        self.assertRecordValues(
            self.mandate,
            [{"state": "active", "number": "000000043", "valid_to": False}],
        )
        self.assertTrue(self.mandate._covers(date(2026, 12, 1)))
