from odoo import fields, models

from ..common.invoice_writer import COMPLETE, QUIET


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    mbn_order_line_ids = fields.One2many(
        "direct.debit.order.line",
        "move_line_id",
        string="Debits",
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
    )

    def _mbn_move_due_date(self, due_date):
        """These claims are due on another day, on which they are collected."""
        if not self:
            return
        lines = self.with_context(mbn_moves_due_date=True)
        logged = any(self.company_id.mapped("restrictive_audit_trail"))
        lines = lines.with_context(**COMPLETE, **({} if logged else QUIET))
        lines.write({"date_maturity": due_date})
        for move in lines.move_id:
            claims = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
            last = max(filter(None, claims.mapped("date_maturity")), default=due_date)
            if move.invoice_date_due != last:
                move.invoice_date_due = last

    def write(self, vals):
        result = super().write(vals)
        if "date_maturity" in vals and not self.env.context.get("mbn_moves_due_date"):
            posted = self.filtered(lambda line: line.parent_state == "posted")
            self.env["direct.debit.order"].sudo()._follow_due_dates(posted)
        return result

    def _reconcile_pre_hook(self):
        data = super()._reconcile_pre_hook()
        data["mbn_claims"] = self
        return data

    def _reconcile_post_hook(self, data):
        result = super()._reconcile_post_hook(data)
        self.env["direct.debit.order"].sudo()._follow(data["mbn_claims"])
        if payments := data["mbn_claims"].sudo().payment_id:
            payments._mbn_follow_surplus()
        return result
