from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .autogiro_common import ACCOUNT, PERSON, AutogiroCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankgirotPayers(AutogiroCommon):
    """Person and organisation numbers of payers, and how they pay by themselves."""

    # Numbers

    def test_numbers_are_checked_where_they_are_typed(self):
        self.partner.l10n_se_identity = "121212+1212"
        self.assertEqual(self.partner.l10n_se_identity, "19121212-1212")
        self.partner.l10n_se_identity = "165599990008"
        self.assertEqual(self.partner.l10n_se_identity, "559999-0008")
        for typed in ("19121212-1213", "19121312-1212", "559999-0009", "12345"):
            with self.subTest(typed), self.assertRaises(ValidationError) as caught:
                self.partner.l10n_se_identity = typed
            self.assertNotIn(typed, str(caught.exception))

    def test_the_form_shows_them_as_people_write_them(self):
        with Form(self.partner) as form:
            form.l10n_se_identity = "191212121212"
            self.assertEqual(form.l10n_se_identity, "19121212-1212")

    def test_the_front_desk_reads_no_numbers(self):
        desk = self.env["res.users"].create(
            {
                "name": "Front desk",
                "login": "desk",
                "group_ids": self.env.ref("membership_billing_nordic.group_billing_front_desk").ids,
            }
        )
        self.partner.l10n_se_identity = "19121212-1212"
        with self.assertRaises(AccessError):
            self.partner.with_user(desk).read(["l10n_se_identity"])

    def test_a_mandate_is_asked_for_with_the_number_of_the_payer(self):
        self.partner.l10n_se_identity = "19121212-1212"
        mandate = self._asked(l10n_se_identity=False)
        mandate.action_request()
        self.assertEqual(self._make()[1], f"040009912346{self.number:0>16}{ACCOUNT}{PERSON}")
        self._advice("0432")
        self.assertEqual(self.partner.l10n_se_identity, "19121212-1212")

    def test_the_number_of_the_accounts_owner_goes_first(self):
        self.partner.l10n_se_identity = "559999-0008"
        self._asked().action_request()
        self.assertTrue(self._make()[1].endswith(PERSON))

    def test_organisations_have_their_company_id(self):
        self.partner.write({"is_company": True, "company_registry": "559999-0008"})
        self._asked(l10n_se_identity=False).action_request()
        self.assertTrue(self._make()[1].endswith("005599990008"))

    def test_another_program_asks_for_a_mandate(self):
        row = {
            "payer_id": self.partner.id,
            "agreement": self.bankgiro.number,
            "account": "5000-1111116",
            "identity": "19121212-1212",
            "state": "requested",
        }
        [answer] = self.env["billing.api"].upsert_mandates([row])
        self.assertEqual((answer["outcome"], answer["error"]), ("created", ""))
        self.assertEqual(self._make()[1], f"040009912346{self.number:0>16}{ACCOUNT}{PERSON}")

    def test_without_any_number_the_mandate_is_not_asked_for(self):
        with self.assertRaisesRegex(UserError, "organisation number"):
            self._asked(l10n_se_identity=False).action_request()

    # What banks say of them

    def test_a_request_of_another_person_is_never_accepted_by_itself(self):
        self.bankgiro.mandate_wishes = "accept"
        self.partner.l10n_se_identity = "559999-0008"
        self._sign_up()
        self.assertRecordValues(
            self._wish(), [{"state": "draft", "wish": "open", "l10n_se_identity_differs": True}]
        )
        self.assertEqual(len(self._on_desk()), 1)

    def test_a_request_of_the_same_person_is_accepted(self):
        self.bankgiro.mandate_wishes = "accept"
        self.partner.l10n_se_identity = "19121212-1212"
        self._sign_up()
        self.assertRecordValues(
            self._wish(), [{"state": "requested", "l10n_se_identity_differs": False}]
        )

    def test_a_wrong_number_of_a_bank_is_only_flagged(self):
        mandate = self._asked()
        mandate.action_request()
        self._make()
        file = self._advice("0432", identity="191212121213", state="needs_review")
        self.assertEqual(file.issue_ids.mapped("field"), ["payer identity"])
        self.assertNotIn("1212", "".join(text or "" for text in file.issue_ids.mapped("found")))
        self.assertEqual(mandate.state, "active")

    # How they pay by themselves

    def _printed(self, invoice):
        render = self.env["ir.actions.report"]._render_qweb_html
        return str(render("account.account_invoices", invoice.ids)[0], "utf-8")

    def test_invoices_name_bankgiro_plusgiro_and_ocr_number(self):
        self.bankgiro.l10n_se_plusgiro = "12 34 56-6"
        invoice = self._invoice(self.payer, 300)
        self.assertEqual(
            invoice._l10n_se_giro(),
            {
                "bankgiro": "991-2346",
                "plusgiro": "12 34 56-6",
                "reference": invoice.payment_reference,
                "is_ocr": True,
            },
        )
        page = self._printed(invoice)
        for said in ("991-2346", "12 34 56-6", "OCR number", invoice.payment_reference):
            self.assertIn(said, page)
        self.assertNotIn("Payment Communication", page)

    def test_the_payment_notice_has_the_form_with_its_window_on_the_right(self):
        invoice = self._invoice(self.payer, 300)
        maker = self.env["billing.notice.maker"]
        notice, _fonts = maker._notice(invoice, maker._batch(invoice))
        line = notice.part.code_line.text
        self.assertTrue(line.startswith("#") and line.endswith("9912346#41#"), line)
        self.assertIn(f" {invoice.payment_reference} #     300 00   4 >", line)
        self.assertIn('"acc":"991-2346"', notice.part.qr.content)
        self.assertTrue(notice.style.window.is_right)
        self.assertIn("Bankgiro 991-2346", notice.foot[3])

    def test_invoices_of_other_schemes_are_printed_as_before(self):
        self.sale_journal.mbn_agreement_id = self.agreement
        invoice = self._invoice(self.payer, 300)
        self.assertEqual(invoice._l10n_se_giro(), {})
        self.assertIn("Payment Communication", self._printed(invoice))

    def test_what_is_collected_or_paid_names_no_bankgiro(self):
        self._mandate()
        collected = self._order().line_ids.invoice_id
        self.assertEqual(collected._l10n_se_giro(), {})

    def test_letters_name_bankgiro_and_ocr_number(self):
        reference = self._invoice(self.payer, 300).payment_reference
        letter = self.env["dunning.letter"].new(
            {"agreement_id": self.bankgiro.id, "reference": reference, "account": "5000-1111116"}
        )
        self.assertEqual(
            letter._payment_rows(), [("Bankgiro", "991-2346"), ("OCR number", reference)]
        )
        letter.agreement_id = self.agreement
        self.assertEqual(letter._payment_rows()[0], ("To account", "5000-1111116"))
