from odoo import api, fields, models
from odoo.exceptions import UserError

from . import consequences

REASONS = [
    ("mistake", "Invoiced by mistake"),
    ("price", "Wrong price"),
    ("left", "Member has left"),
    ("returned", "Returned or not delivered"),
    ("goodwill", "Goodwill"),
    ("other", "Other"),
]


class BillingCredit(models.TransientModel):
    """Credits an invoice, in full or in part, and shows first what that touches."""

    _name = "billing.credit"
    _description = "Credit an Invoice"

    move_id = fields.Many2one("account.move", string="Invoice", required=True, readonly=True)
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_facts", compute_sudo=True, help="The invoice's currency."
    )
    partner_name = fields.Char(string="Payer", compute="_compute_facts", compute_sudo=True)
    total = fields.Monetary(compute="_compute_facts", compute_sudo=True)
    left = fields.Monetary(
        string="Left to Credit",
        compute="_compute_facts",
        compute_sudo=True,
        help="What no credit note has taken back yet.",
    )
    has_charges = fields.Boolean(compute="_compute_facts", compute_sudo=True)
    has_kept = fields.Boolean(compute="_compute_facts", compute_sudo=True)
    may_refund = fields.Boolean(compute="_compute_may_refund")
    scope = fields.Selection(
        [("all", "All that is left"), ("lines", "By line"), ("amount", "An amount")],
        string="Credit",
        required=True,
        default="all",
        help="An amount is taken off all lines in proportion.",
    )
    with_kept = fields.Boolean(
        string="Also What Is Owed All the Same",
        help="The fee for this invoice is not credited together with what was invoiced, unless "
        "this is ticked.",
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="What is credited, tax included.",
    )
    line_ids = fields.One2many(
        "billing.credit.line",
        "credit_id",
        string="Lines",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
        precompute=True,
    )
    reason = fields.Selection(
        REASONS, required=True, default="mistake", help="For those who look later."
    )
    text = fields.Char(
        string="Text for the Payer",
        compute="_compute_text",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="Stands on the credit note, in the payer's language.",
    )
    bill_again = fields.Boolean(
        string="Bill It Again",
        help="What is credited as a whole is billed anew by the next run, for example at the right "
        "price or to another payer.",
    )
    money = fields.Selection(
        [
            ("next", "Use it on the next invoice"),
            ("open", "Use it on open invoices now"),
            ("refund", "Pay it back"),
        ],
        string="What Was Paid",
        required=True,
        default="next",
        help="What becomes of the part that is paid already. Open invoices go down by the credit.",
    )
    was_paid = fields.Boolean(compute="_compute_preview", compute_sudo=True)
    send = fields.Boolean(
        string="Send to the Payer",
        default=True,
        help="The credit note goes by the payer's channel, as invoices do.",
    )
    preview = fields.Html(compute="_compute_preview", compute_sudo=True, sanitize=False)

    @api.model
    def _open_for(self, move):
        """Show the dialog for this invoice."""
        wizard = self.create({"move_id": move.id, "send": move.sudo().company_id.mbn_send_invoices})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Credit %(invoice)s", invoice=move.sudo().name),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _seen_move(self):
        """The invoice as superuser; none for a user who may not credit it."""
        move = self.move_id.with_user(self.env.user)
        may = move and move.has_access("read") and move._mbn_user_may_credit()
        return move.sudo() if may else move.browse().sudo()

    @api.constrains("move_id")
    def _check_move(self):
        for wizard in self:
            wizard.move_id.with_user(self.env.user)._mbn_check_may_credit()

    @api.depends("move_id")
    def _compute_facts(self):
        for wizard in self:
            move = wizard._seen_move()
            wizard.currency_id = move.currency_id
            wizard.partner_name = move.partner_id.name
            wizard.total = move.amount_total
            left = move._mbn_left_to_credit() if move else {}
            wizard.left = sum(left.values())
            wizard.has_kept = any(line.mbn_charge_id.is_kept for line in left)
            wizard.has_charges = bool(move.mbn_charge_ids)

    def _compute_may_refund(self):
        self.may_refund = self.env.user.has_group("membership_billing_nordic.group_billing_user")

    @api.depends("move_id", "with_kept")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = sum(wizard._all_parts().values())

    @api.depends("move_id")
    def _compute_line_ids(self):
        for wizard in self:
            move = wizard._seen_move()
            left = move._mbn_left_to_credit() if move else {}
            wizard.line_ids = [(5, 0, 0)] + [
                (0, 0, {"move_line_id": line.id, "amount": 0.0}) for line in left
            ]

    @api.depends("reason")
    def _compute_text(self):
        for wizard in self:
            lang = wizard._seen_move().partner_id.lang or self.env.lang
            translated = self.with_context(lang=lang)
            labels = dict(translated._fields["reason"]._description_selection(translated.env))
            wizard.text = labels.get(wizard.reason) if wizard.reason != "other" else False

    @api.depends("scope", "amount", "with_kept", "line_ids.amount", "bill_again", "money")
    def _compute_preview(self):
        for wizard in self:
            move, parts = wizard._seen_move(), wizard._parts()
            rows = move._mbn_credit_rows(parts, wizard.bill_again, wizard.money) if move else []
            wizard.preview = consequences.plain(self.env, rows, wizard.currency_id)
            credited = sum(parts.values())
            wizard.was_paid = bool(
                move and move.currency_id.compare_amounts(credited, move.amount_residual) > 0
            )

    def _parts(self):
        """Invoice line to the amount that is credited, as chosen here."""
        if self.scope == "lines":
            return {line.move_line_id._origin: line.amount for line in self.line_ids if line.amount}
        left = self._all_parts()
        return self._in_proportion(left) if left and self.scope == "amount" else left

    def _all_parts(self):
        """What is left of each line, without the fee that is owed all the same if not asked for."""
        move = self._seen_move()
        left = move._mbn_left_to_credit() if move else {}
        return {
            line: amount
            for line, amount in left.items()
            if self.with_kept or not line.mbn_charge_id.is_kept
        }

    def _in_proportion(self, left):
        """The amount, taken off all lines in proportion to what is left of them."""
        currency, total, rest = self.currency_id, sum(left.values()), self.amount
        parts = {}
        for number, (line, amount) in enumerate(left.items(), 1):
            part = rest if number == len(left) else currency.round(self.amount * amount / total)
            rest = currency.round(rest - part)
            if not currency.is_zero(part):
                parts[line] = part
        return parts

    def action_credit(self):
        """Make the credit note as it stands here, and do with the money as chosen.

        :raises AccessError: the user may not credit this invoice
        :raises UserError: nothing, or more than is left
        """
        self.check_access("write")
        self.ensure_one()
        move = self.move_id
        move._mbn_check_may_credit()
        if self.money == "refund":
            self.env["bank.refund"]._check_may_propose()
        note = move._mbn_credit(
            self.sudo()._parts(), self.text, quiet=not self.send, bill_again=self._bills_again()
        )
        labels = dict(self._fields["reason"]._description_selection(self.env))
        note.sudo()._message_log(
            body=self.env._("Credited because: %(reason)s", reason=labels[self.reason])
        )
        return self._use_money(note)

    def _bills_again(self):
        if self.bill_again:
            self.env["membership.period"]._check_may_bill_again()
        return self.bill_again

    def _use_money(self, note):
        """What becomes of what stands by the credit note, and what is shown next."""
        credits = note.sudo().line_ids.filtered(
            lambda line: (
                line.account_type == "asset_receivable" and line.amount_residual_currency < 0
            )
        )
        if credits and self.money == "open":
            credits._mbn_pay(credits._mbn_claims_of_payers())
        if credits and self.money == "refund":
            return self.env["bank.refund.propose"]._open_for(
                note.company_id,
                note.commercial_partner_id,
                note.currency_id,
                -sum(credits.mapped("amount_residual_currency")),
                self.text,
                credits=credits,
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": note.id,
            "views": [(False, "form")],
        }


