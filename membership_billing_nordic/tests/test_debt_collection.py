"""What reminders did not bring goes to an agency: files, answers, corrections, money."""

import json
import tempfile
from datetime import date
from pathlib import Path
from unittest.mock import patch

import psycopg2
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.bank.bank_channel import FOLDER_PARAMETER
from .bank_file_common import BankFileCommon
from .dunning_common import DunningCommon
from .membership_common import MembershipCommon

CASE_DAY = (2026, 10, 15)  # the notice of 30 September gave until the 14th


class CollectionCommon(DunningCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._law(cls.land, {"hand_over_needs_notice": 1})
        cls.agency = cls.env["debt.collection.agency"].create(
            {
                "name": "Collect Ltd",
                "partner_id": cls.env["res.partner"].create({"name": "Collect Ltd"}).id,
                "creditor_number": "4711",
            }
        )
        cls.policy.agency_id = cls.agency
        cls.payer.write(
            {"street": "Storgata 1", "zip": "0155", "city": "Oslo", "vat": "01017012345"}
        )

    def setUp(self):
        super().setUp()
        # What letters look like is no matter here, and takes a second or two each.
        letters = type(self.env["dunning.letter"])
        self.startPatcher(
            patch.object(letters, "_render", lambda self: self.write({"content": b"UERG"}))
        )

    def _noticed(self, *amounts):
        """Invoices for which all letters were sent; the deadline was yesterday."""
        invoices = self.env["account.move"].union(
            *(self._due(amount, due="2026-09-01") for amount in amounts or (1000.0,))
        )
        self._send()
        self._at(2026, 9, 30)
        self._send()
        self._at(*CASE_DAY)
        return invoices

    def _propose(self):
        action = self.agency.action_propose()
        return self.env["debt.collection.file"].browse(action["res_id"])

    def _hand_over(self):
        """The case of one payer, in a file that was delivered by hand."""
        file = self._propose()
        file.action_approve()
        file.action_download()
        file.action_delivered()
        return file.case_ids

    def _records(self, file):
        lines = file.sudo()._bytes().decode().splitlines()
        return [json.loads(line) for line in lines][1:-1]

    def _answer(self, case, kind, message="A1", **values):
        record = {"type": "answer", "message_id": message, "our_case_ref": case.name, "kind": kind}
        content = json.dumps(record | values).encode() + b"\n"
        return self._read(content)

    def _read(self, content):
        return (
            self.env["debt.collection.file"]
            .sudo()
            ._receive(self.agency.sudo(), "answers.jsonl", content)
        )

    def _tell(self):
        """The corrections that the scheduled action makes now."""
        known = self.env["debt.collection.file"].search([("kind", "=", "corrections")])
        self.env["debt.collection.file"].sudo()._cron_work()
        file = self.env["debt.collection.file"].search([("kind", "=", "corrections")]) - known
        return self._records(file) if file else []

    def _desk(self, record, kind):
        return self.env["billing.exception"]._open_rows(record, f"debt_collection_{kind}")

    def _decide(self, action, **vals):
        self.env["debt.collection.decide"].with_context(**action["context"]).create(
            vals
        ).action_decide()


@tagged("post_install", "-at_install")
class TestDebtCollection(CollectionCommon):
    def test_what_was_not_paid_is_handed_over_after_approval(self):
        invoice = self._noticed()
        claim = self._claim(invoice)
        self._at(2026, 10, 14)
        self.assertFalse(self._propose().case_ids, "the last day to pay counts")
        self._at(*CASE_DAY)
        self.env["debt.collection.file"].sudo()._cron_daily()
        self.assertTrue(claim.is_ready)
        self.assertIn("1 claims are ready", self._desk(self.agency, "ready").name)
        file = self._propose()
        case = file.case_ids
        self.assertRecordValues(
            case, [{"state": "proposed", "principal": 1000.0, "fee": 76.0, "interest": 14.77}]
        )
        self.assertFalse(self._desk(self.agency, "ready"))
        self.assertIn("1 cases", self._desk(file, "waiting").name)
        self.assertEqual(claim.state, "noticed", "nobody was handed over yet")

        file.action_approve()
        self.assertEqual(
            (file.state, case.state, claim.state), ("queued", "approved", "collection")
        )
        self.assertTrue(self._desk(file, "deliver"))
        (record,) = self._records(file)
        owed = record["claims"][0]
        self.assertEqual(
            (owed["principal_open"], owed["fee_open"], owed["interest_to_date"]),
            ("1000.00", "76.00", "14.77"),
            "44 days at 12.25 %",
        )
        self.assertEqual((owed["interest_rate"], owed["interest_from"]), ("12.25", "2026-10-16"))
        self.assertEqual(record["notice_deadline"], "2026-10-14")
        self.assertEqual([letter["type"] for letter in record["letters"]], ["reminder", "notice"])
        self.assertNotIn("identity_no", record, "persons' numbers only where the agency may")
        with self.assertRaises(UserError):
            file.action_delivered()
        file.action_download()
        file.action_delivered()
        self.assertRecordValues(case, [{"state": "handed_over", "handed_over_on": date(*CASE_DAY)}])
        self.assertFalse(self._desk(file, "deliver"))

    def test_nothing_else_happens_while_an_agency_has_it(self):
        invoice = self._noticed()
        self.assertEqual(self.agreement._debit_invoices(invoice), invoice)
        self._hand_over()
        claim = self._claim(invoice)
        self.assertEqual((claim.next_level_id.id, claim.case_id.state), (False, "handed_over"))
        self.assertFalse(invoice._has_to_be_paid())
        self.assertIn("collection agency", invoice._get_online_payment_error())
        self.assertFalse(self.agreement._debit_invoices(invoice))
        self.assertFalse(self._propose().case_ids, "not a second time")
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            claim.case_line_ids.sudo().copy()

    def test_what_is_paid_or_disputed_before_approval_is_left_out(self):
        first, second = self._noticed(600.0, 400.0)
        file = self._propose()
        self.assertEqual(len(file.case_ids.line_ids), 2, "one case for a payer")
        self._claim(first).sudo().write({"is_disputed": True, "hold_reason": "No"})
        file.action_approve()
        self.assertEqual(file.case_ids.line_ids.invoice_id, second)
        self.assertEqual(self._claim(first).not_ready_reason, "disputed")
        self.assertEqual(self._claim(first).state, "noticed")
        file.action_discard()
        self.assertRecordValues(file.case_ids, [{"state": "cancelled", "is_open": False}])
        self.assertEqual(self._claim(second).state, "noticed")

    def test_small_debts_and_missing_notices_stay(self):
        invoice = self._noticed()
        self.agency.minimum = 1000.01
        file = self._propose()
        self.assertFalse(file.case_ids)
        self.assertEqual(file.left_out_ids.not_ready_reason, "payer_small")
        self.agency.write({"minimum": 0.0, "least_letters": 3})
        file.action_refresh_preview()
        self.assertEqual(self._claim(invoice).not_ready_reason, "few_letters")
        with self.assertRaises(UserError):
            file.action_approve()

    def test_receipts_number_or_refuse_the_case(self):
        invoice = self._noticed()
        case = self._hand_over()
        self._answer(case, "accepted", agency_case_no="77-1")
        self.assertRecordValues(case, [{"state": "at_agency", "agency_case_no": "77-1"}])
        self._answer(case, "payment", "A2", principal="250.00", costs="40.00", net_paid="210.00")
        again = self._answer(case, "payment", "A2", principal="250.00", text="again")
        self.assertEqual((case.reported, again.problem), (250.0, False), "each message once")
        self._answer(case, "plan", "A3", plan_count=3, plan_amount="250.00")
        self.assertIn("3 payments", case.plan_text)
        self._answer(case, "closed", "A4", code="returned", text="Moved away")
        self.assertRecordValues(case, [{"state": "closed", "close_code": "returned"}])
        claim = self._claim(invoice)
        self.assertRecordValues(claim, [{"state": "noticed", "is_returned": True}])
        self.assertTrue(self._desk(case, "over"))
        self.assertFalse(self._propose().case_ids, "a person has to say so")
        case.action_collect_again()
        self.assertFalse(self._desk(case, "over"))
        file = self._propose()
        self.assertEqual(file.case_ids.line_ids.claim_id, claim)

    def test_a_refused_case_is_on_the_desk_and_numbers_are_typed(self):
        self._noticed()
        case = self._hand_over()
        self._answer(case, "rejected", code="address", text="Unknown")
        self.assertRecordValues(case, [{"state": "rejected", "close_reason": "address Unknown"}])
        self.assertIn("address Unknown", self._desk(case, "refused").name)
        case.action_collect_again()
        second = self._hand_over()
        self._decide(second.action_accepted(), number="88")
        self.assertRecordValues(second, [{"state": "at_agency", "agency_case_no": "88"}])
        self._decide(second.action_close(), code="paid")
        self.assertEqual(second.close_code, "paid")

    def test_bad_answers_are_on_the_desk(self):
        self._noticed()
        case = self._hand_over()
        content = (
            b'{"type":"answer","message_id":"1","our_case_ref":"X","kind":"accepted"}\n'
            b'{"type":"answer","message_id":"2","our_case_ref":"%s","kind":"gone"}\n'
            b'{"type":"answer","message_id":"3","our_case_ref":"%s","kind":"accepted"}\n'
        )
        file = self._read(content % (case.name.encode(), case.name.encode()))
        self.assertEqual(case.state, "at_agency")
        self.assertEqual(len(file.problem.split("\n")), 2)
        self.assertTrue(self._desk(file, "trouble"))
        self.assertEqual(self._read(b"nothing").state, "refused")
        file.action_problem_read()
        self.assertFalse(self._desk(file, "trouble"))

    def test_what_changes_here_is_told_once(self):
        invoice = self._noticed()
        claim = self._claim(invoice)
        case = self._hand_over()
        self.assertEqual(self._tell(), [])
        credit = self._pay(invoice, 300.0)
        (told,) = self._tell()
        self.assertEqual(
            (told["kind"], told["principal"], told["invoice_no"], told["message_id"]),
            ("payment", "300.00", invoice.name, f"{case.name}/1"),
        )
        self.assertEqual(self._tell(), [])
        credit.remove_move_reconcile()
        (told,) = self._tell()
        self.assertEqual((told["kind"], told["principal"]), ("payment", "-300.00"))
        (credit + claim.move_line_id).reconcile()
        self.assertEqual(self._tell()[0]["principal"], "300.00")

        claim.sudo().write({"is_disputed": True, "hold_reason": "Never ordered"})
        self.payer.street = "Lillegata 2"
        told = {one["kind"]: one for one in self._tell()}
        self.assertEqual(set(told), {"dispute", "address"})
        self.assertEqual(told["dispute"]["reason"], "Never ordered")
        self.assertEqual(told["address"]["street"], "Lillegata 2")
        claim.letter_line_ids.sudo()._cancel(["fee"], "Our mistake")
        refund = invoice._reverse_moves([{"invoice_date": date(*CASE_DAY)}])
        refund.action_post()
        refunded = refund.line_ids.filtered(lambda line: line.display_type == "payment_term")
        (refunded + claim.move_line_id).reconcile()
        (told,) = self._tell()
        self.assertEqual(
            (told["kind"], told["principal"], told["fee"]), ("credit", "700.00", "76.00")
        )
        self._decide(case.action_recall(), reason="The member died")
        self.assertRecordValues(case, [{"state": "closed", "close_code": "withdrawn"}])
        (told,) = self._tell()
        self.assertEqual((told["kind"], told["reason"]), ("recall", "The member died"))

    def test_only_managers_hand_over(self):
        self._noticed()
        clerk = new_test_user(
            self.env,
            "collection-clerk",
            "membership_billing_nordic.group_billing_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        file = self._propose()
        with self.assertRaises(AccessError):
            file.with_user(clerk).action_approve()
        with self.assertRaises(AccessError):
            self.agency.with_user(clerk).action_propose()
        with self.assertRaises(AccessError):
            file.with_user(clerk).read(["content"])

    def test_files_travel_through_the_agencys_channel(self):
        base = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        for name in ("out", "in"):
            (base / name).mkdir()
        self.env["ir.config_parameter"].set_param(FOLDER_PARAMETER, str(base))
        self.agency.write(
            {
                "layout": "csv",
                "sends_identity": True,
                "channel_id": self.env["bank.channel"]
                .create(
                    {
                        "name": "Agency",
                        "kind": "folder",
                        "folder": "in",
                        "out_folder": "out",
                        "quiet_seconds": 0,
                    }
                )
                .id,
            }
        )
        self._noticed()
        file = self._propose()
        with self.assertNoLogs("odoo.addons.membership_billing_nordic", "INFO"):
            file.action_approve()
            self.env["debt.collection.file"].sudo()._cron_work()
        self.assertEqual((file.state, file.case_ids.state), ("sent", "handed_over"))
        sent = (base / "out" / file.name).read_text("utf-8-sig")
        self.assertIn(file.case_ids.name, sent)
        self.assertIn("01017012345", sent)
        row = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", file._name),
                    ("res_id", "=", file.id),
                    ("res_field", "=", "sealed"),
                ]
            )
        )
        self.assertNotIn(b"01017012345", row.raw)
        self.env["debt.collection.file"].sudo()._cron_work()
        self.assertEqual(len(list((base / "out").iterdir())), 1)

        answers = f"type,message_id,our_case_ref,agency_case_no,kind\nanswer,1,{file.case_ids.name},9,accepted\n"
        (base / "in" / "answers.csv").write_text(answers)
        self.assertFalse(self.agency.channel_id._fetch(), "no file of a bank")
        self.assertEqual(file.case_ids.agency_case_no, "9")


