"""A billing preview of 40 000 contracts, against one SQL query; confirm and undo by size."""

import random
from datetime import date, timedelta

from odoo.tools import SQL

from benchmarks.inside_odoo import LARGER, SEASON, PreviewBench
from devtools.scenarios import association

NEEDS_DATABASE = True
CONTRACTS = 10_000
RELEASED = 250
PARTNERS = 1000  # created in one go
START_DAYS = 40  # different joining days, over four years
LAST_SEASON = SEASON.replace(year=SEASON.year - 1)
QUERY = """
SELECT contract.id, contract.name, contract.member_id, contract.payer_id, contract.plan_id,
       contract.association_id, contract.date_start, contract.billed_from, contract.date_end,
       contract.next_period_start, plan.term, plan.product_id, plan.payment_term_days,
       member.mbn_birth_date, price.id, price.amount
  FROM membership_contract contract
  JOIN membership_plan plan ON plan.id = contract.plan_id
  JOIN res_partner member ON member.id = contract.member_id
  LEFT JOIN LATERAL (
           SELECT id, amount
             FROM membership_plan_price
            WHERE plan_id = plan.id
              AND valid_from <= contract.next_period_start
              AND (valid_to IS NULL OR valid_to >= contract.next_period_start)
            ORDER BY valid_from DESC LIMIT 1
       ) price ON TRUE
 WHERE contract.company_id = %(company)s
   AND contract.state != 'draft'
   AND contract.next_invoice_date <= %(day)s
 ORDER BY contract.id
"""


def main(env) -> int:
    """Print CPU time, memory and ratios; returns an exit status."""
    season = Season(env)
    season.compare(CONTRACTS)
    _confirm_and_undo(season.bench)
    return 0


def _confirm_and_undo(bench):
    best = bench.rounds(
        {
            "confirm": (RELEASED, Confirm(bench)),
            "confirm, 4 x as many": (RELEASED * LARGER, Confirm(bench)),
            "undo": (RELEASED, Undo(bench)),
            "undo, 4 x as many": (RELEASED * LARGER, Undo(bench)),
        }
    )
    for name, cost in best.items():
        print(f"  {name:24} {cost:7.2f} ms for each membership")
    confirm, larger_confirm, undo, larger_undo = best.values()
    for name, growth in (("confirm", larger_confirm / confirm), ("undo", larger_undo / undo)):
        print(f"cost of one in {name} at {LARGER} x the size:  {growth:.3f} x (below 1.10)")


