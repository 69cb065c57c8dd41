import io
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools.pdf import PdfFileReader

from .contract_common import ContractCommon

KEPT = (
    "account.move",
    "account.move.line",
    "billing.delivery",
    "billing.reference",
    "billing.run",
    "bank.payer.number",
    "mail.mail",
    "mail.message",
    "membership.charge",
    "membership.period",
)


class PreviewCommon(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"mbn_send_invoices": True, "mbn_invoice_pdf": "notice"})
        cls.maker = cls.env["billing.preview.maker"]
        cls.contract = cls._contract()

    def _stored(self):
        """Everything a preview must leave alone: counts, and the numbers that come next."""
        self.env.flush_all()
        counts = {name: self.env[name].sudo().search_count([]) for name in KEPT}
        layout = self.agreement.layout_ids[:1]
        self.env.invalidate_all()
        sequences = layout.sequence_id | self.agreement.payer_sequence_id
        return counts, sequences.mapped("number_next_actual")

    def _text(self, pdf):
        pages = PdfFileReader(io.BytesIO(pdf), strict=False).pages
        return "\n".join(page.extract_text() for page in pages)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestNextInvoice(PreviewCommon):
    def _next(self, contract=None):
        return self.maker._of_next(contract or self.contract)

    def test_it_is_what_billing_then_makes(self):
        stored = self._stored()
        preview = self._next()
        self.assertEqual(self._stored(), stored)
        self.assertFalse(preview.problems or preview.is_made)
        self.assertEqual(preview.number, "Preview")
        self.assertTrue(self.agreement._is_lawful_reference(preview.reference))
        run = self._bill("2027-01-01")
        invoice = run.line_ids.invoice_id
        self.assertEqual(preview.amount, 1200.0)
        self.assertEqual(
            [(line.text, line.amount) for line in preview.lines],
            [(line.name, line.price_total) for line in invoice.invoice_line_ids],
        )
        self.assertEqual(
            (preview.date, preview.date_due, preview.payer_id),
            (invoice.invoice_date, invoice.invoice_date_due, invoice.partner_id.id),
        )
        shape = self.agreement._reference_layout()._shape()
        self.assertEqual(preview.reference, shape.specimen(invoice.payment_reference))
        self.assertNotEqual(preview.reference, invoice.payment_reference)

    def test_the_paper_is_marked_and_shows_a_specimen_of_the_reference(self):
        preview = self._next()
        self.assertTrue(preview.pdf.startswith(b"%PDF"))
        text = self._text(preview.pdf)
        self.assertIn("PREVIEW", text)
        self.assertIn("1,200.00", text)
        self._bill("2027-01-01")
        invoice = self._invoices(self.contract)
        self.assertNotIn(invoice.payment_reference, text)
        self.assertIn(preview.reference, text.replace(" ", ""))
        known = self.env["billing.reference"]._resolve(self.agreement, [preview.reference])
        self.assertFalse(known)
        self.assertEqual(preview.email.to, "ola@example.com")
        self.assertIn("Preview", preview.email.subject)
        self.assertEqual(preview.channel, "email")

    def test_it_follows_changes_until_it_is_billed(self):
        dear = self._plan("Dear", amount=1500.0)
        self.contract._change({"plan_id": dear.id})
        self.assertEqual(self._next().amount, 1500.0)
        dear.price_ids.amount = 1600.0
        self.assertEqual(self._next().amount, 1600.0)
        mother = self._payer("Mother", email="mother@example.com")
        self.contract._change({"payer_id": mother.id})
        self.assertEqual(self._next().payer_id, mother.id)
        self._bill("2027-01-01")
        preview = self._next()
        self.assertEqual(preview.date, self.contract.next_invoice_date)
        self.assertIn("01/01/2028", preview.lines[0].text)

    def test_a_pause_or_a_block_says_why_there_is_none(self):
        block = self.env["billing.block"].create(
            {"contract_id": self.contract.id, "date_from": "2027-01-01", "reason": "other"}
        )
        [problem] = self._next().problems
        self.assertIn("lock", problem)
        block.lifted_on = "2027-01-01"
        self.contract._pause(self.contract.date_start)
        [problem] = self._next().problems
        self.assertIn("paused", problem)
        self.assertFalse(self._next().pdf)

    def test_a_draft_shows_what_it_will_be(self):
        draft = self.env["membership.contract"].create(
            {
                "member_id": self._payer("New").id,
                "plan_id": self.plan.id,
                "date_start": "2027-01-01",
            }
        )
        preview = self._next(draft)
        self.assertEqual(preview.amount, 1200.0)
        self.assertEqual(draft.state, "draft")
        self.assertFalse(draft.member_id.mbn_member_number)

    def test_memberships_on_one_invoice_are_shown_together(self):
        mother = self._payer("Mother")
        mother.mbn_common_invoice = "together"
        one, two = (
            self._contract(member=self._payer(name), payer_id=mother.id) for name in ("A", "B")
        )
        self.assertEqual((self._next(one).amount, self._next(two).amount), (2400.0, 2400.0))

    def test_buttons_and_rights(self):
        desk = self._clerk("front_desk")
        action = self.contract.with_user(desk).action_next_invoice()
        shown = self.env[action["res_model"]].browse(action["res_id"])
        self.assertTrue(shown.pdf)
        self.assertIn("1,200.00", shown.facts)
        self.assertFalse(shown.is_made)
        self.assertIn("specimen", shown.facts)
        with self.assertRaises(UserError):
            shown.action_portal()
        action = self.contract.member_id.with_user(desk).action_mbn_next_invoice()
        self.assertEqual(
            self.env[action["res_model"]].browse(action["res_id"]).contract_id, self.contract
        )


