import base64

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...law import deadlines
from ...law.errors import UnverifiedError
from .dunning_law_book import LawBook
from .dunning_letter_line import PARTS
from .dunning_policy_level import LETTER_KINDS

UNTOLD = "dunning_untold"
# What is written after a letter was made: how it went out.
_DELIVERY = {
    "state", "channel", "address", "message_id", "posted_on", "reason", "tried",
    "replaced_by_id", "access_token", "bundle_id",
}  # fmt: skip
# What is wrong with the address, not with our server.
_BAD_ADDRESS = ("mail_bounce", "mail_email_invalid", "mail_email_missing")


class DunningLetter(models.Model):
    """A reminder to one payer of all claims that are due for it. What it says never changes."""

    _name = "dunning.letter"
    _inherit = ["mail.thread", "dunning.screen.mixin"]
    _description = "Reminder Letter"
    _order = "sent_on desc, id desc"
    _rec_names_search = ["name", "partner_id", "reference"]
    _check_company_auto = True

    name = fields.Char(string="Number", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agreement_id = fields.Many2one("bank.agreement", readonly=True, index="btree_not_null")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    run_id = fields.Many2one(
        "dunning.run", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    policy_id = fields.Many2one("dunning.policy", readonly=True, ondelete="restrict")
    kind = fields.Selection([*LETTER_KINDS, ("plan", "Payment plan")], required=True, readonly=True)
    heading = fields.Char(required=True, readonly=True)
    text = fields.Html(string="Introduction", readonly=True)
    consequence = fields.Text(readonly=True)
    objection = fields.Text(string="How to Object", readonly=True)
    sent_on = fields.Date(
        string="Date",
        required=True,
        readonly=True,
        index=True,
        help="The day of the letter. Fee and interest are those of this day.",
    )
    deadline = fields.Date(required=True, readonly=True, help="The last day to pay.")
    account = fields.Char(string="To Account", readonly=True)
    reference = fields.Char(string="Payment Reference", readonly=True)
    line_ids = fields.One2many("dunning.letter.line", "letter_id", string="Claims", readonly=True)
    principal_total = fields.Monetary(
        string="Invoices", compute="_compute_totals", store=True, help="What was open of invoices."
    )
    fee_total = fields.Monetary(string="Fee", compute="_compute_totals", store=True)
    interest_total = fields.Monetary(string="Interest", compute="_compute_totals", store=True)
    compensation_total = fields.Monetary(
        string="Compensation", compute="_compute_totals", store=True
    )
    fee_before = fields.Monetary(
        string="Earlier Fees",
        compute="_compute_totals",
        store=True,
        help="Fees of earlier letters that were open when this one was sent.",
    )
    interest_before = fields.Monetary(
        string="Earlier Interest",
        compute="_compute_totals",
        store=True,
        help="Interest of earlier letters that was open when this one was sent.",
    )
    compensation_before = fields.Monetary(
        string="Earlier Compensation", compute="_compute_totals", store=True
    )
    total = fields.Monetary(
        string="To Pay",
        compute="_compute_totals",
        store=True,
        help="What the letter asks for, with what earlier letters claimed and is open.",
    )
    fee_open = fields.Monetary(compute="_compute_open")
    interest_open = fields.Monetary(compute="_compute_open")
    compensation_open = fields.Monetary(compute="_compute_open")
    state = fields.Selection(
        [
            ("print", "To Print"),
            ("sent", "Sent"),
            ("failed", "Not Delivered"),
            ("replaced", "Replaced"),
        ],
        required=True,
        default="print",
        readonly=True,
        index=True,
        tracking=True,
        help="To print: a letter on paper that is to be printed and posted. Replaced: it did not "
        "reach the payer, and another one was sent in its place.",
    )
    channel = fields.Selection([("email", "E-mail"), ("letter", "Paper")], readonly=True)
    address = fields.Char(readonly=True, help="The address that was used.")
    tried = fields.Char(string="Did Not Reach", readonly=True)
    posted_on = fields.Date(readonly=True)
    reason = fields.Char(string="Why Not Delivered", readonly=True)
    message_id = fields.Many2one(
        "mail.message", readonly=True, index="btree_not_null", ondelete="set null"
    )
    content = fields.Binary(
        string="Letter", readonly=True, attachment=True, help="The letter as it was sent."
    )
    content_name = fields.Char(compute="_compute_content_name")

    _number_unique = models.Constraint(
        "UNIQUE (company_id, name)", "There is a letter of this number already."
    )

    @api.depends(
        "line_ids.principal",
        *(f"line_ids.{part}" for part in PARTS),
        *(f"line_ids.{part}_before" for part in PARTS),
    )
    def _compute_totals(self):
        for letter in self:
            lines = letter.line_ids
            for part in ("principal", *PARTS):
                letter[f"{part}_total"] = sum(lines.mapped(part))
            for part in PARTS:
                letter[f"{part}_before"] = sum(lines.mapped(f"{part}_before"))
            now = sum(letter[f"{part}_total"] for part in ("principal", *PARTS))
            letter.total = now + sum(letter[f"{part}_before"] for part in PARTS)

    @api.depends(*(f"line_ids.{part}_open" for part in PARTS))
    def _compute_open(self):
        for letter in self:
            for part in PARTS:
                letter[f"{part}_open"] = sum(letter.line_ids.mapped(f"{part}_open"))

    @api.depends("name")
    def _compute_content_name(self):
        for letter in self:
            letter.content_name = f"{(letter.name or '').replace('/', '-')}.pdf"

    @api.depends("name", "heading")
    def _compute_display_name(self):
        for letter in self:
            letter.display_name = f"{letter.name} {letter.heading}"

    def write(self, vals):
        frozen = {
            name
            for name in vals
            if name in self._fields
            and not self._fields[name].compute
            and name not in _DELIVERY
            and not name.startswith(("message_", "activity_"))
        }
        frozen -= {"content", "content_name"} if not any(self.mapped("content")) else set()
        if frozen:
            raise UserError(
                self.env._("A letter that was sent stays as it is. Send a new one instead.")
            )
        return super().write(vals)

    # ------------------------------------------------------------------ what it must say

    def _missing_content(self):
        """What the letter must say and does not, as labels; empty when it is complete."""
        self.ensure_one()
        company, formal = self.company_id, self.kind in ("notice", "demand")
        lines = self.line_ids
        needed = (
            (self.env._("the creditor's name"), company.name),
            (self.env._("how to reach the creditor"), company.email or company.phone),
            (self.env._("the payer's name"), self.partner_id.name),
            (
                self.env._("number and date of each invoice"),
                all(line.invoice_name and line.invoice_date for line in lines),
            ),
            (
                self.env._("rate, days and base of the interest"),
                all(line.segments for line in lines if line.interest),
            ),
            (self.env._("the last day to pay"), self.deadline),
            (self.env._("the account to pay to"), self.account),
            (self.env._("a payment reference"), all(line.reference for line in lines)),
            (self.env._("what follows when it is not paid"), self.consequence or not formal),
            (self.env._("how to object"), self.objection or not formal),
        )
        return [label for label, there in needed if not there]

    def _payment_rows(self):
        """How it is paid, as (label, value) pairs. Countries add what their slips need."""
        self.ensure_one()
        rows = [
            (self.env._("To account"), self.account),
            (self.env._("Payment reference"), self.reference),
        ]
        return [(label, value) for label, value in rows if value]

    def _render(self):
        """Keep the letter as it is sent."""
        report = self.env["ir.actions.report"].sudo()
        for letter in self:
            content, _kind = report._render_qweb_pdf(
                "membership_billing_nordic.report_dunning_letter", letter.ids
            )
            letter.content = base64.b64encode(content)

    # ------------------------------------------------------------------ how it reaches the payer

    def _channels(self, wish):
        """Channels to try, best first. Rooms that know the payer's own order put it before.

        :param wish: the channel of the policy's letter
        """
        return ["letter"] if wish == "letter" else ["email", "letter"]

    def _address(self, channel):
        """Where the payer is reached; empty when nowhere."""
        payer = self.partner_id
        if channel == "email":
            return payer.email_normalized or ""
        if not (payer.zip and payer.city and (payer.street or payer.street2)):
            return ""
        return ", ".join(filter(str.strip, payer._display_address(True).split("\n")))

    def _choose_channel(self, wish):
        """Set channel and address. False when no way reaches the payer."""
        tried = (self.tried or "").split() or self._bounced_before()
        for channel in self._channels(wish):
            if channel not in tried and (address := self._address(channel)):
                self.write({"channel": channel, "address": address})
                return True
        return False

    def _bounced_before(self):
        """Channels by which the payer's letter before came back."""
        last = self.search(
            [("partner_id", "=", self.partner_id.id), ("id", "<", self.id)],
            limit=1,
            order="id desc",
        )
        if last.channel == "email" and last.address != self._address("email"):
            return []  # the address was corrected
        return (last.tried or "").split()

    def _deliver(self):
        """Send what goes by e-mail; paper waits to be printed."""
        for letter in self:
            if letter.channel == "email":
                letter.write({"state": "sent", "message_id": letter._send_email().id})
            letter._tell_invoices()

    def _send_email(self):
        template = self.env.ref("membership_billing_nordic.mail_template_dunning_letter")
        letter = (self.content_name, base64.b64decode(self.content))
        return template._mbn_post(self, self, self.partner_id, self.company_id, [letter])

    def _tell_invoices(self):
        for invoice in self.line_ids.invoice_id:
            invoice._message_log(
                body=self.env._(
                    "%(heading)s %(number)s: pay by %(day)s.",
                    heading=self.heading,
                    number=self.name,
                    day=format_date(self.env, self.deadline),
                )
            )

    @api.model
    def _take_back_returned(self):
        """E-mails that came back are printed, or put on the desk."""
        lost = [
            "|",
            ("notification_status", "=", "bounce"),
            ("failure_type", "in", _BAD_ADDRESS),
        ]
        returned = self.search(
            [
                ("state", "=", "sent"),
                ("channel", "=", "email"),
                ("message_id", "any", [("notification_ids", "any", lost)]),
            ]
        )
        for letter in returned:
            letter.write({"tried": "email", "message_id": False})
            if letter._choose_channel("letter"):
                letter.state = "print"
            else:
                letter._note_untold(
                    self.env._("The e-mail came back, and there is no postal address."),
                    self.env._("Correct the address, then print the letter and post it."),
                )

    def _note_untold(self, reason, next_action):
        self.write({"state": "failed", "reason": reason})
        self.env["billing.exception"]._open(
            self,
            UNTOLD,
            self.env._(
                "%(letter)s did not reach %(payer)s",
                letter=self.name,
                payer=self.partner_id.name,
            ),
            next_action,
        )

    # ------------------------------------------------------------------ buttons

    def action_print(self):
        """Print these letters, as they were sent."""
        self._check_user()
        if not self:
            raise UserError(self.env._("Choose the letters to print."))
        return self.env.ref("membership_billing_nordic.report_dunning_letter").report_action(self)

    def action_mark_posted(self):
        """Note that printed letters are on their way.

        What leaves so late that it gives less time to pay than the law demands does not count as
        sent: it is put on the desk, and needs a new letter.
        """
        self._check_user()
        waiting = self.sudo().filtered(lambda letter: letter.state in ("print", "failed"))
        for company, letters in waiting.grouped("company_id").items():
            today = company._billing_today()
            late = letters.filtered(lambda letter, today=today: letter._leaves_too_late(today))
            (letters - late).write({"state": "sent", "posted_on": today})
            self.env["billing.exception"]._close(letters - late, UNTOLD)
            for letter in late:
                letter._note_untold(
                    self.env._("It leaves too late: the law demands more days to pay."),
                    self.env._("Press Send a New One on the letter."),
                )
        return True

    def _leaves_too_late(self, day):
        """Would the letter, posted on ``day``, give less time to pay than the law demands?"""
        if not any(self.line_ids.mapped("lawful_deadline")):
            return False
        company, book = self.company_id, LawBook(self.env)
        for customer_type in set(self.line_ids.mapped("customer_type")):
            try:
                rules = book.rules(company, customer_type, day)
            except UnverifiedError as error:
                raise UserError(error.what) from error
            shortest = deadlines.minimum_deadline(
                rules, self.kind, day, company.mbn_dunning_post_days, book.calendar(company)
            )
            if self.deadline < shortest:
                return True
        return False

    def action_cancel_charges(self):
        """Ask why fee, interest or compensation of this letter is to be given up."""
        self._check_user()
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel Fee or Interest"),
            "res_model": "dunning.cancel",
            "view_mode": "form",
            "target": "new",
            "context": {"default_letter_id": self.id},
        }

    def action_show_invoices(self):
        """Show the invoices that the letter is about."""
        return self._invoices_action(self.line_ids.invoice_id)
