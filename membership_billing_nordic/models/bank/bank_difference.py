import logging

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

CHUNK = 50


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_over_limit = fields.Monetary(
        string="Write Off Overpayments Up To",
        help="When no more than this stands to a payer who owes nothing, it is written off by "
        "itself. 0: never.",
    )
    mbn_over_account_id = fields.Many2one(
        "account.account",
        string="Small Overpayments",
        check_company=True,
        domain=[("account_type", "in", ("income", "income_other", "expense", "expense_other"))],
        help="Where small overpayments are written off. Without it they stand to the payer.",
    )
    mbn_over_days = fields.Integer(
        string="After Days",
        default=30,
        help="How long a small overpayment stands before it is written off: so long it can still "
        "pay an invoice.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_over_limit = fields.Monetary(related="company_id.mbn_over_limit", readonly=False)
    mbn_over_account_id = fields.Many2one(related="company_id.mbn_over_account_id", readonly=False)
    mbn_over_days = fields.Integer(related="company_id.mbn_over_days", readonly=False)


class BankDifference(models.Model):
    """A small rest of what a payer paid, too much or too little, that was written off by a rule.

    Of one journal item only once ever: what a person has taken back stays.
    """

    _name = "bank.difference"
    _description = "Small Difference Written Off"
    _inherit = "bank.entry.mixin"

    direction = fields.Selection(
        [("over", "Paid too much"), ("under", "Paid too little")], required=True, readonly=True
    )
    account_id = fields.Many2one("account.account", required=True, readonly=True)
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Rest Of",
        required=True,
        readonly=True,
        ondelete="restrict",
        help="The journal item of which the rest was written off.",
    )

    _once = models.Constraint(
        "UNIQUE(move_line_id)", "The rest of this journal item was written off before."
    )

    # ------------------------------------------------------------------ writing off

    @api.model
    def _known(self, lines):
        """Those of ``lines`` whose rest was written off before, or was and is back."""
        return self.search([("move_line_id", "in", lines.ids)]).move_line_id

    @api.model
    def _write_off(self, line, account, journal, text):
        """Settle what is open of ``line`` by an entry of today.

        :param line: receivable line in the company's currency
        :return: the ``bank.difference``
        """
        company, rest = line.company_id, line.amount_residual
        shared = {"name": text, "partner_id": line.partner_id.id, "tax_ids": [Command.clear()]}
        rows = ((line.account_id, -rest), (account, rest))
        lines = [shared | {"account_id": one.id, "balance": balance} for one, balance in rows]
        move = self._post_entry(company, journal, text, lines)
        difference = self.create(
            {
                "company_id": company.id,
                "currency_id": company.currency_id.id,
                "partner_id": line.partner_id.id,
                "direction": "under" if rest > 0 else "over",
                "amount": abs(rest),
                "account_id": account.id,
                "move_line_id": line.id,
                "move_id": move.id,
            }
        )
        (line + difference._settled_line()).reconcile()
        line.move_id._message_log(body=text)
        return difference

    def _settled_line(self):
        account = self.move_line_id.account_id
        return self.move_id.line_ids.filtered(lambda one: one.account_id == account)

    # ------------------------------------------------------------------ by itself

    @api.model
    def _cron_write_off(self):
        """Write small overpayments off that have stood long enough, some at a time."""
        office = self.sudo()
        office.env["billing.exception"]._close_used_standing()
        office.env["billing.exception"]._close_settled()
        for company in office.env["res.company"].search([("mbn_over_limit", ">", 0)]):
            if company.mbn_over_account_id:
                office.with_company(company)._write_off_over(company)

    @api.model
    def _write_off_over(self, company):
        lines = self._small_credits(company)
        if not lines:
            return
        try:
            journal = company._mbn_general_journal()
        except UserError:
            # Of this company nothing can be written off; the others go on.
            _logger.warning("bank.difference: company %s has no general journal", company.id)
            return
        account = company.mbn_over_account_id
        crons, left = self.env["ir.cron"], len(lines)
        text = self.env._("Small overpayment written off")
        for start in range(0, len(lines), CHUNK):
            chunk = lines[start : start + CHUNK].try_lock_for_update()
            chunk.invalidate_recordset(["amount_residual", "reconciled"])
            done = 0
            for line in chunk.filtered(lambda line: line.amount_residual < 0):
                done += self._try_to_write_off(line, account, journal, text)
            left -= len(chunk)
            if not crons._commit_progress(done, remaining=max(left, 0)):
                return

    @api.model
    def _try_to_write_off(self, line, account, journal, text):
        try:
            with self.env.cr.savepoint():
                self._write_off(line, account, journal, text)
                self.env.flush_all()
        except UserError as error:
            self.env.invalidate_all(flush=False)
            _logger.warning("bank.difference of %s: %s", line.id, type(error).__name__)
            return 0
        return 1

    @api.model
    def _small_credits(self, company):
        """Open credits of payers who owe nothing, that are small as a whole and old enough."""
        today = company._billing_today()
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", company.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("currency_id", "=", company.currency_id.id),
                ("amount_residual", "<", 0),
                ("amount_residual", ">=", -company.mbn_over_limit),
                ("date", "<=", fields.Date.subtract(today, days=company.mbn_over_days)),
                ("partner_id", "!=", False),
            ],
            order="date, id",
        )
        lines -= self._known(lines)
        lines -= self.env["bank.refund"]._live_lines(lines).move_line_id
        return self._of_small_accounts(company, lines._mbn_free_credits())

    @api.model
    def _of_small_accounts(self, company, lines):
        """Those of ``lines`` of payers with nothing else open, neither way, above the limit."""
        open_lines = self.env["account.move.line"].search(
            self.env["bank.refund"]._receivables(company, lines.partner_id, company.currency_id)
        )
        small = self.env["res.partner"]
        for payer, group in open_lines.grouped("partner_id").items():
            residuals = group.mapped("amount_residual")
            total = company.currency_id.round(-sum(residuals))
            if max(residuals) < 0 and total <= company.mbn_over_limit:
                small |= payer
        return lines.filtered(lambda line: line.partner_id in small)
