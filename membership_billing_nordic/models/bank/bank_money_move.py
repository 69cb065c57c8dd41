from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount


class BankMoneyMove(models.Model):
    """Money that stood to one payer and was moved to another: an entry between two receivables."""

    _name = "bank.money.move"
    _description = "Money Moved to Another Payer"
    _inherit = "bank.entry.mixin"

    partner_id = fields.Many2one(string="From")
    to_partner_id = fields.Many2one(
        "res.partner", string="To", required=True, readonly=True, index=True, ondelete="restrict"
    )
    reason = fields.Char(required=True, readonly=True, help="Why it was moved.")
    credit_line_id = fields.Many2one(
        "account.move.line",
        string="Credit",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="What stood to the first payer.",
    )

    _booked_once = models.Constraint("UNIQUE(move_id)", "This entry moves money already.")
    _some_money = models.Constraint("CHECK(amount > 0)", "Move an amount above zero.")
    _to_another = models.Constraint(
        "CHECK(partner_id != to_partner_id)", "Choose another payer than the one it stands to."
    )

    @api.depends("partner_id", "to_partner_id", "amount")
    def _compute_display_name(self):
        for row in self:
            row.display_name = self.env._(
                "%(amount)s from %(payer)s to %(other)s",
                amount=format_amount(self.env, row.amount, row.currency_id),
                payer=row.partner_id.name,
                other=row.to_partner_id.name,
            )

    # ------------------------------------------------------------------ moving

    @api.model
    def _move(self, credit, to_partner, amount, reason):
        """Move ``amount`` of an open credit to another payer.

        :param credit: ``account.move.line`` that stands to a payer
        :raises UserError: more than stands, being paid back, or to the same payer
        :return: the ``bank.money.move``
        """
        self.env["bank.refund"]._check_may_propose()
        if not reason:
            raise UserError(self.env._("Say why the money is moved."))
        credit.check_access("read")
        credit = credit._mbn_lock_standing()
        to_partner = to_partner.commercial_partner_id.sudo()
        self._check(credit, to_partner, amount)
        company = credit.company_id
        office = self.sudo().with_company(company)
        move = office._post_entry(
            company,
            company._mbn_general_journal(),
            reason,
            self._entry_lines(credit, to_partner, amount),
        )
        taken = move.line_ids.filtered(lambda line: line.partner_id == credit.partner_id)
        (credit + taken).reconcile()
        return (
            self.sudo()
            .create(
                {
                    "company_id": company.id,
                    "currency_id": credit.currency_id.id,
                    "partner_id": credit.partner_id.id,
                    "to_partner_id": to_partner.id,
                    "amount": amount,
                    "reason": reason,
                    "credit_line_id": credit.id,
                    "move_id": move.id,
                }
            )
            .with_env(self.env)
        )

    def _check(self, credit, to_partner, amount):
        currency, standing = credit.currency_id, -credit.amount_residual_currency
        if not to_partner or to_partner == credit.partner_id:
            raise UserError(self.env._("Choose another payer than the one it stands to."))
        if to_partner.company_id and to_partner.company_id not in credit.company_id.parent_ids:
            raise UserError(
                self.env._(
                    "%(payer)s belongs to %(company)s.",
                    payer=to_partner.name,
                    company=to_partner.company_id.name,
                )
            )
        if currency.compare_amounts(amount, 0) <= 0:
            raise UserError(self.env._("Enter an amount above zero."))
        if currency.compare_amounts(amount, standing) > 0:
            raise UserError(
                self.env._(
                    "Only %(standing)s stands to %(payer)s here.",
                    standing=format_amount(self.env, standing, currency),
                    payer=credit.partner_id.name,
                )
            )

    def _in_language_of(self, payer):
        """The environment for texts that stand on the statement of ``payer``."""
        return self.with_context(lang=payer.lang or self.env.lang).env

    def _entry_lines(self, credit, to_partner, amount):
        """The payer's line, and that of who gets it."""
        company, currency = credit.company_id, credit.currency_id
        today = company._billing_today()
        balance = currency._convert(amount, company.currency_id, company, today)
        payer = credit.partner_id
        shared = {"currency_id": currency.id, "tax_ids": [Command.clear()]}
        receiving = to_partner.with_company(company).property_account_receivable_id
        return [
            shared
            | {
                "name": self._in_language_of(payer)._("Moved to %(payer)s", payer=to_partner.name),
                "partner_id": payer.id,
                "account_id": credit.account_id.id,
                "amount_currency": amount,
                "balance": balance,
            },
            shared
            | {
                "name": self._in_language_of(to_partner)._(
                    "Moved from %(payer)s", payer=payer.name
                ),
                "partner_id": to_partner.id,
                "account_id": receiving.id,
                "amount_currency": -amount,
                "balance": -balance,
            },
        ]

    def _received_line(self):
        return self.move_id.line_ids.filtered(lambda line: line.partner_id == self.to_partner_id)

    # ------------------------------------------------------------------ taking it back

    def _lock_to_undo(self):
        result = super()._lock_to_undo()
        received = self._received_line()
        if refund := received.mbn_refund_id:
            raise UserError(
                self.env._(
                    "%(payer)s is being paid back this money by refund %(refund)s. Cancel the "
                    "refund first.",
                    payer=self.to_partner_id.name,
                    refund=refund.reference,
                )
            )
        paid = self.env["bank.refund.line"].search(
            [("move_line_id", "=", received.id), ("refund_id.state", "=", "paid")]
        )
        if paid:
            raise UserError(
                self.env._(
                    "%(payer)s was paid back this money by refund %(refund)s: it cannot be moved "
                    "back.",
                    payer=self.to_partner_id.name,
                    refund=paid.refund_id[:1].reference,
                )
            )
        return result


class ResCompany(models.Model):
    _inherit = "res.company"

    def _mbn_general_journal(self):
        """The general journal for entries that no bank reported.

        :raises UserError: there is none
        """
        self.ensure_one()
        journals = self.env["account.journal"].sudo()
        agreements = self.env["bank.agreement"].sudo()
        of_banks = agreements.search([("company_id", "parent_of", self.ids)]).booking_journal_id
        journal = journals.search(
            [
                *journals._check_company_domain(self),
                ("type", "=", "general"),
                ("id", "not in", of_banks.ids),
            ],
            limit=1,
        )
        if not journal:
            raise UserError(
                self.env._(
                    "%(company)s has no general journal besides those of its agreements with "
                    "banks. Make one under Accounting, Journals.",
                    company=self.name,
                )
            )
        return journal
