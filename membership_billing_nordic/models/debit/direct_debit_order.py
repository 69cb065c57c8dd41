from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...formats.references import normalise

LIVE = ("planned", "sent", "waiting")
AT_THE_BANK = ("sent", "waiting")
DESK_OF_ORDER = ("debit_left_out", "debit_gone")


class DirectDebitOrder(models.Model):
    """One request to the bank to collect money: one record in a file.

    An order is sent from the moment its file exists. What happens to it afterwards comes
    from the bank's files; each of their records is kept in its history.
    """

    _name = "direct.debit.order"
    _description = "Direct Debit"
    _order = "due_date desc, id desc"
    _rec_names_search = ["reference", "reference_value", "partner_id"]

    agreement_id = fields.Many2one(
        "bank.agreement",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    mandate_id = fields.Many2one(
        "direct.debit.mandate",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The authority by which the payer's account is debited.",
    )
    is_form = fields.Boolean(
        string="Payment Slip",
        compute="_compute_is_form",
        store=True,
        precompute=True,
        help="There is no mandate: the bank sends the payer a payment slip, and the payer pays it.",
    )
    payer_number = fields.Char(
        readonly=True,
        help="The payer's number with the agreement, by which the bank sent the payment slip.",
    )
    due_date = fields.Date(
        required=True,
        readonly=True,
        index=True,
        help="The day the payer's account is debited, or the payment slip is due.",
    )
    original_due_date = fields.Date(
        readonly=True, help="The due date of the invoice, before it was moved to one in reach."
    )
    reference = fields.Char(
        required=True, readonly=True, help="What the bank's answers and the payment name."
    )
    reference_value = fields.Char(
        string="Reference Compared As",
        compute="_compute_reference_value",
        store=True,
        help="The reference in capitals, without blanks and leading zeros.",
    )
    amount = fields.Monetary(
        readonly=True,
        aggregator="sum",
        help="What is collected: the open amount on the day the file is made.",
    )
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("sent", "Sent"),
            ("waiting", "Bank tries again"),
            ("collected", "Collected"),
            ("failed", "Failed"),
            ("withdrawn", "Withdrawn"),
            ("reversed", "Paid back"),
            ("unpaid", "Slip not paid"),
        ],
        required=True,
        default="planned",
        readonly=True,
        index=True,
        help="Planned: goes into a file before its deadline. Sent: its file is made. Withdrawn: "
        "taken back, or dropped before a file was made. Paid back: the payer or the bank took "
        "the money back. Slip not paid: its due date is over; the invoice is an ordinary open one.",
    )
    deadline = fields.Datetime(
        required=True, readonly=True, help="Until when the bank must have it for its due date."
    )
    send_from = fields.Datetime(
        string="Sent From",
        readonly=True,
        help="A payment slip goes with the first file that is made from this moment on.",
    )
    hold = fields.Selection(
        [
            ("part_payment", "Paid in part"),
            ("rejected", "The bank refused its file"),
            ("discarded", "Its file was taken back"),
        ],
        string="Held",
        readonly=True,
        help="It stays out of files until a person releases it.",
    )
    left_out = fields.Char(readonly=True, help="Why it was not put into the last file.")
    notified_on = fields.Date(
        readonly=True, help="The day the payer was told of amount and date, where that is on you."
    )
    file_id = fields.Many2one(
        "bank.file",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The file it went out in.",
    )
    record = fields.Integer(string="Record No.", readonly=True, help="Its record in the file.")
    returned_file_id = fields.Many2one(
        "bank.file",
        string="Came Back From",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The file it was in before, which the bank refused or a person took back.",
    )
    withdraw_wanted = fields.Boolean(
        string="To Withdraw", readonly=True, help="The next file takes it back."
    )
    withdraw_reason = fields.Selection(
        [
            ("paid", "Paid or credited"),
            ("part_payment", "Paid in part"),
            ("draft", "Invoice was reset to draft"),
            ("mandate", "Mandate ended"),
            ("not_wanted", "Invoice is not to be collected"),
            ("late", "Too late for the bank"),
            ("person", "Stopped by a person"),
            ("merged", "Collected with another debit of the payer"),
            ("has_mandate", "The payer gave a mandate"),
        ],
        string="Why Withdrawn",
        readonly=True,
    )
    withdrawal_file_id = fields.Many2one(
        "bank.file",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The file that took it back.",
    )
    withdrawal_record = fields.Integer(string="Record No. of Withdrawal", readonly=True)
    withdrawal_deadline = fields.Datetime(
        string="Can Be Stopped Until",
        compute="_compute_withdrawal_deadline",
        compute_sudo=True,
        help="Until when the bank takes a withdrawal.",
    )
    bank_code = fields.Char(readonly=True, help="The bank's own code of its last answer.")
    meaning = fields.Char(string="Why", readonly=True, help="What the bank's answer means.")
    failed_on = fields.Date(readonly=True)
    payment_id = fields.Many2one(
        "bank.payment",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The payment by which the bank delivered the money.",
    )
    line_ids = fields.One2many("direct.debit.order.line", "order_id", readonly=True)
    event_ids = fields.One2many(
        "direct.debit.order.event", "order_id", string="Answers of the Bank", readonly=True
    )
    invoice_names = fields.Char(
        string="Invoices", compute="_compute_invoice_names", compute_sudo=True
    )

    _in_a_file_once = models.UniqueIndex(
        "(agreement_id, reference_value, due_date) WHERE file_id IS NOT NULL",
        "A debit with this reference and due date is in a file already.",
    )
    _to_make = models.Index("(agreement_id, deadline) WHERE state = 'planned'")
    _forms_to_make = models.Index("(agreement_id, send_from) WHERE is_form AND state = 'planned'")
    _to_withdraw = models.Index("(agreement_id) WHERE withdraw_wanted")
    _at_the_bank = models.Index("(agreement_id, due_date) WHERE state IN ('sent', 'waiting')")
    _answered_by = models.Index("(agreement_id, reference_value)")

    # ------------------------------------------------------------------ computes

    @api.depends("reference")
    def _compute_reference_value(self):
        for order in self:
            order.reference_value = normalise(order.reference)

    @api.depends("mandate_id")
    def _compute_is_form(self):
        for order in self:
            order.is_form = not order.mandate_id

    @api.depends("due_date", "state", "deadline", "send_from", "agreement_id")
    def _compute_withdrawal_deadline(self):
        for order in self:
            day = order.state in LIVE and order.due_date
            until = day and order.agreement_id._withdrawal_deadline(day)
            # What no bank takes back is stopped before it is sent, or not at all.
            made_until = order.send_from or order.deadline
            order.withdrawal_deadline = until or (order.state == "planned" and made_until)

    @api.depends("line_ids.invoice_id")
    def _compute_invoice_names(self):
        for order in self:
            names = [name for name in order.line_ids.invoice_id.mapped("name") if name]
            order.invoice_names = ", ".join(dict.fromkeys(names))

    @api.depends("partner_id", "due_date", "amount")
    def _compute_display_name(self):
        for order in self:
            parts = [order.partner_id.name, str(order.due_date), f"{order.amount:.2f}"]
            order.display_name = " · ".join(part for part in parts if part)

    # ------------------------------------------------------------------ what formats ask

    def _exact_amount(self):
        """The amount as ``Decimal`` with two decimals."""
        self.ensure_one()
        return Decimal(f"{self.amount:.2f}")

    def _is_notified_by_bank(self):
        """Does the payer's bank tell the payer beforehand?"""
        self.ensure_one()
        by_bank = self.agreement_id.debit_notice_by == "bank" and self._payer_wants_notice()
        return self.is_form or by_bank

    def _payer_wants_notice(self):
        return self.mandate_id.written_notice != "no"

    def _notice_lines(self):
        """What the debit is for, as lines of text for the bank's notice."""
        self.ensure_one()
        if not self._is_notified_by_bank():
            return ()
        products = self.line_ids.invoice_id.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        return tuple(part for line in products for part in (line.name or "").splitlines() if part)

    # ------------------------------------------------------------------ notice

    def _needs_notice(self):
        """Must we tell the payer beforehand, and have not?"""
        self.ensure_one()
        agreement = self.agreement_id
        by_us = agreement.debit_notice_by == "us" and not self.is_form
        if not by_us or not self._payer_wants_notice():
            return False
        told = self.notified_on
        return not told or (self.due_date - told).days < agreement.debit_notice_days

    def _send_notice(self):
        """Tell the payers of these debits amount and date, then call :meth:`_notice_sent`.

        For the rooms that deliver. It is called when a debit is planned, and again while it
        waits without a notice.
        """

    def _notice_sent(self, day):
        """The payers were told on ``day``, for the first time for this due date."""
        self.filtered(lambda order: not order.notified_on).write({"notified_on": day})

    # ------------------------------------------------------------------ open amounts

    def _open_amount(self):
        """What is still open of the claims of this order."""
        self.ensure_one()
        return sum(line._open_amount() for line in self.line_ids)

    def _take_open_amounts(self):
        """Set amounts to what is open now."""
        for order in self:
            for line in order.line_ids:
                amount = line._open_amount()
                if order.currency_id.compare_amounts(line.amount, amount):
                    line.amount = amount
            total = order.currency_id.round(sum(order.line_ids.mapped("amount")))
            if order.currency_id.compare_amounts(order.amount, total):
                order.amount = total

    # ------------------------------------------------------------------ dates

    def _move_to(self, due_date):
        """Collect these planned orders on another date, which is their claims' due date now."""
        for order in self:
            order.write(
                {
                    "original_due_date": order.original_due_date or order.due_date,
                    "due_date": due_date,
                    "deadline": order._deadline_of(due_date),
                    "notified_on": False,
                }
            )
        self.line_ids.move_line_id._mbn_move_due_date(due_date)
        self._send_notice()

    def _deadline_of(self, due_date):
        """Until when the bank must have this order if it is due on ``due_date``, as naive UTC."""
        self.ensure_one()
        agreement = self.agreement_id
        deadline = agreement._form_deadline if self.is_form else agreement._debit_deadline
        return deadline(due_date)

    def _may_be_due(self, day):
        """Does a mandate allow it on ``day``? A payment slip needs none."""
        self.ensure_one()
        return self.is_form or self.mandate_id._covers(day)

    # ------------------------------------------------------------------ taking back

    def _drop(self, reason):
        """Give up planned orders, of which no bank knows."""
        self.write({"state": "withdrawn", "withdraw_reason": reason, "hold": False})
        self._close_desk()

    def _stop(self, reason):
        """Give up orders: planned ones at once, sent ones by a withdrawal.

        :return: those that the bank does not give back any more
        """
        self.filtered(lambda order: order.state == "planned")._drop(reason)
        sent = self.filtered(lambda order: order.state in AT_THE_BANK)
        gone = sent.filtered(lambda order: not order._can_withdraw())
        (sent - gone).write({"withdraw_wanted": True, "withdraw_reason": reason})
        return gone

    def _can_withdraw(self):
        """Is there still time for a withdrawal?"""
        self.ensure_one()
        agreement = self.agreement_id
        until = agreement._withdrawal_deadline(self.due_date)
        first = max(fields.Datetime.now(), agreement._withdrawal_first(self._handed_in()))
        return bool(until) and first <= until

    def _handed_in(self):
        """When the bank got it, or gets it at the earliest."""
        self.ensure_one()
        return self.file_id.sudo()._handed_in() or fields.Datetime.now()

    def _put_gone_on_desk(self, text):
        """Somebody must look after money that comes although it is not wanted any more."""
        desk = self.env["billing.exception"]
        # Nobody is debited by a payment slip.
        for order in self.filtered(lambda order: not order.is_form):
            desk._open(
                order,
                "debit_gone",
                self.env._(
                    "The debit of %(invoices)s on %(day)s cannot be stopped any more. %(why)s",
                    invoices=order.invoice_names,
                    day=order.due_date,
                    why=text,
                ),
                self.env._(
                    "When the money comes, it stays on the payer's account: pay it back, or use "
                    "it for the next invoice."
                ),
            )

    def _close_desk(self, kinds=DESK_OF_ORDER):
        desk = self.env["billing.exception"]
        for kind in kinds:
            desk._close(self, kind)

    # ------------------------------------------------------------------ buttons

    def _check_may_change(self):
        if not self.env.user.has_group("membership_billing_nordic.group_billing_user"):
            raise AccessError(self.env._("Only billing users may stop or release debits."))
        self.check_access("read")

    def action_stop(self):
        """Do not collect these debits: drop planned ones, withdraw those the bank has.

        :raises UserError: it is too late for one of them, or it is over
        """
        self._check_may_change()
        orders = self.sudo()._lock_live()
        if gone := orders._stop("person"):
            raise UserError(
                self.env._(
                    "The bank takes no withdrawal any more: %(debits)s",
                    debits=", ".join(gone.mapped("display_name")),
                )
            )

    def action_release(self):
        """Let held debits go with the next file."""
        self._check_may_change()
        self.sudo()._lock_live().filtered("hold")._release()

    def _lock_live(self):
        """Lock and re-read; a clear message when one of them is over or worked on."""
        locked = self.try_lock_for_update()
        locked.invalidate_recordset()
        for order in self:
            if order not in locked or order.state not in LIVE:
                raise UserError(
                    self.env._(
                        "The debit %(debit)s is being worked on, or is over. Reload the page.",
                        debit=order.display_name,
                    )
                )
        return locked

    def action_show_invoices(self):
        """The invoices that are collected."""
        self.check_access("read")
        self.ensure_one()
        invoices = self.line_ids.invoice_id
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Invoices"),
            "res_model": "account.move",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", invoices.ids)],
            "context": {"create": False},
        }
        if len(invoices) == 1:
            action |= {"views": [(False, "form")], "res_id": invoices.id}
        return action
