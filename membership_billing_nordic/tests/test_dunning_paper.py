"""Reminders on the association's own paper, with payment part, and in one file for the printer."""

import base64
import csv
import io

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools.pdf import PdfFileReader

from .dunning_common import DunningCommon

ADDRESS = {"street": "Storgata 1", "city": "Oslo"}


@tagged("post_install", "-at_install")
class TestDunningPaper(DunningCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.mbn_reminder_pdf = "notice"
        cls.env["billing.document.layout"].create(
            {"text_reminder": "Our bank is closed.", "text_final": "Talk to us."}
        )
        cls.payer.write(ADDRESS | {"zip": "0155", "email": False})
        cls.other = cls._payer("Anne", email=False, zip="0050", **ADDRESS)

    def _letters(self):
        return self.env["dunning.letter"].search([("company_id", "=", self.company.id)], order="id")

    def _pages(self, content):
        reader = PdfFileReader(io.BytesIO(base64.b64decode(content)), strict=False)
        return [page.extract_text() for page in reader.pages]

    def test_it_says_all_that_it_must_with_the_four_amounts_and_the_payment_part(self):
        self._due()
        self._send()
        self.assertIn("Our bank is closed.", "\n".join(self._pages(self._letters().content)))
        self._letters().action_mark_posted()
        self._at(2026, 9, 30)
        self._send()
        letter = self._letters()[-1]
        pages = self._pages(letter.content)
        text = "\n".join(pages)
        for part in ("Last notice", "1,000.00", "38.00", "9.73", "12.25 %", "10/14/2026"):
            self.assertIn(part, text)
        for part in ("Fee for this notice", "Interest", "Earlier fees", "$ 1,085.73"):
            self.assertIn(part, text)
        for part in ("A collection agency gets it.", "Write to us.", "Talk to us."):
            self.assertIn(part, text)
        self.assertIn("How the interest is reckoned", text)
        for part in (letter.reference, letter.account, "To account"):
            self.assertIn(part, pages[0])

    def test_a_letter_of_many_invoices_flows_and_loses_none(self):
        for number in range(24):
            self._due(100.0 + number)
        self._send()
        pages = self._pages(self._letters().content)
        self.assertGreater(len(pages), 1)
        text = "\n".join(pages)
        for name in self._letters().line_ids.mapped("invoice_name"):
            self.assertIn(name, text)
        self.assertIn(self._letters().reference, text)

    def test_letters_of_several_payers_are_one_file_that_is_made_once(self):
        self.company.mbn_print_two_sided = True
        self._due()
        self._due(payer=self.other)
        self._send()
        letters = self._letters()
        self.assertEqual(set(letters.mapped("state")), {"print"})
        clerk = new_test_user(
            self.env, "printer", "membership_billing_nordic.group_billing_user,base.group_user"
        )
        letters.with_user(clerk).action_print_bundle()
        bundle = letters.bundle_id
        self.assertEqual((bundle.state, bundle.page_count, bundle.sheet_count), ("ready", 4, 2))
        pages = self._pages(bundle.file)
        self.assertEqual([bool(page) for page in pages], [True, False, True, False])
        self.assertIn("Anne", pages[0])
        text = base64.b64decode(bundle.index_file).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
        self.assertEqual(
            [(row["recipient"], row["zip"], row["page_from"], row["kind"]) for row in rows],
            [("Anne", "0050", "1", "reminder"), (self.payer.name, "0155", "3", "reminder")],
        )
        letters.with_user(clerk).action_print_bundle()
        self.assertEqual(letters.bundle_id, bundle)
        bundle.with_user(clerk).action_mark_posted()
        self.assertEqual(set(letters.mapped("state")), {"sent"})
        with self.assertRaisesRegex(UserError, "to be printed"):
            letters.with_user(clerk).action_print_bundle()
        desk = new_test_user(
            self.env, "desk", "membership_billing_nordic.group_billing_front_desk,base.group_user"
        )
        with self.assertRaises(AccessError):
            letters.with_user(desk).action_print_bundle()
