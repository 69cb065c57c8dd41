from datetime import date

import psycopg2
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..formats import messages
from .bank_file_common import ACCOUNT, BankFileCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDebitMandate(BankFileCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._payer("Ola Nordmann")

    def _event(self, event, payer=None, **values):
        if payer:
            invoice = self._invoice(payer, 450)
            values["reference"] = invoice.payment_reference
        return messages.MandateEvent(record=0, event=event, account=ACCOUNT, **values)

    def _mandate(self, payer, **values):
        return self.env["direct.debit.mandate"].create(
            {"agreement_id": self.agreement.id, "partner_id": payer.id} | values
        )

    def _active(self, payer):
        mandate = self._mandate(payer)
        mandate.action_activate()
        return mandate

    def _mandates(self, payer):
        return self.env["direct.debit.mandate"].search([("partner_id", "=", payer.id)])

    def _desk(self, record, kind):
        return self.env["billing.exception"]._open_rows(record, kind)

    # ------------------------------------------------------------------ what the bank says

    def test_a_new_mandate_becomes_active(self):
        event = self._event("registered", self.payer, written_notice=True)
        file = self._book(extra=[event])
        self.assertEqual(file.state, "booked")
        self.assertRecordValues(
            self._mandates(self.payer),
            [
                {
                    "state": "active",
                    "agreement_id": self.agreement.id,
                    "payer_number": self.payer.mbn_payer_number_ids.number,
                    "reference": event.reference,
                    "written_notice": "yes",
                    "event_ids": file.mandate_event_ids.ids,
                }
            ],
        )
        self.assertEqual(file.mandate_event_ids.state, "applied")

    def test_registering_a_known_mandate_changes_it(self):
        mandate = self._active(self.payer)
        file = self._book(extra=[self._event("registered", self.payer, written_notice=True)])
        self.assertEqual(self._mandates(self.payer), mandate)
        self.assertEqual((mandate.state, mandate.written_notice), ("active", "yes"))
        self._book(extra=[self._event("registered", self.payer, written_notice=False)])
        self.assertEqual((mandate.state, mandate.written_notice), ("active", "no"))
        self.assertIn(file.mandate_event_ids, mandate.event_ids)
        self.assertEqual(len(mandate.event_ids), 2)

    def test_a_requested_mandate_is_confirmed_or_refused(self):
        confirmed = self._mandate(self.payer, state="requested")
        refused = self._mandate(self.other, state="requested")
        self._book(
            extra=[
                self._event("registered", self.payer),
                self._event("rejected", self.other, meaning="No such account"),
            ]
        )
        self.assertEqual(confirmed.state, "active")
        self.assertEqual((refused.state, refused.ended_meaning), ("rejected", "No such account"))

    def test_a_cancelled_mandate_ends_and_a_later_one_is_new(self):
        mandate = self._active(self.payer)
        self._book(extra=[self._event("cancelled", self.payer, effective_date=date(2026, 2, 12))])
        self.assertEqual((mandate.state, mandate.valid_to), ("cancelled", date(2026, 2, 12)))
        self._book(extra=[self._event("registered", self.payer)])
        self.assertEqual(self._mandates(self.payer).mapped("state"), ["active", "cancelled"])
        self.assertEqual(mandate.state, "cancelled")

    def test_messages_of_one_payer_are_applied_in_the_order_of_the_file(self):
        self._book(
            extra=[
                self._event("registered", self.payer),
                self._event("cancelled", self.payer),
                self._event("registered", self.payer, written_notice=True),
            ]
        )
        found = self._mandates(self.payer)
        self.assertEqual(found.mapped("state"), ["active", "cancelled"])
        self.assertEqual(found[0].written_notice, "yes")

    def test_cancelling_what_we_do_not_have_changes_nothing(self):
        file = self._book(extra=[self._event("cancelled", self.payer)])
        self.assertFalse(self._mandates(self.payer))
        self.assertEqual(file.mandate_event_ids.state, "applied")
        self.assertEqual(file.mandate_event_ids.note, "The payer had no mandate here.")

    def test_reading_a_file_again_applies_nothing_twice(self):
        event = self._event("registered", self.payer)
        file = self._book(self._payment(10, "4711"), extra=[event])
        mandate = self._mandates(self.payer)
        mandate.action_cancel()
        file.sudo()._reset()
        file._process()
        self.assertEqual(self._mandates(self.payer).mapped("state"), ["cancelled"])

    def test_the_mandate_of_a_payer_who_was_merged_goes_by_the_number_in_use(self):
        self._invoice(self.payer, 450)
        self._invoice(self.other, 450)
        old = self._active(self.other)
        kept = self._active(self.payer)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.payer | self.other).ids, self.payer
        )
        self.env.invalidate_all()
        self.assertEqual(old.partner_id, self.payer)
        found = self.env["direct.debit.mandate"]._find_usable(
            self.agreement, self.payer, date(2026, 3, 1)
        )
        self.assertEqual(found, {self.payer.id: kept})

    # ------------------------------------------------------------------ unknown payers

    def test_a_mandate_without_a_payer_waits_for_a_person(self):
        unknown = self.agreement.layout_ids._shape().build("98765", 1)
        file = self._book(extra=[self._event("registered", reference=unknown)])
        event = file.mandate_event_ids
        self.assertEqual(event.state, "to_place")
        self.assertIn("without a payer: 1", self._desk(file, "mandate_unmatched").name)
        wizard = (
            self.env["bank.mandate.place"]
            .with_context(active_model="bank.mandate.event", active_ids=event.ids)
            .create({"partner_id": self.payer.id})
        )
        wizard.action_place()
        self.assertEqual((event.state, event.partner_id), ("applied", self.payer))
        self.assertEqual(self._mandates(self.payer).state, "active")
        self.assertFalse(self._desk(file, "mandate_unmatched"))
        with self.assertRaisesRegex(UserError, "is done with"):
            event._place(self.other)

    def test_a_mandate_of_a_stranger_can_be_left_aside(self):
        file = self._book(extra=[self._event("registered", reference="4711")])
        file.mandate_event_ids.action_dismiss()
        self.assertEqual(file.mandate_event_ids.state, "dismissed")
        self.assertFalse(self._desk(file, "mandate_unmatched"))

    # ------------------------------------------------------------------ the full list

    def test_a_full_list_shows_what_differs_both_ways(self):
        same = self._active(self.payer)
        same.written_notice = "no"
        gone = self._active(self.other)
        third = self._payer("Third")
        file = self._book(
            extra=[
                self._event("listed", self.payer, written_notice=True),
                self._event("listed", third, written_notice=True),
                self._event("listed", reference="4711"),
            ]
        )
        rows = self.env["direct.debit.register.difference"].search([("file_id", "=", file.id)])
        self.assertEqual(
            sorted((row.kind, row.partner_id.name or "", row.reference) for row in rows),
            [
                ("notice", "Kari Nordmann", file.mandate_event_ids[0].reference),
                ("only_bank", "", "4711"),
                ("only_bank", "Third", file.mandate_event_ids[1].reference),
                ("only_ours", "Ola Nordmann", False),
            ],
        )
        self.assertIn("4 rows", self._desk(file, "mandate_register").name)
        self.assertEqual((same.state, gone.state), ("active", "active"))
        self.assertFalse(self._mandates(third))

        with self.assertRaisesRegex(UserError, "No payer is known for 4711"):
            rows.action_take_over()
        rows.filtered(lambda row: row.reference == "4711").action_leave()
        rows.action_take_over()
        self.assertEqual(same.written_notice, "yes")
        self.assertEqual((gone.state, gone.ended_meaning), ("cancelled", "Not in the bank's list"))
        self.assertEqual(self._mandates(third).state, "active")
        self.assertFalse(self._desk(file, "mandate_register"))

    # ------------------------------------------------------------------ rules

    def test_a_payer_has_one_live_mandate_with_an_agreement(self):
        self._active(self.payer)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.IntegrityError),
            self.env.cr.savepoint(),
        ):
            self._mandate(self.payer, state="active")
            self.env.flush_all()

    def test_a_known_mandate_is_not_given_to_another_payer_nor_deleted(self):
        mandate = self._active(self.payer)
        with self.assertRaisesRegex(UserError, "known to the bank"):
            mandate.partner_id = self.other
        with self.assertRaisesRegex(UserError, "not deleted"):
            mandate.sudo().unlink()
        self._mandate(self.other).sudo().unlink()

    def test_usable_is_active_and_valid_on_the_day(self):
        find = self.env["direct.debit.mandate"]._find_usable
        mandate = self._active(self.payer)
        mandate.write({"valid_from": date(2026, 2, 1), "valid_to": date(2026, 2, 28)})
        found = {self.payer.id: mandate}
        self.assertEqual(find(self.agreement, self.payer, date(2026, 1, 31)), {})
        self.assertEqual(find(self.agreement, self.payer, date(2026, 2, 1)), found)
        self.assertEqual(find(self.agreement, self.payer, date(2026, 2, 28)), found)
        self.assertEqual(find(self.agreement, self.payer, date(2026, 3, 1)), {})
        mandate.action_cancel()
        self.assertEqual(find(self.agreement, self.payer, date(2026, 2, 10)), {})

    def test_requesting_needs_a_bank_that_can_be_asked(self):
        mandate = self._mandate(self.payer)
        with self.assertRaisesRegex(UserError, "signs up with the bank"):
            mandate.action_request()
        self.assertEqual(mandate.state, "draft")

    def test_who_may_not_bill_changes_no_mandate(self):
        mandate = self._mandate(self.payer)
        desk = new_test_user(
            self.env, "desk", groups="membership_billing_nordic.group_billing_front_desk"
        )
        with self.assertRaises(AccessError):
            mandate.with_user(desk).action_activate()
