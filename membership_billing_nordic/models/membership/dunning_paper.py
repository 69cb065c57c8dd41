"""Reminders on the association's own paper: the same layout and payment part as its invoices."""

import base64

from odoo import api, fields, models

from ...notices.content import Details, Note, Notice, Row, Total
from ...notices.payment_part import PaymentFacts
from ...notices.shared_pages import Separate
from .billing_notice_maker import _address, _decimal, _plain

_LONGEST_OPENING = 700  # what is longer is a text of its own, of which nothing is cut
# Where the columns of the interest end, and those of instalments.
_INTEREST_ENDS = (76.0, 104.0, 118.0, 142.0, 168.0, 190.0)
_INSTALMENT_ENDS = (80.0,)


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_reminder_pdf = fields.Selection(
        [("odoo", "Odoo's report"), ("notice", "Own paper with payment part")],
        string="Reminder PDF",
        default="odoo",
        required=True,
        help="How reminders look. Own paper: drawn in the document layout, with the payment part of "
        "your bank agreement. Letters that were sent stay as they are.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_reminder_pdf = fields.Selection(related="company_id.mbn_reminder_pdf", readonly=False)


class BillingNoticeMaker(models.AbstractModel):
    """Makes letters of reminders, too: what they froze when they were made, and nothing else."""

    _inherit = "billing.notice.maker"

    @api.model
    def _letters(self, letters):
        """Yield (notice, fonts) of each of ``letters`` (``dunning.letter``), in their order."""
        looks, formats = {}, {}
        for letter in letters:
            lang = letter.partner_id.lang or self.env.lang or "en_US"
            maker = self.with_context(lang=lang)
            yield maker._letter(letter.with_context(lang=lang), looks, formats)

    def _letter(self, letter, looks, formats):
        company, agreement = letter.company_id.sudo(), letter.sudo().agreement_id
        layout, style, typefaces = self._look(company, letter._layout_association(), looks)
        layout = layout.with_env(self.sudo().env)
        write = self._formats(letter.currency_id, formats)
        payee = (company.name, *_address(company.partner_id, company))
        payer = tuple(self._recipient(letter.partner_id, company))
        contact = tuple(text for text in (company.phone, company.email) if text)
        opening = _plain(str(letter.text or ""))
        is_long = len(opening) > _LONGEST_OPENING
        notes = [Note("", opening)] if is_long else []
        notice = Notice(
            number=letter.name,
            title=letter.heading,
            sender=(*payee, *contact),
            return_address=", ".join(payee),
            recipient=payer,
            style=style,
            facts=tuple(self._letter_facts(letter, agreement, write)),
            opening="" if is_long else opening,
            columns=(
                self.env._("Invoice"),
                self.env._("Due date"),
                self.env._("Invoiced"),
                self.env._("Open"),
            ),
            rows=tuple(self._letter_rows(letter, write)),
            totals=tuple(self._letter_totals(letter, write)),
            boxed=self._plan_box(letter, write) if letter.plan_id else "",
            closing=self.env._(
                "Have you paid in the last few days? Then you need not do anything."
            ),
            notes=(*notes, *self._letter_notes(letter, write)),
            part=self._letter_part(letter, agreement, layout, payee, payer, write),
            foot=self._foot(company, agreement, layout),
            page_text=self.env._("Page {page} of {pages}"),
            language=self.env.lang or "",
        )
        return notice, typefaces

    def _letter_facts(self, letter, agreement, write):
        facts = [
            (self.env._("Letter"), letter.name),
            (self.env._("Date"), write.date(letter.sent_on)),
            (self.env._("Pay by"), "" if letter.plan_id else write.date(letter.deadline)),
            (self.env._("Member number"), letter.partner_id.mbn_member_number),
            (agreement._reference_label(), letter.reference),
        ]
        return [(label, str(value)) for label, value in facts if value]

    def _letter_rows(self, letter, write):
        """The invoices: number, what each is for, its date and, where each has its own, reference."""
        for line in letter.line_ids:
            about = [line.invoice_name, line.about]
            dated = self.env._("Invoice of %(day)s", day=write.date(line.invoice_date))
            if not letter.reference and line.reference:
                dated = self.env._(
                    "%(invoice)s, payment reference %(reference)s",
                    invoice=dated,
                    reference=line.reference,
                )
            yield Row(
                "\n".join([", ".join(text for text in about if text), dated]),
                write.date(line.due_date),
                write.number(line.amount_original),
                write.number(line.principal),
            )

    def _letter_totals(self, letter, write):
        """The four amounts apart, and what earlier letters claimed."""
        amounts = (
            (self.env._("Invoices"), letter.principal_total),
            (letter._print_fee_label(), letter.fee_total),
            (self.env._("Interest"), letter.interest_total),
            (self.env._("Compensation"), letter.compensation_total),
            (self.env._("Earlier fees"), letter.fee_before),
            (self.env._("Earlier interest"), letter.interest_before),
            (self.env._("Earlier compensation"), letter.compensation_before),
        )
        for number, (label, amount) in enumerate(amounts):
            if amount or not number:
                yield Total(label, write.money(amount))
        yield Total(self.env._("To pay"), write.money(letter.total), strong=True)

    def _plan_box(self, letter, write):
        rows = ", ".join(f"{label} {value}" for label, value in letter._payment_rows())
        return self.env._(
            "Pay the instalments by their days, the last one by %(day)s. %(how)s",
            day=write.date(letter.deadline),
            how=rows,
        )

    def _letter_notes(self, letter, write):
        """What stands below the sum, the most important first."""
        if letter.plan_id:
            yield self._instalments(letter, write)
        if letter.consequence:
            heading = (
                self.env._("What the plan means")
                if letter.plan_id
                else self.env._("If it is not paid in time")
            )
            yield Note(heading, letter.consequence)
        if letter.objection:
            yield Note(self.env._("If you think that it is wrong"), letter.objection)
        if text := letter._layout_text():
            yield Note("", text)
        if letter.interest_total:
            yield self._interest(letter, write)

    def _instalments(self, letter, write):
        return Details(
            self.env._("The instalments"),
            (self.env._("Due date"), self.env._("Amount")),
            tuple(
                (write.date(part.due_date), write.money(part.amount))
                for part in letter.plan_id.instalment_ids
            ),
            _INSTALMENT_ENDS,
        )

    def _interest(self, letter, write):
        """How the interest is reckoned: each stretch of days with its base and rate."""
        rows = []
        for line in letter.line_ids.filtered("interest"):
            for part in line._segment_rows():
                rows.append(
                    (
                        line.invoice_name,
                        write.date(part["from"]),
                        write.date(part["to"]),
                        str(part["days"]),
                        write.number(part["base"]),
                        f"{write.plain(part['rate'])} %",
                        write.number(part["amount"]),
                    )
                )
            if before := line._interest_before():
                text = self.env._(
                    "%(invoice)s: claimed by earlier letters", invoice=line.invoice_name
                )
                rows.append((text, "", "", "", "", "", write.number(-before)))
        return Details(
            self.env._("How the interest is reckoned"),
            (
                self.env._("Invoice"),
                self.env._("After"),
                self.env._("Up to and with"),
                self.env._("Days"),
                self.env._("Base"),
                self.env._("Rate per year"),
                self.env._("Interest"),
            ),
            tuple(rows),
            _INTEREST_ENDS,
        )

    def _letter_part(self, letter, agreement, layout, payee, payer, write):
        """The payment part of all that the letter asks for; instalments have none."""
        amount = _decimal(letter.total, letter.currency_id)
        if letter.plan_id or amount <= 0:
            return None
        qr_code = layout.qr_code or "payment"
        link = letter.get_base_url() + letter.sudo().get_portal_url() if qr_code == "link" else ""
        company = letter.company_id.sudo()
        facts = PaymentFacts(
            payee=payee,
            payer=payer,
            amount=amount,
            amount_text=write.money(letter.total),
            currency=letter.currency_id.name,
            due=write.date(letter.deadline),
            reference=(letter.reference or "").strip(),
            number=letter.name,
            account=letter.account or "",
            payee_id=company.company_registry or company.vat or "",
            date=fields.Date.to_string(letter.sent_on),
            due_date=fields.Date.to_string(letter.deadline),
            link=link,
            link_caption=self.env._("See and pay online"),
            national_qr=qr_code == "payment",
        )
        fits = agreement.currency_id == letter.currency_id
        return (agreement if fits else agreement.browse())._payment_part(facts)


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    bundle_id = fields.Many2one(
        "billing.delivery.bundle",
        string="Print Bundle",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The file in which the letter is printed.",
    )

    def _render(self):
        """Draw those of companies with paper of their own, together."""
        drawn = self.filtered(lambda letter: letter.company_id.sudo().mbn_reminder_pdf == "notice")
        files = Separate()
        for notice, typefaces in self.env["billing.notice.maker"]._letters(drawn):
            files.add(notice, typefaces)
        for letter, content in zip(drawn, files.files(), strict=True):
            letter.content = base64.b64encode(content)
        rest = self - drawn
        return super(DunningLetter, rest)._render() if rest else None

    # ------------------------------------------------------------------ print bundles

    def action_print_bundle(self):
        """Put these letters, as far as they are to be printed, in one file for the printer.

        What is in a file already that is not posted yet is not printed twice: that file is shown.

        :raise UserError: none of them is to be printed
        """
        self._check_user()
        letters = self.sudo().filtered(lambda one: one.state == "print" and one.content)
        bundles = self.env["billing.delivery.bundle"].sudo()._for_reminders(letters)
        return bundles._show()

    def _print_content(self):
        """The PDF of the letter; empty without one."""
        self.ensure_one()
        letter = self.with_prefetch().with_context(bin_size=False)
        content = base64.b64decode(letter.content or b"")
        letter.invalidate_recordset(["content"], flush=False)
        return content

    def _print_names(self):
        """Number and kind of what the letter brings, for the index of a bundle."""
        self.ensure_one()
        return self.name, self.kind

    def _print_failed(self, reason):
        """Note that the letter cannot be printed: a person looks at it."""
        self.bundle_id = False
        self._note_untold(reason, self.env._("Print the letter by itself, or send a new one."))
