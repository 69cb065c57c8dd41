import tempfile

import psycopg2
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import file_open, mute_logger

from .common import BillingCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankAgreement(BillingCommon):
    # Few fields to fill

    def test_form_needs_connection_and_journal_only(self):
        self.bank_journal.bank_account_id = self._own_account("86011117947")
        with Form(self.env["bank.agreement"]) as form:
            form.connection_id = self.connection
            form.journal_id = self.bank_journal
        agreement = form.record
        self.assertEqual(agreement.account_number, "86011117947")
        self.assertIn("Test bank", agreement.name)
        self.assertEqual(agreement.liquidity_account_id, self.bank_journal.default_account_id)
        self.assertEqual(agreement.clearing_account_id.account_type, "asset_current")
        self.assertEqual(agreement.booking_journal_id.type, "general")
        self.assertEqual(agreement.currency_id, self.company.currency_id)
        agreement._check_ready()

    def test_preset_name_follows_until_somebody_names_it(self):
        self.bank_journal.bank_account_id = self._own_account("86011117947")
        with Form(self.env["bank.agreement"]) as form:
            form.journal_id = self.bank_journal
            form.connection_id = self.connection.copy({"name": "DNB", "customer_number": "1"})
            self.assertEqual(form.name, "DNB 86011117947")
            form.connection_id = self.connection
            self.assertEqual(form.name, "Test bank 86011117947")
            form.name = "Fees"
            form.connection_id = self.connection.copy({"name": "X", "customer_number": "2"})
            self.assertEqual(form.name, "Fees")

    def test_each_agreement_gets_account_and_journal_of_its_own(self):
        other = self._agreement("86011117947", number=False)
        self.assertNotEqual(other.clearing_account_id, self.agreement.clearing_account_id)
        self.assertNotEqual(other.booking_journal_id, self.agreement.booking_journal_id)

    def test_copy_starts_archived_with_layouts_and_numbers_of_its_own(self):
        copy = self.agreement.copy()
        self.assertFalse(copy.active)
        self.assertEqual(len(copy.layout_ids), 1)
        self.assertNotEqual(copy.layout_ids.sequence_id, self.agreement.layout_ids.sequence_id)
        self.assertNotEqual(copy.clearing_account_id, self.agreement.clearing_account_id)

    def test_numbers_are_stored_as_they_stand_in_files(self):
        agreement = self._agreement("8601.11.17947", number=" 00 12 34 ")
        self.assertEqual(agreement.account_number, "86011117947")
        self.assertEqual(agreement.number, "001234")

    # Wrong settings

    def test_bank_journal_must_be_one(self):
        with self.assertRaisesRegex(ValidationError, "no bank journal"):
            self.agreement.journal_id = self.sale_journal

    def test_payments_are_booked_in_a_general_journal(self):
        with self.assertRaisesRegex(ValidationError, "Miscellaneous"):
            self.agreement.booking_journal_id = self.bank_journal

    def test_unallocated_payments_have_an_account_of_their_own(self):
        with self.assertRaisesRegex(ValidationError, "account of their own"):
            self.agreement.clearing_account_id = self.agreement.liquidity_account_id

    def test_unallocated_payments_do_not_lie_on_receivables(self):
        with self.assertRaisesRegex(ValidationError, "cannot hold unallocated"):
            self.agreement.clearing_account_id = self.company_data["default_account_receivable"]

    def test_currency_is_that_of_the_bank_journal(self):
        with self.assertRaisesRegex(ValidationError, "must be the same"):
            self.agreement.currency_id = self.setup_other_currency("EUR")

    def test_account_and_number_are_unique_on_a_connection(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            self._agreement()

    def test_missing_account_is_told_with_what_to_do(self):
        self.bank_journal.bank_account_id = False
        self.agreement.partner_bank_id = False
        self.assertIn("Enter the own account", self.agreement.missing_settings)
        with self.assertRaisesRegex(UserError, "Enter the own account"):
            self.agreement._check_ready()

    def test_missing_bank_account_in_the_ledger_is_told(self):
        self.agreement.liquidity_account_id = False
        with self.assertRaisesRegex(UserError, "deposits are booked on"):
            self.agreement.action_check()

    def test_archived_connection_is_told(self):
        self.connection.active = False
        with self.assertRaisesRegex(UserError, "archived"):
            self.agreement._check_ready()

    def test_complete_settings_are_confirmed(self):
        self.assertFalse(self.agreement.missing_settings)
        self.assertEqual(self.agreement.action_check()["params"]["type"], "success")

    def test_archived_agreement_gives_no_references(self):
        self.agreement.active = False
        invoice = self._invoice(self.payer, 100)
        self.assertEqual(invoice.payment_reference, invoice.name)

    # Finding the agreement of a message

    def test_found_by_account_and_number(self):
        other = self._agreement(number="007654321")
        find = self.env["bank.agreement"]._find
        self.assertEqual(find(self.connection, "99991042764", "001234567"), self.agreement)
        self.assertEqual(find(self.company, "9999.10.42764", "7654321"), other)
        self.assertFalse(find(self.connection, "99991042764", ""))
        self.assertFalse(find(self.connection, "99991042764", "000000001"))

    def test_found_by_account_alone_when_it_is_the_only_one(self):
        find = self.env["bank.agreement"]._find
        self.assertEqual(find(self.connection, "99991042764", "000000000"), self.agreement)
        self.assertFalse(find(self.connection, "86011117947", ""))
        self.assertFalse(find(self.connection, "", ""))

    def test_somebody_elses_agreement_number_is_not_ours(self):
        find = self.env["bank.agreement"]._find
        self.assertFalse(find(self.connection, "99991042764", "009999999"))

    def test_agreement_without_number_takes_any_number_of_its_account(self):
        self.agreement.number = False
        find = self.env["bank.agreement"]._find
        self.assertEqual(find(self.connection, "99991042764", "009999999"), self.agreement)

    # Rights

    def test_user_reads_and_manager_changes(self):
        user = new_test_user(
            self.env,
            "mbn_user",
            "membership_billing_nordic.group_billing_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        agreement = self.agreement.with_user(user)
        self.assertTrue(agreement.name)
        with self.assertRaises(AccessError):
            agreement.number = "1"
        manager = new_test_user(
            self.env,
            "mbn_manager",
            "membership_billing_nordic.group_billing_manager",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        created = (
            self.env["bank.agreement"]
            .with_user(manager)
            .create(
                {
                    "connection_id": self.connection.id,
                    "journal_id": self.bank_journal.id,
                    "partner_bank_id": self._own_account("86011117947").id,
                    "layout_ids": [(0, 0, {})],
                }
            )
        )
        self.assertTrue(created.clearing_account_id)

    def test_front_desk_sees_no_bank_settings(self):
        clerk = new_test_user(
            self.env,
            "mbn_desk",
            "membership_billing_nordic.group_billing_front_desk",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        with self.assertRaises(AccessError):
            self.agreement.with_user(clerk).read(["name"])

    def test_other_companies_see_nothing(self):
        other = self.setup_other_company()["company"]
        user = new_test_user(
            self.env,
            "mbn_other",
            "membership_billing_nordic.group_billing_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self._invoice(self.payer, 100)
        for model in (
            "bank.connection",
            "bank.agreement",
            "bank.reference.layout",
            "bank.payer.number",
            "billing.reference",
        ):
            self.assertFalse(self.env[model].with_user(user).search([]), model)

    # Connections

    def test_connection_number_is_stored_without_blanks_and_unique(self):
        self.connection.customer_number = " 00 12 34 56"
        self.assertEqual(self.connection.customer_number, "00123456")
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            self.env["bank.connection"].create(
                {"name": "Twin", "scheme": "generic", "customer_number": "00123456"}
            )

    def test_copied_database_cannot_reach_a_bank(self):
        self.env["ir.config_parameter"].set_param(
            "membership_billing_nordic.bank_folder", tempfile.gettempdir()
        )
        channel = self.env["bank.channel"].create(
            {"name": "Folder", "kind": "folder", "folder": "in"}
        )
        self.env.flush_all()
        with file_open("membership_billing_nordic/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(channel.kind, "manual")
        self.assertTrue(self.connection.is_test)
