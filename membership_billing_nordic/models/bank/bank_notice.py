from odoo import api, fields, models

from ...formats.messages import ERROR, WARNING

NEEDS_A_LOOK = {"error": ERROR, "remark": WARNING}


class BankNotice(models.Model):
    """Something the bank tells people: nothing follows from it by itself, least of all money.

    The record it stands in may hold personal numbers, so it is shown from the file and not kept
    here.
    """

    _name = "bank.notice"
    _description = "Notice of the Bank"
    _order = "file_id desc, record"
    _rec_name = "meaning"
    _check_company_auto = True

    file_id = fields.Many2one("bank.file", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True)
    agreement_id = fields.Many2one(
        "bank.agreement",
        index="btree_not_null",
        check_company=True,
        help="Whose payers or debits it is about, if the bank says so.",
    )
    record = fields.Integer(string="Record No.", help="Number of the record in the file.")
    kind = fields.Selection(
        [("information", "Information"), ("remark", "Remark"), ("error", "Error")],
        required=True,
        help="How serious the bank takes it. Remarks and errors want a person to look.",
    )
    payer_number = fields.Char(index=True, help="The payer's number, if it is about a payer.")
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        index="btree_not_null",
        help="Found by the payer number or the number of the mandate.",
    )
    mandate_number = fields.Char(help="The number of the mandate it is about, if the bank says.")
    bank_code = fields.Char(help="The bank's own code, or the number of its text.")
    meaning = fields.Char(help="What the code means, as far as that is known.")
    raw_record = fields.Text(
        string="As Sent",
        compute="_compute_raw_record",
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
        help="The record as it stands in the file.",
    )

    _record_once = models.Constraint(
        "UNIQUE(file_id, record)", "This record of the file is stored already."
    )

    @api.depends("file_id", "record")
    def _compute_raw_record(self):
        for file, notices in self.grouped("file_id").items():
            records = file._raw_records(set(notices.mapped("record")))
            for notice in notices:
                notice.raw_record = records.get(notice.record, False)
