from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..formats.references import has_check_digit
from .common import BillingCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestReferences(BillingCommon):
    def _references(self, invoices):
        return invoices.mapped("payment_reference")

    def _drafts(self, count, partner=None):
        return self.env["account.move"].union(
            *(self._invoice(partner or self.payer, 100 + n, post=False) for n in range(count))
        )

    # Giving out

    def test_invoice_gets_payer_number_serial_and_check_digit(self):
        self.agreement.layout_ids.next_serial = 1
        invoice = self._invoice(self.payer, 100)
        number = self.agreement._payer_numbers(self.payer)[self.payer.id]
        reference = invoice.payment_reference
        self.assertEqual(reference[:14], f"{int(number):07d}0000001")
        self.assertTrue(has_check_digit(reference, "mod10"))
        self.assertRecordValues(
            invoice.mbn_reference_id,
            [
                {
                    "kind": "invoice",
                    "printed": reference,
                    "value": reference.lstrip("0"),
                    "move_id": invoice.id,
                    "partner_id": self.payer.id,
                    "agreement_id": self.agreement.id,
                    "company_id": self.company.id,
                }
            ],
        )

    def test_reference_is_the_label_of_the_receivable_line(self):
        invoice = self._invoice(self.payer, 100)
        line = invoice.line_ids.filtered(lambda row: row.display_type == "payment_term")
        self.assertEqual(line.name, invoice.payment_reference)

    def test_invoice_names_the_account_that_its_reference_belongs_to(self):
        other = self._agreement("86011117947", number="007654321")
        invoices = self._drafts(2)
        invoices[1].mbn_agreement_id = other
        self.assertEqual(invoices[0].partner_bank_id, self.agreement.partner_bank_id)
        self.assertEqual(invoices[1].partner_bank_id, other.partner_bank_id)

    def test_batch_gets_different_references_with_each_payers_own_number(self):
        other = self._payer("Ola Nordmann")
        invoices = self._drafts(3) | self._drafts(2, other)
        invoices.action_post()
        self.assertEqual(len(set(self._references(invoices))), 5)
        numbers = self.agreement._payer_numbers(self.payer | other)
        for invoice in invoices:
            self.assertEqual(
                invoice.payment_reference[:7].lstrip("0"), numbers[invoice.partner_id.id]
            )

    def test_batch_is_allotted_with_a_fixed_number_of_queries(self):
        registry = self.env["billing.reference"]
        registry._allot(self._drafts(2))
        self.env.flush_all()
        counts = []
        for size in (3, 12):
            drafts = self._drafts(size)
            self.env.flush_all()
            drafts.mapped("commercial_partner_id.name")
            before = self.env.cr.sql_log_count
            registry._allot(drafts)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLess(counts[0], 12)

    def test_reset_to_draft_and_posting_again_keeps_the_reference(self):
        invoice = self._invoice(self.payer, 100)
        reference = invoice.payment_reference
        invoice.button_draft()
        invoice.action_post()
        self.assertEqual(invoice.payment_reference, reference)
        self.assertEqual(len(invoice.mbn_reference_ids), 1)

    def test_reference_emptied_in_draft_comes_back(self):
        invoice = self._invoice(self.payer, 100)
        reference = invoice.payment_reference
        invoice.button_draft()
        invoice.payment_reference = False
        invoice.action_post()
        self.assertEqual(invoice.payment_reference, reference)

    def test_new_payer_in_draft_means_a_new_reference(self):
        invoice = self._invoice(self.payer, 100)
        old = invoice.mbn_reference_id
        invoice.button_draft()
        invoice.partner_id = self._payer("Ola Nordmann")
        invoice.action_post()
        number = self.agreement._payer_numbers(invoice.partner_id)[invoice.partner_id.id]
        self.assertEqual(invoice.payment_reference[:7].lstrip("0"), number)
        self.assertFalse(old.move_id)
        self.assertEqual(old.partner_id, self.payer)

    def test_new_agreement_in_draft_means_a_new_reference_and_the_old_still_finds_it(self):
        invoice = self._invoice(self.payer, 100)
        old = invoice.mbn_reference_id
        invoice.button_draft()
        invoice.mbn_agreement_id = self._agreement("86011117947", number="007654321")
        invoice.action_post()
        self.assertEqual(invoice.mbn_reference_id.agreement_id, invoice.mbn_agreement_id)
        self.assertEqual(old.move_id, invoice)
        self.assertEqual(invoice.payment_reference, invoice.mbn_reference_id.printed)

    def test_copied_invoice_gets_its_own_reference(self):
        invoice = self._invoice(self.payer, 100)
        copy = invoice.copy()
        self.assertFalse(copy.payment_reference)
        copy.action_post()
        self.assertTrue(copy.payment_reference)
        self.assertNotEqual(copy.payment_reference, invoice.payment_reference)

    def test_reference_of_a_deleted_draft_is_never_given_again(self):
        invoice = self._invoice(self.payer, 100, post=False)
        self.env["billing.reference"]._allot(invoice)
        row = invoice.mbn_reference_id
        invoice.unlink()
        self.assertTrue(row.exists())
        self.assertFalse(row.move_id)
        self.assertNotEqual(self._invoice(self.payer, 100).payment_reference, row.printed)

    def test_credit_note_gets_none(self):
        invoice = self._invoice(self.payer, 100)
        credit = invoice._reverse_moves([{"invoice_date": "2026-01-20"}])
        credit.action_post()
        self.assertFalse(credit.mbn_reference_ids)
        self.assertFalse(credit.payment_reference)

    def test_taken_value_is_passed_over(self):
        number = self.agreement._payer_numbers(self.payer)[self.payer.id]
        shape = self.agreement.layout_ids._shape()
        self.agreement.layout_ids.next_serial = 2
        taken = shape.build(number, 3)
        self.env["billing.reference"]._insert(
            self.agreement, "foreign", [(None, self.payer.id, taken)]
        )
        invoices = self._drafts(3)
        invoices.action_post()
        self.assertNotIn(taken, self._references(invoices))
        self.assertEqual(len(set(self._references(invoices))), 3)

    def test_full_layout_says_what_to_do(self):
        layout = self._agreement(
            "86011117947", number=False, layout_ids=[(0, 0, {"serial_digits": 1})]
        ).layout_ids
        layout.next_serial = 9
        invoices = self._drafts(2)
        invoices.mbn_agreement_id = layout.agreement_id
        with self.assertRaisesRegex(UserError, "no serials left"):
            invoices.action_post()

    def test_invoice_in_another_currency_is_left_alone(self):
        currency = self.setup_other_currency("EUR")
        invoice = self._invoice(self.payer, 100, currency_id=currency.id)
        self.assertFalse(invoice.mbn_agreement_id)
        self.assertEqual(invoice.payment_reference, invoice.name)

    def test_journal_without_agreement_keeps_its_own_references(self):
        journal = self._journal_without_agreement()
        invoice = self._invoice(self.payer, 100, journal_id=journal.id)
        self.assertEqual(invoice.payment_reference, invoice.name)
        self.assertFalse(invoice.mbn_reference_ids)

    def test_user_without_billing_rights_posts_with_a_reference(self):
        clerk = self.env["res.users"].create(
            {
                "name": "Invoicing only",
                "login": "mbn_invoicing_only",
                "group_ids": [(6, 0, [self.env.ref("account.group_account_invoice").id])],
                "company_id": self.company.id,
                "company_ids": [(6, 0, self.company.ids)],
            }
        )
        invoice = self._invoice(self.payer, 100, post=False).with_user(clerk)
        invoice.action_post()
        self.assertTrue(invoice.sudo().mbn_reference_id)
        self.assertEqual(invoice.payment_reference, invoice.sudo().mbn_reference_id.printed)

    # References of others

    def test_reference_by_hand_is_kept_and_registered(self):
        invoice = self._invoice(self.payer, 100, payment_reference="abc 123")
        self.assertEqual(invoice.payment_reference, "abc 123")
        self.assertRecordValues(
            invoice.mbn_reference_id,
            [{"kind": "foreign", "value": "ABC123", "move_id": invoice.id}],
        )

    def test_reference_changed_by_hand_after_posting_is_registered_too(self):
        invoice = self._invoice(self.payer, 100)
        own = invoice.mbn_reference_id
        invoice.payment_reference = "NEW/7"
        found = self.env["billing.reference"]._resolve(self.agreement, ["new/7", own.printed])
        self.assertEqual({row.move_id for row in found.values()}, {invoice})
        self.assertEqual(len(found), 2)

    def test_reference_of_another_invoice_goes_to_the_desk(self):
        first = self._invoice(self.payer, 100)
        second = self._invoice(
            self._payer("Ola Nordmann"), 100, payment_reference=first.payment_reference
        )
        found = self.env["billing.reference"]._resolve(self.agreement, [first.payment_reference])
        self.assertEqual(found[first.payment_reference.lstrip("0")].move_id, first)
        desk = self.env["billing.exception"].search(
            [("kind", "=", "reference_taken"), ("res_id", "=", second.id)]
        )
        self.assertEqual(desk.res_model, "account.move")
        self.assertTrue(desk.next_action)

    def test_journal_with_other_reference_model_has_its_references_registered(self):
        self.sale_journal.invoice_reference_model = "odoo"
        invoice = self._invoice(self.payer, 100)
        self.assertEqual(invoice.payment_reference, invoice.name)
        self.assertEqual(invoice.mbn_reference_id.kind, "foreign")
        self.assertEqual(invoice.mbn_reference_id.move_id, invoice)

    def test_resolve_ignores_blanks_case_and_leading_zeros(self):
        invoice = self._invoice(self.payer, 100)
        reference = invoice.payment_reference
        wanted = [" ".join(reference), reference.lstrip("0"), "00" + reference, "", "unknown"]
        found = self.env["billing.reference"]._resolve(self.agreement, wanted)
        self.assertEqual(list(found), [reference.lstrip("0")])
        self.assertEqual(found[reference.lstrip("0")].move_id, invoice)

    def test_invoices_are_found_by_reference_however_it_is_typed(self):
        invoice = self._invoice(self.payer, 100)
        typed = " ".join(invoice.payment_reference)
        self.assertEqual(
            self.env["account.move"].search([("mbn_reference_ids", "ilike", typed)]), invoice
        )

    # Open invoices

    def _journal_without_agreement(self):
        return self.env["account.journal"].create(
            {
                "name": "Other sales",
                "code": "OTHER",
                "type": "sale",
                "default_account_id": self.sale_journal.default_account_id.id,
                "invoice_reference_model": "odoo",
            }
        )

    def test_open_invoices_are_registered_when_a_journal_gets_its_agreement(self):
        journal = self._journal_without_agreement()
        opened = self._invoice(self.payer, 100, journal_id=journal.id, payment_reference="A1")
        closed = self._invoice(self.payer, 100, journal_id=journal.id, payment_reference="A2")
        closed._reverse_moves([{"invoice_date": "2026-01-20"}], cancel=True)
        self._invoice(self.payer, 100, post=False, journal_id=journal.id, payment_reference="A3")
        journal.mbn_agreement_id = self.agreement
        rows = self.env["billing.reference"].search([("value", "in", ["A1", "A2", "A3"])])
        self.assertRecordValues(rows, [{"value": "A1", "kind": "foreign", "move_id": opened.id}])

    def test_open_reference_shared_by_one_payer_means_the_payer(self):
        journal = self._journal_without_agreement()
        for _n in range(2):
            self._invoice(self.payer, 100, journal_id=journal.id, payment_reference="CUST/1")
        journal.mbn_agreement_id = self.agreement
        row = self.env["billing.reference"].search([("value", "=", "CUST/1")])
        self.assertRecordValues(
            row, [{"kind": "payer", "move_id": False, "partner_id": self.payer.id}]
        )

    def test_open_reference_shared_by_two_payers_means_nothing(self):
        journal = self._journal_without_agreement()
        for partner in (self.payer, self._payer("Ola Nordmann")):
            self._invoice(partner, 100, journal_id=journal.id, payment_reference="SAME")
        journal.mbn_agreement_id = self.agreement
        self.assertFalse(self.env["billing.reference"].search([("value", "=", "SAME")]))

    def test_registering_open_invoices_twice_changes_nothing(self):
        self._invoice(self.payer, 100)
        self._invoice(self.payer, 100, payment_reference="A1")
        before = self.env["billing.reference"].search([]).ids
        self.env["billing.reference"]._register_open_invoices()
        self.assertEqual(self.env["billing.reference"].search([]).ids, before)

    def test_drafts_follow_their_journal_when_it_gets_an_agreement(self):
        journal = self._journal_without_agreement()
        invoice = self._invoice(self.payer, 100, post=False, journal_id=journal.id)
        journal.mbn_agreement_id = self.agreement
        self.assertEqual(invoice.mbn_agreement_id, self.agreement)
        invoice.action_post()
        self.assertEqual(invoice.mbn_reference_id.kind, "invoice")

    # The journal

    def test_journal_takes_the_references_of_its_agreement(self):
        self.assertEqual(self.sale_journal.invoice_reference_model, "agreement")

    def test_journal_leaves_the_references_with_its_agreement(self):
        self.sale_journal.mbn_agreement_id = False
        self.assertNotEqual(self.sale_journal.invoice_reference_model, "agreement")

    def test_reference_model_needs_an_agreement(self):
        with self.assertRaisesRegex(ValidationError, "choose the agreement"):
            self._journal_without_agreement().invoice_reference_model = "agreement"

    def test_reference_model_needs_a_layout(self):
        agreement = self._agreement("86011117947", number=False, layout_ids=[])
        journal = self._journal_without_agreement()
        journal.mbn_agreement_id = agreement
        with self.assertRaisesRegex(ValidationError, "no reference layout"):
            journal.invoice_reference_model = "agreement"

    def test_first_layout_switches_the_journals_of_the_agreement_to_references(self):
        agreement = self._agreement("86011117947", number=False, layout_ids=[])
        journal = self._journal_without_agreement()
        journal.mbn_agreement_id = agreement
        self.assertEqual(journal.invoice_reference_model, "odoo")
        agreement.layout_ids = [(0, 0, {})]
        self.assertEqual(journal.invoice_reference_model, "agreement")

    def test_only_sale_journals_have_an_agreement(self):
        with self.assertRaisesRegex(ValidationError, "Only sale journals"):
            self.bank_journal.mbn_agreement_id = self.agreement

    def test_journal_and_agreement_have_one_currency(self):
        journal = self._journal_without_agreement()
        journal.currency_id = self.setup_other_currency("EUR")
        with self.assertRaisesRegex(ValidationError, "choose an agreement in the journal"):
            journal.mbn_agreement_id = self.agreement

    def test_no_country_gets_agreement_references_by_default(self):
        self.env.company.country_id = self.env.ref("base.ag")
        self.assertEqual(self.env["account.journal"]._default_invoice_reference_model(), "odoo")
        self.assertEqual(
            self.env["account.journal"].default_get(["invoice_reference_model"]),
            {"invoice_reference_model": "odoo"},
        )

    # Layouts

    def test_layout_in_use_is_locked(self):
        self._invoice(self.payer, 100)
        layout = self.agreement.layout_ids
        self.assertTrue(layout.is_locked)
        layout.sequence = 99
        layout.write({"payer_digits": layout.payer_digits})
        with self.assertRaisesRegex(UserError, "already given out"):
            layout.serial_digits = 8
        with self.assertRaisesRegex(UserError, "already given out"):
            layout.unlink()

    def test_first_layout_by_order_is_used_and_the_old_references_still_resolve(self):
        old = self._invoice(self.payer, 100)
        self.agreement.layout_ids = [
            (0, 0, {"sequence": 1, "payer_digits": 5, "serial_digits": 6, "check_method": "mod11"})
        ]
        new = self._invoice(self.payer, 100)
        self.assertEqual(len(new.payment_reference), 12)
        found = self.env["billing.reference"]._resolve(
            self.agreement, [old.payment_reference, new.payment_reference]
        )
        self.assertEqual({row.move_id for row in found.values()}, {old, new})

    def test_serials_of_a_layout_in_use_only_rise(self):
        layout = self.agreement.layout_ids
        layout.next_serial = 7
        self._invoice(self.payer, 100)
        layout.invalidate_recordset()
        layout.next_serial = 500
        self.assertEqual(self._invoice(self.payer, 100).payment_reference[7:14], "0000500")
        with self.assertRaisesRegex(ValidationError, "only be raised"):
            layout.next_serial = 3

    def test_layout_with_serials_left_over_cannot_be_removed_from_a_journal_that_uses_it(self):
        with self.assertRaisesRegex(ValidationError, "no reference layout"):
            self.agreement.layout_ids.unlink()

    def test_layout_refuses_what_makes_no_reference(self):
        for vals in (
            {"payer_digits": 0},
            {"serial_digits": 0},
            {"fixed_part": "A1"},
            {"payer_digits": 20, "serial_digits": 20},
        ):
            with self.subTest(vals), self.assertRaises(ValidationError):
                self.agreement.layout_ids = [(0, 0, vals)]
