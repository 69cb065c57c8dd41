from odoo import api, fields, models
from odoo.tools import SQL

from ..bank.billing_desk import AHEAD


class BillingDesk(models.TransientModel):
    _inherit = "billing.desk"

    @api.model
    def _outgoing(self):
        """Planned debits too, by the deadline of the file they will be in."""
        now = fields.Datetime.now()
        self.env["direct.debit.order"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT coalesce(debit.send_from, debit.deadline), agreement.connection_id, debit.currency_id,
                          count(*), sum(debit.amount)
                     FROM direct_debit_order debit
                     JOIN bank_agreement agreement ON agreement.id = debit.agreement_id
                    WHERE debit.state = 'planned' AND debit.hold IS NULL
                      AND coalesce(debit.send_from, debit.deadline)
                          BETWEEN %(now)s AND %(soon)s
                      AND debit.company_id = ANY(%(companies)s)
                    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
                now=now,
                soon=now + AHEAD,
                companies=self.env.companies.ids,
            )
        )
        connections = self.env["bank.connection"].sudo().browse
        currencies = self.env["res.currency"].browse
        planned = [
            (deadline, connections(connection), currencies(currency), count, amount)
            for deadline, connection, currency, count, amount in rows
        ]
        return [*super()._outgoing(), *planned]
