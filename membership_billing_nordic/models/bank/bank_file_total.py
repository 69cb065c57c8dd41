import re

from odoo import api, fields, models
from odoo.tools import formatLang

_NUMBER = re.compile(r"\d+")


class BankFileTotal(models.Model):
    """A total that a bank file declares, beside the one that was counted."""

    _name = "bank.file.total"
    _description = "Bank File Control Total"
    _order = "id"
    _rec_name = "part"

    file_id = fields.Many2one("bank.file", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True)
    scope = fields.Char(
        string="Part Code", required=True, help="What the format calls the part of the file."
    )
    part = fields.Char(string="Part of the File", compute="_compute_part")
    quantity = fields.Selection(
        [("transactions", "Transactions"), ("records", "Records"), ("amount", "Amount")],
        string="Total Of",
        required=True,
    )
    declared = fields.Float(digits=(16, 2), help="What the file says.")
    counted = fields.Float(digits=(16, 2), help="What was counted in the file.")
    declared_text = fields.Char(string="Declared Total", compute="_compute_texts")
    counted_text = fields.Char(string="Counted Total", compute="_compute_texts")
    agrees = fields.Boolean(help="Both totals are the same.")

    @api.model
    def _part_names(self):
        """What parts of files are called, by the code of the format with ``#`` for its number."""
        return {
            "file": self.env._("File"),
            "assignment #": self.env._("Assignment %(number)s"),
            "section #": self.env._("Section %(number)s"),
            "deposit #": self.env._("Deposit %(number)s"),
            "deposit at record #": self.env._("Deposit in record %(number)s"),
            "notification #": self.env._("Notification %(number)s"),
            "notification # credits": self.env._("Notification %(number)s, money in"),
            "notification # debits": self.env._("Notification %(number)s, money out"),
            "statement #": self.env._("Statement %(number)s"),
            "statement # credits": self.env._("Statement %(number)s, money in"),
            "statement # debits": self.env._("Statement %(number)s, money out"),
            "statement # closing balance": self.env._("Statement %(number)s, closing balance"),
            "payments": self.env._("Payments"),
            "deductions": self.env._("Deductions"),
            "deposits": self.env._("Deposits"),
            "collections": self.env._("Debits"),
            "payouts": self.env._("Payouts"),
        }

    @api.depends("scope")
    @api.depends_context("lang")
    def _compute_part(self):
        names = self._part_names()
        for total in self:
            code = total.scope or ""
            name = names.get(_NUMBER.sub("#", code))
            numbers = _NUMBER.findall(code)
            total.part = name % {"number": numbers[0]} if name and numbers else name or code

    @api.depends("declared", "counted", "quantity")
    @api.depends_context("lang")
    def _compute_texts(self):
        for total in self:
            digits = 2 if total.quantity == "amount" else 0
            total.declared_text = formatLang(self.env, total.declared, digits=digits)
            total.counted_text = formatLang(self.env, total.counted, digits=digits)
