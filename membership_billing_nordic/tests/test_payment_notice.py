import base64
import csv
import html
import io
from unittest.mock import patch

from odoo.addons.membership_billing_nordic.models.membership.payment_notice_report import NOTICE
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader
from PIL import Image

from .run_common import RunCommon

PRINTING = "odoo.addons.membership_billing_nordic.models.membership.billing_bundle_printing"
BUNDLE = "odoo.addons.membership_billing_nordic.models.membership.billing_delivery_bundle"
ADDRESS = {"street": "Storgata 1", "zip": "0155", "city": "Oslo"}


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestPaymentNotice(RunCommon):
    """A company whose invoices go out as payment notices, three of them by letter."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"mbn_send_invoices": True, "mbn_invoice_pdf": "notice"})
        cls.env["billing.delivery.step"].create({"channel": "letter"})
        cls.notice = cls.env.ref("membership_billing_nordic.report_payment_notice")
        cls.layout = cls.env["billing.document.layout"].create(
            {"text_first": "Welcome!", "text_renewal": "Once more.", "closing": "Write to us."}
        )
        cls.norway = cls.env.ref("base.no")
        names = ("Berit", "=Arne", "Anne")
        cls.payers = [
            cls._payer(name, country_id=cls.norway.id, **ADDRESS | {"zip": f"500{number}"})
            for number, name in enumerate(names)
        ]

    def _invoices(self):
        for payer in self.payers:
            self._contract(member=payer)
        return self._bill("2027-01-15").line_ids.invoice_id.sorted("id")

    def _text(self, content):
        pages = PdfFileReader(io.BytesIO(content), strict=False).pages
        return [page.extract_text() for page in pages]

    def _drawn(self, move):
        content, kind = self.env["ir.actions.report"]._render_qweb_pdf(NOTICE, move.ids)
        self.assertEqual(kind, "pdf")
        return "\n".join(self._text(content))

    def _index(self, bundle):
        text = base64.b64decode(bundle.index_file).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text), delimiter=";"))

    def test_letters_are_drawn_into_one_file_with_an_index(self):
        self.company.mbn_print_two_sided = True
        invoices = self._invoices()
        report = type(self.env["ir.actions.report"])
        with (
            self._commits(),
            patch.object(report, "get_wkhtmltopdf_state", lambda _report: "install"),
        ):
            self.env["account.move"]._cron_mbn_send()
            self.assertEqual(set(invoices.mapped("mbn_send_state")), {"print"})
            self.assertFalse(invoices.invoice_pdf_report_id)
            invoices.mbn_run_id.action_print_letters()
        bundle = invoices.mbn_run_id.bundle_ids
        self.assertEqual((bundle.state, bundle.page_count, bundle.sheet_count), ("ready", 6, 3))
        pages = self._text(base64.b64decode(bundle.file))
        self.assertEqual([bool(page) for page in pages], [True, False] * 3)
        for page, name in zip(pages[::2], ("Berit", "=Arne", "Anne"), strict=True):
            self.assertIn(name, page)
        rows = self._index(bundle)
        self.assertEqual([row["page_from"] for row in rows], ["1", "3", "5"])
        self.assertEqual([row["recipient"] for row in rows], ["Berit", "'=Arne", "Anne"])
        self.assertEqual(
            [rows[0][name] for name in ("address_1", "zip", "city", "country", "sheets")],
            ["Storgata 1", "5000", "Oslo", "NO", "1"],
        )
        self.assertEqual([row["invoice"] for row in rows], invoices.mapped("name"))
        self.assertEqual({row["kind"] for row in rows}, {"invoice"})
        for invoice in invoices:
            (kept,) = self._text(invoice.invoice_pdf_report_id.raw)
            self.assertIn(invoice.name, kept)
        self.assertEqual(bundle.index_name, f"{bundle.name}.csv")
        self.assertIn("index_file", bundle.action_download_index()["url"])

    def test_what_was_made_before_it_was_stopped_is_not_made_again(self):
        invoices = self._invoices()
        letters = self.env["billing.delivery"]._note(invoices, "letter", state="waiting")
        bundle = self.env["billing.delivery.bundle"].sudo()._create_for(letters)
        maker = type(self.env["billing.notice.maker"])
        draw, drawn = maker._notice, []

        def note(self, move, *args):
            drawn.append(move.id)
            return draw(self, move, *args)

        with patch.object(maker, "_notice", note), patch(f"{BUNDLE}.CHUNK", 2):
            steps = bundle._build()
            self.assertEqual(next(steps), 2)
            steps.close()  # the process ends here; what was committed stays
            self.assertEqual(bundle.state, "building")
            self.assertEqual(len(invoices.invoice_pdf_report_id), 2)
            self.assertEqual(list(bundle._build()), [1, 1])
            self.assertEqual(list(bundle._build()), [])
        self.assertEqual(sorted(drawn), sorted(invoices.ids))
        pages = self._text(base64.b64decode(bundle.file))
        for page, name in zip(pages, ("Berit", "=Arne", "Anne"), strict=True):
            self.assertIn(name, page)
        for invoice in invoices:
            self.assertTrue(invoice.is_move_sent)
            self.assertEqual(invoice.message_main_attachment_id, invoice.invoice_pdf_report_id)
        self.assertLess(len(base64.b64decode(bundle.file)), 90000, "fonts are in it once")

    def test_a_letter_that_cannot_be_drawn_is_left_out(self):
        invoices = self._invoices()
        maker = type(self.env["billing.notice.maker"])
        draw, bad = maker._notice, invoices[1]

        def fail(self, move, *args):
            if move == bad:
                raise UserError(self.env._("No paper."))
            return draw(self, move, *args)

        with patch.object(maker, "_notice", fail), mute_logger(PRINTING):
            invoices.action_mbn_print_letters()
        self.assertEqual(bad.mbn_send_state, "failed")
        bundle = invoices.mbn_delivery_ids.bundle_id
        self.assertEqual(
            [row["invoice"] for row in self._index(bundle)],
            [
                invoices[0].name,
                invoices[2].name,
            ],
        )

    def test_what_the_notice_says(self):
        invoice = self._invoices()[0]
        text = self._drawn(invoice)
        for part in ("Invoice", invoice.name, "Welcome!", "Write to us.", "99991042764"):
            self.assertIn(part, text)
        self.assertIn(invoice.payment_reference, text)
        self.assertIn("1,200.00", text)
        self._pay(invoice, 200.0)
        self.assertIn("Paid or credited", self._drawn(invoice))
        self.assertIn("1,000.00", self._drawn(invoice))
        self._pay(invoice)
        paid = self._drawn(invoice)
        self.assertIn("This invoice is paid.", paid)
        self.assertNotIn("Pay to", paid)
        reversal = invoice._reverse_moves([{"ref": "Wrong price"}])
        reversal.action_post()
        credit = self._drawn(reversal)
        for part in ("Credit Note", "Total credited", invoice.name, "Wrong price"):
            self.assertIn(part, credit)
        self.assertNotIn("Your reference", credit)
        self.assertNotIn("99991042764", credit.split("Account")[0])

    def test_taxes_are_split_and_sections_printed(self):
        invoice = self._invoice(self.payers[0], 100, post=False)
        line = invoice.invoice_line_ids
        line.write({"tax_ids": [(6, 0, self.vat.ids)], "quantity": 2.5, "discount": 10})
        invoice.write(
            {
                "invoice_line_ids": [
                    (0, 0, {"display_type": "line_section", "name": "Shop", "sequence": 1}),
                    (0, 0, {"display_type": "line_note", "name": "Thank you", "sequence": 99}),
                ]
            }
        )
        self.assertIn("Draft", self._drawn(invoice))
        invoice.action_post()
        text = self._drawn(invoice)
        for part in ("$ 258.75", "Shop", "Thank you", "2.50", "Discount 10 %", "225.00", "33.75"):
            self.assertIn(part, text)

    def test_texts_go_by_what_the_invoice_is_for(self):
        first = self._invoices()[0]
        plain = self._invoice(self.payers[0], 50)
        renewal = self._bill("2028-01-15").line_ids.invoice_id
        kinds = self.env["billing.notice.maker"]._text_kinds(first | plain | renewal[0])
        self.assertEqual(
            [kinds[move.id] for move in (first, plain, renewal[0])],
            ["text_first", "text_single", "text_renewal"],
        )

    def test_the_company_chooses_and_journal_and_payer_go_before(self):
        invoice = self._invoice(self.payers[0], 50)
        sender = self.env["account.move.send"]
        usual = self.env.ref("account.account_invoices")
        self.assertEqual(sender._get_default_pdf_report_id(invoice), self.notice)
        invoice.journal_id.invoice_template_pdf_report_id = usual
        self.assertEqual(sender._get_default_pdf_report_id(invoice), usual)
        invoice.journal_id.invoice_template_pdf_report_id = False
        sender._generate_and_send_invoices(invoice, sending_methods={"manual"})
        self.assertIn(invoice.name, self._text(invoice.invoice_pdf_report_id.raw)[0])
        self.company.mbn_invoice_pdf = "odoo"
        self.assertEqual(sender._get_default_pdf_report_id(invoice), usual)

    def test_the_portal_shows_it_before_it_was_sent(self):
        invoice = self._invoice(self.payers[0], 50)
        document = invoice._get_invoice_legal_documents("pdf", allow_fallback=True)
        self.assertIn(invoice.name, self._text(document["content"])[0])

    def test_the_layout_of_the_association_goes_before(self):
        club = self.env["membership.association"].create(
            {"partner_id": self._payer("Club").id, "company_id": self.company.id}
        )
        team = self.env["membership.association"].create(
            {"partner_id": self._payer("Team").id, "parent_id": club.id}
        )
        layouts = self.env["billing.document.layout"]
        own = layouts.create({"name": "Club", "association_id": club.id, "window": "right"})
        self.assertEqual(layouts._nearest_with(self.company, team), own)
        self.assertEqual(layouts._nearest_with(self.company, team.browse()), self.layout)
        self.assertEqual(own._style(self.company, team).window.left, 105)
        self.assertEqual(
            layouts._style(self.company, team.browse()).primary[0], "#", "without any layout"
        )

    def test_the_preview_follows_the_layout(self):
        self.assertIn("Name of the member", self._text(base64.b64decode(self.layout.preview))[0])
        self._invoice(self.payers[2], 50)
        self.layout.closing = "Something else."
        self.assertIn("Something else.", self._text(base64.b64decode(self.layout.preview))[0])

    def test_the_email_says_what_the_paper_says(self):
        logo = io.BytesIO()
        Image.new("RGB", (60, 20), "red").save(logo, "PNG")
        self.layout.write({"logo": base64.b64encode(logo.getvalue()), "primary_color": "#104020"})
        invoice = self._invoices()[0]
        invoice.partner_id.email = "berit@example.com"
        sender = self.env["account.move.send"]
        own = self.env.ref("membership_billing_nordic.mail_template_notice")
        self.assertEqual(sender._get_default_mail_template_id(invoice), own)
        known = invoice.message_ids
        sender._generate_and_send_invoices(invoice, sending_methods={"email"})
        message = invoice.message_ids - known
        body = message.filtered("partner_ids").body
        notice = self.env["billing.notice.maker"]
        paper, _fonts = next(notice._notices(invoice))
        said = [paper.opening, paper.closing, *(total.value for total in paper.totals)]
        said += [row.text for row in paper.rows] + [invoice.payment_reference, "#104020"]
        for part in (*said, "Welcome!", "Write to us.", "99991042764", "See and pay online"):
            self.assertIn(html.escape(part), body)
        self.assertIn("/web/image/", body)
        self._pay(invoice)
        self.assertIn(
            "This invoice is paid.", own._render_field("body_html", invoice.ids)[invoice.id]
        )
        self.company.mbn_invoice_pdf = "odoo"
        self.assertNotEqual(sender._get_default_mail_template_id(invoice), own)

    def test_what_cannot_be_printed_is_refused(self):
        for vals in (
            {"primary_color": "red"},
            {"shift_up": 11},
            {"text_first": "x" * 1001},
            {"code_font": base64.b64encode(b"no font")},
        ):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.layout.write(vals)
        entry = self.env["account.move"].create({"move_type": "entry"})
        with self.assertRaisesRegex(UserError, "to customers"):
            self._drawn(entry)

    def test_who_may_not_read_the_invoice_gets_no_notice(self):
        invoice = self._invoice(self.payers[0], 50)
        user = self.env["res.users"].create(
            {
                "name": "Somebody",
                "login": "somebody",
                "group_ids": [(6, 0, self.env.ref("base.group_user").ids)],
            }
        )
        with self.assertRaises(AccessError):
            self.env["ir.actions.report"].with_user(user)._render_qweb_pdf(NOTICE, invoice.ids)