@tagged("post_install", "-at_install", "post_install_l10n")
class TestInvoicePreview(PreviewCommon):
    def test_a_posted_invoice_is_shown_as_it_is(self):
        self._bill("2027-01-01")
        invoice = self._invoices(self.contract)
        invoice.partner_id.phone = "+47 40 00 00 01"
        invoice.partner_id.country_id = self.env.ref("base.no")
        stored = self._stored()
        preview = self.maker._of_invoice(invoice)
        self.assertEqual(self._stored(), stored)
        text = self._text(preview.pdf)
        self.assertNotIn("PREVIEW", text)
        for part in (invoice.name, invoice.payment_reference):
            self.assertIn(part, text)
        self.assertTrue(preview.is_made)
        self.assertEqual((preview.number, preview.is_specimen), (invoice.name, False))
        self.assertIn(invoice.name, preview.email.subject)
        self.assertIn("1,200.00", preview.email.body)
        self.assertEqual(preview.email.attachments, (f"{invoice.name.replace('/', '_')}.pdf",))
        self.assertEqual(preview.sms_to, "+4740000001")
        self.assertIn("/mi/", preview.sms_text)

    def test_a_draft_is_shown_as_if_it_were_posted(self):
        draft = self._invoice(self.payer, 450.0, post=False)
        stored = self._stored()
        preview = self.maker._of_invoice(draft)
        self.assertEqual(self._stored(), stored)
        self.assertEqual((draft.state, preview.number), ("draft", "Preview"))
        self.assertIn("PREVIEW", self._text(preview.pdf))
        self.assertEqual(preview.amount, 450.0)
        self.assertTrue(self.agreement._is_lawful_reference(preview.reference))

    def test_a_reference_that_was_typed_is_shown(self):
        shape = self.agreement._reference_layout()._shape()
        typed = shape.build("77", 4711)
        draft = self._invoice(self.payer, 450.0, post=False, payment_reference=typed)
        self.assertEqual(self.maker._of_invoice(draft).reference, typed)
        unknown = self._invoice(self.payer, 450.0, post=False)
        unknown.journal_id.mbn_agreement_id = False
        unknown.mbn_agreement_id = False
        self.assertEqual(self.maker._of_invoice(unknown).reference, "")

    def test_a_draft_that_cannot_be_posted_says_why(self):
        draft = self._invoice(self.payer, 450.0, post=False)
        draft.invoice_line_ids.unlink()
        preview = self.maker._of_invoice(draft)
        self.assertEqual(len(preview.problems), 1)
        self.assertEqual(draft.state, "draft")

    def test_only_who_may_read_it(self):
        invoice = self._invoice(self.payer, 450.0)
        with self.assertRaises(AccessError):
            invoice.with_user(self._clerk("front_desk")).action_mbn_preview()
        action = invoice.with_user(self._clerk("user")).action_mbn_preview()
        shown = self.env[action["res_model"]].browse(action["res_id"])
        self.assertTrue(shown.is_made)
        self.assertIn("/my/invoices/", shown.action_portal()["url"])
        entry = self._pay(invoice).move_id
        with self.assertRaisesRegex(UserError, "Only invoices and credit notes"):
            entry.action_mbn_preview()

    def test_nothing_is_sent(self):
        with patch.object(
            type(self.env["ir.mail_server"]), "send_email", side_effect=AssertionError
        ):
            self.maker._of_next(self.contract)
