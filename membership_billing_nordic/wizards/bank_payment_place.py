import re
from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..formats.references import normalise

_AMOUNT = re.compile(r"(-?(?:\d{1,3}(?:[.,]\d{3})+|\d+))(?:[.,](\d{1,2}))?")
_PARTNER_NUMBERS = ("mbn_member_number", "ref")
_OPEN_INVOICES = (
    "[('company_id', '=', company_id), ('currency_id', '=', currency_id), "
    "('state', '=', 'posted'), ('move_type', 'in', ('out_invoice', 'out_refund')), "
    "('amount_residual', '!=', 0)] "
    "+ ([('commercial_partner_id', '=', partner_id)] if partner_id else [])"
)


class BankPaymentPlace(models.TransientModel):
    """Places one payment by hand: on invoices or members, also on many of them."""

    _name = "bank.payment.place"
    _description = "Place a Bank Payment"

    payment_id = fields.Many2one(
        "bank.payment", string="Bank Payment", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="payment_id.company_id")
    currency_id = fields.Many2one(related="payment_id.currency_id")
    amount = fields.Monetary(related="payment_id.amount", string="Payment")
    amount_open = fields.Monetary(related="payment_id.amount_open")
    bank_date = fields.Date(related="payment_id.bank_date")
    reference = fields.Char(related="payment_id.reference")
    outcome = fields.Selection(related="payment_id.outcome")
    payer_name = fields.Char(related="payment_id.payer_name", string="Payer as Sent")
    payer_account = fields.Char(related="payment_id.payer_account")
    text = fields.Char(related="payment_id.text")
    proposal_ids = fields.One2many("bank.payment.place.proposal", "wizard_id", string="Proposals")
    line_ids = fields.One2many("bank.payment.place.line", "wizard_id", string="Place On")
    amount_left = fields.Monetary(
        string="Left to Place",
        compute="_compute_amount_left",
        help="What stays to place when these lines are booked.",
    )
    pasted_list = fields.Text(
        string="List",
        help="One line per member: number;amount. The number may be that of a member, a payer or "
        "an invoice, or a payment reference.",
    )
    remember_account = fields.Boolean(
        help="Note the payer's account on the member, so that the next payment from it is "
        "proposed for the same member.",
    )

    @api.depends("line_ids.amount", "payment_id.amount_open")
    def _compute_amount_left(self):
        for wizard in self:
            wizard.amount_left = wizard.amount_open - sum(wizard.line_ids.mapped("amount"))

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        for wizard in wizards:
            wizard.payment_id._check_may_place()
        return wizards

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        payment = self.env["bank.payment"].browse(values.get("payment_id"))
        if payment and "proposal_ids" in fields:
            values["proposal_ids"] = [
                Command.create(
                    {
                        "partner_id": proposal.partner.id,
                        "invoice_id": proposal.line.move_id.id,
                        "amount_open": proposal.line.amount_residual_currency,
                        "reasons": "; ".join(proposal.reasons),
                    }
                )
                for proposal in payment._proposals().get(payment.id, [])
            ]
        return values

    # ------------------------------------------------------------------ placing

    def action_place(self):
        """Book the lines as they stand. What they do not take stays to place."""
        self.check_access("write")
        self.ensure_one()
        payment = self.payment_id
        payment._place(
            [
                {"partner": line._payer(), "invoice": line.invoice_id, "amount": line.amount}
                for line in self.line_ids
            ]
        )
        if self.remember_account:
            self._remember(self.line_ids)
        return payment._after_placing() or {"type": "ir.actions.act_window_close"}

    def _remember(self, lines):
        payers = self.env["res.partner"].union(*(line._payer() for line in lines))
        if len(payers.commercial_partner_id) != 1:
            raise UserError(
                self.env._("An account can be remembered for one member only, not for several.")
            )
        self.payment_id._remember_account(payers)

    # ------------------------------------------------------------------ pasted list

    def action_read_list(self):
        """Turn the pasted list into lines. Nothing is taken when a line of it is wrong."""
        self.check_access("write")
        self.ensure_one()
        rows, problems = self._parse_list()
        targets = self._find_targets({number for _place, number, _amount in rows})
        commands = []
        for place, number, amount in rows:
            found = targets.get(_key(number), [])
            if len(found) == 1:
                partner, invoice = found[0]
                commands.append(
                    Command.create(
                        {"partner_id": partner.id, "invoice_id": invoice.id, "amount": amount}
                    )
                )
            elif found:
                problems.append(
                    (place, self.env._("%(number)s fits several members", number=number))
                )
            else:
                problems.append((place, self.env._("%(number)s is not known", number=number)))
        if problems:
            raise UserError(
                "\n".join(
                    self.env._("Line %(place)s: %(problem)s.", place=place, problem=problem)
                    for place, problem in sorted(problems)
                )
            )
        self.write({"line_ids": commands, "pasted_list": False})
        return self._show_again()

    def _parse_list(self):
        """(line number, number, amount) of each pasted line, and what is wrong with others."""
        rows, problems = [], []
        for place, line in enumerate((self.pasted_list or "").splitlines(), start=1):
            if not line.strip():
                continue
            number, _separator, amount = line.replace("\t", ";").partition(";")
            value = _amount(amount)
            if not number.strip() or value is None:
                problems.append((place, self.env._("expected number;amount, found “%s”", line)))
            else:
                rows.append((place, number.strip(), value))
        if not rows and not problems:
            raise UserError(self.env._("Paste the list first: one line number;amount per member."))
        return rows, problems

    def _find_targets(self, numbers):
        """Whose numbers these are: ``{number: [(partner, invoice)]}``, each meaning once."""
        payment = self.payment_id.sudo()
        agreement = payment.agreement_id
        found = defaultdict(list)

        def say(number, partner, invoice):
            meaning = (partner.commercial_partner_id, invoice)
            if partner and meaning not in found[_key(number)]:
                found[_key(number)].append(meaning)

        references = self.env["billing.reference"].sudo()._resolve(agreement, numbers)
        payers = agreement._payers_by_number(numbers)
        moves = self.env["account.move"]
        by_name = moves.search(
            [
                ("name", "in", list(numbers)),
                ("company_id", "=", payment.company_id.id),
                ("state", "=", "posted"),
                ("move_type", "in", ("out_invoice", "out_refund")),
            ]
        ).grouped("name")
        by_partner_number = self._partners_by_number(numbers)
        for number in numbers:
            if invoice := by_name.get(number):
                say(number, invoice[:1].commercial_partner_id, invoice[:1])
            elif reference := references.get(normalise(number)):
                say(number, reference._payer(), reference.move_id)
            else:
                for partner in by_partner_number.get(number, ()):
                    say(number, partner, moves)
                if not found[_key(number)] and (payer := payers.get(normalise(number))):
                    say(number, payer, moves)
        return found

    def _partners_by_number(self, numbers):
        partners = defaultdict(list)
        for name in _PARTNER_NUMBERS:
            for partner in self.env["res.partner"].search([(name, "in", list(numbers))]):
                partners[partner[name]].append(partner)
        return partners

    def _show_again(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Place Payment"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": dict(self.env.context),
        }


