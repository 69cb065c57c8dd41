import psycopg2
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BillingCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestPayerNumber(BillingCommon):
    def _number(self, partner):
        return self.agreement._payer_numbers(partner)[partner.id]

    def _import(self, partner, number, agreement=None):
        return self.env["bank.payer.number"].create(
            {
                "partner_id": partner.id,
                "agreement_id": (agreement or self.agreement).id,
                "number": number,
            }
        )

    def _merge(self, partners, kept):
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(partners.ids, kept)
        self.env.invalidate_all()

    def test_payers_get_numbers_once(self):
        payers = self.payer | self._payer("Ola Nordmann")
        numbers = self.agreement._payer_numbers(payers)
        self.assertEqual(len(set(numbers.values())), 2)
        self.assertEqual(self.agreement._payer_numbers(payers), numbers)

    def test_each_agreement_numbers_for_itself(self):
        other = self._agreement("86011117947", number=False)
        (self.agreement | other).next_payer_number = 2000
        self.assertEqual(self._number(self.payer), other._payer_numbers(self.payer)[self.payer.id])

    def test_imported_number_is_used_and_passed_over_by_the_sequence(self):
        ola, per = self._payer("Ola Nordmann"), self._payer("Per Hansen")
        self.agreement.next_payer_number = 1001
        self._import(ola, "0001001")
        self.assertEqual(self._number(ola), "1001")
        self.assertEqual(self._number(per), "1002")

    def test_number_is_never_changed_reused_or_deleted(self):
        row = self._import(self.payer, "7")
        with self.assertRaises(UserError):
            row.number = "8"
        with self.assertRaises(UserError):
            row.unlink()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            self._import(self._payer("Ola Nordmann"), "007")

    def test_number_must_be_digits_that_fit_the_layout(self):
        with self.assertRaisesRegex(ValidationError, "digits only"), self.cr.savepoint():
            self._import(self.payer, "A7")
        with self.assertRaisesRegex(ValidationError, "too long"):
            self._import(self.payer, "12345678")

    def test_contact_of_a_company_has_no_number_of_its_own(self):
        employer = self._payer("Employer", is_company=True)
        contact = self._payer("Ola Nordmann", parent_id=employer.id)
        with self.assertRaisesRegex(ValidationError, "Detach the contact"):
            self._import(contact, "7")

    def test_sequence_that_outgrows_the_layout_says_so(self):
        self.agreement.payer_sequence_id.number_next_actual = 10000000
        with self.assertRaisesRegex(ValidationError, "too long"):
            self._number(self._payer("Ola Nordmann"))

    def test_next_payer_number_can_be_set(self):
        self.agreement.next_payer_number = 5000
        self.assertEqual(self._number(self._payer("Ola Nordmann")), "5000")

    # Merging contacts, with the wizard users merge with

    def test_merge_keeps_both_numbers_and_the_kept_contacts_is_current(self):
        twin = self._payer("Kari Nordman")
        own, former = self._number(self.payer), self._number(twin)
        self._merge(self.payer | twin, self.payer)
        self.assertFalse(twin.exists())
        self.assertEqual(self._number(self.payer), own)
        self.assertEqual(
            self.agreement._payers_by_number([own, "00" + former]),
            {own: self.payer, former: self.payer},
        )
        rows = self.payer.mbn_payer_number_ids
        self.assertEqual({row.number: row.is_alias for row in rows}, {own: False, former: True})

    def test_merge_of_three_into_one_without_number_keeps_the_oldest_current(self):
        twins = self._payer("Twin A") | self._payer("Twin B")
        first, second = (self._number(twin) for twin in twins)
        self._merge(self.payer | twins, self.payer)
        self.assertEqual(self._number(self.payer), first)
        self.assertEqual(self.agreement._payers_by_number([second]), {second: self.payer})

    def test_references_and_open_invoices_follow_a_merge(self):
        twin = self._payer("Kari Nordman")
        invoice = self._invoice(twin, 100)
        self._number(self.payer)
        reference = invoice.payment_reference
        self._merge(self.payer | twin, self.payer)
        row = self.env["billing.reference"]._resolve(self.agreement, [reference])
        row = row[reference.lstrip("0")]
        self.assertEqual(row.move_id, invoice)
        self.assertEqual(row.partner_id, self.payer)
        new = self._invoice(self.payer, 100)
        self.assertEqual(new.payment_reference[:7].lstrip("0"), self._number(self.payer))
