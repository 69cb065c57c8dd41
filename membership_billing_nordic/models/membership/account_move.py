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
            ("print", "To print"),
            ("sent", "Sent"),
            ("portal", "Portal only"),
            ("failed", "Not sent"),
        ],
        string="Sending",
        readonly=True,
        copy=False,
        help="To send: a scheduled action sends the invoice by the payer's channels. To print: it "
        "goes by letter, which somebody prints and posts. Portal only: no other channel reached "
        "the payer; the invoice is on the portal. Not sent: sending failed; the reason is in the "
        "invoice's log. Empty: nothing is to be sent.",
    )
    mbn_delivery_ids = fields.One2many(
        "billing.delivery",
        "move_id",
        string="Deliveries",
        groups=MEMBERSHIP_GROUPS,
        help="By what channels the invoice was sent, and what became of it.",
    )
    mbn_short_url = fields.Char(
        string="Short Link",
        compute="_compute_mbn_short_url",
        compute_sudo=True,
        help="The link to the invoice on the portal that the last SMS has.",
    )

    _mbn_send_idx = models.Index("(company_id, id) WHERE mbn_send_state = 'waiting'")
    _mbn_reversed_idx = models.Index(
        "(reversed_entry_id) WHERE reversed_entry_id IS NOT NULL AND move_type = 'out_refund'"
    )

    @api.depends("mbn_charge_ids.contract_id")
    def _compute_mbn_contract_ids(self):
        for move in self:
            move.mbn_contract_ids = move.mbn_charge_ids.contract_id

    @api.depends("mbn_delivery_ids.code")
    def _compute_mbn_short_url(self):
        for move in self:
            code = next((one.code for one in move.mbn_delivery_ids if one.code), False)
            path = f"/mi/{code}" if code else move.get_portal_url()
            move.mbn_short_url = move.get_base_url() + path

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

    def _mbn_is_guarded(self):
        guarded = super()._mbn_is_guarded()
        return guarded or (self.move_type == "out_invoice" and bool(self.sudo().mbn_charge_ids))

    def _mbn_takes_standing(self):
        """A donation or an offer that lapses is not owed: money that stands does not pay it."""
        kinds = self.invoice_line_ids.mbn_charge_id.mapped("claim_kind")
        return super()._mbn_takes_standing() and set(kinds) <= {"fee"}

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

    def _mbn_credit_sums(self):
        """What posted credit notes that name these invoices have taken back of each."""
        sums = dict.fromkeys(self, 0.0)
        for move, amount in self.env["account.move"]._read_group(
            [
                ("reversed_entry_id", "in", self.ids),
                ("move_type", "=", "out_refund"),
                ("state", "=", "posted"),
            ],
            ["reversed_entry_id"],
            ["amount_total:sum"],
        ):
            sums[move] = move.currency_id.round(amount)
        return sums

    def _mbn_credited(self):
        """Those invoices that posted credit notes take back as a whole.

        A credit note belongs to the invoice it names. What another one left standing is money like
        any other, and pays.
        """
        amounts = self._mbn_credit_sums()
        others = self.filtered(lambda move: move.payment_state == "reversed")
        for partial in others.line_ids.matched_credit_ids:
            note, invoice = partial.credit_move_id.move_id, partial.debit_move_id.move_id
            is_summed = note.reversed_entry_id and note.state == "posted"
            if not is_summed and note._mbn_names(invoice):
                amounts[invoice] += partial.debit_amount_currency
        return self.filtered(
            lambda move: (
                move.state == "posted"
                and move.amount_total
                and move.currency_id.compare_amounts(amounts[move], move.amount_total) >= 0
            )
        )

    def _mbn_names(self, invoice):
        """Is this a credit note for ``invoice``: of which it is the reversal, or the source?"""
        if self.move_type != "out_refund":
            return False
        if self.reversed_entry_id:
            return self.reversed_entry_id == invoice
        sources = (self.invoice_origin or "").split(",")
        return bool(invoice.name) and invoice.name in [source.strip() for source in sources]

    # ------------------------------------------------------------------
    # Sending
    # ------------------------------------------------------------------

    @api.model
    def _cron_mbn_send(self):
        """Send the membership invoices that wait for it, some at a time, each committed."""
        self.env["billing.invoice.sender"].sudo()._send_waiting()

    def action_mbn_send_again(self):
        """Put invoices that could not be sent back in the queue, all their channels to be tried."""
        self.check_access("write")
        self.filtered(lambda move: move.mbn_send_state in ("failed", "portal"))._mbn_queue_again()

    def _mbn_queue_again(self):
        """Send these invoices once more, whatever became of them: all channels are tried anew."""
        self.sudo().mbn_delivery_ids.superseded = True
        self.mbn_send_state = "waiting"
        self._mbn_trigger_sending()

    def action_mbn_print_letters(self):
        """Make one file for the printer of these invoices, which then go by letter.

        :raise UserError: an invoice is not posted
        """
        self.check_access("write")
        self.env["account.move.send"]._check_move_constraints(self)
        deliveries = self.env["billing.delivery"]
        waiting = deliveries._letters_waiting(self)
        waiting |= deliveries._note(self - waiting.move_id, "letter", state="waiting")
        self.mbn_send_state = "print"
        return waiting._print()

    def _mbn_trigger_sending(self):
        self.env.ref("membership_billing_nordic.ir_cron_billing_send").sudo()._trigger()

    def _mbn_is_logged(self):
        """Whether what becomes of this invoice is logged: it is one of ours."""
        self.ensure_one()
        return bool(self.mbn_send_state or self.mbn_run_id)

    def _mbn_note_sent(self):
        """Note that these invoices were sent, whoever did it; letters wait for the printer."""
        noted = self.filtered("mbn_send_state")
        letters = self.env["billing.delivery"]._letters_waiting(noted).move_id
        (noted & letters).mbn_send_state = "print"
        (noted - letters).mbn_send_state = "sent"

    def _mbn_queue_receipts(self):
        """Let those of these invoices that were just paid wait for their receipt, once each."""
        wanted = self.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.company_id.mbn_send_receipts
                and move.partner_id._mbn_has_address("email")
            )
        ).sudo()
        states = wanted.filtered("mbn_charge_ids")._mbn_charge_states()
        paid = self.browse([move.id for move, state in states.items() if state == "paid"])
        deliveries = self.env["billing.delivery"].sudo()
        had = deliveries.search([("move_id", "in", paid.ids), ("document", "=", "receipt")])
        new = paid - had.move_id
        if new:
            deliveries._note(new, "email", document="receipt", state="waiting")
            self._mbn_trigger_sending()

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    def action_mbn_view_contracts(self):
        """Show the memberships of this invoice."""
        contracts = self.mbn_contract_ids
        action = contracts._list_action([("id", "in", contracts.ids)], self.env._("Memberships"))
        if len(contracts) == 1:
            action |= {"views": [(False, "form")], "res_id": contracts.id}
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
