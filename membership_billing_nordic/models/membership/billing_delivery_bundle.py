import base64
import io

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import split_every
from odoo.tools.pdf import PdfFileReader, PdfReadError, merge_pdf

from .billing_invoice_sender import SEND_CHUNK

BUNDLE_SIZE = 500  # letters in one file: some seconds and 400 MB to merge
AT_ONCE = 100  # letters whose file the user can wait for


class BillingDeliveryBundle(models.Model):
    """Letters in one file for the printer, sorted by zip code and name."""

    _name = "billing.delivery.bundle"
    _description = "Print Bundle"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, readonly=True, help="What is printed.")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    run_id = fields.Many2one(
        "billing.run",
        string="Billing Run",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The run whose invoices are printed. Empty: a selection of invoices.",
    )
    state = fields.Selection(
        [("building", "Being Made"), ("ready", "To Print"), ("posted", "Posted")],
        required=True,
        default="building",
        readonly=True,
        index=True,
        help="To print: the file can be downloaded. Posted: the letters are on their way.",
    )
    delivery_ids = fields.One2many(
        "billing.delivery", "bundle_id", string="Letters", readonly=True, help="The letters in it."
    )
    letter_count = fields.Integer(
        string="Number of Letters", compute="_compute_letter_count", help="Letters in the file."
    )
    page_count = fields.Integer(string="Pages", readonly=True, help="Pages in the file.")
    file = fields.Binary(readonly=True, attachment=True, help="All letters, one after another.")
    file_name = fields.Char(compute="_compute_file_name", help="The name of the file.")
    posted_on = fields.Datetime(
        readonly=True, help="When somebody said that the letters are posted."
    )

    @api.depends("delivery_ids.state")
    def _compute_letter_count(self):
        counts = dict(
            self.env["billing.delivery"]._read_group(
                [("bundle_id", "in", self.ids), ("state", "in", ("waiting", "sent"))],
                ["bundle_id"],
                ["__count"],
            )
        )
        for bundle in self:
            bundle.letter_count = counts.get(bundle, 0)

    @api.depends("name")
    def _compute_file_name(self):
        for bundle in self:
            bundle.file_name = f"{bundle.name}.pdf"

    # ------------------------------------------------------------------
    # Making it
    # ------------------------------------------------------------------

    @api.model
    def _create_for(self, letters):
        """Bundles of at most ``BUNDLE_SIZE`` of ``letters``, which are of one company."""
        run = letters.run_id if len(set(letters.mapped("run_id.id"))) == 1 else letters.run_id[:0]
        volumes = list(split_every(BUNDLE_SIZE, letters._in_print_order().ids))
        bundles = self.browse()
        for number, ids in enumerate(volumes, start=1):
            bundle = self.create(
                {
                    "name": self._name_for(run, number, len(volumes)),
                    "company_id": letters.company_id.id,
                    "run_id": run.id,
                }
            )
            letters.browse(ids).bundle_id = bundle
            bundles |= bundle
        return bundles

    def _name_for(self, run, number, count):
        name = self.env._("Letters %(date)s", date=fields.Date.to_string(fields.Date.today()))
        if run:
            name = self.env._("Letters of %(run)s", run=run.name)
        return f"{name} ({number}/{count})" if count > 1 else name

    def _start(self):
        """Make the small ones now, let the scheduled action make the others."""
        for bundle in self.filtered(lambda bundle: bundle.state == "building"):
            waits = len(bundle.delivery_ids) > AT_ONCE or len(bundle._without_pdf()) > SEND_CHUNK
            for _done in () if waits else bundle._build():
                continue
        if "building" in self.exists().mapped("state"):
            self.env["account.move"]._mbn_trigger_sending()

    def _build(self):
        """Make the file; PDFs that are missing first. Yields how many letters each step did.

        What was made before it was stopped is not made again.
        """
        self.ensure_one()
        if not self.try_lock_for_update() or self.state != "building":
            return
        sender = self.env["billing.invoice.sender"]
        missing = self._without_pdf()
        if missing and not sender._pdf_available():
            return
        for ids in split_every(SEND_CHUNK, missing.move_id.ids):
            sender._deliver("letter", self.env["account.move"].browse(ids))
            yield len(ids)
            if not self.try_lock_for_update():
                return
        self._without_pdf().bundle_id = False
        self._merge()
        yield 1

    def _letters(self):
        return self.delivery_ids.filtered(lambda letter: letter.state == "waiting")

    def _without_pdf(self):
        return self._letters().filtered(lambda letter: not letter.move_id.invoice_pdf_report_id)

    def _merge(self):
        """Put the PDFs one after another; a letter whose PDF cannot be read is left out."""
        pages = {letter: _count_pages(letter) for letter in self._letters()._in_print_order()}
        for letter, count in pages.items():
            if not count:
                letter._note_failed(
                    letter.move_id, "letter", self.env._("The PDF of the invoice cannot be read.")
                )
        good = [letter for letter, count in pages.items() if count]
        if not good:
            self.unlink()
            return
        content = merge_pdf(letter.move_id.invoice_pdf_report_id.raw for letter in good)
        self.write(
            {
                "state": "ready",
                "file": base64.b64encode(content),
                "page_count": sum(pages.values()),
            }
        )

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    def _show(self):
        """The file itself if there is one, else the list."""
        bundles = self.exists()
        if len(bundles) == 1 and bundles.state == "ready":
            return bundles.action_download()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_billing_delivery_bundle"
        )
        return action | {"domain": [("id", "in", bundles.ids)], "context": {}}

    def action_download(self):
        """Download the file.

        :raise UserError: it is still being made
        """
        self.check_access("read")
        self.ensure_one()
        if self.state == "building":
            raise UserError(
                self.env._("%(bundle)s is still being made. Try again soon.", bundle=self.name)
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file/{self.file_name}?download=true",
            "target": "new",
        }

    def action_mark_posted(self):
        """Note that the letters are posted: their invoices are sent.

        :raise UserError: a file is still being made
        """
        self.check_access("write")
        if building := self.filtered(lambda bundle: bundle.state == "building"):
            raise UserError(self.env._("%(bundle)s is still being made.", bundle=building[0].name))
        now = fields.Datetime.now()
        ready = self.filtered(lambda bundle: bundle.state == "ready")
        ready.write({"state": "posted", "posted_on": now})
        letters = ready.sudo().delivery_ids.filtered(lambda letter: letter.state == "waiting")
        letters.write({"state": "sent", "date": now})
        letters.move_id._mbn_note_sent()
        self.env["billing.invoice.sender"].sudo()._report(letters.run_id)


def _count_pages(letter):
    """How many pages a letter has; 0 when its PDF is damaged."""
    pdf = io.BytesIO(letter.move_id.invoice_pdf_report_id.raw)
    try:
        return len(PdfFileReader(pdf, strict=False).pages)
    except PdfReadError:
        return 0
