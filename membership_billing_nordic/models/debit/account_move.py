from odoo import api, fields, models
from odoo.exceptions import UserError

from .debit_planning import DebitPlanner
from .direct_debit_order import AT_THE_BANK

_SEEN_BY = (
    "membership_billing_nordic.group_billing_user,"
    "membership_billing_nordic.group_billing_front_desk,"
    "membership_billing_nordic.group_billing_auditor"
)


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_collect = fields.Boolean(
        string="Collect by Direct Debit",
        default=True,
        copy=False,
        help="The invoice is collected from the payer's account, if its agreement collects and "
        "the payer has a mandate. Clear it to let the payer pay this invoice.",
    )
    mbn_is_collectable = fields.Boolean(compute="_compute_mbn_is_collectable", compute_sudo=True)
    mbn_order_line_ids = fields.One2many(
        "direct.debit.order.line", "invoice_id", string="Debited Claims", groups=_SEEN_BY
    )
    mbn_order_ids = fields.Many2many(
        "direct.debit.order", string="Debits", compute="_compute_mbn_order_ids", groups=_SEEN_BY
    )
    mbn_order_count = fields.Integer(
        string="Number of Debits", compute="_compute_mbn_order_ids", groups=_SEEN_BY
    )
    mbn_debit_date = fields.Date(
        string="Debited On",
        compute="_compute_mbn_debit_date",
        compute_sudo=True,
        help="The day the payer's account is debited for this invoice, as far as it is planned.",
    )

    @api.depends("move_type", "mbn_agreement_id.debit_out")
    def _compute_mbn_is_collectable(self):
        for move in self:
            move.mbn_is_collectable = (
                move.move_type == "out_invoice" and move.mbn_agreement_id.debit_out
            )

    @api.depends("mbn_order_line_ids")
    def _compute_mbn_order_ids(self):
        for move in self:
            move.mbn_order_ids = move.mbn_order_line_ids.order_id
            move.mbn_order_count = len(move.mbn_order_ids)

    @api.depends(
        "mbn_order_line_ids.is_live",
        "mbn_order_line_ids.order_id.due_date",
        "mbn_order_line_ids.order_id.is_form",
    )
    def _compute_mbn_debit_date(self):
        for move in self:
            live = move.mbn_order_line_ids.filtered("is_live").order_id
            # Slips are paid by the payer.
            live = live.filtered(lambda order: not order.is_form)
            move.mbn_debit_date = min(live.mapped("due_date"), default=False)

    # ------------------------------------------------------------------ planning

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted._mbn_plan_orders()
        return posted

    def _mbn_plan_orders(self):
        """Plan the debits of these invoices, as far as they are to be collected.

        :return: the new ``direct.debit.order``
        """
        return DebitPlanner(self.env).plan(self)

    def _mbn_live_orders(self):
        rows = self.env["direct.debit.order.line"].sudo()
        return rows.search([("invoice_id", "in", self.ids), ("is_live", "=", True)]).order_id

    def _mbn_live_debits(self):
        """Live orders by which payers' accounts are debited; payment slips are none."""
        return self._mbn_live_orders().filtered(lambda order: not order.is_form)

    # ------------------------------------------------------------------ following

    def write(self, vals):
        result = super().write(vals)
        if "mbn_collect" in vals:
            self._mbn_follow_tick()
        return result

    def _mbn_follow_tick(self):
        """A person decided whether posted invoices are collected."""
        posted = self.filtered(lambda move: move.state == "posted")
        gone = (posted - posted.filtered("mbn_collect"))._mbn_live_orders()._stop("not_wanted")
        gone._put_gone_on_desk(self.env._("The invoice is not to be collected."))
        posted.filtered("mbn_collect")._mbn_plan_orders()

    def button_draft(self):
        live = self._mbn_live_orders()
        if at_bank := live.filtered(lambda order: order.state in AT_THE_BANK):
            raise UserError(
                self.env._(
                    "%(invoices)s are being collected: the debit is in a file. Stop the debit and "
                    "wait until it is withdrawn, or make a credit note.",
                    invoices=", ".join(at_bank.line_ids.invoice_id.mapped("name")),
                )
            )
        live._drop("draft")
        return super().button_draft()

    # ------------------------------------------------------------------ screens

    def action_mbn_orders(self):
        """Show the debits of this invoice."""
        self.env["direct.debit.order"].check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_direct_debit_order"
        )
        orders = self.mbn_order_ids
        action |= {"domain": [("id", "in", orders.ids)], "context": {"create": False}}
        if len(orders) == 1:
            action |= {"views": [(False, "form")], "res_id": orders.id}
        return action
