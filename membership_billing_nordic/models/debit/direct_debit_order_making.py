from datetime import timedelta

from odoo import models

from .debit_planning import MARGIN


class DirectDebitOrder(models.Model):
    """What becomes of debits that are not in a file when it counts."""

    _inherit = "direct.debit.order"

    def _miss_deadline(self, now):
        """Planned orders that no file took in time: by setting another date, or given up."""
        for agreement, orders in self.grouped("agreement_id").items():
            given_up = orders.filtered(lambda order: order._is_given_up_late())
            given_up._drop("late")
            texts = [self.env._("Their payers have to pay by themselves.")] if given_up else []
            for late in (orders - given_up).grouped("is_form").values():
                texts.append(late._move_late(agreement, now))
            self.env["billing.exception"]._open(
                agreement,
                "debit_missed",
                self.env._(
                    "%(count)s debits of %(agreement)s were not sent before the deadline. %(what)s",
                    count=len(orders),
                    agreement=agreement.display_name,
                    what=" ".join(texts),
                ),
                self.env._(
                    "See what kept them back, and whether the scheduled actions run. The payers "
                    "may have to be told."
                ),
            )

    def _is_given_up_late(self):
        """Is it dropped when it misses its deadline? A slip too that could not be sent."""
        self.ensure_one()
        return self.agreement_id.debit_late == "invoice" or (self.is_form and self.left_out)

    def _move_late(self, agreement, now):
        """Move debits, or payment slips, to the next date in reach; tells it as a sentence."""
        if self[0].is_form:
            due = agreement._form_first_due(now + MARGIN)
            self._move_to(due)
            return self.env._("The payment slips are due on %(day)s.", day=due)
        due = agreement._debit_first_due(now + MARGIN)
        if agreement.debit_notice_by == "us":
            told = agreement._debit_local(now).date()
            told += timedelta(days=agreement.debit_notice_days)
            due = max(due, agreement._debit_calendar().next_open(told))
        self._move_to(due)
        return self.env._("They are collected on %(day)s.", day=due)

    def _merge(self):
        """Collect the claims of these planned debits, of one payer and day, by the first.

        :return: the others, which are given up
        """
        first, others = self[:1], self[1:]
        if others:
            told = self.mapped("notified_on")
            originals = self.mapped("original_due_date")
            first.write(
                {
                    "notified_on": all(told) and min(told),
                    "original_due_date": all(originals) and min(originals),
                }
            )
            others.line_ids.write({"order_id": first.id})
            first._take_open_amounts()
            others._drop("merged")
        return others

    def _double_keys(self, due_date):
        """What a file may hold once: the reference of a day, for some banks the payer of a day."""
        self.ensure_one()
        agreement = self.agreement_id
        keys = {(agreement, self.reference_value, due_date)}
        # A payment slip that was sent is with the bank whatever became of its invoice.
        is_there = self.state != "withdrawn" or (self.is_form and self.file_id)
        if agreement._collects_once_a_day() and is_there:
            keys.add((agreement, self.partner_id, due_date))
        return keys

    def _come_back(self, file, hold, text):
        """The bank did not get these, or refused their file: they are planned again.

        Without ``hold`` they go with the next file, else a person releases them.
        """
        not_wanted = self.filtered("withdraw_wanted")
        self._note_answer("file_rejected" if hold == "rejected" else "file_discarded", file, text)
        self.write(
            {
                "state": "planned",
                "file_id": False,
                "record": 0,
                "hold": hold,
                "left_out": text,
                "returned_file_id": file.id,
                "withdraw_wanted": False,
            }
        )
        for reason, orders in not_wanted.grouped("withdraw_reason").items():
            orders._drop(reason)
        file._refresh_returned()

    def _withdrawal_comes_back(self, file, text):
        """The bank did not get the withdrawals of these: they are withdrawn with the next file."""
        if not self:
            return
        claims = self.line_ids.move_line_id.ids
        instead = self.env["direct.debit.order.line"].search(
            [("move_line_id", "in", claims), ("is_live", "=", True)]
        )
        instead.order_id.filtered(lambda order: order.state == "planned")._drop("part_payment")
        self._note_answer("file_discarded", file, text)
        self.env.flush_all()
        self.write(
            {
                "state": "sent",
                "withdraw_wanted": True,
                "withdrawal_file_id": False,
                "withdrawal_record": 0,
            }
        )

    def _release(self):
        """Held debits go with the next file."""
        self.write({"hold": False, "left_out": False})
        self._close_desk(("debit_left_out",))
        self._take_open_amounts()
        self.returned_file_id._refresh_returned()

    def _give_up_withdrawal(self):
        """The bank does not take these back any more."""
        for reason, orders in self.grouped("withdraw_reason").items():
            labels = dict(self._fields["withdraw_reason"]._description_selection(self.env))
            orders._put_gone_on_desk(labels.get(reason, ""))
        self.write({"withdraw_wanted": False})
