import base64

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .association_common import AssociationCommon

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAssociation(AssociationCommon):
    def test_counts_include_the_associations_below(self):
        self._club_member("Eva", self.north)
        self.of_per._end(self._day("2026-01-01"), "request")
        self._set_today(self._day("2026-02-01"))
        self.of_per._refresh_status()
        associations = self.north | self.tromso | self.bodo | self.south
        self.assertEqual(associations.mapped("contract_count"), [3, 1, 1, 1])
        self.assertEqual(associations.mapped("member_count"), [2, 1, 0, 1])
        shown = self.env["membership.contract"].search(self.north.action_view_contracts()["domain"])
        self.assertEqual(shown.association_id, self.north | self.tromso | self.bodo)

    def test_it_is_no_part_of_itself(self):
        with self.assertRaises(UserError):
            self.north.parent_id = self.tromso

    def test_it_is_archived_when_nobody_is_left(self):
        with self.assertRaisesRegex(ValidationError, "South still has members"):
            self.south.action_archive()
        with self.assertRaisesRegex(ValidationError, "North still has members or associations"):
            self.north.action_archive()
        self.of_liv.association_id = self.tromso
        self.south.action_archive()
        self.assertFalse(self.south.active)

    def test_memberships_that_go_on_after_its_last_day_are_counted(self):
        self.tromso.valid_to = "2026-06-30"
        self.assertEqual(self.tromso.late_contract_count, 1)
        self.of_ola.date_end = "2026-06-30"
        self.tromso.invalidate_recordset(["late_contract_count"])
        self.assertEqual(self.tromso.late_contract_count, 0)
        self.assertEqual(self.south.late_contract_count, 0)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAssociationAdministrator(AssociationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._administrator(cls.north)

    def _seen(self, model, domain=(), user=None):
        return self.env[model].with_user(user or self.user).search(list(domain))

    def test_sees_the_own_associations_and_those_below(self):
        self.assertEqual(self._seen("membership.association"), self.north | self.tromso | self.bodo)
        self.assertTrue(self.bodo.with_user(self.user).is_administered)
        self.assertFalse(self.south.with_user(self.user).is_administered)
        below = self._administrator(self.bodo, login="below")
        self.assertEqual(self._seen("membership.association", user=below), self.bodo)
        nobody = self._administrator(login="nobody")
        self.assertFalse(self._seen("membership.association", user=nobody))
        self.assertFalse(self._seen("membership.contract", user=nobody))

    def test_a_new_administrator_sees_at_once(self):
        other = self._administrator(login="other")
        self.assertFalse(self._seen("membership.contract", user=other))
        self.south.administrator_ids += other
        self.assertEqual(self._seen("membership.contract", user=other), self.of_liv)
        self.south.administrator_ids -= other
        self.assertFalse(self._seen("membership.contract", user=other))

    def test_sees_own_members_and_their_payers(self):
        payer = self._member("Payer")
        self.of_ola.payer_id = payer
        everyone = self.ola | self.per | self.liv | payer
        seen = self._seen("res.partner", [("id", "in", everyone.ids)])
        self.assertEqual(seen, everyone - self.liv)
        self.assertEqual(self._seen("membership.contract"), self.of_ola | self.of_per)
        with self.assertRaises(AccessError):
            self.liv.with_user(self.user).read(["name"])
        with self.assertRaises(AccessError):
            self.of_liv.with_user(self.user).read(["name"])

    def test_sees_the_history_of_own_contracts_only(self):
        seen = self._seen("membership.contract.change").contract_id
        self.assertEqual(seen, self.of_ola | self.of_per)

    def test_keeps_what_happened_there_when_a_member_moves(self):
        period = self._period(self.of_ola, "2026-01-01", "2026-01-31")
        period.association_id = self.tromso
        period.charge_ids._compute_association_id()
        self.of_ola.association_id = self.south
        later = self._period(self.of_ola, "2026-02-01", "2026-02-28")
        later.association_id = self.south
        later.charge_ids._compute_association_id()
        self.assertNotIn(self.of_ola, self._seen("membership.contract"))
        self.assertFalse(self._seen("res.partner", [("id", "=", self.ola.id)]))
        self.assertEqual(self._seen("membership.period"), period)
        self.assertEqual(self._seen("membership.charge"), period.charge_ids)
        of_south = self._administrator(self.south, login="south")
        self.assertEqual(self._seen("membership.period", user=of_south), later | period)
        kept = self.of_ola.change_ids.filtered(lambda change: change.kind == "association")
        self.assertEqual(kept.mapped("association_id"), self.south | self.tromso)

    def test_changes_own_members_and_nobody_else(self):
        self.ola.with_user(self.user).phone = "77 00 00 00"
        self.assertEqual(self.ola.phone, "77 00 00 00")
        for stranger in (self.liv, self.env.user.partner_id, self.company.partner_id):
            with self.assertRaises(AccessError):
                stranger.with_user(self.user).email = "me@example.com"
        self.env.user.partner_id.invalidate_recordset()
        contract = self._contract(self.plan, member=self.env.user.partner_id, confirm=False)
        contract.association_id = self.tromso
        with self.assertRaises(AccessError):  # a user who is a member: the log-in hangs on it
            self.env.user.partner_id.with_user(self.user).email = "me@example.com"

    def test_signs_up_a_new_member_of_an_own_association(self):
        member = self.env["res.partner"].with_user(self.user).create({"name": "New"})
        contract = (
            self.env["membership.contract"]
            .with_user(self.user)
            .create({"member_id": member.id, "plan_id": self.plan.id, "date_start": "2026-01-01"})
        )
        self.assertEqual(contract.association_id, self.north)
        contract.association_id = self.bodo
        contract.action_confirm()
        self.assertEqual(contract.sudo().state, "confirmed")
        self.assertTrue(member.sudo().mbn_member_number)

    def test_names_no_other_association(self):
        vals = {"plan_id": self.plan.id, "date_start": "2026-01-01"}
        contracts = self.env["membership.contract"].with_user(self.user)
        with self.assertRaisesRegex(AccessError, "You are no administrator of this association"):
            contracts.create(vals | {"member_id": self.ola.id, "association_id": self.south.id})
        with self.assertRaisesRegex(AccessError, "You are no administrator of this association"):
            self.of_ola.with_user(self.user).association_id = self.south
        with self.assertRaisesRegex(AccessError, "You are no administrator of this association"):
            self.of_ola.with_user(self.user)._change(
                {"association_id": self.south.id}, self._day("2026-06-01")
            )
        with self.assertRaisesRegex(UserError, "Choose one of your associations"):
            self.of_ola.with_user(self.user).association_id = False
        self.assertEqual(self.of_ola.association_id, self.tromso)

    def test_names_nobody_who_is_hidden(self):
        vals = {"plan_id": self.plan.id, "date_start": "2026-01-01"}
        contracts = self.env["membership.contract"].with_user(self.user)
        for name in ("member_id", "payer_id"):
            with self.assertRaisesRegex(AccessError, "This person is not among your members"):
                contracts.create(vals | {"member_id": self.ola.id} | {name: self.liv.id})
            with self.assertRaisesRegex(AccessError, "This person is not among your members"):
                self.of_ola.with_user(self.user).write({name: self.liv.id})
        self.assertFalse(self._seen("res.partner", [("id", "=", self.liv.id)]))

    def test_learns_nothing_of_others_from_forms(self):
        """Forms know more than the user, and ids can be guessed."""
        liv, of_liv = self.liv.id, self.of_liv.id
        for model, vals, names in (
            ("membership.signup", {"person_id": liv}, ["name", "email"]),
            ("membership.contract.alter", {"contract_ids": [(6, 0, [of_liv])]}, ["payer_id"]),
            ("membership.contract.stop", {"contract_ids": [(6, 0, [of_liv])]}, ["date"]),
        ):
            form = self.env[model].with_user(self.user)
            with self.subTest(model=model, way="create"), self.assertRaises(AccessError):
                form.create(vals).read([*names, "display_name"])
            spec = {key: {} for key in form._fields}
            with self.subTest(model=model, way="onchange"), self.assertRaises(AccessError):
                form.onchange(vals, list(vals), spec)
        mine = self.of_ola.with_user(self.user)
        with self.assertRaisesRegex(AccessError, "This person is not among your members"):
            mine._consequences("change", False, {"payer_id": liv})
        with self.assertRaises(AccessError):
            self.of_liv.with_user(self.user)._consequences("end", self._day("2026-06-30"))

    def test_sets_no_bank_agreement(self):
        with self.assertRaisesRegex(AccessError, "is chosen by the office"):
            self.of_ola.with_user(self.user).agreement_id = self.agreement

    def test_adds_nothing_to_contracts_of_others(self):
        lines = self.env["membership.contract.line"].with_user(self.user)
        vals = {"product_id": self.product.id, "contract_id": self.of_ola.id}
        line = lines.create(vals)
        with self.assertRaises(AccessError):
            lines.create(vals | {"contract_id": self.of_liv.id})
        with self.assertRaises(AccessError):
            line.contract_id = self.of_liv

    def test_ends_own_contracts_and_no_other(self):
        self.of_ola.with_user(self.user)._end(self._day("2026-03-31"), "request")
        self.assertEqual(self.of_ola.date_end, self._day("2026-03-31"))
        with self.assertRaises(AccessError):
            self.of_liv.with_user(self.user)._end(self._day("2026-03-31"), "request")

    def test_changes_what_is_printed_and_nothing_else(self):
        mine = self.bodo.with_user(self.user)
        mine.text = "<p>Welcome to Bodø</p>"
        self.assertIn("Welcome to Bodø", self.bodo.text)
        for vals in (
            {"agreement_id": self.agreement.id},
            {"administrator_ids": [Command.link(self.env.uid)]},
            {"parent_id": False},
        ):
            with self.assertRaisesRegex(AccessError, "Only a billing manager"):
                mine.write(vals)
        with self.assertRaises(AccessError):
            self.south.with_user(self.user).text = "<p>Mine now</p>"

    def test_reads_own_invoices_and_changes_none(self):
        invoice = self._charged_invoice(self.of_ola)
        other = self._charged_invoice(self.of_liv)
        self.assertEqual(invoice.mbn_association_id, self.tromso)
        seen = self._seen("account.move", [("id", "in", (invoice | other).ids)])
        self.assertEqual(seen, invoice)
        self.assertEqual(seen.invoice_line_ids.mapped("price_unit"), [100.0])
        with self.assertRaises(AccessError):
            other.with_user(self.user).read(["name"])
        with self.assertRaises(AccessError):
            seen.button_draft()
        with self.assertRaises(AccessError):
            seen.ref = "changed"

    def test_a_users_right_to_see_all_is_not_narrowed(self):
        self.user.group_ids += self.env.ref("membership_billing_nordic.group_billing_front_desk")
        self.assertIn(self.of_liv, self._seen("membership.contract"))
        self.of_ola.with_user(self.user).association_id = self.south
        self.assertEqual(self.of_ola.association_id, self.south)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestOutsidePartner(AssociationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._outside_partner()
        cls.contracts = cls.env["membership.contract"].with_user(cls.user)

    def _sign_up(self, name="Won"):
        member = self.env["res.partner"].with_user(self.user).create({"name": name})
        return self.contracts.create(
            {
                "member_id": member.id,
                "plan_id": self.plan.id,
                "association_id": self.south.id,
                "date_start": "2026-01-01",
            }
        )

    def test_sees_the_own_list_only(self):
        self.assertFalse(self.contracts.search([]))
        contract = self._sign_up()
        self.assertEqual(contract.outside_partner_id, self.user)
        self.assertEqual(self.contracts.search([]), contract)
        people = (self.ola | self.per | self.liv | contract.member_id).ids
        seen = self.env["res.partner"].with_user(self.user).search([("id", "in", people)])
        self.assertEqual(seen, contract.member_id)
        with self.assertRaises(AccessError):
            self.of_ola.with_user(self.user).read(["name"])

    def test_leaves_confirming_to_the_office_and_then_looks_on(self):
        contract = self._sign_up()
        contract.member_id.phone = "55 00 00 00"
        for confirm in (contract.action_confirm, lambda: contract.write({"state": "confirmed"})):
            with self.assertRaisesRegex(AccessError, "The office confirms"):
                confirm()
        self.of_ola.env[contract._name].browse(contract.id).action_confirm()
        self.assertEqual(contract.state, "confirmed")
        self.assertEqual(contract.member_status, "active")
        with self.assertRaises(AccessError):
            contract.date_start = "2026-02-01"
        with self.assertRaises(AccessError):
            contract.member_id.email = "else@example.com"
        with self.assertRaises(AccessError):
            contract.unlink()

    def test_names_nobody_who_is_hidden(self):
        with self.assertRaisesRegex(AccessError, "This person is not among your members"):
            self.contracts.create(
                {"member_id": self.ola.id, "plan_id": self.plan.id, "date_start": "2026-01-01"}
            )

    def test_makes_no_contract_for_another_agency(self):
        member = self.env["res.partner"].with_user(self.user).create({"name": "Won"})
        with self.assertRaises(AccessError):
            self.contracts.create(
                {
                    "member_id": member.id,
                    "plan_id": self.plan.id,
                    "date_start": "2026-01-01",
                    "outside_partner_id": self.env.uid,
                }
            )


@tagged("post_install", "-at_install", "post_install_l10n")
class TestPortalMember(AssociationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._user("portal member", "base.group_portal")
        cls.mother = cls.user.partner_id
        cls.of_ola.payer_id = cls.mother
        cls.period = cls._period(cls.of_ola, "2026-01-01", "2026-01-31")
        cls._period(cls.of_liv, "2026-01-01", "2026-01-31")

    def test_payer_reads_what_is_paid_for_and_nothing_else(self):
        for model, own in (
            ("membership.contract", self.of_ola),
            ("membership.period", self.period),
            ("membership.charge", self.period.charge_ids),
        ):
            self.assertEqual(self.env[model].with_user(self.user).search([]), own)
        mine = self.of_ola.with_user(self.user)
        self.assertEqual(mine.read(["member_status"])[0]["member_status"], "active")
        with self.assertRaises(AccessError):
            self.of_liv.with_user(self.user).read(["name"])
        with self.assertRaises(AccessError):
            self.liv.with_user(self.user).read(["name"])

    def test_payer_changes_nothing(self):
        mine = self.of_ola.with_user(self.user)
        for change in (
            lambda: mine.write({"date_end": "2026-01-31"}),
            mine.action_confirm,
            mine.action_resume,
            mine.unlink,
        ):
            with self.assertRaises(AccessError):
                change()

    def test_new_payer_does_not_see_what_others_were_charged(self):
        self.of_liv.payer_id = self.mother
        self.assertEqual(
            self.env["membership.charge"].with_user(self.user).search([]), self.period.charge_ids
        )


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAssociationDocuments(AssociationCommon):
    def _printed(self, invoice):
        report = self.env["ir.actions.report"]
        return report._render_qweb_html("account.report_invoice", invoice.ids)[0].decode()

    def _sent_along(self, invoice):
        send = self.env["account.move.send"]
        template = self.env.ref("account.email_template_edi_invoice")
        return [
            row["name"]
            for row in send._get_default_mail_attachments_widget(invoice, template)
            if not row["placeholder"]
        ]

    def test_invoice_shows_logo_and_text_of_its_association(self):
        self.tromso.write({"logo": DOT, "text": "<p>Arctic greetings</p>"})
        page = self._printed(self._charged_invoice(self.of_ola))
        self.assertIn("Arctic greetings", page)
        self.assertIn('name="mbn_association"', page)
        self.assertIn("data:image/png;base64", page.split('name="mbn_association"')[1])
        self.assertNotIn("mbn_association", self._printed(self._invoice(self.payer, 10.0)))

    def test_what_it_lacks_is_taken_from_the_one_above(self):
        self.north.write({"text": "<p>From the district</p>", "enclosure": base64.b64encode(b"n")})
        self.tromso.text = "<p><br></p>"
        self.assertIn("From the district", self._printed(self._charged_invoice(self.of_ola)))
        self.bodo.text = "<p>From the club</p>"
        page = self._printed(self._charged_invoice(self.of_per))
        self.assertIn("From the club", page)
        self.assertNotIn("From the district", page)

    def test_enclosure_is_sent_along_under_its_name_and_stored_once(self):
        letter = {"enclosure": base64.b64encode(b"Welcome"), "enclosure_name": "welcome.txt"}
        self.tromso.write(letter)
        invoice = self._charged_invoice(self.of_ola)
        self.assertEqual(self._sent_along(invoice), ["welcome.txt"])
        first = self.tromso._enclosure_attachment()
        self.assertEqual(first.raw, b"Welcome")
        self.assertEqual(self.tromso._enclosure_attachment(), first)
        self.tromso.enclosure = base64.b64encode(b"Welcome again")
        self.assertEqual(self.tromso._enclosure_attachment().raw, b"Welcome again")
        self.assertEqual(self._sent_along(self._charged_invoice(self.of_liv)), [])

    def test_invoice_for_several_concerns_what_is_above_them(self):
        for others, common in (
            (self.of_per, self.north),
            (self.of_per | self.of_liv, self.env["membership.association"]),
        ):
            invoice = self._invoice(self.ola, 100.0, post=False)
            line = invoice.invoice_line_ids
            for contract in self.of_ola | others:
                month = f"2026-0{len(contract.period_ids) + 1}"
                period = self._period(contract, f"{month}-01", f"{month}-28")
                period.association_id = contract.association_id
                period.charge_ids.invoice_line_id = line.copy()
            self.assertEqual(invoice.mbn_association_id, common)

    def test_credit_note_concerns_whom_its_invoice_concerned(self):
        invoice = self._charged_invoice(self.of_ola)
        credit = invoice._reverse_moves()
        self.assertEqual(credit.mbn_association_id, self.tromso)

    def test_earlier_invoice_stays_with_the_association_of_its_time(self):
        invoice = self._charged_invoice(self.of_ola)
        self.of_ola.association_id = self.south
        self.assertEqual(invoice.mbn_association_id, self.tromso)
