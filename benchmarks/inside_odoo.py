"""What the benchmarks that run inside Odoo share: a club, its invoices, a clock."""

import gc
import os
import time
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

from devtools.scenarios import association

SEASON = date(date.today().year, 1, 1)
SIZE = 1000
LARGER = 4
ROUNDS = 3


class Clock:
    """CPU seconds of this process and of the PostgreSQL process that serves it.

    The latter only where PostgreSQL runs on this machine, which ``watches_postgres`` tells.
    """

    def __init__(self, env):
        env.cr.execute("SELECT pg_backend_pid(), inet_server_addr() IS NULL")
        pid, is_local = env.cr.fetchone()
        self._stat = Path(f"/proc/{pid}/stat")
        self.watches_postgres = is_local and self._stat.exists()

    def now(self) -> float:
        return time.process_time() + (self._postgres() if self.watches_postgres else 0.0)

    def _postgres(self) -> float:
        after_name = self._stat.read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")

    def whose(self) -> str:
        return "of Odoo and PostgreSQL" if self.watches_postgres else "of Odoo alone"


class Bench:
    """A Norwegian ski club in this database, and work on it that is timed."""

    def __init__(self, env):
        self.env = env
        env["res.lang"]._activate_lang("nb_NO")
        self.club = association.found(env, SEASON)
        self.plan = self.club.plans["SEASON"]
        self.price = association.PRICES["SEASON"]
        self.clock = Clock(env)
        env.cr.commit()

    def rounds(self, ways: dict[str, tuple[int, Callable]], rounds: int = ROUNDS) -> dict:
        """Best milliseconds of CPU per record for each way.

        ``ways`` maps a name to (number of records, function). The function gets that number,
        prepares fresh data outside the clock and returns the work to time. In turns, and
        every other round the other way about, so that a busy machine slows down all alike.
        """
        for _count, prepare in ways.values():  # the first batch pays for cold caches
            self._timed(100, prepare)
        best = dict.fromkeys(ways, float("inf"))
        for number in range(rounds):
            order = list(ways) if number % 2 == 0 else list(reversed(ways))
            for name in order:
                best[name] = min(best[name], self._timed(*ways[name]))
        return best

    def _timed(self, count: int, prepare: Callable) -> float:
        work = prepare(count)
        self.env.cr.execute("ANALYZE")  # what autovacuum does, but not in between
        self.env.cr.commit()
        self.env.invalidate_all()
        gc.collect()
        begun = self.clock.now()
        work()
        self.env.cr.commit()
        return (self.clock.now() - begun) * 1000 / count

    def payers(self, count: int):
        return self.env["res.partner"].create(
            [{"name": f"Medlem {number}", "lang": "nb_NO"} for number in range(count)]
        )

    def invoice_vals(self, count: int) -> list[dict]:
        """What a billing run gives for ``count`` one-line invoices without tax."""
        club = self.club
        line = {
            "product_id": self.plan.product_id.id,
            "quantity": 1.0,
            "price_unit": self.price,
            "tax_ids": [(6, 0, [])],
            "analytic_distribution": False,
        }
        return [
            {
                "move_type": "out_invoice",
                "company_id": club.company.id,
                "journal_id": club.journal.id,
                "partner_id": payer.id,
                "currency_id": club.company.currency_id.id,
                "invoice_date": SEASON,
                "invoice_date_due": SEASON + timedelta(days=14),
                "invoice_payment_term_id": False,
                "invoice_user_id": False,
                "fiscal_position_id": False,
                "invoice_line_ids": [(0, 0, line | {"name": f"{self.plan.name}, {payer.name}"})],
            }
            for payer in self.payers(count)
        ]

    def billing_run(self, count: int):
        """A run that is previewed and waits to bill ``count`` new members."""
        association.join(self.env, self.plan, count, SEASON, seed=count)
        run = self.env["billing.run"].create({"date": SEASON})
        run.action_preview()
        run._cron_work()
        return run

    def work_off(self, run):
        run.action_confirm()
        run._cron_work()
        assert run.state == "done", run.state
        assert not run.run_failed

    def each_chunk(self, values, size: int, work: Callable):
        """Do ``work`` on ``size`` values at a time, each committed."""
        for chunk in chunks(values, size):
            work(chunk)
            self.env.cr.commit()


def chunks(values, size: int) -> Iterable:
    return (values[start : start + size] for start in range(0, len(values), size))
