from collections import defaultdict
from datetime import timedelta
from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from . import schedule
from .membership_contract_alter import RUNNING

# What of a period that was cut is counted, by the plan's rule; by any other rule it is owed.
OWED_BY = {
    "day": lambda months, first, last: (last - first).days + 1,
    "month": lambda months, first, last: months.index_of(last) - months.index_of(first) + 1,
}
# Reasons for which nobody has to give notice.
WITHOUT_NOTICE = ("deceased", "duplicate")


class MembershipContract(models.Model):
    """How a membership ends: notice, binding, and what was charged for the time after it."""

    _inherit = "membership.contract"

    exit_charge_id = fields.Many2one(
        "membership.charge",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="What leaving within the binding period costs.",
    )

    # -- when it may end -------------------------------------------------------------

    def _notice_end(self, day):
        """The earliest last day by notice, given on ``day``."""
        self.ensure_one()
        return schedule.add_months(day, self._plan_on(day).notice_months)

    def _binding_end(self, day):
        """The last day of the binding period that ``day`` is in; None when it is in none."""
        self.ensure_one()
        months = self._plan_on(day).binding_months
        if not months:
            return None
        since = self._plan_start_on(day)
        last = schedule.add_months(since, months) - timedelta(days=1)
        if self._plan_on(day).freeze_extends_binding:
            last = self._later_by_freezes(since, last)
        return last if last >= day else None

    def _earliest_end(self, day):
        """The earliest last day, by notice and binding, of somebody who leaves on ``day``."""
        self.ensure_one()
        day = max(day, self.date_start)
        return max(self._notice_end(day), self._binding_end(day) or day)

    def _exit_fee_on(self, day):
        """What it costs to have ``day`` as the last day."""
        self.ensure_one()
        binding_end = self._binding_end(max(day, self.date_start))
        return self._plan_on(day).exit_fee if binding_end and binding_end > day else 0.0

    def _check_notice(self, day, asked_on, reason=False, by_agreement=False):
        """May the contracts end with ``day`` when that is asked for on ``asked_on``?

        :raises UserError: naming the earliest day
        """
        if by_agreement or reason in WITHOUT_NOTICE:
            return
        for contract in self:
            earliest = contract._earliest_end(asked_on)
            if day < earliest:
                raise UserError(
                    self.env._(
                        "By notice and binding, %(contract)s ends on %(day)s at the earliest. A "
                        "billing user may agree on another day.",
                        contract=contract.display_name,
                        day=format_date(self.env, earliest),
                    )
                )

    # -- ending ----------------------------------------------------------------------

    def _end(self, day, reason=False, note=False, credit=False, exit_fee=False, quiet=False):
        """Let the contracts end with ``day`` as their last day.

        Charges for the time after it that wait to be invoiced are dropped.

        :param credit: credit what was invoiced for the time after ``day``, as far as it is not
            owed by the plan's rule for part of a period
        :param exit_fee: charge what leaving within the binding period costs
        :param quiet: credit notes are not sent
        :raises UserError: a contract that is not running, or an end before the start
        :return: the credit notes
        """
        self._check_can_end(day)
        return self._end_with(day, reason, note, credit, exit_fee, quiet)

    def _end_with(self, day, reason, note, credit, exit_fee=False, quiet=False):
        """The same for contracts that may end then, or have ended later than that."""
        for contract in self:
            if contract.date_end:
                contract._pick_up_charges()
            today = contract.company_id._billing_today()
            contract._write_dated({"date_end": day, "end_reason": reason}, today, reason, note)
        notes = self.env["account.move"]
        for contract in self:
            notes |= contract._settle_after(day, credit, quiet)
            if exit_fee and contract._exit_fee_on(day):
                contract._charge_exit_fee(day)
        self._refresh_status()
        return notes

    def _check_can_end(self, day):
        if any(contract.state not in RUNNING for contract in self):
            raise UserError(self.env._("Only a confirmed membership can be ended."))
        for contract in self:
            if day < contract.date_start:
                raise UserError(
                    self.env._(
                        "%(contract)s starts on %(day)s: it cannot end before.",
                        contract=contract.display_name,
                        day=format_date(self.env, contract.date_start),
                    )
                )

    def action_undo_end(self):
        """Let contracts that end or have ended go on, as if they had not been ended.

        A pause that was not over goes on too. What was credited because of the end stays credited; periods that were credited as a
        whole are billed again.
        """
        self.check_access("write")
        for contract in self.filtered("date_end"):
            last, ended = contract.date_end, contract.state == "ended"
            contract._pick_up_charges()
            vals = {"date_end": False, "end_reason": False}
            day = contract.company_id._billing_today()
            if ended:
                vals["state"] = "paused" if contract.paused_from else "confirmed"
                day = max(filter(None, (last + timedelta(days=1), contract.paused_from)))
            contract._write_dated(vals, day, "correction")
        self._refresh_status()

    def _charge_exit_fee(self, day):
        plan = self._plan_on(day)
        lang = self.payer_id.lang or self.env.lang
        env = self.with_context(lang=lang).env
        text = env._("Leaving %(plan)s within the binding period", plan=plan.with_env(env).name)
        self.exit_charge_id = self._charge_once(
            plan.product_id, text, 1.0, plan.exit_fee, self.company_id._billing_today()
        )

    # -- what was charged for the time after the end ---------------------------------

    def _left_after(self, day, is_end=True):
        """What is charged for the time after ``day`` and is not owed when that is the last day.

        A period that begins later is not owed at all; of one under way the plan's rule for part
        of a period tells how much is.

        :param is_end: False when it does not end but changes in mid-period
        :return: dict of charge to amount, tax included, less what is credited already
        """
        charges = (
            self.env["membership.charge"]
            .sudo()
            .search(
                [
                    ("contract_id", "in", self.ids),
                    ("period_id.date_to", ">", day),
                    ("period_id.state", "in", ("open", "paid")),
                    ("taken_back", "=", False),
                    "|",
                    ("state", "!=", "void"),
                    ("cut_amount", ">", 0.0),
                ],
                order="period_id, instalment, id",
            )
        )
        sums = defaultdict(charges.browse)
        for charge in charges:
            sums[charge.period_id, charge.kind, charge.product_id, charge.name] |= charge
        credited = charges._credited_amounts()
        left = {}
        for (period, *_what), parts in sums.items():
            share = period.contract_id._share_owed(period, parts, day, is_end)
            left |= parts._beyond(share, credited)
        return left

    def _share_owed(self, period, charges, day, is_end):
        """The part of the period's ``charges`` that is owed when ``day`` is the last day.

        A period that was cut is shorter than what its charges were for.

        :param is_end: the membership ends, so that the plan's rule for that holds
        """
        first = min(filter(None, charges.mapped("date_from")), default=period.date_from)
        last = max(filter(None, charges.mapped("date_to")), default=period.date_to)
        if day < first:
            return Fraction(0)
        plan = period.plan_id
        count = OWED_BY.get(plan._end_rule() if is_end else plan.first_period)
        if not count or day >= last:
            return Fraction(1)
        months = self._months_of(period.plan_id, period.date_from)
        return Fraction(count(months, first, day), count(months, first, last))

    def _months_of(self, plan, day):
        """The months by which a period of ``plan`` that begins on ``day`` is counted."""
        grid = plan._rules().grid_from(self.date_start, self._plan_start_on(day))
        return schedule.Grid(1, grid.anchor)

    def _settle_after(self, day, credit, quiet):
        """Drop, and with ``credit`` credit, what is charged for the time after ``day``.

        :return: the credit notes
        """
        notes = self.env["account.move"]
        left = self._left_after(day)
        charges = self.env["membership.charge"].sudo().browse([charge.id for charge in left])
        waiting = charges.filtered(lambda charge: charge.state == "to_invoice")
        waiting._drop(left)
        billed = (charges - waiting).filtered(lambda charge: charge.invoice_id.state == "posted")
        if credit and billed:
            text = self.env._("Membership ended on %(day)s", day=format_date(self.env, day))
            notes = billed._credit({charge: left[charge] for charge in billed}, text, quiet)
        later = self.sudo().period_ids.filtered(
            lambda period: (
                period.date_from > day
                and (period in charges.period_id or (period.state == "paid" and not period.amount))
            )
        )
        self._give_back(later)
        return notes

    @api.model
    def _give_back(self, periods):
        """Periods of which everything was dropped or credited can be billed again."""
        for period in periods:
            charges = period.charge_ids.filtered(lambda charge: charge.state != "void")
            credited = charges._credited_amounts()
            if not any(
                charge.currency_id.compare_amounts(charge.amount, credited.get(charge, 0.0)) > 0
                for charge in charges
            ):
                period.charge_ids._take_back()
                period.state = "void"

    def _pick_up_charges(self):
        """The end is taken back: what waited to be invoiced when it was decided waits again."""
        fee = self.sudo().exit_charge_id
        if fee.state == "to_invoice":
            fee.state = "void"
        self.exit_charge_id = False
        self.sudo().charge_ids.filtered("dropped_amount")._pick_up()
