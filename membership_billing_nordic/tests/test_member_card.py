from datetime import date

from lxml import html
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .membership_common import MembershipCommon

MODULE = "membership_billing_nordic"


def words(box):
    """The text of a box of the card."""
    return " ".join(" ".join(html.fromstring(f"<div>{box or ''}</div>").itertext()).split())


@tagged("post_install", "-at_install", "post_install_l10n")
class TestMemberCard(MembershipCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls._plan(name="Adult", price=100.0)
        cls.member = cls._member("Ola Nordmann", email="ola@x.example", mbn_member_number="M-1")
        cls.contract = cls._contract(cls.plan, member=cls.member)

    def setUp(self):
        super().setUp()
        self.desk = self._user("desk", "group_billing_front_desk")

    def _user(self, login, group):
        return self.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "group_ids": [Command.set([self.env.ref(f"{MODULE}.{group}").id])],
            }
        )

    def _bill(self):
        self.env["billing.run"]._bill_now(self.contract)
        return self.contract.charge_ids.invoice_id[:1]

    def _pay(self, invoice):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"payment_date": "2026-01-10"})._create_payments()

    def _card(self, user=None):
        member = self.member.with_user(user or self.env.user)
        member.invalidate_recordset()
        return member

    def test_the_top_tells_status_and_what_happens_next(self):
        self._bill()
        card = self._card()
        self.assertEqual(card.mbn_member_status, "active")
        self.assertEqual(card.mbn_card_status, "The invoice is due on 01/15/2026.")

    def test_standing_tells_what_is_open_and_the_next_invoice(self):
        self.assertEqual(
            words(self._card().mbn_card_standing),
            "Open Nothing Next invoice 01/01/2026: $ 100.00 (Adult)",
        )
        self._bill()
        self._set_today(date(2026, 1, 20))
        text = words(self._card().mbn_card_standing)
        self.assertIn("Open $ 100.00, overdue since 01/15/2026", text)
        self.assertIn("Next invoice 02/01/2026: $ 100.00 (Adult)", text)

    def test_payment_tells_payer_means_and_delivery(self):
        self._bill()
        number = self.agreement._payer_numbers(self.member)[self.member.id]
        self.assertEqual(
            words(self._card().mbn_card_payment),
            f"Payer Ola Nordmann (same person), payer number {number} Pays by Invoice with payment "
            f"reference, to {self.agreement.display_name} Invoices go by e-mail: ola@x.example",
        )
        mother = self._payer("Siri Berg")
        self.contract._change({"payer_id": mother.id})
        box = self._card().mbn_card_payment
        self.assertIn(f"action_members/{mother.id}", box)
        self.assertIn("Payer Siri Berg", words(box))

    def test_events_come_newest_first(self):
        invoice = self._bill()
        self._pay(invoice)
        self._set_today(date(2026, 2, 1))
        text = words(self._card().mbn_card_events)
        self.assertIn("Joined: Adult", text)
        self.assertIn(f"Invoiced $ 100.00, due 01/15/2026, {invoice.name}", text)
        self.assertLess(text.index("Paid $ 100.00"), text.index("Invoiced"))

    def test_events_tell_pauses_and_changes(self):
        self.contract._pause(date(2026, 3, 1), False, "health")
        self.contract._resume(date(2026, 4, 1))
        mother = self._payer("Siri Berg")
        self.contract._change({"payer_id": mother.id})
        text = words(self._card().mbn_card_events)
        self.assertIn("Paused from 03/01/2026 (Health)", text)
        self.assertIn("Goes on from 04/01/2026", text)
        self.assertIn("Payer: Siri Berg from 01/01/2026", text)

    def test_open_invoices_have_their_reference(self):
        invoice = self._bill()
        text = words(self._card().mbn_card_invoices)
        self.assertIn(
            f"{invoice.name} Ola Nordmann 01/15/2026 {invoice.payment_reference} $ 100.00", text
        )
        self._pay(invoice)
        self.assertFalse(self._card().mbn_card_invoices)

    def test_the_front_desk_sees_the_card_without_accounts_or_links_to_invoices(self):
        invoice = self._bill()
        self._pay(invoice)
        self.env["billing.run"]._bill_now(self.contract)
        card = self._card(self.desk)
        boxes = "".join(
            str(card[name])
            for name in (
                "mbn_card_standing",
                "mbn_card_payment",
                "mbn_card_events",
                "mbn_card_invoices",
            )
        )
        self.assertIn("Paid $ 100.00", words(boxes))
        self.assertIn(invoice.name, boxes)
        self.assertNotIn("action_membership_invoice", boxes)
        self.assertNotIn(self.agreement.account_number, boxes)
        self.assertNotIn(self.agreement.display_name, boxes)

    def test_what_members_typed_is_no_markup(self):
        self.member.name = "<b>Ola</b>"
        self._bill()
        self.assertIn("&lt;b&gt;Ola", self._card().mbn_card_payment)

    def test_an_administrator_sees_only_the_own_associations_part(self):
        own, other = (
            self.env["membership.association"].create(
                {"partner_id": self._payer(name, is_company=True).id}
            )
            for name in ("Own", "Other")
        )
        admin = self._user("admin_own", "group_association_administrator")
        own.administrator_ids = admin
        foreign = self._plan(name="Secret", price=77.0)
        self.contract.association_id = own
        theirs = self._contract(foreign, member=self.member, association_id=other.id)
        self.env["billing.run"]._bill_now(self.contract | theirs)
        card = self._card(admin)
        text = words(
            f"{card.mbn_card_standing}{card.mbn_card_payment}{card.mbn_card_events}"
            f"{card.mbn_card_invoices}"
        )
        self.assertIn("100.00", text)
        self.assertNotIn("77.00", text)
        self.assertNotIn("Secret", text)

    def test_the_household_shows_whom_the_payer_pays_for(self):
        mother = self._payer("Siri Berg")
        emil, una = (
            self._contract(self.plan, member=self._member(name), payer_id=mother.id)
            for name in ("Emil", "Una")
        )
        self.assertEqual(mother.mbn_household_contract_ids, emil | una)
        self.assertEqual(emil.member_id.mbn_household_contract_ids, una)
        self.assertEqual(emil.action_mbn_open_member()["res_id"], emil.member_id.id)

    def test_change_and_pause_go_to_the_running_memberships(self):
        action = self.member.action_mbn_change()
        self.assertEqual(action["context"]["default_contract_ids"], self.contract.ids)
        action = self.member.action_mbn_stop()
        self.assertEqual(action["context"]["default_contract_ids"], self.contract.ids)
        with self.assertRaisesRegex(UserError, "no running membership"):
            self._member("Nobody").action_mbn_change()

    def test_an_invoice_is_sent_again_by_the_desk(self):
        invoice = self._bill()
        invoice.mbn_send_state = "sent"
        action = self.member.with_user(self.desk).action_mbn_send_again()
        form = Form(
            self.env["membership.send.again"].with_user(self.desk).with_context(action["context"])
        )
        wizard = form.save()
        self.assertRecordValues(
            wizard.line_ids,
            [
                {
                    "name": invoice.name,
                    "amount": 100.0,
                    "chosen": True,
                    "way": "by e-mail: ola@x.example",
                }
            ],
        )
        wizard.action_send()
        self.assertEqual(invoice.mbn_send_state, "waiting")

    def test_invoices_of_others_are_not_sent(self):
        other = self._invoice(self.payer, 10)
        wizard = self.env["membership.send.again"].create(
            {
                "partner_id": self.member.id,
                "line_ids": [Command.create({"move_key": other.id, "chosen": True})],
            }
        )
        with self.assertRaises(AccessError):
            wizard.action_send()
        self.assertFalse(other.mbn_send_state)
        wizard.line_ids.chosen = False
        with self.assertRaisesRegex(UserError, "at least one"):
            wizard.action_send()

    def test_a_contact_of_a_company_who_pays_is_warned_of(self):
        employer = self._payer("Employer", is_company=True)
        contact = self._member("Per", parent_id=employer.id)
        self.assertIn("Detach the contact", contact.mbn_payer_warning)
        contact.action_mbn_detach()
        self.assertFalse(contact.mbn_payer_warning)

    def test_correct_merges_likely_duplicates_and_undoes_an_end(self):
        twin = self._member("Ola N.", email="OLA@x.example")
        action = self.member.action_mbn_merge()
        self.assertEqual(set(action["context"]["active_ids"]), {self.member.id, twin.id})
        twin.email = "else@x.example"
        with self.assertRaisesRegex(UserError, "Nobody looks like"):
            self.member.action_mbn_merge()
        self.assertFalse(self.member.mbn_can_undo_end)
        self.contract._end(date(2026, 6, 30))
        self.assertTrue(self.member.mbn_can_undo_end)
        self.member.action_mbn_undo_end()
        self.assertFalse(self.contract.date_end)

    def test_the_card_opens_for_every_role(self):
        self._bill()
        for group in (
            "group_billing_front_desk",
            "group_billing_user",
            "group_billing_manager",
            "group_billing_auditor",
        ):
            with self.subTest(group=group):
                user = self._user(group, group)
                view = self.env.ref(f"{MODULE}.res_partner_view_form_card")
                member = self.member.with_user(user)
                arch = member.get_view(view.id, "form")["arch"]
                names = {node.get("name") for node in html.fromstring(arch).iter("field")}
                self.assertIn("mbn_card_standing", names)
                fields = [name for name in names if name in member._fields]
                self.assertTrue(member.web_read({name: {} for name in fields}))
