"""Fees, interest and compensation that are booked when their letter is sent, where a company
wants that, and the order in which money is used."""

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from .dunning_letter_line import PARTS

_ORDERS = {"principal": PARTS, "costs": ("fee", "compensation", "interest")}


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_dunning_posting = fields.Selection(
        [("paid", "When they are paid"), ("sent", "When the letter is sent")],
        string="Fees and Interest Are Booked",
        required=True,
        default="paid",
        help="When they are paid: they are income then, and no receivable before. When the letter "
        "is sent: the letter makes an entry, and what is cancelled later is reversed.",
    )
    mbn_dunning_order = fields.Selection(
        [
            ("principal", "The invoice, then fee, interest, compensation"),
            ("costs", "Fee and compensation, then interest, then the invoice"),
        ],
        string="Payments Are Used For",
        required=True,
        default="principal",
        help="What a payment that the bank reports pays first. It is used for the invoices that "
        "its reference names. Debits and what a person places are for the invoice.",
    )

    def _mbn_dunning_parts(self):
        """What letters claim besides the invoice, in the order in which money is used for it."""
        return _ORDERS[self.mbn_dunning_order]

    def _mbn_costs_first(self):
        return self.mbn_dunning_order == "costs"


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_dunning_posting = fields.Selection(related="company_id.mbn_dunning_posting", readonly=False)
    mbn_dunning_order = fields.Selection(related="company_id.mbn_dunning_order", readonly=False)


class DunningPosting(models.Model):
    """One part of one line of a letter that was booked when the letter was sent."""

    _name = "dunning.posting"
    _description = "Booked Reminder Fee"
    _order = "id"
    _rec_name = "move_id"

    letter_line_id = fields.Many2one(
        "dunning.letter.line", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="letter_line_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="letter_line_id.currency_id")
    part = fields.Selection(
        [("fee", "Fee"), ("interest", "Interest"), ("compensation", "Compensation")],
        required=True,
        readonly=True,
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Receivable",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    account_id = fields.Many2one(
        "account.account", string="Income", required=True, readonly=True, ondelete="restrict"
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Entry")
    amount_open = fields.Monetary(string="Open", compute="_compute_amount_open", store=True)
    cancel_move_id = fields.Many2one(
        "account.move",
        string="Reversed By",
        readonly=True,
        index="btree_not_null",
        help="The last entry that took it back, all of it or what was open.",
    )

    _once = models.Constraint("UNIQUE (letter_line_id, part)", "This is in the books already.")

    @api.depends("move_line_id.amount_residual_currency")
    def _compute_amount_open(self):
        for posting in self:
            posting.amount_open = posting.move_line_id.amount_residual_currency

    def _pay_with(self, credit):
        """Use money of the payer for this part."""
        (self.move_line_id + credit).reconcile()

    def _reverse(self, amount):
        """Take ``amount`` back. What was paid of it becomes the payer's money again."""
        owed = self.move_line_id
        if self.currency_id.compare_amounts(amount, self.amount_open) > 0:
            self._release_payments()
        letter = self.letter_line_id.letter_id
        row = (self.letter_line_id, -amount, owed.account_id, self.account_id)
        move = letter._book_entry(self.company_id._billing_today(), [row])
        move.reversed_entry_id = owed.move_id
        (owed + letter._owed_lines(move)).reconcile()
        self.cancel_move_id = move

    def _release_payments(self):
        """Make what was paid of it the payer's money again; what was taken back before stays so."""
        owed = self.move_line_id
        owed.matched_credit_ids.filtered(
            lambda one: one.credit_move_id.move_id.reversed_entry_id != owed.move_id
        ).unlink()


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    def _deliver(self):
        for letter in self:
            if letter.company_id.mbn_dunning_posting == "sent":
                letter._book_charges()
        return super()._deliver()

    def _book_charges(self):
        """Book what the letter claims besides the invoices."""
        claimed = [
            (line, part, line[part])
            for line in self.line_ids.sorted("id")
            for part in PARTS
            if line[part]
        ]
        if not claimed:
            return
        if not self.company_id._mbn_dunning_accounts_set():
            raise UserError(
                self.env._("Choose the accounts for fees and interest in the settings first.")
            )
        accounts = self.company_id._mbn_dunning_accounts()
        rows = [
            (line, amount, line.claim_id.move_line_id.account_id, accounts[part])
            for line, part, amount in claimed
        ]
        owed = self._owed_lines(self._book_entry(self.sent_on, rows))
        self.env["dunning.posting"].create(
            [
                {
                    "letter_line_id": line.id,
                    "part": part,
                    "move_line_id": receivable.id,
                    "account_id": accounts[part].id,
                }
                for (line, part, _amount), receivable in zip(claimed, owed, strict=True)
            ]
        )

    def _book_entry(self, day, rows):
        """A posted entry: for each row a receivable, due with the letter, and income without tax.

        :param rows: (letter line, signed amount, receivable account, income account)
        """
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.company_id._mbn_dunning_journal().id,
                "date": day,
                "ref": self.name,
                "line_ids": [
                    Command.create(vals) for row in rows for vals in self._entry_lines(day, *row)
                ],
            }
        )
        move.action_post()
        return move

    def _entry_lines(self, day, line, amount, receivable, income):
        company, currency = self.company_id, self.currency_id
        balance = currency._convert(amount, company.currency_id, company, day)
        shared = {
            "name": f"{self.name} {line.invoice_name}",
            "partner_id": self.partner_id.id,
            "currency_id": currency.id,
            "tax_ids": [Command.clear()],
        }
        owed = {
            "account_id": receivable.id,
            "date_maturity": self.deadline,
            "amount_currency": amount,
            "balance": balance,
        }
        earned = {
            "account_id": income.id,
            "amount_currency": -amount,
            "balance": -balance,
        }
        return [shared | owed, shared | earned]

    @api.model
    def _owed_lines(self, move):
        return move.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).sorted("id")


class DunningLetterLine(models.Model):
    _inherit = "dunning.letter.line"

    posting_ids = fields.One2many(
        "dunning.posting", "letter_line_id", string="Booked When Sent", readonly=True
    )

    @api.depends("posting_ids.amount_open")
    def _compute_open(self):
        result = super()._compute_open()
        for line in self:
            for posting in line.posting_ids:
                line[f"{posting.part}_open"] = posting.amount_open
        return result

    def _posting(self, part):
        """How this part was booked when the letter was sent; empty when it was not."""
        return self.posting_ids.filtered(lambda posting: posting.part == part)

    def _note_cancelled(self, amounts, reason):
        for part, amount in amounts.items():
            if posting := self._posting(part):
                posting._reverse(self.currency_id.round(amount - self[f"{part}_cancelled"]))
        return super()._note_cancelled(amounts, reason)


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _costs_first(self, claims):
        found = super()._costs_first(claims)
        if not self.company_id._mbn_costs_first():
            return found
        owing = self.env["dunning.claim"].search(
            [
                ("move_line_id", "in", claims.ids),
                ("is_disputed", "=", False),
                "|",
                "|",
                *((f"{part}_open", ">", 0) for part in PARTS),
            ]
        )
        return found | {
            claim.move_line_id: sum(claim[f"{part}_open"] for part in PARTS) for claim in owing
        }