@tagged("post_install", "-at_install")
class TestDebtCollectionMoney(BankFileCommon, CollectionCommon):
    def test_money_of_the_agency_is_booked_on_its_case_and_not_told_back(self):
        invoice = self._noticed()
        case = self._hand_over()
        self.assertTrue(case.reference)
        self.agreement.payments_in = True
        self._book(self._payment(1050.0, case.reference, bank_date=date(2026, 10, 20)))
        self._work()
        claim = self._claim(invoice)
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertAlmostEqual(self._balance(self.fees), -50.0, msg="the rest is for fees")
        self.assertRecordValues(case, [{"received": 1000.0, "amount_open": 0.0}])
        self.assertEqual(self._tell(), [], "the agency knows of its own money")
        self.assertEqual(claim.state, "paid")
        self._answer(case, "closed", code="paid")
        self.assertRecordValues(case, [{"state": "closed", "is_open": False}])
        self.assertFalse(self._desk(case, "over"))


@tagged("post_install", "-at_install")
class TestDebtCollectionMembership(CollectionCommon, MembershipCommon):
    def _at(self, *moment):
        self._set_today(date(*moment))
        return super()._at(*moment)

    def test_the_membership_is_suspended_until_it_is_paid(self):
        self._at(2026, 8, 18)
        payer = self._payer("Ola", email="ola@example.com", mbn_birth_date="1980-05-17")
        plan = self._plan(price=1000.0, grace_days=200, term="year")
        contract = self._contract(plan, member=payer, start="2026-08-18")
        self.env["billing.run"]._bill_now(contract)
        invoice = contract.charge_ids.invoice_id
        for day in ((2026, 9, 20), (2026, 10, 10)):
            self._at(*day)
            self._send()
        self._at(2026, 10, 30)
        contract._refresh_status()
        self.assertEqual(contract.member_status, "waiting")
        case = self._hand_over()
        self.assertEqual(case.line_ids.invoice_id, invoice)
        self.assertEqual(
            (contract.member_status, contract.status_reason), ("suspended", "collection")
        )
        self.assertIn("collection agency", contract.status_text)
        (record,) = self._records(case.file_id)
        self.assertEqual(record["birth_date"], "1980-05-17")
        self.assertEqual(record["claims"][0]["period_from"], "2026-08-18")
        self._pay(invoice)
        self.assertEqual(contract.member_status, "active")
