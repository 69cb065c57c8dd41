from contextlib import contextmanager
from datetime import date, datetime

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import CREDITOR, DenmarkCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBetalingsserviceAgreement(DenmarkCommon):
    # Setting up

    def test_new_connection_of_a_danish_company_is_to_betalingsservice(self):
        with Form(self.env["bank.connection"]) as form:
            form.name = "Betalingsservice"
            form.customer_number = "29 56 78 08"
        self.assertEqual(form.record.scheme, "dk_bs")
        self.assertEqual(form.record.customer_number, "29567808")
        self.assertEqual(form.record.l10n_dk_subsystem, "BS1")
        self.assertEqual(form.record.out_name_pattern, "BS.D{date:6}.{number:7}.txt")

    def test_an_agreement_is_a_creditor_and_a_debtor_group(self):
        self.assertEqual(self.bs.number, "01234567-00001")
        self.bs.l10n_dk_debtor_group = "00002"
        self.assertEqual(self.bs.number, "01234567-00002")
        with Form(self.env["bank.agreement"]) as form:
            form.connection_id = self.connection
            form.journal_id = self.bank_journal
            form.partner_bank_id = self._own_account("12340009999999")
            form.l10n_dk_creditor = "0123 4567"
            form.l10n_dk_debtor_group = "00007"
        self.assertEqual(form.record.number, "01234567-00007")
        self.assertEqual((form.record.l10n_dk_kind, form.record.debit_cutoff), ("automatic", 11.0))

    def test_a_copy_is_for_another_debtor_group(self):
        copy = self.bs.copy()
        self.assertEqual((copy.l10n_dk_creditor, copy.l10n_dk_debtor_group), (CREDITOR, False))
        self.assertFalse(copy.number)

    def test_other_schemes_keep_their_numbers(self):
        self.assertEqual(self.agreement.number, "001234567")
        self.agreement.number = "7654321"
        self.assertEqual(self.agreement.number, "7654321")
        self.assertFalse(self.agreement._collects_once_a_day())

    # Settings that are refused when saved

    @contextmanager
    def _refused(self, pattern):
        with self.assertRaisesRegex(ValidationError, pattern), self.cr.savepoint():
            yield

    def test_numbers_have_their_digits(self):
        for field, wrong, pattern in (
            ("l10n_dk_creditor", "1234567", "8 digits"),
            ("l10n_dk_creditor", "1234567A", "8 digits"),
            ("l10n_dk_debtor_group", "001", "5 digits"),
            ("l10n_dk_fi_creditor", "123456789", "8 digits"),
            ("l10n_dk_fi_creditor", "00000000", "not all"),
        ):
            with self.subTest(field, wrong=wrong), self._refused(pattern):
                self.bs[field] = wrong

    def test_the_data_supplier_is_a_cvr_number(self):
        for wrong in ("13585629", "1358562", "DK13585628"):
            with self.subTest(wrong), self._refused("CVR"):
                self.connection.customer_number = wrong

    def test_the_test_subsystem_is_for_test_connections(self):
        for wrong in ("KR9", "bs1", "BS", False):
            with self.subTest(wrong), self._refused("subsystem"):
                self.connection.l10n_dk_subsystem = wrong

    def test_it_is_in_danish_kroner(self):
        euro = self.setup_other_currency("EUR")
        journal = self.env["account.journal"].create(
            {"name": "Euro", "code": "EUR1", "type": "bank", "currency_id": euro.id}
        )
        with self._refused("DKK"):
            self._bs_agreement("00009", journal_id=journal.id)

    def test_payment_ids_have_fifteen_or_sixteen_digits(self):
        for vals in (
            {"serial_digits": 6},
            {"serial_digits": 9},
            {"serial_digits": 7, "check_method": "mod11"},
        ):
            layout = Command.create({"payer_digits": 7} | vals)
            with self.subTest(**vals), self._refused("card type"):
                self._bs_agreement("00009", layout_ids=[layout])
        both = [Command.create({"payer_digits": 7, "serial_digits": serial}) for serial in (7, 8)]
        found = self._bs_agreement("00009", layout_ids=both).layout_ids
        self.assertEqual(found.mapped("length"), [15, 16])
        self.assertEqual(found[0].display_name[:9], "FI +71< 7")

    def test_a_main_text_has_sixty_characters(self):
        self.bs.l10n_dk_main_text = "Å" * 60
        with self._refused("60"):
            self.bs.l10n_dk_main_text = "Å" * 61

    def test_missing_settings_are_listed_with_what_to_do(self):
        self.connection.customer_number = False
        agreement = self._bs_agreement(False, l10n_dk_creditor=False, layout_ids=[])
        with self.assertRaises(UserError) as caught:
            agreement._check_ready()
        for hint in ("data supplier", "8 digits", "5 digits", "layout"):
            self.assertIn(hint, str(caught.exception))

    # Deadlines

    def test_settings_are_those_of_betalingsservice(self):
        self.assertRecordValues(
            self.bs,
            [
                {
                    "debit_lead_days": 6,
                    "debit_cutoff": 11.0,
                    "debit_notice_by": "bank",
                    "debit_silence_days": 0,
                    "debit_max_days_ahead": 90,
                }
            ],
        )

    def test_collections_are_there_on_the_sixth_last_banking_day_at_eleven(self):
        for due, deadline in (
            (date(2026, 11, 2), datetime(2026, 10, 23, 9, 0)),
            (date(2026, 11, 30), datetime(2026, 10, 23, 9, 0)),
            (date(2027, 1, 4), datetime(2026, 12, 21, 10, 0)),
            (date(2027, 4, 1), datetime(2027, 3, 19, 10, 0)),
        ):
            with self.subTest(due):
                self.assertEqual(self.bs._debit_deadline(due), deadline)
        self.bs.write({"debit_lead_days": 7, "debit_cutoff": 9.5})
        self.assertEqual(self.bs._debit_deadline(date(2026, 11, 2)), datetime(2026, 10, 22, 7, 30))

    def test_what_is_late_is_collected_on_the_first_banking_day_in_reach(self):
        first_due = self.bs._debit_first_due
        self.assertEqual(first_due(datetime(2026, 10, 23, 9, 0)), date(2026, 11, 2))
        self.assertEqual(first_due(datetime(2026, 10, 23, 9, 1)), date(2026, 12, 1))
        self.assertEqual(first_due(datetime(2026, 12, 24, 9, 0)), date(2027, 2, 1))

    def test_days_of_payment(self):
        day = self.bs._debit_day
        self.assertEqual(day(date(2026, 11, 1)), date(2026, 11, 2))
        self.assertEqual(day(date(2026, 11, 12)), date(2026, 11, 12))
        self.bs.l10n_dk_payment_day = "first"
        for due, collected in (
            (date(2026, 10, 31), date(2026, 11, 2)),
            (date(2026, 11, 1), date(2026, 11, 2)),
            (date(2026, 11, 2), date(2026, 11, 2)),
            (date(2026, 11, 3), date(2026, 12, 1)),
            (date(2026, 12, 31), date(2027, 1, 4)),
        ):
            with self.subTest(due):
                self.assertEqual(day(due), collected)

    def test_banks_are_closed_on_danish_holidays(self):
        days = [date(2026, 5, 14), date(2026, 5, 15), date(2026, 6, 5), date(2026, 6, 8)]
        self.assertEqual([self.connection._is_bank_open(day) for day in days], [0, 0, 0, 1])

    # Payment IDs and customer numbers

    def test_an_invoice_gets_a_payment_id_of_card_type_71(self):
        self.bs.layout_ids.next_serial = 17
        self.bs.next_payer_number = 1001
        invoice = self._due()
        self.assertEqual(invoice.payment_reference, "000100100000171")
        self.assertEqual(invoice._l10n_dk_fi_line(), "+71<000100100000171+87654321<")
        letter = self.env["dunning.letter"].new(
            {"agreement_id": self.bs.id, "reference": invoice.payment_reference}
        )
        self.assertIn(
            ("Payment slip (FI)", "+71<000100100000171+87654321<"), letter._payment_rows()
        )

    def test_the_payment_notice_has_the_slip_of_who_pays_by_it(self):
        self.bs.layout_ids.next_serial = 17
        self.bs.next_payer_number = 1001
        maker = self.env["billing.notice.maker"]
        invoice = self._due()
        notice, _fonts = maker._notice(invoice, maker._batch(invoice))
        self.assertEqual(notice.part.code_line.text, "+71< 000100100000171+87654321<")
        other = self._payer("Bo Øst")
        self._mandate(other)
        collected = self._due(other)
        notice, _fonts = maker._notice(collected, maker._batch(collected))
        self.assertIsNone(notice.part)
        self.assertIn("is debited from your account", notice.boxed)
        self.bs.l10n_dk_fi_creditor = False
        notice, _fonts = maker._notice(invoice, maker._batch(invoice))
        self.assertIsNone(notice.part.code_line)

    def test_payers_without_a_mandate_get_the_line_others_do_not(self):
        invoice = self._due()
        self.assertTrue(invoice._l10n_dk_fi_line())
        other = self._payer("Bo Øst")
        self._mandate(other)
        self.assertEqual(self._due(other)._l10n_dk_fi_line(), "")
        self.bs.l10n_dk_fi_creditor = False
        self.assertEqual(invoice._l10n_dk_fi_line(), "")

    def test_an_invoice_says_in_one_way_only_how_to_pay_it(self):
        self.bs.layout_ids.next_serial = 17
        self.bs.next_payer_number = 1001
        invoice = self._due()
        html = self._printed(invoice)
        self.assertIn("+71&lt;000100100000171+87654321&lt;", html)
        self.assertNotIn('name="payment_communication"', html)
        self.bs.l10n_dk_fi_creditor = False
        self.assertIn('name="payment_communication"', self._printed(invoice))

    def _printed(self, invoice):
        reports = self.env["ir.actions.report"]
        return reports._render_qweb_html("account.account_invoices", invoice.ids)[0].decode()

    def test_lawful_references(self):
        for reference, lawful in (
            ("000100100000171", True),
            ("1001 00000 171", True),
            ("000100100000172", False),
            ("1230", True),
            ("0268401499653281", False),
            ("INV/2026/0001", False),
            ("0", False),
        ):
            with self.subTest(reference):
                self.assertEqual(self.bs._is_lawful_reference(reference), lawful)
        self.assertEqual(self.bs._fi_line("1230"), "+71<000000000001230+87654321<")

    def test_a_reference_of_card_type_75_has_sixteen_digits(self):
        layout = self.env["bank.reference.layout"].new({"payer_digits": 7, "serial_digits": 8})
        reference = layout._shape().build("1001", 17)
        self.assertEqual(len(reference), 16)
        self.assertEqual(self.bs._fi_line(reference), f"+75<{reference}+87654321<")

    def test_customer_numbers_may_have_letters(self):
        numbers = self.env["bank.payer.number"]
        for wrong in ("MEDLEM-1", "ÆBLE1", "A" * 16):
            with self.subTest(wrong), self._refused("15 digits and letters"):
                numbers.create(
                    {"agreement_id": self.bs.id, "partner_id": self.partner.id, "number": wrong}
                )
        made = numbers.create(
            {"agreement_id": self.bs.id, "partner_id": self.partner.id, "number": "00test001"}
        )
        self.assertEqual(made.number, "TEST001")
        found = self.bs._payers_by_number(["00000000TEST001", "test001"])
        self.assertEqual(found, {"TEST001": self.partner})
        invoice = self._due()
        self.assertEqual(invoice.payment_reference[:7], "0000000")
        self.assertEqual(invoice.mbn_reference_id.move_id, invoice)

    # The add-on goes

    def test_leaving_the_scheme_keeps_the_data_and_switches_it_off(self):
        invoice = self._due()
        self.connection._leave_scheme()
        self.assertFalse(self.bs.active)
        self.assertEqual((self.bs.scheme, self.bs.number), ("generic", "01234567-00001"))
        self.assertEqual(invoice.mbn_reference_id.printed, invoice.payment_reference)
