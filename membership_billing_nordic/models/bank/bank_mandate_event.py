from odoo import fields, models


class BankMandateEvent(models.Model):
    """What a bank file says of one payer's mandate, kept as it was reported."""

    _name = "bank.mandate.event"
    _description = "Mandate Message of a Bank File"
    _order = "file_id desc, record"
    _rec_name = "reference"
    _check_company_auto = True

    file_id = fields.Many2one("bank.file", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True)
    agreement_id = fields.Many2one("bank.agreement", required=True, index=True, check_company=True)
    record = fields.Integer(string="Record No.", help="Number of its first record in the file.")
    event = fields.Selection(
        [
            ("registered", "New or changed"),
            ("cancelled", "Cancelled"),
            ("listed", "Row of a full list"),
            ("requested", "Requested"),
            ("rejected", "Rejected"),
            ("unchanged", "Refused, as it was"),
            ("answer_accepted", "Request accepted"),
            ("answer_rejected", "Request refused"),
        ],
        required=True,
        help="What the bank reports of the mandate.",
    )
    reference = fields.Char(help="The reference the mandate was given with, as sent.")
    reference_value = fields.Char(index=True, help="The reference in the form that is compared.")
    payer_number = fields.Char(index=True, help="The payer's number, as the bank knows it.")
    payer_name = fields.Char(help="The payer's name, if the bank gives it.")
    payer_account = fields.Char(help="The payer's account, if the bank gives it.")
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        index=True,
        help="Found by the exact reference first, else by the payer part of the reference.",
    )
    written_notice = fields.Selection(
        [("yes", "Yes"), ("no", "No")], help="Does the payer want a notice before each debit?"
    )
    mandate_number = fields.Char(help="The number the bank gave the mandate, where it gives one.")
    effective_date = fields.Date(help="From when it holds, if the bank says so.")
    end_date = fields.Date(help="The last day of the mandate, if it is known beforehand.")
    bank_code = fields.Char(help="The bank's own code.")
    meaning = fields.Char(help="What the code means.")

    _record_once = models.Constraint(
        "UNIQUE(file_id, record)", "This record of the file is stored already."
    )
