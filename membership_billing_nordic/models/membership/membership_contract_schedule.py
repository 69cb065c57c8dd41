from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.tools import SQL

from . import schedule

# States of the periods that stand, and of those for which nothing is owed.
TAKEN = ("open", "paid", "credited")
SETTLED = ("paid", "credited")


class MembershipContract(models.Model):
    """Which periods a contract has, lacks and is to get, and at which price."""

    _inherit = "membership.contract"

    charge_ids = fields.One2many(
        "membership.charge", "contract_id", string="Charges", readonly=True
    )
    next_invoice_date = fields.Date(
        string="Next Invoice",
        compute="_compute_next_invoice_date",
        store=True,
        index=True,
        help="The first day on which a billing run has something to invoice.",
    )

    @api.depends(
        "next_period_start",
        "plan_id.lead_days",
        "next_plan_id.lead_days",
        "next_plan_date",
        "charge_ids.state",
        "charge_ids.date_invoice",
    )
    def _compute_next_invoice_date(self):
        waiting = self._origin._waiting_since()
        for contract in self:
            days = [waiting.get(contract._origin.id)]
            if start := contract.next_period_start:
                lead_days = contract._plan_on(start).lead_days
                days.append(start - timedelta(days=lead_days))
            contract.next_invoice_date = min(filter(None, days), default=False)

    def _waiting_since(self):
        """Contract id to the day on which its first waiting charge is to be invoiced."""
        groups = (
            self.env["membership.charge"]
            .sudo()
            ._read_group(
                [("contract_id", "in", self.ids), ("state", "=", "to_invoice")],
                ["contract_id"],
                ["date_invoice:min"],
            )
        )
        return {contract.id: day for contract, day in groups}

    @api.depends(
        "period_ids.state",
        "period_ids.date_from",
        "period_ids.date_to",
        "change_ids.state",
        "change_ids.date",
        "state",
        "billed_from",
        "date_start",
        "date_end",
        "resume_date",
        "plan_id",
    )
    def _compute_coverage(self):
        contracts = self._origin
        taken = contracts._covered_spans(TAKEN)
        settled = contracts._covered_spans(SETTLED)
        pauses = contracts._pauses()
        for contract in self:
            key, first = contract._origin.id, contract.billed_from
            if not first:
                contract.paid_until = contract.next_period_start = False
                continue
            contract.next_period_start = schedule.first_open_day(
                first, contract._last_day(), taken.get(key, ()), pauses.get(key, ())
            )
            until = schedule.settled_until(first, settled.get(key, ()), pauses.get(key, ()))
            if not until and contract.date_start < first:
                until = first - timedelta(days=1)
            contract.paid_until = until

    def _periods_due(self, until):
        """The periods that are to be invoiced by ``until`` and do not exist yet.

        A period is invoiced the plan's lead days before it begins. Days before "billed
        from", after the end and in a pause are never in a period.

        :return: dict of contract id to a list of PeriodPlan; without those that owe nothing
        """
        due = self.filtered(
            lambda contract: (
                contract.state != "draft"
                and contract.next_period_start
                and contract.next_period_start <= contract._latest_start(until)
            )
        )
        taken, pauses = due._covered_spans(TAKEN), due._pauses()
        periods = {}
        for contract in due:
            plan = contract.plan_id
            periods[contract.id] = list(
                schedule.open_periods(
                    plan._grid(contract.date_start),
                    contract.date_start,
                    contract.billed_from,
                    contract._latest_start(until),
                    contract._last_day(),
                    plan.first_period,
                    taken.get(contract.id, ()),
                    pauses.get(contract.id, ()),
                )
            )
        return {key: plans for key, plans in periods.items() if plans}

    def _latest_start(self, until):
        return until + timedelta(days=self.plan_id.lead_days)

    def _last_day(self):
        """The last day that can be invoiced; None when there is no end."""
        self.ensure_one()
        if self.plan_id.renewal != "none" or not self.date_start:
            return self.date_end or None
        grid = self.plan_id._grid(self.date_start)
        only = grid.start(grid.index_of(self.date_start) + 1) - timedelta(days=1)
        return min(only, self.date_end) if self.date_end else only

    def _covered_spans(self, states):
        """Contract id to the stretches that its periods in ``states`` cover, joined and in order.

        Periods of a contract never overlap, so a stretch without a gap is one in which the
        first day less the number of days before it is always the same.
        """
        if not self.ids:
            return {}
        self.env["membership.period"].flush_model(["contract_id", "date_from", "date_to", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT contract_id, min(date_from), max(date_to)
                  FROM (SELECT contract_id, date_from, date_to,
                               date_to - sum(date_to - date_from + 1) OVER (
                                   PARTITION BY contract_id ORDER BY date_from
                               )::integer AS stretch
                          FROM membership_period
                         WHERE contract_id = ANY(%(contracts)s) AND state = ANY(%(states)s)
                       ) period
                 GROUP BY contract_id, stretch
                 ORDER BY contract_id, min(date_from)
                """,
                contracts=self.ids,
                states=list(states),
            )
        )
        spans = defaultdict(list)
        for contract_id, first, last in rows:
            spans[contract_id].append((first, last))
        return spans

    def _pauses(self):
        """Contract id to its pauses (first day, last day or None while it lasts), in order."""
        changes = self.env["membership.contract.change"].sudo()
        paused = changes._read_group(
            [("contract_id", "in", self.ids), ("state", "=", "paused")], ["contract_id"]
        )
        rows = changes.search(
            [
                ("contract_id", "in", [contract.id for (contract,) in paused]),
                ("kind", "=", "status"),
            ],
            order="date, id",
        )
        pauses = defaultdict(list)
        since = {}
        for row in rows:
            contract = row.contract_id
            if row.state == "paused":
                since.setdefault(contract, row.date)
            elif begin := since.pop(contract, None):
                pauses[contract.id].append((begin, row.date - timedelta(days=1)))
        for contract, begin in since.items():
            end = contract.resume_date and contract.resume_date - timedelta(days=1)
            pauses[contract.id].append((begin, end or None))
        return {
            key: [span for span in spans if span[1] is None or span[0] <= span[1]]
            for key, spans in pauses.items()
        }

    def _price_on(self, day, number=1):
        """The plan's price of a period that begins on ``day``; empty when there is none.

        :param number: the how-manieth period of the contract it is
        """
        self.ensure_one()
        age = self._member_age_on(day)
        return self.plan_id.price_ids.filtered(lambda price: price._fits(day, age, number))[:1]

    def _prices_for(self, periods):
        """The prices of many contracts' periods.

        :param periods: dict of contract id to a list of PeriodPlan, as from
            :meth:`_periods_due`
        :return: dict of (contract id, first day of the period) to a ``membership.plan.price``,
            which is empty when the plan has no price then
        """
        contracts = self.filtered(lambda contract: contract.id in periods)
        return {
            (contract.id, period.date_from): contract._price_on(period.date_from, period.number)
            for contract in contracts
            for period in periods[contract.id]
        }

    def _member_age_on(self, day):
        born = self.sudo().member_id.mbn_birth_date
        return relativedelta(day, born).years if born else None
