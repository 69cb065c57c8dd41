from functools import partial

from odoo import Command, api, fields, models

from .dunning_letter_line import PARTS


class DunningPayment(models.Model):
    """Money of a payer that was used for a fee, interest or compensation, and booked by that.

    What was booked when the letter was sent is no such payment: it is a receivable of its own.
    """

    _name = "dunning.payment"
    _description = "Payment of a Reminder Fee"
    _order = "id desc"
    _rec_name = "move_id"

    letter_line_id = fields.Many2one(
        "dunning.letter.line", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="letter_line_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="letter_line_id.currency_id")
    move_id = fields.Many2one(
        "account.move",
        string="Entry",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    fee = fields.Monetary(readonly=True)
    interest = fields.Monetary(readonly=True)
    compensation = fields.Monetary(readonly=True)
    undone_move_id = fields.Many2one(
        "account.move", string="Undone By", readonly=True, index="btree_not_null"
    )

    def _has(self, parts):
        return any(self[part] for part in parts)

    # ------------------------------------------------------------------ using money

    @api.model
    def _use_money(self, company):
        """Use what payers paid beyond their invoices for what letters claim: fee, then interest.

        Money that came before the letter is left alone. While something else of the payer is
        overdue, only the rest of a payment of the same invoice is used, unless costs come first.
        """
        desk = self.env["billing.exception"]
        claims = self._claims_with_money(company)
        if claims and not company._mbn_dunning_accounts_set():
            desk._open(
                company,
                "dunning_accounts",
                self.env._("Reminder fees were paid and cannot be booked"),
                self.env._("Choose the accounts for fees and interest in the settings."),
            )
            return
        desk._close(company, "dunning_accounts")
        owing = self.env["res.partner"] if company._mbn_costs_first() else self._owing_more(claims)
        for payer, group in claims.grouped("partner_id").items():
            group._try_to_settle(partial(self._use_credits, group, payer in owing))

    @api.model
    def _use_credits(self, claims, owes_more):
        """Use what one payer paid too much for what letters claim of these claims."""
        for credit in self._credits(claims.company_id, claims.partner_id):
            meant = claims
            if owes_more:
                paid = self._paid_with(credit)
                meant = claims.filtered(lambda claim, paid=paid: claim.invoice_id in paid)
            self._use(credit, meant.letter_line_ids.sorted("id"))

    @api.model
    def _owing_more(self, claims):
        """The payers of ``claims`` of whom something else is overdue that they do not dispute."""
        groups = self.env["dunning.claim"]._read_group(
            [
                ("company_id", "in", claims.company_id.ids),
                ("partner_id", "in", claims.partner_id.ids),
                ("state", "in", ("overdue", "reminded", "noticed")),
                ("is_disputed", "=", False),
            ],
            ["partner_id"],
        )
        return self.env["res.partner"].union(*(partner for (partner,) in groups))

    @api.model
    def _paid_with(self, credit):
        """The invoices that the same payment of the bank paid."""
        used = self.env["bank.payment.allocation"].search([("entry_line_id", "=", credit.id)])
        return used.payment_id.allocation_ids.invoice_id

    @api.model
    def _claims_with_money(self, company):
        """Paid claims with something claimed that is open, whose payers have money open.

        Where costs come first, it need not be paid.
        """
        owing = [("state", "=", "paid")]
        if company._mbn_costs_first():
            owing = [
                "|",
                ("state", "=", "paid"),
                "&",
                ("is_disputed", "=", False),
                "|",
                "|",
                *((f"{part}_open", ">", 0) for part in PARTS),
            ]
        claims = self.env["dunning.claim"].search(
            [("company_id", "=", company.id), *owing], order="partner_id, id"
        )
        groups = self.env["account.move.line"]._read_group(
            [*self._credit_domain(company), ("partner_id", "in", claims.partner_id.ids)],
            ["partner_id"],
        )
        payers = self.env["res.partner"].union(*(partner for (partner,) in groups))
        return claims.filtered(lambda claim: claim.partner_id in payers)

    @api.model
    def _credit_domain(self, company):
        return [
            ("company_id", "=", company.id),
            ("account_type", "=", "asset_receivable"),
            ("parent_state", "=", "posted"),
            ("reconciled", "=", False),
            ("amount_residual_currency", "<", 0),
            ("move_id.move_type", "=", "entry"),
        ]

    @api.model
    def _credits(self, company, payer):
        return self.env["account.move.line"].search(
            [*self._credit_domain(company), ("partner_id", "=", payer.id)], order="date, id"
        )

    @api.model
    def _use(self, credit, lines):
        """Use one open credit of a payer for what these lines of letters claim."""
        currency = credit.currency_id
        left = -credit.amount_residual_currency
        taken, booked = {}, []
        for part in credit.company_id._mbn_dunning_parts():
            for line in lines.filtered(
                lambda line: line.currency_id == currency and line.sent_on <= credit.date
            ):
                amount = currency.round(min(left, line[f"{part}_open"]))
                if currency.compare_amounts(amount, 0.0) > 0:
                    left = currency.round(left - amount)
                    if posting := line._posting(part):
                        booked.append(posting)
                    else:
                        taken.setdefault(line, {})[part] = amount
        for line, amounts in taken.items():
            self._book(credit, line, amounts)
        for posting in booked:
            posting._pay_with(credit)

    @api.model
    def _book(self, credit, line, amounts):
        """Book what was paid of one letter line, and settle it with the credit."""
        company, label = line.company_id, line.letter_id.name
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": company._mbn_dunning_journal().id,
                "date": credit.date,
                "ref": f"{label} {line.invoice_name}",
                "line_ids": [
                    Command.create(vals)
                    for vals in self._entry_lines(credit, company, label, amounts)
                ],
            }
        )
        move.action_post()
        owed = move.line_ids.filtered(lambda one: one.account_id == credit.account_id)
        (owed[:1] + credit).reconcile()
        return self.create({"letter_line_id": line.id, "move_id": move.id} | amounts)

    @api.model
    def _entry_lines(self, credit, company, label, amounts):
        """The payer's line, and one without tax for each part."""
        accounts = company._mbn_dunning_accounts()
        currency = credit.currency_id
        shared = {"name": label, "currency_id": currency.id, "tax_ids": [Command.clear()]}

        def balance(amount):
            return currency._convert(amount, company.currency_id, company, credit.date)

        income = [
            shared
            | {
                "account_id": accounts[part].id,
                "partner_id": credit.partner_id.id,
                "amount_currency": -amount,
                "balance": -balance(amount),
            }
            for part, amount in amounts.items()
        ]
        owed = shared | {
            "account_id": credit.account_id.id,
            "partner_id": credit.partner_id.id,
            "amount_currency": sum(amounts.values()),
            "balance": -sum(vals["balance"] for vals in income),
        }
        return [owed, *income]

    # ------------------------------------------------------------------ taking it back

    def _undo(self):
        """Take these bookings back: the money is the payer's again, the fee is open again."""
        for payment in self.filtered(lambda row: not row.undone_move_id):
            owed = payment._owed_line()
            owed.with_context(mbn_undoes_dunning=True).remove_move_reconcile()
            payment.undone_move_id = payment.move_id._reverse_moves(
                [{"date": payment.company_id._billing_today(), "ref": payment.move_id.ref}],
                cancel=True,
            )

    def _owed_line(self):
        return self.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    def unlink(self):
        """A fee whose payment was taken back is open again."""
        payments = self.env["dunning.payment"]
        if self and not self.env.context.get("mbn_undoes_dunning"):
            payments = payments.sudo().search(
                [
                    ("move_id", "in", self.debit_move_id.move_id.ids),
                    ("undone_move_id", "=", False),
                ]
            )
        result = super().unlink()
        payments._undo()
        return result
