from odoo import api, fields, models

MEMBERSHIP_GROUPS = (
    "membership_billing_nordic.group_billing_front_desk,"
    "membership_billing_nordic.group_association_administrator,"
    "membership_billing_nordic.group_billing_auditor"
)


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_run_id = fields.Many2one(
        "billing.run",
        string="Billing Run",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The membership billing run that made this invoice.",
    )
    mbn_charge_ids = fields.One2many(
        "membership.charge",
        "invoice_id",
        string="Membership Charges",
        groups=MEMBERSHIP_GROUPS,
        help="What this invoice charges members for.",
    )
    mbn_contract_ids = fields.Many2many(
        "membership.contract",
        string="Memberships",
        compute="_compute_mbn_contract_ids",
        groups=MEMBERSHIP_GROUPS,
        help="The memberships this invoice is for.",
    )
    mbn_send_state = fields.Selection(
        [
            ("waiting", "To send"),
            ("sent", "Sent"),
            ("portal", "Portal only"),
            ("failed", "Not sent"),
        ],
        string="Sending",
        readonly=True,
        copy=False,
        help="To send: a scheduled action e-mails the invoice. Portal only: the payer has no "
        "e-mail address; the invoice is on the portal. Not sent: sending failed; the reason is in "
        "the invoice's log. Empty: nothing is to be sent.",
    )

    _mbn_send_idx = models.Index("(company_id, id) WHERE mbn_send_state = 'waiting'")
    _mbn_reversed_idx = models.Index(
        "(reversed_entry_id) WHERE reversed_entry_id IS NOT NULL AND move_type = 'out_refund'"
    )

    @api.depends("mbn_charge_ids.contract_id")
    def _compute_mbn_contract_ids(self):
        for move in self:
            move.mbn_contract_ids = move.mbn_charge_ids.contract_id

    # ------------------------------------------------------------------
    # Payment, credit and cancellation reach the charges
    # ------------------------------------------------------------------

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted._mbn_follow()
        return posted

    def button_draft(self):
        result = super().button_draft()
        self._mbn_follow()
        return result

    def button_cancel(self):
        result = super().button_cancel()
        self._mbn_follow()
        return result

    def _mbn_follow(self):
        """Tell the charges of these invoices, and of the invoices they credit."""
        moves = self.filtered(lambda move: move.is_sale_document(include_receipts=True))
        if moves:
            self.env["membership.charge"]._follow_invoices(moves | moves.reversed_entry_id)

    def _mbn_charge_states(self):
        """The state of the charges on each of these invoices: dict of move to state.

        What is paid is told by the open amount, not by ``payment_state``.
        """
        credited = self._mbn_credited()
        states = {}
        for move in self:
            if move.state == "cancel" or move in credited:
                states[move] = "void"
            elif move.state == "posted" and move.currency_id.is_zero(move.amount_residual):
                states[move] = "paid"
            else:
                states[move] = "invoiced"
        return states

    def _mbn_credited(self):
        """Those invoices that posted credit notes take back as a whole.

        A credit note belongs to an invoice when it says so or when it is reconciled with it.
        """
        amounts = dict.fromkeys(self, 0.0)
        for move, amount in self._read_group(
            [
                ("reversed_entry_id", "in", self.ids),
                ("move_type", "=", "out_refund"),
                ("state", "=", "posted"),
            ],
            ["reversed_entry_id"],
            ["amount_total:sum"],
        ):
            amounts[move] += amount
        others = self.filtered(lambda move: move.payment_state == "reversed" and not amounts[move])
        partials = others.line_ids.matched_credit_ids.filtered(
            lambda partial: partial.credit_move_id.move_id.move_type == "out_refund"
        )
        for partial in partials:
            amounts[partial.debit_move_id.move_id] += partial.debit_amount_currency
        return self.filtered(
            lambda move: (
                move.state == "posted"
                and move.amount_total
                and move.currency_id.compare_amounts(amounts[move], move.amount_total) >= 0
            )
        )

    # ------------------------------------------------------------------
    # Sending
    # ------------------------------------------------------------------

    @api.model
    def _cron_mbn_send(self):
        """E-mail the membership invoices that wait for it, some at a time, each committed."""
        self.env["billing.invoice.sender"]._send_waiting()

    def action_mbn_send_again(self):
        """Put invoices that could not be sent back in the queue."""
        self.check_access("write")
        again = self.filtered(lambda move: move.mbn_send_state in ("failed", "portal"))
        again.mbn_send_state = "waiting"
        self.env.ref("membership_billing_nordic.ir_cron_billing_send")._trigger()

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    def action_mbn_view_contracts(self):
        """Show the memberships of this invoice."""
        contracts = self.mbn_contract_ids
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Memberships"),
            "res_model": "membership.contract",
            "view_mode": "list,form",
            "domain": [("id", "in", contracts.ids)],
        }
        if len(contracts) == 1:
            action |= {"view_mode": "form", "res_id": contracts.id}
        return action

    @api.model
    def _mbn_list_action(self, invoices):
        """The window action that shows ``invoices``; one of them as a form."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_membership_invoice"
        )
        action["context"] = {"create": False}
        action["domain"] = [("id", "in", invoices.ids)]
        if len(invoices) == 1:
            action |= {"views": [(False, "form")], "res_id": invoices.id}
        return action
