from odoo import api, fields, models

from ...formats.messages import ERROR, REFUSAL, WARNING


class BankFileIssue(models.Model):
    """One thing wrong in one bank file: where, what, and what was done about it."""

    _name = "bank.file.issue"
    _description = "Bank File Issue"
    _order = "file_id desc, record, id"
    _rec_name = "field"

    file_id = fields.Many2one("bank.file", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True)
    record = fields.Integer(
        string="Record No.", help="Number of the record in the file, from 1; 0 is the whole file."
    )
    severity = fields.Selection(
        [
            (WARNING, "Warning"),
            (ERROR, "Error"),
            (REFUSAL, "Refusal"),
        ],
        required=True,
        help="Warning: read and used all the same. Error: this record is not used. Refusal: nothing "
        "of the file is used.",
    )
    field = fields.Char(help="The field of the record that is wrong.")
    expected = fields.Text(help="What the field should hold.")
    found = fields.Text(help="What it holds instead. Account and personal numbers are left out.")
    action = fields.Text(string="What Was Done", help="What the program did about it.")
    raw_record = fields.Text(
        string="Record as Sent",
        compute="_compute_raw_record",
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
        help="The record as it stands in the file.",
    )

    @api.depends("file_id", "record")
    def _compute_raw_record(self):
        for file, issues in self.grouped("file_id").items():
            records = file._raw_records(set(issues.mapped("record")))
            for issue in issues:
                issue.raw_record = records.get(issue.record, False)
