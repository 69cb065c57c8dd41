"""Joining, changing, pausing and leaving, decided by another program."""

from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_billing_api import ApiCommon


class DecisionCommon(ApiCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.mbn_sale_journal_id = cls.sale_journal
        cls.company.mbn_send_invoices = False
        cls.clerk = cls._user("clerk", "group_billing_user")

    @staticmethod
    def _kinds(answer):
        return [row["kind"] for row in answer["consequences"]]


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDecisions(DecisionCommon):
    def _decide(self, method, user=None, **given):
        given = given or {}
        given.setdefault("external_id", "c1")
        return getattr(self._as(user or self.desk), method)(**given)

    def test_a_preview_tells_all_and_changes_nothing(self):
        contract = self._contract(self.adult, external_id="c1")
        self._period(contract, "2026-01-01", "2026-01-31")
        calls = {
            "cancel_contract": {"date": "2026-03-31"},
            "pause_contract": {"date": "2026-02-01", "resume_date": "2026-04-01"},
            "change_contract": {"plan": "YOUTH", "association": "N"},
        }
        kinds = {}
        for method, given in calls.items():
            answer = self._decide(method, **given, preview=True)
            self.assertFalse(answer["done"])
            kinds[method] = self._kinds(answer)
        self.assertEqual(kinds["cancel_contract"][0], "end")
        self.assertEqual(kinds["pause_contract"][:2], ["pause", "resume"])
        self.assertEqual(kinds["change_contract"][:2], ["change", "change"])
        self.assertEqual((contract.state, contract.date_end), ("confirmed", False))
        self.assertFalse(contract.next_plan_id or contract.association_id)

    def test_consequences_are_plain(self):
        self._contract(self.adult, external_id="c1")
        answer = self._decide("cancel_contract", date="2026-03-31", preview=True)
        self.assertEqual(
            answer["consequences"][0],
            {"kind": "end", "text": "Last day of membership", "amount": "", "date": "2026-03-31"},
        )

    def test_cancelling_keeps_to_notice_unless_agreed_on(self):
        self.adult.notice_months = 2
        contract = self._contract(self.adult, external_id="c1")
        with self.assertRaisesRegex(UserError, "ends on 03/01/2026 at the earliest"):
            self._decide("cancel_contract", date="2026-01-31")
        with self.assertRaises(AccessError):
            self._decide("cancel_contract", date="2026-01-31", by_agreement=True)
        self.assertFalse(contract.date_end)
        answer = self._decide("cancel_contract", note="Moves away", reason="moved")
        self.assertEqual(answer["contract"]["date_end"], "2026-03-01")
        self.assertEqual((contract.date_end, contract.end_reason), (date(2026, 3, 1), "moved"))
        history = contract.change_ids
        self.assertTrue(self._decide("cancel_contract", date="2026-03-01")["done"])
        self.assertEqual(contract.change_ids, history)
        agreed = self._decide("cancel_contract", self.clerk, date="2026-01-31", by_agreement=True)
        self.assertEqual(agreed["contract"]["date_end"], "2026-01-31")

    def test_only_a_billing_user_credits_or_waives(self):
        self._contract(self.adult, external_id="c1")
        for given in ({"credit": True}, {"exit_fee": False}):
            with self.assertRaisesRegex(AccessError, "Only a billing user may credit"):
                self._decide("cancel_contract", **given)
            self.assertFalse(
                self._decide("cancel_contract", self.clerk, **given, preview=True)["done"]
            )

    def test_pause_and_resume(self):
        contract = self._contract(self.adult, external_id="c1")
        answer = self._decide("pause_contract", resume_date="2026-03-01")
        self.assertEqual(answer["contract"]["status"], "paused")
        self.assertEqual(
            (contract.paused_from, contract.resume_date), (date(2026, 1, 1), date(2026, 3, 1))
        )
        again = self._decide("pause_contract", resume_date="2026-03-01")
        self.assertEqual((again["done"], again["consequences"]), (True, []))
        later = self._decide("resume_contract", date="2026-02-01")
        self.assertEqual(later["contract"]["resume_date"], "2026-02-01")
        self.assertEqual(contract.state, "paused")
        self._set_today(date(2026, 1, 10))
        self.assertEqual(self._decide("resume_contract")["contract"]["decision"], "confirmed")
        self.assertEqual(self._decide("resume_contract")["consequences"], [])

    def test_change(self):
        contract = self._contract(self.adult, external_id="c1")
        parent = self._member("Per Nordmann", mbn_external_id="p")
        self._period(contract, "2026-01-01", "2026-01-31")
        answer = self._decide(
            "change_contract", plan="YOUTH", payer_external_id="p", association="N"
        )
        self.assertEqual(
            (answer["contract"]["next_plan"], answer["contract"]["next_plan_from"]),
            ("YOUTH", "2026-02-01"),
        )
        self.assertEqual((contract.payer_id, contract.association_id), (parent, self.north))
        with self.assertRaisesRegex(UserError, "Nothing is given that is to change"):
            self._decide("change_contract")
        with self.assertRaises(AccessError):
            self._decide("change_contract", agreement="001234567")

    def test_what_cannot_be_done_is_a_problem_in_the_preview_and_a_fault_else(self):
        contract = self._contract(self.adult, external_id="c1")
        for method, day in (("pause_contract", "2025-12-01"), ("cancel_contract", "2025-12-01")):
            answer = self._decide(method, date=day, preview=True)
            self.assertEqual(self._kinds(answer), ["problem"])
            with self.assertRaises(UserError):
                self._decide(method, date=day)
        self.assertEqual((contract.state, contract.date_end), ("confirmed", False))

    def test_the_contract_is_named_in_one_way(self):
        contract = self._contract(self.adult, external_id="c1")
        for given in ({"external_id": ""}, {"contract_id": contract.id, "external_id": "c1"}):
            with self.assertRaisesRegex(UserError, "just one of contract_id and external_id"):
                self._decide("resume_contract", **given)
        with self.assertRaisesRegex(UserError, "external_id: expected the external id of a"):
            self._decide("resume_contract", external_id="c2")
        with self.assertRaisesRegex(UserError, "reason: expected one of request, moved, price"):
            self._decide("pause_contract", reason="joined")

    def test_others_contracts_cannot_be_decided_on(self):
        self._contract(self.adult, external_id="c1", association_id=self.south.id)
        auditor = self._user("auditor", "group_billing_auditor")
        for method in ("cancel_contract", "pause_contract", "resume_contract"):
            with self.assertRaisesRegex(UserError, "external_id: expected the external id of a"):
                self._decide(method, self.local, preview=True)
            with self.assertRaises(AccessError):
                self._decide(method, auditor, preview=True)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSignUp(DecisionCommon):
    MEMBER = {"name": "Anna Berg", "email": "anna@example.no", "external_id": "a"}
    CONTRACT = {"plan": "ADULT", "date_start": "2026-01-01", "external_id": "c1"}

    def test_member_and_contract_in_one_call(self):
        answer = self._as(self.desk).sign_up(self.MEMBER, self.CONTRACT)
        self.assertEqual(answer["member"]["external_id"], "a")
        self.assertTrue(answer["member"]["member_number"])
        self.assertEqual(answer["contract"]["decision"], "confirmed")
        self.assertEqual(answer["contract"]["payer_id"], answer["member"]["member_id"])
        self.assertEqual((answer["invoices"], answer["warnings"]), ([], []))

    def test_a_parent_is_signed_up_as_payer(self):
        answer = self._as(self.desk).sign_up(
            self.MEMBER,
            self.CONTRACT,
            payer={"name": "Per Berg", "email": "anna@example.no"},
        )
        payer = self.env["res.partner"].browse(answer["contract"]["payer_id"])
        self.assertEqual(payer.name, "Per Berg")
        with self.assertRaisesRegex(UserError, "payer_id: expected no such field"):
            self.api.sign_up(
                {"name": "B"}, self.CONTRACT | {"payer_id": payer.id}, payer={"name": "C"}
            )

    def test_a_likely_duplicate_is_refused_unless_allowed(self):
        known = self._member("Anna Berg", email="anna@example.no")
        desk = self._as(self.desk)
        with self.assertRaises(UserError) as fault:
            desk.sign_up(self.MEMBER, self.CONTRACT)
        self.assertIn(f"same person as the record with id {known.id}.", str(fault.exception))
        self.assertFalse(self.env["res.partner"].search([("mbn_external_id", "=", "a")]))
        answer = desk.sign_up(self.MEMBER, self.CONTRACT, allow_duplicate=True)
        self.assertNotEqual(answer["member"]["member_id"], known.id)

    def test_the_first_invoice_at_once(self):
        answer = self._as(self.clerk).sign_up(self.MEMBER, self.CONTRACT, bill_now=True)
        [invoice] = answer["invoices"]
        self.assertEqual((invoice["amount"], invoice["state"]), ("100.00", "open"))
        self.assertEqual(invoice["contract_ids"], [answer["contract"]["contract_id"]])
        with self.assertRaises(AccessError):
            self._as(self.desk).sign_up({"name": "Bo"}, self.CONTRACT, bill_now=True)

    def test_why_there_is_no_invoice_is_told(self):
        self.adult.price_ids.valid_from = "2026-06-01"
        answer = self._as(self.clerk).sign_up(self.MEMBER, self.CONTRACT, bill_now=True)
        self.assertEqual(answer["invoices"], [])
        self.assertIn("price", answer["warnings"][0])

    def test_what_is_wrong_leaves_nobody_behind(self):
        for member, contract, fault in (
            ({}, self.CONTRACT, "name: expected a text that is not empty"),
            (self.MEMBER, {}, "plan: expected a value for a new contract"),
            (self.MEMBER, self.CONTRACT | {"plan": "X"}, "plan: expected the code of one plan"),
            (self.MEMBER, self.CONTRACT | {"member_id": 1}, "member_id: expected no such field"),
            ("Anna", self.CONTRACT, "member: expected a mapping"),
        ):
            with self.assertRaises(UserError) as raised:
                self._as(self.desk).sign_up(member, contract)
            self.assertIn(fault, str(raised.exception))
        self.assertFalse(self.env["res.partner"].search([("mbn_external_id", "=", "a")]))

    def test_a_mistyped_email_is_warned_of(self):
        answer = self.api.sign_up({"name": "Bo", "email": "bo@gmial.com"}, self.CONTRACT)
        self.assertIn("gmail.com", answer["warnings"][0])

    def test_members_are_found_as_in_the_search_box(self):
        answer = self.api.sign_up(self.MEMBER | {"phone": "91234567"}, self.CONTRACT)
        number = answer["member"]["member_number"]
        for text in (number, "berg anna", "912 34 567", "anna@example.no"):
            found = self._as(self.desk).search_members(text)
            self.assertEqual(self._told(found, "member_id"), [answer["member"]["member_id"]])
        self.assertEqual(self._as(self.local).search_members(number), [])
