from odoo import fields, models


class BankMandateEvent(models.Model):
    _inherit = "bank.mandate.event"

    mandate_id = fields.Many2one(
        "direct.debit.mandate",
        index="btree_not_null",
        readonly=True,
        check_company=True,
        ondelete="set null",
        help="The mandate that the message changed.",
    )
