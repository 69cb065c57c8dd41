from contextlib import contextmanager

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common import ACCOUNT, OTHER_ACCOUNT, NorwayCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestKidAgreement(NorwayCommon):
    def _new(self, **vals):
        return self._agreement(**({"account": ACCOUNT, "number": "007654321"} | vals))

    # Setting up

    def test_new_connection_of_a_norwegian_company_is_to_nets(self):
        with Form(self.env["bank.connection"]) as form:
            form.name = "OCR giro"
            form.customer_number = "00999999"
        self.assertEqual(form.record.scheme, "no_nets")

    def test_new_agreement_needs_connection_journal_and_number_only(self):
        self.bank_journal.bank_account_id = self._own_account(ACCOUNT)
        action = self.env.ref("membership_billing_nordic.action_bank_agreement")
        agreements = self.env["bank.agreement"].with_context(**safe_eval(action.context))
        with Form(agreements) as form:
            form.connection_id = self.connection
            form.journal_id = self.bank_journal
            form.number = "007654321"
        self.assertEqual(form.record.account_number, ACCOUNT)
        self.assertEqual(form.record.layout_ids.length, 15)
        form.record._check_ready()

    def test_the_payment_notice_has_the_giro(self):
        self.kid_agreement.layout_ids.check_method = "mod10"
        invoice = self._invoice(self.payer, 300)
        maker = self.env["billing.notice.maker"]
        notice, _fonts = maker._notice(invoice, maker._batch(invoice))
        self.assertIn(invoice.payment_reference, notice.part.code_line.text)
        self.assertTrue(notice.part.code_line.text.endswith(" 300 00 < 4 >   86011117947"))
        self.assertIn("Account 8601.11.17947", notice.foot[3])
        invoice.payment_reference = "Our meeting"
        notice, _fonts = maker._notice(invoice, maker._batch(invoice))
        self.assertIsNone(notice.part.code_line)

    def test_letters_name_the_kid(self):
        kid = self._invoice(self.payer, 300).payment_reference
        letter = self.env["dunning.letter"].new(
            {"agreement_id": self.kid_agreement.id, "reference": kid, "account": OTHER_ACCOUNT}
        )
        self.assertEqual(letter._payment_rows(), [("To account", OTHER_ACCOUNT), ("KID", kid)])
        letter.agreement_id = self.agreement
        self.assertEqual(letter._payment_rows()[1], ("Payment reference", kid))

    def test_iban_and_dots_are_the_same_account(self):
        self.assertEqual(self._new(account="NO9386011117947").account_number, "86011117947")

    # Settings that are refused when saved

    def _assert_refused(self, pattern, record, **vals):
        with self.subTest(**vals), self._refused(pattern):
            record.write(vals)

    @contextmanager
    def _refused(self, pattern):
        with self.assertRaisesRegex(ValidationError, pattern), self.cr.savepoint():
            yield

    def test_customer_unit_has_eight_digits_and_is_not_the_clearing_house(self):
        for number in ("1234567", "123456789", "1234567A"):
            self._assert_refused("8 digits", self.connection, customer_number=number)
        self._assert_refused("clearing house", self.connection, customer_number="00008080")

    def test_agreement_number_has_nine_digits(self):
        for number in ("12345678", "1234567890", "12345678A"):
            self._assert_refused("9 digits", self.kid_agreement, number=number)

    def test_account_number_is_checked(self):
        for account in ("99991042765", "9999104276", "NO9386011117948", "SE4550000000058398257466"):
            with self.subTest(account), self._refused("account number"):
                self._new(account=account)

    def test_agreement_is_in_norwegian_kroner(self):
        euro = self.setup_other_currency("EUR")
        journal = self.env["account.journal"].create(
            {"name": "Euro", "code": "EUR1", "type": "bank", "currency_id": euro.id}
        )
        with self._refused("NOK"):
            self._new(journal_id=journal.id)

    def test_three_layouts_at_most(self):
        layouts = [self._layout(payer_digits=4 + n, serial_digits=5) for n in range(3)]
        self.assertEqual(len(self._new(layout_ids=layouts).layout_ids), 3)
        layouts.append(self._layout(payer_digits=10))
        with self._refused("3 KID layouts"):
            self._new(number="000000001", layout_ids=layouts)

    def test_fourth_layout_is_refused_on_its_own_too(self):
        self.kid_agreement.layout_ids = [
            self._layout(payer_digits=5, serial_digits=5),
            self._layout(payer_digits=6, serial_digits=6),
        ]
        with self._refused("3 KID layouts"):
            self.env["bank.reference.layout"].create(
                {"agreement_id": self.kid_agreement.id, "payer_digits": 9, "serial_digits": 9}
            )

    def test_kid_has_four_to_twenty_five_characters(self):
        for payer, serial in ((1, 1), (12, 13)):
            layout = self._layout(payer_digits=payer, serial_digits=serial)
            with self.subTest(layout), self._refused("4 to 25"):
                self._new(layout_ids=[layout])
        for payer, serial in ((1, 2), (12, 12)):
            agreement = self._new(
                number=f"{payer:09d}",
                layout_ids=[self._layout(payer_digits=payer, serial_digits=serial)],
            )
            self.assertIn(agreement.layout_ids.length, (4, 25))

    def test_layouts_differ_in_length(self):
        layout = self._layout(payer_digits=6, serial_digits=8)
        with self._refused("different lengths"):
            self.kid_agreement.layout_ids = [layout]

    def test_layouts_differ_in_their_payer_part(self):
        layout = self._layout(payer_digits=7, serial_digits=8)
        with self._refused("payer numbers"):
            self.kid_agreement.layout_ids = [layout]

    # Settings that are told before a run

    def test_missing_settings_are_listed_with_what_to_do(self):
        self.connection.customer_number = False
        agreement = self._new(number=False, layout_ids=[])
        with self.assertRaises(UserError) as caught:
            agreement._check_ready()
        for hint in ("kundeenhet-ID", "9 digits", "layout"):
            self.assertIn(hint, str(caught.exception))
            self.assertIn(hint, agreement.missing_settings)

    # KIDs

    def test_invoice_gets_a_kid(self):
        self.kid_agreement.layout_ids.next_serial = 17
        self.kid_agreement.next_payer_number = 1001
        payer = self._payer("Ola Nordmann")
        self.assertEqual(self._invoice(payer, 100).payment_reference, "000100100000171")

    def test_kid_of_modulus_eleven_may_end_in_a_dash(self):
        layout = self._layout(payer_digits=2, serial_digits=2, check_method="mod11")
        agreement = self._new(layout_ids=[layout])
        self.env["bank.payer.number"].create(
            {"agreement_id": agreement.id, "partner_id": self.payer.id, "number": "10"}
        )
        agreement.layout_ids.next_serial = 9
        invoice = self._invoice(self.payer, 100, mbn_agreement_id=agreement.id)
        self.assertEqual(invoice.payment_reference, "1009-")
        found = self.env["billing.reference"]._resolve(agreement, ["1009-"])
        self.assertEqual(found["1009-"].move_id, invoice)

    def test_kid_of_another_program_is_registered(self):
        invoice = self._invoice(self.payer, 100, payment_reference="000100126000171")
        found = self.env["billing.reference"]._resolve(self.kid_agreement, ["100126000171"])
        self.assertEqual(found["100126000171"].move_id, invoice)

    def test_reference_that_is_no_kid_is_left_out(self):
        for reference in ("INV/2026/00001", "000100126000172", "7", "1" * 26):
            invoice = self._invoice(self.payer, 100, payment_reference=reference)
            self.assertFalse(invoice.mbn_reference_ids, reference)

    def test_norwegian_core_references_stay_in_place_without_an_agreement(self):
        self.sale_journal.mbn_agreement_id = False
        self.assertEqual(self.sale_journal.invoice_reference_model, "no")
        self.assertEqual(len(self._invoice(self.payer, 100).payment_reference), 15)

    # The add-on goes

    def test_leaving_the_scheme_keeps_the_data_and_switches_it_off(self):
        invoice = self._invoice(self.payer, 100)
        self.connection._leave_scheme()
        self.assertFalse(self.kid_agreement.active)
        self.assertEqual(self.kid_agreement.scheme, "generic")
        self.assertEqual(invoice.mbn_reference_id.printed, invoice.payment_reference)
        after = self._invoice(self.payer, 100)
        self.assertEqual(after.payment_reference, after.name)
