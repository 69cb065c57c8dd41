"""Freezes: pauses by the rules of the plan, and what they cost."""

from datetime import date, timedelta
from fractions import Fraction

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from . import schedule
from .membership_contract_end import OWED_BY

NEEDS_AN_END = ("month", "part")


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    freeze_charge_id = fields.Many2one(
        "membership.charge",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="What the last freeze costs.",
    )

    # -- rules -----------------------------------------------------------------------

    def _check_freeze(self, day, resume, reason=False, by_agreement=False):
        """May the contracts be frozen from ``day`` to the day before ``resume`` (False: open)?

        :raises UserError: the first rule of the plan that stands against it
        """
        if by_agreement:
            return
        for contract in self:
            if problems := contract._freeze_problems(day, resume, reason):
                raise UserError(
                    self.env._(
                        "%(contract)s: %(problem)s A billing user may agree on another freeze.",
                        contract=contract.display_name,
                        problem=problems[0],
                    )
                )

    def _check_freeze_goes_on(self, day):
        """May the freeze that is decided on last until the day before ``day``?"""
        for contract in self:
            plan, first = contract._plan_on(contract.paused_from), contract.paused_from
            longest = plan.freeze_max_days
            if longest and (day - first).days > longest:
                raise UserError(self.env._("A freeze is %(days)s days at most.", days=longest))

    def _freeze_problems(self, day, resume, reason=False):
        """The rules of the plan that a freeze would break, in words."""
        self.ensure_one()
        plan = self._plan_on(day)
        if not plan.freeze_allowed:
            return [self.env._("Memberships of %(plan)s cannot be frozen.", plan=plan.display_name)]
        return [
            *self._freeze_reason_problems(plan, reason),
            *self._freeze_start_problems(plan, day),
            *self._freeze_length_problems(plan, day, resume),
        ]

    def _freeze_reason_problems(self, plan, reason):
        allowed = plan.sudo().freeze_reason_ids
        if not allowed or reason in allowed.mapped("reason"):
            return
        names = dict(allowed._fields["reason"]._description_selection(self.env))
        yield self.env._(
            "It can be frozen for these reasons only: %(reasons)s.",
            reasons=", ".join(names[row.reason] for row in allowed),
        )

    def _freeze_start_problems(self, plan, day):
        earliest = self._earliest_freeze(plan)
        if earliest and day < earliest:
            yield self.env._(
                "It can be frozen from %(day)s on at the earliest.",
                day=format_date(self.env, earliest),
            )

    def _earliest_freeze(self, plan):
        """The first day of a freeze asked for today; None: any."""
        days = []
        if plan.freeze_notice_days:
            today = self.company_id._billing_today()
            days.append(today + timedelta(days=plan.freeze_notice_days))
        if plan.freeze_after_months:
            days.append(schedule.add_months(self.date_start, plan.freeze_after_months))
        return max(days, default=None)

    def _freeze_length_problems(self, plan, day, resume):
        if not resume:
            if plan.freeze_max_days or plan.freeze_year_days or plan.freeze_charge in NEEDS_AN_END:
                yield self.env._("Enter the day on which it goes on.")
            return
        length = (resume - day).days
        if length < plan.freeze_min_days:
            yield self.env._("A freeze is %(days)s days at least.", days=plan.freeze_min_days)
        if plan.freeze_max_days and length > plan.freeze_max_days:
            yield self.env._("A freeze is %(days)s days at most.", days=plan.freeze_max_days)
        if plan.freeze_year_days:
            yield from self._freeze_year_problems(plan, day, resume)

    def _freeze_year_problems(self, plan, day, resume):
        pauses = [*self._pauses().get(self.id, ()), (day, resume - timedelta(days=1))]
        for year in range(day.year, resume.year + 1):
            first, last = date(year, 1, 1), date(year, 12, 31)
            spans = schedule.merged(pauses)
            frozen = sum(
                max((min(end or last, last) - max(begin, first)).days + 1, 0)
                for begin, end in spans
            )
            if frozen > plan.freeze_year_days:
                yield self.env._(
                    "It would be frozen %(days)s days in %(year)s, %(most)s are allowed.",
                    days=frozen,
                    year=year,
                    most=plan.freeze_year_days,
                )

    def _later_by_freezes(self, since, last):
        """``last``, later by the days of freezes from ``since`` on that began by then."""
        today = self.company_id._billing_today()
        for begin, end in self._pauses().get(self._origin.id, ()):
            first, final = max(begin, since), end or today - timedelta(days=1)
            if first <= last and final >= first:
                last += timedelta(days=(final - first).days + 1)
        return last

    # -- what it brings with it ------------------------------------------------------

    def _is_cut_by_pause(self, day):
        """Is what is invoiced for the time from ``day`` on given back?"""
        plan = self._stood_on(day).plan_id or self._plan_on(day)
        return plan.change_timing == "middle" and plan.first_period in OWED_BY

    def _pause_left(self, day):
        """What is taken off by a pause from ``day`` on: dict of charge to amount."""
        if not self._is_cut_by_pause(day):
            return {}
        return self.sudo()._left_after(day - timedelta(days=1), is_end=False)

    def _freeze(self, day, resume):
        """What a pause from ``day`` on gives back and costs."""
        if self._is_cut_by_pause(day):
            self._give_paused_time_back(day)
        self.sudo().freeze_charge_id = self._charge_freeze(day, resume)

    def _give_paused_time_back(self, day):
        """What is invoiced for the time from ``day`` on is; when it goes on that is billed anew."""
        env = self.with_context(lang=self.payer_id.lang or self.env.lang).env
        self._cut_off(day, env._("Paused from %(day)s on", day=format_date(env, day)))

    def _unfreeze(self, day):
        """The pause ends with the day before ``day``: what it cost for the time after is not owed."""
        charge = self.sudo().freeze_charge_id
        if not charge.date_from or charge.state == "void" or charge.date_to < day:
            return
        share = Fraction(0)
        if day > charge.date_from:
            planned = _months_begun(charge.date_from, charge.date_to)
            used = _months_begun(charge.date_from, day - timedelta(days=1))
            by_month = self._plan_on(charge.date_from).freeze_charge in NEEDS_AN_END
            share = Fraction(used, planned) if by_month else Fraction(1)
        left = charge._beyond(share, charge._credited_amounts())
        env = self.with_context(lang=self.payer_id.lang or self.env.lang).env
        text = env._("Goes on on %(day)s", day=format_date(env, day))
        self.sudo()._take_off(left, text, self.plan_id.change_settlement == "next")

    def _move_resume(self, day):
        """A paused membership goes on on another day than planned; its cost follows."""
        for contract in self:
            contract._unfreeze(contract.paused_from)
            planned = contract.resume_date
            if planned and planned < day and contract._is_cut_by_pause(contract.paused_from):
                contract._give_paused_time_back(planned)
            charge = contract._charge_freeze(contract.paused_from, day)
            contract.sudo().freeze_charge_id = charge
            contract.resume_date = day
        self._refresh_status()

    def _charge_freeze(self, day, resume):
        """Charge what a freeze costs; gives the charge, empty when it costs nothing."""
        plan, price = self._plan_on(day), self._freeze_price(day, resume)
        charges = self.env["membership.charge"].sudo()
        if not price:
            return charges
        env = self.with_context(lang=self.payer_id.lang or self.env.lang).env
        charge = self._charge_once(
            plan.sudo().freeze_product_id or plan.sudo().product_id,
            env._("Freeze of %(plan)s", plan=plan.with_env(env).name),
            1.0,
            price,
        )
        if resume:
            charge.write({"date_from": day, "date_to": resume - timedelta(days=1)})
        return charge

    def _freeze_price(self, day, resume):
        """What a freeze costs, with or without tax as the product's price."""
        plan = self._plan_on(day)
        months = _months_begun(day, resume - timedelta(days=1)) if resume else 0
        if plan.freeze_charge == "once":
            return plan.freeze_fee
        if plan.freeze_charge == "month":
            return plan.freeze_fee * months
        if plan.freeze_charge == "part":
            own = self._own_price_on(plan.id, day)
            price = self._price_on(day).amount if own is None else own
            whole = price * months / schedule.MONTHS_PER_TERM[plan.term]
            return self.currency_id.round(whole * plan.freeze_percent / 100)
        return 0.0

    def _freeze_rows(self, day, vals):
        """Rules that stand against it, what is given back, and what it costs."""
        resume = vals.get("resume_date")
        rows = [
            self._consequence("rule", problem)
            for problem in self._freeze_problems(day, resume, vals.get("reason"))
        ]
        left = self._pause_left(day)
        waiting = {charge: left[charge] for charge in left if charge.state == "to_invoice"}
        if waiting:
            text = self.env._("Waits to be invoiced for the time after: dropped")
            rows.append(self._consequence("dropped", text, sum(waiting.values())))
        billed = [charge for charge in left if charge not in waiting]
        for invoice, charges in self._by_invoice(billed):
            text = self.env._("%(invoice)s: credited for the rest", invoice=invoice.name)
            amount = sum(left[charge] for charge in charges)
            rows.append(self._consequence("credit", text, amount))
        if price := self._freeze_price(day, resume):
            rows.append(self._consequence("freeze", self.env._("What the freeze costs"), price))
        plan = self._plan_on(day)
        if plan.freeze_extends_binding and self._binding_end(day):
            text = self.env._("The binding period ends later by the days of the freeze")
            rows.append(self._consequence("notice", text))
        return rows


def _months_begun(first, last):
    months = schedule.Grid(1, first)
    return months.index_of(last) + 1
