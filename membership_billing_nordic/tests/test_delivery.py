from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .delivery_common import DeliveryCommon

BUNDLES = "odoo.addons.membership_billing_nordic.models.membership.billing_delivery_bundle"


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestDelivery(DeliveryCommon):
    # ------------------------------------------------------------------
    # Which channel
    # ------------------------------------------------------------------

    def test_without_a_set_up_order_it_is_email_and_then_the_portal(self):
        payer = self._member("Ola", "email")
        self.assertEqual(payer._mbn_delivery_channels(self.company), ["email", "portal"])

    def test_the_payers_own_choice_comes_before_the_companys_order(self):
        self._steps("email", "sms", "letter")
        payer = self._member("Ola", "email", invoice_sending_method="letter")
        self.assertEqual(payer._mbn_delivery_channels(self.company), ["letter", "email", "sms"])
        payer.invoice_sending_method = "manual"
        self.assertEqual(payer._mbn_delivery_channels(self.company), [])

    def test_the_order_changes_at_once(self):
        payer = self._member("Ola", "email")
        self._steps("sms", "email")
        self.assertEqual(payer._mbn_delivery_channels(self.company), ["sms", "email"])
        self.env["billing.delivery.step"].search([("channel", "=", "sms")]).sequence = 9
        self.assertEqual(payer._mbn_delivery_channels(self.company), ["email", "sms"])

    def test_a_branch_sends_in_the_order_of_the_company_above_it(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self._steps("letter", "email")
        self.assertEqual(self._member("Ola")._mbn_delivery_channels(branch), ["letter", "email"])

    def test_an_address_that_cannot_be_right_is_none(self):
        typo = self._payer("Typo", email="ola@example", phone="12", street="Storgata 1")
        self.assertFalse(typo._mbn_has_address("email"))
        self.assertFalse(typo._mbn_has_address("sms"))
        self.assertFalse(typo._mbn_has_address("letter"))
        right = self._member("Ola", "email", "sms", "letter")
        self.assertEqual(right._mbn_delivery_address("email"), "ola@example.com")
        self.assertEqual(right._mbn_delivery_address("sms"), "+4740000001")
        self.assertEqual(right._mbn_delivery_address("letter"), "Storgata 1, 0155 Oslo, Norway")

    # ------------------------------------------------------------------
    # One channel after another
    # ------------------------------------------------------------------

    def test_each_payer_gets_the_invoice_by_the_first_channel_with_an_address(self):
        self._steps("email", "sms", "letter")
        invoices = self._invoices(
            self._member("Mail", "email", "sms"),
            self._member("Phone", "sms", "letter"),
            self._member("House", "letter"),
            self._member("Nowhere"),
        )
        self._send()
        self.assertEqual(
            [invoice.mbn_send_state for invoice in invoices], ["sent", "sent", "print", "portal"]
        )
        self.assertEqual(
            [self._log(invoice) for invoice in invoices],
            [
                [("email", "sent")],
                [("email", "failed"), ("sms", "sent")],
                [("email", "failed"), ("sms", "failed"), ("letter", "waiting")],
                [
                    ("email", "failed"),
                    ("sms", "failed"),
                    ("letter", "failed"),
                    ("portal", "sent"),
                ],
            ],
        )
        note = invoices[2].message_ids[0].body
        self.assertIn("No usable address for: by Email, by SMS", note)
        self.assertIn("by Letter", note)

    def test_what_was_credited_is_not_sent_but_what_a_credit_note_has_paid_is(self):
        invoices = self._invoices(self._member("Ann", "email"), self._member("Bo", "email"))
        self._credit(invoices[0])
        self._goodwill(invoices[1])
        self._send()
        self.assertEqual([self._log(one) for one in invoices], [[], [("email", "sent")]])

    def test_portal_only_by_choice_is_delivered_and_not_on_the_desk(self):
        invoice = self._invoices(self._member("Ola", "email", invoice_sending_method="portal"))
        self._send()
        self.assertEqual(invoice.mbn_send_state, "sent")
        self.assertEqual(self._log(invoice), [("portal", "sent")])
        self.assertFalse(self._mails(invoice))
        self.assertFalse(
            self.env["billing.exception"]._open_rows(invoice.mbn_run_id, "billing_invoice_unsent")
        )

    def test_a_method_of_another_add_on_is_left_to_it(self):
        if "snailmail.letter" not in self.env:
            self.skipTest("no add-on brings a method of its own")
        post = {"invoice_sending_method": "snailmail"}
        house, nowhere = self._invoices(
            self._member("House", "email", "letter", **post), self._member("None", "email", **post)
        )
        self._send()
        self.assertEqual(self._log(house), [("snailmail", "sent")])
        self.assertEqual(self._log(nowhere), [("snailmail", "failed"), ("email", "sent")])
        letters = self.env["snailmail.letter"].search(
            [("model", "=", "account.move"), ("res_id", "in", (house | nowhere).ids)]
        )
        self.assertEqual(letters.mapped("res_id"), house.ids)

    def test_a_bounce_leads_to_the_next_channel_exactly_once(self):
        self._steps("email", "sms")
        invoice = self._invoices(self._member("Ola", "email", "sms"))
        self._send()
        self._bounce(invoice)
        self._send()
        self.assertEqual(self._log(invoice), [("email", "bounced"), ("sms", "sent")])
        self.assertIn(
            "Not delivered by Email to ola@example.com: Bounce",
            "".join(invoice.message_ids.mapped("body")),
        )
        self._bounce_again_and_send(invoice)
        self.assertEqual(self._log(invoice), [("email", "bounced"), ("sms", "sent")])
        self.assertEqual(len(self._texts(invoice)), 1)

    def _bounce_again_and_send(self, invoice):
        email = invoice.mbn_delivery_ids.filtered(lambda one: one.channel == "email")
        email.message_id.sudo().notification_ids.write({"notification_status": "bounce"})
        self._send()

    def test_the_last_bounce_leaves_it_on_the_portal_and_the_desk_says_so(self):
        invoice = self._invoices(self._member("Ola", "email"))
        self._send()
        self._bounce(invoice)
        self._send()
        self.assertEqual(invoice.mbn_send_state, "portal")
        self.assertEqual(self._log(invoice), [("email", "bounced"), ("portal", "sent")])
        desk = self.env["billing.exception"]._open_rows(
            invoice.mbn_run_id, "billing_invoice_unsent"
        )
        self.assertIn("1 invoices wait on the portal only", desk.name)

    def test_a_bounce_of_a_paid_invoice_is_noted_only(self):
        self._steps("email", "sms")
        invoice = self._invoices(self._member("Ola", "email", "sms"))
        self._send()
        self._pay(invoice)
        self._bounce(invoice)
        self._send()
        self.assertEqual(self._log(invoice), [("email", "bounced")])
        self.assertEqual(invoice.mbn_send_state, "sent")

    def test_a_refused_recipient_leads_to_the_next_channel(self):
        self._steps("email", "letter")
        invoice = self._invoices(self._member("Ola", "email", "letter"))
        self._send()
        self._mail_server_says(invoice, "SMTPRecipientsRefused: 550 no such user")
        self._send()
        self.assertEqual(self._log(invoice), [("email", "failed"), ("letter", "waiting")])

    def test_an_error_of_our_own_mail_server_moves_nobody_to_another_channel(self):
        self._steps("email", "letter")
        invoice = self._invoices(self._member("Ola", "email", "letter"))
        self._send()
        self._mail_server_says(invoice, "SMTPDataError: daily quota exceeded")
        self._send()
        self.assertEqual(self._log(invoice), [("email", "failed")])
        self.assertEqual(invoice.mbn_send_state, "failed")
        invoice.action_mbn_send_again()
        self._send()
        self.assertEqual(self._log(invoice), [("email", "failed"), ("email", "sent")])
        self.assertEqual(invoice.mbn_send_state, "sent")

    def test_send_again_begins_with_the_first_channel(self):
        self._steps("email", "sms")
        payer = self._member("Ola", "email")
        invoice = self._invoices(payer)
        self._send()
        self._bounce(invoice)
        self._send()
        self.assertEqual(invoice.mbn_send_state, "portal")
        payer.email = "right@example.com"
        invoice.action_mbn_send_again()
        self._send()
        self.assertEqual(invoice.mbn_send_state, "sent")
        self.assertEqual(self._last(invoice).address, "right@example.com")
        self._bounce(invoice)
        self._send()
        self.assertEqual(invoice.mbn_send_state, "portal")

    # ------------------------------------------------------------------
    # SMS
    # ------------------------------------------------------------------

    def test_the_sms_tells_amount_due_date_and_reference_in_the_payers_language(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        template = self.env.ref("membership_billing_nordic.sms_template_invoice")
        template.with_context(lang="nb_NO").body = "Faktura {{ object.name }}"
        self._steps("sms")
        english, norwegian = self._invoices(
            self._member("Ola", "sms"), self._member("Kari", "sms", lang="nb_NO")
        )
        self._send()
        text = self._texts(english).body
        self.assertIn("1,200.00", text)
        self.assertIn("01/29/2027", text)
        self.assertEqual(english.invoice_date_due, date(2027, 1, 29))
        self.assertIn(english.payment_reference, text)
        self.assertIn(english.mbn_short_url, text)
        self.assertRegex(english.mbn_short_url, r"/mi/[A-Za-z0-9]{10}$")
        self.assertEqual(self._texts(norwegian).body, f"Faktura {norwegian.name}")
        self.assertEqual(self._texts(english).number, "+4740000001")

    def test_a_number_the_provider_refuses_leads_to_the_next_channel(self):
        self._steps("sms", "email")
        invoice = self._invoices(self._member("Ola", "email", "sms"))
        self._send()
        self._sms_provider_says("wrong_number_format")
        self._send()
        self.assertEqual(self._log(invoice), [("sms", "failed"), ("email", "sent")])

    def test_an_empty_sms_account_moves_nobody_to_another_channel(self):
        self._steps("sms", "letter")
        invoice = self._invoices(self._member("Ola", "sms", "letter"))
        self._send()
        self._sms_provider_says("insufficient_credit")
        self._send()
        self.assertEqual(self._log(invoice), [("sms", "failed")])
        self.assertEqual(invoice.mbn_send_state, "failed")

    def test_an_sms_that_arrives_stays_sent(self):
        self._steps("sms", "letter")
        invoice = self._invoices(self._member("Ola", "sms", "letter"))
        self._send()
        self._sms_provider_says("success")
        self._send()
        self.assertEqual(self._log(invoice), [("sms", "sent")])

    # ------------------------------------------------------------------
    # Chunks
    # ------------------------------------------------------------------

    def test_a_stop_between_two_chunks_sends_nothing_twice(self):
        members = [self._member(f"Member {number}", "email") for number in range(12)]
        invoices = self._invoices(*members)
        self._send(seconds=0)
        self.assertEqual(invoices.mapped("mbn_send_state").count("sent"), 10)
        self._send()
        self._send()
        self.assertEqual({invoice.mbn_send_state for invoice in invoices}, {"sent"})
        self.assertEqual([len(invoice.mbn_delivery_ids) for invoice in invoices], [1] * 12)
        self.assertEqual(len(self._mails(invoices)), 12)

    def test_what_a_clerk_sends_by_letter_waits_for_the_printer(self):
        invoice = self._invoices(self._member("Ola", "email", "letter"))
        self.env["account.move.send.wizard"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"sending_methods": ["letter"]}).action_send_and_print()
        self.assertEqual(invoice.mbn_send_state, "print")
        self.assertEqual(self._log(invoice), [("letter", "waiting")])
        self._send()
        self.assertFalse(self._mails(invoice))

    def test_the_front_desk_reads_the_log_and_does_not_send(self):
        invoice = self._invoices(self._member("Nowhere"))
        self._send()
        desk = self._user("desk", "group_billing_front_desk")
        deliveries = self.env["billing.delivery"].with_user(desk)
        self.assertEqual(deliveries.search_count([("move_id", "=", invoice.id)]), 2)
        with self.assertRaises(AccessError):
            invoice.with_user(desk).action_mbn_send_again()
        with self.assertRaises(AccessError):
            deliveries.create({"move_id": invoice.id, "channel": "email"})


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestLetters(DeliveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["billing.delivery.step"].create({"channel": "letter"})

    def _letters(self):
        self._steps("letter")
        return self._invoices(
            self._member("Berit", "letter", zip="5003", city="Bergen"),
            self._member("Arne", "letter"),
            self._member("Anne", "letter", zip="5003", city="Bergen"),
        )

    def test_a_run_is_printed_as_one_file_by_zip_code_and_name(self):
        invoices = self._letters()
        self._send()
        run = invoices.mbn_run_id
        self.assertEqual(run.letter_count, 3)
        action = run.action_print_letters()
        bundle = run.bundle_ids
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertEqual(bundle.state, "ready")
        self.assertEqual(bundle.page_count, 3)
        self.assertEqual(self._printed(bundle), ["Arne", "Anne", "Berit"])
        self.assertEqual(bundle.letter_count, 3)
        run.action_mark_letters_posted()
        self.assertEqual(set(invoices.mapped("mbn_send_state")), {"sent"})
        self.assertEqual([self._log(one) for one in invoices], [[("letter", "sent")]] * 3)
        self.assertEqual(run.letter_count, 0)

    def test_the_desk_tells_of_letters_until_they_are_posted(self):
        invoices = self._letters()
        self._send()
        run = invoices.mbn_run_id
        rows = self.env["billing.exception"]._open_rows(run, "billing_letters_waiting")
        self.assertEqual(rows.name, "3 invoices are to be sent by letter")
        run.action_print_letters()
        run.action_mark_letters_posted()
        self.assertEqual(rows.state, "done")

    def test_printing_again_gives_the_same_file_and_later_letters_one_of_their_own(self):
        invoices = self._letters()
        self._send()
        run = invoices.mbn_run_id
        run.action_print_letters()
        run.action_print_letters()
        self.assertEqual(len(run.bundle_ids), 1)
        run.action_mark_letters_posted()
        with self.assertRaisesRegex(UserError, "has no letters to print"):
            run.action_print_letters()
        with self.assertRaisesRegex(UserError, "Print the letters first"):
            run.action_mark_letters_posted()

    def test_more_letters_than_fit_in_one_file_are_split_in_order(self):
        invoices = self._letters()
        self._send()
        with patch(f"{BUNDLES}.BUNDLE_SIZE", 2):
            invoices.mbn_run_id.action_print_letters()
        bundles = invoices.mbn_run_id.bundle_ids.sorted("id")
        self.assertEqual([self._printed(one) for one in bundles], [["Arne", "Anne"], ["Berit"]])
        self.assertEqual(bundles.mapped("page_count"), [2, 1])

    def test_many_letters_are_made_by_the_scheduled_action_and_resumed(self):
        invoices = self._letters()
        self._send()
        run = invoices.mbn_run_id
        with patch(f"{BUNDLES}.AT_ONCE", 2):
            action = run.action_print_letters()
        self.assertEqual(action["res_model"], "billing.delivery.bundle")
        bundle = run.bundle_ids
        self.assertEqual(bundle.state, "building")
        with self.assertRaisesRegex(UserError, "still being made"):
            bundle.action_download()
        with self.assertRaisesRegex(UserError, "still being made"):
            run.action_mark_letters_posted()
        self._send(seconds=0)
        self._send()
        self.assertEqual(bundle.state, "ready")
        self.assertEqual(bundle.page_count, 3)

    def test_chosen_invoices_are_printed_whatever_their_channel(self):
        self._steps("email")
        sent, waiting = self._invoices(self._member("Ola", "email"), self._member("Kari", "email"))
        waiting.mbn_send_state = False
        self._send()
        waiting.mbn_send_state = "waiting"
        (sent | waiting).action_mbn_print_letters()
        bundle = (sent | waiting).mbn_delivery_ids.bundle_id
        self.assertEqual(bundle.page_count, 2)
        self.assertEqual((sent | waiting).mapped("mbn_send_state"), ["print", "print"])
        self._send()
        self.assertEqual(self._log(waiting), [("letter", "waiting")])
        bundle.action_mark_posted()
        self.assertEqual(self._log(sent), [("email", "sent"), ("letter", "sent")])

    def test_a_draft_cannot_be_printed(self):
        draft = self._invoice(self._member("Ola", "letter"), 100, post=False)
        with self.assertRaisesRegex(UserError, "not posted"):
            draft.action_mbn_print_letters()
        self.assertFalse(draft.mbn_delivery_ids)

    def test_an_invoice_credited_meanwhile_is_not_printed(self):
        invoices = self._letters()
        self._send()
        self._credit(invoices[0])
        self._goodwill(invoices[1])
        run = invoices.mbn_run_id
        run.action_print_letters()
        self.assertEqual(self._printed(run.bundle_ids), ["Arne", "Anne"])
        self.assertFalse(invoices[0].mbn_send_state)

    def test_an_invoice_whose_pdf_fails_is_left_out(self):
        invoices = self._letters()
        self._send()
        bad = invoices[1]
        bad.invoice_pdf_report_id.unlink()
        model = type(self.env["account.move.send"])
        with patch.object(
            model, "_prepare_invoice_pdf_report", side_effect=UserError("No paper format.")
        ):
            invoices.mbn_run_id.action_print_letters()
        self.assertEqual(bad.mbn_send_state, "failed")
        self.assertEqual(self._last(bad).reason, "No paper format.")
        self.assertEqual(self._log(bad), [("letter", "failed")])
        bundle = invoices.mbn_run_id.bundle_ids
        self.assertEqual((bundle.state, bundle.page_count), ("ready", 2))

    def test_a_damaged_pdf_is_left_out(self):
        invoices = self._letters()
        self._send()
        invoices[2].invoice_pdf_report_id.raw = b"%PDF damaged"
        with mute_logger("pypdf._reader"):
            invoices.mbn_run_id.action_print_letters()
        self.assertEqual(self._last(invoices[2]).reason, "The PDF of the letter cannot be read.")
        self.assertEqual(self._printed(invoices.mbn_run_id.bundle_ids), ["Arne", "Berit"])

    def test_the_auditor_prints_nothing(self):
        invoices = self._letters()
        self._send()
        run = invoices.mbn_run_id
        auditor = self._user("auditor", "group_billing_auditor")
        with self.assertRaises(AccessError):
            run.with_user(auditor).action_print_letters()
        with self.assertRaises(AccessError):
            run.with_user(auditor).action_mark_letters_posted()
        clerk = self._user("clerk", "group_billing_user")
        run.with_user(clerk).action_print_letters()
        with self.assertRaises(AccessError):
            run.bundle_ids.with_user(auditor).action_mark_posted()
        run.with_user(clerk).action_mark_letters_posted()
        self.assertEqual(run.bundle_ids.state, "posted")


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestReceipts(DeliveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.mbn_send_receipts = True

    def _receipts(self, invoice):
        return self.env["mail.mail"].search(
            [
                ("model", "=", "account.move"),
                ("res_id", "in", invoice.ids),
                ("subject", "like", "receipt for"),
            ]
        )

    def _receipt_log(self, invoice):
        return invoice.mbn_delivery_ids.filtered(lambda one: one.document == "receipt")

    def test_a_paid_invoice_gets_one_receipt(self):
        invoice = self._invoices(self._member("Ola", "email"))
        self._send()
        self._pay(invoice)
        self.assertEqual(self._receipt_log(invoice).state, "waiting")
        self._send()
        self._send()
        receipt = self._receipts(invoice)
        self.assertEqual(len(receipt), 1)
        self.assertEqual(receipt.recipient_ids, invoice.partner_id)
        self.assertIn("is paid in full", receipt.body_html)
        self.assertEqual(self._receipt_log(invoice).state, "sent")
        invoice.line_ids.remove_move_reconcile()
        self._pay(invoice)
        self._send()
        self.assertEqual(len(self._receipts(invoice)), 1)

    def test_a_part_payment_gets_none(self):
        invoice = self._invoices(self._member("Ola", "email"))
        self._pay(invoice, 200.0)
        self.assertFalse(self._receipt_log(invoice))
        self._pay(invoice, 1000.0)
        self.assertEqual(self._receipt_log(invoice).state, "waiting")

    def test_an_invoice_that_is_open_again_gets_none(self):
        invoice = self._invoices(self._member("Ola", "email"))
        self._pay(invoice)
        invoice.line_ids.remove_move_reconcile()
        self._send()
        self.assertFalse(self._receipts(invoice))
        self.assertEqual(self._receipt_log(invoice).reason, "The invoice is open again.")

    def test_a_credited_invoice_gets_none(self):
        invoice = self._invoices(self._member("Ola", "email"))
        self._credit(invoice)
        self.assertFalse(self._receipt_log(invoice))

    def test_nobody_gets_one_unless_the_company_wants_it(self):
        self.company.mbn_send_receipts = False
        invoice = self._invoices(self._member("Ola", "email"))
        self._pay(invoice)
        self.assertFalse(self._receipt_log(invoice))
