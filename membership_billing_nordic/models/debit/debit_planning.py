"""Which claims of invoices become debits, and when they are due. A few queries for a batch."""

from collections import defaultdict
from datetime import timedelta

from odoo import fields

from ...formats.references import normalise

# Nothing is planned for a deadline that the next run might miss.
MARGIN = timedelta(hours=1)


class DebitPlanner:
    """Plans debits for posted invoices."""

    def __init__(self, env):
        self.env = env(su=True)
        self.now = fields.Datetime.now()
        self._days = {}

    def plan(self, moves):
        """Make the orders for the open claims of ``moves`` that are to be collected.

        :return: the new ``direct.debit.order``
        """
        claims = self._claims(moves.with_env(self.env))
        mandates = self._mandates(claims)
        rows = []
        none = self.env["direct.debit.mandate"]
        for agreement, lines in claims.items():
            debited = lines.filtered(
                lambda line, of=agreement: mandates.get((of.id, line.partner_id.id))
            )
            wanted = debited | self._for_forms(agreement, lines - debited)
            for group in agreement._order_groups(wanted) if wanted else ():
                mandate = mandates.get((agreement.id, group.partner_id.id), none)
                if row := self._row(agreement, mandate, group):
                    rows.append(row)
        return self._create(rows)

    # ------------------------------------------------------------------ what and by whom

    def _claims(self, moves):
        """``{agreement: open receivable lines}`` of what agreements and ticks let collect."""
        wanted = moves.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.state == "posted"
                and move.mbn_agreement_id.debit_out
                and move.mbn_agreement_id.active
            )
        )
        claims = {}
        for agreement, group in wanted.grouped("mbn_agreement_id").items():
            lines = agreement._debit_invoices(group).line_ids.filtered(_is_open_claim)
            claims[agreement] = lines
        self._leave_out_collected(claims)
        return {agreement: lines for agreement, lines in claims.items() if lines}

    def _leave_out_collected(self, claims):
        every = self.env["account.move.line"].union(*claims.values())
        order_lines = self.env["direct.debit.order.line"]
        order_lines.flush_model(["is_live", "move_line_id"])
        live = order_lines.search_fetch(
            [("move_line_id", "in", every.ids), ("is_live", "=", True)], ["move_line_id"]
        ).move_line_id
        if live:
            for agreement in claims:
                claims[agreement] -= live

    def _mandates(self, claims):
        agreements = self.env["bank.agreement"].union(*claims)
        payers = self.env["account.move.line"].union(*claims.values()).partner_id
        return usable_mandates(agreements, payers)

    def _for_forms(self, agreement, lines):
        """Those of ``lines`` for which the bank sends payment slips: no mandate is in force."""
        if not lines or not agreement._sends_forms():
            return lines.browse()
        having = payers_with_mandates(agreement, lines.partner_id)
        return lines.filtered(lambda line: line.partner_id not in having)

    # ------------------------------------------------------------------ when

    def _row(self, agreement, mandate, claims):
        """What is known of one order; None when it cannot be collected."""
        due = self.day_of(agreement, min(claims.mapped("date_maturity")), mandate)
        if not due or (mandate and not mandate._covers(due)):
            return None
        amounts = {claim: claim.amount_residual_currency for claim in claims}
        return agreement, mandate, claims, due, amounts

    def day_of(self, agreement, due, mandate):
        """The day of the debit: the due date, or the next one in reach; None for neither.

        Without a ``mandate`` it is the day on which a payment slip is due.
        """
        if not mandate:
            return self._form_day_of(agreement, agreement._form_day(due))
        told_by_us = agreement.debit_notice_by == "us" and mandate.written_notice != "no"
        key = (agreement, agreement._debit_day(due), told_by_us)
        if key not in self._days:
            self._days[key] = self._day_in_reach(*key)
        return self._days[key]

    def _day_in_reach(self, agreement, due, told_by_us):
        notice_until = agreement._debit_local(self.now).date()
        if told_by_us:
            notice_until += timedelta(days=agreement.debit_notice_days)
        at = self.now + MARGIN
        if agreement._debit_deadline(due) >= at and notice_until <= due:
            return due
        if agreement.debit_late == "invoice":
            return None
        calendar = agreement._debit_calendar()
        return max(agreement._debit_first_due(at), calendar.next_open(notice_until))

    def _form_day_of(self, agreement, due):
        at = self.now + MARGIN
        if self._deadline(agreement, due, True) >= at:
            return due
        return None if agreement.debit_late == "invoice" else agreement._form_first_due(at)

    # ------------------------------------------------------------------ writing

    def _create(self, rows):
        if not rows:
            return self.env["direct.debit.order"]
        orders = self.env["direct.debit.order"].create([self._order_vals(*row) for row in rows])
        self.env["direct.debit.order.line"].create(
            [
                vals
                for order, (_agreement, _mandate, _claims, _due, amounts) in zip(
                    orders, rows, strict=True
                )
                for vals in self._line_vals(order, amounts)
            ]
        )
        self._tell_days(orders, rows)
        return orders

    def _tell_days(self, orders, rows):
        """The claims are due on the days of their debits, and the payers must know them."""
        moved = defaultdict(list)
        for _agreement, _mandate, claims, due, _amounts in rows:
            moved[due] += [claim.id for claim in claims if claim.date_maturity != due]
        for due, ids in moved.items():
            self.env["account.move.line"].browse(ids)._mbn_move_due_date(due)
        if not self.env.context.get("mbn_rehearsal"):
            orders.filtered(lambda order: order._needs_notice())._send_notice()

    def _order_vals(self, agreement, mandate, claims, due, amounts):
        reference = agreement._order_reference(claims)
        return {
            "agreement_id": agreement.id,
            "company_id": agreement.company_id.id,
            "currency_id": agreement.currency_id.id,
            "partner_id": claims.partner_id.id,
            "mandate_id": mandate.id,
            "due_date": due,
            "original_due_date": min(claims.mapped("date_maturity")),
            "reference": reference,
            "reference_value": normalise(reference),
            "amount": agreement.currency_id.round(sum(amounts.values())),
            "deadline": self._deadline(agreement, due, not mandate),
            "send_from": not mandate and agreement._form_send_from(self.now),
        }

    def _deadline(self, agreement, due, is_form):
        deadline = agreement._form_deadline if is_form else agreement._debit_deadline
        key = (agreement, due, "form" if is_form else "debit")
        if key not in self._days:
            self._days[key] = deadline(due)
        return self._days[key]

    def _line_vals(self, order, amounts):
        return [
            {
                "order_id": order.id,
                "company_id": order.company_id.id,
                "currency_id": order.currency_id.id,
                "move_line_id": claim.id,
                "invoice_id": claim.move_id.id,
                "amount": amount,
                "is_live": True,
            }
            for claim, amount in amounts.items()
        ]


def usable_mandates(agreements, payers):
    """``{(agreement id, payer id): mandate}`` of those that are active."""
    found = agreements.env["direct.debit.mandate"]._live_of(agreements, payers)
    return {key: mandate for key, mandate in found.items() if mandate.state == "active"}


def payers_with_mandates(agreement, payers):
    """Those of ``payers`` who have a mandate in force, be it under a former payer number."""
    active = agreement.env["direct.debit.mandate"].search(
        [
            ("agreement_id", "=", agreement.id),
            ("partner_id", "in", payers.ids),
            ("state", "=", "active"),
        ]
    )
    return active.partner_id


def _is_open_claim(line):
    return (
        line.account_type == "asset_receivable"
        and not line.reconciled
        and line.amount_residual_currency > 0
    )
