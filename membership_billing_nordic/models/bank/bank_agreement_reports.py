from odoo import api, fields, models

_EVERYWHERE = ("iso.camt_054", "iso.camt_053")


class BankAgreement(models.Model):
    """Which of the bank's reports books, where several tell of the same money."""

    _inherit = "bank.agreement"

    report_ids = fields.One2many(
        "bank.agreement.report",
        "agreement_id",
        string="Reports that Book",
        copy=True,
        help="Which report books payments from which bank date on. Empty: each report books; what "
        "two of them bring is held as a possible double.",
    )

    @api.model
    def _known_report_formats(self):
        """Codes of all formats that report payments in, of any scheme. Countries append theirs."""
        return list(_EVERYWHERE)

    def _report_formats(self):
        """Codes of the formats by which payments of this agreement may be reported.

        They tell of the same money, so one of them is to book it. What a clearing house reports
        of the debits it made for us is not among them: it books in any case.
        """
        self.ensure_one()
        return list(_EVERYWHERE)

    def _report_presets(self):
        """With what the scheme starts: a list of (first bank date or False, format)."""
        return []

    @api.model_create_multi
    def create(self, vals_list):
        agreements = super().create(vals_list)
        for agreement, vals in zip(agreements, vals_list, strict=True):
            if "report_ids" not in vals:
                self.env["bank.agreement.report"].create(
                    [
                        {"agreement_id": agreement.id, "books_from": day, "format": code}
                        for day, code in agreement._report_presets()
                    ]
                )
        return agreements

    def write(self, vals):
        result = super().write(vals)
        if "report_ids" in vals:
            self.env["bank.deposit"].sudo()._release_reported(self)
        return result

    def _books(self, code, day):
        """Is money that was on the account on ``day`` booked from format ``code``?"""
        self.ensure_one()
        rows = self.sudo().report_ids
        begun = rows.filtered(lambda row: not row.books_from or row.books_from <= day)
        if not begun or code not in self._report_formats():
            return True
        return max(begun, key=lambda row: (bool(row.books_from), row.books_from)).format == code
