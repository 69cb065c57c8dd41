from odoo import fields, models


class DirectDebitOrderEvent(models.Model):
    """One answer of the bank to a debit, with the file and record it came from."""

    _name = "direct.debit.order.event"
    _description = "Answer to a Direct Debit"
    _order = "id desc"
    _rec_name = "meaning"

    order_id = fields.Many2one(
        "direct.debit.order", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    kind = fields.Selection(
        [
            ("accepted", "Accepted"),
            ("rejected", "Rejected"),
            ("withdrawn", "Withdrawn"),
            ("moved", "Moved to another day"),
            ("unchanged", "Change refused"),
            ("retry", "Failed, the bank tries again"),
            ("failed", "Failed"),
            ("silence", "No answer"),
            ("collected", "Collected"),
            ("reversed", "Paid back"),
            ("file_rejected", "File refused"),
            ("file_discarded", "File taken back"),
        ],
        required=True,
        readonly=True,
    )
    file_id = fields.Many2one(
        "bank.file",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The file that says so.",
    )
    record = fields.Integer(string="Record No.", readonly=True)
    bank_code = fields.Char(readonly=True)
    meaning = fields.Char(readonly=True)

    _once = models.UniqueIndex(
        "(order_id, file_id, record, kind) WHERE file_id IS NOT NULL",
        "This answer is stored already.",
    )
