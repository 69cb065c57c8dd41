from collections import defaultdict
from datetime import timedelta
from functools import cache

from odoo import api, fields, models
from odoo.tools import SQL

from . import schedule
from .billing_sale import Due

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
        "next_plan_id",
    )
    def _compute_coverage(self):
        contracts = self._origin
        taken = contracts._covered_spans(TAKEN)
        settled = contracts._settled_spans()
        pauses = contracts._pauses()
        owed = contracts.browse(pauses)._covered_spans(("open",))
        for contract in self:
            key, first = contract._origin.id, contract.billed_from
            if not first:
                contract.paid_until = contract.next_period_start = False
                continue
            contract.next_period_start = schedule.first_open_day(
                first, contract._last_day(), taken.get(key, ()), pauses.get(key, ())
            )
            until = schedule.settled_until(
                first, settled.get(key, ()), pauses.get(key, ()), owed.get(key, ())
            )
            if not until and contract.date_start < first:
                until = first - timedelta(days=1)
            contract.paid_until = until

    def _dues(self, until):
        """What is to be invoiced by ``until``: periods that do not exist yet, and charges.

        Only one kind of claim for each contract: the rest is due as soon as that is invoiced.

        :return: dict of contract id to :class:`Due`; without those that owe nothing
        """
        ready = self.filtered(
            lambda contract: contract.next_invoice_date and contract.next_invoice_date <= until
        )
        periods = ready._periods_due(until)
        charges = ready._waiting_charges(until)
        contracts = ready.filtered(lambda one: one.id in periods or one.id in charges)
        joining = contracts._lacking_entry_fee(periods)
        nothing = self.env["membership.charge"]
        return {
            contract.id: Due(
                *contract._of_one_kind(
                    periods.get(contract.id, []), charges.get(contract.id, nothing)
                ),
                contract in joining,
            )
            for contract in contracts
        }

    def _waiting_charges(self, until):
        """Contract id to the charges that wait to be invoiced by ``until``, in order."""
        charges = self.env["membership.charge"].sudo()
        waiting = defaultdict(charges.browse)
        for charge in charges.search(
            [
                ("contract_id", "in", self.ids),
                ("state", "=", "to_invoice"),
                ("date_invoice", "<=", until),
                ("contract_id.state", "!=", "draft"),
            ],
            order="date_invoice, id",
        ):
            waiting[charge.contract_id.id] |= charge
        return waiting

    def _of_one_kind(self, periods, charges):
        """Those of ``periods`` and ``charges`` that may be on one invoice."""
        plans = self.env["membership.plan"]
        kinds = [plans.browse(period.plan).claim_kind for period in periods]
        kind = (kinds or [charges[:1].claim_kind])[0]
        return (
            [period for period, own in zip(periods, kinds, strict=True) if own == kind],
            charges.filtered(lambda charge: charge.claim_kind == kind),
        )

    def _lacking_entry_fee(self, periods):
        """Those of these contracts that pay an entry fee with the first of ``periods``.

        It belongs to the first period of all, unless that was invoiced elsewhere.
        """
        plans = self.env["membership.plan"]
        new = self.filtered(
            lambda contract: (
                contract.billed_from == contract.date_start
                and any(
                    plans.browse(period.plan).entry_fee
                    for period in periods.get(contract.id, ())[:1]
                )
            )
        )
        spans = new._covered_spans(TAKEN)
        new = new.filtered(
            lambda contract: all(
                begin > periods[contract.id][0].date_from
                for begin, _end in spans.get(contract.id, ())
            )
        )
        asked = new and self.env["membership.charge"].sudo()._read_group(
            [
                ("contract_id", "in", new.ids),
                ("kind", "=", "entry"),
                ("taken_back", "=", False),
            ],
            ["contract_id"],
        )
        return new - self.browse([contract.id for (contract,) in asked])

    def _periods_due(self, until):
        """The periods that are to be invoiced by ``until`` and do not exist yet.

        A period is invoiced its plan's lead days before it begins. Days before "billed
        from", after the end and in a pause are never in a period.

        :return: dict of contract id to a list of PeriodPlan; without those that owe nothing
        """
        due = self.filtered(
            lambda contract: (
                contract.state != "draft"
                and contract.next_period_start
                and contract.next_invoice_date <= until
            )
        )
        taken, pauses = due._covered_spans(TAKEN), due._pauses()
        stretches = due._plan_stretches()
        rules = cache(lambda plan: plan._rules())
        periods = {}
        for contract in due:
            key = contract.id
            last_day = contract._last_day()
            found = [
                period
                for plan, begin, end in stretches[key]
                for period in contract._open_periods(
                    rules(plan),
                    begin,
                    min(filter(None, (end, last_day)), default=None),
                    until,
                    taken.get(key, ()),
                    pauses.get(key, ()),
                )
            ]
            if found:
                periods[key] = found
        return periods

    def _open_periods(self, rules, begin, last, until, taken, pauses):
        """The periods due by ``until`` under one plan, which holds from ``begin`` to ``last``."""
        joined = self.date_start
        return schedule.open_periods(
            rules.grid_from(joined, begin) if begin else rules.grid(joined),
            joined,
            max(self.billed_from, begin) if begin else self.billed_from,
            until + timedelta(days=rules.lead_days),
            last,
            rules.part,
            taken,
            pauses,
            rules.joinings,
            rules.frequency,
            rules.plan,
        )

    def _plan_stretches(self):
        """Contract id to its plans in order: (plan, first day, last day).

        None: from the start, until further notice. Plans before the first day that is not
        invoiced yet are left out.
        """
        behind = self.filtered(
            lambda contract: (
                contract.plan_since and contract.next_period_start < contract.plan_since
            )
        )
        earlier = behind._earlier_plans()
        stretches = {}
        for contract in self:
            plans = [*earlier.get(contract.id, ()), (contract.plan_id, contract.plan_since)]
            if contract.next_plan_id:
                plans.append((contract.next_plan_id, contract.next_plan_date))
            if contract in behind or not contract.plan_since:
                plans[0] = (plans[0][0], None)
            ends = [begin - timedelta(days=1) for _plan, begin in plans[1:]]
            stretches[contract.id] = [
                (plan, begin, end) for (plan, begin), end in zip(plans, [*ends, None], strict=True)
            ]
        return stretches

    def _earlier_plans(self):
        """Contract id to the plans it had before the present one: (plan, first day)."""
        rows = (
            self.env["membership.contract.change"]
            .sudo()
            .search([("contract_id", "in", self.ids), ("kind", "=", "plan")], order="date, id")
        )
        plans = defaultdict(dict)
        for row in rows:
            if row.date < row.contract_id.plan_since:
                plans[row.contract_id.id][row.date] = row.plan_id
        return {
            key: [(plan, begin) for begin, plan in found.items()] for key, found in plans.items()
        }

    def _last_day(self):
        """The last day that can be invoiced; None when there is no end."""
        self.ensure_one()
        plan = self.next_plan_id or self.plan_id
        joined = self.date_start
        if plan.renewal != "none" or not joined:
            return self.date_end or None
        since = (self.next_plan_date if self.next_plan_id else self.plan_since) or joined
        rules = plan._rules()
        only = schedule.only_period_end(
            rules.grid_from(joined, since), since, rules.joinings if since == joined else ()
        )
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

    def _settled_spans(self):
        """The same of what is paid or credited, instalments of open periods included."""
        spans = self._covered_spans(SETTLED)
        instalments = self.env["membership.charge"].sudo()._settled_instalments(self)
        for key, days in instalments.items():
            spans[key] = sorted([*spans.get(key, ()), *days])
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
            order="id",
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
        return {key: schedule.merged(spans) for key, spans in pauses.items()}

    def _price_on(self, day, number=1):
        """The plan's price of a period that begins on ``day``; empty when there is none.

        :param number: the how-manieth period of the contract it is
        """
        self.ensure_one()
        return self._plan_on(day)._price_on(day, self._member_age_on(day), number)

    def _member_age_on(self, day):
        return self.member_id._mbn_age_on(day)

    # -- charges without a period ----------------------------------------------------

    def _charge_once(self, product, name, quantity, price_unit, date_invoice=None):
        """Charge something once; the billing run of that day or later invoices it.

        :param price_unit: price of one, with or without tax as the product's own price
        :param date_invoice: None: together with the next invoice, at once if none is to come
        :return: the ``membership.charge``
        :raises UserError: when there is nothing to pay
        """
        self.ensure_one()
        return (
            self.env["membership.charge"]
            .sudo()
            ._create_single(self, product, name, quantity, price_unit, date_invoice)
        )
