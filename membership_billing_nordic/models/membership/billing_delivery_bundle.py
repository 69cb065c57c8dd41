import base64

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import split_every

from .billing_bundle_printing import BundlePrinter, keep_notices
from .billing_invoice_sender import SEND_CHUNK
from .billing_notice_maker import CHUNK

BUNDLE_SIZE = 500  # letters in one file: some seconds and 400 MB to merge
NOTICE_BUNDLE_SIZE = 2000  # where they are drawn: a minute and 100 MB
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
    reminder_ids = fields.One2many(
        "dunning.letter", "bundle_id", string="Reminders", readonly=True, help="Reminders in it."
    )
    letter_count = fields.Integer(
        string="Number of Letters", compute="_compute_letter_count", help="Letters in the file."
    )
    page_count = fields.Integer(
        string="Pages", readonly=True, help="Pages in the file, blank backs included."
    )
    sheet_count = fields.Integer(string="Sheets", readonly=True, help="Sheets of paper it takes.")
    two_sided = fields.Boolean(
        string="Both Sides",
        readonly=True,
        help="Each letter begins on the front of a sheet; backs that stay empty are blank pages.",
    )
    file = fields.Binary(readonly=True, attachment=True, help="All letters, one after another.")
    file_name = fields.Char(compute="_compute_file_name", help="The name of the file.")
    index_file = fields.Binary(
        readonly=True,
        attachment=True,
        help="Which letter stands on which pages, and to whom it goes, for a mailing house.",
    )
    index_name = fields.Char(compute="_compute_file_name", help="The name of the index.")
    posted_on = fields.Datetime(
        readonly=True, help="When somebody said that the letters are posted."
    )

    @api.depends("delivery_ids.state", "reminder_ids")
    def _compute_letter_count(self):
        counts = dict(
            self.env["billing.delivery"]._read_group(
                [("bundle_id", "in", self.ids), ("state", "in", ("waiting", "sent"))],
                ["bundle_id"],
                ["__count"],
            )
        )
        for bundle in self:
            bundle.letter_count = counts.get(bundle, 0) + len(bundle.reminder_ids)

    @api.depends("name")
    def _compute_file_name(self):
        for bundle in self:
            bundle.file_name = f"{bundle.name}.pdf"
            bundle.index_name = f"{bundle.name}.csv"

    # ------------------------------------------------------------------
    # Making it
    # ------------------------------------------------------------------

    @api.model
    def _create_for(self, letters):
        """Bundles of at most ``BUNDLE_SIZE`` of ``letters``, which are of one company."""
        run = letters.run_id if len(set(letters.mapped("run_id.id"))) == 1 else letters.run_id[:0]
        company = letters.company_id
        size = NOTICE_BUNDLE_SIZE if company.mbn_invoice_pdf == "notice" else BUNDLE_SIZE
        volumes = list(split_every(size, letters._in_print_order().ids))
        bundles = self.browse()
        for number, ids in enumerate(volumes, start=1):
            bundle = self.create(
                {
                    "name": self._name_for(run, number, len(volumes)),
                    "company_id": company.id,
                    "run_id": run.id,
                    "two_sided": company.mbn_print_two_sided,
                }
            )
            letters.browse(ids).bundle_id = bundle
            bundles |= bundle
        return bundles

    @api.model
    def _for_reminders(self, letters):
        """Bundles of these reminders (``dunning.letter``): new ones of those that are in none yet.

        :raise UserError: there is none to print
        """
        if not letters:
            raise UserError(self.env._("None of these letters is to be printed."))
        bundles = letters.bundle_id.filtered(lambda bundle: bundle.state != "posted")
        left = letters.filtered(lambda letter: letter.bundle_id not in bundles)
        for company, own in left.grouped("company_id").items():
            volumes = list(split_every(NOTICE_BUNDLE_SIZE, _print_order(own), list))
            for number, volume in enumerate(volumes, start=1):
                date = fields.Date.to_string(company._billing_today())
                name = self.env._("Reminders %(date)s", date=date)
                bundle = self.create(
                    {
                        "name": self._numbered(name, number, len(volumes)),
                        "company_id": company.id,
                        "two_sided": company.mbn_print_two_sided,
                    }
                )
                own.browse(letter.id for letter in volume).bundle_id = bundle
                bundles |= bundle
        bundles._start()
        return bundles

    def _name_for(self, run, number, count):
        name = self.env._("Letters %(date)s", date=fields.Date.to_string(fields.Date.today()))
        if run:
            name = self.env._("Letters of %(run)s", run=run.name)
        return self._numbered(name, number, count)

    def _numbered(self, name, number, count):
        return f"{name} ({number}/{count})" if count > 1 else name

    def _start(self):
        """Make the small ones now, let the scheduled action make the others."""
        for bundle in self.filtered(lambda bundle: bundle.state == "building"):
            count = len(bundle.delivery_ids) + len(bundle.reminder_ids)
            waits = count > AT_ONCE or len(bundle._without_pdf()) > SEND_CHUNK
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
        for ids in split_every(CHUNK, self._to_draw().ids):
            keep_notices(self.env["billing.delivery"].browse(ids))
            self.env.flush_all()
            self.env.invalidate_all(flush=False)
            yield len(ids)
            if not self.try_lock_for_update():
                return
        self._without_pdf().bundle_id = False
        self._merge()
        yield 1

    def _letters(self):
        return self.delivery_ids.filtered(lambda letter: letter.state == "waiting")

    def _print_order(self):
        """All letters that are printed, as a list of records, sorted by zip code and name."""
        return [*self._letters()._in_print_order(), *_print_order(self._reminders())]

    def _reminders(self):
        return self.reminder_ids.filtered(lambda letter: letter.state == "print")

    def _to_draw(self):
        """Letters whose notice is to be drawn, in the order in which they are printed."""
        lacking = self._letters().filtered(lambda letter: not letter.move_id.invoice_pdf_report_id)
        drawn = lacking.move_id._mbn_as_notice()
        return lacking.filtered(lambda letter: letter.move_id in drawn)._in_print_order()

    def _without_pdf(self):
        """Letters whose PDF is made by Odoo's report, which takes a second for each."""
        lacking = self._letters().filtered(lambda letter: not letter.move_id.invoice_pdf_report_id)
        drawn = lacking.move_id._mbn_as_notice()
        return lacking.filtered(lambda letter: letter.move_id not in drawn)

    def _merge(self):
        """Put the letters one after another; those that cannot be printed are left out."""
        printer = BundlePrinter(self.env, self.two_sided)
        content = printer.content(self._print_order())
        if not content:
            self.unlink()
            return
        pages = printer.page_count
        self.write(
            {
                "state": "ready",
                "file": base64.b64encode(content),
                "index_file": base64.b64encode(printer.index(self.file_name)),
                "page_count": pages,
                "sheet_count": (pages + 1) // 2 if self.two_sided else pages,
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

    def action_download_index(self):
        """Download the list of what stands where in the file.

        :raise UserError: the file is still being made
        """
        return self.action_download() | {
            "url": f"/web/content/{self._name}/{self.id}/index_file/{self.index_name}?download=true"
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
        ready.sudo()._reminders().action_mark_posted()
        self.env["billing.invoice.sender"].sudo()._report(letters.run_id)


def _print_order(letters):
    """Reminders by zip code and name, as a list."""
    return sorted(letters, key=lambda one: (one.partner_id.zip or "", one.partner_id.name, one.id))
