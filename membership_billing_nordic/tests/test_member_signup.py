from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, RedirectWarning, UserError, ValidationError
from odoo.tests import Form, tagged

from .membership_common import MembershipCommon

MODULE = "membership_billing_nordic"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestMemberSignup(MembershipCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls._plan(
            name="Adult", price=100.0, entry_fee=50.0, entry_product_id=cls.product.id
        )
        cls.kari = cls._member(
            "Kari Holm",
            email="kari@holm.example",
            phone="91 23 45 67",
            zip="0460",
            mbn_birth_date="1990-05-17",
        )

    def _form(self, **vals):
        form = Form(self.env["membership.signup"])
        for name, value in {"name": "Ola Dahl", "plan_id": self.plan, **vals}.items():
            form[name] = value
        return form

    def _sign_up(self, **vals):
        signup = self._form(**vals).save()
        action = signup.action_save()
        self.assertEqual(action["res_model"], "res.partner")
        return self.env["res.partner"].browse(action["res_id"])

    def _count(self):
        return self.env["res.partner"].search_count([]), self.env[
            "membership.contract"
        ].search_count([])

    def test_a_new_member_pays_for_herself(self):
        member = self._sign_up(
            birth_date="2001-02-03",
            street="Veien 1",
            zip="0792",
            city="Oslo",
            phone="98765432",
            email="ola@dahl.example",
            date_start="2026-01-01",
            sales_channel="Web",
            campaign="Spring",
        )
        contract = member.mbn_contract_ids
        self.assertRecordValues(
            contract,
            [
                {
                    "state": "confirmed",
                    "payer_id": member.id,
                    "plan_id": self.plan.id,
                    "date_start": date(2026, 1, 1),
                    "sales_channel": "Web",
                    "campaign": "Spring",
                }
            ],
        )
        self.assertEqual(member.mbn_birth_date, date(2001, 2, 3))
        self.assertEqual((member.street, member.zip, member.city), ("Veien 1", "0792", "Oslo"))
        self.assertTrue(member.mbn_member_number)
        self.assertFalse(member.company_id)

    def test_a_new_parent_pays(self):
        child = self._sign_up(
            street="Veien 1",
            payer_kind="new",
            payer_name="Mor Dahl",
            payer_email="mor@dahl.example",
        )
        payer = child.mbn_contract_ids.payer_id
        self.assertEqual(
            (payer.name, payer.email, payer.street), ("Mor Dahl", "mor@dahl.example", "Veien 1")
        )
        self.assertFalse(payer.mbn_member_number)

    def test_a_known_person_pays(self):
        child = self._sign_up(payer_kind="known", payer_id=self.kari)
        self.assertEqual(child.mbn_contract_ids.payer_id, self.kari)
        self.assertEqual(self.kari.mbn_household_contract_ids.member_id, child)

    def test_a_known_person_is_filled_in_and_what_is_corrected_is_kept(self):
        form = Form(self.env["membership.signup"].with_context(default_person_id=self.kari.id))
        self.assertEqual((form.name, form.zip), ("Kari Holm", "0460"))
        form.plan_id = self.plan
        form.zip = "0792"
        before = self._count()[0]
        form.save().action_save()
        self.assertEqual(self._count()[0], before)
        self.assertEqual(self.kari.zip, "0792")
        self.assertEqual(self.kari.phone, "91 23 45 67")
        self.assertEqual(len(self.kari.mbn_contract_ids), 1)

    def test_the_first_invoice_is_shown_before_saving(self):
        form = self._form(date_start="2026-01-01")
        self.assertIn("150.00", form.quote)
        self.assertFalse(form.payer_warning)
        self.assertIn("01/31/2026", form.quote)
        form.plan_id = self._plan(name="Free", price=0.0, entry_fee=0.0, price_ids=[])
        self.assertIn("no price", form.quote)

    def test_the_price_shown_is_the_one_for_the_age(self):
        plan = self._plan(
            price=0,
            price_ids=[
                Command.create({"valid_from": "2020-01-01", "amount": 70, "age_to": 17}),
                Command.create({"valid_from": "2020-01-01", "amount": 90, "age_from": 18}),
            ],
        )
        form = self._form(plan_id=plan, date_start="2026-01-01", birth_date="2015-01-01")
        self.assertIn("70.00", form.quote)
        form.birth_date = "1990-01-01"
        self.assertIn("90.00", form.quote)

    def test_save_and_bill_now_makes_the_invoice(self):
        signup = self._form(date_start="2026-01-01").save()
        action = signup.action_save_and_bill()
        member = self.env["res.partner"].browse(action["res_id"])
        invoice = member.mbn_contract_ids.charge_ids.invoice_id
        self.assertRecordValues(invoice, [{"state": "posted", "amount_total": 150.0}])

    def test_likely_duplicates_are_shown_and_stop_the_sign_up(self):
        for vals, why in (
            ({"email": "KARI@holm.example"}, "same e-mail"),
            ({"phone": "+47 91234567"}, "same phone"),
            ({"name": "kari  HOLM", "birth_date": "1990-05-17"}, "same date of birth"),
            ({"name": "Kari Holm", "zip": "0460"}, "same name"),
        ):
            with self.subTest(vals=vals):
                form = self._form(**vals)
                self.assertEqual(form.duplicate_id, self.kari)
                self.assertIn(why, form.duplicate_text)
                before = self._count()
                with self.assertRaisesRegex(UserError, "in the database already"):
                    form.save().action_save()
                self.assertEqual(self._count(), before)
        self.assertFalse(self._form(name="Kari Holm").duplicate_id)
        self.assertFalse(self._form(name="Kari Holmberg", zip="0460").duplicate_id)

    def test_the_known_person_is_used_by_a_button(self):
        signup = self._form(email="kari@holm.example", city="Oslo").save()
        before = self._count()[0]
        signup.action_use_duplicate()
        self.assertEqual(signup.person_id, self.kari)
        signup.action_save()
        self.assertEqual(self._count()[0], before)
        self.assertEqual((self.kari.name, self.kari.city), ("Kari Holm", "Oslo"))
        self.assertEqual(self.kari.mbn_contract_ids.plan_id, self.plan)

    def test_somebody_else_with_the_same_phone_can_be_signed_up(self):
        member = self._sign_up(phone="91234567", is_somebody_else=True)
        self.assertNotEqual(member, self.kari)

    def test_the_same_person_twice_with_the_same_plan_is_warned_of(self):
        self._contract(self.plan, member=self.kari)
        form = Form(self.env["membership.signup"].with_context(default_person_id=self.kari.id))
        form.plan_id = self.plan
        self.assertIn("has this plan already", form.warning)

    def test_bad_input_stops_and_leaves_nothing(self):
        before = self._count()
        for vals, problem in (
            ({"email": "ola at dahl"}, "no e-mail address"),
            ({"email": "ola@"}, "no e-mail address"),
            ({"birth_date": "2026-01-02"}, "in the future"),
            (
                {"payer_kind": "new", "payer_name": "Mor", "payer_email": "mor"},
                "no e-mail address",
            ),
        ):
            with self.subTest(vals=vals):
                form = self._form(**vals)
                self.assertTrue(form.warning)
                with self.assertRaisesRegex(ValidationError, problem):
                    form.save().action_save()
        signup = self.env["membership.signup"].create({"payer_kind": "known"})
        with self.assertRaisesRegex(UserError, "Name, Plan, Payer"):
            signup.action_save()
        self.assertEqual(self._count(), before)

    def test_a_mistyped_provider_warns_only(self):
        form = self._form(email="ola@gmial.com")
        self.assertIn("gmail.com", form.warning)
        form.save().action_save()
        self.assertFalse(self._form(email="ola@gmail.com").warning)
        self.assertFalse(self._form(email="ola@skiklubb.example").warning)

    def test_a_payer_who_is_a_contact_of_a_company_is_detached_by_a_button(self):
        employer = self._payer("Employer", is_company=True)
        contact = self._payer("Ola Nordmann", parent_id=employer.id)
        form = self._form(payer_kind="known", payer_id=contact)
        self.assertIn("is a contact of Employer", form.payer_warning)
        signup = form.save()
        before = self._count()
        with self.assertRaises(RedirectWarning), self.cr.savepoint():
            signup.action_save()
        self.assertEqual(self._count(), before)
        signup.action_detach_payer()
        self.assertFalse(signup.payer_warning)
        signup.action_save()
        self.assertEqual(contact.commercial_partner_id, contact)

    def test_long_names_are_kept_whole(self):
        name = "Wolfeschlegelsteinhausenbergerdorff Featherstonehaugh-Smythe"
        self.assertEqual(len(name), 60)
        member = self._sign_up(name=name)
        self.assertEqual(member.name, name)
        self.assertEqual(self.env["res.partner"]._mbn_find(name), member)

    def test_the_front_desk_signs_up_but_does_not_bill(self):
        desk = self._user("desk", "group_billing_front_desk")
        signup = self._form().save()
        action = (
            self.env["membership.signup"].with_user(desk).browse(signup.with_user(desk).copy().id)
        )
        member = self.env["res.partner"].browse(action.action_save()["res_id"])
        self.assertEqual(member.mbn_contract_ids.state, "confirmed")
        with self.assertRaises(AccessError):
            action.action_save_and_bill()

    def test_an_outside_partner_leaves_a_draft_for_the_office(self):
        outside = self._user("agency", "group_outside_partner")
        form = Form(self.env["membership.signup"].with_user(outside))
        form.name = "Ola Dahl"
        form.plan_id = self.plan.with_user(outside)
        action = form.save().action_save()
        contract = self.env["res.partner"].browse(action["res_id"]).mbn_contract_ids
        self.assertEqual((contract.state, contract.outside_partner_id), ("draft", outside))

    def test_others_may_not_sign_up(self):
        auditor = self._user("auditor", "group_billing_auditor")
        with self.assertRaises(AccessError):
            self.env["membership.signup"].with_user(auditor).create({"name": "X"})

    def _user(self, login, group):
        return self.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "group_ids": [Command.set([self.env.ref(f"{MODULE}.{group}").id])],
            }
        )
