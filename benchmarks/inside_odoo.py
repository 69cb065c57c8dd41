"""What the benchmarks that run inside Odoo share: a club, its invoices, a clock."""

import gc
import os
import re
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


class Memory:
    """How far the resident memory of this process has risen since this was made."""

    def __init__(self):
        Path("/proc/self/clear_refs").write_text("5")  # forget the highest so far
        self.start = self._read("VmRSS")

    def above_start(self) -> float:
        return (self._read("VmHWM") - self.start) / 1024

    @staticmethod
    def _read(name):
        status = Path(f"/proc/{os.getpid()}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1])


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


class PreviewBench:
    """The preview of a run against one SQL query that reads the same.

    Who inherits this says how more rows come about (``add``), what a new run is (``new_run``),
    what the query is (``query``), and whether the preview is right (``check``).
    """

    what = ""  # the rows that are looked at
    one = ""  # one of them
    other = "the SQL query"
    bound = 0  # how many times the cost of the query is enough

    def __init__(self, env):
        self.env = env
        self.bench = Bench(env)

    def add(self, count: int):
        raise NotImplementedError

    def new_run(self):
        raise NotImplementedError

    def query(self):
        raise NotImplementedError

    def check(self, run, rows):
        raise NotImplementedError

    def compare(self, count: int):
        """Print CPU time, memory and ratios of ``count`` rows and of LARGER times as many."""
        self.add(count)
        small = self.best()
        self.add(count * (LARGER - 1))
        large = self.best()
        print(f"best of {ROUNDS} rounds, CPU {self.bench.clock.whose()}")
        for name, cost in (("preview", large["preview"]), (self.other, large["query"])):
            print(f"  {count * LARGER} {self.what}, {name:18} {cost:7.2f} s")
        ratio = large["preview"] / large["query"]
        print(f"preview against {self.other + ':':26} {ratio:.1f} x ({self.bound})")
        growth = large["preview"] / LARGER / small["preview"]
        print(f"cost of a {self.one} at {LARGER} x the size:  {growth:.3f} x")
        print(f"memory at {count} and {count * LARGER} {self.what}:  ", end="")
        print(f"{small['memory']:.1f} MB and {large['memory']:.1f} MB above the start")

    def best(self) -> dict:
        """Best CPU seconds of preview and query, and the most memory a preview took."""
        rounds = [self._round() for _round in range(ROUNDS)]
        return {
            "preview": min(one["preview"] for one in rounds),
            "query": min(one["query"] for one in rounds),
            "memory": max(one["memory"] for one in rounds),
        }

    def _round(self):
        run = self.new_run()
        self.env.cr.commit()
        self.env.invalidate_all()
        gc.collect()
        clock, memory = self.bench.clock, Memory()
        begun = clock.now()
        run.action_preview()
        run._cron_work()
        self.env.cr.commit()
        previewed = clock.now() - begun
        highest = memory.above_start()
        assert run.state == "preview", run.state
        query = self.query()
        begun = clock.now()
        rows = self.env.execute_query(query)
        queried = clock.now() - begun
        self.check(run, len(rows))
        run.unlink()
        self.env.cr.commit()
        return {"preview": previewed, "query": queried, "memory": highest}


def chunks(values, size: int) -> Iterable:
    return (values[start : start + size] for start in range(0, len(values), size))
