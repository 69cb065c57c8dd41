from contextlib import contextmanager

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common import ACCOUNT, OTHER_ACCOUNT, OTHER_BANKGIRO, SwedenCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankgiroAgreement(SwedenCommon):
    def _new(self, **vals):
        return self._agreement(**({"account": OTHER_ACCOUNT, "number": OTHER_BANKGIRO} | vals))

    @contextmanager
    def _refused(self, pattern):
        with self.assertRaisesRegex(ValidationError, pattern), self.cr.savepoint():
            yield

    # Setting up

    def test_new_connection_of_a_swedish_company_is_to_bankgirot(self):
        with Form(self.env["bank.connection"]) as form:
            form.name = "Bankgirot"
            form.customer_number = "999999"
        self.assertEqual(form.record.scheme, "se_bankgirot")
        self.assertEqual(form.record.out_name_pattern, "BFEP.IAGAG.K0999999.D{date:6}.T{time}")

    def test_a_name_of_ones_own_stays(self):
        self.connection.out_name_pattern = "OWN{number}"
        with Form(self.connection) as form:
            form.customer_number = "471118"
        self.assertEqual(self.connection.out_name_pattern, "OWN{number}")

    def test_new_agreement_needs_connection_journal_and_number_only(self):
        self.bank_journal.bank_account_id = self._own_account(OTHER_ACCOUNT)
        action = self.env.ref("membership_billing_nordic.action_bank_agreement")
        agreements = self.env["bank.agreement"].with_context(**safe_eval(action.context))
        with Form(agreements) as form:
            form.connection_id = self.connection
            form.journal_id = self.bank_journal
            form.l10n_se_bankgiro = OTHER_BANKGIRO
        self.assertEqual(form.record.number, "50501055")
        self.assertEqual(form.record.account_number, "8327001234567897")
        self.assertEqual(form.record.l10n_se_ocr_level, "4")
        form.record._check_ready()

    def test_accounts_are_compared_as_they_stand_in_files(self):
        self.assertEqual(self.bankgiro.account_number, "5000000001111116")
        self.assertEqual(self.bankgiro.number, "9912346")

    def test_numbers_of_other_schemes_are_left_alone(self):
        other = self.env["bank.connection"].create({"name": "Other", "scheme": "generic"})
        agreement = self._new(connection_id=other.id, number="009912346", account="1-2-3")
        self.assertEqual(agreement.number, "009912346")

    # Settings that are refused when saved

    def test_customer_number_has_six_digits(self):
        for number in ("12345", "1234567", "12345A"):
            with self.subTest(number), self._refused("6 digits"):
                self.connection.customer_number = number

    def test_bankgiro_number_is_checked(self):
        for number in ("991-2347", "991234", "99123-461"):
            with self.subTest(number), self._refused("bankgiro number"):
                self.bankgiro.number = number

    def test_plusgiro_number_is_checked_and_kept_without_blanks(self):
        with self._refused("plusgiro number"):
            self.bankgiro.l10n_se_plusgiro = "12 34 56-7"
        self.bankgiro.l10n_se_plusgiro = "12 34 56-6"
        self.assertEqual(self.bankgiro.l10n_se_plusgiro, "1234566")
        self.assertEqual(self.bankgiro.l10n_se_plusgiro_written, "12 34 56-6")
        self.assertEqual(self.bankgiro.l10n_se_bankgiro, "991-2346")

    def test_account_is_checked(self):
        for account in ("5000-1111117", "12", "NO9386011117947"):
            with self.subTest(account), self._refused("Swedish account number"):
                self._new(account=account)

    def test_iban_is_taken_as_it_is(self):
        agreement = self._new(account="SE4550000000058398257466")
        self.assertEqual(agreement.account_number, "SE4550000000058398257466")

    def test_ocr_numbers_are_by_modulus_10_and_not_too_long(self):
        for vals, pattern in (
            ({"check_method": "mod11"}, "modulus 10"),
            ({"payer_digits": 15, "serial_digits": 10}, "2 to 25 digits"),
        ):
            with self.subTest(**vals), self._refused(pattern):
                self._new(layout_ids=[self._layout(**vals)])

    def test_a_fixed_length_has_two_lengths_at_most(self):
        layouts = [self._layout(payer_digits=digits) for digits in (5, 6, 7)]
        with self._refused("at most 2"):
            self._new(layout_ids=layouts)
        self.assertEqual(len(self._new(layout_ids=layouts, l10n_se_ocr_level="2").layout_ids), 3)

    # References

    def test_references_of_each_level(self):
        for level, length in (("1", 15), ("2", 15), ("3", 16), ("4", 15)):
            with self.subTest(level):
                self.bankgiro.l10n_se_ocr_level = level
                invoice = self._invoice(self.payer, 100)
                self.assertEqual(len(invoice.payment_reference), length)
                self.assertTrue(self.bankgiro._is_lawful_reference(invoice.payment_reference))
                self.assertEqual(self.bankgiro.layout_ids.length, length)

    def test_length_digit_of_more_than_nine(self):
        """The second last digit is the length modulo 10, not its first digit."""
        self.bankgiro.l10n_se_ocr_level = "3"
        invoice = self._invoice(self.payer, 100)
        self.assertEqual(len(invoice.payment_reference), 16)
        self.assertEqual(invoice.payment_reference[-2], "6")
        self.assertFalse(self.bankgiro._is_lawful_reference("2026000123" + "14"))

    def test_hard_control_takes_no_other_lengths(self):
        self.assertFalse(self.bankgiro._is_lawful_reference("18"))
        self.bankgiro.l10n_se_ocr_level = "2"
        self.assertTrue(self.bankgiro._is_lawful_reference("18"))

    def test_account_of_the_first_agreement_is_known(self):
        self.assertEqual(self.bankgiro.partner_bank_id.acc_number, ACCOUNT)