class BillingCreditLine(models.TransientModel):
    """What is credited of one line of an invoice."""

    _name = "billing.credit.line"
    _description = "Line of an Invoice to Credit"

    credit_id = fields.Many2one("billing.credit", required=True, ondelete="cascade")
    move_line_id = fields.Many2one("account.move.line", string="Line", required=True, readonly=True)
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_facts", compute_sudo=True, help="The invoice's currency."
    )
    name = fields.Char(string="What", compute="_compute_facts", compute_sudo=True)
    left = fields.Monetary(
        compute="_compute_facts", compute_sudo=True, help="What is left to credit of the line."
    )
    amount = fields.Monetary(string="To Credit", help="What is credited of it, tax included.")

    @api.depends("move_line_id")
    def _compute_facts(self):
        seen = {row.credit_id: row.credit_id._seen_move() for row in self}
        lefts = {move: move._mbn_left_to_credit() for move in seen.values() if move}
        for row in self:
            line = row.move_line_id & seen[row.credit_id].line_ids
            row.currency_id = line.currency_id
            row.name = line.name or line.product_id.display_name
            row.left = lefts.get(line.move_id, {}).get(line._origin, 0.0)

    @api.constrains("move_line_id", "credit_id")
    def _check_line(self):
        for row in self.sudo():
            if row.move_line_id.move_id != row.credit_id.move_id:
                raise UserError(self.env._("This line is not of the invoice."))
