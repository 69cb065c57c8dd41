from datetime import datetime

from odoo.tests import tagged

from .common import CREDITOR, GROUP, DenmarkCommon

CPR = "0101800000"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBetalingsserviceNotices(DenmarkCommon):
    """What deliveries without results or mandates say (0621, 0686 and others)."""

    def _requested(self):
        """A mandate that Betalingsservice was asked for."""
        mandate = self.env["direct.debit.mandate"].create(
            {
                "agreement_id": self.bs.id,
                "partner_id": self._payer("Bo Øst").id,
                "l10n_dk_identity": CPR,
                "l10n_dk_account": "99991234567",
            }
        )
        mandate.action_request()
        self.frozen.move_to(datetime(2026, 10, 16, 12, 0))
        self.connection._make_mandate_file()._mark_sent()
        return mandate

    def test_an_error_rejects_the_mandate_that_was_asked_for(self):
        mandate = self._requested()
        file = self._receive_list(self._echo(mandate.payer_number, "030001"))
        self.assertRecordValues(
            mandate,
            [
                {
                    "state": "rejected",
                    "ended_meaning": "Betalingsservice refused the registration, text number 030001",
                    "l10n_dk_identity": False,
                    "l10n_dk_account": False,
                }
            ],
        )
        self.assertRecordValues(
            mandate.event_ids,
            [{"event": "answer_rejected", "bank_code": "030001", "file_id": file.id}],
        )
        self.assertEqual(file.connection_id, self.connection)
        stored = self.env["bank.mandate.event"].search_read([("file_id", "=", file.id)])
        self.assertNotIn(CPR, str(stored) + "".join(map(str, file.message_ids.mapped("body"))))

    def test_an_error_leaves_a_mandate_alone_that_holds_meanwhile(self):
        mandate = self._requested()
        answer = self._notice("0231", mandate.payer_number, "000000051")
        self._receive("0603", ("0212", [answer], 0))
        self._receive_list(self._echo(mandate.payer_number, "030001"))
        self.assertEqual(mandate.state, "active")
        [told] = self.env["billing.exception"].search([("kind", "=", "mandate_refused")])
        self.assertIn("text number 030001", told.name)

    def test_remarks_and_information_are_on_the_file_and_on_the_mandate(self):
        mandate = self._requested()
        records = [self._echo(mandate.payer_number, text) for text in ("020017", "010001")]
        file = self._receive_list(*records, state="needs_review")
        self.assertRecordValues(
            file.notice_ids,
            [
                {
                    "record": record,
                    "kind": kind,
                    "bank_code": code,
                    "partner_id": mandate.partner_id.id,
                    "agreement_id": self.bs.id,
                }
                for record, kind, code in ((2, "remark", "020017"), (3, "information", "010001"))
            ],
        )
        self.assertRecordValues(
            file,
            [{"notice_count": 2, "warning_count": 1, "error_count": 0, "payment_count": 0}],
        )
        self.assertEqual((file.connection_id, file.issue_ids.ids), (self.connection, []))
        self.assertEqual(mandate.state, "requested")
        self.assertEqual(mandate.notice_ids, file.notice_ids)
        self.assertIn("020017", file.notice_ids[0].raw_record)

    def test_information_needs_nobody_to_look(self):
        mandate = self._requested()
        file = self._receive_list(self._echo(mandate.payer_number, "010001"))
        self.assertEqual((file.state, len(file.notice_ids)), ("booked", 1))

    def test_records_that_nobody_knows_are_kept_as_they_are(self):
        record = f"BS052{CREDITOR}0299000{GROUP}Betalingsaftale er ændret"
        file = self._receive_list(record)
        self.assertRecordValues(
            file.notice_ids,
            [{"record": 2, "kind": "information", "raw_record": record, "partner_id": False}],
        )

    def test_slips_that_did_not_arrive_want_a_person(self):
        payer = self._payer("Bo Øst")
        number = self.bs._payer_numbers(payer)[payer.id]
        slip = f"BS042{CREDITOR}027500000{GROUP}{number:0>15}{'':9}02112026"
        lines = [f"BS012{CREDITOR}0199     {GROUP}", slip, f"BS092{CREDITOR}0199"]
        file = self._receive_list(*lines, kind="0686", state="needs_review")
        self.assertRecordValues(
            file.notice_ids,
            [
                {
                    "kind": "error",
                    "meaning": "Payment slip undeliverable",
                    "partner_id": payer.id,
                }
            ],
        )
        file.action_reviewed()
        self.assertEqual(file.state, "booked")

    def test_a_file_that_is_read_again_tells_the_same_once(self):
        mandate = self._requested()
        file = self._receive_list(self._echo(mandate.payer_number, "020017"), state="needs_review")
        file.action_process_again()
        self.assertTrue(file._process())
        self.assertEqual(len(file.notice_ids), 1)

    def test_agreements_on_electronic_slips_are_told_and_are_no_mandates(self):
        payer = self._payer("Bo Øst")
        number = self.bs._payer_numbers(payer)[payer.id]
        records = [self._notice("0230", number, "999999999")]
        file = self._receive("0603", ("0219", records, 0))
        self.assertEqual(file.notice_ids.meaning, "Electronic payment slips: Active")
        self.assertFalse(self.env["direct.debit.mandate"].search([("partner_id", "=", payer.id)]))
