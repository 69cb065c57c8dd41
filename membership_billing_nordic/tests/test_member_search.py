from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ..models.membership.member_search import name_words, phone_key, reference_keys
from .membership_common import MembershipCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestMemberSearch(MembershipCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls._plan()
        cls.per = cls._member(
            "Per Æge Hansen",
            phone="+47 912 34 567",
            email="Per.Hansen@X.example",
            mbn_member_number="M-81001",
            mbn_external_id="crm-77",
        )
        cls.anne = cls._member("Anne-Marie Hansen-Lund", phone="070-123 45 67")

    def _find(self, text):
        return self.env["res.partner"]._mbn_find(text)

    def _family(self):
        """A mother who is no member, pays for Emil, and has one invoice."""
        mother = self._payer("Siri Berg")
        emil = self._member("Emil Berg", mbn_member_number="E-1")
        contract = self._contract(self.plan, member=emil, payer_id=mother.id)
        return mother, emil, contract

    def test_words_of_a_name_are_found_from_their_first_letters_in_any_order(self):
        for text in ("hansen", "Per Han", "han PER", "per æge", "per aege", "per aeg"):
            with self.subTest(text=text):
                self.assertIn(self.per, self._find(text))
        self.assertFalse(self._find("per hansen olsen"))
        self.assertEqual(self._find("per hansen"), self.per)
        self.assertEqual(self._find("marie lund"), self.anne)
        self.assertFalse(self._find("ansen"))

    def test_letters_of_the_neighbours_are_found(self):
        self.assertEqual(self._find("per age hansen"), self.per)
        soren = self._member("Søren Åkesson")
        for text in ("Sören Akesson", "Soeren Aakesson", "soren ak"):
            self.assertEqual(self._find(text), soren)

    def test_a_phone_number_is_found_however_it_is_written(self):
        for text in ("91234567", "+47 912 34 567", "0047 91 23 45 67", "+4791234567"):
            with self.subTest(text=text):
                self.assertEqual(self._find(text), self.per)
        for text in ("070-1234567", "+46 70 123 45 67"):
            with self.subTest(text=text):
                self.assertEqual(self._find(text), self.anne)
        self.assertFalse(self._find("1234567"))

    def test_an_email_is_found_from_its_beginning(self):
        for text in ("per.hansen@x.example", "PER.HANSEN@X", " per.hansen@x.example "):
            with self.subTest(text=text):
                self.assertEqual(self._find(text), self.per)
        self.assertFalse(self._find("perXhansen@x.example"))
        self.assertFalse(self._find("per_hansen@x.example"))

    def test_numbers_are_found_exactly(self):
        contract = self._contract(self.plan, member=self.per, external_id="ab 9")
        for text in ("M-81001", "m-81001", "crm-77", contract.name, "ab 9"):
            with self.subTest(text=text):
                self.assertEqual(self._find(text), self.per)
        self.assertFalse(self._find("M-8100"))

    def test_a_payer_number_finds_the_payer_and_the_members_paid_for(self):
        mother, emil, contract = self._family()
        number = self.agreement._payer_numbers(mother)[mother.id]
        self.assertEqual(self._find(number), mother | emil)
        self.assertEqual(self._find("000" + number), mother | emil)
        contract._end(date(2026, 1, 31))
        self._set_today(date(2026, 3, 1))
        contract._refresh_status()
        self.assertEqual(self._find(number), mother)

    def test_a_reference_finds_payer_and_members_with_and_without_blanks(self):
        mother, emil, _contract = self._family()
        reference = self._invoice(mother, 100).payment_reference
        spaced = " ".join([reference[:4], reference[4:9], reference[9:]])
        for text in (reference, spaced, reference.lstrip("0"), f"+71<{reference}+87654321<"):
            with self.subTest(text=text):
                self.assertEqual(self._find(text), mother | emil)
        self.assertFalse(self._find(reference[:-1]))

    def test_a_reference_finds_the_member_it_was_for_after_the_payer_changed(self):
        mother, emil, contract = self._family()
        invoice = self._invoice(mother, 100)
        self._period(
            contract, "2026-01-01", "2026-01-31"
        ).charge_ids.sudo().invoice_line_id = invoice.invoice_line_ids
        contract.payer_id = self._payer("Grandfather")
        self.assertEqual(self._find(invoice.payment_reference), mother | emil)
        self.assertEqual(self._find(invoice.name), mother | emil)

    def test_what_is_typed_is_only_looked_up_where_it_can_be(self):
        self._member("Klub 1903")
        self.assertEqual(self._find("klub 1903").mapped("name"), ["Klub 1903"])
        for text in ("", " ", "'", "!", "&|:*", "\\", "%", "@", "+"):
            with self.subTest(text=text):
                self.assertNotIn(self.per, self._find(text))

    def test_other_companies_numbers_are_not_found(self):
        mother, _emil, _contract = self._family()
        reference = self._invoice(mother, 100).payment_reference
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids += other
        partners = self.env["res.partner"].with_context(allowed_company_ids=other.ids)
        self.assertFalse(partners._mbn_find(reference))

    def test_the_search_respects_the_rules_of_the_user(self):
        self.env["ir.rule"].create(
            {
                "name": "Only one",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {self.per.id})]",
            }
        )
        desk = self._front_desk()
        partners = self.env["res.partner"].with_user(desk)
        self.assertFalse(partners._mbn_find("M-81001"))
        self.assertEqual(partners._mbn_find("hansen"), self.anne)

    def test_the_search_box_asks_for_a_limited_number(self):
        self.assertEqual(len(self.env["res.partner"]._mbn_find("hansen", limit=1)), 1)
        rows = self.env["res.partner"].web_search_read(
            [("mbn_search", "ilike", "hansen")], {"name": {}}
        )
        self.assertEqual(rows["length"], 2)

    def test_every_key_is_looked_up_in_an_index(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        plan = self._plan_of(self.env["res.partner"]._search(self._domain("per han")).select())
        self.assertIn("res_partner_mbn_name_words", plan)
        for text in ("per@x", "912 34 567", "M-81001", "INV/2026/00001", "1000"):
            asked = []
            ask = patch.object(
                type(self.env),
                "execute_query",
                lambda _env, query, to=asked: to.append(query) or (),
            )
            with ask:
                self._domain(text)
            self.assertEqual(len(asked), 1)
            plan = self._plan_of(asked[0])
            with self.subTest(text=text, plan=plan):
                self.assertNotIn("Seq Scan", plan)

    def _domain(self, text):
        return self.env["res.partner"].with_context(active_test=False)._mbn_search_domain(text)

    def _plan_of(self, query):
        rows = self.env.execute_query(SQL("EXPLAIN %s", query))
        return "\n".join(line for (line,) in rows)

    def _front_desk(self):
        return self.env["res.users"].create(
            {
                "name": "Desk",
                "login": "desk",
                "group_ids": [
                    Command.set(
                        [self.env.ref("membership_billing_nordic.group_billing_front_desk").id]
                    )
                ],
            }
        )


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSearchKeys(MembershipCommon):
    def test_keys(self):
        self.assertEqual(name_words("Søren Anne-Marie O'Brien"), "soren anne marie o brien".split())
        self.assertEqual(phone_key("+47 912 34 567"), "91234567")
        self.assertEqual(phone_key("0701-23 45 67"), "01234567")
        self.assertEqual(phone_key("1234"), "")
        self.assertEqual(phone_key("RF18 5390 0754"), "")
        self.assertEqual(reference_keys("00 12 3-"), ["123-"])
        self.assertEqual(reference_keys("00"), [])
