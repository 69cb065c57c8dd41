"""Statements of 1 000 payers with 24 movements each, against one SQL query of their lines."""

import gc

from odoo.tools import SQL

from benchmarks.bench_settle import ByFile
from benchmarks.inside_odoo import ROUNDS, SIZE, Bench

NEEDS_DATABASE = True
MONTHS = 12
AT_MOST = 3.0
CALLS = 5
# What stays behind is told by foreign keys: a copied line points at the copied entry, and so on.
COPIED = {
    "account_move": {"name": "name || '-' || {month}", "payment_reference": "NULL"},
    "account_move_line": {
        "move_id": "move_id + {shift}",
        "mbn_charge_id": "NULL",
        "full_reconcile_id": "NULL",
    },
    "bank_payment_allocation": {"entry_line_id": "entry_line_id + {shift}"},
}
QUERY = """
SELECT line.partner_id, line.currency_id, line.date, move.move_type, move.name, line.name,
       line.date_maturity, line.amount_currency, line.amount_residual_currency
  FROM account_move_line line
  JOIN account_account account ON account.id = line.account_id
  JOIN account_move move ON move.id = line.move_id
 WHERE line.partner_id = ANY(%(payers)s)
   AND line.company_id = %(company)s
   AND line.parent_state = 'posted'
   AND account.account_type = 'asset_receivable'
 ORDER BY line.partner_id, line.currency_id, line.date, line.id
"""


def main(env) -> int:
    """Print CPU time, memory and the ratio; 1 when statements cost too much."""
    bench = Bench(env)
    payers = a_year(bench)
    company = bench.club.company
    ways = {
        "statements": lambda: payers._mbn_statements(company),
        "the SQL query": lambda: lines(env, payers, company),
    }
    check(ways, len(payers))
    best = {name: cheapest(bench, work) for name, work in ways.items()}
    print(f"{len(payers)} payers, {MONTHS * 2} movements each; best of {ROUNDS * CALLS} calls,")
    print(f"CPU {bench.clock.whose()}")
    for name, cost in best.items():
        print(f"  {name:16} {cost * 1000:7.1f} ms")
    ratio = best["statements"] / best["the SQL query"]
    print(f"statements against the SQL query:  {ratio:.2f} x (at most {AT_MOST:.0f})")
    return int(ratio > AT_MOST)


def a_year(bench):
    """A month of invoices paid by a file of the bank, and eleven copies of it; the payers."""
    month = ByFile(bench)
    invoices = month._invoices(SIZE)
    month._settle(invoices)
    payers = invoices.partner_id
    bench.env.cr.commit()
    for number in range(1, MONTHS):
        copy_month(bench.env, number)
    bench.env.cr.execute("ANALYZE")
    bench.env.cr.commit()
    bench.env.invalidate_all()
    return payers


def copy_month(env, month):
    for table, changed in COPIED.items():
        env.cr.execute(
            SQL(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
                "AND is_generated = 'NEVER'",
                table,
            )
        )
        columns = [name for (name,) in env.cr.fetchall()]
        shift = month * 10_000_000
        expressions = {
            "id": f"id + {shift}",
            "date": f"(date + interval '{month} month')::date",
            **{name: text.format(month=month, shift=shift) for name, text in changed.items()},
        }
        values = ", ".join(expressions.get(name, f'"{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        env.cr.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE id < 10000000"  # noqa: S608
        )


def lines(env, payers, company):
    env.cr.execute(QUERY, {"payers": payers.ids, "company": company.id})
    return env.cr.fetchall()


def check(ways, count):
    """Both ways tell the same lines and the same sums."""
    statements = ways["statements"]()
    rows = ways["the SQL query"]()
    assert len(statements) == count, len(statements)
    assert sum(len(one.movements) for one in statements) == len(rows) == count * MONTHS * 2
    assert {move.kind for one in statements for move in one.movements} == {"invoice", "payment"}
    assert all(one.closing == 0 for one in statements)
    assert [move.amount for one in statements for move in one.movements] == [r[7] for r in rows]


def cheapest(bench, work):
    best = float("inf")
    for _call in range(ROUNDS * CALLS):
        gc.collect()
        begun = bench.clock.now()
        work()
        best = min(best, bench.clock.now() - begun)
    return best