class BankPaymentPlaceProposal(models.TransientModel):
    """A proposal for the payment, with the reasons that speak for it."""

    _name = "bank.payment.place.proposal"
    _description = "Proposal for a Bank Payment"

    wizard_id = fields.Many2one("bank.payment.place", required=True, index=True, ondelete="cascade")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    partner_id = fields.Many2one("res.partner", string="Payer", required=True)
    invoice_id = fields.Many2one("account.move")
    amount_open = fields.Monetary(string="Open")
    reasons = fields.Char(string="Because")

    def action_take(self):
        """Place the whole payment as proposed."""
        self.check_access("write")
        self.ensure_one()
        wizard = self.wizard_id
        payment = wizard.payment_id
        payment._place(
            [
                {
                    "partner": self.partner_id,
                    "invoice": self.invoice_id,
                    "amount": payment.amount_open,
                }
            ]
        )
        if wizard.remember_account:
            payment._remember_account(self.partner_id)
        return payment._after_placing() or {"type": "ir.actions.act_window_close"}


class BankPaymentPlaceLine(models.TransientModel):
    """A part of the payment: for one invoice, or for a member's oldest claims."""

    _name = "bank.payment.place.line"
    _description = "Part of a Bank Payment"

    wizard_id = fields.Many2one("bank.payment.place", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="wizard_id.company_id")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="Member",
        help="Without an invoice the member's oldest claims are paid first; a rest stays on the "
        "member's account.",
    )
    invoice_id = fields.Many2one("account.move", domain=_OPEN_INVOICES)
    amount = fields.Monetary(
        compute="_compute_amount", store=True, readonly=False, precompute=True, required=True
    )

    @api.depends("invoice_id", "partner_id")
    def _compute_amount(self):
        """What is left of the payment, at most what is open on the invoice."""
        for line in self:
            wizard = line.wizard_id
            taken = sum((wizard.line_ids - line).mapped("amount"))
            left = wizard.amount_open - taken
            claim = line.invoice_id.amount_residual
            line.amount = min(left, claim) if claim and left > 0 else left

    @api.onchange("invoice_id")
    def _onchange_invoice_id(self):
        if self.invoice_id:
            self.partner_id = self.invoice_id.commercial_partner_id

    def _payer(self):
        self.ensure_one()
        payer = self.partner_id or self.invoice_id.commercial_partner_id
        if not payer:
            raise UserError(self.env._("Choose an invoice or a member in every line."))
        return payer


def _key(number):
    return number.strip().upper()


def _amount(text):
    """An amount as people write it: 1 250,50 or 1,250.50; None when it is none."""
    text = re.sub(r"[\s' \u00a0]", "", text)
    found = _AMOUNT.fullmatch(text)
    if not found:
        return None
    whole, cents = found.groups()
    return float(re.sub(r"[.,]", "", whole) + "." + (cents or "0"))
