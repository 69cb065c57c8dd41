from odoo import api, fields, models
from odoo.exceptions import ValidationError


class BankAgreementReport(models.Model):
    """From which bank date on payments are booked from which of the bank's reports."""

    _name = "bank.agreement.report"
    _description = "Report that Books Payments"
    _order = "agreement_id, books_from NULLS FIRST, id"
    _rec_name = "format"

    agreement_id = fields.Many2one(
        "bank.agreement", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="agreement_id.company_id", store=True, index=True)
    books_from = fields.Date(
        string="Bank Date From",
        help="Money that was on the account on this day or later is booked from this report. "
        "Empty: from the beginning.",
    )
    format = fields.Selection(
        selection="_selection_format",
        string="Report",
        required=True,
        help="The report whose payments are booked. What another report tells of the same days is "
        "stored and shown, but not booked.",
    )

    _one_a_day = models.UniqueIndex(
        "(agreement_id, COALESCE(books_from, '0001-01-01'))",
        "Two reports cannot book from the same day.",
    )

    @api.model
    def _selection_format(self):
        files = self.env["bank.file"]
        names = files._format_names()
        labels = {decoder.FORMAT: decoder.LABEL for decoder in files._bank_decoders()}
        return [
            (code, names.get(code) or labels.get(code) or code)
            for code in self.env["bank.agreement"]._known_report_formats()
        ]

    @api.constrains("format", "agreement_id")
    def _check_format(self):
        for report in self:
            if report.format not in report.agreement_id._report_formats():
                label = dict(self._selection_format())[report.format]
                raise ValidationError(
                    report.env._(
                        "Payments of %(agreement)s are not reported by “%(report)s”.",
                        agreement=report.agreement_id.display_name,
                        report=label,
                    )
                )
