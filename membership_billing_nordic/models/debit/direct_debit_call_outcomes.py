"""What comes of calling a payer, and what is done about it."""

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .debit_planning import DebitPlanner
from .direct_debit_order import AT_THE_BANK


class DirectDebitCall(models.Model):
    _inherit = "direct.debit.call"

    def _record(self, outcome, day=None, next_contact=None, note="", way=None):
        """Record what came of calling these payers, and do what follows from it.

        :param day: of outcome ``new_date``: when the payer is debited, or pays
        :param next_contact: when to call again; by default what suits the outcome
        :param way: of outcome ``link_sent``: ``email`` or ``sms``
        """
        for call in self._lock_open():
            result, suggested = call._act(outcome, day, way)
            call._keep_outcome(outcome, next_contact or suggested, note=note, result=result)

    def _act(self, outcome, day, way):
        """Do what follows from an outcome: what was done as text, and when to call again."""
        again = self._call_again_on()
        if outcome == "new_date":
            return self._agree_on_date(day)
        if outcome == "link_sent":
            return self._send_link(way), again
        return False, again

    def _keep_outcome(self, outcome, next_contact, **values):
        self.ensure_one()
        self.write(
            {
                "outcome": outcome,
                "next_contact": next_contact,
                "attempts": self.attempts + 1 if outcome == "no_answer" else 0,
            }
        )
        self._set_state()
        return self._note(outcome, next_contact=next_contact, **values)

    def _call_again_on(self):
        """The day of the next call where nothing else was agreed on."""
        agreement = self.agreement_id
        return agreement._debit_calendar().forward(self._today(), agreement.call_again_days)

    # ------------------------------------------------------------------ a new date

    def _agree_on_date(self, day):
        """Debit the claims on ``day`` if there is a mandate, else the payer pays until then."""
        self.ensure_one()
        self._check_day(day)
        calendar = self.agreement_id._debit_calendar()
        if orders := self._collect_on(day):
            debited = max(orders.mapped("due_date"))
            self.promised_on = False
            silence = self.agreement_id.debit_silence_days
            return self.env._(
                "Will be debited on %(day)s", day=format_date(self.env, debited)
            ), calendar.forward(debited, silence + 1)
        self.promised_on = day
        text = self.env._("Will be paid by the payer until %(day)s", day=format_date(self.env, day))
        for invoice in self._open_invoices():
            invoice._message_log(body=text)
        return text, calendar.forward(day, 1)

    def _check_day(self, day):
        if not day or day < self._today():
            raise UserError(self.env._("Choose a day that is to come."))
        if (day - self._today()).days > self.agreement_id.debit_max_days_ahead:
            raise UserError(
                self.env._(
                    "%(day)s is too far ahead: choose a day within %(limit)s days.",
                    day=format_date(self.env, day),
                    limit=self.agreement_id.debit_max_days_ahead,
                )
            )

    def _collect_on(self, day):
        """Plan the debits of the open claims for ``day``, or the next day in reach.

        :return: the planned orders; none when the payer cannot be debited then
        """
        claims = self._claims_owed()
        live = claims.mbn_order_line_ids.filtered("is_live").order_id
        if at_bank := live.filtered(lambda order: order.state in AT_THE_BANK):
            raise UserError(
                self.env._(
                    "%(invoices)s: the bank debits the payer on %(day)s already.",
                    invoices=at_bank[0].invoice_names,
                    day=format_date(self.env, at_bank[0].due_date),
                )
            )
        due = self._debit_day(day)
        if not due:
            return live.browse()
        live._move_to(due)
        rest = claims - live.line_ids.move_line_id
        rest = rest.filtered(lambda claim: claim.move_id in self._collectable(rest.move_id))
        rest._mbn_move_due_date(due)
        return live | rest.move_id._mbn_plan_orders()

    def _debit_day(self, day):
        """When the payer is debited if it is wished for ``day``; False when that is impossible."""
        agreement, payer = self.agreement_id, self.partner_id
        mandate = self.env["direct.debit.mandate"]._live_of(agreement, payer)
        mandate = mandate.get((agreement.id, payer.id))
        if not agreement.debit_out or not mandate or mandate.state != "active":
            return False
        due = DebitPlanner(self.env).day_of(agreement, day, mandate)
        return due if due and mandate._covers(due) else False

    def _collectable(self, invoices):
        agreement = self.agreement_id
        return agreement._debit_invoices(
            invoices.filtered(lambda move: move.mbn_agreement_id == agreement)
        )

    def _claims_owed(self):
        return self.claim_ids.filtered(
            lambda claim: claim.parent_state == "posted" and claim.amount_residual_currency > 0
        )

    def _open_invoices(self):
        """The invoices of which something is still to be paid."""
        return self.sudo()._claims_owed().move_id.sorted("id")

    # ------------------------------------------------------------------ beforehand

    def _earliest_date(self):
        """The first day on which the payer can be debited; without a mandate the next call."""
        self.ensure_one()
        return self._debit_day(self._today()) or self._call_again_on()

    def _foretell(self, outcome, day, way):
        """What recording an outcome will do, as text."""
        self.ensure_one()
        if outcome == "link_sent":
            return self._foretell_link(way)
        if outcome != "new_date" or not day or day < self._today():
            return False
        if due := self._debit_day(day):
            return self.env._(
                "The payer's account is debited on %(day)s.", day=format_date(self.env, due)
            )
        return self.env._(
            "No debit can be made for lack of a mandate: the payer pays the invoices until then."
        )

    def _foretell_link(self, way):
        """Where the links will be sent. For rooms that deliver."""
        return False

    # ------------------------------------------------------------------ for other rooms

    def _send_link(self, way):
        """Send the payer the links to pay; what was sent, as text. For rooms that deliver."""
        return False

    def _open_lower_amount(self):
        """The action by which the payer pays less from now on. For rooms that know for what."""
        return False

    def _open_leave(self):
        """The action by which the payer leaves. For rooms that know what from."""
        return False

    # ------------------------------------------------------------------ buttons

    def action_no_answer(self):
        """Nobody answered: call again on the next suitable day."""
        self._check_may_record()
        self._record("no_answer")

    def action_new_date(self):
        """Ask for the day on which the payer is debited, or pays."""
        return self._ask("new_date", self.env._("New Date"))

    def action_send_link(self):
        """Ask how the links to pay are sent."""
        return self._ask("link_sent", self.env._("Send Link"))

    def action_record(self):
        """Ask what came of the call."""
        return self._ask(False, self.env._("Record Outcome"))

    def _ask(self, outcome, title):
        self._check_may_record()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "direct.debit.call.outcome",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_call_ids": self.ids, "default_outcome": outcome},
        }

    def action_lower_amount(self):
        """Note that the payer wants to pay less, and open the change of the membership."""
        self._check_may_record()
        self.ensure_one()
        self._record("lower_amount")
        return self._open_lower_amount()

    def action_leave(self):
        """Note that the payer wants to leave, and open the end of the membership."""
        self._check_may_record()
        self.ensure_one()
        self._record("leave")
        return self._open_leave()

    def action_close(self):
        """Nobody is to call these payers any more, although something may be open."""
        self._check_may_record()
        self._lock_open()._finish("closed")

    def action_reopen(self):
        """Call a payer after all whose row a person has closed."""
        self._check_may_record()
        calls = self.sudo()
        for call in calls:
            others = calls._open_rows([(call.agreement_id, call.partner_id)])
            if call.state != "done" or others:
                raise UserError(
                    self.env._(
                        "%(payer)s is on the list already. Reload the page.",
                        payer=call.partner_id.display_name,
                    )
                )
            call._reopen()

    def action_take(self):
        """Make the user the owner of these rows."""
        self._check_may_record()
        self.sudo().user_id = self.env.uid

    def action_show_orders(self):
        """Show the debits that failed."""
        self.env["direct.debit.order"].check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_direct_debit_order"
        )
        orders = self.order_ids
        action |= {"domain": [("id", "in", orders.ids)], "context": {"create": False}}
        if len(orders) == 1:
            action |= {"views": [(False, "form")], "res_id": orders.id}
        return action
