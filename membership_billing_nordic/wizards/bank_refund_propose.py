from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.bank.payee_accounts import PayeeAccount

_FACTS = (
    "standing",
    "open_invoices",
    "agreement_name",
    "route",
    "account_known",
    "asked_by",
    "problem",
)


class BankRefundPropose(models.TransientModel):
    """Proposes to pay money back to a payer: shows what stands, what is open, and how it goes."""

    _name = "bank.refund.propose"
    _description = "Propose a Refund"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    payment_id = fields.Many2one("bank.payment", string="From Payment", readonly=True)
    credit_ids = fields.Many2many("account.move.line", string="Credits", readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        help="To whom the money goes back.",
    )
    standing = fields.Monetary(
        string="Stands",
        compute="_compute_facts",
        compute_sudo=True,
        help="What stands to the payer and is not being paid back already.",
    )
    open_invoices = fields.Char(
        string="Not Paid",
        compute="_compute_facts",
        compute_sudo=True,
        help="Invoices of the payer that are open. The money could be used for them.",
    )
    agreement_name = fields.Char(
        string="Paid Through",
        compute="_compute_facts",
        compute_sudo=True,
        help="The agreement with the bank by which the money reaches the payer.",
    )
    route = fields.Selection(
        lambda self: self.env["bank.refund"]._fields["route"]._description_selection(self.env),
        string="Paid By",
        compute="_compute_facts",
        compute_sudo=True,
    )
    account_known = fields.Char(
        string="To Account",
        compute="_compute_facts",
        compute_sudo=True,
        help="What is known of the payer's account, and where it is known from.",
    )
    asked_by = fields.Char(
        string="Is Asked By",
        compute="_compute_facts",
        compute_sudo=True,
        help="Where the payer gets the link to enter the account.",
    )
    account_typed = fields.Char(
        string="Other Account",
        help="An account that the payer has told you. Left empty, the money goes where it came "
        "from; where that is not known, the payer is asked by e-mail.",
    )
    account_kind = fields.Selection(
        lambda self: (
            self.env["bank.refund"]._fields["account_kind"]._description_selection(self.env)
        ),
        string="Kind of Account",
        help="Needed where the number alone does not tell.",
    )
    problem = fields.Char(compute="_compute_facts", compute_sudo=True)
    amount = fields.Monetary(help="What is paid back, at most what stands.")
    reason = fields.Char(help="For those who approve it, and those who look later.")

    @api.model
    def _open_for(self, company, partner, currency, amount, reason="", payment=None, credits=None):
        """Show the proposal of a refund."""
        wizard = self.create(
            {
                "company_id": company.id,
                "currency_id": currency.id,
                "partner_id": partner.commercial_partner_id.id,
                "amount": max(amount, 0),
                "reason": reason,
                "payment_id": payment.id if payment else False,
                "credit_ids": [(6, 0, credits.ids)] if credits else False,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Pay Back"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.depends("partner_id", "payment_id", "credit_ids")
    def _compute_facts(self):
        for wizard in self:
            payer = wizard.partner_id.commercial_partner_id
            wizard.update(wizard._facts(payer) if payer else dict.fromkeys(_FACTS, False))

    def _facts(self, payer):
        refunds = self.env["bank.refund"]
        company, currency = self.company_id, self.currency_id
        agreement, route = refunds._find_route(company, payer, currency)
        known, asked_by = "", ""
        if route == "transfer":
            account = refunds._known_account(agreement, payer, self._credits(payer))
            known = self._account_text(account) if account else ""
            asked_by = "" if account else payer.email
        return {
            "standing": self._standing(payer),
            "open_invoices": refunds._unpaid(company, payer, currency),
            "agreement_name": agreement.name,
            "route": route,
            "account_known": known,
            "asked_by": asked_by,
            "problem": "" if agreement else refunds._no_route_text(payer, currency),
        }

    def _account_text(self, account):
        sources = dict(
            self.env["bank.refund"]._fields["account_source"]._description_selection(self.env)
        )
        return f"{account.number} ({sources[account.source]})"

    def _credits(self, payer):
        """The credits it would be for, as far as they exist before it is proposed."""
        if self.payment_id:
            return self.payment_id.allocation_ids.entry_line_id
        credits = self.env["bank.refund"]._standing(self.company_id, payer, self.currency_id)
        return credits & self.credit_ids if self.credit_ids else credits

    def _account(self):
        """What was typed as ``PayeeAccount``; None for nothing.

        :raises UserError: it is no account
        """
        if not self.account_typed or self.route != "transfer":
            return None
        payer = self.partner_id.commercial_partner_id
        refunds = self.env["bank.refund"].sudo()
        agreement, _route = refunds._find_route(self.company_id, payer, self.currency_id)
        kind, number = agreement._read_payee_account(self.account_typed)
        kinds = agreement._payee_account_kinds()
        if self.account_kind in kinds:
            try:
                kind, number = self.account_kind, kinds[self.account_kind].read(self.account_typed)
            except ValueError:
                kind = False
        if not kind:
            raise UserError(
                self.env._(
                    "This is no valid account, or the number alone does not tell its kind. Kinds: "
                    "%(kinds)s.",
                    kinds=", ".join(each.label for each in kinds.values()),
                )
            )
        return PayeeAccount(kind, number, "office")

    def _standing(self, payer):
        if self.payment_id:
            return self.payment_id.amount_open
        credits = self._credits(payer)
        return -sum(credits.mapped("amount_residual_currency"))

    def action_propose(self):
        """Propose the refund as it stands here; the money of a payment is put on the payer."""
        self.check_access("write")
        self.env["bank.refund"]._check_may_propose()
        self.ensure_one()
        account = self._account()
        credits = self.credit_ids
        if self.payment_id:
            credits = self.payment_id._put_on_account(self.partner_id)
        refund = self.env["bank.refund"]._propose(
            self.company_id,
            self.partner_id,
            self.currency_id,
            self.amount,
            self.reason or "",
            credits,
            account,
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "bank.refund",
            "res_id": refund.id,
            "views": [(False, "form")],
        }
