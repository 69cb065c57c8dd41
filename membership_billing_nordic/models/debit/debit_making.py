"""What goes into a file of debits, what is left out and why, and the file itself."""

import logging
from datetime import timedelta

from odoo import fields
from odoo.fields import Domain

from .direct_debit_order import AT_THE_BANK
from .mandate_making import MandateMaker
from .refund_making import RefundMaker

_logger = logging.getLogger(__name__)

# A file of more would not be made within the time of a scheduled run.
FILE_SIZE = 20000
_ON_ITS_WAY = ("sent", "confirmed")


class DebitFileMaker:
    """Makes the next file of one connection, or tells what would be in it.

    With ``everything`` all debits the bank takes by now are made, if asked for only those due
    until a day; else those whose deadline is near. First the orders are looked through (:meth:`gather`): amounts as they are open
    now, what is over dropped, what missed its deadline moved. Then :meth:`make`.
    """

    def __init__(self, connection, everything=False, due_until=None):
        self.connection = connection.sudo()
        self.env = self.connection.env
        self.everything = everything
        self.due_until = due_until
        self.now = fields.Datetime.now()
        self.encoder = self.connection._debit_encoder()
        self.agreements = self.connection.agreement_ids.filtered("active")
        # Mandates, where the bank takes them in the same file.
        shares = self.connection._shares_files()
        self.mandates = MandateMaker(self.connection, self.encoder if shares else None)
        self.refunds = RefundMaker(self.connection, self.encoder)
        self.claims = self.env["direct.debit.order"]
        self.withdrawals = self.env["direct.debit.order"]
        self.moves = self.env["direct.debit.order"]
        self.left_out = {}
        self.requests = {}
        self.being_paid = self.env["account.move"]

    # ------------------------------------------------------------------ looking through

    def gather(self):
        """Look through the orders that are due to go; nothing is sent or stored yet."""
        orders = self._near()
        orders = orders.try_lock_for_update().filtered(lambda order: order.state == "planned")
        self._read_at_once(orders)
        orders = self._still_wanted(orders)
        orders = self._in_time(orders)
        self.being_paid = orders.line_ids.invoice_id._mbn_being_paid()
        orders = self._merge(orders)
        self._avoid_doubles(orders)
        for order in orders:
            if problem := self._problem(order):
                self.left_out[order] = problem
        self.claims = orders.filtered(lambda order: order not in self.left_out)
        self.withdrawals = self._withdrawals()
        self.moves = self._moves()
        leaves = bool(self.everything or self.claims or self.withdrawals or self.moves)
        self.refunds.gather(leaves)
        self.mandates.gather(leaves or bool(self.refunds))

    def _near(self):
        return self.env["direct.debit.order"].search(
            self.near() & Domain("hold", "=", False), order="deadline, id", limit=FILE_SIZE
        )

    def near(self):
        """The domain of planned orders that are due to go, those on hold among them."""
        near = Domain.OR(
            Domain("agreement_id", "=", agreement.id) & self._near_of(agreement)
            for agreement in self.agreements
        )
        return Domain("state", "=", "planned") & near

    def held(self):
        """Planned orders that would go, but wait for a person."""
        return self.env["direct.debit.order"].search(self.near() & Domain("hold", "!=", False))

    def _near_of(self, agreement):
        domain = Domain("deadline", "<=", agreement._debit_made_until(self.now))
        domain |= Domain("send_from", "<=", self.now)
        if self.everything:
            until = self.due_until
            domain = Domain("due_date", "<=", until) if until else Domain.TRUE
        if agreement.debit_max_days_ahead:
            last = agreement._debit_today() + timedelta(days=agreement.debit_max_days_ahead)
            domain &= Domain("due_date", "<=", last)
        return domain

    def _read_at_once(self, orders):
        orders.invalidate_recordset()
        lines = orders.line_ids
        lines.move_line_id.fetch(["amount_residual_currency", "parent_state", "move_id"])
        lines.invoice_id.fetch(["payment_reference", "name"])
        orders.mandate_id.fetch(["state", "valid_from", "valid_to", "payer_number", "number"])

    def _still_wanted(self, orders):
        orders._take_open_amounts()
        paid = orders.filtered(lambda order: order.currency_id.is_zero(order.amount))
        paid._drop("paid")
        orders -= paid
        for order in orders:
            reference = order.agreement_id._order_reference(order.line_ids.move_line_id)
            if order.reference != reference:
                order.reference = reference
        without = orders.filtered(
            lambda order: (
                not order.is_form
                and (order.mandate_id.state != "active" or not order._may_be_due(order.due_date))
            )
        )
        without._change_mandate()
        orders.filtered("is_form")._review_forms()
        return orders.filtered(lambda order: order.state == "planned")

    def _in_time(self, orders):
        """Those whose deadline is to come; the others move, or their payers pay themselves."""
        missed = orders.filtered(lambda order: order.deadline < self.now)
        missed._miss_deadline(self.now)
        return orders.filtered(
            lambda order: (
                order.state == "planned"
                and (order not in missed or self.everything or self._is_near(order))
            )
        )

    def _is_near(self, order):
        until = order.agreement_id._debit_made_until(self.now)
        return order.is_form or order.deadline <= until

    def _merge(self, orders):
        """What the bank takes as one debit only becomes one order."""
        for agreement, own in orders.grouped("agreement_id").items():
            if agreement._collects_once_a_day():
                free = own.filtered(lambda row: not row.line_ids.invoice_id & self.being_paid)
                alike = free.grouped(lambda row: (row.partner_id, row.mandate_id, row.due_date))
                for same in alike.values():
                    orders -= same._merge()
        return orders

    def _avoid_doubles(self, orders):
        """A date on which the same debit was sent before is not used again."""
        sent = self.env["direct.debit.order"].search(
            Domain("agreement_id", "in", orders.agreement_id.ids)
            & Domain("file_id", "!=", False)
            & (
                Domain("reference_value", "in", orders.mapped("reference_value"))
                | self._same_day(orders)
            )
        )
        taken = {key for order in sent for key in order._double_keys(order.due_date)}
        taken |= self._refund_days(orders)
        for order in orders:
            day, calendar = order.due_date, None
            while not taken.isdisjoint(order._double_keys(day)):
                calendar = calendar or order.agreement_id._debit_calendar()
                day = calendar.forward(day, 1)
            if day != order.due_date:
                order._move_to(day)
            taken.update(order._double_keys(day))

    def _refund_days(self, orders):
        """The days on which payers of ``orders`` are paid back, where one record a day is taken."""
        single = orders.filtered(lambda order: order.agreement_id._collects_once_a_day())
        refunds = self.env["bank.refund"].search(
            [
                ("agreement_id", "in", single.agreement_id.ids),
                ("partner_id", "in", single.partner_id.ids),
                ("route", "=", "mandate"),
                ("file_id", "!=", False),
            ]
        )
        return {(one.agreement_id, one.partner_id, one.pay_date) for one in refunds}

    def _same_day(self, orders):
        """The domain of debits of the same payers from then on, where one a day is taken."""
        single = orders.filtered(lambda order: order.agreement_id._collects_once_a_day())
        if not single:
            return Domain.FALSE
        return Domain("partner_id", "in", single.partner_id.ids) & Domain(
            "due_date", ">=", min(single.mapped("due_date"))
        )

    def _problem(self, order):
        """Why ``order`` cannot go now; empty when it can."""
        if order.line_ids.invoice_id & self.being_paid:
            return self.env._("Its invoice is being paid online.")
        if order._needs_notice():
            order._send_notice()
        if order._needs_notice():
            return self.env._(
                "The payer has to be told of it %(days)s days before.",
                days=order.agreement_id.debit_notice_days,
            )
        try:
            request = self.requests[order] = order.agreement_id._collection_request(order)
            if problem := order.agreement_id._request_problem(order, request):
                return problem
            faults = self.encoder.faults(request)
        except Exception as error:
            # The others go; the text of the error may hold personal data.
            _logger.error("direct.debit.order %s: %s", order.id, type(error).__name__)
            return self.env._("The program failed on it.")
        return "; ".join(str(fault) for fault in faults)

    # ------------------------------------------------------------------ withdrawals

    def _withdrawals(self):
        wanted = self.env["direct.debit.order"].search(
            [
                ("agreement_id", "in", self.agreements.ids),
                ("withdraw_wanted", "=", True),
                ("state", "in", AT_THE_BANK),
            ],
            order="id",
            limit=FILE_SIZE,
        )
        wanted = wanted.try_lock_for_update()
        gone = wanted.filtered(lambda order: not order._can_withdraw())
        gone._give_up_withdrawal()
        ready = (wanted - gone).filtered(self._can_withdraw_now)
        if self.claims or self.everything:
            return ready
        return ready if ready.filtered(self._is_withdrawal_near) else ready.browse()

    def _moves(self):
        """Debits at the bank that are to be moved to another day; it is asked at once."""
        wanted = self.env["direct.debit.order"]._moves_to_make(self.agreements)
        return wanted.filtered(self._can_withdraw_now)

    def _can_withdraw_now(self, order):
        """Does the bank have the debit, and long enough to take it back or to move it?"""
        if order.file_id.state not in _ON_ITS_WAY:
            return False
        return order.agreement_id._withdrawal_first(order._handed_in()) <= self.now

    def _is_withdrawal_near(self, order):
        return order.withdrawal_deadline <= order.agreement_id._debit_made_until(self.now)

    # ------------------------------------------------------------------ making

    def make(self):
        """Encode, store and number the file, and note file and record on its orders.

        :return: the ``bank.file``; empty when there is nothing to send
        :raises FormatError: the frame of the file is wrong
        """
        self._tell_left_out()
        self.mandates.tell_left_out()
        self.refunds.tell_left_out()
        if not (self.claims or self.withdrawals or self.moves or self.mandates or self.refunds):
            return self.env["bank.file"]
        file, records = self.connection._write_requests(
            self.encoder,
            self.connection._debit_transmission,
            [*self.mandates.assignments(), *self._assignments(), *self.refunds.assignments()],
            self.deadline(),
        )
        self.mandates.note(file, records)
        self.refunds.note(file, records)
        self._note(file, records)
        return file

    def _assignments(self):
        found = []
        for agreement, own in self.claims.grouped("agreement_id").items():
            found.append(agreement._file_assignment([self.requests[order] for order in own]))
        for agreement, own in self.withdrawals.grouped("agreement_id").items():
            withdrawals = [agreement._collection_withdrawal(order) for order in own]
            found.append(agreement._file_assignment(withdrawals))
        for agreement, own in self.moves.grouped("agreement_id").items():
            changes = [agreement._collection_change(order) for order in own]
            found.append(agreement._file_assignment(changes))
        return found

    def deadline(self):
        """By when the file must be at the bank; False when it is in no hurry."""
        moments = self.claims.mapped("deadline") + self.withdrawals.mapped("withdrawal_deadline")
        moments += self.moves.mapped("withdrawal_deadline") + self.refunds.deadlines()
        return min(moments, default=False)

    def _note(self, file, records):
        self.claims.write({"state": "sent", "file_id": file.id, "left_out": False})
        for order in self.claims:
            order.record = records[str(order.id)]
        self.claims._close_desk(("debit_left_out",))
        self.moves.write({"move_file_id": file.id})
        for order in self.moves:
            order.move_record = records[str(order.id)]
        reasons = self.withdrawals.grouped("withdraw_reason")
        self.withdrawals.write(
            {"state": "withdrawn", "withdraw_wanted": False, "withdrawal_file_id": file.id}
        )
        for order in self.withdrawals:
            order.withdrawal_record = records[str(order.id)]
        self._collect_rest(reasons.get("part_payment", self.withdrawals.browse()))

    def _collect_rest(self, orders):
        """What was not paid of withdrawn debits is collected by new ones."""
        lower = orders.filtered(lambda order: order.agreement_id.debit_part_payment == "lower")
        lower.line_ids.invoice_id._mbn_plan_orders()

    def _tell_left_out(self):
        fresh = {order: text for order, text in self.left_out.items() if order.left_out != text}
        for order, text in fresh.items():
            order.left_out = text
        self.env["billing.exception"]._open_all(
            {order: order._left_out_text(text) for order, text in fresh.items()},
            "debit_left_out",
            self.env._("Correct it before the deadline: the next file takes it by itself."),
        )
