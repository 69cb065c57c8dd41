from odoo import fields, models

from .debit_planning import usable_mandates
from .direct_debit_order import AT_THE_BANK, LIVE


class DirectDebitMandate(models.Model):
    """What depends on a mandate: the debits made with it."""

    _inherit = "direct.debit.mandate"

    order_ids = fields.One2many("direct.debit.order", "mandate_id", string="Debits", readonly=True)
    order_count = fields.Integer(string="Number of Debits", compute="_compute_order_count")

    def _compute_order_count(self):
        counts = dict(
            self.env["direct.debit.order"]._read_group(
                [("mandate_id", "in", self.ids)], ["mandate_id"], ["__count"]
            )
        )
        for mandate in self:
            mandate.order_count = counts.get(mandate._origin, 0)

    def action_show_orders(self):
        """Show the debits of this mandate."""
        self.env["direct.debit.order"].check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_direct_debit_order"
        )
        return action | {"domain": [("mandate_id", "=", self.id)], "context": {"create": False}}

    def _became_active(self):
        result = super()._became_active()
        self._replace_forms()
        self.filtered(
            lambda mandate: mandate.agreement_id.debit_new_mandate == "open"
        )._collect_open_invoices()
        return result

    def _replace_forms(self):
        """Slips that are not sent yet are not needed: their payers are debited now."""
        planned = (
            self.env["direct.debit.order"]
            .sudo()
            .search(
                [
                    ("agreement_id", "in", self.agreement_id.ids),
                    ("partner_id", "in", self.partner_id.ids),
                    ("state", "=", "planned"),
                    ("is_form", "=", True),
                ]
            )
        )
        having = {(mandate.agreement_id.id, mandate.partner_id.id) for mandate in self}
        planned.filtered(
            lambda order: (order.agreement_id.id, order.partner_id.id) in having
        )._debit_instead()

    def _collect_open_invoices(self):
        """Plan to collect the payers' open invoices that are not overdue."""
        if not self:
            return
        claims = (
            self.env["account.move.line"]
            .sudo()
            .search(
                [
                    ("move_id.mbn_agreement_id", "in", self.agreement_id.ids),
                    ("move_id.move_type", "=", "out_invoice"),
                    ("partner_id", "in", self.partner_id.ids),
                    ("account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("reconciled", "=", False),
                    ("date_maturity", ">=", self._today()),
                ]
            )
        )
        claims.move_id._mbn_plan_orders()

    def _ended(self):
        result = super()._ended()
        orders = self.env["direct.debit.order"].sudo()
        live = orders.search([("mandate_id", "in", self.ids), ("state", "in", LIVE)])
        live.filtered(lambda order: order.state == "planned")._change_mandate()
        # The bank debits nothing without a mandate, so what it does not give back fails there.
        live.filtered(lambda order: order.state in AT_THE_BANK)._stop("mandate")
        # Where the bank sends payment slips, what is open and not overdue is paid by them now.
        self.filtered(lambda mandate: mandate.agreement_id._sends_forms())._collect_open_invoices()
        return result


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    def _change_mandate(self):
        """Go on with the payer's present mandate; without one the payer pays the invoice."""
        found = usable_mandates(self.agreement_id, self.partner_id)
        for order in self:
            mandate = found.get((order.agreement_id.id, order.partner_id.id))
            if mandate and mandate._covers(order.due_date):
                order.mandate_id = mandate
            else:
                order._drop("mandate")
