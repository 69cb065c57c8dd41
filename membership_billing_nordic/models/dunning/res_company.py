from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_dunning_mode = fields.Selection(
        [("approve", "Wait for approval"), ("automatic", "Send by themselves")],
        string="Daily Reminders",
        required=True,
        default="approve",
        help="Wait for approval: a person looks through the day's reminders and sends them.",
    )
    mbn_dunning_bank_days = fields.Integer(
        string="Banking Days for Payments to Arrive",
        default=2,
        help="No letter goes out before the payments up to so many banking days after the due "
        "date, or after the deadline of the letter before, are read from the bank's files.",
    )
    mbn_dunning_post_days = fields.Integer(
        string="Banking Days for the Post",
        default=2,
        help="How long a letter is on its way. Deadlines that count from its arrival leave it time.",
    )
    mbn_dunning_without_files = fields.Boolean(
        string="Remind Without Bank Files",
        help="Also remind of invoices whose payments do not come in files of the bank. Somebody "
        "must have entered all payments before each run.",
    )
    mbn_dunning_clause_from = fields.Date(
        string="Fees in the Terms Since",
        help="Since when the terms say that a reminder costs a fee. Where the law demands it, only "
        "debts that arose under these terms carry one.",
    )
    mbn_dunning_fee_account_id = fields.Many2one(
        "account.account",
        string="Reminder Fees",
        domain="[('account_type', 'in', ('income', 'income_other'))]",
        help="Income from fees and compensation for late payment.",
    )
    mbn_dunning_interest_account_id = fields.Many2one(
        "account.account",
        string="Late Interest",
        domain="[('account_type', 'in', ('income', 'income_other'))]",
        help="Income from interest for late payment.",
    )
    mbn_dunning_journal_id = fields.Many2one(
        "account.journal",
        string="Journal of Fees",
        domain="[('type', '=', 'general')]",
        help="Where fees and interest are booked. Empty: the first journal of its kind that no "
        "agreement with a bank books in.",
    )
    mbn_dunning_waive_limit = fields.Monetary(
        string="Give Up Remainders Up To",
        help="When an invoice is paid and no more than this is open of fees and interest, it is "
        "given up by itself.",
    )

    def _mbn_dunning_accounts(self):
        """The income accounts of the parts of a letter."""
        fee, late = self.mbn_dunning_fee_account_id, self.mbn_dunning_interest_account_id
        return {"fee": fee, "interest": late, "compensation": fee}

    def _mbn_dunning_accounts_set(self):
        return all(self._mbn_dunning_accounts().values())

    def _mbn_dunning_journal(self):
        return self.mbn_dunning_journal_id or self._mbn_general_journal()


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_dunning_mode = fields.Selection(related="company_id.mbn_dunning_mode", readonly=False)
    mbn_dunning_bank_days = fields.Integer(
        related="company_id.mbn_dunning_bank_days", readonly=False
    )
    mbn_dunning_post_days = fields.Integer(
        related="company_id.mbn_dunning_post_days", readonly=False
    )
    mbn_dunning_without_files = fields.Boolean(
        related="company_id.mbn_dunning_without_files", readonly=False
    )
    mbn_dunning_clause_from = fields.Date(
        related="company_id.mbn_dunning_clause_from", readonly=False
    )
    mbn_dunning_fee_account_id = fields.Many2one(
        related="company_id.mbn_dunning_fee_account_id", readonly=False
    )
    mbn_dunning_interest_account_id = fields.Many2one(
        related="company_id.mbn_dunning_interest_account_id", readonly=False
    )
    mbn_dunning_journal_id = fields.Many2one(
        related="company_id.mbn_dunning_journal_id", readonly=False
    )
    mbn_dunning_waive_limit = fields.Monetary(
        related="company_id.mbn_dunning_waive_limit", readonly=False
    )
