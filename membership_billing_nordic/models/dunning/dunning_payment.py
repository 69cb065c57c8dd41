from odoo import Command, api, fields, models
from odoo.tools import SQL

from .dunning_letter_line import PARTS


class DunningPayment(models.Model):
    """Money of a payer that was used for a fee, interest or compensation, and booked by that.

    Nothing of a letter but the invoice itself is in the books before it is paid.
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

        Only where nothing else of the payer is overdue; money that came before the letter is
        left alone.
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
        for payer, group in claims.grouped("partner_id").items():
            for credit in self._credits(company, payer):
                self._use(credit, group.letter_line_ids.sorted("id"))

    @api.model
    def _claims_with_money(self, company):
        claims = self.env["dunning.claim"]
        claims.flush_model()
        self.env["account.move.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT claim.id
                     FROM dunning_claim claim
                    WHERE claim.company_id = %(company)s AND claim.state = 'paid'
                      AND NOT EXISTS (SELECT 1 FROM dunning_claim other
                                       WHERE other.partner_id = claim.partner_id
                                         AND other.company_id = claim.company_id
                                         AND other.state IN ('overdue', 'reminded', 'noticed'))
                      AND EXISTS (SELECT 1 FROM account_move_line line
                                    JOIN account_account account ON account.id = line.account_id
                                   WHERE line.partner_id = claim.partner_id
                                     AND line.company_id = claim.company_id
                                     AND account.account_type = 'asset_receivable'
                                     AND line.parent_state = 'posted'
                                     AND line.reconciled IS NOT TRUE
                                     AND line.amount_residual_currency < 0)
                    ORDER BY claim.partner_id, claim.id""",
                company=company.id,
            )
        )
        return claims.browse([claim_id for (claim_id,) in rows])

    @api.model
    def _credits(self, company, payer):
        return self.env["account.move.line"].search(
            [
                ("company_id", "=", company.id),
                ("partner_id", "=", payer.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("amount_residual_currency", "<", 0),
                ("move_id.move_type", "=", "entry"),
            ],
            order="date, id",
        )

    @api.model
    def _use(self, credit, lines):
        """Use one open credit of a payer for what these lines of letters claim."""
        currency = credit.currency_id
        left = -credit.amount_residual_currency
        taken = {}
        for part in PARTS:
            for line in lines.filtered(
                lambda line: line.currency_id == currency and line.sent_on <= credit.date
            ):
                amount = currency.round(min(left, line[f"{part}_open"]))
                if currency.compare_amounts(amount, 0.0) > 0:
                    taken.setdefault(line, {})[part] = amount
                    left = currency.round(left - amount)
        for line, amounts in taken.items():
            self._book(credit, line, amounts)

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
