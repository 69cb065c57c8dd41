import base64

from odoo.exceptions import UserError
from odoo.tests import tagged

from .membership_common import MembershipCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDebitMandateImport(MembershipCommon):
    """Mandates from a list, and by other programs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agreement.write({"debit_out": True})
        cls.plan = cls._plan(code="ADULT")
        cls.payer.mbn_member_number = "M-1"
        cls.other = cls._payer("Ola Nordmann", mbn_member_number="M-2")

    def _import(self, text, kind="known", encoding="utf-8"):
        return self.env["direct.debit.mandate.import"].create(
            {
                "agreement_id": self.agreement.id,
                "kind": kind,
                "content": base64.b64encode(text.encode(encoding)),
            }
        )

    def _mandates(self):
        return self.env["direct.debit.mandate"].search(
            [("agreement_id", "=", self.agreement.id)], order="id"
        )

    def _outcomes(self, wizard):
        return [(line.row, line.outcome, line.error) for line in wizard.line_ids.sorted("row")]

    # ------------------------------------------------------------------ the list

    def test_known_mandates_are_active_at_once(self):
        wizard = self._import(
            "member_number;payer_number;notice;valid_from\nM-1;701;yes;2025-03-01\nM-2;702;;\n"
        )
        wizard.action_preview()
        self.assertEqual(self._outcomes(wizard), [(2, "created", False), (3, "created", False)])
        self.assertFalse(self._mandates())
        wizard.action_import()
        self.assertRecordValues(
            self._mandates(),
            [
                {
                    "partner_id": self.payer.id,
                    "state": "active",
                    "payer_number": "701",
                    "written_notice": "yes",
                },
                {
                    "partner_id": self.other.id,
                    "state": "active",
                    "payer_number": "702",
                    "written_notice": False,
                },
            ],
        )

    def test_a_bad_row_hinders_no_good_one(self):
        wizard = self._import(
            "member_number,notice,valid_from\nM-1,maybe,\nM-2,no,2025-02-30\nM-3,yes,\nM-2,no,\n"
        )
        wizard.action_preview()
        errors = [error for _row, _outcome, error in self._outcomes(wizard)]
        self.assertIn("written_notice", errors[0])
        self.assertIn("valid_from", errors[1])
        self.assertIn("payer_member_number", errors[2])
        self.assertIn("one row for each", errors[3])
        good = self._import("member_number,notice\nM-1,maybe\nM-2,no\n")
        good.action_import()
        self.assertEqual(self._mandates().partner_id, self.other)
        self.assertEqual([line[:2] for line in self._outcomes(good)], [(2, "error")])

    def test_importing_again_changes_what_differs(self):
        text = "member_number;reference;notice\nM-1;4711;yes\n"
        self._import(text).action_import()
        again = self._import(text)
        again.action_preview()
        self.assertEqual(self._outcomes(again), [(2, "unchanged", False)])
        self._import("member_number;notice\nM-1;no\n").action_import()
        self.assertRecordValues(
            self._mandates(), [{"state": "active", "written_notice": "no", "reference": "4711"}]
        )

    def test_a_fundraisers_list_signs_up_members_with_contract_and_mandate(self):
        wizard = self._import(
            "name;email;plan;date_start;sales_channel\n"
            f"Åse Ødegård;ase@example.org;{self.plan.code};2026-02-01;street\n"
            "Per Hansen;per@example.org;NOPLAN;2026-02-01;street\n",
            kind="wait",
            encoding="latin-1",
        )
        wizard.action_preview()
        self.assertEqual(
            [line[:2] for line in self._outcomes(wizard)], [(2, "signed_up"), (3, "error")]
        )
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Åse Ødegård")]))
        wizard.action_import()
        member = self.env["res.partner"].search([("name", "=", "Åse Ødegård")])
        self.assertRecordValues(
            member.mbn_contract_ids,
            [{"plan_id": self.plan.id, "sales_channel": "street", "state": "confirmed"}],
        )
        self.assertRecordValues(self._mandates(), [{"partner_id": member.id, "state": "draft"}])
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Per Hansen")]))

    def test_a_list_that_cannot_be_read_is_refused(self):
        for text, message in (
            ("", "not empty"),
            ("membernumber;notice\nM-1;yes\n", "column membernumber"),
            ("member_number;notice\nM-1\n", "Row 2"),
        ):
            with self.assertRaisesRegex(UserError, message):
                self._import(text).action_preview()

    # ------------------------------------------------------------------ other programs

    def test_another_program_makes_lists_and_ends_mandates(self):
        api = self.env["billing.api"]
        rows = [
            {
                "payer_id": self.payer.id,
                "agreement": self.agreement.number,
                "payer_number": "801",
                "account": "9999.10.42764",
                "written_notice": True,
                "state": "active",
            },
            {"payer_member_number": "M-2", "state": "requested"},
            {"payer_member_number": "M-9"},
        ]
        answers = api.upsert_mandates(rows)
        self.assertEqual([row["outcome"] for row in answers], ["created", "error", "error"])
        self.assertIn("sign up with the bank", answers[1]["error"])
        mandate = self._mandates()
        self.assertEqual(mandate.partner_bank_id.sanitized_acc_number, "99991042764")
        self.assertEqual(
            api.list_mandates(payer_id=self.payer.id),
            [
                {
                    "mandate_id": mandate.id,
                    "payer_id": self.payer.id,
                    "payer_name": "Kari Nordmann",
                    "agreement": "001234567",
                    "payer_number": "801",
                    "reference": "",
                    "mandate_number": "",
                    "state": "active",
                    "why_ended": "",
                    "written_notice": "yes",
                    "valid_from": "",
                    "valid_to": "",
                    "failures": 0,
                }
            ],
        )
        ended = api.cancel_mandate(mandate.id, note="Asked on the phone")
        self.assertEqual(ended["state"], "cancelled")
        self.assertIn("Asked on the phone", mandate.message_ids[0].body)

    def test_a_payer_number_of_another_payer_is_refused(self):
        api = self.env["billing.api"]
        api.upsert_mandates([{"payer_id": self.payer.id, "payer_number": "801"}])
        [answer] = api.upsert_mandates([{"payer_id": self.other.id, "payer_number": "0801"}])
        self.assertIn("a number nobody else has", answer["error"])
        [answer] = api.upsert_mandates([{"payer_id": self.payer.id, "payer_number": "802"}])
        self.assertIn("801, which the payer has", answer["error"])
