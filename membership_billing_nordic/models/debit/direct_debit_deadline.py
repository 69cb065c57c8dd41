from odoo import fields, models
from odoo.tools import SQL


class DirectDebitDeadline(models.Model):
    """The debits of one agreement, due date and state together: what the calendar shows.

    Payment slips wait for no deadline: they go with the next file.
    """

    _name = "direct.debit.deadline"
    _description = "Deadline of Direct Debits"
    _auto = False
    _order = "deadline, due_date, id"
    _rec_name = "due_date"

    agreement_id = fields.Many2one("bank.agreement", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    deadline = fields.Datetime(readonly=True, help="Until when the bank must have them.")
    due_date = fields.Date(readonly=True, help="The day the payers' accounts are debited.")
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("sent", "Sent"),
            ("waiting", "Bank tries again"),
            ("collected", "Collected"),
            ("failed", "Failed"),
            ("withdrawn", "Withdrawn"),
            ("reversed", "Paid back"),
        ],
        readonly=True,
    )
    order_count = fields.Integer(string="Number of Debits", readonly=True, aggregator="sum")
    amount = fields.Monetary(readonly=True, aggregator="sum")

    def _compute_display_name(self):
        for row in self:
            amount = row.currency_id.format(row.amount)
            row.display_name = f"{amount} ({row.order_count})"

    @property
    def _table_query(self):
        return SQL(
            """SELECT min(id) AS id, agreement_id, company_id, currency_id, deadline, due_date,
                      state, count(*) AS order_count, sum(amount) AS amount
                 FROM direct_debit_order
                WHERE (state != 'withdrawn' OR file_id IS NOT NULL) AND is_form IS NOT TRUE
                GROUP BY agreement_id, company_id, currency_id, deadline, due_date, state"""
        )

    def action_show_orders(self):
        """Show the debits of this deadline."""
        self.env["direct.debit.order"].check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_direct_debit_order"
        )
        return action | {
            "domain": [
                ("agreement_id", "=", self.agreement_id.id),
                ("deadline", "=", self.deadline),
                ("due_date", "=", self.due_date),
                ("state", "=", self.state),
            ],
            "context": {"create": False},
        }