class Season(PreviewBench):
    """A club whose members were all billed last season and are to be billed for this one.

    The first of each sort of contract goes the normal way; the others are copied in SQL.
    """

    what, one, bound = "contracts", "contract", 60

    def __init__(self, env):
        super().__init__(env)
        self.chance = random.Random(1)
        plan = self.bench.plan
        plan.price_ids.unlink()
        plan.price_ids = [
            (0, 0, {"valid_from": date(2020, 1, 1), "amount": amount, **ages})
            for amount, ages in (
                (600, {"age_to": 17}),
                (1250, {"age_from": 18, "age_to": 66}),
                (900, {"age_from": 67}),
            )
        ]
        self.seeds = self._seeds()
        env.cr.commit()

    def _seeds(self):
        """A contract of each plan and joining day, with its paid period of last season."""
        contracts = self.env["membership.contract"]
        for plan in (self.bench.plan, self.bench.club.plans["FAMILY"]):
            contracts |= association.join(self.env, plan, START_DAYS, LAST_SEASON, seed=plan.id)
        for number, contract in enumerate(contracts):
            joined = LAST_SEASON - timedelta(days=37 * (number % START_DAYS))
            contract.write({"date_start": joined, "billed_from": LAST_SEASON})
            contract.member_id.mbn_birth_date = self._birth_date()
        self.env["membership.period"].create(
            [
                {
                    "contract_id": contract.id,
                    "plan_id": contract.plan_id.id,
                    "company_id": contract.company_id.id,
                    "currency_id": contract.currency_id.id,
                    "date_from": LAST_SEASON,
                    "date_to": SEASON - timedelta(days=1),
                    "state": "paid",
                }
                for contract in contracts
            ]
        )
        assert set(contracts.mapped("next_invoice_date")) == {SEASON}
        return contracts

    def _birth_date(self):
        return SEASON - timedelta(days=self.chance.randrange(8 * 365, 80 * 365))

    def add(self, count):
        """As many more members, each with a contract."""
        for start in range(0, count, PARTNERS):
            members = (
                self.env["res.partner"]
                .with_context(tracking_disable=True)
                .create(
                    [
                        {
                            "name": f"Medlem {number}",
                            "email": f"medlem{number}@example.no",
                            "lang": "nb_NO",
                            "country_id": self.env.ref("base.no").id,
                            "mbn_birth_date": self._birth_date(),
                        }
                        for number in range(start, min(start + PARTNERS, count))
                    ]
                )
            )
            self._copy_contracts(members)
            self.env.cr.commit()
            self.env.invalidate_all()
        self.env.cr.execute("ANALYZE")
        self.env.cr.commit()

    def _copy_contracts(self, members):
        seeds = [self.chance.choice(self.seeds.ids) for _member in members]
        for table, key in (("membership_contract", "id"), ("membership_period", "contract_id")):
            columns = self._columns(table)
            copied = SQL(", ").join(SQL("old.%s", SQL.identifier(name)) for name in columns)
            given = SQL("seed.member, seed.member, 'B' || seed.member")
            fields = SQL("member_id, payer_id, name")
            contract = SQL()
            if table == "membership_period":
                given, fields = SQL("new.id, seed.member"), SQL("contract_id, member_id")
                contract = SQL("JOIN membership_contract new ON new.member_id = seed.member")
            self.env.execute_query(
                SQL(
                    "INSERT INTO %(table)s (%(fields)s, %(columns)s) SELECT %(given)s, %(copied)s"
                    " FROM unnest(%(members)s, %(seeds)s) seed(member, id)"
                    " JOIN %(table)s old ON old.%(key)s = seed.id %(contract)s RETURNING 1",
                    table=SQL.identifier(table),
                    fields=fields,
                    columns=SQL(", ").join(SQL.identifier(name) for name in columns),
                    given=given,
                    copied=copied,
                    members=members.ids,
                    seeds=seeds,
                    key=SQL.identifier(key),
                    contract=contract,
                )
            )

    def _columns(self, table):
        own = ("id", "name", "member_id", "payer_id", "contract_id", "external_id")
        rows = self.env.execute_query(
            SQL(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = %s AND column_name != ALL(%s)",
                table,
                list(own),
            )
        )
        return [name for (name,) in rows]

    def new_run(self):
        return self.env["billing.run"].create({"date": SEASON})

    def query(self):
        return SQL(QUERY, company=self.bench.club.company.id, day=SEASON)

    def check(self, run, rows):
        assert run.run_total == rows, (run.run_total, rows)


class Confirm:
    """Release a previewed billing run and let the scheduled action work it off."""

    def __init__(self, bench):
        self.bench = bench

    def __call__(self, count):
        run = self._run(count)
        return lambda: self.bench.work_off(run)

    def _run(self, count):
        env = self.bench.env
        contracts = association.join(env, self.bench.plan, count, SEASON, seed=count)
        contracts.member_id.mbn_birth_date = SEASON - timedelta(days=30 * 365)
        run = env["billing.run"].create({"date": SEASON, "contract_ids": contracts.ids})
        run.action_preview()
        run._cron_work()
        assert run.run_total == count
        return run


class Undo(Confirm):
    """Undo a run whose invoices reached nobody."""

    def __call__(self, count):
        run = self._run(count)
        self.bench.work_off(run)
        return lambda: self._undo(run)

    def _undo(self, run):
        run.action_undo()
        run._cron_work()
        assert (run.state, run.kept_count) == ("undone", 0), run.state
