from collections import defaultdict
from typing import NamedTuple

from dateutil.relativedelta import relativedelta
from odoo import api, models
from odoo.tools import SQL

from .billing_pricing import Pricing
from .membership_plan_price import PERIOD_MAX

# What the line of a membership has of its own, however alike it is to others.
OWN = frozenset(
    {
        "amount_before",
        "association_id",
        "company_id",
        "contract_id",
        "member_id",
        "payer_id",
        "sales_channel",
    }
)


class Fact(NamedTuple):
    """What tells a membership from those that are billed alike, and what it depends on."""

    contract: int
    birth_date: object
    day: object  # first day that is not invoiced yet
    by_age: bool  # whether the price depends on the member's age on that day
    is_plain: bool
    key: tuple

    def alike(self):
        """Memberships for which this is equal are billed the same amount for the same days."""
        if not self.by_age or not self.birth_date:
            return self.key, None
        return self.key, relativedelta(self.day, self.birth_date).years


class BillingRunLine(models.Model):
    """Preview lines of memberships that are billed alike are worked out once for all of them.

    In a fee season thousands of members have the same plan and the same days to pay for. Which
    are alike is read by SQL from what an amount depends on. The first of them goes the full
    way, the others get a copy of its line. Whatever is not plain goes the full way: further
    products, charges that wait, pauses, changes of plan, and who cannot be billed. What is
    invoiced later is worked out for every membership and compared with its line.
    """

    _inherit = "billing.run.line"

    @api.model
    def _prepare_alike(self, run, contracts):
        """Make the preview lines of ``contracts``.

        :return: those of them that have to go the full way one by one
        """
        groups = self._groups_of_alike(run, contracts)
        first = contracts.browse(group[0].contract for group in groups)
        vals_list = run._prepare_line_vals(first)
        lines = {vals["contract_id"]: vals for vals in vals_list}
        self._insert(vals_list)
        apart = contracts - contracts.browse(fact.contract for group in groups for fact in group)
        others = contracts.browse(fact.contract for group in groups for fact in group[1:])
        before = self._amounts_before(others)
        for sample, *rest in groups:
            vals = lines.get(sample.contract)
            if rest and vals and self._is_copied(vals, sample):
                self._copy_line(vals, [(fact.contract, before.get(fact.contract)) for fact in rest])
            elif vals:
                apart |= contracts.browse(fact.contract for fact in rest)
        return apart

    @api.model
    def _is_copied(self, vals, sample):
        """Whether the line of ``sample`` is that of all that are like it.

        Who is left out is told why by name. Over several periods two members of one age need
        not stay of one age.
        """
        if vals.get("state", "pending") != "pending":
            return False
        return not sample.by_age or (vals["period_count"] == 1 and vals["date_from"] == sample.day)

    @api.model
    def _groups_of_alike(self, run, contracts):
        groups = defaultdict(list)
        for fact in self._read_facts(run, contracts):
            if fact.is_plain:
                groups[fact.alike()].append(fact)
        return list(groups.values())

    # ------------------------------------------------------------------
    # In SQL
    # ------------------------------------------------------------------

    @api.model
    def _alike_contract_columns(self):
        """Columns of the contract on which the line depends; others may add theirs."""
        return [
            "plan_id",
            "state",
            "date_end",
            "next_period_start",
            "currency_id",
            "association_id",
            "agreement_id",
        ]

    @api.model
    def _alike_payer_columns(self, run):
        """Columns of the payer on which the line depends; others may add theirs."""
        return [
            "country_id",
            "state_id",
            "property_account_position_id",
            "invoice_sending_method",
            *(["zip"] if Pricing(run.company_id).by_zip else []),
        ]

    @api.model
    def _read_facts(self, run, contracts):
        """A :class:`Fact` for each of ``contracts``."""
        self.env.flush_all()
        plans = self.env["membership.plan"].union(
            *(plan for (plan,) in contracts._read_group([("id", "in", contracts.ids)], ["plan_id"]))
        )
        columns = [
            *(SQL.identifier("contract", name) for name in self._alike_contract_columns()),
            *(SQL.identifier("payer", name) for name in self._alike_payer_columns(run)),
        ]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT contract.id, member.mbn_birth_date, contract.next_period_start,
                       contract.plan_id = ANY(%(by_age)s),
                       payer.commercial_partner_id = payer.id AND COALESCE(payer.vat, '') = ''
                       AND contract.plan_since IS NULL AND contract.next_plan_id IS NULL
                       AND contract.next_period_start IS NOT NULL
                       AND (contract.next_period_start > contract.date_start
                            OR contract.plan_id != ALL(%(special_first)s))
                       AND NOT EXISTS (
                               SELECT FROM membership_contract_line line
                                WHERE line.contract_id = contract.id)
                       AND NOT EXISTS (
                               SELECT FROM membership_contract_price own
                                WHERE own.contract_id = contract.id)
                       AND NOT EXISTS (
                               SELECT FROM membership_charge charge
                                WHERE charge.contract_id = contract.id
                                  AND charge.state = 'to_invoice')
                       AND NOT EXISTS (
                               SELECT FROM membership_period period
                                WHERE period.contract_id = contract.id
                                  AND period.date_to >= contract.next_period_start
                                  AND period.state != 'void')
                       AND NOT EXISTS (
                               SELECT FROM membership_contract_change change
                                WHERE change.contract_id = contract.id
                                  AND change.state = 'paused'),
                       CASE WHEN contract.next_period_start <= contract.date_start
                                 OR contract.plan_id = ANY(%(by_start)s)
                            THEN contract.date_start END,
                       %(columns)s
                  FROM membership_contract contract
                  JOIN res_partner member ON member.id = contract.member_id
                  JOIN res_partner payer ON payer.id = contract.payer_id
                 WHERE contract.id = ANY(%(contracts)s)
                 ORDER BY contract.id
                """,
                by_age=[plan.id for plan in plans if plan._is_priced_by_age()],
                by_start=[plan.id for plan in plans if self._depends_on_start(plan)],
                special_first=[plan.id for plan in plans if self._is_first_special(plan)],
                columns=SQL(", ").join(SQL("%s::text", column) for column in columns),
                contracts=contracts.ids,
            )
        )
        return [Fact(*row[:5], row[5:]) for row in rows]

    @api.model
    def _depends_on_start(self, plan):
        """Whether days or prices of later periods depend on when the membership started."""
        return (
            plan.anchor == "joining"
            or plan.renewal == "none"
            or any(
                price.period_from > 1 or price.period_to < PERIOD_MAX for price in plan.price_ids
            )
        )

    @api.model
    def _is_first_special(self, plan):
        """Whether more than days and price decides on what the first period costs."""
        return bool(plan.entry_fee) or plan.first_period == "table"

    @api.model
    def _copy_line(self, vals, others):
        """Insert the line ``vals`` for ``others`` too: (contract id, amount before) each.

        In SQL, as creating 40 000 rows one by one would take most of the preview's time.
        """
        shared = {
            name: None if value is False else value
            for name, value in vals.items()
            if name not in OWN
        }
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO billing_run_line (
                       %(names)s, company_id, state, released, contract_id, member_id, payer_id,
                       association_id, sales_channel, amount_before,
                       create_uid, write_uid, create_date, write_date)
                SELECT %(values)s, contract.company_id, 'pending', FALSE,
                       contract.id, contract.member_id, contract.payer_id,
                       contract.association_id, contract.sales_channel, COALESCE(given.before, 0),
                       %(user)s, %(user)s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                  FROM unnest(%(contracts)s::integer[], %(before)s::numeric[]) AS given(id, before)
                  JOIN membership_contract contract ON contract.id = given.id
                 ORDER BY contract.id
                """,
                names=SQL(", ").join(SQL.identifier(name) for name in shared),
                values=SQL(", ").join(SQL("%s", value) for value in shared.values()),
                user=self.env.uid,
                contracts=[contract for contract, _before in others],
                before=[before for _contract, before in others],
            )
        )
