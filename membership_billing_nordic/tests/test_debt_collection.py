"""What reminders did not bring goes to an agency: files, answers, corrections, money."""

import hashlib
import io
import json
import tempfile
import zipfile
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

    def _records(self, file, content=None):
        lines = (content or file.sudo()._bytes()).decode().splitlines()
        return [json.loads(line) for line in lines][1:-1]

    def _answer(self, case, kind, message="A1", **values):
        record = {"type": "answer", "message_id": message, "our_case_ref": case.name, "kind": kind}
        content = json.dumps(record | values).encode() + b"\n"
        return self._read(content)

    def _receipt(self, file, state, message="R1", **values):
        record = {"type": "receipt", "message_id": message, "our_file_id": file.name}
        return self._read(json.dumps(record | {"state": state} | values).encode())

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

    def _money(self, amount, **values):
        """A transfer of the agency, booked."""
        payment = self._payment(amount, **{"bank_date": date(2026, 10, 20)} | values)
        self._book(payment)
        return self._stored(payment)

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

    def test_a_file_without_answer_is_on_the_desk_until_its_receipt(self):
        self._noticed()
        case = self._hand_over()
        file = case.file_id
        self._at(2026, 10, 20)
        self.env["debt.collection.file"].sudo()._cron_daily()
        self.assertFalse(self._desk(file, "silent"), "five days are not over")
        self._at(2026, 10, 21)
        self.env["debt.collection.file"].sudo()._cron_daily()
        self.assertTrue(self._desk(file, "silent"))
        self._receipt(file, "received", record_count=2, date="2026-10-16")
        self.assertFalse(self._desk(file, "silent"))
        self.assertEqual(file.receipt_on, date(2026, 10, 16))
        self.assertIn("2 records of it, 1 were sent", file.problem)
        file.action_problem_read()
        self.assertFalse(file.problem)
        self._receipt(file, "refused", "R2", text="Wrong creditor number")
        self.assertRecordValues(
            case, [{"state": "rejected", "close_reason": "Wrong creditor number"}]
        )
        self.assertIn("Wrong creditor number", file.problem)
        self.assertTrue(self._desk(file, "trouble"))

    def test_documents_lie_beside_the_file_and_are_not_kept_for_ever(self):
        self.agency.write({"sends_documents": True, "sends_identity": True})
        invoice = self._noticed()
        report = type(self.env["ir.actions.report"])
        self.startPatcher(
            patch.object(report, "_render_qweb_pdf", lambda self, *args: (b"%PDF-1", "pdf"))
        )
        file = self._propose()
        file.action_approve()
        self.assertEqual((file.state, file.case_ids.state), ("making", "approved"))
        self.env["debt.collection.file"].sudo()._cron_work()
        self.assertEqual(file.state, "queued")
        with zipfile.ZipFile(io.BytesIO(file.sudo()._bytes())) as archive:
            self.assertEqual(file.name[-4:], ".zip")
            (case,) = self._records(file, archive.read(file.name[:-3] + "jsonl"))
            documents = {row["name"]: row["sha256"] for row in case["attachments"]}
            self.assertEqual(len(documents), 3, "the invoice, the reminder and the notice")
            self.assertIn(invoice.name.replace("/", "-"), next(iter(documents)))
            for name, digest in documents.items():
                self.assertEqual(hashlib.sha256(archive.read(name)).hexdigest(), digest)
        self.assertTrue(case["notice_copy_attached"])
        self.assertEqual(case["identity_no"], "01017012345")
        before = file.sha256
        file.action_discard()
        self.env["debt.collection.file"].sudo()._cron_daily()
        self.assertTrue(file.redacted_on)
        self.assertEqual(file.sha256, before)
        (case,) = self._records(file)
        self.assertEqual(case["claims"][0]["principal_open"], "1000.00")
        self.assertFalse({"identity_no", "birth_date", "attachments"} & set(case))

    def test_what_an_agency_has_cannot_be_changed_behind_its_back(self):
        invoice = self._noticed()
        case = self._hand_over()
        with self.assertRaisesRegex(UserError, "with a collection agency"):
            invoice.button_draft()
        claim = self._claim(invoice).sudo()
        claim.write({"paused_until": "2026-11-01", "hold_reason": "Moves"})
        (told,) = self._tell()
        self.assertEqual(
            (told["kind"], told["until"], told["reason"]), ("freeze", "2026-11-01", "Moves")
        )
        self.assertEqual(self._tell(), [])
        self._at(2026, 11, 2)
        self.assertEqual([row["kind"] for row in self._tell()], ["freeze_over"])
        self.payer.write({"mbn_dunning_hold": True, "mbn_dunning_why": "Estate"})
        (told,) = self._tell()
        self.assertEqual(
            (told["kind"], told.get("until"), told["reason"]), ("freeze", None, "Estate")
        )
        self._answer(case, "closed", code="uncollectible")
        self.assertIn("credit the invoices", case.next_step)
        self.assertEqual(case.next_step, self._desk(case, "over").next_action)

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
        self.assertEqual(
            file.problem.split("\n"),
            [
                "Record 2, kind: expected accepted | rejected | payment | status | plan | closed.",
                "Record 1 (1), our_case_ref: expected a case that was handed over to this agency.",
            ],
        )
        self.assertTrue(self._desk(file, "trouble"))
        self.assertEqual(self._read(b"nothing").state, "refused")
        file.action_problem_read()
        self.assertFalse(self._desk(file, "trouble"))
        count = len(case.event_ids)
        file.action_read_again()
        self.assertEqual(len(case.event_ids), count, "each message once")
        self.assertTrue(file.problem)

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

    def _with_costs(self):
        """Where what the agency keeps is booked."""
        self.agreement.payments_in = True
        self.company.mbn_collection_cost_account_id = self.company_data["default_account_expense"]
        self.agency.partner_id.bank_ids = [(0, 0, {"acc_number": "8601.11.17947"})]
        return self.company.mbn_collection_cost_account_id

    def test_what_the_agency_keeps_is_a_cost_and_the_claim_is_paid(self):
        invoice = self._noticed()
        case = self._hand_over()
        self.agreement.payments_in = True
        self._answer(
            case, "payment", principal="1000.00", costs="100.00", net_paid="900.00", remittance="U1"
        )
        self.assertTrue(self._desk(self.company, "account"), "no account for it")
        self.assert_open(invoice, 1000.0)
        costs = self._with_costs()
        self.assertEqual(self._tell(), [])
        self.assertFalse(self._desk(self.company, "account"))
        self.assertEqual(self._balance(costs), 100.0)
        self.assert_open(invoice, 900.0)
        self._answer(case, "payment", principal="1000.00", costs="100.00", text="again")
        self.assertEqual(self._balance(costs), 100.0, "each message once")
        entry = case.event_ids.cost_move_id
        self.assertFalse(entry.line_ids.tax_ids | entry.line_ids.tax_line_id)
        payment = self._money(900.0, payer_account="86011117947")
        self.assertEqual((payment.state, payment.outcome), ("matched", "told"))
        self.assertEqual(case.event_ids.bank_payment_id, payment)
        self.assert_open(invoice, 0.0)
        self.assertRecordValues(
            case.line_ids,
            [{"received": 900.0, "kept": 100.0, "paid_to_us": 0.0, "credited": 0.0}],
        )
        self.assertEqual(self._tell(), [], "the agency knows what it kept")
        self.assertEqual(self._balance(self.fees), 0.0, "nothing was collected for fees")

    def test_interest_since_the_hand_over_is_income_not_credit(self):
        first, second = self._noticed(600.0, 400.0)
        case = self._hand_over()
        costs = self._with_costs()
        paid = {"principal": "500.00", "fees": "152.00", "interest": "30.00", "costs": "82.00"}
        payment = self._money(600.0, payer_account="86011117947")
        self.assertEqual(payment.state, "unmatched", "nobody has told what it is for")
        self._answer(case, "payment", **paid)
        self.assertEqual(payment.state, "matched")
        self.assert_open(first, 100.0)
        self.assert_open(second, 400.0)
        self.assertEqual(self._balance(costs), 82.0)
        self.assertEqual(self._balance(self.fees), -152.0, "two letters about two invoices")
        self.assertAlmostEqual(self._balance(self.late), -30.0, 2)
        self.assertEqual(self._credit(self.payer), 0.0)
        self.assertRecordValues(case, [{"received": 418.0, "costs": 82.0, "reported": 500.0}])
        self.assertEqual(self._tell(), [])
        payment.action_undo()
        self.assert_open(first, 518.0)
        self.assertEqual(self._balance(self.fees), 0.0)
        self.assertAlmostEqual(self._balance(self.late), 0.0, 2)
        self.env["debt.collection.file"].sudo()._cron_work()
        self.assert_open(first, 100.0)
        self.assertAlmostEqual(self._balance(self.late), -30.0, 2)

    def test_one_transfer_for_several_cases_is_found_by_its_sum(self):
        other = self._payer("Other", email="other@example.com")
        others = self._due(300.0, payer=other)
        mine = self._noticed(1000.0)
        cases = self._hand_over()
        self.assertEqual(len(cases), 2)
        self._with_costs()
        by_payer = cases.grouped("partner_id")
        for payer, principal, kept in ((self.payer, 1000.0, 100.0), (other, 300.0, 30.0)):
            wizard = by_payer[payer].action_paid()
            self._decide(wizard, message="U7", principal=principal, costs=kept)
        with self.assertRaisesRegex(UserError, "entered already"):
            self._decide(wizard, message="U7", principal=300.0)
        payment = self._money(1170.0, text="Remittance U7")
        self.assertEqual((payment.state, payment.outcome), ("matched", "told"))
        self.assert_open(mine, 0.0)
        self.assert_open(others, 0.0)
        self.assertEqual(cases.mapped("received"), [900.0, 270.0])
        self.assertEqual(self._tell(), [])
        for case in cases:
            self._decide(case.action_close(), code="paid")
        self.assertFalse(self._desk(cases, "over"))


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
        self._answer(case, "closed", code="uncollectible")
        self.assertEqual(
            (contract.member_status, contract.status_reason), ("suspended", "collection")
        )
        self.assertIn("did not get", contract.status_text)
        case.action_collect_again()
        case = self._hand_over()
        self.assertEqual(contract.collection_case_ids.filtered("is_open"), case)
        self._pay(invoice)
        self._answer(case, "closed", "A2", code="paid")
        self.assertEqual(contract.member_status, "active")
        self.assertEqual((case.state, case.paid_to_us), ("closed", 1000.0))
