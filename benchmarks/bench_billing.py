"""One-line invoices created and posted, against Odoo's own create and action_post."""

from benchmarks.inside_odoo import LARGER, ROUNDS, SIZE, Bench

NEEDS_DATABASE = True
BATCH = 100


def main(env) -> int:
    """Print CPU time for each invoice and ratios; returns an exit status."""
    bench = Bench(env)
    best = bench.rounds(
        {
            "Odoo's create in batches of 100 and action_post": (SIZE, Plainly(bench)),
            "our invoice writer, the same invoices": (SIZE, ByWriter(bench)),
            "a whole billing run of as many": (SIZE, ByRun(bench)),
            "a whole billing run, 4 x as many": (SIZE * LARGER, ByRun(bench)),
        }
    )
    plain, writer, run, larger_run = best.values()
    print(f"{SIZE} invoices, ms of CPU {bench.clock.whose()} for each, best of {ROUNDS} rounds")
    for name, cost in best.items():
        print(f"  {name:48} {cost:7.2f} ms")
    print(f"writer against Odoo's own way:          {plain / writer:.2f} x as fast (at least 2.5)")
    print(f"billing run against Odoo's own way:     {plain / run:.2f} x as fast (at least 2.5)")
    print(f"cost of one in a run at {LARGER} x the size:    {larger_run / run:.3f} x (below 1.10)")
    print("A billing run also makes periods and charges and keeps the status of memberships.")
    return 0


class Plainly:
    """Odoo's documented way."""

    def __init__(self, bench):
        self.bench = bench

    def __call__(self, count):
        vals_list = self.bench.invoice_vals(count)
        return lambda: self.bench.each_chunk(vals_list, BATCH, self._write)

    def _write(self, vals_list):
        self.bench.env["account.move"].create(vals_list).action_post()


class ByWriter(Plainly):
    """The writer that the billing run uses."""

    def _write(self, vals_list):
        self.bench.env["billing.invoice.writer"]._create_posted(vals_list)


class ByRun:
    """Release a previewed billing run and let the scheduled action work it off."""

    def __init__(self, bench):
        self.bench = bench

    def __call__(self, count):
        run = self.bench.billing_run(count)
        return lambda: self.bench.work_off(run)
